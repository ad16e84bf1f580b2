// restore_full_system: unpacks a full backup and restores everything in it, in the runbook's order.
//
// Layer: drill. Step `unpack-full-system`, and then those of each artifact in it.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/audit/report.hpp"
#include "restorable/catalog/capture_name.hpp"
#include "restorable/drill/archive_step.hpp"
#include "restorable/drill/drill_item.hpp"
#include "restorable/drill/drill_scene.hpp"
#include "restorable/verify/artifact_verifier.hpp"

namespace restorable {

namespace detail {

// An artifact inside, and what its name says.
struct inner_artifact {
  const member_fact* member;
  const component_policy* component = nullptr;   // that its name belongs to
  std::string series;
  std::string timestamp;                         // as the name spells it; sorts by time
};

inline restore_kind restore_kind_of_member(const member_fact& member) {
  const std::string_view kind = innermost_kind(member.kind);
  if (kind == to_string(content::plain_dump)) return restore_kind::dump;
  if (kind == to_string(content::git_bundle)) return restore_kind::bundle;
  return kind == to_string(content::tar) ? restore_kind::archive : restore_kind::none;
}

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

inline inner_artifact describe(const member_fact& member, const std::vector<component_policy>& known) {
  inner_artifact inner{&member, nullptr, {}, {}};
  const std::string name = file_name_of(member.name);
  const auto [timestamp, rest] = split_timestamp(name);
  inner.timestamp = timestamp;
  inner.series = rest;
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
    if (component.kind == component_kind::git_bundle && restore_kind_of_member(member) == restore_kind::bundle) inner.component = &component;
  }
  return inner;
}

// The expected rows of a dump in a full backup: those named for the full backup itself, those beside the dump inside it, or
// those that lie where the component keeps the very same dump.
inline void find_capture(drill_item& item, const drill_item& outer, const inner_artifact& inner, const drill_plan& plan) {
  if (item.how != restore_kind::dump) return;
  if (!outer.capture.empty()) {
    item.capture = outer.capture;
    item.capture_promised = outer.capture_promised;
    return;
  }
  std::vector<std::string> places{usual_capture_of(item.path)};
  if (inner.component != nullptr) {
    if (const auto promised = promised_capture(*inner.component, std::filesystem::path{item.path}.parent_path(), item.name)) places.push_back(*promised);
    if (const auto home = plan.directories.find(inner.component->name); home != plan.directories.end()) {
      places.push_back(promised_capture(*inner.component, home->second, item.name).value_or(usual_capture_of(home->second + "/" + item.name)));
    }
  }
  const auto found = std::find_if(places.begin(), places.end(), is_file);
  if (found != places.end()) item.capture = *found;
}

inline drill_item item_of_member(const drill_item& outer, const inner_artifact& inner, const std::filesystem::path& directory, const drill_plan& plan) {
  const member_fact& member = *inner.member;
  drill_item item;
  item.path = (directory / plain_member_name(member.name)).string();
  item.where = outer.where / member.name;
  item.label = item.where.to_string();
  item.component = outer.component;
  item.name = file_name_of(member.name);
  item.how = restore_kind_of_member(member);
  if (inner.component != nullptr) {
    item.kind = inner.component->kind;
    item.wishes = inner.component->drill.value_or(drill_policy{});
    item.wishes.source.clear();       // it has moved on since the full backup was made
    item.wishes.repository.clear();
  }
  item.wishes.allow_skip.insert(item.wishes.allow_skip.end(), outer.wishes.allow_skip.begin(), outer.wishes.allow_skip.end());
  if (item.kind == component_kind::any) item.kind.reset();
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

/// A backup by its content that nothing here restores: pg_dump's custom format.
inline bool is_unrehearsed(const member_fact& member) {
  return member.type == member_type::file && innermost_kind(member.kind) == to_string(content::dump_archive);
}

// What the policy backs up by itself and a full backup is made of, and this one has nothing of.
inline std::vector<std::string> components_not_inside(const drill_item& item, const std::vector<component_policy>& known) {
  std::set<const component_policy*> inside;
  for (const auto& member : item.members) {
    if (member.type == member_type::file) inside.insert(describe(member, known).component);
  }
  std::vector<std::string> lacking;
  for (const auto& component : known) {
    const bool belongs = component.required && component.kind != component_kind::full_system && component.kind != component_kind::logs &&
                         component.kind != component_kind::any && component.kind != component_kind::archive;
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
inline void restore_full_system(const drill_item& item, drill_scene& scene, const std::function<void(const drill_item&)>& restore) {
  const std::filesystem::path directory = scene.make_directory(item.name);
  bool whole = false;
  scene.steps.run({"unpack-full-system", item.component, item.label}, item.wishes.allow_skip, [&](step_report& step) {
    archive_request request;
    request.artifact = item.path;
    request.directory = directory;
    request.required_files = item.wishes.required_files;
    request.verified = &item.members;
    request.bounds = scene.settings.bounds;
    request.stop = scene.settings.stop;
    archive_rehearsal unpacked = rehearse_archive(request);
    if (unpacked.stopped) throw interrupted{};
    step.bytes = unpacked.restored.bytes;
    whole = unpacked.restored.complete;
    detail::add_findings(step, std::move(unpacked.findings), std::move(unpacked.unchecked), item);
    for (const auto& component : detail::components_not_inside(item, scene.plan.known)) {
      step.findings.push_back(make_finding(checks::drill_not_inside, item.where, fmt::format("the full backup holds nothing of {}", printable(component)),
                                           "an artifact of every component of the policy", "none of " + printable(component)));
    }
  });
  if (!whole) {
    scene.steps.forgo({"restore", item.component, item.label}, "the full backup could not be unpacked", item.wishes.allow_skip, scene.steps.last());
    return;
  }
  for (const auto& member : item.members) {
    if (!detail::is_unrehearsed(member)) continue;
    scene.steps.run({"restore", item.component, (item.where / member.name).to_string()}, item.wishes.allow_skip, [&](step_report& step) {
      step.unchecked.push_back(detail::not_rehearsed(item.where / member.name));
    });
  }
  // the newest of each series: the procedure's globs copy old ones along
  std::map<std::string, detail::inner_artifact> newest;
  for (const auto& member : item.members) {
    if (member.type != member_type::file || detail::restore_kind_of_member(member) == restore_kind::none) continue;
    const auto inner = detail::describe(member, scene.plan.known);
    const auto [known, fresh] = newest.try_emplace(inner.series, inner);
    if (!fresh && inner.timestamp > known->second.timestamp) known->second = inner;
  }
  std::vector<drill_item> items;
  for (const auto& [series, inner] : newest) items.push_back(detail::item_of_member(item, inner, directory, scene.plan));
  std::stable_sort(items.begin(), items.end(), [](const drill_item& a, const drill_item& b) {
    const auto rank = [](const drill_item& one) {
      if (one.kind) return detail::recovery_rank(one.kind);
      return one.how == restore_kind::bundle ? 0 : one.how == restore_kind::dump ? 3 : 2;
    };
    return rank(a) < rank(b);
  });
  for (auto& one : items) {
    if (one.how == restore_kind::archive) detail::learn_members(one, scene.settings);
    restore(one);
  }
}

}  // namespace restorable
