// zip_directory: the members of a zip archive as they passed, held against the central directory that lists them.
//
// Layer: archive; part of zip_reader, of no use alone. APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16. The directory
// must list exactly what passed, at those offsets, with those names, sizes and CRCs; nothing may follow its end.
#pragma once

#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/archive/byte_window.hpp"
#include "knowngood/archive/zip_records.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"

namespace knowngood::detail {

/// The archive's bytes end where something more was wanted.
[[noreturn]] inline void fail_zip_truncated(const location& where, const byte_window& in, const std::string& wanted) {
  throw stream_error{checks::archive_truncated, where.at(in.offset()), "the zip archive ends early", wanted,
                     "the end of the stream"};
}

class zip_directory {
 public:
  /// A member as it passed, to be found again in the directory.
  struct passed {
    std::uint64_t offset = 0;
    std::uint64_t name_hash = 0;
    std::uint64_t packed = 0;
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    std::uint16_t method = 0;
    bool whole = false;   ///< its content was read to its end
    bool listed = false;  ///< by the directory
  };

  /// All outlive this object.
  zip_directory(byte_window& in, const location& where, const limits& bounds, finding_sink& findings)
      : in_{in}, where_{where}, bounds_{bounds}, findings_{findings} {}

  /// A member begins; what else is known of it is set in what is returned, until the next one begins.
  passed& begin_member(std::uint64_t offset, std::string_view name, unsigned method) {
    passed_.push_back({offset, hash_of(name), 0, 0, 0, static_cast<std::uint16_t>(method)});
    return passed_.back();
  }
  [[nodiscard]] passed& member() noexcept { return passed_.back(); }
  [[nodiscard]] std::uint64_t members() const noexcept { return passed_.size(); }

  /// The archive's files were joined: offsets are those in the single ones.
  void set_spanned(bool spanned) noexcept { spanned_ = spanned; }
  /// Bytes between members that belong to none.
  void add_gap(std::uint64_t bytes) noexcept { gap_bytes_ += bytes; }
  /// Symbolic links, which the directory alone knows.
  [[nodiscard]] std::uint64_t links() const noexcept { return links_; }

  /// Reads the directory, which begins here, and the stream to its proved end. Reports where it disagrees with the
  /// members (`archive.directory`, `archive.gap`, `archive.trailing-data`); throws where it has no end.
  void read() {
    const std::uint64_t start = in_.offset();
    std::uint64_t entries = 0;
    for (;;) {
      const byte_view ahead = in_.ahead(zip_header::entry_bytes);
      const auto record = static_cast<std::uint32_t>(ahead.size() < 4 ? 0 : zip_number(ahead, 0, 4));
      if (record != zip_entry) break;
      if (ahead.size() < zip_header::entry_bytes) fail_truncated("an entry of the central directory");
      std::size_t bytes = zip_header::entry_bytes;
      for (const std::size_t field : {28U, 30U, 32U}) bytes += static_cast<std::size_t>(zip_number(ahead, field, 2));
      const byte_view whole = in_.ahead(bytes);
      if (whole.size() < bytes) fail_truncated("an entry of the central directory");
      if (++entries > bounds_.entries) throw_limit_exceeded(where_, "entries", bounds_.entries, entries);
      check_entry(parse_zip_entry(whole.first(bytes)));
      in_.take(bytes);
    }
    check_end(start, in_.offset() - start, entries);
    const auto unlisted = static_cast<std::uint64_t>(
        std::count_if(passed_.begin(), passed_.end(), [](const passed& one) { return !one.listed; }));
    if (disagreements_ > most_listed) {
      findings_.report(make_finding(checks::archive_directory, where_,
                                    "more entries of the central directory like those listed",
                                    fmt::format("{} listed", most_listed), fmt::format("{} found", disagreements_)));
    } else if (disagreements_ == 0 && (unlisted > 0 || gap_bytes_ > 0)) {
      findings_.report(make_finding(checks::archive_gap, where_,
                                    "the archive holds what its central directory does not list", "nothing",
                                    fmt::format("{} members, {} bytes between members", unlisted, gap_bytes_)));
    }
    drain_after();
  }

 private:
  static constexpr std::size_t most_listed = 20;

  static std::uint64_t hash_of(std::string_view name) noexcept { return XXH3_64bits(name.data(), name.size()); }

  [[noreturn]] void fail_truncated(const std::string& wanted) const { fail_zip_truncated(where_, in_, wanted); }

  void disagree(const std::string& name, std::string message, std::string expected, std::string actual) {
    if (++disagreements_ > most_listed) return;
    findings_.report(make_finding(checks::archive_directory, where_ / name, std::move(message), std::move(expected),
                                  std::move(actual)));
  }

  void check_entry(const zip_header& entry) {
    auto found = passed_.begin() + static_cast<std::ptrdiff_t>(std::min(expected_, passed_.size()));
    if (!spanned_ && (found == passed_.end() || found->offset != entry.offset)) {
      found = std::lower_bound(passed_.begin(), passed_.end(), entry.offset,
                               [](const passed& one, std::uint64_t offset) { return one.offset < offset; });
    }
    if (found == passed_.end() || (!spanned_ && found->offset != entry.offset)) {
      return disagree(entry.name, "the directory lists a member that is not where it says", "a member",
                      fmt::format("none at byte {}", entry.offset));
    }
    expected_ = static_cast<std::size_t>(found - passed_.begin()) + 1;
    if (found->listed) return disagree(entry.name, "the directory lists a member twice", "once", "twice");
    found->listed = true;
    if (found->name_hash != hash_of(entry.name)) {
      return disagree(entry.name, "the directory has another name than the member", printable(entry.name), "another");
    }
    if (found->method != entry.method) {
      return disagree(entry.name, "the directory has another method of compression than the member",
                      fmt::format("{}", entry.method), fmt::format("{}", found->method));
    }
    constexpr unsigned type_bits = 0170000;
    constexpr unsigned symbolic_link = 0120000;
    if ((entry.unix_mode & type_bits) == symbolic_link) ++links_;
    if (!found->whole) return;  // damaged: said already
    const std::uint64_t mask = entry.zip64 ? ~std::uint64_t{0} : 0xFFFFFFFF;
    if (found->crc != entry.crc) {
      return disagree(entry.name, "the directory has another CRC-32 than the content", fmt::format("{:08x}", entry.crc),
                      fmt::format("{:08x}", found->crc));
    }
    if ((found->size & mask) != (entry.size & mask) || (found->packed & mask) != (entry.packed & mask)) {
      disagree(entry.name, "the directory has other sizes than the member",
               fmt::format("{} bytes, {} compressed", entry.size, entry.packed),
               fmt::format("{} bytes, {} compressed", found->size, found->packed));
    }
  }

  // Sections 4.3.13 to 4.3.16.
  void check_end(std::uint64_t start, std::uint64_t size, std::uint64_t entries) {
    std::optional<zip_directory_end> wide;
    for (;;) {
      const byte_view ahead = in_.ahead(56);
      if (ahead.size() < 4) fail_truncated("the end of the central directory");
      const auto record = static_cast<std::uint32_t>(zip_number(ahead, 0, 4));
      if (record == zip64_end && ahead.size() >= 56) {
        wide = {zip_number(ahead, 32, 8), zip_number(ahead, 40, 8), zip_number(ahead, 48, 8), zip_number(ahead, 16, 4)};
        const std::uint64_t length = zip_number(ahead, 4, 8);
        if (length < 44 || length > 65'536) fail_end("the zip64 end of the central directory has an impossible length");
        pass(12 + length);
      } else if (record == zip64_locator) {
        pass(20);
      } else if (record == zip_signature && ahead.size() >= 6) {
        pass(6 + zip_number(ahead, 4, 2));
      } else if (record == zip_end) {
        break;
      } else {
        fail_end("the central directory has no end where it should be");
      }
    }
    const byte_view end = in_.ahead(22);
    if (end.size() < 22) fail_truncated("the end of the central directory");
    zip_directory_end stated{zip_number(end, 10, 2), zip_number(end, 12, 4), zip_number(end, 16, 4),
                             zip_number(end, 4, 2)};
    const bool narrow_entries = stated.entries != 0xFFFF || !wide;
    if (wide) {
      if (stated.entries == 0xFFFF) stated.entries = wide->entries;
      if (stated.size == 0xFFFFFFFF) stated.size = wide->size;
      if (stated.offset == 0xFFFFFFFF) stated.offset = wide->offset;
    }
    const std::uint64_t comment = zip_number(end, 20, 2);
    if ((narrow_entries ? entries & 0xFFFFU : entries) != stated.entries || stated.size != size) {
      disagree("the end of the central directory", "the central directory is not as long as its end says",
               fmt::format("{} entries in {} bytes", stated.entries, stated.size),
               fmt::format("{} entries in {} bytes", entries, size));
    } else if (!spanned_ && stated.offset != start) {
      disagree("the end of the central directory", "the central directory does not lie where its end says",
               fmt::format("at byte {}", stated.offset), fmt::format("at byte {}", start));
    }
    pass(22 + comment);
  }

  [[noreturn]] void fail_end(std::string message) {
    throw stream_error{checks::archive_directory, where_.at(in_.offset()), std::move(message), "an end record",
                       "another content"};
  }

  void pass(std::uint64_t count) {
    while (count > 0) {
      const byte_view ahead = in_.ahead(1);
      if (ahead.empty()) fail_truncated("the end of the central directory");
      const auto now = static_cast<std::size_t>(std::min<std::uint64_t>(count, ahead.size()));
      in_.take(now);
      count -= now;
    }
  }

  // unzip looks for the last end there is: a second archive behind this one would take its place.
  void drain_after() {
    std::optional<std::uint64_t> stray;
    bool another = false;
    for (byte_view ahead = in_.ahead(22); !ahead.empty(); ahead = in_.ahead(22)) {
      const auto first = std::find_if(ahead.begin(), ahead.end(), [](std::byte b) { return b != std::byte{0}; });
      if (!stray && first != ahead.end()) stray = in_.offset() + static_cast<std::uint64_t>(first - ahead.begin());
      another |= std::string_view{reinterpret_cast<const char*>(ahead.data()), ahead.size()}.find("PK\x05\x06") !=
                 std::string_view::npos;
      in_.take(ahead.size() > 22 ? ahead.size() - 3 : ahead.size());
    }
    if (!stray) return;
    finding found =
        make_finding(checks::archive_trailing_data, where_.at(*stray), "data follows the end of the archive", "nothing",
                     fmt::format("{} bytes from here on", in_.offset() - *stray));
    if (another) {
      found.severity = severity::error;
      found.message = "another archive follows: unzip would restore that one alone";
    }
    findings_.report(std::move(found));
  }

  byte_window& in_;
  const location& where_;
  const limits& bounds_;
  finding_sink& findings_;
  std::vector<passed> passed_;
  std::size_t expected_ = 0;  // index of the member that the next entry is about, if they are in order
  bool spanned_ = false;
  std::uint64_t links_ = 0;
  std::uint64_t gap_bytes_ = 0;
  std::uint64_t disagreements_ = 0;
};

}  // namespace knowngood::detail
