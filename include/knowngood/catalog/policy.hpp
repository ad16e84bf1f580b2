// policy: what an estate of backups should look like, read from a TOML file: which components, how they are named, when
// they are due, what lies beside them. The contract with the operator is docs/policy.md.
//
// Layer: catalog. const policy p = load_policy("/etc/knowngood/ner11.toml");
// Every mistake in the file is reported, each with its line and the nearest right thing; nothing unknown is skipped.
#pragma once

#include <toml++/toml.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/nearest.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/component_policy.hpp"
#include "knowngood/catalog/gate_policy.hpp"
#include "knowngood/catalog/policy_keys.hpp"
#include "knowngood/catalog/policy_reader.hpp"
#include "knowngood/io/read_file.hpp"

namespace knowngood {

struct policy {
  std::string path;  ///< of the file, or the name it was parsed under
  std::string text;  ///< its bytes, for the digest in a report
  estate_policy estate;
  std::vector<component_policy> components;  ///< in the order of the file
  gate_policy gate;                          ///< its defaults where the file has no [gate]
};

namespace detail {

inline const toml::source_region& place_of(const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  return node == nullptr ? table.source() : node->source();
}

// What no single key shows.
inline void check_manifest(component_policy& component, const toml::table& table, policy_reader& reader,
                           const std::string& path) {
  if (!component.manifest) {
    if (component.manifest_format) {
      reader.mistake(place_of(table, "manifest_kind"), fmt::format("{}.manifest_kind: there is no `manifest`", path));
    }
    return;
  }
  if (component.manifest_format) return;
  if (component.kind == component_kind::models) component.manifest_format = manifest_kind::models;
  if (component.kind == component_kind::configuration) component.manifest_format = manifest_kind::file_list;
  if (!component.manifest_format) {
    reader.mistake(place_of(table, "manifest"),
                   fmt::format("{}.manifest: kind `{}` has no usual manifest: set `manifest_kind` to "
                               "\"models\" or \"file-list\"",
                               path, to_string(component.kind)));
  }
}

inline void check_names(const component_policy& component, const toml::table& table, policy_reader& reader,
                        const std::string& path) {
  const toml::node* names = table.get("name");
  const std::size_t given = names == nullptr ? 0 : names->is_array() ? names->as_array()->size() : 1;
  if (names != nullptr && given == 0) reader.mistake(names->source(), fmt::format("{}.name: must not be empty", path));
  if (given != component.names.size() || given == 0) return;  // what is wrong with them has been said
  const auto any = [&](auto has) { return std::any_of(component.names.begin(), component.names.end(), has); };
  const bool dated = !any([](const name_pattern& one) { return !one.has_timestamp(); });
  for (const std::string_view key : {"schedule", "max_age"}) {
    const bool judged = key == "schedule" ? component.schedule.periodic() : component.max_age.has_value();
    if (judged && !dated) {
      reader.mistake(place_of(table, key),
                     fmt::format("{}.{}: cannot be judged without a {{timestamp}} in every `name`", path, key));
    }
  }
  const bool has_series = any([](const name_pattern& one) { return one.has_series(); });
  if (!component.series.empty() && !has_series) {
    reader.mistake(place_of(table, "series"), fmt::format("{}.series: there is no {{series}} in `name`", path));
  }
  std::vector<std::string> sorted = component.series;
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end()) {
    reader.mistake(place_of(table, "series"),
                   fmt::format("{}.series: `{}` stands there twice", path, printable(*twice)));
  }
  const std::pair<std::string_view, const std::optional<name_template>&> templates[] = {
      {"checksum", component.checksum}, {"manifest", component.manifest}};
  for (const auto& [key, name] : templates) {
    if (!name) continue;
    if (name->uses("series") && !has_series) {
      reader.mistake(place_of(table, key), fmt::format("{}.{}: there is no {{series}} in `name`", path, key));
    }
    if (name->uses("timestamp") && !dated) {
      reader.mistake(place_of(table, key), fmt::format("{}.{}: there is no {{timestamp}} in every `name`", path, key));
    }
    if (has_series && !name->shared() && !name->uses("series") && !name->uses("name") && !name->uses("stem")) {
      reader.mistake(place_of(table, key),
                     fmt::format("{}.{}: `{}` is the same for every series: it needs {{name}}, {{stem}} or "
                                 "{{series}}",
                                 path, key, printable(name->text())));
    }
  }
}

// Keys that can mean nothing for the component: a check that the file promises and nobody makes.
inline void check_meaning(const component_policy& component, const toml::table& table, policy_reader& reader,
                          const std::string& path) {
  const auto refuse = [&](std::string_view key, std::string_view why) {
    if (table.contains(key)) reader.mistake(place_of(table, key), fmt::format("{}.{}: {}", path, key, why));
  };
  const auto dated = [](const name_pattern& one) { return one.has_timestamp(); };
  if (!component.names.empty() && std::none_of(component.names.begin(), component.names.end(), dated)) {
    for (const std::string_view key : {"verify", "identical", "grace", "size_drift"}) {
      refuse(key, "means nothing without a {timestamp} in `name`");
    }
    if (!component.schedule.periodic())
      refuse("time_zone", "means nothing without a {timestamp} in `name` or a `schedule`");
  }
  if (!component.size_drift) refuse("size_history", "means nothing without `size_drift`");
  const bool files = std::all_of(component.names.begin(), component.names.end(),
                                 [](const auto& one) { return !one.for_directories(); });
  if (files) refuse("contains", "means nothing where `name` means files: a final `/` makes it mean directories");
  const component_kind kind = component.kind;
  const auto is_of = [&](std::initializer_list<component_kind> kinds) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  };
  if (is_of({component_kind::postgres_dump, component_kind::git_bundle})) {
    refuse("manifest", "a manifest lists what is in an archive, and these are none");
  }
  if (is_of({component_kind::postgres_dump, component_kind::git_bundle, component_kind::models,
             component_kind::configuration, component_kind::logs})) {
    refuse("held_by", fmt::format("kind `{}` holds no data directory of PostgreSQL", to_string(kind)));
  }
  if (component.content == expected_content::opaque) {
    refuse("manifest", "what is in opaque artifacts cannot be held against a manifest");
  }

  const toml::node* node = table.get("drill");
  const toml::table* drill = node == nullptr ? nullptr : node->as_table();
  if (drill == nullptr) return;
  const auto refuse_in_drill = [&](std::string_view key, std::string_view why) {
    if (drill->contains(key)) reader.mistake(place_of(*drill, key), fmt::format("{}.drill.{}: {}", path, key, why));
  };
  const std::string of_kind = fmt::format("means nothing for kind `{}`: ", to_string(kind));
  if (!is_of(
          {component_kind::postgres_dump, component_kind::full_system, component_kind::archive, component_kind::any})) {
    for (const std::string_view key : {"source", "capture", "tolerance", "assertions", "required_tables", "extensions"})
      refuse_in_drill(key, of_kind + "no dump is loaded");
  }
  if (!is_of({component_kind::git_bundle, component_kind::full_system, component_kind::archive, component_kind::any})) {
    for (const std::string_view key : {"required_refs", "repository"})
      refuse_in_drill(key, of_kind + "no bundle is cloned");
  }
  if (is_of({component_kind::postgres_dump, component_kind::git_bundle})) {
    refuse_in_drill("required_files", of_kind + "nothing is unpacked");
  }
  if (!drill->contains("probe")) refuse_in_drill("probe_timeout", "means nothing without `probe`");
  if (!files) refuse_in_drill("capture", "means nothing for directories: FILE.capture.json beside each dump is taken");
}

inline void check_times(const component_policy& component, const toml::table& table, policy_reader& reader,
                        const std::string& path) {
  if (!component.schedule.periodic()) {
    for (const std::string_view key : {"late_after", "early"}) {
      if (table.contains(key)) {
        reader.mistake(place_of(table, key), fmt::format("{}.{}: means nothing without a `schedule`", path, key));
      }
    }
    return;
  }
  if (component.late_after && *component.late_after > component.grace) {
    reader.mistake(place_of(table, "late_after"),
                   fmt::format("{}.late_after: {} is longer than the grace of {}, after which it is an error", path,
                               format_duration(*component.late_after), format_duration(component.grace)));
  }
  if (!component.max_age) return;
  const auto longest = component.schedule.longest_interval();
  if (*component.max_age < longest) {
    reader.mistake(
        place_of(table, "max_age"),
        fmt::format("{}.max_age: {} is shorter than the {} between two runs of the schedule `{}`, so that a sound "
                    "estate would be called stale: at least \"{}h\"",
                    path, format_duration(*component.max_age), format_duration(longest),
                    printable(component.schedule.text()), (longest.count() + 3599) / 3600));
  }
}

inline component_policy read_component(const std::string& name, const toml::node& node, const estate_policy& estate,
                                       policy_reader& reader) {
  component_policy component;
  const std::string path = "component." + name;
  reader.key = path;
  reader.zone = estate.zone;
  component.name = name;
  component.path = name;
  component.zone = estate.zone;
  const auto* table = node.as_table();
  if (table == nullptr) {
    reader.mistake(node.source(),
                   fmt::format("{}: must be a table, not {}: write `[component.NAME]` above it", path, describe(node)));
    return component;
  }
  if (name.empty() ||
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != std::string::npos) {
    reader.mistake(node.source(),
                   fmt::format("the component name `{}` may hold letters, digits, `-` and `_` only", printable(name)));
  }
  read_table(*table, component_keys, component, path, reader);
  check_manifest(component, *table, reader, path);
  check_names(component, *table, reader, path);
  check_times(component, *table, reader, path);
  check_meaning(component, *table, reader, path);
  return component;
}

// Components may name those that come after them.
inline void check_held_by(const policy& of, const toml::table& components, policy_reader& reader) {
  std::vector<std::string_view> names;
  for (const auto& one : of.components) names.push_back(one.name);
  for (const auto& one : of.components) {
    for (const auto& wanted : one.held_by) {
      if (wanted != one.name && std::find(names.begin(), names.end(), wanted) != names.end()) continue;
      const std::string_view meant = nearest(wanted, names);
      reader.mistake(
          place_of(*components[one.name].as_table(), "held_by"),
          fmt::format("component.{}.held_by: there is no other component `{}`{}", one.name, printable(wanted),
                      meant.empty() || meant == one.name ? "" : fmt::format(": did you mean `{}`?", meant)));
    }
  }
}

inline void read_components(const toml::table& document, policy& into, policy_reader& reader) {
  const toml::node* node = document.get("component");
  const auto* table = node == nullptr ? nullptr : node->as_table();
  if (table == nullptr || table->empty()) {
    reader.mistake(node == nullptr ? document.source() : node->source(),
                   "the policy names no component: it needs a [component.NAME] for each thing that is backed up");
    return;
  }
  std::vector<std::pair<const toml::key*, const toml::node*>> members;
  for (const auto& [key, value] : *table) members.emplace_back(&key, &value);
  std::stable_sort(members.begin(), members.end(),
                   [](const auto& a, const auto& b) { return a.first->source().begin < b.first->source().begin; });
  for (const auto& [key, value] : members) {
    component_policy component = read_component(std::string{key->str()}, *value, into.estate, reader);
    for (const auto& other : into.components) {
      for (const auto& name : component.names) {
        if (other.path != component.path ||
            std::find(other.names.begin(), other.names.end(), name) == other.names.end()) {
          continue;
        }
        reader.mistake(place_of(*value->as_table(), "name"),
                       fmt::format("component.{}.name: `{}` in `{}` belongs to component.{} already", component.name,
                                   printable(name.text()), printable(component.path), other.name));
      }
    }
    into.components.push_back(std::move(component));
  }
  check_held_by(into, *table, reader);
}

inline toml::table parse_document(std::string_view text, const std::string& name) {
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw usage_error{
        fmt::format("{}:{}:{}: {}", name, error.source().begin.line, error.source().begin.column, error.description())};
  }
}

}  // namespace detail

/// The policy in `text`; `name` stands for the file in messages. Throws `usage_error` with every mistake, a line each:
/// `name:line:column: what, and the nearest right thing`; `environment_error` when the time zones cannot be read.
inline policy parse_policy(std::string_view text, const std::string& name) {
  const toml::table document = detail::parse_document(text, name);
  policy result;
  result.path = name;
  result.text = std::string{text};
  detail::policy_reader reader{name};

  detail::document_head head;
  detail::read_table(document, detail::head_keys, head, "", reader, {"estate", "component", "gate"});
  if (head.version > 1) {
    reader.mistake(document.get("version")->source(),
                   fmt::format("version: this program reads version 1, not {}: use a newer one, or mend the policy",
                               head.version));
  }
  if (const toml::node* estate = document.get("estate"); estate != nullptr && estate->is_table()) {
    detail::read_table(*estate->as_table(), detail::estate_keys, result.estate, "estate", reader);
  } else {
    reader.mistake(estate == nullptr ? document.source() : estate->source(),
                   "the policy lacks [estate]: it says where the backups lie");
  }
  detail::read_components(document, result, reader);
  if (const toml::node* gate = document.get("gate"); gate != nullptr && gate->is_table()) {
    detail::read_table(*gate->as_table(), detail::gate_keys, result.gate, "gate", reader);
  } else if (gate != nullptr) {
    reader.mistake(gate->source(), "gate: must be a table: write `[gate]` above it");
  }
  reader.finish();
  if (result.estate.name.empty()) {
    const auto root = std::filesystem::path{result.estate.root}.lexically_normal();
    result.estate.name = (root.has_filename() ? root : root.parent_path()).filename().string();
  }
  return result;
}

/// The policy in the file `path`, its root made absolute. Throws as `parse_policy` does, and `usage_error` when the
/// file cannot be read.
inline policy load_policy(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw usage_error{fmt::format("{}: is a directory, not a policy", path)};
  }
  constexpr std::uint64_t most = std::uint64_t{16} << 20U;
  std::string text;
  try {
    text = read_file(path, location{path}, most);
  } catch (const environment_error& unreadable) {
    throw usage_error{fmt::format("{}: cannot read the policy: {}", path, unreadable.what())};
  } catch (const stream_error& changed) {
    throw usage_error{fmt::format("{}: cannot read the policy: {}", path, changed.what())};
  }
  policy result = parse_policy(text, path);
  const auto root = std::filesystem::absolute(path).parent_path() / result.estate.root;
  result.estate.root = root.lexically_normal().string();
  return result;
}

}  // namespace knowngood
