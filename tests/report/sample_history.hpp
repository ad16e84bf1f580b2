// A month of nights to render: 30 runs of verify, three of them bad, one night without a run; four drills, one too
// slow.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "knowngood/report/report_history.hpp"
#include "report/sample_reports.hpp"

namespace knowngood::samples {

inline const moment last_night = *parse_moment("2025-12-04T03:00:00Z");

/// The days of the bad nights, and the one without a run.
inline constexpr const char* bad_nights[] = {"2025-11-12", "2025-11-19", "2025-11-27"};
inline constexpr const char* night_without_run = "2025-11-23";

struct sample_component {
  const char* name;
  const char* kind;
  const char* content;
  const char* file;
  const char* ending;
  std::uint64_t size;
  std::int64_t age;
};
inline constexpr sample_component estate[] = {
    {"database", "postgres-dump", "gzip > postgres-plain-dump", "/backups/ner11/database/ner11_db_", "_020000.sql.gz",
     260'046'848, 3'600},
    {"models", "archive", "gzip > tar", "/backups/ner11/models/models_", "_021500.tar.gz", 8'482'560'000, 2'700},
    {"code", "git-bundle", "git-bundle", "/backups/ner11/code/repository_", "_023000.bundle", 91'226'112, 1'800},
    {"configuration", "archive", "gzip > tar", "/backups/ner11/config/config_", "_023500.tar.gz", 48'128, 1'500},
    {"volumes", "docker-volumes", "gzip > tar", "/backups/ner11/volumes/postgres_data_", "_024000.tar.gz",
     1'073'741'824, 1'200},
    {"logs", "archive", "gzip > tar", "/backups/ner11/logs/logs_", "_024500.tar.gz", 7'340'032, 900},
};

inline std::string compact_day(moment at) {
  std::string day = to_rfc3339(at).substr(0, 10);
  std::erase(day, '-');
  return day;
}

inline report night(moment at, std::size_t number) {
  report r = empty();
  r.started = at;
  r.finished = at + std::chrono::seconds{212 + number};
  r.command = "verify --policy /etc/knowngood.toml --ledger /var/lib/knowngood";
  r.policy = "/etc/knowngood.toml";
  r.policy_sha256 = sha256;
  r.verdict = verdict::sound;
  r.exit_code = 0;
  for (const auto& one : estate) {
    const moment made = at - std::chrono::seconds{one.age};
    artifact_report a = dump(one.file + compact_day(made) + one.ending, to_rfc3339(made));
    a.component = one.name;
    a.kind = one.content;
    const std::uint64_t wave = (number * 7 + one.size % 11) % 13;
    a.size = one.size + one.size / 1000 * number * 3 + one.size / 500 * wave;
    a.bytes_read = *a.size;
    a.modified = a.timestamp;
    if (a.component != "database") a.tables.clear();
    component_report component;
    component.name = one.name;
    component.kind = one.kind;
    component.newest = a.path;
    component.newest_timestamp = made;
    component.age_seconds = one.age;
    component.artifacts = 11 + number % 3;
    r.components.push_back(component);
    r.artifacts.push_back(a);
  }
  r.components[5].findings.push_back(make_finding(checks::size_drift, location{"logs"},
                                                  "the newest is larger than usual", "about 6.5 MiB", "7.0 MiB"));
  r.artifacts[3].findings.push_back(
      make_finding(checks::tar_secret_readable, location{r.artifacts[3].path} / "config/.env",
                   "a file with secrets may be read by everyone", "mode 0600", "mode 0644"));
  return r;
}

inline void spoil(report& r, std::size_t component, finding one) {
  r.components[component].verdict = verdict::unsound;
  r.artifacts[component].verdict = verdict::unsound;
  r.artifacts[component].findings.push_back(std::move(one));
  r.verdict = verdict::unsound;
  r.exit_code = 1;
}

inline report rehearsal(moment at, double database_seconds) {
  report r = night(at, 20);
  r.tool = "drill";
  r.command = "drill --policy /etc/knowngood.toml";
  for (auto& one : r.components) one.findings.clear();
  for (auto& one : r.artifacts) one.findings.clear();
  double all = 0;
  const auto step = [&](std::size_t component, const char* name, double seconds, std::uint64_t bytes) {
    step_report s;
    s.name = name;
    s.component = estate[component].name;
    s.artifact = r.artifacts[component].path;
    s.verdict = verdict::sound;
    s.started = at + std::chrono::seconds{static_cast<std::int64_t>(all)};
    s.seconds = seconds;
    s.bytes = bytes;
    all += seconds;
    r.steps.push_back(s);
  };
  step(0, "verify-artifact", 3.1, 260'046'848);
  step(0, "load-dump", database_seconds, 864'026'624);
  step(0, "compare-rows", 11.5, 864'026'624);
  step(1, "restore-models", 95, 8'482'560'000);
  step(2, "clone-bundle", 6.25, 91'226'112);
  step(3, "restore-configuration", 0.4, 48'128);
  step(4, "boot-volume", 41, 1'073'741'824);
  r.steps[6].skipped = true;
  r.steps[6].reason = "the policy allows it: no binaries of PostgreSQL 14 here";
  r.comparisons.push_back({r.artifacts[0].path, "", "public.incidents", rows_fact{5000, fingerprint},
                           rows_fact{5000, fingerprint}, std::nullopt, rows_fact{5000, fingerprint},
                           row_outcome::equal});
  r.comparisons.push_back({r.artifacts[0].path, "", "public.vendor_equipment", rows_fact{1'234'567, fingerprint},
                           rows_fact{1'234'567, fingerprint}, std::nullopt, rows_fact{1'234'567, fingerprint},
                           row_outcome::equal});
  r.comparisons.push_back({r.artifacts[0].path, "", "public.audit_log", rows_fact{0, std::nullopt},
                           rows_fact{0, std::nullopt}, std::nullopt, rows_fact{0, std::nullopt}, row_outcome::empty});
  const bool slow = database_seconds > 900;
  r.recoveries.push_back(
      {"database", database_seconds + 3.1, 900, 3'600, 93'600, slow ? verdict::unsound : verdict::sound});
  r.recoveries.push_back({"models", 95, 3'600, 2'700, 93'600, verdict::sound});
  r.recoveries.push_back({"code", 6.25, 600, 1'800, 93'600, verdict::sound});
  r.recoveries.push_back({"configuration", 0.4, std::nullopt, 1'500, std::nullopt, verdict::sound});
  r.recoveries.push_back({"", all, 7'200, 3'600, std::nullopt, slow ? verdict::unsound : verdict::sound});
  r.finished = at + std::chrono::seconds{static_cast<std::int64_t>(all)};
  if (slow) {
    r.components[0].verdict = verdict::unsound;
    r.components[0].findings.push_back(make_finding(checks::drill_rto, location{"database"},
                                                    "the restore takes longer than its objective", "at most 15m",
                                                    "21m 3s"));
    r.verdict = verdict::unsound;
    r.exit_code = 1;
  }
  return r;
}

/// A drill of which nothing of `database` could be restored, in a report that states a recovery time all the same.
inline report without_database(report r) {
  for (auto& step : r.steps) {
    if (step.component == "database" && step.name != "verify-artifact") step.verdict = verdict::unchecked;
  }
  return r;
}

/// Oldest first: 31 nights up to `last_night`, and drills of four quarters.
inline std::vector<report> month() {
  std::vector<report> all;
  const auto at = [](const char* text) { return *parse_moment(text); };
  all.push_back(rehearsal(at("2025-03-03T10:00:00Z"), 412));
  all.push_back(rehearsal(at("2025-06-02T10:00:00Z"), 505));
  all.push_back(rehearsal(at("2025-09-01T10:00:00Z"), 1'260));
  for (std::size_t i = 0; i < 31; ++i) {
    const moment begun = last_night - std::chrono::days{30 - i};
    const std::string day = to_rfc3339(begun).substr(0, 10);
    if (day == night_without_run) continue;
    report r = night(begun, i);
    if (day == bad_nights[0]) {
      spoil(r, 0,
            make_finding(checks::gzip_crc32, location{r.artifacts[0].path}.at(260'046'840),
                         "the data's CRC-32 differs from the trailer's", "0x1f2e3d4c", "0x9a8b7c6d"));
    } else if (day == bad_nights[1]) {
      spoil(r, 4,
            make_finding(checks::tar_truncated, location{r.artifacts[4].path} / "base/16384/2619",
                         "the archive ends within a member", "8192 bytes", "512 bytes"));
    } else if (day == bad_nights[2]) {
      spoil(r, 0,
            make_finding(checks::dump_truncated, location{r.artifacts[0].path},
                         "the dump ends without its completion line"));
    }
    if (begun == at("2025-11-24T03:00:00Z")) {
      all.push_back(r);
      all.push_back(rehearsal(at("2025-11-24T10:00:00Z"), 561));
      continue;
    }
    all.push_back(r);
  }
  return all;
}

}  // namespace knowngood::samples
