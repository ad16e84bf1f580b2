// database_list: the databases of a cluster, read out of the pages of its shared catalogue pg_database, and which file
// that catalogue is in.
//
// Layer: postgres. Format: PostgreSQL source, storage/bufpage.h, access/htup_details.h, catalog/pg_database.h,
// utils/cache/relmapper.c. Layouts are those of PostgreSQL 10 to 18, checked against a cluster of 15. Example:
//   const auto map = parse_filenode_map(bytes); auto rows = parse_database_list(pages);
//   for (const auto& [oid, row] : rows.existing([&](std::uint32_t xid) { return log.of(xid); })) ...
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/io/source.hpp"
#include "knowngood/postgres/control_file.hpp"

namespace knowngood {

/// The numbers of catalogues and of the files that they are in: of `global`, or of one database.
using filenode_map = std::map<std::uint32_t, std::uint32_t>;

/// The catalogue that lists databases; its file has that number too until somebody rewrites it.
inline constexpr std::uint32_t pg_database_catalogue = 1262;

namespace detail {

inline std::uint32_t little_endian(byte_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i > 0; --i) value = (value << 8U) | std::to_integer<std::uint32_t>(bytes[at + i - 1]);
  return value;
}

}  // namespace detail

/// Nothing where `bytes` is no map, or one whose CRC-32C differs.
inline std::optional<filenode_map> parse_filenode_map(byte_view bytes) {
  constexpr std::uint32_t magic = 0x592717;
  // 62 places in 512 bytes, and since PostgreSQL 16 64 in 524.
  constexpr std::array<std::pair<std::size_t, std::size_t>, 2> sizes{{{512, 62}, {524, 64}}};
  for (const auto& [size, places] : sizes) {
    if (bytes.size() != size) continue;
    const std::uint32_t used = detail::little_endian(bytes, 4, 4);
    const std::size_t crc = 8 + places * 8;
    if (detail::little_endian(bytes, 0, 4) != magic || used > places ||
        crc32c(bytes.first(crc)) != detail::little_endian(bytes, crc, 4)) {
      return std::nullopt;
    }
    filenode_map map;
    for (std::size_t i = 0; i < used; ++i) {
      map[detail::little_endian(bytes, 8 + i * 8, 4)] = detail::little_endian(bytes, 12 + i * 8, 4);
    }
    return map;
  }
  return std::nullopt;
}

/// What became of a transaction, as pg_xact has it.
enum class transaction_status : unsigned char { unknown, in_progress, committed, aborted };

/// A version of a row of pg_database.
struct database_row {
  static constexpr std::uint32_t default_tablespace = 1663;

  std::uint32_t oid = 0;
  std::string name;
  std::uint32_t tablespace = 0;
  bool half_dropped = false;  ///< a DROP DATABASE that was interrupted: its files may be gone
  std::uint32_t made_by = 0;  ///< a transaction; 0: one that is known to have committed
  std::uint32_t gone_by = 0;  ///< a transaction; 0: none
  bool never_made = false;
  bool gone = false;
};

struct database_list {
  std::vector<database_row> databases;  ///< all versions of rows, of those that were dropped as well
  std::uint64_t pages = 0;
  std::uint64_t damaged_pages = 0;
  std::uint64_t damaged_rows = 0;

  /// The databases that certainly exist, by number. `status_of` is asked about transactions that rows leave open.
  template <typename StatusOf>
  [[nodiscard]] std::map<std::uint32_t, const database_row*> existing(const StatusOf& status_of) const {
    std::map<std::uint32_t, const database_row*> found;
    for (const auto& row : databases) {
      if (row.never_made || row.gone || row.half_dropped) continue;
      const bool made = row.made_by == 0 || status_of(row.made_by) == transaction_status::committed;
      if (made && (row.gone_by == 0 || status_of(row.gone_by) == transaction_status::aborted || replaced(row))) {
        found.emplace(row.oid, &row);
      }
    }
    return found;
  }

 private:
  // By a newer version, of the very transaction that ended it: one of the two there is, whatever became of that.
  [[nodiscard]] bool replaced(const database_row& row) const {
    return std::any_of(databases.begin(), databases.end(), [&](const database_row& other) {
      return other.oid == row.oid && other.made_by == row.gone_by && other.gone_by == 0 && !other.gone &&
             !other.never_made && !other.half_dropped;
    });
  }
};

namespace detail {

// The places of what is read of a row, which the number of its columns tells apart.
struct database_layout {
  std::size_t name;
  std::size_t connection_limit;
  std::size_t tablespace;
};

inline std::optional<database_layout> database_layout_of(bool oid_in_header, unsigned columns) {
  if (oid_in_header) return columns >= 12 && columns <= 14 ? std::optional{database_layout{0, 204, 220}} : std::nullopt;
  if (columns == 14) return database_layout{4, 208, 224};                 // 12 to 14
  if (columns >= 16 && columns <= 20) return database_layout{4, 80, 92};  // 15 and newer
  return std::nullopt;
}

inline std::optional<database_row> parse_database_row(byte_view tuple) {
  constexpr std::size_t header = 23;
  if (tuple.size() < header) return std::nullopt;
  const std::uint32_t flags = little_endian(tuple, 20, 2);
  const std::size_t begin = std::to_integer<std::size_t>(tuple[22]);
  const bool oid_in_header = (flags & 0x0008U) != 0;
  const auto layout = database_layout_of(oid_in_header, little_endian(tuple, 18, 2) & 0x07FFU);
  if (!layout || begin < header + (oid_in_header ? 4U : 0U) || begin + layout->tablespace + 4 > tuple.size()) {
    return std::nullopt;
  }
  database_row row;
  row.oid = little_endian(tuple, oid_in_header ? begin - 4 : begin, 4);
  constexpr std::size_t name_bytes = 64;
  const byte_view name = tuple.subspan(begin + layout->name, name_bytes);
  const auto end = std::find(name.begin(), name.end(), std::byte{0});
  if (end == name.begin() || end == name.end() || row.oid == 0) return std::nullopt;
  row.name.assign(reinterpret_cast<const char*>(name.data()), static_cast<std::size_t>(end - name.begin()));
  row.tablespace = little_endian(tuple, begin + layout->tablespace, 4);
  row.half_dropped = little_endian(tuple, begin + layout->connection_limit, 4) == 0xFFFF'FFFEU;

  constexpr std::uint32_t made = 0x0100;
  constexpr std::uint32_t not_made = 0x0200;
  row.never_made = (flags & (made | not_made)) == not_made;  // both: frozen
  row.made_by = (flags & made) != 0 ? 0 : little_endian(tuple, 0, 4);
  constexpr std::uint32_t not_gone = 0x0800 | 0x0080;  // no such transaction, or one that only locked the row
  const std::uint32_t ended_by = little_endian(tuple, 4, 4);
  if ((flags & not_gone) == 0 && ended_by != 0) {
    constexpr std::uint32_t is_gone = 0x0400;
    constexpr std::uint32_t several = 0x1000;  // then the number is no transaction's
    row.gone = (flags & (is_gone | several)) != 0;
    row.gone_by = ended_by;
  }
  return row;
}

}  // namespace detail

/// Reads the heap pages of pg_database. Of another table's pages, what it gives means nothing.
inline database_list parse_database_list(byte_view bytes) {
  constexpr std::size_t header = 24;
  constexpr std::size_t default_page = 8192;
  database_list found;
  std::size_t page_bytes = default_page;
  if (bytes.size() >= header) {
    const std::size_t stated = detail::little_endian(bytes, 18, 2) & 0xFF00U;
    if (stated >= 1024 && (stated & (stated - 1)) == 0) page_bytes = stated;
  }
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(page_bytes, bytes.size()))) {
    ++found.pages;
    if (bytes.size() < page_bytes) {
      ++found.damaged_pages;
      continue;
    }
    const byte_view page = bytes.first(page_bytes);
    const std::size_t lower = detail::little_endian(page, 12, 2);
    const std::size_t upper = detail::little_endian(page, 14, 2);
    if (std::all_of(page.begin(), page.end(), [](std::byte b) { return b == std::byte{0}; })) continue;  // not used yet
    if ((detail::little_endian(page, 18, 2) & 0xFF00U) != page_bytes || lower < header || lower > upper ||
        upper > page_bytes) {
      ++found.damaged_pages;
      continue;
    }
    for (std::size_t at = header; at + 4 <= lower; at += 4) {
      const std::uint32_t pointer = detail::little_endian(page, at, 4);
      constexpr std::uint32_t used = 1;
      if (((pointer >> 15U) & 3U) != used) continue;
      const std::size_t offset = pointer & 0x7FFFU;
      const std::size_t size = pointer >> 17U;
      const bool inside = offset >= upper && size <= page_bytes && offset <= page_bytes - size;
      if (auto row = inside ? detail::parse_database_row(page.subspan(offset, size)) : std::nullopt) {
        found.databases.push_back(*std::move(row));
      } else {
        ++found.damaged_rows;
      }
    }
  }
  return found;
}

/// Segments of pg_xact, the newest ones of those that were given: what became of which transaction.
class transaction_log {
 public:
  static constexpr std::uint32_t transactions_per_segment = 1U << 20U;
  static constexpr std::size_t segment_bytes = transactions_per_segment / 4;

  void add(std::uint32_t segment, std::string_view bytes) {
    constexpr std::size_t most = 4;
    segments_[segment] = std::string{bytes};
    if (segments_.size() > most) segments_.erase(segments_.begin());
  }

  [[nodiscard]] transaction_status of(std::uint32_t transaction) const {
    constexpr std::uint32_t first_of_users = 3;
    if (transaction < first_of_users)
      return transaction == 0 ? transaction_status::unknown : transaction_status::committed;
    const auto segment = segments_.find(transaction / transactions_per_segment);
    const std::size_t place = (transaction % transactions_per_segment) / 4;
    if (segment == segments_.end() || place >= segment->second.size()) return transaction_status::unknown;
    switch ((static_cast<unsigned>(static_cast<unsigned char>(segment->second[place])) >> (2 * (transaction % 4))) &
            3U) {
      case 1: return transaction_status::committed;
      case 2: return transaction_status::aborted;
      case 0: return transaction_status::in_progress;
      default: return transaction_status::unknown;  // of a subtransaction
    }
  }

 private:
  std::map<std::uint32_t, std::string> segments_;
};

}  // namespace knowngood
