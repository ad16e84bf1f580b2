// library_reader: cpio, 7z, ar, rar, ISO 9660, cab, xar and lha archives, read by libarchive.
//
// Layer: archive. For tar see tar_reader.hpp, for zip zip_reader.hpp: libarchive passes over damage in them.
//   library_reader cpio{archive_kind::cpio, std::move(stream), where, bounds, findings};
//   library_reader seven{archive_kind::seven_zip, stored, where, bounds, findings};   // its directory is at its end
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/archive/archive_kind.hpp"
#include "knowngood/archive/cpio_checksums.hpp"
#include "knowngood/archive/iso9660_size.hpp"
#include "knowngood/archive/member_reader.hpp"
#include "knowngood/archive/stream_member_reader.hpp"
#include "knowngood/archive/tar_entry.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/io/observed.hpp"
#include "knowngood/io/random_access.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

/// Damage is thrown (`archive.truncated`, `archive.crc`, `archive.damaged`): these formats have nothing to go on at.
/// What libarchive cannot read although it is whole, encrypted members and methods that it does not know, is
/// `environment_error`, or the member's `unreadable`.
class library_reader final : public stream_member_reader {
 public:
  /// Reads a format that needs no seeking from a stream. `findings` outlives this object.
  library_reader(archive_kind format, std::unique_ptr<source> upstream, location where, const limits& bounds,
                 finding_sink& findings)
      : stream_member_reader{std::move(where), bounds, findings},
        format_{format},
        upstream_{watched(std::move(upstream))} {}

  /// Reads any format. `stored` outlives this object too.
  library_reader(archive_kind format, random_access& stored, location where, const limits& bounds,
                 finding_sink& findings)
      : stream_member_reader{std::move(where), bounds, findings}, format_{format}, stored_{&stored} {}

  static constexpr bool needs_random_access(archive_kind format) noexcept { return format == archive_kind::seven_zip; }

  /// 7z keeps a CRC-32 of every member and of its directory; the others none, or none that libarchive looks at.
  [[nodiscard]] bool carries_checksum() const override {
    return at_end() && format_ == archive_kind::seven_zip && !unreadable_;
  }

 private:
  static constexpr const char* names_in = "C.UTF-8";  // the locale that libarchive converts names to

  // What libarchive does not look at is seen on its way to it.
  std::unique_ptr<source> watched(std::unique_ptr<source> upstream) {
    if (format_ == archive_kind::cpio) {
      return observe(std::move(upstream), [this](byte_view chunk) { cpio_sums_.update(chunk); });
    }
    if (format_ == archive_kind::iso9660) {
      return observe(std::move(upstream), [this](byte_view chunk) { image_size_.update(chunk); });
    }
    return upstream;
  }

  struct free_archive {
    void operator()(::archive* reader) const noexcept { ::archive_read_free(reader); }
  };

  void open() {
    archive_.reset(::archive_read_new());
    if (!archive_) throw std::bad_alloc{};
    for (const auto& [format, support] : supports) {
      if (format == format_) support(archive_.get());
    }
    ::archive_read_set_callback_data(archive_.get(), this);
    ::archive_read_set_read_callback(archive_.get(), &library_reader::pull);
    if (stored_ != nullptr) {
      buffer_.resize(std::size_t{256} << 10);
      ::archive_read_set_seek_callback(archive_.get(), &library_reader::seek);
      ::archive_read_set_skip_callback(archive_.get(), &library_reader::skip);
    }
    if (::archive_read_open1(archive_.get()) != ARCHIVE_OK) fail();
  }

  // Callbacks of libarchive. An exception may not cross its frames: it waits in stashed_ for our side.
  static la_ssize_t pull(::archive* /*reader*/, void* self, const void** buffer) noexcept {
    auto& reader = *static_cast<library_reader*>(self);
    try {
      byte_view chunk;
      if (reader.stored_ != nullptr) {
        chunk = byte_view{reader.buffer_}.first(reader.stored_->read_at(reader.at_, reader.buffer_));
        reader.at_ += chunk.size();
      } else {
        chunk = reader.next_chunk();
      }
      reader.ended_ = chunk.empty() || (reader.upstream_ && reader.upstream_->ended());
      *buffer = chunk.data();
      return static_cast<la_ssize_t>(chunk.size());
    } catch (...) {
      reader.stashed_ = std::current_exception();
      return ARCHIVE_FATAL;
    }
  }
  // Small chunks together: libarchive's reader of xar takes a short one for the end.
  byte_view next_chunk() {
    constexpr std::size_t least = std::size_t{64} << 10;
    byte_view chunk = upstream_->next();
    if (chunk.size() >= least || chunk.empty()) return chunk;
    buffer_.assign(chunk.begin(), chunk.end());
    while (buffer_.size() < least && !(chunk = upstream_->next()).empty()) {
      buffer_.insert(buffer_.end(), chunk.begin(), chunk.end());
    }
    return buffer_;
  }
  static la_int64_t seek(::archive* /*reader*/, void* self, la_int64_t offset, int whence) noexcept {
    auto& reader = *static_cast<library_reader*>(self);
    const auto size = static_cast<la_int64_t>(reader.stored_->size());
    const la_int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? static_cast<la_int64_t>(reader.at_) : size;
    const la_int64_t to = base + offset;
    if (to < 0 || to > size) return ARCHIVE_FATAL;
    reader.at_ = static_cast<std::uint64_t>(to);
    return to;
  }
  static la_int64_t skip(::archive* /*reader*/, void* self, la_int64_t request) noexcept {
    auto& reader = *static_cast<library_reader*>(self);
    const std::uint64_t left = reader.stored_->size() - std::min(reader.at_, reader.stored_->size());
    const std::uint64_t count = std::min(left, static_cast<std::uint64_t>(std::max<la_int64_t>(request, 0)));
    reader.at_ += count;
    return static_cast<la_int64_t>(count);
  }

  const tar_member* advance() override {
    const detail::archive_locale scope{names_in};
    if (!archive_) open();
    if (in_member_ && member_.unreadable.empty()) {  // its checksum is to be verified whoever reads it
      while (!read_block().empty()) {
      }
    }
    end_body();
    in_member_ = false;
    for (;;) {
      ::archive_entry* entry = nullptr;
      const int result = ::archive_read_next_header(archive_.get(), &entry);
      if (stashed_) std::rethrow_exception(stashed_);
      if (result == ARCHIVE_EOF) return finish();
      if (result != ARCHIVE_OK && result != ARCHIVE_WARN) fail();
      if (accept(entry, result)) return &member_;
    }
  }

  bool accept(::archive_entry* entry, int result) {
    member_ = detail::describe_entry(entry);
    if (::archive_entry_filetype(entry) == 0 && member_.type == entry_type::other) {  // ar may store no type
      member_.type = entry_type::file;
      member_.size = static_cast<std::uint64_t>(std::max<la_int64_t>(::archive_entry_size(entry), 0));
    }
    if (member_.name.empty()) member_.name = detail::text_of(::archive_entry_pathname_utf8(entry));
    sized_ = ::archive_entry_size_is_set(entry) != 0;
    position_ = 0;
    require_within(bounds_, member_, ++count_, where_);
    if (result == ARCHIVE_WARN) judge_warning();
    // The root of an image, and tables that ar keeps for itself, are no members.
    if (format_ == archive_kind::iso9660 && member_.name == ".") return false;
    if (format_ == archive_kind::ar && (member_.name == "/" || member_.name == "//")) return false;
    if (::archive_entry_is_encrypted(entry) != 0) member_.unreadable = "encrypted";
    unreadable_ |= !member_.unreadable.empty();
    in_member_ = true;
    names_.see(member_);
    return true;
  }

  // A name that the locale cannot show is no defect. All else that libarchive only warns of means that it passed over
  // damage.
  void judge_warning() {
    if (::archive_errno(archive_.get()) == EILSEQ) return;
    const std::string reason = detail::text_of(::archive_error_string(archive_.get()));
    if (reason.find("cannot be converted") != std::string::npos ||
        reason.find("can't be converted") != std::string::npos) {
      return;
    }
    findings_.report(
        make_finding(checks::archive_damaged, where_ / member_.name, "the member's header is damaged", "", reason));
  }

  byte_view read_body() override {
    if (!in_member_ || !member_.unreadable.empty()) return {};
    if (member_.type != entry_type::file && member_.type != entry_type::hard_link) return {};
    return keep_failure([this] {
      const detail::archive_locale scope{names_in};
      return read_block();
    });
  }

  byte_view read_block() {
    for (;;) {
      if (holes_ == 0 && !pending_.empty()) {
        position_ += pending_.size();
        return std::exchange(pending_, {});
      }
      if (holes_ > 0) {
        static constexpr std::array<std::byte, std::size_t{64} << 10> zeros{};
        const byte_view out =
            byte_view{zeros}.first(static_cast<std::size_t>(std::min<std::uint64_t>(holes_, zeros.size())));
        holes_ -= out.size();
        position_ += out.size();
        return out;
      }
      const void* data = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int result = ::archive_read_data_block(archive_.get(), &data, &size, &offset);
      if (result == ARCHIVE_EOF) {
        if (sized_ && position_ != member_.size) fail_size();
        return {};
      }
      if (result != ARCHIVE_OK) fail();
      if (size == 0) continue;
      const auto at = static_cast<std::uint64_t>(std::max<la_int64_t>(offset, 0));
      if (at < position_ || (sized_ && (at > member_.size || size > member_.size - at))) fail_size();
      holes_ = at - position_;
      if (holes_ > bounds_.expanded_bytes) {
        throw_limit_exceeded(where_ / member_.name, "expanded_bytes", bounds_.expanded_bytes, holes_);
      }
      pending_ = {static_cast<const std::byte*>(data), size};
    }
  }

  [[noreturn]] void fail_size() const {
    throw stream_error{checks::archive_damaged, where_ / member_.name, "the content is not as long as its header says",
                       fmt::format("{} bytes", member_.size), fmt::format("{} bytes so far", position_)};
  }

  // What libarchive's refusal amounts to. Its numbers do not tell damage from what it cannot do; its words do.
  [[noreturn]] void fail() {
    if (stashed_) std::rethrow_exception(stashed_);
    const std::string reason = detail::text_of(::archive_error_string(archive_.get()));
    const location at = in_member_ ? where_ / member_.name : where_;
    const auto says = [&](std::string_view word) { return reason.find(word) != std::string::npos; };
    const std::string format{to_string(format_)};
    if (::archive_errno(archive_.get()) == ENOMEM && !says("alformed")) {  // it believed a size
      throw environment_error{at, fmt::format("this {} archive asks for more memory than there is", format),
                              "check it with the tool that wrote it"};
    }
    if (says("ncrypt") || says("assphrase")) {
      throw environment_error{at, fmt::format("the {} archive is encrypted; it cannot be looked into", format),
                              "rely on its checksum file, and rehearse its restore by hand with its key"};
    }
    if (says("upport") || says("multivolume") || says("ulti-volume")) {
      throw environment_error{at, fmt::format("this {} archive cannot be read: {}", format, reason),
                              "check it with the tool that wrote it"};
    }
    if (says("CRC") || says("hecksum") || says("crc")) {
      throw stream_error{checks::archive_crc, at, "the checksum of the content differs", "its checksum", reason};
    }
    if (ended_ || says("runcat")) {
      throw stream_error{checks::archive_truncated, at, fmt::format("the {} archive ends early", format),
                         "all of its members and its end", reason};
    }
    throw stream_error{checks::archive_damaged, at, fmt::format("the {} archive cannot be read", format), "", reason};
  }

  const tar_member* finish() {
    if (upstream_) drain_after();
    if (const auto stated = image_size_.stated(); stated && *stated > image_size_.seen()) {
      throw stream_error{checks::archive_truncated, where_, "the image ends early", fmt::format("{} bytes", *stated),
                         fmt::format("{} bytes", image_size_.seen())};
    }
    if (const auto& sums = cpio_sums_.mismatch()) {
      findings_.report(make_finding(checks::archive_crc, where_ / sums->member, "the checksum of the content differs",
                                    fmt::format("{:08x}", sums->stated), fmt::format("{:08x}", sums->actual)));
    }
    return nullptr;
  }

  // Images and cabinets have bytes of their own behind the last member; behind the end of these there is nothing.
  void drain_after() {
    const bool judged = format_ == archive_kind::cpio;
    std::uint64_t stray = 0;
    // What libarchive had already pulled in is looked at through it.
    if (!ended_) {
      for (byte_view chunk = upstream_->next(); !chunk.empty(); chunk = upstream_->next()) {
        stray += static_cast<std::uint64_t>(
            std::count_if(chunk.begin(), chunk.end(), [](std::byte b) { return b != std::byte{0}; }));
      }
    }
    if (judged && stray > 0) {
      findings_.report(make_finding(checks::archive_trailing_data, where_, "data follows the end of the archive",
                                    "zero bytes or nothing", fmt::format("{} bytes that are no zeros", stray)));
    }
  }

  using support_function = int (*)(::archive*);
  static int support_rar(::archive* reader) {
    return std::min(::archive_read_support_format_rar(reader), ::archive_read_support_format_rar5(reader));
  }
  static constexpr std::array<std::pair<archive_kind, support_function>, 8> supports{{
      {archive_kind::seven_zip, &::archive_read_support_format_7zip},
      {archive_kind::cpio, &::archive_read_support_format_cpio},
      {archive_kind::ar, &::archive_read_support_format_ar},
      {archive_kind::rar, &library_reader::support_rar},
      {archive_kind::iso9660, &::archive_read_support_format_iso9660},
      {archive_kind::cab, &::archive_read_support_format_cab},
      {archive_kind::xar, &::archive_read_support_format_xar},
      {archive_kind::lha, &::archive_read_support_format_lha},
  }};

  archive_kind format_;
  std::unique_ptr<source> upstream_;
  cpio_checksums cpio_sums_;
  iso9660_size image_size_;
  random_access* stored_ = nullptr;
  std::uint64_t at_ = 0;  // where in `stored_` the next read begins
  std::vector<std::byte> buffer_;
  std::unique_ptr<::archive, free_archive> archive_;
  std::exception_ptr stashed_;  // thrown inside a callback, to be rethrown outside
  tar_member member_;
  std::uint64_t count_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t holes_ = 0;
  byte_view pending_;
  bool sized_ = false;
  bool in_member_ = false;
  bool ended_ = false;
  bool unreadable_ = false;
};

}  // namespace knowngood
