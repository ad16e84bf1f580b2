// verify_artifact: everything about one artifact, in one reading of it: digests, content down to the last nested byte,
// what its checksum file and manifest say.
//
// Layer: verify. The whole pipeline: file » progress » digests » [own thread] » inspector. Whatever goes wrong ends in the
// report of this artifact; nothing is thrown but `interrupted`.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/audit/report.hpp"
#include "restorable/base/checks.hpp"
#include "restorable/base/error.hpp"
#include "restorable/base/limits.hpp"
#include "restorable/hash/digest_set.hpp"
#include "restorable/inspect/inspector.hpp"
#include "restorable/io/borrowed.hpp"
#include "restorable/io/drain.hpp"
#include "restorable/io/file_source.hpp"
#include "restorable/io/observed.hpp"
#include "restorable/io/read_ahead.hpp"
#include "restorable/verify/archive_contents.hpp"
#include "restorable/verify/artifact_collector.hpp"
#include "restorable/verify/artifact_task.hpp"
#include "restorable/verify/listed_digests.hpp"
#include "restorable/verify/vouching.hpp"

namespace restorable {

/// The run was told to stop. Not an error: what was finished is reported, the rest is not.
struct interrupted {};

struct verify_options {
  limits bounds;
  const std::atomic<bool>* stop = nullptr;                 ///< when it turns true, `interrupted` is thrown
  std::function<void(std::uint64_t bytes)> on_bytes;       ///< stored bytes read; called from several threads
  std::uint64_t overlap_from = std::uint64_t{1} << 20;     ///< see inspection_options
};

namespace detail {

class artifact_verifier {
 public:
  artifact_verifier(const artifact_task& task, const verify_options& options)
      : task_{task}, options_{options}, where_{task.path == "-" ? "standard input" : task.path}, found_{options.bounds.compared_members} {}

  artifact_report run() {
    const auto started = std::chrono::steady_clock::now();
    result_.path = task_.path;
    result_.component = task_.component;
    result_.timestamp = task_.timestamp;
    result_.modified = task_.modified;
    result_.size = task_.size;
    for (const auto& known : task_.known) found_.report(known);
    read_checksum_files();
    read_artifact();
    if (whole_) check_vouching();
    if (inspected_) {
      check_kind();
      check_name();
      check_contents();
      check_protection();
    }
    check_secrets();
    found_.deliver(result_);
    result_.verdict = judge();
    result_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return std::move(result_);
  }

 private:
  template <typename Action>
  void guarded(Action&& action) {
    try {
      action();
    } catch (const stream_error& error) {
      found_.report(error.as_finding());
    } catch (const environment_error& error) {
      found_.unchecked(error.where(), error.what(), error.advice());
    }
  }

  void read_checksum_files() {
    std::vector<std::string> paths = task_.checksum_files;
    if (task_.promised_checksum && std::filesystem::exists(*task_.promised_checksum)) {
      paths.insert(paths.begin(), *task_.promised_checksum);
    }
    for (const auto& path : paths) {
      guarded([&] { checksum_files_.push_back(read_checksum_file(path, options_.bounds)); });
    }
    if (!checksum_files_.empty()) result_.checksum_file = checksum_files_.front().path();
  }

  [[nodiscard]] std::vector<digest_algorithm> wanted_digests() const {
    std::vector<digest_algorithm> wanted{digest_algorithm::sha256()};
    for (const auto& file : checksum_files_) {
      const auto want = [&](const checksum_entry& entry) {
        std::copy_if(entry.candidates.begin(), entry.candidates.end(), std::back_inserter(wanted), digest::supports);
      };
      for (const auto& line : file.lines_about(task_.path)) want(*line.entry);
      if (file.list().entries.size() == 1) want(file.list().entries.front());  // this artifact's, whatever name it gives
    }
    return wanted;
  }

  std::unique_ptr<file_source> open() const {
    if (task_.path == "-") return std::make_unique<file_source>(file_descriptor{::dup(0)}, where_);
    return std::make_unique<file_source>(task_.path, where_);
  }

  void read_artifact() {
    guarded([&] {
      std::unique_ptr<file_source> file = open();
      const std::optional<std::uint64_t> size = file->size();
      if (size) result_.size = size;
      digest_set digests{wanted_digests()};
      std::unique_ptr<source> stored = observe(std::move(file), [&](byte_view chunk) {
        if (options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed)) throw interrupted{};
        result_.bytes_read += chunk.size();
        if (options_.on_bytes) options_.on_bytes(chunk.size());
        digests.update(chunk);
      });
      if (!size || *size >= options_.overlap_from) stored = std::make_unique<read_ahead>(std::move(stored));
      inspector look{options_.bounds, found_, {task_.application_data, options_.overlap_from}};
      guarded([&] {
        const inspection seen = look.inspect(borrow(*stored), where_, size, claims_of(task_.path));
        result_.kind = seen.kind;
        seen_ = seen;
        inspected_ = true;
      });
      result_.bytes_expanded = look.expanded_bytes();
      result_.member_count = look.members();
      guarded([&] {  // to the end, whatever was found before it, for the digests of all of it
        drain(*stored);
        result_.digests = digests.finish();
        whole_ = true;
      });
    });
  }

  // What the checksum files say of the stored bytes.
  void check_vouching() {
    for (const auto& file : checksum_files_) {
      const std::string name = file.name();
      const auto lines = file.lines_about(task_.path);
      const bool own = task_.promised_checksum == file.path() || file.named_after(task_.path);
      if (own) check_list_form(file.list(), name, where_, found_);
      for (const auto& [entry, how] : lines) {
        if (how == listed_as::moved) {
          found_.report(make_finding(checks::checksum_moved, where_,
                                     fmt::format("{} names a path that is no longer this file's", printable(name)),
                                     std::filesystem::absolute(task_.path).lexically_normal().string(),
                                     printable(entry->name)));
        }
        vouched_ |= check_line(*entry, result_.digests, name, where_, found_);
      }
      if (lines.empty() && own) check_foreign_list(file, name);
    }
  }

  // Its own checksum file does not name it. The bytes may be vouched for all the same, under the name they had before.
  void check_foreign_list(const checksum_file& file, const std::string& name) {
    for (const auto& entry : file.list().entries) {
      for (const auto& [algorithm, hex] : result_.digests) {
        if (hex != entry.digest) continue;
        found_.report(make_finding(checks::checksum_moved, where_,
                                   fmt::format("{} vouches for these bytes under another name", printable(name)),
                                   std::filesystem::path{task_.path}.filename().string(), printable(entry.name)));
        vouched_ = true;
        return;
      }
    }
    if (file.list().entries.empty()) return;  // said already
    found_.report(make_finding(checks::checksum_other_file, where_,
                               fmt::format("{} does not list this file", printable(name)),
                               std::filesystem::path{task_.path}.filename().string(),
                               printable(file.list().entries.front().name)));
  }

  void check_kind() {
    if (!task_.kind || found_.has_error()) return;
    const auto promise = [&](std::initializer_list<content> any_of, std::string_view expected) {
      for (const content one : any_of) {
        if (seen_.innermost == one) return;
      }
      found_.report(make_finding(checks::file_kind, where_, "the content is not of the component's kind",
                                 std::string{expected}, seen_.kind));
    };
    switch (*task_.kind) {
      case component_kind::postgres_dump:
        promise({content::plain_dump, content::dump_archive}, "a dump of PostgreSQL");
        break;
      case component_kind::git_bundle: promise({content::git_bundle}, "a git bundle"); break;
      case component_kind::models:
      case component_kind::configuration:
      case component_kind::volume:
      case component_kind::logs:
      case component_kind::full_system:
      case component_kind::archive: promise({content::tar}, "a tar archive"); break;
      case component_kind::any: break;
    }
  }

  void check_name() {
    if (seen_.innermost == content::empty || seen_.innermost == content::error_text) return;  // said, and worse
    const name_claims claims = claims_of(task_.path);
    const auto disagrees = [&](std::string_view claimed) {
      found_.report(make_finding(checks::file_name_disagrees, where_, "the name claims another format than the content has",
                                 std::string{claimed}, seen_.kind));
    };
    if (claims.how != compression::none && !seen_.kind.starts_with(to_string(claims.how))) {
      disagrees(to_string(claims.how));
    } else if (claims.inner && seen_.innermost != *claims.inner) {
      disagrees(to_string(*claims.inner));
    }
  }

  void check_contents() {
    if (seen_.innermost != content::tar) {
      if (task_.manifest) result_.manifest = *task_.manifest;
      return;
    }
    const std::size_t lists_before = lists_inside();
    if (task_.kind == component_kind::full_system && lists_before == 0) {
      found_.report(make_finding(checks::checksum_sidecar_missing, where_,
                                 "the full backup holds no list of its members' checksums", "checksums.txt", "none"));
    }
    if (lists_before == 0 && !task_.manifest && found_.texts().empty()) return;
    if (!found_.members_complete()) {
      found_.unchecked(where_, fmt::format("more than {} members: lists and manifests were not compared",
                                           options_.bounds.compared_members),
                       fmt::format("raise the limit: --limit compared_members={}", result_.member_count));
      return;
    }
    guarded([&] {
      archive_contents contents{found_.members(), where_, found_};
      check_inner_lists(contents);
      for (const auto& text : found_.texts()) {
        const std::string name = text.name.substr(text.name.rfind('/') + 1);
        if (name == "MANIFEST.txt" || name == "MANIFEST") contents.check_component_manifest(text.name, text.text);
      }
      if (task_.manifest) check_manifest(contents, *task_.manifest);
    });
  }

  [[nodiscard]] std::size_t lists_inside() const {
    std::size_t lists = 0;
    for (const auto& text : found_.texts()) lists += is_checksum_list_name(text.name) ? 1U : 0U;
    return lists;
  }

  // Lists of SHA-256 are compared with what the one reading gave; other digests take a second one.
  void check_inner_lists(archive_contents& contents) {
    std::set<digest_algorithm> more;
    for (const auto& text : found_.texts()) {
      if (!is_checksum_list_name(text.name)) continue;
      for (const auto& entry : parse_checksum_list(text.text, text.name).entries) {
        const bool known = entry.candidates.empty() || entry.candidates.front() == digest_algorithm::sha256();
        if (!known) more.insert(entry.candidates.begin(), entry.candidates.end());
      }
    }
    archive_contents::extra_digests extra;
    if (!more.empty() && task_.path != "-") {
      extra = digest_members(open(), where_, {more.begin(), more.end()}, options_.bounds);
    }
    for (const auto& text : found_.texts()) {
      if (is_checksum_list_name(text.name)) contents.check_list(text.name, text.text, extra);
    }
  }

  void check_manifest(archive_contents& contents, const std::string& path) {
    result_.manifest = path;
    file_source file{path, location{path}};
    const std::string text = read_all(file, location{path}, options_.bounds.list_bytes);
    const std::string name = std::filesystem::path{path}.filename().string();
    const bool json = task_.manifest_format ? *task_.manifest_format == manifest_kind::models : name.ends_with(".json");
    if (json) {
      contents.check_models_manifest(path, text, timestamp_in(name));
    } else {
      contents.check_file_list(path, text);
    }
  }

  // The digits of `models_20251204_100000_manifest.json`, as the procedure writes them into the manifest.
  static std::string timestamp_in(const std::string& name) {
    const auto digits = [](std::string_view text) {
      return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
    };
    for (std::size_t at = 0; at + 15 <= name.size(); ++at) {
      const std::string_view part = std::string_view{name}.substr(at, 15);
      if (part[8] == '_' && digits(part.substr(0, 8)) && digits(part.substr(9))) return std::string{part};
    }
    return {};
  }

  void check_protection() {
    if (seen_.innermost == content::binary || seen_.innermost == content::text || seen_.innermost == content::json) {
      found_.report(make_finding(checks::file_unknown, where_, "the content is not of a format that is looked into"));
    }
    if (seen_.carries_checksum || vouched_ || seen_.innermost == content::empty) return;
    unprotected_ = true;
    found_.report(make_finding(checks::file_unprotected, where_,
                               "neither the format nor a checksum file would show damage to its bytes",
                               "a checksum file beside it", "none"));
  }

  // A world-readable archive with an .env in it.
  void check_secrets() {
    if (task_.path == "-") return;
    std::error_code gone;
    const auto status = std::filesystem::status(task_.path, gone);
    if (gone || (status.permissions() & std::filesystem::perms::others_read) == std::filesystem::perms::none) return;
    for (const auto& member : found_.members()) {
      const std::string_view name = std::string_view{member.name}.substr(member.name.rfind('/') + 1);
      if (member.type != member_type::file || (name != ".env" && name != ".pgpass" && name != "id_rsa" && name != "id_ed25519")) {
        continue;
      }
      found_.report(make_finding(checks::tar_secret_readable, member.where,
                                 "the archive can be read by everybody and holds secrets", "mode 0600 of the archive",
                                 fmt::format("{:04o}", static_cast<unsigned>(status.permissions()))));
      return;
    }
  }

  [[nodiscard]] verdict judge() const {
    verdict worst = unprotected_ ? verdict::unprotected : verdict::sound;
    if (!result_.unchecked.empty() || !inspected_) worst = worse(worst, verdict::unchecked);
    for (const auto& one : result_.findings) {
      if (one.severity == severity::error) worst = verdict::unsound;
    }
    return worst;
  }

  const artifact_task& task_;
  const verify_options& options_;
  location where_;
  artifact_collector found_;
  artifact_report result_;
  std::vector<checksum_file> checksum_files_;
  inspection seen_;
  bool inspected_ = false;   // to its proved end
  bool whole_ = false;       // all stored bytes were read and digested
  bool vouched_ = false;     // a checksum file agrees
  bool unprotected_ = false;
};

}  // namespace detail

/// Verifies one artifact. Throws `interrupted` only.
inline artifact_report verify_artifact(const artifact_task& task, const verify_options& options) {
  return detail::artifact_verifier{task, options}.run();
}

}  // namespace restorable
