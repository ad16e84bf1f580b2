// data_directory: what an archive holds of one PostgreSQL data directory, gathered from its members as they pass: the
// names and sizes of its files, and the few whose content says what the others have to be.
//
// Layer: inspect. PostgreSQL manual, "Database File Layout".
//   data_directory found; for (each member) found.see(rest, type, size, target); judge_data_directory(found.seen(), …);
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "knowngood/archive/tar_member.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/postgres/backup_label.hpp"
#include "knowngood/postgres/control_file.hpp"
#include "knowngood/postgres/database_list.hpp"
#include "knowngood/postgres/wal_segment.hpp"

namespace knowngood {

namespace detail {

inline std::optional<std::uint32_t> parse_object_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty() || text.front() == '0') return {};
  return number;
}

// The number of a segment of pg_xact or pg_multixact: four digits, five and more in very old clusters.
inline std::optional<std::uint32_t> parse_status_segment(std::string_view name) {
  if (name.size() < 4 || name.size() > 6 || name.find_first_not_of("0123456789ABCDEF") != std::string_view::npos) {
    return std::nullopt;
  }
  std::uint32_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number, 16);
  return number;
}

}  // namespace detail

/// What an archive holds of one data directory, as far as that is seen without looking at its tables.
struct data_directory_contents {
  struct database {
    bool version_file = false;
    bool map = false;
    std::uint64_t relations = 0;
    std::optional<std::string> version;
  };
  struct tablespace {
    bool link = false;
    bool content = false;
    std::string target;
    std::set<std::uint32_t> databases;  // that keep tables there
  };
  struct shared_table {
    std::optional<std::uint64_t> size;  // nothing for a hard link
    std::optional<database_list> rows;  // read as if it were pg_database
  };
  using status_segments = std::map<std::uint32_t, std::optional<std::uint64_t>>;  // sizes by number

  static constexpr std::size_t most_shared_tables = 4096;

  bool has_control = false;
  bool has_version = false;
  bool has_map = false;
  bool has_label = false;
  bool recovers = false;  ///< it is to fetch write-ahead log from elsewhere
  std::size_t control_size = 0;
  std::optional<control_file> control;
  std::optional<std::string> version;
  std::optional<backup_label> label;
  std::vector<backup_label> histories;
  std::optional<std::string> wal_link;
  std::map<std::string, std::optional<std::uint64_t>> segments;  ///< sizes by name
  std::map<std::uint32_t, database> databases;
  std::map<std::uint32_t, tablespace> tablespaces;
  std::optional<filenode_map> map;
  std::optional<bool> map_is_one;                       ///< nothing: it was not read
  std::map<std::uint32_t, shared_table> shared_tables;  ///< by the number of the file
  transaction_log transactions;
  status_segments xact;
  status_segments multixact_offsets;
  status_segments multixact_members;
};

class data_directory {
 public:
  /// What of a file's content is wanted.
  enum class interest : unsigned char {
    none,
    control_file,
    version,
    database_version,
    label,
    history,
    map,           // of shared catalogues
    shared_table,  // one of them
    transactions,  // a segment of pg_xact
  };

  /// More than that is never asked for of one file.
  static constexpr std::uint64_t most_bytes(interest what) noexcept {
    return what == interest::shared_table   ? std::uint64_t{16} << 20U
           : what == interest::transactions ? std::uint64_t{transaction_log::segment_bytes}
                                            : std::uint64_t{control_file::file_bytes * 8};
  }

  /// The names by which a data directory is known, and which are found in it alone.
  static constexpr std::array<std::string_view, 20> layout{
      "PG_VERSION",   "base",        "global",       "pg_wal",      "pg_xlog",
      "pg_xact",      "pg_clog",     "pg_multixact", "pg_tblspc",   "pg_subtrans",
      "pg_stat",      "pg_notify",   "pg_logical",   "pg_replslot", "pg_serial",
      "pg_snapshots", "pg_twophase", "pg_commit_ts", "pg_dynshmem", "postgresql.auto.conf"};

  /// Whether a member of that name below some directory speaks for a data directory there: `base` and `global` are
  /// words that others use as well.
  static bool speaks_for_one(std::string_view rest) {
    const std::string_view first = rest.substr(0, rest.find('/'));
    if (std::find(layout.begin(), layout.end(), first) == layout.end()) return false;
    if (first == "base") return number_behind(rest, "base/").has_value();
    if (first == "global") return rest == "global/pg_control" || rest == "global/pg_filenode.map";
    return true;
  }

  /// Whether a member of that name would belong to one, though others have such names as well.
  static bool may_belong_to_one(std::string_view rest) {
    const std::string_view first = rest.substr(0, rest.find('/'));
    return speaks_for_one(rest) || first == "base" || shared_table_number(rest) || first == "backup_label" ||
           first == "standby.signal" || first == "recovery.signal" || first == "recovery.conf";
  }

  /// Takes a member by its name below the data directory. `size`: nothing for a hard link, whose content stands
  /// elsewhere.
  interest see(std::string_view rest, entry_type type, std::optional<std::uint64_t> size, std::string_view target) {
    const std::string_view first = rest.substr(0, rest.find('/'));
    if (speaks_for_one(rest)) evidence_.insert(std::string{first});
    const bool file = type == entry_type::file || type == entry_type::hard_link;
    if (rest == "global/pg_control") return file ? (seen_.has_control = true, interest::control_file) : interest::none;
    if (rest == "PG_VERSION") return file ? (seen_.has_version = true, interest::version) : interest::none;
    if (rest == "global/pg_filenode.map") {
      if (file && size != 0U) return (seen_.has_map = true, interest::map);
    } else if (first == "global") {
      return see_shared_table(rest, file, size);
    } else if (rest == "backup_label") {
      if (file) return (seen_.has_label = true, interest::label);
    } else if (rest == "standby.signal" || rest == "recovery.signal" || rest == "recovery.conf") {
      seen_.recovers = true;
    } else if (first == "base") {
      return see_database(rest, file);
    } else if (first == "pg_tblspc") {
      see_tablespace(rest, type, target);
    } else if (first == "pg_wal" || first == "pg_xlog") {
      return see_wal(rest.substr(std::min(rest.size(), first.size() + 1)), type, size, target);
    } else if (first == "pg_xact" || first == "pg_clog") {
      const std::string_view name = rest.substr(std::min(rest.size(), first.size() + 1));
      if (see_status(seen_.xact, name, file, size)) return interest::transactions;
    } else if (rest.starts_with("pg_multixact/offsets/")) {
      see_status(seen_.multixact_offsets, rest.substr(21), file, size);
    } else if (rest.starts_with("pg_multixact/members/")) {
      see_status(seen_.multixact_members, rest.substr(21), file, size);
    }
    return interest::none;
  }

  /// The content of a file that `see` asked for.
  void content(std::string_view rest, interest what, std::string_view bytes) {
    switch (what) {
      case interest::none: return;
      case interest::control_file:
        seen_.control_size = bytes.size();
        seen_.control = parse_control_file(std::as_bytes(std::span{bytes}));
        return;
      case interest::version: seen_.version = first_line(bytes); return;
      case interest::database_version:
        if (const auto number = number_behind(rest, "base/")) seen_.databases[*number].version = first_line(bytes);
        return;
      case interest::label: seen_.label = parse_backup_label(bytes); return;
      case interest::map:
        seen_.map = parse_filenode_map(std::as_bytes(std::span{bytes}));
        seen_.map_is_one = seen_.map.has_value();
        return;
      case interest::shared_table:
        if (const auto number = shared_table_number(rest)) {
          seen_.shared_tables[*number].rows = parse_database_list(std::as_bytes(std::span{bytes}));
        }
        return;
      case interest::transactions:
        if (const auto segment = detail::parse_status_segment(file_name_of(rest)))
          seen_.transactions.add(*segment, bytes);
        return;
      case interest::history:
        if (const auto ended = parse_backup_label(bytes); ended && ended->stop) seen_.histories.push_back(*ended);
        return;
    }
  }

  /// What a hard link shares with another data directory of the archive.
  void share(const data_directory& other, std::string_view rest, interest what) {
    if (what == interest::control_file) {
      seen_.control = other.seen_.control;
      seen_.control_size = other.seen_.control_size;
    } else if (what == interest::version) {
      seen_.version = other.seen_.version;
    } else if (what == interest::label) {
      seen_.label = other.seen_.label;
    } else if (what == interest::map) {
      seen_.map = other.seen_.map;
      seen_.map_is_one = other.seen_.map_is_one;
    } else if (what == interest::transactions) {
      seen_.transactions = other.seen_.transactions;
    } else if (const auto number = shared_table_number(rest); number && what == interest::shared_table) {
      if (const auto there = other.seen_.shared_tables.find(*number); there != other.seen_.shared_tables.end()) {
        seen_.shared_tables[*number] = there->second;
      }
    }
  }

  /// One or two of the names may lie anywhere: a lone PG_VERSION makes no data directory. Nor do all of them where
  /// each has an ending of its own, as in other programs' repositories of compressed files.
  [[nodiscard]] bool is_one() const noexcept {
    return evidence_.size() >= 3 && (seen_.has_control || seen_.has_version || seen_.has_map);
  }

  [[nodiscard]] const data_directory_contents& seen() const noexcept { return seen_; }

 private:
  using database = data_directory_contents::database;
  using tablespace = data_directory_contents::tablespace;
  using shared_table = data_directory_contents::shared_table;
  using status_segments = data_directory_contents::status_segments;

  static constexpr std::size_t most_segments = 262'144;

  static std::string first_line(std::string_view text) {
    text = text.substr(0, text.find('\n'));
    if (text.ends_with('\r')) text.remove_suffix(1);
    return std::string{text.substr(0, 32)};
  }

  static std::optional<std::uint32_t> number_behind(std::string_view rest, std::string_view head) {
    if (!rest.starts_with(head)) return std::nullopt;
    rest.remove_prefix(head.size());
    return detail::parse_object_number(rest.substr(0, rest.find('/')));
  }

  interest see_database(std::string_view rest, bool file) {
    const auto number = number_behind(rest, "base/");
    if (!number) return interest::none;
    database& found = seen_.databases[*number];
    const std::size_t slash = rest.find('/', 5);
    if (slash == std::string_view::npos || !file) return interest::none;
    const std::string_view name = rest.substr(slash + 1);
    if (name == "PG_VERSION") return (found.version_file = true, interest::database_version);
    if (name == "pg_filenode.map") found.map = true;
    if (!name.empty() && name.front() >= '1' && name.front() <= '9') ++found.relations;
    return interest::none;
  }

  void see_tablespace(std::string_view rest, entry_type type, std::string_view target) {
    const auto number = number_behind(rest, "pg_tblspc/");
    if (!number) return;
    tablespace& found = seen_.tablespaces[*number];
    if (type == entry_type::symlink) {
      found.link = true;
      found.target = target;
    } else if (const std::size_t version = rest.find("/PG_"); version != std::string_view::npos) {
      found.content = true;
      const std::size_t slash = rest.find('/', version + 1);
      if (slash == std::string_view::npos) return;
      const std::string_view beneath = rest.substr(slash + 1);
      if (const auto oid = detail::parse_object_number(beneath.substr(0, beneath.find('/')))) {
        found.databases.insert(*oid);
      }
    }
  }

  interest see_wal(std::string_view name, entry_type type, std::optional<std::uint64_t> size, std::string_view target) {
    if (name.empty() && type == entry_type::symlink) seen_.wal_link = target;
    const bool file = type == entry_type::file || type == entry_type::hard_link;
    if (!file) return interest::none;
    if (is_wal_segment_name(name) && seen_.segments.size() < most_segments) seen_.segments[std::string{name}] = size;
    return name.ends_with(".backup") && is_wal_segment_name(name.substr(0, 24)) ? interest::history : interest::none;
  }

  static bool see_status(status_segments& into, std::string_view name, bool file, std::optional<std::uint64_t> size) {
    const auto number = detail::parse_status_segment(name);
    if (file && number && into.size() < most_segments) into[*number] = size;
    return file && number.has_value();
  }

  // The file of a shared catalogue; not its further segments, nor its map of free space.
  interest see_shared_table(std::string_view rest, bool file, std::optional<std::uint64_t> size) {
    const auto number = shared_table_number(rest);
    if (!file || !number || seen_.shared_tables.size() >= data_directory_contents::most_shared_tables)
      return interest::none;
    shared_table& table = seen_.shared_tables[*number];
    table.size = size;
    return !size || *size <= most_bytes(interest::shared_table) ? interest::shared_table : interest::none;
  }

  static std::optional<std::uint32_t> shared_table_number(std::string_view rest) {
    constexpr std::string_view folder = "global/";
    return rest.starts_with(folder) ? detail::parse_object_number(rest.substr(folder.size())) : std::nullopt;
  }

  std::set<std::string> evidence_;
  data_directory_contents seen_;
};

}  // namespace knowngood
