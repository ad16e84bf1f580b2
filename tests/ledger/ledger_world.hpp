// A ledger in a directory that vanishes, reports to put into it, and ways to damage it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/ledger/ledger.hpp"
#include "knowngood/ledger/ledger_check.hpp"
#include "knowngood/testing/scratch_directory.hpp"
#include "ledger/sample_keys.hpp"
#include "report/sample_reports.hpp"

namespace knowngood {

class ledger_world : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return (scratch_.path() / "ledger").string(); }
  [[nodiscard]] std::string at(const std::string& name) const { return path() + "/" + name; }

  /// A small report of the night `number`.
  [[nodiscard]] static std::string night(int number) {
    report of = samples::empty();
    of.started += std::chrono::days{number};
    of.finished = of.started + std::chrono::seconds{72};
    return to_json(of);
  }

  /// Puts nights `first` to `last` into the ledger, each an hour after it ran.
  void fill(int first, int last, const signing_key* key = nullptr) const {
    for (int number = first; number <= last; ++number) append(number, key);
  }
  append_result append(int number, const signing_key* key = nullptr) const {
    ledger_options options;
    options.key = key;
    options.now = [number] { return *parse_moment("2025-12-04T04:00:00Z") + std::chrono::days{number}; };
    options.patience = std::chrono::seconds{20};
    return append_to_ledger(path(), night(number), options);
  }

  [[nodiscard]] ledger_check check(std::vector<verification_key> keys = {},
                                   std::vector<ledger_anchor> anchors = {}) const {
    ledger_check_options options;
    options.keys = std::move(keys);
    options.anchors = std::move(anchors);
    return check_ledger(path(), options);
  }
  [[nodiscard]] ledger_check check_signed(std::vector<ledger_anchor> anchors = {}) const {
    return check({key_.public_key()}, std::move(anchors));
  }

  static std::vector<std::string> ids(const std::vector<finding>& findings) {
    std::vector<std::string> found;
    for (const auto& one : findings) found.push_back(one.check + " " + std::string{to_string(one.severity)});
    return found;
  }
  static bool broken(const ledger_check& result) { return !result.unchecked.empty() || result.is_damaged(); }

  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream in{at(name), std::ios::binary};
    EXPECT_TRUE(in) << name;
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  void write(const std::string& name, const std::string& bytes) const {
    std::filesystem::remove(at(name));  // reports are read-only
    std::ofstream{at(name), std::ios::binary} << bytes;
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::ifstream in{at("ledger.jsonl")};
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  void write_lines(const std::vector<std::string>& all) const {
    std::string text;
    for (const auto& line : all) text += line + "\n";
    write("ledger.jsonl", text);
  }
  [[nodiscard]] ledger_entry entry(std::size_t number) const {
    return parse_ledger_line(lines().at(number - 1), location{"line"});
  }
  /// The ledger's one report becomes one of a version that is not read here.
  void make_first_report_newer() const {
    const ledger_entry first = entry(1);
    std::string newer = read(first.report);
    newer.replace(newer.find("audit-report/1"), 14, "audit-report/2");
    ledger_entry other = first;
    other.about.sha256 = sha256_of(newer);
    other.report = ledger_report_path(other.about);
    std::filesystem::remove(at(first.report));
    write(other.report, newer);
    write_lines({to_json(other)});
  }
  /// Every file of the ledger and what is in it.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> everything() const {
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& one : std::filesystem::recursive_directory_iterator{path()}) {
      const std::string name = std::filesystem::relative(one.path(), path()).string();
      if (one.is_regular_file() && !one.is_symlink()) all.emplace_back(name, read(name));
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  const signing_key key_ = samples::key(0);
  // Tests of crashes flush thousands of files; in memory that takes no time.
  const bool in_memory_ = std::filesystem::is_directory("/dev/shm") &&
                          ::setenv("TMPDIR", "/dev/shm", 0) == 0;  // NOLINT(concurrency-mt-unsafe)
  scratch_directory scratch_;
};

}  // namespace knowngood
