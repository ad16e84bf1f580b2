// zip_reader: a zip archive as the members that it holds, in one pass, held against its central directory in the end.
//
// Layer: archive.
//   zip_reader zip{std::move(stream), location{"site.zip"}, bounds, findings};
//   while (const tar_member* member = zip.next()) consume(*member, zip.body());   // here the directory agrees
// Every member is inflated and its CRC-32 computed; then the directory must list exactly those members, at those
// offsets, with those names, sizes and CRCs. unzip goes by the directory alone, and libarchive's stream reader passes
// over a damaged local header without a word: neither would do. Above 400 lines: a member's content ends where the next
// record is looked for, and both take from the same bytes; what the directory says is zip_directory's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "knowngood/archive/byte_window.hpp"
#include "knowngood/archive/member_reader.hpp"
#include "knowngood/archive/stream_member_reader.hpp"
#include "knowngood/archive/zip_directory.hpp"
#include "knowngood/archive/zip_records.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/codec/buffer_ring.hpp"
#include "knowngood/codec/decompress.hpp"
#include "knowngood/codec/inflate.hpp"
#include "knowngood/io/source.hpp"
#ifdef KNOWNGOOD_HAVE_LZMA
#include "knowngood/archive/zip_lzma_source.hpp"
#endif

namespace knowngood {

/// A member whose content is damaged fails its body with `archive.damaged` or `archive.crc`; where the member's end is
/// known, `next` goes on behind it. The end of the stream before the directory's own end is thrown
/// (`archive.truncated`); where directory and members disagree is reported (`archive.directory`).
class zip_reader final : public stream_member_reader {
 public:
  /// Reads nothing yet. `bounds` limits `entries` and `name_bytes`; `findings` outlives this object.
  zip_reader(std::unique_ptr<source> upstream, location where, const limits& bounds, finding_sink& findings)
      : stream_member_reader{std::move(where), bounds, findings},
        in_{std::move(upstream)},
        directory_{in_, where_, bounds_, findings} {}

  /// The directory alone tells that a member is a symbolic link.
  [[nodiscard]] std::uint64_t links() const override { return directory_.links(); }

  /// Encrypted members are the ones whose CRC cannot be computed.
  [[nodiscard]] bool carries_checksum() const override { return at_end() && unreadable_ == 0; }

 private:
  // The member's bytes as stored: as many as its header says, or up to the descriptor that states as many as came.
  class packed_source final : public source {
   public:
    explicit packed_source(zip_reader& reader) : reader_{reader} {}

   private:
    byte_view produce() override { return reader_.read_packed(); }
    zip_reader& reader_;
  };

  const tar_member* advance() override {
    finish_member();
    for (;;) {
      const byte_view ahead = in_.ahead(4);
      if (ahead.size() < 4) fail_truncated("the next member or the central directory");
      switch (static_cast<std::uint32_t>(detail::zip_number(ahead, 0, 4))) {
        case detail::zip_local:
          if (const tar_member* member = open_member()) return member;
          break;
        case detail::zip_entry:
        case detail::zip64_end:
        case detail::zip_end: return finish();
        case detail::zip_descriptor:
        case 0x30304B50:  // the mark of an archive that might have become several
          if (in_.offset() == 0) {
            directory_.set_spanned(detail::zip_number(ahead, 0, 4) == detail::zip_descriptor);
            in_.take(4);
            break;
          }
          [[fallthrough]];
        default: skip_gap();
      }
    }
  }

  const tar_member* finish() {
    directory_.read();
    return nullptr;
  }

  // To the next record that can be one.
  void skip_gap() {
    for (std::size_t from = 1;;) {
      const byte_view ahead = in_.ahead(from + 4);
      if (ahead.size() < from + 4) {
        directory_.add_gap(ahead.size());
        in_.take(ahead.size());
        fail_truncated("the next member or the central directory");
      }
      const std::string_view text{reinterpret_cast<const char*>(ahead.data()), ahead.size()};
      const std::size_t at = text.find("PK", from);
      const std::size_t found = at == std::string_view::npos ? text.size() - 3 : at;
      directory_.add_gap(found);
      in_.take(found);
      if (at == std::string_view::npos || found + 4 > text.size()) {
        from = 0;
        if (in_.ahead(4).size() < 4) continue;
      }
      const auto record = static_cast<std::uint32_t>(detail::zip_number(in_.ahead(4), 0, 4));
      if (record == detail::zip_local || record == detail::zip_entry || record == detail::zip_end ||
          record == detail::zip64_end) {
        return;
      }
      from = 1;
    }
  }

  const tar_member* open_member() {
    const std::uint64_t offset = in_.offset();
    byte_view header = in_.ahead(detail::zip_header::local_bytes);
    if (header.size() < detail::zip_header::local_bytes) fail_truncated("a member's header");
    const std::size_t bytes = detail::zip_header::local_bytes +
                              static_cast<std::size_t>(detail::zip_number(header, 26, 2)) +
                              static_cast<std::size_t>(detail::zip_number(header, 28, 2));
    header = in_.ahead(bytes);
    if (header.size() < bytes) fail_truncated("a member's header");
    header_ = detail::parse_zip_local(header.first(bytes));
    in_.take(bytes);
    known_ = !header_.sizes_follow() || header_.packed != 0;
    member_ = {};
    member_.name = header_.name;
    std::replace(member_.name.begin(), member_.name.end(), '\\', '/');  // some writers on Windows
    member_.type = member_.name.ends_with('/') ? entry_type::directory : entry_type::file;
    member_.size = member_.type == entry_type::file ? header_.size : 0;
    member_.modified = header_.modified;
    member_.header_offset = offset;
    require_within(bounds_, member_, directory_.members() + 1, where_.at(offset));
    directory_.begin_member(offset, header_.name, header_.method);
    crc_ = 0;
    packed_ = produced_ = 0;
    deflate_ended_ = packed_ended_ = false;
    decoder_.reset();
    in_member_ = true;
    start_decoding();
    names_.see(member_);
    return &member_;
  }

  void start_decoding() {
    constexpr unsigned stored = 0;
    constexpr unsigned deflated = 8;
    if (header_.encrypted()) {
      member_.unreadable = "encrypted";
    } else if (header_.method == deflated) {
      engine_.reset();
    } else if (header_.method != stored) {
      const compression how = header_.method == 12   ? compression::bzip2
                              : header_.method == 93 ? compression::zstd
                              : header_.method == 20 ? compression::zstd
                              : header_.method == 95 ? compression::xz
                                                     : compression::none;
      if (header_.method == 14) {
        start_lzma();
      } else if (how != compression::none && decompress::supports(how)) {
        decoder_ =
            std::make_unique<decompress>(std::make_unique<packed_source>(*this), how, where_ / member_.name, findings_);
      }
      if (!decoder_) {
        member_.unreadable = fmt::format("compressed with {} (method {}), which is not read here",
                                         detail::zip_method_name(header_.method), header_.method);
      }
    }
    if (!member_.unreadable.empty()) ++unreadable_;
  }

  void start_lzma() {
#ifdef KNOWNGOOD_HAVE_LZMA
    const bool marked = (header_.flags & 2U) != 0;
    if (!marked && header_.sizes_follow() && header_.size == 0) return;  // nothing says where it ends
    decoder_ = std::make_unique<detail::zip_lzma_source>(std::make_unique<packed_source>(*this),
                                                         marked ? std::nullopt : std::optional{header_.size},
                                                         where_ / member_.name);
#endif
  }

  byte_view read_body() override {
    if (!in_member_ || !member_.unreadable.empty()) return {};
    const byte_view out = decoder_ ? decode_some() : header_.method == 8 ? inflate_some() : read_packed();
    crc_ = default_inflate_engine::crc32(crc_, out);
    produced_ += out.size();
    if (out.empty()) check_member();
    return out;
  }

  byte_view decode_some() {
    try {
      return decoder_->next();
    } catch (const stream_error& error) {
      if (error.as_finding().check != checks::archive_truncated.id) member_failed_ = std::current_exception();
      throw;
    }
  }

  byte_view read_packed() {
    if (packed_ended_) return {};
    if (!known_) return read_to_descriptor();
    if (packed_ == header_.packed) {
      packed_ended_ = true;
      return {};
    }
    const byte_view ahead = in_.ahead(1);
    if (ahead.empty()) fail_truncated(fmt::format("member {}", printable(member_.name)));
    const byte_view out =
        ahead.first(static_cast<std::size_t>(std::min<std::uint64_t>(header_.packed - packed_, ahead.size())));
    in_.take(out.size());
    packed_ += out.size();
    return out;
  }

  // Nothing but its descriptor tells where a member ends that was stored as it came from a pipe.
  byte_view read_to_descriptor() {
    constexpr std::size_t widest = 24;
    const byte_view ahead = in_.ahead(widest);
    if (ahead.size() < widest) fail_truncated(fmt::format("member {}", printable(member_.name)));
    const std::string_view text{reinterpret_cast<const char*>(ahead.data()), ahead.size()};
    constexpr std::string_view mark{"PK\x07\x08"};
    std::size_t end = text.size() - (widest - 1);
    for (std::size_t at = text.find(mark); at < end; at = text.find(mark, at + 1)) {
      if (detail::zip_number(ahead, at + 8, 4) == ((packed_ + at) & 0xFFFFFFFFU)) end = at;
    }
    packed_ended_ = end == 0;
    in_.take(end);
    packed_ += end;
    return ahead.first(end);
  }

  byte_view inflate_some() {
    if (deflate_ended_) return {};
    const std::span<std::byte> out = buffers_.next();
    for (;;) {
      byte_view input = in_.ahead(1);
      const bool stream_ended = input.empty();
      if (known_) {
        input = input.first(static_cast<std::size_t>(std::min<std::uint64_t>(header_.packed - packed_, input.size())));
      }
      const inflate_step step = engine_.run(input, out);
      in_.take(step.consumed);
      packed_ += step.consumed;
      if (step.status == inflate_status::failed) {
        fail_member(checks::archive_damaged, "the compressed data cannot be inflated", "deflate",
                    std::string{step.reason});
      }
      if (step.status == inflate_status::ended) {
        const byte_view unread = engine_.unread();
        in_.give_back(unread);
        packed_ -= unread.size();
        deflate_ended_ = true;
        return out.first(step.produced);
      }
      if (step.produced > 0) return out.first(step.produced);
      if (step.consumed > 0) continue;
      if (known_ && packed_ + input.size() == header_.packed) {
        fail_member(checks::archive_damaged, "the compressed data goes on where it should end",
                    fmt::format("{} bytes", header_.packed), "more");
      }
      if (stream_ended || in_.ahead(input.size() + 1).size() <= input.size()) {
        fail_truncated(fmt::format("member {}", printable(member_.name)));
      }
    }
  }

  // At the end of its content: what the header or the descriptor behind it says.
  void check_member() {
    detail::zip_directory::passed& now = directory_.member();
    if (known_ && packed_ != header_.packed) {
      fail_member(checks::archive_damaged, "the compressed data ends before its size says",
                  fmt::format("{} bytes", header_.packed), fmt::format("{} bytes", packed_));
    }
    now.packed = packed_;
    now.size = produced_;
    now.crc = crc_;
    if (header_.sizes_follow()) {
      take_descriptor();
    } else if (header_.crc != crc_) {
      fail_member(checks::archive_crc, "the CRC-32 of the content differs", fmt::format("{:08x}", header_.crc),
                  fmt::format("{:08x}", crc_));
    } else if ((header_.size & 0xFFFFFFFFU) != (produced_ & 0xFFFFFFFFU)) {
      fail_member(checks::archive_damaged, "the length of the content differs", fmt::format("{} bytes", header_.size),
                  fmt::format("{} bytes", produced_));
    }
    now.whole = true;
    in_member_ = false;
  }

  // With a signature or without, of 32 bits or of 64: section 4.3.9.
  void take_descriptor() {
    const byte_view ahead = in_.ahead(24);
    const bool is_signed = detail::zip_number(ahead, 0, 4) == detail::zip_descriptor && ahead.size() >= 16;
    for (const std::size_t start : {std::size_t{is_signed ? 4U : 0U}, std::size_t{0}}) {
      for (const std::size_t width : {std::size_t{4}, std::size_t{8}}) {
        if (ahead.size() < start + 4 + 2 * width) continue;
        const std::uint64_t mask = width == 4 ? 0xFFFFFFFF : ~std::uint64_t{0};
        if (detail::zip_number(ahead, start, 4) != crc_ ||
            detail::zip_number(ahead, start + 4, width) != (packed_ & mask) ||
            detail::zip_number(ahead, start + 4 + width, width) != (produced_ & mask)) {
          continue;
        }
        in_.take(start + 4 + 2 * width);
        return;
      }
    }
    const std::size_t start = is_signed ? 4 : 0;
    const auto stated = static_cast<std::uint32_t>(detail::zip_number(ahead, start, 4));
    if (ahead.size() < 12) fail_truncated(fmt::format("the descriptor behind member {}", printable(member_.name)));
    in_.take(is_signed ? 16 : 12);
    known_ = true;
    header_.packed = packed_;
    fail_member(stated == crc_ ? checks::archive_damaged : checks::archive_crc,
                "the descriptor behind the content differs from it",
                fmt::format("CRC-32 {:08x}, {} bytes", stated, detail::zip_number(ahead, start + 8, 4)),
                fmt::format("CRC-32 {:08x}, {} bytes", crc_, produced_));
  }

  // What is left of the current member, so that the next one begins.
  void finish_member() {
    if (!in_member_) {
      end_body();
      return;
    }
    if (member_.unreadable.empty() && !member_failed_) {
      source& rest = body();
      try {
        while (!rest.next().empty()) {
        }
      } catch (const stream_error& error) {
        if (failed() || !member_failed_) throw;
        findings_.report(error.as_finding());
      }
    }
    end_body();
    decoder_.reset();
    if (!in_member_) return;
    // Encrypted, of a method that is not read, or damaged: passed over by its size.
    if (!known_ && member_failed_) std::rethrow_exception(member_failed_);
    while (!read_packed().empty()) {
    }
    if (!member_failed_) {
      directory_.member().packed = packed_;
      directory_.member().crc = header_.crc;
      directory_.member().size = header_.size;
      directory_.member().whole = true;
    }
    if (header_.sizes_follow()) pass_descriptor();
    member_failed_ = nullptr;
    in_member_ = false;
  }

  // Of a member whose CRC is not known: by its signature and the size that it states.
  void pass_descriptor() {
    const byte_view ahead = in_.ahead(24);
    if (detail::zip_number(ahead, 0, 4) != detail::zip_descriptor) return;
    const bool wide = ahead.size() >= 24 && detail::zip_number(ahead, 8, 8) == packed_ && header_.zip64;
    if (!member_failed_) {
      directory_.member().crc = static_cast<std::uint32_t>(detail::zip_number(ahead, 4, 4));
      directory_.member().size = wide ? detail::zip_number(ahead, 16, 8) : detail::zip_number(ahead, 12, 4);
    }
    in_.take(std::min<std::size_t>(ahead.size(), wide ? 24 : 16));
  }

  [[noreturn]] void fail_member(const check& what, std::string message, std::string expected, std::string actual) {
    try {
      throw stream_error{what, (where_ / member_.name).at(produced_), std::move(message), std::move(expected),
                         std::move(actual)};
    } catch (...) {
      member_failed_ = std::current_exception();
      throw;
    }
  }

  [[noreturn]] void fail_truncated(const std::string& wanted) const { detail::fail_zip_truncated(where_, in_, wanted); }

  detail::byte_window in_;
  detail::zip_directory directory_;
  std::uint64_t unreadable_ = 0;

  tar_member member_;  // the current one:
  detail::zip_header header_;
  std::unique_ptr<source> decoder_;
  default_inflate_engine engine_;
  detail::buffer_ring buffers_;
  std::exception_ptr member_failed_;  // its content; the next member may be whole
  std::uint32_t crc_ = 0;
  std::uint64_t packed_ = 0;    // bytes taken of what is stored
  std::uint64_t produced_ = 0;  // bytes of content
  bool known_ = false;          // its header says how much is stored
  bool in_member_ = false;
  bool deflate_ended_ = false;
  bool packed_ended_ = false;
};

}  // namespace knowngood
