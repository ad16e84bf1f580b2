// restore_full_system: unpacks a full backup and restores everything in it, in the runbook's order.
//
// Layer: drill. Step `unpack-full-system`, and then those of each artifact in it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/byte_size.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/catalog/capture_name.hpp"
#include "knowngood/drill/archive_step.hpp"
#include "knowngood/drill/drill_item.hpp"
#include "knowngood/drill/drill_scene.hpp"
#include "knowngood/inspect/name_claims.hpp"
#include "knowngood/io/read_file.hpp"
#include "knowngood/report/drill_steps.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/verify/artifact_verifier.hpp"

namespace knowngood {

namespace detail {

// An artifact inside, and what its name says.
struct inner_artifact {
  const member_fact* member;
  const component_policy* component = nullptr;  // that its name belongs to
  std::string series;                           // its path without dates
  std::string timestamp;                        // as the path spells it; sorts by time
  restore_kind how = restore_kind::none;
};

// `ner11_db_20251204_020000.sql.gz`: the digits of date and time, and the name without them, which tells series apart.
inline std::pair<std::string, std::string> split_timestamp(const std::string& name) {
  for (std::size_t at = 0; at + 8 <= name.size(); ++at) {
    const auto digit = [&](std::size_t i) { return i < name.size() && name[i] >= '0' && name[i] <= '9'; };
    if (at > 0 && digit(at - 1)) continue;
    std::size_t end = at;
    while (digit(end)) ++end;
    if (end - at != 8 && end - at != 14) continue;
    if (end - at == 8 && end < name.size() && (name[end] == '_' || name[end] == '-' || name[end] == 'T')) {
      std::size_t time = end + 1;
      while (digit(time)) ++time;
      if (time - end - 1 == 6 || time - end - 1 == 4) end = time;
    }
    return {name.substr(at, end - at), name.substr(0, at) + "*" + name.substr(end)};
  }
  return {{}, name};
}

inline inner_artifact inner_artifact_of(const member_fact& member, const std::vector<component_policy>& known) {
  inner_artifact inner{&member, nullptr, plain_member_name(member.name), {}, restore_kind_of(member)};
  const std::string name{file_name_of(member.name)};
  for (auto [timestamp, rest] = split_timestamp(inner.series); !timestamp.empty();
       std::tie(timestamp, rest) = split_timestamp(inner.series)) {
    inner.timestamp = timestamp;  // the last: a file's own before that of the directory it lies in
    inner.series = rest;
  }
  for (const auto& component : known) {
    if (component.kind == component_kind::full_system) continue;
    for (const auto& pattern : component.names) {
      if (pattern.match(name)) {
        inner.component = &component;
        return inner;
      }
    }
  }
  // a bundle in a full backup has no date in its name, and is of the only repository there is
  for (const auto& component : known) {
    if (component.kind == component_kind::git_bundle && inner.how == restore_kind::bundle) inner.component = &component;
  }
  return inner;
}

// The expected rows of a dump in a full backup: those named for the full backup itself, those beside the dump inside
// it, or those that lie where the component keeps the very same dump.
inline void find_capture(drill_item& item, const drill_item& outer, const inner_artifact& inner,
                         const drill_plan& plan) {
  if (item.how != restore_kind::dump) return;
  if (!outer.capture.empty()) {
    item.capture = outer.capture;
    item.capture_promised = outer.capture_promised;
    return;
  }
  std::vector<std::string> places{usual_capture_of(item.path)};
  if (inner.component != nullptr) {
    if (const auto promised =
            promised_capture(*inner.component, std::filesystem::path{item.path}.parent_path(), item.name))
      places.push_back(*promised);
    if (const auto home = plan.directories.find(inner.component->name); home != plan.directories.end()) {
      places.push_back(promised_capture(*inner.component, home->second, item.name)
                           .value_or(usual_capture_of(home->second + "/" + item.name)));
    }
  }
  const auto found = std::find_if(places.begin(), places.end(), is_file);
  if (found != places.end()) item.capture = *found;
}

inline drill_item item_of_member(const drill_item& outer, const inner_artifact& inner,
                                 const std::filesystem::path& directory, const drill_plan& plan) {
  const member_fact& member = *inner.member;
  drill_item item;
  item.path = (directory / plain_member_name(member.name)).string();
  item.where = outer.where / member.name;
  item.label = item.where.to_string();
  item.component = outer.component;
  item.name = file_name_of(member.name);
  item.how = inner.how;
  item.packed = is_packed_dump(member.kind);
  if (inner.component != nullptr) {
    item.kind = inner.component->kind;
    item.policy = inner.component->drill.value_or(drill_policy{});
    item.policy.source.clear();  // it has moved on since the full backup was made
    item.policy.repository.clear();
  }
  item.policy.allow_skip.insert(item.policy.allow_skip.end(), outer.policy.allow_skip.begin(),
                                outer.policy.allow_skip.end());
  if (item.kind == component_kind::any) item.kind.reset();
  if (const restore_method* const method = restore_method_of(member.kind)) item.order = method->order;
  item.expanded = member.size * 4;
  item.sha256 = member.sha256.value_or("");
  const auto inside = [&](const location& where) {
    return where.chain().size() >= 2 && where.chain()[0] == outer.where.chain()[0] && where.chain()[1] == member.name;
  };
  for (const auto& table : outer.tables) {
    if (inside(table.where)) item.tables.push_back(table);
  }
  for (const auto& ref : outer.refs) {
    if (inside(ref.where)) item.refs.push_back(ref);
  }
  find_capture(item, outer, inner, plan);
  return item;
}

/// Whether a dump is promised here: by the policy, among whose dumps its name is, or by the name itself.
inline bool promises_dump(const inner_artifact& inner) {
  if (inner.component != nullptr && inner.component->kind == component_kind::postgres_dump) return true;
  return claims_of(inner.member->name).inner == content::plain_dump;
}

// Of the artifacts of one series, whose names differ by their dates only, the newest is restored. One that should be a
// dump and is none counts too: an older one does not take its place in silence.
struct inner_series {
  std::optional<inner_artifact> newest;    // that can be restored
  std::optional<inner_artifact> promised;  // the newest that should be a dump
};

inline std::map<std::string, inner_series> series_inside(const drill_item& item,
                                                         const std::vector<component_policy>& known) {
  std::map<std::string, inner_series> all;
  const auto keep_newer = [](std::optional<inner_artifact>& newest, const inner_artifact& one) {
    if (!newest || one.timestamp > newest->timestamp) newest = one;
  };
  for (const auto& member : item.members) {
    if (member.type != member_type::file) continue;
    const inner_artifact inner = inner_artifact_of(member, known);
    const bool rehearsed = inner.how != restore_kind::none && inner.how != restore_kind::by_hand;
    const bool promised = promises_dump(inner);
    if (!rehearsed && !promised) continue;
    inner_series& of = all[inner.series];
    if (rehearsed) keep_newer(of.newest, inner);
    if (promised) keep_newer(of.promised, inner);
  }
  return all;
}

/// The finding that the newest dump of a series was not restored; nothing where it was, none was promised, or it is one
/// that is restored by hand and has no older one beside it, which a step of its own says.
inline std::optional<finding> check_promised_dump(const inner_series& series, const drill_item& item) {
  if (!series.promised) return std::nullopt;
  const bool by_hand = series.promised->how == restore_kind::by_hand;
  if (series.promised->how != restore_kind::none && !by_hand) return std::nullopt;
  if (series.newest ? series.newest->timestamp > series.promised->timestamp : by_hand) return std::nullopt;
  const member_fact& member = *series.promised->member;
  const location where = item.where / member.name;
  std::string actual =
      fmt::format("{} of {}", member.kind.empty() ? "a file" : member.kind, format_byte_size(member.size));
  if (!series.newest) {
    return make_finding(checks::drill_not_restored, where, "a dump is promised here, and was not restored", "a dump",
                        std::move(actual));
  }
  return make_finding(checks::drill_older_artifact, where,
                      "an older dump was restored, for the newest in the full backup cannot be", "a dump",
                      fmt::format("{}; restored: {}", actual, printable(series.newest->member->name)));
}

/// Whether a member is a backup, by its content or by the policy, that a drill does not restore. (Of dumps that are
/// none check_promised_dump says so.)
inline bool is_left_to_hands(const member_fact& member, const std::vector<component_policy>& known) {
  const restore_kind how = restore_kind_of(member);
  if (member.type != member_type::file || how != restore_kind::none) return how == restore_kind::by_hand;
  const inner_artifact inner = inner_artifact_of(member, known);
  return inner.component != nullptr && inner.component->kind != component_kind::postgres_dump &&
         inner.component->kind != component_kind::any && inner.component->kind != component_kind::logs &&
         !promises_dump(inner);
}

// What the policy backs up by itself and a full backup is made of, and this one has nothing of.
inline std::vector<std::string> components_not_inside(const drill_item& item,
                                                      const std::vector<component_policy>& known) {
  std::set<const component_policy*> inside;
  for (const auto& member : item.members) {
    if (member.type == member_type::file) inside.insert(inner_artifact_of(member, known).component);
  }
  std::vector<std::string> lacking;
  for (const auto& component : known) {
    const bool belongs = component.required && component.kind != component_kind::full_system &&
                         component.kind != component_kind::logs && component.kind != component_kind::any &&
                         component.kind != component_kind::archive;
    if (belongs && !inside.contains(&component)) lacking.push_back(component.name);
  }
  return lacking;
}

// What an archive holds tells how it is restored where no policy does.
inline void learn_members(drill_item& item, const drill_settings& settings) {
  verify_options options;
  options.bounds = settings.bounds;
  options.stop = settings.stop;
  artifact_task task;
  task.path = item.path;
  item.members = verify_artifact(task, options).members;
}

}  // namespace detail

/// `restore` restores one artifact of those inside.
inline void restore_full_system(const drill_item& item, drill_scene& scene,
                                const std::function<void(const drill_item&)>& restore) {
  const std::filesystem::path directory = scene.make_directory(item.name);
  bool whole = false;
  scene.steps.run(
      {drill_steps::unpack_full_system, item.component, item.label}, item.policy.allow_skip, [&](step_report& step) {
        archive_request request;
        request.artifact = item.path;
        request.directory = directory;
        request.required_files = item.policy.required_files;
        request.verified = &item.members;
        request.bounds = scene.settings.bounds;
        request.stop = scene.settings.stop;
        archive_result unpacked = rehearse_archive(request);
        step.bytes = unpacked.restored.bytes;
        whole = unpacked.restored.complete;
        detail::add_findings(step, std::move(unpacked.findings), std::move(unpacked.unchecked), item);
        for (const auto& component : detail::components_not_inside(item, scene.plan.known)) {
          step.findings.push_back(make_finding(checks::drill_not_inside, item.where,
                                               fmt::format("the full backup holds nothing of {}", printable(component)),
                                               "an artifact of every component of the policy",
                                               "none of " + printable(component)));
        }
      });
  if (!whole) {
    scene.steps.forgo({drill_steps::restore, item.component, item.label}, "the full backup could not be unpacked",
                      item.policy.allow_skip, scene.steps.last());
    return;
  }
  for (const auto& member : item.members) {
    if (!detail::is_left_to_hands(member, scene.plan.known)) continue;
    scene.steps.run(
        {drill_steps::restore, item.component, (item.where / member.name).to_string()}, item.policy.allow_skip,
        [&](step_report& step) { step.unchecked.push_back(detail::not_rehearsed(item.where / member.name)); });
  }
  // the newest of each series: the procedure's globs copy old ones along
  std::vector<drill_item> items;
  for (const auto& [name, series] : detail::series_inside(item, scene.plan.known)) {
    if (auto lost = detail::check_promised_dump(series, item)) {
      scene.steps.run({drill_steps::restore, item.component, lost->where.to_string()}, item.policy.allow_skip,
                      [&](step_report& step) { step.findings.push_back(*std::move(lost)); });
    }
    if (series.newest) items.push_back(detail::item_of_member(item, *series.newest, directory, scene.plan));
  }
  std::stable_sort(items.begin(), items.end(), [](const drill_item& a, const drill_item& b) {
    const auto rank = [](const drill_item& one) { return detail::recovery_rank(one.kind ? one.kind : one.order); };
    return rank(a) < rank(b);
  });
  for (auto& one : items) {
    if (one.how == restore_kind::archive) detail::learn_members(one, scene.settings);
    restore(one);
  }
}

}  // namespace knowngood
