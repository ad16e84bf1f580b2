// A copy of the ready-made estate to damage, and the programs `verify` and `drill` run over it; what they say is read
// back from their JSON.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "knowngood/testing/scratch_directory.hpp"

#include "knowngood_source.hpp"

namespace knowngood {

/// Where the build has put things; set by tests/CMakeLists.txt.
inline const std::string drill_program = KNOWNGOOD_DRILL_PROGRAM;
inline const std::string verify_program = KNOWNGOOD_VERIFY_PROGRAM;
inline const std::string estate_directory = KNOWNGOOD_ESTATE;
inline const std::string source_directory = knowngood_source();

/// The last date of the estate, and a moment after all of its backups are made.
inline const std::string estate_date = "20251208";
inline const std::string estate_now = "2025-12-08T12:00:00Z";

inline nlohmann::json read_json(const std::filesystem::path& path) {
  std::ifstream file{path};
  return nlohmann::json::parse(file, nullptr, false);
}

/// What a run of verify or drill came to.
struct verify_run {
  int status = -1;
  std::string output;
  nlohmann::json report;

  /// The report of the artifact whose path ends with `name`.
  [[nodiscard]] nlohmann::json artifact(const std::string& name) const {
    for (const auto& one : report.at("artifacts")) {
      if (one.at("path").get<std::string>().ends_with(name)) return one;
    }
    return nullptr;
  }

  /// Check ids of all findings of at least a warning, with what they are about: `gzip.crc32 @ ner11_db….sql.gz`.
  [[nodiscard]] std::set<std::string> alarms() const {
    std::set<std::string> found;
    const auto add = [&](const nlohmann::json& findings, const std::string& subject) {
      for (const auto& one : findings) {
        if (one.at("severity") != "note")
          found.insert(fmt::format("{} @ {}", one.at("check").get<std::string>(), subject));
      }
    };
    for (const auto& one : report.at("artifacts")) {
      add(one.at("findings"), std::filesystem::path{one.at("path").get<std::string>()}.filename().string());
    }
    for (const auto& one : report.at("components")) add(one.at("findings"), one.at("name").get<std::string>());
    for (const auto& one : report.at("steps")) add(one.at("findings"), one.at("name").get<std::string>());
    add(report.at("findings"), "run");
    return found;
  }

  /// File names of the artifacts whose verdict is not `sound`.
  [[nodiscard]] std::set<std::string> not_sound() const {
    std::set<std::string> found;
    for (const auto& one : report.at("artifacts")) {
      if (one.at("verdict") != "sound")
        found.insert(std::filesystem::path{one.at("path").get<std::string>()}.filename().string());
    }
    return found;
  }
};

/// A copy of its own; the original stays as it was made.
class estate_copy {
 public:
  estate_copy() {
    const tool_run copy = scratch_.run("cp -a '" + estate_directory + "' estate");
    if (copy.status != 0) throw std::runtime_error{"cannot copy the estate: " + copy.output};
  }

  [[nodiscard]] std::filesystem::path root() const { return scratch_.path() / "estate"; }

  /// Runs a bash script in the estate's root, with the names of what it may want to damage in variables.
  tool_run damage(const std::string& script) const {
    const std::string prelude =
        "set -euo pipefail\nD=" + estate_date +
        "\nDB=database/ner11_db_${D}_020000.sql.gz\nMODELS=models/models_${D}_100000.tar.gz\n"
        "MANIFEST=models/models_${D}_100000_manifest.json\nBUNDLE=git/ner11_repo_${D}.bundle\n"
        "CONFIG=$(ls config/config_${D}_*.tar.gz)\nVOLUME=volumes/ner11_redis_data_${D}_030000.tar.gz\n"
        "PGDATA=volumes/ner11_postgres_data_${D}_030000.tar.gz\nFULL=full_system_${D}_050000.tar.gz\n"
        // edit FILE EXPRESSION: see edit.py; put FILE: replaces it by standard input; reseal FILE [SUM]: renews its
        // checksum file
        "edit() { /usr/bin/python3 '" +
        source_directory +
        "/tests/scenarios/edit.py' \"$@\"; }\n"
        "put() { cat > new.bytes; chmod --reference=\"$1\" new.bytes; mv -f new.bytes \"$1\"; }\n"
        "reseal() { (cd \"$(dirname \"$1\")\" && sha256sum \"$(basename \"$1\")\" > new.sum && "
        "mv -f new.sum \"${2:-$(basename \"$1\").sha256}\"); }\n"
        // unpack ARCHIVE: into x/; repack ARCHIVE: from x/
        "unpack() { mkdir x; tar -xzpf \"$1\" -C x; }\n"
        "repack() { (cd x && tar -cz $(ls -A)) | put \"$1\"; rm -rf x; }\n";
    scratch_.write("damage.sh", prelude + script + "\n");
    return scratch_.run("cd estate && bash ../damage.sh 2>&1");
  }

  /// What verify said of the estate before anything was damaged (tests/scenarios/prepare_estate).
  [[nodiscard]] verify_run intact() const {
    verify_run result;
    result.report = read_json(estate_directory + ".report.json");
    result.status = result.report.is_object() ? result.report.at("exit_code").get<int>() : -1;
    return result;
  }

  [[nodiscard]] verify_run verify(const std::string& arguments = {}) const {
    verify_run result;
    const std::string report = (scratch_.path() / "report.json").string();
    const tool_run run =
        scratch_.run(fmt::format("rm -f '{3}'; '{0}' --policy '{1}/docs/examples/ner11.toml' --root estate --now {2} "
                                 "--report '{3}' --color never {4} 2>&1",
                                 verify_program, source_directory, estate_now, report, arguments));
    result.status = run.status;
    result.output = run.output;
    result.report = read_json(report);
    return result;
  }

  /// Runs drill over some components, `--component NAME`, with a scratch directory of its own, `drills`.
  [[nodiscard]] verify_run drill(const std::string& arguments,
                                 const std::string& policy = source_directory + "/docs/examples/ner11.toml") const {
    verify_run result;
    const std::string report = (scratch_.path() / "drill.json").string();
    const tool_run run =
        scratch_.run(fmt::format("rm -f '{3}'; mkdir -p drills; chmod 711 . drills; '{0}' --policy '{1}' --root estate "
                                 "--now {2} --scratch drills --report '{3}' --color never {4} 2>&1",
                                 drill_program, policy, estate_now, report, arguments));
    result.status = run.status;
    result.output = run.output;
    result.report = read_json(report);
    return result;
  }

  /// What is left in `drills`: nothing, after every drill.
  [[nodiscard]] std::string left_behind() const { return scratch_.run("ls -A drills").output; }

  [[nodiscard]] const scratch_directory& scratch() const noexcept { return scratch_; }

 private:
  scratch_directory scratch_;
};

}  // namespace knowngood
