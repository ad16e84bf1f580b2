// judge_data_directory: whether a server could start from what an archive holds of a PostgreSQL data directory, and
// find all of its tables: by the names and sizes of its files, its control file, its backup label and its list of
// databases.
//
// Layer: inspect. PostgreSQL manual, "Database File Layout". No page of a table but that list's is looked at: that is
// for a rehearsal.
//   auto parts = judge_data_directory(found.seen(), where, leads_inside, out);
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/inspect/backup_part.hpp"
#include "knowngood/inspect/data_directory.hpp"
#include "knowngood/inspect/facts.hpp"
#include "knowngood/postgres/control_file.hpp"
#include "knowngood/postgres/database_list.hpp"
#include "knowngood/postgres/wal_segment.hpp"

namespace knowngood {

namespace detail {

template <typename LeadsInside>
class data_directory_judge {
 public:
  data_directory_judge(const data_directory_contents& seen, const location& at, const LeadsInside& leads_inside,
                       sink& out)
      : seen_{seen}, at_{at}, leads_inside_{leads_inside}, out_{out} {}

  [[nodiscard]] std::vector<missing_part> judge() const {
    std::vector<missing_part> parts;
    out_.learn(property_fact{at_, "data_directory_version", seen_.version.value_or("")});
    judge_control();
    judge_versions();
    if (!seen_.has_map) {
      incomplete("a data directory without global/pg_filenode.map", "a map of the shared catalogues' files", "none");
    }
    if (seen_.has_label && !seen_.label) {
      out_.report(make_finding(checks::pgdata_label_malformed, at_,
                               "the backup_label does not say where recovery begins",
                               "START WAL LOCATION with its file", "none"));
    }
    judge_databases();
    judge_database_list();
    judge_status();
    judge_wal(parts);
    judge_tablespaces(parts);
    return parts;
  }

 private:
  void incomplete(std::string message, std::string expected, std::string actual) const {
    out_.report(
        make_finding(checks::pgdata_incomplete, at_, std::move(message), std::move(expected), std::move(actual)));
  }

  // A database may come and go while the files of a running server are copied: what recovery makes of it is written in
  // the write-ahead log, and is for a rehearsal to see. Those that initdb makes, whose numbers are low, stay.
  [[nodiscard]] bool may_be_in_flux(std::uint32_t database) const {
    constexpr std::uint32_t first_of_users = 16'384;
    return seen_.label && !(seen_.control && seen_.control->shut_down()) && database >= first_of_users;
  }

  void incomplete_database(std::uint32_t database, std::string message, std::string expected) const {
    if (!may_be_in_flux(database)) return incomplete(std::move(message), std::move(expected), "none");
    finding found = make_finding(checks::pgdata_incomplete, at_,
                                 std::move(message) + ", unless it was made or dropped while the files were copied",
                                 std::move(expected), "none");
    found.severity = severity::warning;
    out_.report(std::move(found));
  }

  using status_segments = data_directory_contents::status_segments;

  void judge_control() const {
    if (!seen_.has_control) {
      incomplete("a data directory without global/pg_control", "a control file", "none");
      return;
    }
    if (!seen_.control || seen_.control_size != control_file::file_bytes) {
      out_.report(make_finding(checks::pgdata_control_malformed, at_, "global/pg_control is not a control file",
                               fmt::format("{} bytes of one", control_file::file_bytes),
                               fmt::format("{} bytes", seen_.control_size)));
      return;
    }
    out_.learn(property_fact{at_, "data_directory_state", std::string{seen_.control->state_name()}});
    if (seen_.control->crc_matches == false) {
      out_.report(make_finding(checks::pgdata_control_crc, at_, "global/pg_control does not match its CRC-32C",
                               "its CRC", "another"));
    }
    if (!seen_.control->shut_down() && !seen_.has_label) {
      out_.report(make_finding(checks::pgdata_inconsistent, at_,
                               "the server ran while its files were copied, and there is no backup_label",
                               "state \"shut down\", or a backup_label",
                               fmt::format("state \"{}\", no backup_label", seen_.control->state_name())));
    }
  }

  // `15`, and `9.6` before there were whole numbers.
  static bool is_version(std::string_view text) {
    const std::size_t digits = text.find_first_not_of("0123456789");
    if (digits == 0 || text.empty() || text.size() > 5) return false;
    if (digits == std::string_view::npos) return true;
    return text[digits] == '.' && digits + 1 < text.size() &&
           text.find_first_not_of("0123456789", digits + 1) == std::string_view::npos;
  }

  void judge_versions() const {
    if (!seen_.has_version) {
      incomplete("a data directory without PG_VERSION", "PG_VERSION", "none");
    } else if (seen_.version && !is_version(*seen_.version)) {
      incomplete("PG_VERSION names no version of PostgreSQL", "a number such as 15",
                 fmt::format("\"{}\"", printable(*seen_.version, 40)));
      return;
    }
    if (seen_.version && seen_.control) {
      if (const auto majors = seen_.control->majors()) {
        unsigned stated = 0;
        std::from_chars(seen_.version->data(), seen_.version->data() + seen_.version->size(), stated);
        if (stated < majors->first || stated > majors->second) {
          out_.report(make_finding(checks::pgdata_version, at_,
                                   "PG_VERSION and the control file are of different versions",
                                   majors->first == majors->second
                                       ? fmt::format("{}, as the control file", majors->first)
                                       : fmt::format("{} to {}, as the control file", majors->first, majors->second),
                                   printable(*seen_.version, 40)));
        }
      }
    }
    for (const auto& [number, held] : seen_.databases) {
      if (!seen_.version || !held.version || *held.version == *seen_.version) continue;
      out_.report(make_finding(checks::pgdata_version, at_,
                               fmt::format("base/{} is of another version than the data directory", number),
                               printable(*seen_.version, 40), printable(*held.version, 40)));
    }
  }

  void judge_databases() const {
    if (seen_.databases.empty()) incomplete("a data directory without databases", "base/1 and others", "none");
    for (const auto& [number, held] : seen_.databases) {
      const auto lacks = [&, number = number](std::string_view what) {
        incomplete_database(number, fmt::format("the database base/{} lacks {}", number, what), std::string{what});
      };
      if (!held.version_file && !held.map && held.relations == 0) {
        incomplete_database(number, fmt::format("base/{} is empty", number), "the files of a database");
        continue;
      }
      if (!held.version_file) lacks("PG_VERSION");
      if (!held.map) lacks("pg_filenode.map");
      if (held.relations == 0) lacks("tables");
    }
  }

  // Every database that the cluster knows of has to be there.
  void judge_database_list() const {
    if (seen_.databases.empty()) return;  // said already
    if (seen_.map_is_one == false) {
      incomplete("global/pg_filenode.map is no map of the shared catalogues' files", "a map with its CRC-32C",
                 "something else");
    }
    std::uint32_t file = pg_database_catalogue;
    if (seen_.map) {
      const auto mapped = seen_.map->find(pg_database_catalogue);
      if (mapped != seen_.map->end()) file = mapped->second;
    }
    const std::string name = fmt::format("global/{}", file);
    const auto found = seen_.shared_tables.find(file);
    if (found == seen_.shared_tables.end()) {
      if (seen_.shared_tables.size() < data_directory_contents::most_shared_tables) {
        incomplete("the list of all databases is not in the data directory", name, "none");
      }
      return;
    }
    const data_directory_contents::shared_table& table = found->second;
    if (!table.size) return;  // a hard link: its content stands elsewhere
    if (*table.size > data_directory::most_bytes(data_directory::interest::shared_table)) {
      out_.unchecked(at_, fmt::format("{}, the list of all databases, is too large to be looked into", name),
                     "rehearse its restore: a start from it shows whether every database is there");
      return;
    }
    if (!table.rows || table.rows->damaged_pages > 0 || (table.rows->damaged_rows > 0 && !seen_.has_label)) {
      // With a label, the write-ahead log puts right what was being written when it was read.
      incomplete(fmt::format("{}, the list of all databases, is damaged", name), "pages of rows of pg_database",
                 !table.rows ? std::string{"no pages of a table"}
                             : fmt::format("{} of {} damaged, and {}", table.rows->damaged_pages,
                                           counted(table.rows->pages, "page"),
                                           counted(table.rows->damaged_rows, "damaged row")));
      return;
    }
    const auto existing =
        table.rows->existing([this](std::uint32_t transaction) { return seen_.transactions.of(transaction); });
    if (existing.empty() && table.rows->databases.empty()) {
      incomplete(fmt::format("{}, the list of all databases, lists none", name), "template1 and others", "none");
    }
    for (const auto& [oid, row] : existing) {
      std::string folder;
      if (row->tablespace == database_row::default_tablespace) {
        if (!seen_.databases.contains(oid)) folder = fmt::format("base/{}", oid);
      } else if (const auto space = seen_.tablespaces.find(row->tablespace);
                 space != seen_.tablespaces.end() && space->second.content && !space->second.databases.contains(oid)) {
        folder = fmt::format("pg_tblspc/{}/…/{}", row->tablespace, oid);
      }
      if (folder.empty()) continue;
      incomplete_database(oid, fmt::format("the database {} is not in the data directory", printable(row->name, 80)),
                          std::move(folder));
    }
  }

  // Which transactions were committed. Segments hold 2^20 of them, of multixacts' offsets 2^16.
  void judge_status() const {
    const auto need = [&](const status_segments& segments, std::string_view where, std::optional<std::uint32_t> first,
                          std::uint32_t last, std::uint32_t all) {
      std::uint32_t number = first.value_or(last);
      for (;; number = (number + 1) % all) {
        const auto found = segments.find(number);
        if (found == segments.end() || found->second == 0U) {
          incomplete(fmt::format("a data directory without {}", where), fmt::format("{}/{:04X}", where, number),
                     found != segments.end() ? "no bytes"
                     : segments.empty()      ? "no file there"
                                             : "none");
          return;
        }
        if (number == last) return;
      }
    };
    const bool known = seen_.control && seen_.control->last;
    if (known && seen_.control->last->next_xid >= 3) {
      // While a server runs, old segments go without the control file's knowing.
      constexpr std::uint32_t per_segment = 1U << 20U;
      const bool whole = seen_.control->shut_down() && seen_.control->last->oldest_xid >= 3;
      need(seen_.xact, "pg_xact", whole ? std::optional{seen_.control->last->oldest_xid / per_segment} : std::nullopt,
           (seen_.control->last->next_xid - 1) / per_segment, 4096);
    } else if (seen_.xact.empty()) {
      incomplete("a data directory without pg_xact", "pg_xact/0000 or a later one", "no file there");
    }
    if (known && seen_.control->last->next_multixact >= 1) {
      need(seen_.multixact_offsets, "pg_multixact/offsets", std::nullopt,
           (seen_.control->last->next_multixact - 1) >> 16U, 65'536);
    } else if (seen_.multixact_offsets.empty()) {
      incomplete("a data directory without pg_multixact/offsets", "pg_multixact/offsets/0000 or a later one",
                 "no file there");
    }
    if (seen_.multixact_members.empty()) {
      incomplete("a data directory without pg_multixact/members", "pg_multixact/members/0000 or a later one",
                 "no file there");
    }
  }

  // From where recovery begins to where it must have come at least, as far as that is known.
  struct wal_range {
    std::uint32_t timeline = 0;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::string_view asked_by;
  };

  [[nodiscard]] std::optional<wal_range> needed_wal() const {
    if (!seen_.control || !seen_.control->last) return std::nullopt;
    const control_file::checkpoint& last = *seen_.control->last;
    if (seen_.label) {
      // The control file is copied last of all: the backup ended behind its checkpoint.
      std::uint64_t end = std::max(seen_.label->checkpoint, seen_.label->start);
      if (last.timeline == seen_.label->timeline) end = std::max(end, last.location);
      for (const auto& history : seen_.histories) {
        if (history.start == seen_.label->start && history.timeline == seen_.label->timeline) {
          end = std::max(end, *history.stop - 1);
        }
      }
      return wal_range{seen_.label->timeline, seen_.label->start, end, "the backup_label"};
    }
    std::uint64_t end = last.location;
    if (seen_.control->state == 2) end = std::max(end, last.minimum_recovery > 0 ? last.minimum_recovery - 1 : 0);
    return wal_range{last.timeline, last.redo, end, "the control file"};
  }

  void judge_wal(std::vector<missing_part>& parts) const {
    const auto range = needed_wal();
    if (!range) {
      if (seen_.segments.empty() && !seen_.wal_link) {
        parts.push_back(missing_wal({}, 0, "the data directory holds no write-ahead log", "none"));
      }
      return;
    }
    const std::uint32_t bytes = seen_.control->last->wal_segment_bytes;
    constexpr std::uint64_t most_named = 65'536;
    std::vector<std::string> missing;
    std::string actual;
    const std::uint64_t first = range->first / bytes;
    const std::uint64_t end = std::min(range->last / bytes, first + most_named);
    for (std::uint64_t number = first; number <= end; ++number) {
      const std::string name = wal_segment{range->timeline, number}.name(bytes);
      const auto found = find_segment(name);
      if (found != seen_.segments.end() && (!found->second || *found->second == bytes)) continue;
      if (found != seen_.segments.end() && actual.empty())
        actual = fmt::format("{} bytes of {}", *found->second, bytes);
      missing.push_back(name);
    }
    if (missing.empty()) return;
    if (seen_.wal_link && leads_inside_(*seen_.wal_link, missing.front())) return;
    if (actual.empty()) {
      actual = seen_.wal_link           ? "pg_wal is a link to " + printable(*seen_.wal_link, 200)
               : seen_.segments.empty() ? "no write-ahead log"
                                        : counted(seen_.segments.size(), "other segment");
    }
    parts.push_back(missing_wal(std::move(missing), bytes,
                                fmt::format("the write-ahead log that {} asks for is not in the archive{}",
                                            range->asked_by, seen_.recovers ? ", and has to come from elsewhere" : ""),
                                std::move(actual)));
  }

  // A standby that has followed its primary to a new timeline keeps old positions in files of the new one's name.
  [[nodiscard]] std::map<std::string, std::optional<std::uint64_t>>::const_iterator find_segment(
      const std::string& name) const {
    const auto found = seen_.segments.find(name);
    if (found != seen_.segments.end() || (seen_.control->state != 2 && !seen_.recovers)) return found;
    return std::find_if(seen_.segments.begin(), seen_.segments.end(),
                        [&](const auto& one) { return std::string_view{one.first}.substr(8) == name.substr(8); });
  }

  [[nodiscard]] missing_part missing_wal(std::vector<std::string> segments, std::uint32_t bytes, std::string message,
                                         std::string actual) const {
    std::string expected = segments.empty()       ? std::string{"pg_wal with its segments"}
                           : segments.size() == 1 ? "pg_wal/" + segments.front()
                                                  : fmt::format("pg_wal/{} to {}", segments.front(), segments.back());
    missing_part part;
    part.segments = std::move(segments);
    part.segment_bytes = bytes;
    part.otherwise =
        make_finding(checks::pgdata_wal_missing, at_, std::move(message), std::move(expected), std::move(actual));
    return part;
  }

  void judge_tablespaces(std::vector<missing_part>& parts) const {
    for (const auto& [number, space] : seen_.tablespaces) {
      const std::string prefix = seen_.version ? fmt::format("PG_{}_", *seen_.version) : std::string{"PG_"};
      if (space.content || (space.link && leads_inside_(space.target, prefix))) continue;
      missing_part part;
      part.tablespace = number;
      part.version_directory = prefix;
      part.otherwise =
          make_finding(checks::pgdata_tablespace_missing, at_,
                       fmt::format("the tables of tablespace {} are not in the archive", number),
                       fmt::format("pg_tblspc/{} with its tables", number),
                       space.link ? "a link to " + printable(space.target, 200) : std::string{"an empty directory"});
      parts.push_back(std::move(part));
    }
  }

  const data_directory_contents& seen_;
  const location& at_;
  const LeadsInside& leads_inside_;
  sink& out_;
};

}  // namespace detail

/// Reports what is wrong, and returns the parts that another archive may hold. `leads_inside(target, prefix)` says
/// whether the archive holds what a link to `target` means: a directory there in which a name begins with `prefix`.
template <typename LeadsInside>
[[nodiscard]] std::vector<missing_part> judge_data_directory(const data_directory_contents& seen, const location& at,
                                                             const LeadsInside& leads_inside, sink& out) {
  return detail::data_directory_judge<LeadsInside>{seen, at, leads_inside, out}.judge();
}

}  // namespace knowngood
