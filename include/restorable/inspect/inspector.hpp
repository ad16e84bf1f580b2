// inspector: detects what a stream is, verifies it as such, and follows whatever nests in it, in one pass.
//
// Layer: inspect. Findings and facts go to a sink. A member that is damaged is a finding, and the next member is read; a
// container that is damaged ends with the finding that says so.
//   inspector look{bounds, out};
//   inspection result = look.inspect(std::move(file), location{"full_system.tar.gz"}, size);
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "restorable/archive/tar_reader.hpp"
#include "restorable/base/checks.hpp"
#include "restorable/base/error.hpp"
#include "restorable/base/limits.hpp"
#include "restorable/codec/detect.hpp"
#include "restorable/git/bundle.hpp"
#include "restorable/hash/digest.hpp"
#include "restorable/inspect/data_directory_watch.hpp"
#include "restorable/inspect/detect_content.hpp"
#include "restorable/inspect/facts.hpp"
#include "restorable/inspect/name_claims.hpp"
#include "restorable/io/borrowed.hpp"
#include "restorable/io/drain.hpp"
#include "restorable/io/lookahead.hpp"
#include "restorable/io/observed.hpp"
#include "restorable/io/read_ahead.hpp"
#include "restorable/postgres/dump_check.hpp"

namespace restorable {

/// What a stream turned out to be.
struct inspection {
  std::string kind;                          ///< outermost first: `gzip > postgres-plain-dump`
  content innermost = content::empty;        ///< the last of `kind`
  bool carries_checksum = false;             ///< damage anywhere in its bytes would have shown
};

struct inspection_options {
  /// Members for which this says true are an application's own files (those of a Docker volume, say): damage inside them
  /// is a warning, for the backup has kept them as they were.
  std::function<bool(const location&)> application_data;
  /// Streams of at least this many bytes are inflated on threads of their own.
  std::uint64_t overlap_from = std::uint64_t{1} << 20;
};

/// True for the names that checksum lists go by: `checksums.txt`, `SHA256SUMS`, `x.sha256`, ….
inline bool is_checksum_list_name(std::string_view name) {
  name = name.substr(name.rfind('/') + 1);
  for (const std::string_view ending : {".sha256", ".sha512", ".sha1", ".sha224", ".sha384", ".md5", ".b2", ".blake2",
                                        ".sha256sum", ".md5sum", ".sha512sum", "SUMS", "SUMS.txt", "sums.txt", "SUM",
                                        ".sum", "checksums", "CHECKSUMS", "CHECKSUM", "checksum.txt"}) {
    if (name.ends_with(ending)) return true;
  }
  return false;
}

/// True for the names that manifests go by: `MANIFEST.txt`, `models_…_manifest.json`, `config_…_manifest.txt`.
inline bool is_manifest_name(std::string_view name) {
  name = name.substr(name.rfind('/') + 1);
  return name == "MANIFEST.txt" || name == "MANIFEST" || name.ends_with("_manifest.json") ||
         name.ends_with("_manifest.txt") || name.ends_with(".manifest.json") || name == "manifest.json";
}

class inspector {
 public:
  /// `out` outlives this object.
  inspector(const limits& bounds, sink& out, inspection_options options = {})
      : bounds_{bounds}, out_{out}, options_{std::move(options)} {}

  /// Verifies one artifact. `size`: its stored bytes, where known. `claims`: what its name says; content that is not
  /// recognised is read as what the name claims, so that a damaged beginning is found for what it is. Throws
  /// `stream_error` when the artifact itself is damaged beyond reading on, `environment_error` when it cannot be checked;
  /// both are for the caller to record.
  inspection inspect(std::unique_ptr<source> from, const location& where, std::optional<std::uint64_t> size,
                     const name_claims& claims = {}) {
    stored_ = size;
    return inspect_stream(std::move(from), where, size, {out_, 0, 0}, claims);
  }

  /// Bytes of all layers expanded so far.
  [[nodiscard]] std::uint64_t expanded_bytes() const noexcept { return expanded_.load(std::memory_order_relaxed); }
  /// Members of all archives so far.
  [[nodiscard]] std::uint64_t members() const noexcept { return members_; }

 private:
  // Where in the nesting a stream stands, and who hears of it.
  struct place {
    sink& out;
    std::uint32_t layers = 0;    // containers of any kind around it
    std::uint32_t archives = 0;  // those that are archives
  };

  inspection inspect_stream(std::unique_ptr<source> from, const location& where, std::optional<std::uint64_t> size,
                            const place& at, const name_claims& claims) {
    if (at.layers > bounds_.nesting_depth) {
      throw_limit_exceeded(where, "nesting_depth", bounds_.nesting_depth, at.layers);
    }
    auto head = std::make_unique<lookahead>(std::move(from));
    const byte_view first = head->peek(content_head_bytes);
    const compression how = claimed_compression(first, claims);
    const content kind = how != compression::none ? content::compressed : claimed_content(first, claims);
    inspection result{std::string{to_string(kind)}, kind, kind == content::git_bundle};
    switch (kind) {
      case content::empty:
        drain(*head);  // a stream that fails at its first byte is not empty
        at.out.report(make_finding(checks::file_empty, where,
                                   at.layers == 0 ? "the file is empty" : "the content is empty", "at least one byte",
                                   "0 bytes"));
        break;
      case content::compressed:
        return inspect_compressed(std::move(head), how, where, size, at, claims);
      case content::tar: inspect_tar(std::move(head), where, at); break;
      case content::plain_dump: inspect_dump(std::move(head), where, at); break;
      case content::git_bundle: inspect_bundle(*head, where, at); break;
      case content::dump_archive:
        drain(*head);
        at.out.unchecked(where, "an archive of pg_dump's custom format is not looked into",
                         "rely on its checksum file, and prove it with pg_restore into a scratch server");
        break;
      case content::error_text:
        at.out.report(make_finding(checks::dump_error_text, where, "the content is a program's error message",
                                   "a backup", printable(chars(first.first(std::min<std::size_t>(first.size(), 120))))));
        drain(*head);
        break;
      case content::checksum_list:
      case content::json:
      case content::text:
      case content::binary: drain(*head); break;
    }
    return result;
  }

  static bool unrecognised(content kind) noexcept {
    return kind == content::binary || kind == content::text || kind == content::json || kind == content::checksum_list;
  }

  static compression claimed_compression(byte_view first, const name_claims& claims) {
    const compression how = detect_compression(first);
    return how == compression::none && unrecognised(detect_content(first)) ? claims.how : how;
  }

  // A claim of SQL is not forced on text: scripts by hand are named .sql too.
  static content claimed_content(byte_view first, const name_claims& claims) {
    const content kind = detect_content(first);
    if (!unrecognised(kind) || !claims.inner || claims.how != compression::none) return kind;
    return *claims.inner == content::plain_dump ? kind : *claims.inner;
  }

  static std::string_view chars(byte_view bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  inspection inspect_compressed(std::unique_ptr<source> from, compression how, const location& where,
                                std::optional<std::uint64_t> size, const place& at, const name_claims& claims) {
    const bool overlap = !size || *size >= options_.overlap_from;
    // A member's digest and its inflating are two stages; an artifact's digest is the caller's, on its own thread.
    if (overlap && at.archives > 0) from = std::make_unique<read_ahead>(std::move(from));
    const std::unique_ptr<source> plain = decompressed(std::move(from), how, where, at.out);
    std::unique_ptr<source> inner = observe(borrow(*plain), [this, &where](byte_view chunk) { count(chunk, where); });
    if (overlap) inner = std::make_unique<read_ahead>(std::move(inner));
    inspection result = inspect_stream(std::move(inner), where, std::nullopt, {at.out, at.layers + 1, at.archives},
                                       {compression::none, claims.inner});
    result.kind = fmt::format("{} > {}", to_string(how), result.kind);
    result.carries_checksum |= has_content_check(*plain, how);
    return result;
  }

  void count(byte_view chunk, const location& where) {
    const std::uint64_t total = expanded_.fetch_add(chunk.size(), std::memory_order_relaxed) + chunk.size();
    if (total > bounds_.expanded_bytes) throw_limit_exceeded(where, "expanded_bytes", bounds_.expanded_bytes, total);
    constexpr std::uint64_t first_gibibyte = std::uint64_t{1} << 30;
    if (stored_ && total > first_gibibyte && total / bounds_.expansion_ratio > *stored_) {
      throw_limit_exceeded(where, "expansion_ratio", bounds_.expansion_ratio, total / std::max<std::uint64_t>(*stored_, 1));
    }
  }

  static void inspect_dump(std::unique_ptr<source> from, const location& where, const place& at) {
    const dump_summary summary = check_plain_dump(std::move(from), where, at.out);
    const auto property = [&](std::string_view name, std::string value) {
      if (!value.empty()) at.out.learn(property_fact{where, std::string{name}, std::move(value)});
    };
    property("server_version", summary.server_version);
    property("dump_version", summary.dump_version);
    property("encoding", summary.encoding);
    property("objects", fmt::format("{}", summary.objects));
    for (const auto& table : summary.tables) {
      table_fact fact{table.database.empty() ? where : where / table.database, table.name,
                      table.rows.rows() + table.inserted, std::nullopt};
      if (table.inserted == 0) fact.fingerprint = table.rows.fingerprint();
      at.out.learn(std::move(fact));
    }
  }

  void inspect_bundle(source& from, const location& where, const place& at) const {
    const bundle_summary summary = read_bundle(from, where, bounds_, at.out);
    at.out.learn(property_fact{where, "objects", fmt::format("{}", summary.pack.objects)});
    at.out.learn(property_fact{where, "object_format", std::string{to_string(summary.format)}});
    for (const auto& ref : summary.refs) at.out.learn(ref_fact{where, ref.name, ref.object});
    if (summary.unproven_refs > 0) {
      at.out.report(make_finding(checks::bundle_ref_unproven, where,
                                 fmt::format("{} of {} refs may point to objects that are stored as unresolved deltas",
                                             summary.unproven_refs, summary.refs.size())));
    }
  }

  void inspect_tar(std::unique_ptr<source> from, const location& where, const place& at) {
    tar_reader reader{std::move(from), where, bounds_, at.out};
    data_directory_watch watch;
    while (const tar_member* member = reader.next()) {
      ++members_;
      member_fact fact{where / member->name, member->name,     member_type_of(member->type), member->size,
                       member->modified,     member->mode,     std::nullopt,                 {}};
      if (member->type == entry_type::file || (member->type == entry_type::hard_link && member->size > 0)) {
        inspect_member(reader.body(), fact, watch, at);
      }
      if (at.archives == 0) at.out.learn(std::move(fact));
    }
    watch.finish(where, at.out);
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
  void inspect_member(source& body, member_fact& fact, data_directory_watch& watch, const place& at) {
    const bool outermost = at.archives == 0;
    std::optional<digest> sha256;
    if (outermost) sha256.emplace(digest_algorithm::sha256());
    lookahead whole{observe(borrow(body), [&](byte_view chunk) {
      if (sha256) sha256->update(chunk);
    })};
    const auto interest = watch.member(fact.name);
    const byte_view head = whole.peek(content_head_bytes);
    content kind = detect_content(head);
    // Zero blocks are an empty archive by themselves; among an archive's members they are far likelier zero pages.
    if (kind == content::tar && is_zero(head) && claims_of(fact.name).inner != content::tar) kind = content::binary;
    fact.kind = to_string(kind);
    const bool keep = outermost && kind != content::compressed && fact.size <= bounds_.list_bytes &&
                      (is_checksum_list_name(fact.name) || is_manifest_name(fact.name));
    if (interest != data_directory_watch::interest::none && fact.size <= control_file::file_bytes * 8) {
      watch.content(fact.name, interest, read_all(whole, fact.where, bounds_.list_bytes));
    } else if (keep) {
      at.out.learn(embedded_text_fact{fact.where, fact.name, read_all(whole, fact.where, bounds_.list_bytes)});
    } else if (is_container(kind) || (outermost && unrecognised(kind) && claims_of(fact.name).inner)) {
      inspect_nested(whole, fact, at);
    }
    drain(whole);
    if (sha256) fact.sha256 = sha256->finish();
  }

  static bool is_zero(byte_view bytes) noexcept {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
  }

  static bool is_container(content kind) noexcept {
    return kind == content::compressed || kind == content::tar || kind == content::plain_dump ||
           kind == content::git_bundle || kind == content::dump_archive;
  }

  // As if the member stood alone. Its own damage is recorded here; the archive's comes back when the member is drained.
  void inspect_nested(source& whole, member_fact& fact, const place& at) {
    softened soft{at.out, fact.where};
    const bool soften = options_.application_data && options_.application_data(fact.where);
    const place inside{soften ? static_cast<sink&>(soft) : at.out, at.layers + 1, at.archives + 1};
    try {
      const name_claims claims = at.archives == 0 ? claims_of(fact.name) : name_claims{};
      fact.kind = inspect_stream(borrow(whole), fact.where, fact.size, inside, claims.inner ? claims : name_claims{}).kind;
    } catch (const stream_error& error) {
      inside.out.report(error.as_finding());
    } catch (const environment_error& error) {
      inside.out.unchecked(error.where(), error.what(), error.advice());
    }
  }

  // Hands findings on, errors within `inside` as warnings.
  class softened final : public sink {
   public:
    softened(sink& out, location inside) : out_{out}, inside_{std::move(inside)} {}

    void report(finding what) override {
      const auto& chain = what.where.chain();
      const auto& outer = inside_.chain();
      if (what.severity == severity::error && chain.size() >= outer.size() &&
          std::equal(outer.begin(), outer.end(), chain.begin())) {
        what.severity = severity::warning;
      }
      out_.report(std::move(what));
    }
    void learn(property_fact fact) override { out_.learn(std::move(fact)); }
    void learn(table_fact fact) override { out_.learn(std::move(fact)); }
    void learn(ref_fact fact) override { out_.learn(std::move(fact)); }
    void learn(member_fact fact) override { out_.learn(std::move(fact)); }
    void learn(embedded_text_fact fact) override { out_.learn(std::move(fact)); }
    void unchecked(location, std::string, std::string) override {}  // nothing of the backup is left unchecked

   private:
    sink& out_;
    location inside_;
  };

  limits bounds_;
  sink& out_;
  inspection_options options_;
  std::optional<std::uint64_t> stored_;
  std::atomic<std::uint64_t> expanded_{0};
  std::uint64_t members_ = 0;
};

}  // namespace restorable
