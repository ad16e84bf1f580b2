// dump_archive_toc: the header and the table of contents at the front of pg_dump's archives (`-Fc`, and the toc.dat of
// `-Fd` and `-Ft`), versions 1.12 to 1.16 of the format: PostgreSQL 9.0 to 18.
//
// Layer: postgres. Nothing in it carries a checksum: a changed byte of a definition is not found by reading it.
//   dump_archive_input in{*file, where, bounds.toc_bytes};
//   const dump_archive_toc toc = read_dump_archive_toc(in, bounds);
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/postgres/dump_archive_input.hpp"

namespace knowngood {

/// True when `head` begins as pg_dump's archives do.
inline bool is_dump_archive(byte_view head) noexcept {
  return std::string_view{reinterpret_cast<const char*>(head.data()), head.size()}.starts_with("PGDMP");
}

enum class dump_archive_compression : unsigned char { none, gzip, lz4, zstd };

constexpr std::string_view to_string(dump_archive_compression how) noexcept {
  switch (how) {
    case dump_archive_compression::none: return "none";
    case dump_archive_compression::gzip: return "gzip";
    case dump_archive_compression::lz4: return "lz4";
    case dump_archive_compression::zstd: return "zstd";
  }
  return "none";
}

/// One object of a dump, as the table of contents describes it. Strings are as the archive holds them, in the dump's
/// encoding; NULL is empty.
struct dump_archive_entry {
  std::int64_t id = 0;  ///< the dump id
  bool has_data = false;
  std::string tag;          ///< the object's name: `incidents`
  std::string description;  ///< what it is: `TABLE`, `TABLE DATA`, `FK CONSTRAINT`
  std::string definition;   ///< SQL that makes it
  std::string drop;         ///< SQL that drops it
  std::string copy;         ///< `COPY … FROM stdin;` of TABLE DATA; empty for INSERT statements
  std::string schema;
  std::optional<std::string> tablespace;     ///< empty: the database's own; nothing: it lies in none
  std::optional<std::string> access_method;  ///< of a table
  std::string owner;
  enum class offset_state : unsigned char { unknown = 1, known = 2, no_data = 3 };
  offset_state state = offset_state::unknown;
  std::uint64_t offset = 0;  ///< of its data block in the archive, where known
  std::string file;          ///< of a directory or tar: the file that holds its data, without what compresses it
};

struct dump_archive_toc {
  unsigned minor = 0;   ///< of the format's version 1.x
  unsigned format = 0;  ///< 1 custom, 3 tar, or the toc.dat of a directory
  dump_archive_compression compression = dump_archive_compression::none;
  std::string database;
  std::string server_version;
  std::string dump_version;
  std::vector<dump_archive_entry> entries;  ///< in the order of the table of contents
};

namespace detail {

class dump_archive_toc_reader {
 public:
  dump_archive_toc_reader(dump_archive_input& in, const limits& bounds) : in_{in}, bounds_{bounds} {}

  dump_archive_toc run() {
    read_header();
    read_entries();
    return std::move(toc_);
  }

 private:
  static constexpr std::string_view header = "the archive's header";
  static constexpr std::string_view contents = "the table of contents";

  void read_header() {
    if (const std::string magic = in_.take(header, 5); magic != "PGDMP") {
      throw in_.damaged(0, "not an archive of pg_dump", "PGDMP", printable(magic));
    }
    const unsigned major = in_.byte(header);
    toc_.minor = in_.byte(header);
    in_.byte(header);  // the revision, which changes nothing
    if (major != 1) {
      throw in_.damaged(5, "a version that no pg_dump has written", "1.0 to 1.16",
                        fmt::format("{}.{}", major, toc_.minor));
    }
    if (toc_.minor < 12) {
      throw environment_error{in_.where(), fmt::format("archives of version {}.{} are not read", major, toc_.minor),
                              "dump with PostgreSQL 9.0 or newer, or prove it with pg_restore into a scratch server"};
    }
    if (toc_.minor > 16) {
      throw environment_error{in_.where(),
                              fmt::format("the archive is of version {}.{}, newer than 1.16", major, toc_.minor),
                              "read it with a newer version of knowngood"};
    }
    const unsigned integer_bytes = in_.byte(header);
    offset_bytes_ = in_.byte(header);
    if (integer_bytes < 1 || integer_bytes > 8 || offset_bytes_ < 1 || offset_bytes_ > 16) {
      throw in_.damaged(8, "the widths of integers and offsets make no sense", "4 and 8",
                        fmt::format("{} and {}", integer_bytes, offset_bytes_));
    }
    in_.set_integer_bytes(integer_bytes);
    toc_.format = in_.byte(header);
    read_compression();
    for (int i = 0; i < 7; ++i) in_.integer(header);  // when it was made: second, minute, …, daylight saving
    toc_.database = text(header);
    toc_.server_version = text(header);
    toc_.dump_version = text(header);
  }

  // From 1.15 on the algorithm; before, zlib's level.
  void read_compression() {
    const std::uint64_t at = in_.offset();
    if (toc_.minor < 15) {
      const std::int64_t level = in_.integer(header);
      if (level < -1 || level > 9) {
        throw in_.damaged(at, "the compression level makes no sense", "-1 to 9", fmt::format("{}", level));
      }
      toc_.compression = level == 0 ? dump_archive_compression::none : dump_archive_compression::gzip;
      return;
    }
    const unsigned algorithm = in_.byte(header);
    if (algorithm > 3) {
      throw in_.damaged(at, "unknown compression algorithm", "0 to 3", fmt::format("{}", algorithm));
    }
    toc_.compression = static_cast<dump_archive_compression>(algorithm);
  }

  void read_entries() {
    const std::uint64_t at = in_.offset();
    const std::int64_t count = in_.integer(contents);
    if (count < 0) throw in_.damaged(at, "the number of entries is negative", "0 or more", fmt::format("{}", count));
    std::map<std::int64_t, std::uint64_t> seen;
    for (std::int64_t i = 0; i < count; ++i) {
      if (toc_.entries.size() >= bounds_.entries) {
        throw_limit_exceeded(in_.where().at(in_.offset()), "entries", bounds_.entries, toc_.entries.size() + 1);
      }
      const std::uint64_t entry_at = in_.offset();
      dump_archive_entry entry = read_entry(entry_at);
      if (const auto [known, fresh] = seen.try_emplace(entry.id, entry_at); !fresh) {
        throw in_.damaged(entry_at, fmt::format("two entries have the dump id {}", entry.id), "one entry",
                          fmt::format("another at byte {}", known->second));
      }
      toc_.entries.push_back(std::move(entry));
    }
  }

  dump_archive_entry read_entry(std::uint64_t at) {
    dump_archive_entry entry;
    entry.id = in_.integer(contents);
    if (entry.id <= 0) {
      throw in_.damaged(at, "an entry's dump id makes no sense", "1 or more", fmt::format("{}", entry.id));
    }
    const std::int64_t data = in_.integer(contents);
    if (data != 0 && data != 1) {
      throw in_.damaged(at, fmt::format("entry {} neither has data nor lacks it", entry.id), "0 or 1",
                        fmt::format("{}", data));
    }
    entry.has_data = data == 1;
    require_number(in_.string(contents), at, entry.id);  // the catalogue's oid, the object's oid
    require_number(in_.string(contents), at, entry.id);
    entry.tag = text(contents);
    entry.description = text(contents);
    if (entry.description.empty()) {
      throw in_.damaged(at, fmt::format("entry {} does not say what it is", entry.id), "a description", "none");
    }
    if (const std::int64_t section = in_.integer(contents); section < 1 || section > 4) {
      throw in_.damaged(at, fmt::format("entry {} stands in no section", entry.id), "1 to 4",
                        fmt::format("{}", section));
    }
    entry.definition = text(contents);
    entry.drop = text(contents);
    entry.copy = text(contents);
    entry.schema = text(contents);
    entry.tablespace = in_.string(contents);
    if (toc_.minor >= 14) entry.access_method = in_.string(contents);
    if (toc_.minor >= 16) in_.integer(contents);  // relkind
    entry.owner = text(contents);
    if (const std::string with_oids = text(contents); with_oids != "false" && with_oids != "true") {
      throw in_.damaged(at, fmt::format("entry {} is malformed behind its owner", entry.id), "true or false",
                        printable(with_oids, 60));
    }
    while (const auto dependency = in_.string(contents)) require_number(dependency, at, entry.id);
    if (toc_.format == custom_format) {
      read_offset(entry, at);
    } else {
      entry.file = text(contents);
    }
    return entry;
  }

  void read_offset(dump_archive_entry& entry, std::uint64_t at) {
    const unsigned state = in_.byte(contents);
    if (state < 1 || state > 3) {
      throw in_.damaged(at, fmt::format("where the data of entry {} lies makes no sense", entry.id),
                        "a state of 1 to 3", fmt::format("{}", state));
    }
    entry.state = static_cast<dump_archive_entry::offset_state>(state);
    entry.offset = in_.number(contents, offset_bytes_);
  }

  void require_number(const std::optional<std::string>& what, std::uint64_t at, std::int64_t id) const {
    std::uint64_t value = 0;
    const std::string digits = what.value_or("");
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc{} && end == digits.data() + digits.size()) return;
    throw in_.damaged(at, fmt::format("entry {} is malformed", id), "a number in decimal digits",
                      printable(digits, 60));
  }

  std::string text(std::string_view part) { return in_.string(part).value_or(""); }

  static constexpr unsigned custom_format = 1;

  dump_archive_input& in_;
  const limits& bounds_;
  unsigned offset_bytes_ = 8;
  dump_archive_toc toc_;
};

}  // namespace detail

/// Reads header and table of contents; what follows in `in` are the data blocks. Throws `stream_error`
/// (`dump.archive`, `dump.truncated`) for what pg_dump does not write, `environment_error` for other versions and
/// beyond the limits `entries` and `toc_bytes`.
inline dump_archive_toc read_dump_archive_toc(dump_archive_input& in, const limits& bounds) {
  return detail::dump_archive_toc_reader{in, bounds}.run();
}

}  // namespace knowngood
