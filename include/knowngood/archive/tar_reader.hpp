// tar_reader: the members of a tar archive, one after another, and proof that the archive is whole.
//
// Layer: archive. libarchive understands the dialects (v7, ustar, GNU, PAX, sparse); what it lets pass is checked here:
// the two end blocks, data after them, every damaged header, sparse maps that do not add up, what names and links do.
//   tar_reader tar{std::move(upstream), where, bounds, findings};
//   while (const tar_member* member = tar.next()) {
//     if (member->type == entry_type::file) drain(tar.body());
//   }  // here the archive's end and its upstream's are proved
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

#include "knowngood/archive/detect_tar.hpp"
#include "knowngood/archive/incremental_record.hpp"
#include "knowngood/archive/member_reader.hpp"
#include "knowngood/archive/stream_member_reader.hpp"
#include "knowngood/archive/tar_end.hpp"
#include "knowngood/archive/tar_entry.hpp"
#include "knowngood/archive/tar_feed.hpp"
#include "knowngood/archive/tar_member.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

/// Damage that reading can go on after is a finding: a damaged header (`tar.header`, once for each run of blocks that
/// are none; reading goes on at the next block that is one), an extended header that is malformed (`tar.malformed`),
/// an end that is missing (`tar.end-missing`) or not the last thing (`tar.data-after-end`), an archive of nothing
/// (`tar.empty`). Damage that it cannot go on after is thrown: an archive that ends inside a member (`tar.truncated`),
/// a size or sparse map that cannot be (`tar.malformed`). Names and links are judged by member_names.
class tar_reader final : public stream_member_reader {
 public:
  /// Reads nothing yet. `where`: the archive's own location; members lie at `where / name`. `bounds` limits `entries`,
  /// `name_bytes`, `expanded_bytes` (of one sparse member) and `list_bytes` (of one member's headers); exceeding one
  /// throws `environment_error`. `findings` outlives this object.
  /// `may_be_empty`: an archive of nothing is none to report.
  tar_reader(std::unique_ptr<source> upstream, location where, const limits& bounds, finding_sink& findings,
             bool may_be_empty = false)
      : stream_member_reader{where, bounds, findings},
        feed_{std::move(upstream), std::move(where), bounds.list_bytes},
        may_be_empty_{may_be_empty} {}

  /// After the last member: what its directories say of files that are in earlier archives only.
  [[nodiscard]] const incremental_records& incremental() const noexcept { return incremental_; }

 private:
  struct free_archive {
    void operator()(::archive* reader) const noexcept { ::archive_read_free(reader); }
  };

  void open(std::uint64_t offset) {
    base_ = offset;
    archive_.reset(::archive_read_new());
    if (!archive_) throw std::bad_alloc{};
    // Set rather than bid for: a damaged first header must not make the archive a file of unknown kind.
    if (::archive_read_set_format(archive_.get(), ARCHIVE_FORMAT_TAR) != ARCHIVE_OK) throw std::bad_alloc{};
    if (::archive_read_open(archive_.get(), this, nullptr, &tar_reader::pull, nullptr) != ARCHIVE_OK) fail();
  }

  // libarchive's read callback. An exception may not cross its frames: it waits in stashed_ for our side.
  static la_ssize_t pull(::archive* /*reader*/, void* self, const void** buffer) noexcept {
    auto& reader = *static_cast<tar_reader*>(self);
    try {
      const byte_view chunk = reader.feed_.pull();
      *buffer = chunk.data();
      return static_cast<la_ssize_t>(chunk.size());
    } catch (...) {
      reader.stashed_ = std::current_exception();
      return ARCHIVE_FATAL;
    }
  }

  const tar_member* advance() override {
    const detail::archive_locale scope{"C"};
    if (archive_) {
      end_body();
      if (in_member_ && ::archive_read_data_skip(archive_.get()) == ARCHIVE_FATAL) fail();
      in_member_ = false;
    } else {
      open(0);
    }
    for (;;) {
      ::archive_entry* entry = nullptr;
      header_start_ = consumed();
      feed_.begin_headers(header_start_);
      const int result = ::archive_read_next_header(archive_.get(), &entry);
      feed_.end_headers();
      if (stashed_) std::rethrow_exception(stashed_);
      if (result == ARCHIVE_EOF) return finish();
      if (result == ARCHIVE_OK || result == ARCHIVE_WARN) return accept(entry, result);
      const std::uint64_t after = consumed();
      if (result == ARCHIVE_RETRY || damaged_in_a_chain(after)) {
        report_damaged_header(after);
        if (result == ARCHIVE_FATAL) restart_at(after);
        continue;
      }
      if (ends_inside_end_block()) return finish();
      fail();
    }
  }

  void restart_at(std::uint64_t offset) {
    feed_.resume_at(offset);
    open(offset);
  }

  [[nodiscard]] std::uint64_t consumed() const {
    return base_ + static_cast<std::uint64_t>(::archive_filter_bytes(archive_.get(), 0));
  }
  // Inside a chain of extended headers libarchive gives up at a damaged header instead of going on. True when that is
  // what happened: it took the damaged block last, the one before `after`.
  bool damaged_in_a_chain(std::uint64_t after) {
    if (feed_.ended() || ::archive_errno(archive_.get()) != EINVAL) return false;
    if (after < header_start_ + 2 * detail::tar_block) return false;
    const std::vector<std::byte> block = feed_.bytes(after - detail::tar_block, after);
    return !detail::all_zero(block) && !detail::tar_checksum_of(block).matches();
  }

  // The first of a run.
  void report_damaged_header(std::uint64_t after) {
    if (!damaged_run_) {
      const auto sum = detail::tar_checksum_of(feed_.bytes(after - detail::tar_block, after));
      findings_.report(
          make_finding(checks::tar_header, where_.at(after - detail::tar_block), "header checksum does not match",
                       sum.stored ? fmt::format("{:o} as stored", *sum.stored) : std::string{"an octal number"},
                       fmt::format("{:o} computed", static_cast<std::uint64_t>(sum.unsigned_sum))));
    }
    damaged_ = damaged_run_ = true;
  }

  // Every member whole, and then a part of a zero block: the end is incomplete, the members are not.
  bool ends_inside_end_block() {
    if (!feed_.ended() || header_start_ != consumed()) return false;
    return feed_.pulled() - consumed() < detail::tar_block && detail::all_zero(feed_.bytes(consumed(), feed_.pulled()));
  }

  // What libarchive's fatal answer amounts to.
  [[noreturn]] void fail() {
    if (stashed_) std::rethrow_exception(stashed_);
    const char* text = archive_ ? ::archive_error_string(archive_.get()) : nullptr;
    const std::string reason = text != nullptr ? text : "no reason given";
    if (::archive_errno(archive_.get()) == ENOMEM) throw std::bad_alloc{};
    if (feed_.ended()) {
      throw stream_error{checks::tar_truncated, where_.at(feed_.pulled()),
                         in_member_ ? fmt::format("archive ends inside of member {}", printable(member_.name))
                                    : std::string{"archive ends inside of a header"},
                         in_member_ ? fmt::format("{} bytes of content and their padding", member_.size)
                                    : std::string{"the whole header, a member or the end blocks"},
                         reason};
    }
    throw stream_error{checks::tar_malformed, where_.at(in_member_ ? consumed() : header_start_),
                       in_member_ ? fmt::format("content of member {} cannot be read", printable(member_.name))
                                  : std::string{"headers cannot be understood"},
                       "", reason};
  }

  const tar_member* accept(::archive_entry* entry, int result) {
    damaged_run_ = false;
    in_member_ = true;
    member_ = detail::describe_entry(entry);
    member_.header_offset = header_start_;
    mapped_ = detail::mapped_bytes(entry);
    if (member_.sparse) member_.holes = member_.size - std::min(mapped_, member_.size);
    position_ = stored_ = holes_ = 0;
    pending_ = {};
    require_within(bounds_, member_, ++count_, where_.at(member_.header_offset));
    if (result == ARCHIVE_WARN) judge_warning();
    if (member_.type == entry_type::other && result == ARCHIVE_OK) {
      findings_.report(make_finding(checks::tar_volume, where_ / member_.name,
                                    "member is the rest of a file that begins on another volume"));
    }
    names_.see(member_);
    if (member_.type == entry_type::directory) see_directory();
    return &member_;
  }

  void see_directory() {
    auto record = detail::find_incremental_record(feed_.bytes(header_start_, consumed()));
    if (record.in_content) record.value = read_record();
    if (!record.value) return;
    detail::add_incremental_record(incremental_, member_.name, *record.value, bounds_.compared_members);
  }

  std::string read_record() {
    std::string text;
    for (;;) {
      const void* data = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int result = ::archive_read_data_block(archive_.get(), &data, &size, &offset);
      if (result == ARCHIVE_EOF) return text;
      if (result != ARCHIVE_OK) fail();
      if (text.size() + size > bounds_.list_bytes) {
        throw_limit_exceeded(where_ / member_.name, "list_bytes", bounds_.list_bytes, text.size() + size);
      }
      text.append(static_cast<const char*>(data), size);
    }
  }

  // A name that the C locale cannot show is no defect: it was kept as it is. Access control lists in a notation of
  // another system are worth a remark. Anything else means that some of the header is lost.
  void judge_warning() {
    const std::string reason = detail::text_of(::archive_error_string(archive_.get()));
    if (::archive_errno(archive_.get()) == EILSEQ && !member_.name.empty()) return;
    auto found =
        make_finding(checks::tar_malformed, where_ / member_.name, "extended header cannot be understood", "", reason);
    if (reason.find("ACL") != std::string::npos || reason.find(".acl.") != std::string::npos) {
      found.severity = severity::note;
      found.message = "access control list cannot be understood";
    }
    findings_.report(std::move(found));
  }

  // Holes are zeros.
  byte_view read_body() override {
    if (member_.size == 0 || !in_member_) return {};
    if (member_.sparse && member_.size > bounds_.expanded_bytes) {
      throw_limit_exceeded(where_ / member_.name, "expanded_bytes", bounds_.expanded_bytes, member_.size);
    }
    return keep_failure([this] { return read_block(); });
  }

  byte_view read_block() {
    while (holes_ == 0 && pending_.empty()) {
      const void* data = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int result = ::archive_read_data_block(archive_.get(), &data, &size, &offset);
      if (result == ARCHIVE_EOF) {
        if (position_ == member_.size) return {};
        if (!member_.sparse || stored_ != mapped_) fail_sizes(member_.size, position_);
        holes_ = member_.size - position_;
        break;
      }
      if (result != ARCHIVE_OK) fail();
      if (size == 0) continue;
      const auto at = static_cast<std::uint64_t>(offset);
      if (offset < 0 || at < position_ || at > member_.size || size > member_.size - at) {
        fail_sizes(member_.size, at + size);
      }
      holes_ = at - position_;
      stored_ += size;
      pending_ = {static_cast<const std::byte*>(data), size};
    }
    static constexpr std::array<std::byte, std::size_t{64} << 10> zeros{};
    const byte_view out = holes_ != 0 ? byte_view{zeros}.first(std::min<std::uint64_t>(holes_, zeros.size()))
                                      : std::exchange(pending_, byte_view{});
    if (holes_ != 0) holes_ -= out.size();
    position_ += out.size();
    return out;
  }

  [[noreturn]] void fail_sizes(std::uint64_t expected, std::uint64_t actual) const {
    throw stream_error{checks::tar_malformed, where_.at(consumed()),
                       fmt::format("content of member {} does not add up", printable(member_.name)),
                       fmt::format("{} bytes", expected), fmt::format("{} bytes", actual)};
  }

  // libarchive took a zero block or the stream's end for the archive's.
  const tar_member* finish() {
    detail::judge_tar_end(feed_, header_start_, consumed(), damaged_run_, where_, findings_);
    if (count_ == 0 && !damaged_ && !may_be_empty_) {
      findings_.report(make_finding(checks::tar_empty, where_, "archive has no member", "at least one member", "none"));
    }
    if (incremental_.absent > 0) {
      findings_.report(make_finding(
          checks::tar_incremental, where_,
          "an incremental archive: it does not hold all files that its directories name",
          "all of them, or the archives before it",
          fmt::format("{} not in it, first {}", incremental_.absent, printable(incremental_.names.front()))));
    }
    in_member_ = false;
    return nullptr;
  }

  detail::tar_feed feed_;
  bool may_be_empty_;
  std::unique_ptr<::archive, free_archive> archive_;
  std::uint64_t base_ = 0;          // where in the upstream libarchive's own offset 0 lies
  std::uint64_t header_start_ = 0;  // where the search for the current member's headers began
  std::exception_ptr stashed_;      // thrown inside the callback, to be rethrown outside
  tar_member member_;
  incremental_records incremental_;
  std::uint64_t count_ = 0;
  bool in_member_ = false;
  bool damaged_ = false;
  bool damaged_run_ = false;  // since the last member only blocks that are no header

  // of the current member:
  std::uint64_t position_ = 0;  // bytes handed out
  std::uint64_t stored_ = 0;    // of them stored rather than holes
  std::uint64_t mapped_ = 0;    // what the sparse map says is stored
  std::uint64_t holes_ = 0;     // zeros to hand out before pending_
  byte_view pending_;
};

}  // namespace knowngood
