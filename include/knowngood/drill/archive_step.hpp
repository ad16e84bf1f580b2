// restore_archive: unpacks models, configuration, volumes, logs and other archives, and boots a volume that is a
// PostgreSQL data directory.
//
// Layer: drill. Steps `restore-models`, `restore-configuration`, `restore-volume`, `restore-archive`, `boot-volume`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/drill/drill_item.hpp"
#include "knowngood/drill/drill_scene.hpp"
#include "knowngood/drill/restore_kind.hpp"
#include "knowngood/rehearse/archive_rehearsal.hpp"
#include "knowngood/rehearse/data_directory_rehearsal.hpp"
#include "knowngood/report/drill_steps.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood {

namespace detail {

// What a file in the scratch found becomes what the artifact is called.
inline void add_findings(step_report& step, std::vector<finding> findings, std::vector<unchecked_item> unchecked,
                         const drill_item& item) {
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
  return {where, "restoring this kind of artifact is not rehearsed",
          "rehearse it by hand; drill restores plain dumps, git bundles and tar archives"};
}

inline bool holds_compose_file(const drill_item& item) {
  for (const auto& member : item.members) {
    const std::string name{file_name_of(member.name)};
    if (name == "docker-compose.yml" || name == "docker-compose.yaml" || name == "compose.yml" ||
        name == "compose.yaml")
      return true;
  }
  return false;
}

inline bool holds_data_directory(const drill_item& item) {
  for (const auto& member : item.members) {
    if (member.type == member_type::file && file_name_of(member.name) == "PG_VERSION") return true;
  }
  return false;
}

// The dumps and bundles in an archive that is unpacked and no more. In a volume, or among configuration, they are
// somebody's files.
inline std::optional<finding> unpacked_only(const drill_item& item, component_kind kind) {
  constexpr std::size_t named = 3;
  std::vector<std::string> backups;
  for (const auto& member : item.members) {
    const restore_kind how = restore_kind_of(member);
    if (how == restore_kind::dump || how == restore_kind::bundle) backups.push_back(printable(member.name, 120));
  }
  if (backups.empty()) return std::nullopt;
  const std::size_t count = backups.size();
  backups.resize(std::min(count, named));
  finding what =
      make_finding(checks::drill_unpacked_only, item.where,
                   fmt::format("{} in it {} unpacked only", counted(count, "backup"), count == 1 ? "was" : "were"),
                   "each loaded or cloned", fmt::format("{}{}", fmt::join(backups, ", "), count > named ? ", …" : ""));
  const bool content =
      kind == component_kind::volume || kind == component_kind::configuration || kind == component_kind::logs;
  if (content) what.severity = severity::note;
  return what;
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
    scene.steps.run({drill_steps::boot_volume, item.component, label}, item.policy.allow_skip, [&](step_report& step) {
      data_directory_result booted = rehearse_data_directory({.data = data,
                                                              .top = directory,
                                                              .where = where,
                                                              .postgres = scene.settings.postgres,
                                                              .work = scene.new_path("boot"),
                                                              .user = scene.user,
                                                              .jobs = scene.settings.jobs,
                                                              .stop = scene.settings.stop,
                                                              .bounds = scene.bounds()});
      if (!booted.version.empty()) {
        step.properties.push_back({where, "server_version", booted.version});
        scene.report_confinement(step);
      }
      step.properties.push_back({where, "tables", fmt::format("{}", booted.tables.size())});
      step.properties.push_back({where, "rows", fmt::format("{}", booted.rows)});
      detail::add_findings(step, std::move(booted.findings), std::move(booted.unchecked), item);
    });
  }
}

inline void restore_archive(const drill_item& item, drill_scene& scene) {
  const component_kind kind = archive_kind_of(item);
  const drill_step& which = kind == component_kind::models          ? drill_steps::restore_models
                            : kind == component_kind::configuration ? drill_steps::restore_configuration
                            : kind == component_kind::volume        ? drill_steps::restore_volume
                                                                    : drill_steps::restore_archive;
  const std::filesystem::path directory = scene.make_directory(item.name);
  bool whole = false;
  scene.steps.run({which, item.component, item.label}, item.policy.allow_skip, [&](step_report& step) {
    archive_request request;
    request.artifact = item.path;
    request.directory = directory;
    request.required_files = item.policy.required_files;
    request.manifest = item.manifest;
    request.manifest_format = item.manifest_format;
    request.configuration = kind == component_kind::configuration;
    request.volume = kind == component_kind::volume;
    request.verified = &item.members;
    request.bounds = scene.settings.bounds;
    request.stop = scene.settings.stop;
    archive_result restored = rehearse_archive(request);
    step.bytes = restored.restored.bytes;
    for (auto& [key, value] : restored.properties)
      step.properties.push_back({item.where, std::move(key), std::move(value)});
    whole = restored.restored.complete;
    if (auto what = detail::unpacked_only(item, kind); what && whole) step.findings.push_back(std::move(*what));
    detail::add_findings(step, std::move(restored.findings), std::move(restored.unchecked), item);
  });
  if (!whole) return;
  const std::string variable = kind == component_kind::models          ? "KNOWNGOOD_MODELS"
                               : kind == component_kind::configuration ? "KNOWNGOOD_CONFIGURATION"
                               : kind == component_kind::volume        ? "KNOWNGOOD_VOLUMES"
                                                                       : "KNOWNGOOD_ARCHIVES";
  scene.add_probe_variable(variable, directory.string());
  if (kind == component_kind::volume || detail::holds_data_directory(item)) boot_volume(item, directory, scene);
}

}  // namespace knowngood
