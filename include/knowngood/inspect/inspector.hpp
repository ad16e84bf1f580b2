// inspector: detects what a stream is, verifies it as such, and follows whatever nests in it, in one pass.
//
// Layer: inspect. Findings and facts go to a sink. A member that is damaged is a finding, and the next member is read;
// a container that is damaged ends with the finding that says so. Above 400 lines: one recursion, in which a stream
// leads to members, and these are streams; what each kind comes to stands in headers of its own.
//   inspector look{bounds, out};
//   inspection result = look.inspect(std::move(file), location{"full_system.tar.gz"}, size);
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/archive/library_reader.hpp"
#include "knowngood/archive/tar_reader.hpp"
#include "knowngood/archive/zip_reader.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/expansion.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/guarded.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/codec/detect.hpp"
#include "knowngood/git/bundle.hpp"
#include "knowngood/hash/digest.hpp"
#include "knowngood/inspect/data_directory_watch.hpp"
#include "knowngood/inspect/detect_content.hpp"
#include "knowngood/inspect/dump_files_watch.hpp"
#include "knowngood/inspect/facts.hpp"
#include "knowngood/inspect/held_findings.hpp"
#include "knowngood/inspect/inspect_bundle.hpp"
#include "knowngood/inspect/inspect_dump.hpp"
#include "knowngood/inspect/inspection.hpp"
#include "knowngood/inspect/late_dumps.hpp"
#include "knowngood/inspect/list_names.hpp"
#include "knowngood/inspect/members_found.hpp"
#include "knowngood/inspect/members_seen.hpp"
#include "knowngood/inspect/name_claims.hpp"
#include "knowngood/inspect/promise.hpp"
#include "knowngood/inspect/promised_name.hpp"
#include "knowngood/inspect/recognise_content.hpp"
#include "knowngood/inspect/redis_snapshot.hpp"
#include "knowngood/inspect/sqlite_database.hpp"
#include "knowngood/io/borrowed.hpp"
#include "knowngood/io/drain.hpp"
#include "knowngood/io/lookahead.hpp"
#include "knowngood/io/observed.hpp"
#include "knowngood/io/random_access.hpp"
#include "knowngood/io/read_ahead.hpp"
#include "knowngood/postgres/dump_archive_script.hpp"

namespace knowngood {

struct inspection_options {
  /// Members for which this says true are an application's own files (those of a Docker volume, say), whatever they
  /// look like: nothing in them is more than a note, for the backup has kept them as they were.
  std::function<bool(const location&)> application_data;
  /// Streams of at least this many bytes are inflated on threads of their own.
  std::uint64_t overlap_from = std::uint64_t{1} << 20;
  /// Asked: `interrupted` is thrown, within a second.
  stop_flag stop = {};
  /// Encrypted content is what is expected: a note rather than a reason for `unchecked`.
  bool opaque_accepted = false;
  /// The artifact is a full backup: its members are backups of their own.
  bool full_backup = false;
  /// Opens the artifact's stored bytes a second time, for formats whose directory stands at their end; none: such an
  /// archive is read only where memory may hold it.
  std::function<std::unique_ptr<random_access>()> reopen = {};
};

class inspector {
 public:
  /// `out` outlives this object.
  inspector(const limits& bounds, sink& out, inspection_options options = {})
      : bounds_{bounds}, out_{out}, options_{std::move(options)}, grown_{bounds, options_.stop} {}

  /// Verifies one artifact. `size`: its stored bytes, where known. `claims`: what its name says; content that is not
  /// recognised is read as what the name claims, so that a damaged beginning is found for what it is. Throws
  /// `stream_error` when the artifact itself is damaged beyond reading on, `environment_error` when it cannot be
  /// checked; both are for the caller to record.
  inspection inspect(std::unique_ptr<source> from, const location& where, std::optional<std::uint64_t> size,
                     const name_claims& claims = {}) {
    grown_.begin(size);
    inspection seen = inspect_stream(std::move(from), where, size, {out_}, claims);
    if (!late_.empty()) read_late_dumps(where, size, claims);
    return seen;
  }

  /// Verifies a backup that is stored as a directory, as if it were an archive of it. `members` outlives the call.
  inspection inspect_directory(member_reader& members, const location& where) {
    const place at{out_};
    inspection result;
    result.innermost = content::archive;
    result.kind = "directory";
    detail::judge_emptiness(inspect_members(members, where, at, false, result), checks::archive_empty, where, out_);
    if (result.dump_in_tar) {
      result.innermost = content::dump_archive;
      result.kind = fmt::format("directory > {}", to_string(content::dump_archive));
    }
    return result;
  }

  /// Bytes of all layers expanded so far.
  [[nodiscard]] std::uint64_t expanded_bytes() const noexcept { return grown_.bytes(); }
  /// Members of all archives so far.
  [[nodiscard]] std::uint64_t members() const noexcept { return members_; }

 private:
  // Once more, with what the first reading came upon too late.
  void read_late_dumps(const location& where, std::optional<std::uint64_t> size, const name_claims& claims) {
    const std::vector<detail::late_dump> dumps = std::move(late_);
    detail::rows_of_late_dumps rows{dumps, out_};
    inspector again{bounds_, rows, options_};
    again.known_ = &dumps;
    const std::unique_ptr<random_access> stored = options_.reopen();
    again.inspect(std::make_unique<source_from>(*stored, 0), where, size, claims);
  }

  // Of a second reading: whether there is nothing in the member that it is for.
  [[nodiscard]] bool is_passed_over(const location& member) const {
    return known_ != nullptr && std::none_of(known_->begin(), known_->end(), [&](const detail::late_dump& one) {
             return detail::lies_in(one.archive, member);
           });
  }

  // Where in the nesting a stream stands, and who hears of it.
  struct place {
    sink& out;
    std::uint32_t layers = 0;      // containers of any kind around it
    std::uint32_t archives = 0;    // those that are archives
    bool promised = true;          // a backup has to be here
    content* innermost = nullptr;  // told what was recognised last, should reading fail behind it
  };
  static constexpr std::uint64_t most_buffered = std::uint64_t{64} << 20;  // of an archive that takes seeking
  static constexpr std::uint64_t most_walked = std::uint64_t{4} << 30;     // of one member's holes

  inspection inspect_stream(std::unique_ptr<source> from, const location& where, std::optional<std::uint64_t> size,
                            const place& at, const name_claims& claims) {
    if (at.layers > bounds_.nesting_depth) {
      throw_limit_exceeded(where, "nesting_depth", bounds_.nesting_depth, at.layers);
    }
    auto head = std::make_unique<lookahead>(std::move(from));
    const content seen = detail::seen_content(*head, claims, at.promised, at.archives == 0);
    const byte_view first = detail::content_head(*head);
    const compression how = detail::claimed_compression(first, seen, claims);
    const content kind = how != compression::none ? content::compressed : detail::claimed_content(first, seen, claims);
    if (at.innermost != nullptr) *at.innermost = kind;
    inspection result;
    result.kind = kind_name(kind, first);
    result.innermost = kind;
    result.carries_checksum = kind == content::git_bundle;
    if (kind == content::text || kind == content::json || kind == content::checksum_list) {
      result.beginning = detail::chars_of(first.first(std::min<std::size_t>(first.size(), 120)));
      result.beginning.resize(std::min(result.beginning.size(), result.beginning.find_first_of("\r\n")));
    }
    switch (kind) {
      case content::empty:
        drain(*head);  // a stream that fails at its first byte is not empty
        if (!at.promised) break;
        at.out.report(make_finding(checks::file_empty, where,
                                   at.layers == 0 ? "the file is empty" : "the content is empty", "at least one byte",
                                   "0 bytes"));
        break;
      case content::compressed: return inspect_compressed(std::move(head), how, where, size, at, claims);
      case content::tar: inspect_tar(std::move(head), where, at, result); break;
      case content::archive:
        result.carries_checksum = inspect_archive(std::move(head), detect_archive(first), where, at, result);
        break;
      case content::sqlite: read_sqlite_database(*head, where, at.out); break;
      case content::redis: result.carries_checksum = read_redis_snapshot(*head, where, at.out).has_crc; break;
      case content::opaque:
        drain(*head);
        report_opaque(where, fmt::format("encrypted ({}); it cannot be looked into", result.kind), at);
        break;
      case content::plain_dump: detail::inspect_dump(std::move(head), where, at.out); break;
      case content::git_bundle: result.unproven |= inspect_bundle(*head, where, at); break;
      case content::dump_archive: inspect_dump_archive(std::move(head), where, size, at); break;
      case content::error_text:
        if (at.promised) detail::report_no_dump(first, where, at.out);
        drain(*head);
        break;
      case content::utf16_text:
        if (at.promised) detail::report_utf16(first, where, claims, at.out);
        drain(*head);
        break;
      case content::checksum_list:
      case content::json:
      case content::text:
        if (claims.inner == content::plain_dump && at.promised) detail::report_no_dump(first, where, at.out);
        drain(*head);
        break;
      case content::sql_script:
        if (claims.inner == content::plain_dump && at.promised) detail::report_no_statements(*head, where, at.out);
        drain(*head);
        break;
      case content::binary: drain(*head); break;
    }
    return result;
  }

  void report_opaque(const location& where, std::string message, const place& at) const {
    if (!at.promised) return;
    if (options_.opaque_accepted) {
      at.out.report(make_finding(checks::file_opaque, where, std::move(message)));
    } else {
      at.out.unchecked(
          where, std::move(message),
          "rehearse its restore by hand; a policy accepts it with content = \"opaque\" and a checksum file");
    }
  }

  inspection inspect_compressed(std::unique_ptr<source> from, compression how, const location& where,
                                std::optional<std::uint64_t> size, const place& at, const name_claims& claims) {
    const bool overlap = !size || *size >= options_.overlap_from;
    // A member's digest and its inflating are two stages; an artifact's digest is the caller's, on its own thread.
    if (overlap && at.archives > 0) from = std::make_unique<read_ahead>(std::move(from));
    const std::unique_ptr<source> plain = decompressed(std::move(from), how, where, at.out);
    std::unique_ptr<source> inner =
        observe(borrow(*plain), [this, &where](byte_view chunk) { grown_.count(chunk.size(), where); });
    if (overlap) inner = std::make_unique<read_ahead>(std::move(inner));
    inspection result = inspect_stream(std::move(inner), where, std::nullopt,
                                       {at.out, at.layers + 1, at.archives, at.promised, at.innermost},
                                       {compression::none, claims.inner});
    result.kind = fmt::format("{} > {}", to_string(how), result.kind);
    result.carries_checksum |= has_content_check(*plain, how);
    return result;
  }

  // As the script that it stands for; making that and reading it are two stages.
  void inspect_dump_archive(std::unique_ptr<source> from, const location& where, std::optional<std::uint64_t> size,
                            const place& at) {
    std::unique_ptr<source> script =
        observe(std::make_unique<dump_archive_script>(std::move(from), where, bounds_, at.out),
                [this, &where](byte_view chunk) { grown_.count(chunk.size(), where); });
    if (!size || *size >= options_.overlap_from) script = std::make_unique<read_ahead>(std::move(script));
    detail::inspect_dump(std::move(script), where, at.out);
  }

  // Read again where that can be; what is read once may hold more of it in memory.
  bool inspect_bundle(source& from, const location& where, const place& at) const {
    constexpr std::size_t held_where_read_once = std::size_t{64} << 20U;
    bundle_options how;
    how.stop = options_.stop;
    std::unique_ptr<random_access> stored;
    if (at.layers == 0 && options_.reopen) {
      stored = options_.reopen();
      how.stored = stored.get();
    } else {
      how.held_bytes = held_where_read_once;
    }
    return detail::inspect_bundle(from, where, bounds_, how, at.out);
  }

  void inspect_tar(std::unique_ptr<source> from, const location& where, const place& at, inspection& result) {
    tar_reader reader{std::move(from), where, bounds_, at.out, !at.promised};
    const detail::members_seen seen = inspect_members(reader, where, at, false, result);
    if (result.dump_in_tar) result.kind = dump_in_tar_kind;
    if (const auto& records = reader.incremental(); records.any) {
      at.out.learn(property_fact{where, "incremental", fmt::format("{} files in earlier archives", records.absent)});
      if (records.absent > 0) return;  // what it holds is not all there is
    }
    if (at.promised) detail::judge_emptiness(seen, checks::tar_empty, where, at.out);
  }

  // True when a checksum of the format vouches for the content of all members.
  bool inspect_archive(std::unique_ptr<source> from, archive_kind format, const location& where, const place& at,
                       inspection& result) {
    std::unique_ptr<random_access> stored;
    std::unique_ptr<member_reader> reader;
    if (format == archive_kind::zip) {
      reader = std::make_unique<zip_reader>(std::move(from), where, bounds_, at.out);
    } else if (!library_reader::needs_random_access(format)) {
      reader = std::make_unique<library_reader>(format, std::move(from), where, bounds_, at.out);
    } else {
      if (at.layers == 0 && options_.reopen) {
        stored = options_.reopen();
        drain(*from);
      } else if (std::optional<std::string> bytes = read_at_most(*from, most_buffered)) {
        stored = std::make_unique<memory_random_access>(std::move(*bytes));
      } else {
        drain(*from);
        if (at.promised) {
          at.out.unchecked(where,
                           fmt::format("a {} archive of more than {} bytes inside of another is not looked into",
                                       to_string(format), most_buffered),
                           "store it as a file of its own");
        }
        return false;
      }
      reader = std::make_unique<library_reader>(format, *stored, where, bounds_, at.out);
    }
    detail::members_seen seen = inspect_members(*reader, where, at, true, result);
    seen.files -= std::min(seen.files, reader->links());
    if (at.promised) detail::judge_emptiness(seen, checks::archive_empty, where, at.out);
    return reader->carries_checksum();
  }

  static std::optional<std::string> read_at_most(source& from, std::uint64_t most) {
    std::string bytes;
    for (byte_view chunk = from.next(); !chunk.empty(); chunk = from.next()) {
      if (bytes.size() + chunk.size() > most) return std::nullopt;
      bytes.append(detail::chars_of(chunk));
    }
    return bytes;
  }

  // `unpacked`: whether the members' content is more than the stream that holds them.
  detail::members_seen inspect_members(member_reader& reader, const location& where, const place& at, bool unpacked,
                                       inspection& result) {
    detail::members_found found{at.out, at.archives == 0 && options_.full_backup, bounds_, where};
    detail::members_seen seen;
    if (known_ != nullptr) {
      for (const auto& dump : *known_) {
        if (dump.archive == where) found.dumps.resume(dump.contents, dump.dump);
      }
    }
    try {
      seen = read_members(reader, where, at, unpacked, found, result);
      const auto sink_of = [&](const std::string& toc) { return found.held.within(toc, is_foreign(where / toc)); };
      const auto again = [&](const std::string& contents, const location& of, dump_files_watch::dump dump) {
        if (known_ != nullptr || !options_.reopen) return false;
        late_.push_back({where, contents, of, std::move(dump)});
        return true;
      };
      for (auto& dump : found.dumps.finish(where, sink_of, again)) inspect_rest_of_dump(std::move(dump), sink_of);
    } catch (...) {
      found.release();  // by what was seen up to here
      throw;
    }
    found.release();
    result.full_backup = found.structure.is_full_backup();
    hand_on_texts(where, at, found);
    if (result.full_backup && !found.structure.left_out().empty()) {
      at.out.unchecked(where / found.structure.left_out().front(),
                       "the full backup holds more or longer lists than are held in memory: from this one on they were "
                       "not compared",
                       fmt::format("raise the limit: --limit list_bytes={}", bounds_.list_bytes * 4));
    }
    for (const auto& toc : found.dumps.names()) result.dump_in_tar |= found.structure.at_top(toc);
    return seen;
  }

  // The outermost archive's members were told of one by one.
  void hand_on_texts(const location& where, const place& at, detail::members_found& found) {
    std::vector<embedded_text_fact> texts = found.take_texts_at_top();
    if (at.archives == 0) {
      for (auto& text : texts) at.out.learn(std::move(text));
      return;
    }
    if (!found.structure.is_full_backup() || texts.empty()) return;
    nested_backup_fact backup{where, std::move(found.members), std::move(texts), found.all_members};
    // Many of them are bounded together.
    constexpr std::uint64_t archives = 4;
    if (nested_members_ + backup.members.size() > archives * bounds_.compared_members) {
      backup.members = {};
      backup.complete = false;
    }
    nested_members_ += backup.members.size();
    for (auto& member : backup.members) member.where = where / member.name;
    at.out.learn(std::move(backup));
  }

  detail::members_seen read_members(member_reader& reader, const location& where, const place& at, bool unpacked,
                                    detail::members_found& found, inspection& result) {
    detail::members_seen seen;
    std::string unreadable;
    while (const tar_member* member = reader.next()) {
      options_.stop.throw_if_requested();
      ++members_;
      ++seen.all;
      member_fact fact{where / member->name,
                       member->name,
                       member_type_of(member->type),
                       member->size,
                       member->modified,
                       member->mode,
                       std::nullopt,
                       {},
                       member->link_target};
      const auto interest = found.databases.member(member->name, member->type, member->size, member->link_target);
      found.dumps.member(member->name, member->type, member->size);
      if (!member->unreadable.empty()) {
        if (seen.unreadable++ == 0) unreadable = fmt::format("{} is {}", printable(member->name), member->unreadable);
        ++seen.files;
        fact.kind = to_string(content::opaque);
      } else if (member->type == entry_type::file || (member->type == entry_type::hard_link && member->size > 0)) {
        ++seen.files;
        try {
          if (holes_are_walked(*member, fact, at)) inspect_member(reader.body(), fact, interest, at, unpacked, found);
        } catch (const stream_error& error) {
          at.out.report(error.as_finding());  // whether reading goes on is the reader's to say
          fact.kind = "damaged";
          fact.sha256 = std::nullopt;
        }
        seen.bytes += fact.size;
      }
      if (at.archives == 0) {
        at.out.learn(std::move(fact));
      } else {
        found.remember(std::move(fact), bounds_.compared_members);
      }
    }
    detail::findings_by_member neighbours{found.held, options_.application_data, where};
    found.parts.resolve(neighbours);
    result.unproven |= found.unproven;
    if (seen.unreadable == 0) {
      result.missing = found.databases.finish(where, at.out);
      result.held = found.databases.held();
    }
    if (seen.unreadable > 0) {
      report_opaque(
          where, fmt::format("{} of {} members cannot be looked into: {}", seen.unreadable, seen.all, unreadable), at);
    }
    return seen;
  }

  // Holes take no place where they are stored, and all the time there is where they are read: they count as what they
  // expand to, and beyond some size only the member's stored bytes are read.
  bool holes_are_walked(const tar_member& member, member_fact& fact, const place& at) {
    if (member.holes == 0) return true;
    grown_.count(member.holes, fact.where);
    if (member.holes <= most_walked) return true;
    at.out.report(make_finding(checks::tar_holes, fact.where, "the holes of a sparse file were not read",
                               fmt::format("at most {} bytes", most_walked), fmt::format("{} bytes", member.holes)));
    fact.kind = to_string(content::binary);
    fact.undigested = true;
    return false;
  }

  static member_type member_type_of(entry_type type) noexcept {
    switch (type) {
      case entry_type::file: return member_type::file;
      case entry_type::directory: return member_type::directory;
      case entry_type::symlink: return member_type::symlink;
      case entry_type::hard_link: return member_type::hard_link;
      default: return member_type::other;
    }
  }

  // Reads the member to its end, whatever is found in it. Throws only what the archive itself fails with.
  void inspect_member(source& body, member_fact& fact, data_directory_watch::interest interest, const place& at,
                      bool unpacked, detail::members_found& found) {
    const bool wanted = found.structure.begins(fact.name, fact.size);
    std::optional<digest> sha256;
    if (at.archives == 0 || found.structure.may_be_listed(fact.name, fact.size))
      sha256.emplace(digest_algorithm::sha256());
    std::uint64_t size = 0;
    lookahead whole{observe(borrow(body), [&](byte_view chunk) {
      if (unpacked) {
        grown_.count(chunk.size(), fact.where);
      } else {
        options_.stop.throw_if_requested();
      }
      size += chunk.size();
      if (sha256) sha256->update(chunk);
    })};
    const byte_view head = detail::content_head(whole);
    content kind = detect_content(head);
    // Zero blocks are an empty archive by themselves; among an archive's members they are far likelier zero pages.
    if (kind == content::tar && detail::all_zero(head) && claims_of(fact.name).inner != content::tar)
      kind = content::binary;
    const bool promised = promises_backup(fact.name);
    fact.kind = kind_name(kind, head);
    content innermost = kind;
    if (is_dump_contents(fact.name, head)) {
      innermost = content::dump_archive;
      if (known_ == nullptr) inspect_dump_contents(whole, fact, found);
    } else if (interest != data_directory_watch::interest::none && fact.size <= data_directory::most_bytes(interest) &&
               !detail::is_container(kind)) {
      found.databases.content(interest, read_all(whole, fact.where, bounds_.list_bytes));
    } else if (wanted && kind != content::compressed) {
      std::string text = read_all(whole, fact.where, bounds_.list_bytes);
      found.structure.text(fact.name, text);
      found.texts.push_back({fact.where, fact.name, std::move(text)});
    } else if (auto data = found.dumps.data_of(fact.name)) {
      inspect_dump_data(whole, fact, std::move(*data), found);
    } else if (found.dumps.is_large_object_list(fact.name)) {
      inspect_large_object_list(whole, fact, found);
    } else if (is_passed_over(fact.where)) {
      // to its end, below
    } else if (found.dumps.is_script_of_one(fact.name)) {
      innermost = content::text;
    } else if (detail::is_container(kind) || kind == content::opaque || (promised && kind == content::empty) ||
               (!detail::is_recognised(kind) && claims_of(fact.name).any())) {
      innermost = inspect_nested(whole, fact, at, found, kind);
    }
    found.structure.ends(fact.name, kind, innermost);
    drain(whole);
    fact.size = size;
    if (sha256) fact.sha256 = sha256->finish();
  }

  [[nodiscard]] bool is_foreign(const location& member) const {
    return options_.application_data && options_.application_data(member);
  }

  // What else belongs to the dump lies beside its table of contents.
  void inspect_dump_contents(source& whole, const member_fact& fact, detail::members_found& found) {
    held_findings::member_sink out = found.held.within(fact.name, is_foreign(fact.where));
    guarded_in_member(fact, out,
                      [&] { found.dumps.contents(fact.name, read_dump_contents(whole, fact.where, bounds_)); });
  }

  // As a script of these rows alone, with what the dump sets up for them.
  void inspect_dump_data(source& whole, const member_fact& fact, dump_files_watch::data_member data,
                         detail::members_found& found) {
    held_findings::member_sink out = found.held.within(fact.name, is_foreign(fact.where));
    guarded_in_member(fact, out, [&] {
      const location where = dump_files_watch::where_of_folder(found.where, data.folder);
      std::unique_ptr<source> content = decompressed(borrow(whole), data.how, fact.where, out);
      open_dump_file files;
      if (data.large_object) {
        std::string list = fmt::format("{} data\n", *data.large_object);
        files = [&, list](const std::string& name) -> std::unique_ptr<source> {
          if (name == "data") return std::move(content);
          return std::make_unique<memory_source>(list);
        };
        data.one.entries.back().file = "blobs.toc";
      } else {
        files = [&](const std::string&) { return std::move(content); };
      }
      std::unique_ptr<source> script =
          std::make_unique<dump_archive_script>(std::move(data.one), where, bounds_, out, std::move(files));
      detail::inspect_dump_data(
          observe(std::move(script), [this, &fact](byte_view chunk) { grown_.count(chunk.size(), fact.where); }), where,
          out);
    });
  }

  void inspect_large_object_list(source& whole, const member_fact& fact, detail::members_found& found) {
    held_findings::member_sink out = found.held.within(fact.name, is_foreign(fact.where));
    guarded_in_member(fact, out, [&] {
      found.dumps.large_object_list(
          fact.name, parse_large_object_list(read_all(whole, fact.where, bounds_.list_bytes), fact.where));
    });
  }

  template <typename SinkOf>
  void inspect_rest_of_dump(dump_files_watch::whole_dump dump, const SinkOf& sink_of) const {
    auto out = sink_of(dump.contents);
    guarded(dump.where, out, [&] {
      auto none = [](const std::string&) { return std::unique_ptr<source>{}; };
      detail::inspect_dump_without_data(
          std::make_unique<dump_archive_script>(std::move(dump.rest), dump.where, bounds_, out, none), dump.where,
          dump.has_data, out);
    });
  }

  // What the archive itself fails with comes back when the member is drained.
  template <typename Action>
  static void guarded_in_member(const member_fact& fact, sink& out, Action&& action) {
    guarded(
        fact.where,
        [&](finding one) {
          if (one.where.chain().size() >= fact.where.chain().size()) out.report(std::move(one));
        },
        [&](const unchecked_item& item) { out.unchecked(item.where, item.message, item.advice); },
        std::forward<Action>(action));
  }

  // As if the member stood alone. Its own damage is recorded here; the archive's comes back when the member is drained.
  // `kind`: as it begins. Gives the innermost content that was recognised.
  content inspect_nested(source& whole, member_fact& fact, const place& at, detail::members_found& found,
                         content kind) {
    const bool named_only = !detail::is_container(kind) && kind != content::opaque;
    const bool foreign = is_foreign(fact.where);
    held_findings::member_sink out = found.held.within(fact.name, foreign, named_only);
    content innermost = content::binary;
    // What is recognised and holds nothing, or hides it, is told of; of content it is no matter.
    const bool promised = promises_backup(fact.name) || claims_of(fact.name).what == promised_content::dump ||
                          kind == content::archive || kind == content::opaque;
    const place inside{out, at.layers + 1, at.archives + 1, promised, &innermost};
    try {
      inspection seen = inspect_stream(borrow(whole), fact.where, fact.size, inside, claims_of(fact.name));
      fact.kind = seen.kind;
      if (!foreign) found.unproven |= seen.unproven;
      finding_list broken;
      judge_promise(promise_of_name(fact.name), seen, fact.where, broken);
      for (auto& one : broken.snapshot()) found.held.broken_promise(fact.name, foreign, std::move(one));
      found.parts.add(fact.name, std::move(seen.missing), std::move(seen.held));
    } catch (const stream_error& error) {
      finding what = error.as_finding();
      // What the archive itself fails with comes back when the member is drained.
      if (what.where.chain().size() >= fact.where.chain().size()) out.report(std::move(what));
    } catch (const environment_error& error) {
      out.unchecked(error.where(), error.what(), error.advice());
    }
    return innermost;
  }

  limits bounds_;
  sink& out_;
  inspection_options options_;
  expansion grown_;
  std::uint64_t members_ = 0;
  std::uint64_t nested_members_ = 0;  // handed on with the full backups that they are members of
  std::vector<detail::late_dump> late_;
  const std::vector<detail::late_dump>* known_ = nullptr;  // of a reading again: what it is for
};

}  // namespace knowngood
