// Reports to test with: an empty one, one with something in every field, a hostile one, an interrupted one.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "knowngood/base/checks.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood::samples {

inline constexpr const char* sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
inline constexpr const char* fingerprint = "0123456789abcdef0123456789abcdef";

/// A run that found nothing to look at and says so.
inline report empty() {
  report r;
  r.tool = "verify";
  r.version = "0.1.0";
  r.host = "backup01";
  r.command = "verify /backups";
  r.started = *parse_moment("2025-12-04T03:00:00Z");
  r.finished = r.started;
  r.complete = true;
  r.verdict = verdict::unchecked;
  r.exit_code = 3;
  return r;
}

/// A sound dump of 248 MiB, an hour old when the run starts.
inline artifact_report dump(const std::string& path, const std::string& timestamp = "2025-12-04T02:00:00Z") {
  artifact_report a;
  a.path = path;
  a.kind = "gzip > postgres-plain-dump";
  a.timestamp = parse_moment(timestamp);
  a.modified = parse_moment("2025-12-04T02:03:04Z");
  a.size = 260'046'848;
  a.bytes_read = 260'046'848;
  a.bytes_expanded = 864'026'624;
  a.seconds = 1.4375;
  a.verdict = verdict::sound;
  a.digests = {{"SHA256", sha256}, {"MD5", "d41d8cd98f00b204e9800998ecf8427e"}};
  a.checksum_file = path + ".sha256";
  const location where{path};
  a.properties = {{where, "server_version", "15.18"}};
  a.tables = {{where, "public.incidents", 5000, fingerprint},
              {where, "public.vendor_equipment", 1'234'567, fingerprint},
              {where, "public.\"Größe\"", 0, std::nullopt}};
  return a;
}

/// Sound dumps only.
inline report sound(std::size_t artifacts) {
  report r = empty();
  for (std::size_t i = 0; i < artifacts; ++i) {
    r.artifacts.push_back(dump("/backups/ner11/database/ner11_db_" + std::to_string(i) + ".sql.gz"));
  }
  r.finished = r.started + std::chrono::seconds{72};
  r.verdict = verdict::sound;
  r.exit_code = 0;
  return r;
}

/// Something in every field, every verdict and every severity.
inline report full() {
  report r = empty();
  r.command = "verify --policy '/etc/my policy.toml'";
  r.policy = "/etc/my policy.toml";
  r.policy_sha256 = sha256;
  r.estate = "ner11";
  r.strict = true;
  r.limited_to = {"database", "logs"};
  r.confinement = "a user of its own; Landlock 7; seccomp";
  r.finished = r.started + std::chrono::seconds{72};
  r.verdict = verdict::unsound;
  r.exit_code = 1;
  r.findings.push_back(make_finding(checks::presence_unclaimed, location{"/backups/ner11/stray.tmp"}, "unclaimed"));
  r.unchecked.push_back({location{"/mnt/offsite"}, "cannot open: Permission denied", "grant read permission"});

  component_report database;
  database.name = "database";
  database.kind = "postgres-dump";
  database.verdict = verdict::unsound;
  database.newest = "/backups/ner11/database/ner11_db_20251204_020000.sql.gz";
  database.newest_timestamp = parse_moment("2025-12-04T02:00:00Z");
  database.age_seconds = 3600;
  database.artifacts = 2;
  r.components.push_back(database);
  component_report logs;
  logs.name = "logs";
  logs.verdict = verdict::unsound;
  logs.findings.push_back(make_finding(checks::presence_missing, location{"logs"}, "no artifact is there at all",
                                       "logs_*.tar.gz in /backups/ner11/logs", "0 artifacts"));
  r.components.push_back(logs);

  artifact_report good = dump(*database.newest);
  good.component = "database";
  r.artifacts.push_back(good);

  artifact_report bad = dump("/backups/ner11/database/ner11_db_20251203_020000.sql.gz", "2025-12-03T02:00:00Z");
  bad.component = "database";
  bad.verdict = verdict::unsound;
  bad.tables.clear();
  bad.findings.push_back(make_finding(checks::checksum_moved, location{bad.path + ".sha256"}, "names a lost path"));
  bad.findings.push_back(make_finding(checks::gzip_crc32, location{bad.path}.at(260'046'840),
                                      "the data's CRC-32 differs from the trailer's", "0x1f2e3d4c", "0x9a8b7c6d"));
  r.artifacts.push_back(bad);

  artifact_report archive = dump("/backups/ner11/full/full_20251130.tar.gz", "2025-11-30T04:00:00Z");
  archive.kind = "gzip > tar";
  archive.verdict = verdict::unprotected;
  archive.manifest = "/backups/ner11/full/MANIFEST.txt";
  archive.checksum_file.clear();
  archive.findings.push_back(make_finding(checks::file_unprotected, location{archive.path}, "damage would not show"));
  archive.tables = {{location{archive.path} / "db.sql.gz", "public.incidents", 5000, fingerprint}};
  archive.refs = {{location{archive.path} / "repo.bundle", "refs/heads/main", std::string(40, 'a')}};
  archive.member_count = 3;
  for (const auto type :
       {member_type::file, member_type::directory, member_type::symlink, member_type::hard_link, member_type::other}) {
    member_fact member;
    member.where = location{archive.path} / "db.sql.gz";
    member.name = "db.sql.gz";
    member.type = type;
    member.size = 12'345;
    member.modified = 1'764'813'600.123456;
    member.mode = 0640;
    if (type == member_type::file) {
      member.sha256 = sha256;
      member.kind = "gzip > postgres-plain-dump";
    }
    archive.members.push_back(member);
  }
  r.artifacts.push_back(archive);

  artifact_report closed;
  closed.path = "/backups/ner11/config/config_20251203.tar.gz";
  closed.verdict = verdict::unchecked;
  closed.unchecked.push_back(
      {location{closed.path}, "cannot open: Permission denied", "run as a user who may read it"});
  r.artifacts.push_back(closed);

  step_report load;
  load.name = "load-dump";
  load.component = "database";
  load.artifact = good.path;
  load.verdict = verdict::unsound;
  load.started = r.started;
  load.seconds = 12.25;
  load.bytes = 864'026'624;
  load.properties = {{location{good.path}, "server_version", "15.18"}};
  load.findings.push_back(make_finding(checks::load_sql, location{good.path} / "public.incidents",
                                       "line 120 fails: relation \"public.vendors\" does not exist (42P01)"));
  r.steps.push_back(load);
  step_report probe;
  probe.name = "probe";
  probe.verdict = verdict::unchecked;
  probe.output = "all services up\n";
  probe.unchecked.push_back({location{"probe"}, "cannot be run: No such file", "check drill.probe"});
  r.steps.push_back(probe);
  step_report boot;
  boot.name = "boot-volume";
  boot.component = "volumes";
  boot.verdict = verdict::sound;
  boot.skipped = true;
  boot.reason = "the policy allows it";
  r.steps.push_back(boot);
  r.comparisons.push_back({good.path, "", "public.incidents", rows_fact{5000, fingerprint},
                           rows_fact{5000, fingerprint}, rows_fact{5010, std::nullopt}, rows_fact{4999, fingerprint},
                           row_outcome::fewer});
  r.comparisons.push_back({good.path, "ner11_db", "public.gone", rows_fact{1, fingerprint}, std::nullopt, std::nullopt,
                           std::nullopt, row_outcome::missing});
  r.recoveries.push_back({"database", 12.25, 3600, 3600, 93'600, verdict::sound});
  r.recoveries.push_back({"", 12.25, std::nullopt, std::nullopt, std::nullopt, verdict::sound});
  return r;
}

/// Names that no terminal, no JSON reader and no log should be trusted with.
inline const std::string hostile_name =
    "a\x1b[2J\x1b]0;owned\x07\r\n\xc2\x9b"
    "31m\xe2\x80\xae"
    "gpj.\xff\xfe\xc0\xaf\xed\xa0\x80\x7f\\xff\"\t|'=";

/// `evil` wherever a backup or a caller chooses the text.
inline report hostile(const std::string& evil = hostile_name) {
  report r = full();
  r.host = r.command = r.policy = r.estate = evil;
  r.limited_to = {evil, evil};
  for (auto& component : r.components) {
    for (auto& artifact : r.artifacts) {
      if (artifact.component == component.name) artifact.component += evil;
    }
    component.name += evil;
    component.kind = evil;
    component.newest = evil;
  }
  const auto spoil = [&](finding& one) {
    one.where = location{{evil, evil, evil}, 7};
    one.message = one.expected = one.actual = evil;
  };
  r.artifacts.push_back(r.artifacts.front());
  for (auto& one : r.findings) spoil(one);
  for (auto& one : r.unchecked) one = {location{evil} / evil, evil, evil};
  for (auto& step : r.steps) {
    step.artifact = step.reason = step.output = evil;
    for (auto& one : step.findings) spoil(one);
    for (auto& one : step.unchecked) one = {location{evil} / evil, evil, evil};
    for (auto& fact : step.properties) fact = {location{evil}, evil, evil};
  }
  for (auto& table : r.comparisons) table.artifact = table.database = table.name = evil;
  for (auto& artifact : r.artifacts) {
    artifact.path += evil;
    artifact.kind = artifact.checksum_file = artifact.manifest = evil;
    for (auto& one : artifact.findings) spoil(one);
    for (auto& one : artifact.unchecked) one = {location{evil} / evil, evil, evil};
    for (auto& fact : artifact.properties) fact = {location{evil}, evil, evil};
    for (auto& fact : artifact.tables) fact.name = evil;
    for (auto& fact : artifact.refs) fact.name = evil;
    for (auto& fact : artifact.members) fact.name = fact.kind = evil;
  }
  return r;
}

/// Stopped by a signal after the first of its artifacts.
inline report interrupted() {
  report r = sound(1);
  r.complete = false;
  r.exit_code = 130;
  return r;
}

}  // namespace knowngood::samples
