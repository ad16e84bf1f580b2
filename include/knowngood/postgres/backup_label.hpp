// backup_label: reads what pg_basebackup and pg_backup_stop leave in a copy of a data directory: where recovery has to
// begin, and in a history file where it must have come.
//
// Layer: postgres. Format: PostgreSQL source, access/transam/xlog.c (build_backup_content); the files of 9.6 to 18
// agree in what is read here. Example: parse_backup_label(text)->start
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "knowngood/postgres/wal_segment.hpp"

namespace knowngood {

struct backup_label {
  std::uint64_t start = 0;            ///< WAL position from which recovery reads
  std::string start_file;             ///< the segment that holds it
  std::uint64_t checkpoint = 0;       ///< WAL position of the checkpoint's record, not before `start`
  std::uint32_t timeline = 0;         ///< of `start_file`
  std::optional<std::uint64_t> stop;  ///< in a backup history file: where the backup ended
};

/// Reads a backup label, or a backup history file, which begins as one. Nothing when it names no start.
inline std::optional<backup_label> parse_backup_label(std::string_view text) {
  backup_label label;
  bool started = false;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    const auto field = [&](std::string_view name) {
      if (!line.starts_with(name)) return false;
      line.remove_prefix(name.size());
      return true;
    };
    if (field("START WAL LOCATION: ")) {
      const auto position = parse_wal_position(line.substr(0, line.find(' ')));
      const std::size_t file = line.find("(file ");
      if (!position || file == std::string_view::npos) return std::nullopt;
      line.remove_prefix(file + 6);
      line = line.substr(0, line.find(')'));
      if (!is_wal_segment_name(line)) return std::nullopt;
      label.start = *position;
      label.start_file = line;
      std::from_chars(line.data(), line.data() + 8, label.timeline, 16);
      started = true;
    } else if (field("STOP WAL LOCATION: ")) {
      label.stop = parse_wal_position(line.substr(0, line.find(' ')));
    } else if (field("CHECKPOINT LOCATION: ")) {
      label.checkpoint = parse_wal_position(line.substr(0, line.find_last_not_of(" \r") + 1)).value_or(0);
    }
  }
  if (!started) return std::nullopt;
  return label;
}

}  // namespace knowngood
