// archive_contents: an archive's members held against what lists and manifests say of them: the checksum list inside a
// full backup, the models' JSON, the configuration's file list, MANIFEST.txt.
//
// Layer: verify. To be used when the archive's end is proved and all members are known.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "knowngood/archive/plain_member_name.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/hash/checksum_file.hpp"
#include "knowngood/inspect/component_list.hpp"
#include "knowngood/inspect/facts.hpp"
#include "knowngood/inspect/list_names.hpp"
#include "knowngood/inspect/name_claims.hpp"
#include "knowngood/verify/listed_digests.hpp"
#include "knowngood/verify/vouching.hpp"

namespace knowngood {

/// An archive's members by their plain names; of duplicates the later one, which is what a restore leaves.
class archive_contents {
 public:
  /// `members` outlives this object. `where` is the archive's location.
  archive_contents(const std::vector<member_fact>& members, location where, finding_sink& findings)
      : where_{std::move(where)}, findings_{findings} {
    for (const auto& member : members) by_name_[plain_member_name(member.name)] = &member;
  }

  /// Members that lists state a digest of, and that were not digested.
  [[nodiscard]] const std::vector<const member_fact*>& undigested() const noexcept { return undigested_; }

  /// The algorithms of which a checksum list, which stands in the archive as `list_name`, has digests that are not
  /// known of the members it names.
  [[nodiscard]] std::set<digest_algorithm> unknown_digests(const std::string& list_name, std::string_view text) const {
    const checksum_list list = parse_checksum_list(text, list_name);
    const std::string plain_list = plain_member_name(list_name);
    const members_around around{by_name_};
    std::set<digest_algorithm> unknown;
    for (const auto& entry : list.entries) {
      const auto found = by_name_.find(find_listed(entry, list, plain_list, around).path);
      const member_fact* const file = found == by_name_.end() ? nullptr : content_of(*found->second);
      if (file == nullptr || file->undigested || is_damaged(*file)) continue;
      const bool known =
          entry.candidates.empty() || (file->sha256 && entry.candidates.front() == digest_algorithm::sha256());
      if (!known) unknown.insert(entry.candidates.begin(), entry.candidates.end());
    }
    return unknown;
  }

  /// Holds the members against a checksum list that stands in the archive as `list_name`.
  void check_list(const std::string& list_name, std::string_view text, const member_digests& extra) {
    const checksum_list list = parse_checksum_list(text, list_name);
    const location at = where_ / list_name;
    check_list_form(list, list_name, at, findings_);
    const std::string plain_list = plain_member_name(list_name);
    const std::string folder = plain_list.substr(0, plain_list.rfind('/') + 1);
    const members_around around{by_name_};
    std::set<std::string> listed;
    for (const auto& entry : list.entries) {
      const listed_file place = find_listed(entry, list, plain_list, around);
      if (place.how == listed_as::itself) {
        findings_.report(line_about_itself(entry, at));
        continue;
      }
      listed.insert(place.path);
      const auto found = by_name_.find(place.path);
      if (found == by_name_.end() || found->second->type == member_type::directory) {
        findings_.report(make_finding(checks::checksum_missing_file, at,
                                      fmt::format("line {} lists a member that the archive does not hold", entry.line),
                                      entry.name.empty() ? "a file's name" : printable(entry.name), "no such member"));
        continue;
      }
      if (!names_no_file(entry) && place.how != listed_as::exact) {
        findings_.report(make_finding(checks::checksum_moved, at,
                                      fmt::format("line {} names a path that is not the member's", entry.line),
                                      printable(place.path), printable(entry.name)));
      }
      check_member(entry, *found->second, extra, list_name, at);
    }
    if (listed.empty()) return;
    const bool one_files_own = list.entries.size() == 1 && is_named_after(plain_list, *listed.begin());
    if (!one_files_own) report_unlisted(folder, plain_list, listed, at);
  }

  /// Holds the members against the JSON that the models' backup procedure writes: {timestamp, models: [{name, size,
  /// modified}]}. `timestamp`: what the manifest's own name states, where it does.
  void check_models_manifest(const std::string& manifest_name, std::string_view text, const std::string& timestamp) {
    const location at{manifest_name};
    const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
    const auto malformed = [&](std::string_view what) {
      findings_.report(make_finding(checks::manifest_malformed, at, std::string{what},
                                    "{\"timestamp\": …, \"models\": [{\"name\", \"size\", \"modified\"}, …]}",
                                    text.empty() ? "an empty file" : printable(text, 60)));
    };
    if (document.is_discarded()) return malformed("the manifest is not JSON");
    if (!document.is_object() || !document.contains("models") || !document["models"].is_array()) {
      return malformed("the manifest has no list of models");
    }
    if (document.contains("timestamp") && document["timestamp"].is_string() && !timestamp.empty() &&
        document["timestamp"].get<std::string>() != timestamp) {
      findings_.report(make_finding(checks::manifest_timestamp, at,
                                    "the manifest carries another timestamp than its name", timestamp,
                                    printable(document["timestamp"].get<std::string>())));
    }
    const auto& models = document["models"];
    if (models.empty()) {
      findings_.report(make_finding(checks::manifest_empty, at, "the manifest lists no model", "at least one", "none"));
    }
    std::set<std::string> listed;
    std::set<std::string> extensions;  // of what it lists: what else of that sort is there has to be listed too
    for (const auto& model : models) {
      if (!model.is_object() || !model.contains("name") || !model["name"].is_string()) {
        malformed("an entry of the manifest has no name");
        continue;
      }
      const auto name = plain_member_name(model["name"].get<std::string>());
      listed.insert(name);
      extensions.insert(extension_of(name));
      check_listed_model(name, model, at);
    }
    for (const auto& [name, member] : by_name_) {
      const bool of_listed_sort = listed.empty() || extensions.contains(extension_of(name));
      if (member->type != member_type::file || listed.contains(name) || !of_listed_sort) continue;
      findings_.report(make_finding(checks::manifest_unlisted_member, member->where,
                                    "the archive holds a model that the manifest does not list",
                                    "an entry in " + printable(manifest_name), "none"));
    }
  }

  /// Holds the members against a text that lists files, one `- name` a line, directories with a slash at the end,
  /// remarks in parentheses.
  void check_file_list(const std::string& manifest_name, std::string_view text) {
    const location at{manifest_name};
    std::set<std::string> files;
    std::set<std::string> folders;
    for_each_line(text, [&](std::string_view line) {
      if (!line.starts_with("- ")) return;
      line.remove_prefix(2);
      if (const auto remark = line.find(" ("); remark != std::string_view::npos) line = line.substr(0, remark);
      while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
      if (line.empty()) return;
      (line.back() == '/' ? folders : files).insert(plain_member_name(line));
    });
    if (files.empty() && folders.empty()) {
      findings_.report(make_finding(checks::manifest_empty, at, "the manifest lists no file",
                                    "lines such as \"- .env\"", text.empty() ? "an empty file" : printable(text, 60)));
      return;
    }
    const auto missing = [&](const std::string& name) {
      findings_.report(make_finding(checks::manifest_missing_member, at,
                                    fmt::format("the manifest lists {}, the archive does not hold it", printable(name)),
                                    printable(name), "no such member"));
    };
    for (const auto& file : files) {
      const auto found = by_name_.find(file);
      if (found == by_name_.end()) {
        missing(file);
      } else if (found->second->type != member_type::directory && content_of(*found->second) == nullptr) {
        report_no_file(file, *found->second, at);
      }
    }
    for (const auto& folder : folders) {
      const auto first = by_name_.lower_bound(folder + "/");
      if (!by_name_.contains(folder) && (first == by_name_.end() || !first->first.starts_with(folder + "/"))) {
        missing(folder + "/");
      }
    }
    for (const auto& [name, member] : by_name_) {
      if (member->type == member_type::directory || files.contains(name)) continue;
      bool within = false;
      for (const auto& folder : folders) within |= folder.empty() || name.starts_with(folder + "/");
      if (within) continue;
      finding unlisted = make_finding(checks::manifest_unlisted_member, member->where,
                                      "the archive holds a file that the manifest does not list",
                                      "a line in " + printable(manifest_name), "none");
      unlisted.severity = severity::warning;  // more than was promised restores all the same
      findings_.report(std::move(unlisted));
    }
  }

  /// Holds the members against the components that a full backup's MANIFEST.txt ticks off, a line each.
  void check_component_manifest(const std::string& manifest_name, std::string_view text) {
    const location at = where_ / manifest_name;
    bool any = false;
    for_each_line(text, [&](std::string_view line) {
      const std::string component = ticked_off(line);
      if (component.empty()) return;
      any = true;
      if (component_known_missing(component)) {
        findings_.report(make_finding(
            checks::manifest_component_missing, at,
            fmt::format("the manifest promises \"{}\", the archive holds none of it", printable(component)),
            "a member of that kind", "none"));
      }
    });
    if (!any) {
      findings_.report(make_finding(checks::manifest_empty, at, "the manifest names no component",
                                    "lines such as \"✅ PostgreSQL Database\" or \"[x] PostgreSQL Database\"",
                                    printable(text, 60)));
    }
  }

 private:
  // The member whose bytes a restore leaves under that name: itself, or the one that links within the archive lead to.
  // Null where that is no file.
  [[nodiscard]] const member_fact* content_of(const member_fact& member) const {
    constexpr unsigned most_links = 40;  // as the kernel follows
    const member_fact* now = &member;
    for (unsigned links = 0; links < most_links; ++links) {
      if (now->type == member_type::file || (now->type == member_type::hard_link && now->size > 0)) return now;
      std::string target;
      if (now->type == member_type::hard_link) {
        target = plain_member_name(now->link_target);
      } else if (now->type == member_type::symlink && !now->link_target.starts_with('/')) {
        const std::string name = plain_member_name(now->name);
        const std::size_t slash = name.rfind('/');
        target = plain_member_name((slash == std::string::npos ? "" : name.substr(0, slash + 1)) + now->link_target);
      } else {
        return nullptr;
      }
      const auto found = by_name_.find(target);
      if (found == by_name_.end() || found->second == now) return nullptr;
      now = found->second;
    }
    return nullptr;
  }

  // Its bytes could not be read out of the archive.
  static bool is_damaged(const member_fact& member) { return member.kind == "damaged"; }

  static std::string no_file(const member_fact& member) {
    switch (member.type) {
      case member_type::symlink: return fmt::format("a symbolic link to {}", printable(member.link_target));
      case member_type::hard_link: return fmt::format("a hard link to {}", printable(member.link_target));
      case member_type::directory: return "a directory";
      default: return "a device, fifo or the like";
    }
  }

  void report_no_file(const std::string& name, const member_fact& member, const location& at) const {
    findings_.report(make_finding(checks::manifest_missing_member, at,
                                  fmt::format("the manifest lists {}, which is no file", printable(name)), "a file",
                                  no_file(member)));
  }

  // The members, for the rule of which of them a line stands for.
  class members_around final : public listed_surroundings {
   public:
    explicit members_around(const std::map<std::string, const member_fact*>& members) : members_{members} {}
    [[nodiscard]] bool holds(const std::string& path) const override {
      const auto found = members_.find(path);
      return found != members_.end() && found->second->type != member_type::directory;
    }
    [[nodiscard]] std::vector<std::string> starting_with(const std::string& prefix) const override {
      std::vector<std::string> found;
      for (auto one = members_.lower_bound(prefix); one != members_.end() && one->first.starts_with(prefix); ++one) {
        if (one->first.find('/', prefix.size()) == std::string::npos && holds(one->first)) found.push_back(one->first);
      }
      return found;
    }

   private:
    const std::map<std::string, const member_fact*>& members_;
  };

  void check_member(const checksum_entry& entry, const member_fact& member, const member_digests& extra,
                    const std::string& list_name, const location& at) {
    const member_fact* file = content_of(member);
    if (file == nullptr) {
      findings_.report(make_finding(checks::checksum_missing_file, at,
                                    fmt::format("line {} lists a member that is no file", entry.line),
                                    printable(entry.name), no_file(member)));
      return;
    }
    std::map<std::string, std::string> digests;
    if (const auto more = extra.find(file->name); more != extra.end()) digests = more->second;
    if (file->sha256) digests["SHA256"] = *file->sha256;
    if (is_damaged(*file)) return;  // said already
    if (digests.empty()) {
      undigested_.push_back(file);
      return;
    }
    check_line(entry, digests, list_name, member.where, findings_);
  }

  static std::string extension_of(const std::string& name) {
    const std::size_t dot = name.rfind('.');
    const std::size_t slash = name.rfind('/');
    return dot == std::string::npos || (slash != std::string::npos && dot < slash) ? "" : name.substr(dot);
  }

  template <typename Line>
  static void for_each_line(std::string_view text, Line&& take) {
    while (!text.empty()) {
      const std::size_t newline = text.find('\n');
      std::string_view line = text.substr(0, newline);
      text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      take(line);
    }
  }

  // What holds a backup's payload has to be vouched for; remarks and the list itself need not be.
  void report_unlisted(const std::string& folder, const std::string& list, const std::set<std::string>& listed,
                       const location& at) {
    for (const auto& [name, member] : by_name_) {
      if (member->type != member_type::file || name == list || listed.contains(name) || !name.starts_with(folder))
        continue;
      if (member->kind == "text" || member->kind == "json" || member->kind == "empty" ||
          member->kind == "checksum-list" || is_checksum_list_name(name) || is_manifest_name(name)) {
        continue;
      }
      findings_.report(make_finding(checks::checksum_unlisted, member->where,
                                    fmt::format("{} does not list this member", printable(at.chain().back())), "a line",
                                    "none"));
    }
  }

  void check_listed_model(const std::string& name, const nlohmann::json& model, const location& at) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end() || found->second->type == member_type::directory) {
      findings_.report(make_finding(checks::manifest_missing_member, at,
                                    fmt::format("the manifest lists {}, the archive does not hold it", printable(name)),
                                    printable(name), "no such member"));
      return;
    }
    const member_fact* content = content_of(*found->second);
    if (content == nullptr) return report_no_file(name, *found->second, at);
    const member_fact& member = *content;
    if (model.contains("size") && model["size"].is_number() &&
        model["size"].get<double>() != static_cast<double>(member.size)) {
      findings_.report(make_finding(checks::manifest_size, found->second->where, "the size differs from the manifest's",
                                    fmt::format("{} bytes", model["size"].dump()),
                                    fmt::format("{} bytes", member.size)));
    }
    // The archive may have dropped the fraction that the manifest has.
    constexpr double one_fraction = 1.001;
    if (model.contains("modified") && model["modified"].is_number() && member.modified &&
        std::abs(model["modified"].get<double>() - *member.modified) >= one_fraction) {
      findings_.report(make_finding(checks::manifest_time, member.where,
                                    "the modification time differs from the manifest's",
                                    moment_of(model["modified"].get<double>()), moment_of(*member.modified)));
    }
  }

  static std::string moment_of(double seconds) {
    constexpr double farthest = 253'402'300'799.0;  // the year 9999
    if (!(std::abs(seconds) < farthest)) return fmt::format("{} seconds since 1970", seconds);
    return to_rfc3339(moment{std::chrono::seconds{static_cast<std::int64_t>(std::floor(seconds))}});
  }

  // Only components whose members can be known are judged.
  [[nodiscard]] bool component_known_missing(const std::string& component) const {
    const auto mentions = [&](std::string_view word) { return component.find(word) != std::string::npos; };
    const auto any_member = [&](auto&& fits) {
      for (const auto& [name, member] : by_name_) {
        if (member->type == member_type::file && fits(file_name_of(name), member->kind)) return true;
      }
      return false;
    };
    // A damaged member is told by its name: it is there, and its damage is said elsewhere. Not so a bundle, for others
    // have that name too.
    const auto holds = [](std::string_view name, std::string_view kind, content what) {
      return kind.ends_with(to_string(what)) || (what != content::git_bundle && claims_of(name).inner == what);
    };
    const auto is_archive = [&](std::string_view name, std::string_view kind) {
      return holds(name, kind, content::tar);
    };
    const auto named = [](std::string_view name, std::string_view word) {
      return name.find(word) != std::string::npos;
    };
    if (mentions("Git")) {
      return !any_member([&](const auto& name, const auto& kind) { return holds(name, kind, content::git_bundle); });
    }
    if (mentions("PostgreSQL") || mentions("Database")) {
      return !any_member([&](const auto& name, const auto& kind) {
        return holds(name, kind, content::plain_dump) || holds(name, kind, content::dump_archive);
      });
    }
    if (mentions("Model")) {
      return !any_member(
          [&](const auto& name, const auto& kind) { return is_archive(name, kind) && named(name, "model"); });
    }
    if (mentions("Config")) {
      return !any_member(
          [&](const auto& name, const auto& kind) { return is_archive(name, kind) && named(name, "config"); });
    }
    if (mentions("Volume")) {
      return !any_member([&](const auto& name, const auto& kind) {
        return is_archive(name, kind) && !named(name, "model") && !named(name, "config");
      });
    }
    return false;
  }

  location where_;
  finding_sink& findings_;
  std::map<std::string, const member_fact*> by_name_;
  std::vector<const member_fact*> undigested_;
};

}  // namespace knowngood
