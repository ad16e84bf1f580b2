// restore_dump: loads a dump, compares every table with the dump, its capture and the live source, and checks what a
// database is besides its rows.
//
// Layer: drill. Steps `start-server`, `load-dump`, `compare-rows`, `compare-capture`, `check-objects`,
// `check-assertions`.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/compare/capture.hpp"
#include "knowngood/compare/compare_restored.hpp"
#include "knowngood/drill/archive_step.hpp"
#include "knowngood/drill/drill_item.hpp"
#include "knowngood/drill/drill_scene.hpp"
#include "knowngood/inspect/open_dump.hpp"
#include "knowngood/io/drain.hpp"
#include "knowngood/io/file_source.hpp"
#include "knowngood/io/read_file.hpp"
#include "knowngood/load/dump_loader.hpp"
#include "knowngood/report/drill_steps.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/server/database_objects.hpp"
#include "knowngood/server/required_tables.hpp"
#include "knowngood/server/sql_assertions.hpp"

namespace knowngood {

namespace detail {

class database_step {
 public:
  database_step(const drill_item& item, drill_scene& scene) : item_{item}, scene_{scene} {}

  void run() {
    if (!scene_.ensure_server(item_.component)) {
      forgo_all("there is no server to restore into");
      return;
    }
    if (!load()) {
      forgo_all("the dump could not be loaded");
      return;
    }
    compare();
    check_objects_of_all();
    check_assertions_of_all();
    if (const loaded_database* main = main_database())
      scene_.add_probe_variable("KNOWNGOOD_DATABASE_DSN", scene_.server().loader_in(main->database));
  }

 private:
  [[nodiscard]] step_name step(const drill_step& which) const { return {which, item_.component, item_.label}; }
  [[nodiscard]] const std::vector<std::string>& allowed() const { return item_.policy.allow_skip; }

  void forgo_all(const std::string& why) {
    const verdict cause = scene_.steps.last();
    if (!started_) scene_.steps.forgo(step(drill_steps::load_dump), why, allowed(), cause);
    for (const drill_step* one : {&drill_steps::compare_rows, &drill_steps::check_objects})
      scene_.steps.forgo(step(*one), why, allowed(), cause);
    if (!item_.policy.assertions.empty())
      scene_.steps.forgo(step(drill_steps::check_assertions), why, allowed(), cause);
  }

  [[nodiscard]] std::unique_ptr<source> open() {
    return open_dump(item_.path, item_.where, scene_.settings.bounds, reread_findings_);
  }

  // True when there is something to look at, whatever failed.
  bool load() {
    bool loaded = false;
    scene_.steps.run(step(drill_steps::load_dump), allowed(), [&](step_report& report) {
      started_ = true;
      preamble_ = read_preamble(open(), item_.where);
      finding_list found;
      load_options options;
      options.extensions = item_.policy.extensions;
      options.jobs = scene_.settings.jobs;
      options.stop = scene_.settings.stop;
      // bytes of a SQL_ASCII database are whatever they are
      const load_target target =
          scene_.server().create_database(preamble_.encoding == "SQL_ASCII" ? "SQL_ASCII" : "UTF8");
      loaded_ =
          load_dump(open_dump(item_.path, item_.where, scene_.settings.bounds, found), item_.where, target, options);
      loaded = true;
      report.bytes = std::max(item_.expanded, loaded_.bytes);
      report.properties.push_back({item_.where, "statements", fmt::format("{}", loaded_.statements)});
      report.properties.push_back({item_.where, "rows", fmt::format("{}", loaded_.rows)});
      if (!loaded_.server_version.empty())
        report.properties.push_back({item_.where, "dumped_from", loaded_.server_version});
      add_findings(report, std::move(loaded_.findings), std::move(loaded_.unchecked), item_);
      for (auto& one : found.snapshot()) report.findings.push_back(std::move(one));
      check_same_bytes(report);
    });
    return loaded;
  }

  // What was loaded has to be what was verified.
  void check_same_bytes(step_report& report) const {
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> rows;  // by table: verified, loaded
    for (const auto& table : item_.tables) rows[table.name].first += table.rows;
    for (const auto& database : loaded_.databases) {
      for (const auto& table : database.tables) rows[table.name].second += table.rows.rows;
    }
    for (const auto& [name, counts] : rows) {
      if (item_.tables.empty() || counts.first == counts.second) continue;
      report.findings.push_back(
          make_finding(checks::file_changed, item_.where / name, "the dump was another one when it was verified",
                       fmt::format("{} rows", counts.first), fmt::format("{} rows", counts.second)));
    }
  }

  // The one that a dump of several is made for, as far as can be told: that with the most rows. Null where nothing was
  // loaded.
  [[nodiscard]] const loaded_database* main_database() const {
    const auto rows_of = [](const loaded_database& one) {
      std::uint64_t rows = 0;
      for (const auto& table : one.tables) rows += table.rows.rows;
      return rows;
    };
    const auto most = std::max_element(loaded_.databases.begin(), loaded_.databases.end(),
                                       [&](const auto& a, const auto& b) { return rows_of(a) < rows_of(b); });
    return most == loaded_.databases.end() ? nullptr : &*most;
  }

  // --- rows

  void compare() {
    const std::optional<capture> taken = read_capture();
    scene_.steps.run(step(drill_steps::compare_rows), allowed(), [&](step_report& report) {
      // a capture and a source are of one database each: of the only one, or of the one that they name
      const loaded_database* captured = taken ? database_called(taken->database, "the capture", report) : nullptr;
      const std::string source = !scene_.settings.source.empty() ? scene_.settings.source : item_.policy.source;
      const loaded_database* live =
          source.empty() ? nullptr : database_called(name_of_source(source), "the live source", report);
      bool any_rows = false;
      for (const auto& database : loaded_.databases) {
        compare_one(database, report, &database == captured ? &*taken : nullptr, &database == live ? source : "",
                    any_rows);
      }
      if (captured != nullptr) report_other_artifact(*taken, report);
      require_tables(report);
      if (loaded_.databases.empty()) {
        report.properties.push_back({item_.where, "content", "roles and settings of a cluster alone"});
      } else if (!any_rows) {
        report.unchecked.push_back({item_.where, "the dump holds no row, so that nothing was compared with nothing",
                                    "see whether an empty database was dumped"});
      }
    });
  }

  // A dump of one database need not say its name.
  const loaded_database* database_called(const std::string& name, std::string_view what, step_report& report) const {
    if (loaded_.databases.size() == 1) return &loaded_.databases.front();
    for (const auto& one : loaded_.databases) {
      if (one.name == name) return &one;
    }
    std::vector<std::string> names;
    for (const auto& one : loaded_.databases) names.push_back(printable(one.name));
    report.unchecked.push_back({item_.where,
                                fmt::format("{} is of the database {}, which is none of those in the dump: {}", what,
                                            printable(name), fmt::join(names, ", ")),
                                "compare with one of them"});
    return nullptr;
  }

  // Only a dump of several databases has to ask for it.
  [[nodiscard]] std::string name_of_source(const std::string& source) const {
    if (loaded_.databases.size() < 2) return {};
    server_session session{conninfo_with_environment(source), location{"live source"}, scene_.settings.stop};
    return session.value("SELECT current_database()");
  }

  // Of a backup that is a directory one dump holds roles, another what is asked for.
  [[nodiscard]] bool is_beside(const std::string& table) const {
    return std::find(item_.tables_beside.begin(), item_.tables_beside.end(), table) != item_.tables_beside.end();
  }

  // A table that one of the databases has is there.
  void require_tables(step_report& report) const {
    for (const auto& table : item_.policy.required_tables) {
      std::vector<finding> missed{missing_required_table(item_.where, table, "no database")};
      for (const auto& database : loaded_.databases) {
        missed = check_required_tables(scene_.server().loader_in(database.database), item_.where, {table},
                                       scene_.settings.stop);
        if (missed.empty()) break;
      }
      const bool here = std::any_of(item_.tables.begin(), item_.tables.end(),
                                    [&](const table_fact& one) { return one.name == table; });
      if (!here && is_beside(table)) continue;  // it is asked of the dump that holds it
      add_findings(report, std::move(missed), {}, item_);
    }
  }

  void compare_one(const loaded_database& database, step_report& report, const capture* taken,
                   const std::string& source, bool& any_rows) {
    restored_database restored;
    restored.conninfo = scene_.server().loader_in(database.database);
    restored.where = item_.where;
    restored.artifact = item_.label;
    restored.database = loaded_.databases.size() > 1 ? database.name : "";
    restored.encoding = database.encoding.empty() ? "UTF8" : database.encoding;
    restored.server_major = preamble_.server_major;
    restored.tables = database.tables;
    restored.large_objects = database.large_objects;
    restored.reopen = [this] { return open(); };
    compare_options options;
    options.jobs = scene_.settings.jobs;
    options.stop = scene_.settings.stop;
    options.captured = taken;
    live_source live;
    if (!source.empty()) {
      live.conninfo = conninfo_with_environment(source);
      live.tolerance = item_.policy.tolerance;
      if (item_.timestamp) live.age = scene_.result.started - *item_.timestamp;
      options.source = &live;
    }
    comparison_result outcome = compare_restored(restored, options);
    any_rows |= outcome.any_rows;
    report.bytes += outcome.bytes;
    if (!outcome.zone.empty()) report.properties.push_back({item_.where, "time_zone", outcome.zone});
    std::move(outcome.tables.begin(), outcome.tables.end(), std::back_inserter(scene_.result.comparisons));
    add_findings(report, std::move(outcome.findings), std::move(outcome.unchecked), item_);
  }

  // Packed anew, a dump has other bytes and the same rows; with other rows as well, the capture is most likely
  // another's.
  void report_other_artifact(const capture& taken, step_report& report) const {
    std::optional<finding> what = check_captured_artifact(taken, item_.sha256, item_.where);
    if (!what) return;
    const bool differ = std::any_of(report.findings.begin(), report.findings.end(), [](const finding& one) {
      return one.severity == severity::error && one.check.starts_with("rows.");
    });
    if (!differ) what->severity = severity::note;
    report.findings.push_back(*std::move(what));
  }

  std::optional<capture> read_capture() {
    if (item_.capture.empty()) return std::nullopt;
    std::optional<capture> taken;
    if (!is_file(item_.capture)) {
      if (!item_.capture_promised) return std::nullopt;
      scene_.steps.run(step(drill_steps::compare_capture), allowed(), [&](step_report& report) {
        report.findings.push_back(make_finding(checks::capture_missing, item_.where,
                                               "the promised capture is not there", printable(item_.capture),
                                               "no such file"));
      });
      return std::nullopt;
    }
    scene_.steps.run(step(drill_steps::compare_capture), allowed(), [&](step_report& report) {
      taken = load_capture(report);
      scene_.note_capture();
      report.properties.push_back({item_.where, "capture", item_.capture});
    });
    return taken;
  }

  std::optional<capture> load_capture(step_report& report) {
    const location where{item_.capture};
    file_source file{item_.capture, where};
    const std::string text = read_all(file, where, scene_.settings.bounds.capture_bytes, "capture_bytes");
    try {
      return parse_capture(text, item_.capture);
    } catch (const usage_error& error) {
      report.findings.push_back(make_finding(checks::capture_malformed, where, "the capture cannot be understood",
                                             "a document knowngood/capture/1", error.what()));
      return std::nullopt;
    }
  }

  // --- the rest of a database

  void check_objects_of_all() {
    scene_.steps.run(step(drill_steps::check_objects), allowed(), [&](step_report& report) {
      for (const auto& database : loaded_.databases) {
        objects_to_check what;
        what.conninfo = scene_.server().loader_in(database.database);
        what.where = loaded_.databases.size() > 1 && !database.name.empty() ? item_.where / database.name : item_.where;
        if (!database.encoding.empty()) what.encoding = database.encoding;
        what.declared = database.objects;
        objects_result outcome = check_objects(what, scene_.settings.stop);
        for (const auto& [type, number] : outcome.found)
          report.properties.push_back({item_.where, type, fmt::format("{}", number)});
        for (const auto& extension : outcome.extensions)
          report.properties.push_back({item_.where, "extension", extension});
        report.properties.push_back({item_.where, "sequences", fmt::format("{}", outcome.sequences)});
        add_findings(report, std::move(outcome.findings), {}, item_);
      }
    });
  }

  void check_assertions_of_all() {
    if (item_.policy.assertions.empty() || (loaded_.databases.empty() && !item_.tables_beside.empty())) return;
    scene_.steps.run(step(drill_steps::check_assertions), allowed(), [&](step_report& report) {
      const loaded_database* main = main_database();
      if (main == nullptr)
        throw environment_error{item_.where, "no database was restored that they could be run in",
                                "look at what loading the dump found"};
      assertion_options options;
      options.stop = scene_.settings.stop;
      assertions_result outcome =
          check_assertions(scene_.server().loader_in(main->database), item_.where, item_.policy.assertions, options);
      if (loaded_.databases.size() > 1) report.properties.push_back({item_.where, "database", main->name});
      for (const auto& one : outcome.results) {
        const bool passed_over = one.names_absent && is_left_to_others(one.name);
        if (!one.names_absent) scene_.note_answer(item_.whole, one.name);
        report.properties.push_back({item_.where, one.name,
                                     one.holds     ? "holds"
                                     : passed_over ? "left to another part"
                                                   : "does not hold"});
        if (!passed_over) continue;
        const location where = item_.where / one.name;
        outcome.findings.erase(std::remove_if(outcome.findings.begin(), outcome.findings.end(),
                                              [&](const finding& found) { return found.where == where; }),
                               outcome.findings.end());
      }
      add_findings(report, std::move(outcome.findings), {}, item_);
    });
  }

  // Of a backup that is a directory one dump has the table that an assertion names, others do not. The last to be
  // restored answers for all that none before it could.
  [[nodiscard]] bool is_left_to_others(const std::string& assertion) const {
    return !item_.tables_beside.empty() && (!item_.last_of_tables || scene_.answered(item_.whole, assertion));
  }

  const drill_item& item_;
  drill_scene& scene_;
  bool started_ = false;
  dump_preamble preamble_;
  load_result loaded_;
  finding_list reread_findings_;
};

}  // namespace detail

inline void restore_dump(const drill_item& item, drill_scene& scene) { detail::database_step{item, scene}.run(); }

}  // namespace knowngood
