// verify_artifact: everything about one artifact, in one reading of it: digests, content down to the last nested byte,
// what its checksum file and manifest say.
//
// Layer: verify. The whole pipeline: file » progress » digests » [own thread] » inspector. Whatever goes wrong ends in
// the report of this artifact; nothing is thrown but `interrupted`.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/archive/directory_reader.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/hash/digest_set.hpp"
#include "knowngood/inspect/inspector.hpp"
#include "knowngood/inspect/promise.hpp"
#include "knowngood/io/borrowed.hpp"
#include "knowngood/io/drain.hpp"
#include "knowngood/io/file_source.hpp"
#include "knowngood/io/joined_source.hpp"
#include "knowngood/io/observed.hpp"
#include "knowngood/io/read_ahead.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_verdict.hpp"
#include "knowngood/verify/archive_witnesses.hpp"
#include "knowngood/verify/artifact_checksums.hpp"
#include "knowngood/verify/artifact_collector.hpp"
#include "knowngood/verify/artifact_task.hpp"
#include "knowngood/verify/backup_parts.hpp"
#include "knowngood/verify/component_promise.hpp"
#include "knowngood/verify/part_digests.hpp"
#include "knowngood/verify/unfinished.hpp"

namespace knowngood {

struct verify_options {
  limits bounds;
  stop_flag stop = {};                                  ///< asked: `interrupted` is thrown
  std::function<void(std::uint64_t bytes)> on_bytes;    ///< stored bytes read; called from several threads
  std::uint64_t overlap_from = std::uint64_t{1} << 20;  ///< see inspection_options
};

namespace detail {

class artifact_verifier {
 public:
  artifact_verifier(const artifact_task& task, const verify_options& options)
      : task_{task},
        options_{options},
        where_{task.path == "-" ? "standard input" : task.path},
        found_{options.bounds.compared_members},
        checksums_{task, where_, options.bounds},
        part_digests_{task.parts.size(),
                      [this](std::size_t part) { return checksums_.wanted_digests(task_.parts[part]); }} {}

  artifact_report run() {
    const auto started = std::chrono::steady_clock::now();
    result_.path = task_.path;
    result_.component = task_.component;
    result_.timestamp = task_.timestamp;
    result_.modified = task_.modified;
    result_.size = task_.size;
    for (const auto& known : task_.known) found_.report(known);
    checksums_.read(found_);
    result_.checksum_file = checksums_.first_path();
    if (task_.directory) {
      read_directory();
    } else if (task_.missing.empty()) {
      read_artifact();
    }
    check_parts();
    if (whole_) {
      vouched_ = checksums_.vouch(result_.digests, found_);
      if (!task_.parts.empty()) vouch_parts();
    }
    if (task_.content && whole_) found_.make_notes_of_content();
    // An empty file that a list vouches for, and that nobody called a backup, is as it should be.
    if (inspected_ && result_.size == 0 && vouched_ && !task_.kind && !claims_of(task_.path).any()) {
      found_.make_notes_of(checks::file_empty);
    }
    if (inspected_) {
      find_parts();
      check_promises();
      // Of a directory, lists were held against its files as all lists are.
      if (!task_.directory) {
        result_.manifest = archive_witnesses{task_, where_, options_.bounds, found_}.check(seen_, result_.member_count);
      }
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
    knowngood::guarded(where_, found_, std::forward<Action>(action));
  }

  // The stored bytes from the first to the last, and how many they are, where that is known.
  std::pair<std::unique_ptr<source>, std::optional<std::uint64_t>> open_stored() {
    if (task_.parts.empty()) {
      auto file = task_.path == "-" ? std::make_unique<file_source>(file_descriptor{::dup(0)}, where_)
                                    : std::make_unique<file_source>(task_.path, where_);
      file->watch(options_.stop);
      const std::optional<std::uint64_t> size = file->size();
      return {std::move(file), size};
    }
    return {std::make_unique<joined_source>(
                task_.parts, [this](std::size_t part, byte_view chunk) { part_digests_.update(part, chunk); }),
            task_.size};
  }

  std::unique_ptr<random_access> reopen() const {
    if (task_.parts.empty()) return std::make_unique<file_random_access>(task_.path, where_);
    return std::make_unique<joined_random_access>(task_.parts, where_);
  }

  void vouch_parts() {
    const std::vector<artifact_checksums::digests> digests = part_digests_.finish();
    vouched_ |= checksums_.vouch_parts(digests, found_);
    if (!task_.directory) return;
    // What `sha256sum` prints of its files, in the order of their names, stands for the directory.
    digest all{digest_algorithm::sha256()};
    for (std::size_t i = 0; i < task_.parts.size(); ++i) {
      const std::string line = fmt::format("{}  {}\n", digests[i].at("SHA256"), name_in_directory(i));
      all.update(std::as_bytes(std::span{line}));
    }
    result_.digests["SHA256"] = all.finish();
  }

  [[nodiscard]] std::string name_in_directory(std::size_t part) const {
    return std::filesystem::path{task_.parts[part]}.lexically_relative(task_.path).string();
  }

  void check_parts() {
    if (task_.parts.empty() || task_.directory) return;
    std::string names;
    for (const auto& part : task_.parts) {
      names += (names.empty() ? "" : " ") + std::filesystem::path{part}.filename().string();
    }
    found_.learn(property_fact{where_, "parts", printable(names, 1000)});
    if (!task_.missing.empty()) {
      found_.report(make_finding(checks::split_missing, where_,
                                 fmt::format("{} of the artifact's parts are not there", task_.missing.size()),
                                 printable(task_.missing.front()), "no such file"));
      return;
    }
    if (found_.any([](const finding& one) { return one.where.chain().size() <= 1 && shows_a_part(one); })) {
      found_.report(make_finding(
          checks::split_missing, where_, "the content goes on where the parts end: the last ones are not there",
          "a part behind " + printable(std::filesystem::path{task_.parts.back()}.filename().string()), "none"));
    }
  }

  void read_artifact() {
    guarded([&] {
      auto opened = open_stored();
      const std::optional<std::uint64_t> size = opened.second;
      if (size) result_.size = size;
      digest_set digests{checksums_.wanted_digests(task_.path)};
      std::unique_ptr<source> stored = observe(std::move(opened.first), [&](byte_view chunk) {
        options_.stop.throw_if_requested();
        result_.bytes_read += chunk.size();
        if (options_.on_bytes) options_.on_bytes(chunk.size());
        digests.update(chunk);
      });
      if (!size || *size >= options_.overlap_from) stored = std::make_unique<read_ahead>(std::move(stored));
      inspection_options how{.application_data = task_.application_data,
                             .overlap_from = options_.overlap_from,
                             .stop = options_.stop,
                             .opaque_accepted = task_.opaque_accepted,
                             .full_backup = task_.kind == component_kind::full_system};
      if (size && task_.path != "-") how.reopen = [this] { return reopen(); };
      inspector look{options_.bounds, found_, std::move(how)};
      guarded([&] {
        name_claims claims = claims_of(task_.path);
        if (task_.kind == component_kind::postgres_dump && !claims.inner) claims.inner = content::plain_dump;
        const inspection seen = look.inspect(borrow(*stored), where_, size, claims);
        result_.kind = seen.kind;
        seen_ = seen;
        if (seen.full_backup) found_.learn(property_fact{where_, std::string{full_backup_property}, "true"});
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

  void read_directory() {
    guarded([&] {
      std::map<std::string, std::size_t> parts;
      for (std::size_t i = 0; i < task_.parts.size(); ++i) parts[name_in_directory(i)] = i;
      directory_reader members{task_.path, where_, options_.bounds,
                               [&](const std::string& name, byte_view chunk) {
                                 options_.stop.throw_if_requested();
                                 result_.bytes_read += chunk.size();
                                 if (options_.on_bytes) options_.on_bytes(chunk.size());
                                 const auto part = parts.find(name);
                                 if (part != parts.end()) part_digests_.update(part->second, chunk);
                               },
                               std::string{dump_contents_name}};
      inspector look{options_.bounds,
                     found_,
                     {.application_data = task_.application_data,
                      .overlap_from = options_.overlap_from,
                      .stop = options_.stop,
                      .opaque_accepted = task_.opaque_accepted}};
      seen_ = look.inspect_directory(members, where_);
      result_.kind = seen_.kind;
      result_.bytes_expanded = look.expanded_bytes();
      result_.member_count = look.members();
      inspected_ = true;
      whole_ = true;
    });
  }

  // What a data directory in it lacks may lie in another archive.
  void find_parts() {
    backup_parts elsewhere{task_.path, task_.holders, options_.bounds, options_.stop};
    for (auto& part : seen_.missing) {
      guarded([&] {
        if (const auto path = elsewhere.find(part)) {
          found_.learn(property_fact{
              part.otherwise.where,
              part.tablespace == 0 ? "write_ahead_log_in" : fmt::format("tablespace_{}_in", part.tablespace), *path});
        } else {
          found_.report(std::move(part.otherwise));
        }
      });
    }
  }

  // The policy's promise first: what breaks both is reported once.
  void check_promises() {
    if (task_.content) return;
    if (task_.kind) {
      const promise promised{promised_by(*task_.kind), compression::none, "the component's kind"};
      judge_promise(promised, seen_, where_, found_);
      if (state_of(promised, seen_) == promise_state::broken) return;
    }
    if (!task_.directory) judge_promise(promise_of_name(task_.path), seen_, where_, found_);
  }

  void check_protection() {
    unprotected_ |= seen_.unproven;  // a checksum vouches for the bytes, not for what they lack
    if (seen_.innermost == content::binary || seen_.innermost == content::text || seen_.innermost == content::json ||
        seen_.innermost == content::sql_script || seen_.innermost == content::utf16_text) {
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
    const auto status = std::filesystem::status(task_.parts.empty() ? task_.path : task_.parts.front(), gone);
    if (gone || (status.permissions() & std::filesystem::perms::others_read) == std::filesystem::perms::none) return;
    for (const auto& member : found_.members()) {
      const std::string_view name = file_name_of(member.name);
      if (member.type != member_type::file ||
          (name != ".env" && name != ".pgpass" && name != "id_rsa" && name != "id_ed25519")) {
        continue;
      }
      found_.report(make_finding(checks::tar_secret_readable, member.where,
                                 "the archive can be read by everybody and holds secrets", "mode 0600 of the archive",
                                 fmt::format("{:04o}", static_cast<unsigned>(status.permissions()))));
      return;
    }
  }

  [[nodiscard]] verdict judge() const {
    const bool unproved = std::any_of(result_.findings.begin(), result_.findings.end(), [](const finding& one) {
      return one.check == checks::dump_end_unproved.id && one.severity == severity::warning;
    });
    const bool kept_as_it_was = task_.content && whole_;  // content that is broken was broken in the source
    const verdict least = !inspected_ && !kept_as_it_was                           ? verdict::unchecked
                          : unprotected_ || unproved || (!inspected_ && !vouched_) ? verdict::unprotected
                                                                                   : verdict::sound;
    return worse(least, verdict_of(result_.findings, result_.unchecked));
  }

  const artifact_task& task_;
  const verify_options& options_;
  location where_;
  artifact_collector found_;
  artifact_report result_;
  artifact_checksums checksums_;
  part_digests part_digests_;
  inspection seen_;
  bool inspected_ = false;  // to its proved end
  bool whole_ = false;      // all stored bytes were read and digested
  bool vouched_ = false;    // a checksum file agrees
  bool unprotected_ = false;
};

}  // namespace detail

/// Verifies one artifact. Throws `interrupted` only.
inline artifact_report verify_artifact(const artifact_task& task, const verify_options& options) {
  return detail::artifact_verifier{task, options}.run();
}

}  // namespace knowngood
