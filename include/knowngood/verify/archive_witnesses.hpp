// archive_witnesses: what an archive's own lists, and the manifest beside it, say of the members that were read.
//
// Layer: verify. Which of them speak for the archive is decided here, by what it is a backup of; how each is compared
// is the business of archive_contents.hpp.
//   archive_witnesses{task, where, bounds, found}.check(seen, member_count);
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/guarded.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/inspect/inspection.hpp"
#include "knowngood/inspect/list_names.hpp"
#include "knowngood/io/drain.hpp"
#include "knowngood/io/file_source.hpp"
#include "knowngood/io/joined_source.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/verify/archive_contents.hpp"
#include "knowngood/verify/artifact_collector.hpp"
#include "knowngood/verify/artifact_task.hpp"
#include "knowngood/verify/listed_digests.hpp"

namespace knowngood {

class archive_witnesses {
 public:
  /// All outlive this object.
  archive_witnesses(const artifact_task& task, const location& where, const limits& bounds, artifact_collector& found)
      : task_{task}, where_{where}, bounds_{bounds}, found_{found} {}

  /// Compares them with the members that `found` holds. Gives the path of the manifest that spoke for the archive;
  /// empty without one.
  std::string check(const inspection& seen, std::uint64_t members) {
    if (!is_volume() && !task_.content) {
      for (const auto& backup : found_.nested()) guarded(backup.where, found_, [&] { check_nested(backup); });
    }
    if (seen.innermost != content::tar && seen.innermost != content::archive) {
      if (task_.manifest && task_.manifest_format) {  // promised by a policy, and never forgotten
        found_.unchecked(where_, "the manifest was not compared: the artifact is no archive that is looked into",
                         "leave `manifest` out of the policy, or archive the files with tar");
      }
      return task_.manifest.value_or("");
    }
    // In a volume, in logs and among somebody's files, lists are content: edited since, or of a release of which one
    // file was fetched.
    const bool volume = is_volume();
    const bool own = !volume && (seen.full_backup || task_.kind == component_kind::models);
    if (task_.kind == component_kind::full_system && lists_inside() == 0) {
      found_.report(make_finding(checks::checksum_sidecar_missing, where_,
                                 "the full backup holds no list of its members' checksums", "checksums.txt", "none"));
    }
    if (!task_.manifest && (volume || found_.texts().empty())) return {};
    if (!found_.members_complete()) {
      if (!own && !task_.manifest) return {};
      found_.unchecked(
          where_, fmt::format("more than {} members: lists and manifests were not compared", bounds_.compared_members),
          fmt::format("raise the limit: --limit compared_members={}", members));
      return {};
    }
    std::string manifest;
    guarded(where_, found_, [&] {
      archive_contents contents{found_.members(), where_, found_};
      if (own) {
        check_inner_lists(contents, found_.texts(), {});
        check_components(contents, found_.texts(), task_.kind == component_kind::full_system);
      } else if (!volume) {
        note_inner_lists();
      }
      if (task_.manifest) {
        manifest = *task_.manifest;
        if (!check_manifest(contents, manifest)) manifest.clear();
      }
    });
    return manifest;
  }

 private:
  [[nodiscard]] bool is_volume() const {
    return task_.kind == component_kind::volume || task_.kind == component_kind::logs;
  }

  // A full backup within the artifact, as if it were given by its path.
  void check_nested(const nested_backup_fact& backup) {
    if (!backup.complete) {
      found_.unchecked(backup.where, "it has too many members: its lists and manifests were not compared",
                       fmt::format("verify it by itself, or raise the limit: --limit compared_members={}",
                                   2 * bounds_.compared_members));
      return;
    }
    archive_contents contents{backup.members, backup.where, found_};
    const auto& chain = backup.where.chain();
    check_inner_lists(contents, backup.texts, std::span{chain}.subspan(std::min(chain.size(), where_.chain().size())));
    check_components(contents, backup.texts, false);
  }

  [[nodiscard]] std::unique_ptr<source> open_again() const {
    if (!task_.parts.empty()) return std::make_unique<joined_source>(task_.parts);
    return std::make_unique<file_source>(task_.path, where_);
  }

  [[nodiscard]] std::size_t lists_inside() const {
    std::size_t lists = 0;
    for (const auto& text : found_.texts()) lists += is_checksum_list_name(text.name) ? 1U : 0U;
    return lists;
  }

  // What a list at the top of somebody's files says, for whoever looks at notes.
  void note_inner_lists() {
    class as_notes final : public finding_sink {
     public:
      explicit as_notes(finding_sink& out) : out_{out} {}
      void report(finding what) override {
        if (what.check != checks::checksum_mismatch.id && what.check != checks::checksum_missing_file.id) return;
        what.severity = severity::note;
        out_.report(std::move(what));
      }

     private:
      finding_sink& out_;
    };
    as_notes notes{found_};
    archive_contents contents{found_.members(), where_, notes};
    for (const auto& text : found_.texts()) {
      if (is_checksum_list_name(text.name)) contents.check_list(text.name, text.text, {});
    }
  }

  // Lists are compared with what the one reading gave; digests that it did not make take a second one. `inside`: the
  // members that lead to the archive.
  void check_inner_lists(archive_contents& contents, const std::vector<embedded_text_fact>& texts,
                         std::span<const std::string> inside) {
    std::set<digest_algorithm> more;
    for (const auto& text : texts) {
      if (is_checksum_list_name(text.name)) more.merge(contents.unknown_digests(text.name, text.text));
    }
    member_digests extra;
    if (!more.empty() && task_.path != "-") {
      extra = digest_members(open_again(), where_, {more.begin(), more.end()}, bounds_, inside);
    }
    for (const auto& text : texts) {
      if (is_checksum_list_name(text.name)) contents.check_list(text.name, text.text, extra);
    }
    for (const member_fact* member : contents.undigested()) {
      found_.unchecked(member->where,
                       member->undigested ? "a list states its digest, and its holes are too many to digest"
                                          : "a list states its digest, which only a second reading would give",
                       "unpack it and check it with the tool that made the list");
    }
  }

  // `promised`: whatever is called a manifest has to be one.
  static void check_components(archive_contents& contents, const std::vector<embedded_text_fact>& texts,
                               bool promised) {
    for (const auto& text : texts) {
      if (!is_component_manifest_name(text.name)) continue;
      // Python packages and Java archives have a MANIFEST too, of another purpose.
      if (ticks_off_components(text.text) || promised) contents.check_component_manifest(text.name, text.text);
    }
  }

  // False when the file only has a manifest's name.
  bool check_manifest(archive_contents& contents, const std::string& path) {
    file_source file{path, location{path}};
    const std::string text = read_all(file, location{path}, bounds_.list_bytes);
    const std::string name{file_name_of(path)};
    const bool json = task_.manifest_format ? *task_.manifest_format == manifest_kind::models : name.ends_with(".json");
    if (!task_.manifest_format && is_of_another_purpose(text, json)) return false;
    if (json) {
      contents.check_models_manifest(path, text, timestamp_in(name));
    } else {
      contents.check_file_list(path, text);
    }
    return true;
  }

  // Web applications and package managers write files of such names too: whole, and with nothing in them that a backup
  // procedure would have written.
  static bool is_of_another_purpose(const std::string& text, bool json) {
    if (!json) return !text.empty() && !text.starts_with("- ") && text.find("\n- ") == std::string::npos;
    const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
    return document.is_array() || (document.is_object() && !document.contains("models"));
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

  const artifact_task& task_;
  const location& where_;
  const limits& bounds_;
  artifact_collector& found_;
};

}  // namespace knowngood
