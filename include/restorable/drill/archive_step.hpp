// restore_archive: unpacks models, configuration, volumes, logs and other archives, and boots a volume that is a
// PostgreSQL data directory.
//
// Layer: drill. Steps `restore-models`, `restore-configuration`, `restore-volume`, `restore-archive`, `boot-volume`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/audit/report.hpp"
#include "restorable/drill/archive_rehearsal.hpp"
#include "restorable/drill/data_directory_rehearsal.hpp"
#include "restorable/drill/drill_item.hpp"
#include "restorable/drill/drill_scene.hpp"

namespace restorable {

namespace detail {

// What a file in the scratch found becomes what the artifact is called.
inline void add_findings(step_report& step, std::vector<finding> findings, std::vector<unchecked_item> unchecked, const drill_item& item) {
  const auto renamed = [&](const location& where) {
    if (where.chain().empty() || where.chain().front() != item.path) return where;
    std::vector<std::string> chain = item.where.chain();
    chain.insert(chain.end(), where.chain().begin() + 1, where.chain().end());
    return location{std::move(chain), where.offset()};
  };
  for (auto& one : findings) {
    one.where = renamed(one.where);
    step.findings.push_back(std::move(one));
  }
  for (auto& one : unchecked) {
    one.where = renamed(one.where);
    step.unchecked.push_back(std::move(one));
  }
}

// What a drill says of a kind of artifact that it does not know how to restore.
inline unchecked_item not_rehearsed(const location& where) {
  return {where, "restoring this kind of artifact is not rehearsed", "rehearse it by hand; drill restores plain dumps, git bundles and tar archives"};
}

// The server's user has to get to a data directory that lies deep in what root has restored.
inline void let_through(const std::filesystem::path& data, const std::filesystem::path& directory) {
  using std::filesystem::perms;
  for (auto above = data; above != directory;) {
    above = above.parent_path();
    std::filesystem::permissions(above, perms::owner_exec | perms::group_exec | perms::others_exec, std::filesystem::perm_options::add);
  }
}

inline bool holds_compose_file(const drill_item& item) {
  for (const auto& member : item.members) {
    const std::string name = file_name_of(member.name);
    if (name == "docker-compose.yml" || name == "docker-compose.yaml" || name == "compose.yml" || name == "compose.yaml") return true;
  }
  return false;
}

inline bool holds_data_directory(const drill_item& item) {
  for (const auto& member : item.members) {
    if (member.type == member_type::file && file_name_of(member.name) == "PG_VERSION") return true;
  }
  return false;
}

}  // namespace detail

/// What kind of archive it is: the policy's word, or what it holds.
inline component_kind archive_kind_of(const drill_item& item) {
  if (item.kind && *item.kind != component_kind::any) return *item.kind;
  if (detail::holds_data_directory(item)) return component_kind::volume;
  return detail::holds_compose_file(item) ? component_kind::configuration : component_kind::archive;
}

/// Boots every data directory in what was restored into `directory`.
inline void boot_volume(const drill_item& item, const std::filesystem::path& directory, drill_scene& scene) {
  for (const auto& data : detail::find_data_directories(directory)) {
    const std::string inside = data.lexically_relative(directory).string();
    const location where = inside == "." ? item.where : item.where / inside;
    const std::string label = inside == "." ? item.label : where.to_string();
    scene.steps.run({"boot-volume", item.component, label}, item.wishes.allow_skip, [&](step_report& step) {
      detail::let_through(data, directory);
      data_directory_outcome booted = rehearse_data_directory(data, where, scene.settings.postgres, scene.new_path("boot"), scene.user,
                                                              scene.settings.jobs, scene.settings.stop);
      if (!booted.version.empty()) {
        step.properties.push_back({where, "server_version", booted.version});
        drill_scene::tell_unconfined(step);
      }
      step.properties.push_back({where, "tables", fmt::format("{}", booted.tables.size())});
      step.properties.push_back({where, "rows", fmt::format("{}", booted.rows)});
      detail::add_findings(step, std::move(booted.findings), std::move(booted.unchecked), item);
    });
  }
}

inline void restore_archive(const drill_item& item, drill_scene& scene) {
  const component_kind kind = archive_kind_of(item);
  const std::string name = kind == component_kind::models          ? "restore-models"
                           : kind == component_kind::configuration ? "restore-configuration"
                           : kind == component_kind::volume        ? "restore-volume"
                                                                   : "restore-archive";
  const std::filesystem::path directory = scene.make_directory(item.name);
  bool whole = false;
  scene.steps.run({name, item.component, item.label}, item.wishes.allow_skip, [&](step_report& step) {
    archive_request request;
    request.artifact = item.path;
    request.directory = directory;
    request.required_files = item.wishes.required_files;
    request.manifest = item.manifest;
    request.manifest_format = item.manifest_format;
    request.configuration = kind == component_kind::configuration;
    request.verified = &item.members;
    request.bounds = scene.settings.bounds;
    request.stop = scene.settings.stop;
    archive_rehearsal restored = rehearse_archive(request);
    if (restored.stopped) throw interrupted{};
    step.bytes = restored.restored.bytes;
    for (auto& [key, value] : restored.properties) step.properties.push_back({item.where, std::move(key), std::move(value)});
    whole = restored.restored.complete;
    detail::add_findings(step, std::move(restored.findings), std::move(restored.unchecked), item);
  });
  if (!whole) return;
  const std::string variable = kind == component_kind::models          ? "RESTORABLE_MODELS"
                               : kind == component_kind::configuration ? "RESTORABLE_CONFIGURATION"
                               : kind == component_kind::volume        ? "RESTORABLE_VOLUMES"
                                                                       : "RESTORABLE_ARCHIVES";
  scene.tell(variable, directory.string());
  if (kind == component_kind::volume || detail::holds_data_directory(item)) boot_volume(item, directory, scene);
}

}  // namespace restorable
