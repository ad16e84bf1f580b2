// sqlite_database: whether a stream is a whole SQLite database, as far as one pass and no SQL can tell: header, length,
// the kinds of its pages and whether what b-trees refer to are pages of b-trees.
//
// Layer: inspect. After "Database File Format" of sqlite.org. The format has no checksums: altered rows do not show.
//   const sqlite_database seen = read_sqlite_database(in, where, findings);   // seen.pages
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

/// True for the 16 bytes that every database begins with.
inline bool is_sqlite(byte_view head) noexcept {
  constexpr std::string_view magic{"SQLite format 3\0", 16};
  return std::string_view{reinterpret_cast<const char*>(head.data()), head.size()}.starts_with(magic);
}

struct sqlite_database {
  std::uint32_t page_size = 0;
  std::uint64_t pages = 0;  ///< that came
  bool wal = false;         ///< its last changes may lie in another file
};

namespace detail {

class sqlite_walk {
 public:
  sqlite_walk(const location& where, finding_sink& findings) : where_{where}, findings_{findings} {}

  sqlite_database read(source& from) {
    std::vector<std::byte> held;  // a page that is not whole in one chunk
    for (byte_view chunk = from.next(); !chunk.empty(); chunk = from.next()) {
      size_ += chunk.size();
      while (!chunk.empty()) {
        const std::size_t wanted = seen_.page_size != 0 ? seen_.page_size : header_bytes;
        if (failed_) break;
        if (held.empty() && seen_.page_size != 0 && chunk.size() >= wanted) {
          take_page(chunk.first(wanted));
          chunk = chunk.subspan(wanted);
          continue;
        }
        const std::size_t more = std::min(wanted - held.size(), chunk.size());
        held.insert(held.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(more));
        chunk = chunk.subspan(more);
        if (held.size() < wanted) continue;
        if (seen_.page_size == 0) {
          read_header(held);
        } else {
          take_page(held);
          held.clear();
        }
      }
    }
    finish();
    return seen_;
  }

 private:
  static constexpr std::size_t header_bytes = 100;
  static constexpr std::uint64_t most_tracked = std::uint64_t{1} << 28;  // pages: 64 MiB of memory
  static constexpr std::size_t listed = 5;

  static std::uint32_t number(byte_view bytes, std::size_t at, std::size_t count) noexcept {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 8U | std::to_integer<std::uint32_t>(bytes[at + i]);
    return value;
  }

  void bad_header(std::size_t at, std::string_view what, std::string_view expected, std::uint64_t actual) {
    failed_ = true;
    findings_.report(make_finding(checks::sqlite_header, where_.at(at), std::string{what}, std::string{expected},
                                  fmt::format("{}", actual)));
  }

  void read_header(byte_view head) {
    const std::uint32_t stored = number(head, 16, 2);
    const std::uint32_t page_size = stored == 1 ? 65'536 : stored;
    const auto at = [&](std::size_t i) { return number(head, i, 1); };
    if (page_size < 512 || (page_size & (page_size - 1)) != 0) {
      return bad_header(16, "the page size is none that SQLite has", "a power of two from 512 to 65536", stored);
    }
    for (const std::size_t version : {18U, 19U}) {
      if (at(version) != 1 && at(version) != 2) {
        return bad_header(version, "the file format's version is none that SQLite has", "1 or 2", at(version));
      }
    }
    if (at(21) != 64 || at(22) != 32 || at(23) != 32) {
      return bad_header(21, "the payload fractions are not those that SQLite has", "64, 32 and 32", at(21));
    }
    if (page_size - at(20) < 480) return bad_header(20, "the reserved space leaves no room in a page", "less", at(20));
    if (number(head, 44, 4) > 4) return bad_header(44, "there is no such schema format", "1 to 4", number(head, 44, 4));
    if (number(head, 56, 4) > 3) {
      return bad_header(56, "there is no such text encoding", "1 to 3", number(head, 56, 4));
    }
    seen_.page_size = page_size;
    usable_ = page_size - at(20);
    seen_.wal = at(18) == 2;
    free_pages_ = number(head, 36, 4);
    vacuums_ = number(head, 52, 4) != 0;
    // Set by 3.7.0 and newer, and true only if they wrote last.
    if (const std::uint32_t pages = number(head, 28, 4); pages != 0 && number(head, 24, 4) == number(head, 92, 4)) {
      stated_pages_ = pages;
    }
  }

  [[nodiscard]] bool is_pointer_map(std::uint64_t page) const noexcept {
    const std::uint64_t apart = usable_ / 5 + 1;
    return vacuums_ && page >= 2 && (page - 2) % apart == 0;
  }

  void take_page(byte_view page) {
    const std::uint64_t now = ++seen_.pages;
    const std::uint64_t lock_page = (std::uint64_t{1} << 30) / seen_.page_size + 1;
    if (now == lock_page || is_pointer_map(now)) return;
    const std::size_t at = now == 1 ? header_bytes : 0;
    const unsigned type = number(page, at, 1);
    const bool tree = (type == 2 || type == 5 || type == 10 || type == 13) && is_tree_page(page, at, type);
    if (now == 1 && size_ > 0 && !tree) {
      const bool nothing_yet = type == 0 && number(page, at + 1, 4) == 0;
      if (!nothing_yet) bad_page(1, "the first page is no page of a b-tree", fmt::format("type {}", type));
    }
    if (tree) {
      mark(is_tree_, now);
      follow(page, at, type, now);
      return;
    }
    // An overflow page or a trunk of the free list begins with a page's number, a leaf of the free list with anything.
    if (number(page, 0, 4) > std::max<std::uint64_t>(stated_pages_.value_or(0xFFFFFFFF), 1)) {
      if (unknown_++ == 0) first_unknown_ = now;
    }
  }

  // The header of the page, its cells and their places; section 1.6.
  [[nodiscard]] bool is_tree_page(byte_view page, std::size_t at, unsigned type) const noexcept {
    const std::size_t cells_at = at + (type == 2 || type == 5 ? 12U : 8U);
    const std::size_t cells = number(page, at + 3, 2);
    const std::size_t content = number(page, at + 5, 2) == 0 ? 65'536 : number(page, at + 5, 2);
    if (cells_at + 2 * cells > content || content > usable_ || number(page, at + 7, 1) > 60) return false;
    for (std::size_t i = 0; i < cells; ++i) {
      const std::size_t cell = number(page, cells_at + 2 * i, 2);
      if (cell < content || cell + 4 > usable_) return false;
    }
    return true;
  }

  // What the page refers to: children, and from the schema the roots of tables and indexes.
  void follow(byte_view page, std::size_t at, unsigned type, std::uint64_t now) {
    const std::size_t cells = number(page, at + 3, 2);
    const bool schema = now == 1 || marked(is_schema_, now);
    if (type == 2 || type == 5) {
      refer(number(page, at + 8, 4), now, schema);
      for (std::size_t i = 0; i < cells; ++i) {
        refer(number(page, number(page, at + 12 + 2 * i, 2), 4), now, schema);
      }
      return;
    }
    if (type != 13 || !schema) return;
    for (std::size_t i = 0; i < cells; ++i) {
      if (const auto root = root_of(page.first(usable_), number(page, at + 8 + 2 * i, 2)); root && *root != 0) {
        refer(*root, now, false);
      }
    }
  }

  void refer(std::uint64_t to, std::uint64_t from, bool schema) {
    if (to == 0 || (stated_pages_ && to > *stated_pages_)) {
      return bad_page(from, "a page of a b-tree refers to a page that is not there", fmt::format("page {}", to));
    }
    mark(wanted_, to);
    if (schema) mark(is_schema_, to);
  }

  // A row of the schema: type, name, tbl_name, rootpage, sql. Nothing where the row goes on in an overflow page.
  [[nodiscard]] static std::optional<std::uint64_t> root_of(byte_view page, std::size_t at) noexcept {
    bool whole = true;
    const auto varint = [&] {
      std::uint64_t value = 0;
      for (int i = 0; i < 9; ++i) {
        if (at >= page.size()) {
          whole = false;
          return value;
        }
        const auto byte = std::to_integer<std::uint64_t>(page[at++]);
        if (i == 8) return value << 8U | byte;
        value = value << 7U | (byte & 0x7FU);
        if ((byte & 0x80U) == 0) break;
      }
      return value;
    };
    varint();  // the payload's size
    varint();  // the row's number
    const std::size_t start = at;
    const std::uint64_t header = varint();
    std::array<std::uint64_t, 4> types{};
    for (auto& type : types) type = varint();
    if (!whole || header > 64) return std::nullopt;
    std::uint64_t offset = start + header;
    for (std::size_t i = 0; i < 3; ++i) {
      if (types[i] < 13 || types[i] % 2 == 0) return std::nullopt;  // no text
      offset += (types[i] - 13) / 2;
    }
    if (types[3] == 8 || types[3] == 9) return types[3] - 8;
    const std::size_t bytes = types[3] <= 4 ? static_cast<std::size_t>(types[3]) : 0;
    if (bytes == 0 || offset + bytes > page.size()) return std::nullopt;
    return number(page, static_cast<std::size_t>(offset), bytes);
  }

  static void mark(std::vector<bool>& set, std::uint64_t page) {
    if (page > most_tracked) return;
    if (set.size() <= page) set.resize(static_cast<std::size_t>(std::max<std::uint64_t>(page + 1, set.size() * 2)));
    set[static_cast<std::size_t>(page)] = true;
  }
  static bool marked(const std::vector<bool>& set, std::uint64_t page) noexcept {
    return page < set.size() && set[static_cast<std::size_t>(page)];
  }

  void bad_page(std::uint64_t page, std::string_view what, std::string actual) {
    if (++bad_pages_ > listed) return;
    finding found = make_finding(checks::sqlite_page, where_.at((page - 1) * seen_.page_size),
                                 fmt::format("page {}: {}", page, what), "", std::move(actual));
    // Between two checkpoints the pages of one moment lie in two files.
    if (seen_.wal) found.severity = severity::warning;
    findings_.report(std::move(found));
  }

  void finish() {
    if (failed_) return;
    if (seen_.page_size == 0) {
      findings_.report(make_finding(checks::sqlite_truncated, where_.at(size_), "the file ends in its header",
                                    fmt::format("at least {} bytes", header_bytes), fmt::format("{} bytes", size_)));
      return;
    }
    const std::uint64_t expected = stated_pages_.value_or(seen_.pages) * seen_.page_size;
    if (size_ < expected || size_ % seen_.page_size != 0 || seen_.pages == 0) {
      findings_.report(make_finding(checks::sqlite_truncated, where_.at(size_),
                                    "the file is not as long as its header says",
                                    stated_pages_ ? fmt::format("{} pages of {} bytes", *stated_pages_, seen_.page_size)
                                                  : fmt::format("whole pages of {} bytes", seen_.page_size),
                                    fmt::format("{} bytes", size_)));
      return;
    }
    if (size_ > expected) {
      finding longer =
          make_finding(checks::sqlite_truncated, where_.at(expected), "the file is longer than its header says",
                       fmt::format("{} bytes", expected), fmt::format("{} bytes", size_));
      longer.severity = severity::warning;
      findings_.report(std::move(longer));
    }
    for (std::uint64_t page = 1; page < wanted_.size(); ++page) {
      if (wanted_[static_cast<std::size_t>(page)] && !marked(is_tree_, page)) {
        bad_page(page, "a b-tree refers to it, and it is no page of one",
                 page > seen_.pages ? "behind the end of the file" : "another content");
      }
    }
    if (unknown_ > free_pages_) {
      bad_page(first_unknown_, "the page is of no kind that SQLite has",
               fmt::format("{} such pages, {} free ones", unknown_, free_pages_));
    }
    if (bad_pages_ > listed) {
      finding more = make_finding(checks::sqlite_page, where_, "and more of the same, not shown", "",
                                  fmt::format("{} in all", bad_pages_));
      if (seen_.wal) more.severity = severity::warning;
      findings_.report(std::move(more));
    }
    if (seen_.wal) {
      findings_.report(make_finding(checks::sqlite_wal, where_,
                                    "the database is in WAL mode: what was not yet copied back lies in its -wal file"));
    }
  }

  location where_;
  finding_sink& findings_;
  sqlite_database seen_;
  std::uint64_t size_ = 0;
  std::uint32_t usable_ = 0;
  std::uint64_t free_pages_ = 0;
  std::optional<std::uint64_t> stated_pages_;
  bool vacuums_ = false;
  bool failed_ = false;          // the header is none: nothing more can be known
  std::vector<bool> is_tree_;    // pages that are pages of b-trees
  std::vector<bool> wanted_;     // pages that b-trees refer to as theirs
  std::vector<bool> is_schema_;  // of those, the schema's
  std::uint64_t unknown_ = 0;    // pages that begin as no page does
  std::uint64_t first_unknown_ = 0;
  std::uint64_t bad_pages_ = 0;
};

}  // namespace detail

/// Reads `from`, which `is_sqlite`, to its end. Throws what `from` throws.
inline sqlite_database read_sqlite_database(source& from, const location& where, finding_sink& findings) {
  return detail::sqlite_walk{where, findings}.read(from);
}

}  // namespace knowngood
