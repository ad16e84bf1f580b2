// discovery: walks the directories of an estate and tells which files are artifacts of which component, what their
// names say, which promised sidecars lie beside them, and what belongs to nobody.
//
// Layer: catalog. Names are judged, contents are not read. Only the root and the components' directories are listed,
// never what lies below them, and no symbolic link to a directory is followed out of the estate. Ignored without a
// word: what is passed over everywhere (passed_over.hpp), and what the policy ignores.
//   for (const auto& component : discover(policy).components) { ... component.artifacts ... }
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/capture_name.hpp"
#include "knowngood/catalog/directory.hpp"
#include "knowngood/catalog/estate_listing.hpp"
#include "knowngood/catalog/passed_over.hpp"
#include "knowngood/catalog/policy.hpp"
#include "knowngood/catalog/split_parts.hpp"
#include "knowngood/inspect/list_names.hpp"
#include "knowngood/io/read_file.hpp"

namespace knowngood {

namespace detail {

class discoverer {
 public:
  explicit discoverer(const policy& plan) : plan_{plan} {}

  estate_listing run() {
    for (std::size_t i = 0; i < plan_.components.size(); ++i) {
      component_listing listing;
      listing.component = i;
      listing.directory = directory_of(plan_.components[i].path);
      listing_.components.push_back(std::move(listing));
      by_directory_[listing_.components.back().directory].push_back(i);
    }
    by_directory_.try_emplace(directory_of("."));
    for (const auto& [directory, components] : by_directory_) visit(directory, components);
    for (auto& component : listing_.components) sort_artifacts(component.artifacts);
    return std::move(listing_);
  }

 private:
  [[nodiscard]] std::string directory_of(const std::string& path) const {
    std::filesystem::path joined = (std::filesystem::path{plan_.estate.root} / path).lexically_normal();
    if (!joined.has_filename() && joined.has_relative_path()) joined = joined.parent_path();
    return joined.string();
  }

  void visit(const std::string& directory, const std::vector<std::size_t>& components) {
    directory_contents contents;
    try {
      refuse_link_outside(directory);
      contents = list_directory(directory);
    } catch (const environment_error& error) {
      listing_.unchecked.push_back(error);
      return;
    }
    if (!contents.exists) {
      for (const std::size_t i : components) missing_directory(i, directory, contents.why_not);
      return;
    }
    for (const std::size_t i : components) listing_.components[i].listed = true;
    for (const auto& failure : contents.failures) note_failure(failure, components);
    assign(directory, components, with_parts_joined(directory, std::move(contents.entries), components));
  }

  // What may be an artifact and cannot be looked at makes the whole component's absence prove nothing.
  void note_failure(const unreadable_entry& failure, const std::vector<std::size_t>& components) {
    if (is_passed_over_name(failure.name)) return;
    listing_.unchecked.push_back(failure.error);
    for (const std::size_t i : components) {
      const auto& names = plan_.components[i].names;
      const auto fits = [&](const name_pattern& name) { return name.match(failure.name).has_value(); };
      if (std::any_of(names.begin(), names.end(), fits)) listing_.components[i].listed = false;
    }
  }

  // A directory that the policy writes out is followed wherever it leads; one that is a link below the root is not.
  void refuse_link_outside(const std::string& directory) const {
    std::error_code error;
    const auto real_root = std::filesystem::canonical(plan_.estate.root, error);
    if (error) return;  // listing it says why
    const auto below = std::filesystem::path{directory}.lexically_relative(directory_of("."));
    if (below.empty() || *below.begin() == "..") return;
    const auto real = std::filesystem::canonical(directory, error);
    if (error) return;
    const auto parts = std::mismatch(real_root.begin(), real_root.end(), real.begin(), real.end());
    if (parts.first == real_root.end()) return;
    throw environment_error{
        location{directory},
        fmt::format("the directory is a symbolic link out of the estate, to {}", printable(real.string())),
        "write the directory that it leads to into the policy's `path`"};
  }

  void missing_directory(std::size_t component, const std::string& directory, std::string why) {
    const auto& policy = plan_.components[component];
    std::error_code error;
    if (!std::filesystem::exists(plan_.estate.root, error) && !error) why += ", nor is the estate's root there";
    finding what = make_finding(checks::presence_directory, location{directory},
                                fmt::format("the directory of component {} is not there", policy.name), "a directory",
                                std::move(why));
    if (!policy.required) what.severity = severity::note;
    listing_.components[component].findings.push_back(std::move(what));
  }

  static bool matches_any(const std::vector<name_pattern>& patterns, const directory_entry& entry) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const name_pattern& pattern) {
      return pattern.for_directories() == entry.directory && pattern.match(entry.name);
    });
  }

  // Parts of what a component's name means become one entry, of the name that the whole had.
  std::vector<directory_entry> with_parts_joined(const std::string& directory, std::vector<directory_entry> entries,
                                                 const std::vector<std::size_t>& components) const {
    std::vector<std::string> names;
    std::set<std::string> there;
    for (const auto& entry : entries) {
      there.insert(entry.name);
      if (entry.regular && !is_passed_over_name(entry.name)) names.push_back(entry.name);
    }
    for (auto& set : find_split_sets(directory, names)) {
      const auto meant = [&](const std::string& name) {
        return std::any_of(components.begin(), components.end(), [&](std::size_t i) {
          const auto& patterns = plan_.components[i].names;
          return std::any_of(patterns.begin(), patterns.end(),
                             [&](const name_pattern& pattern) { return pattern.match(name).has_value(); });
        });
      };
      if (there.contains(set.base) || (!meant(set.base) && !meant(set.parts.front()))) continue;
      directory_entry joined;
      for (const auto& entry : entries) {
        if (std::find(set.parts.begin(), set.parts.end(), entry.name) == set.parts.end()) continue;
        const std::uint64_t size = joined.size + entry.size;
        const moment modified = std::max(joined.modified, entry.modified);
        joined = entry;
        joined.size = size;
        joined.modified = modified;
      }
      std::erase_if(entries, [&](const directory_entry& entry) {
        return std::find(set.parts.begin(), set.parts.end(), entry.name) != set.parts.end();
      });
      joined.name = set.base;
      joined.parts = std::move(set.parts);
      joined.missing = std::move(set.missing);
      entries.push_back(std::move(joined));
    }
    return entries;
  }

  void assign(const std::string& directory, const std::vector<std::size_t>& components,
              const std::vector<directory_entry>& entries) {
    std::map<std::string, const directory_entry*> present;
    for (const auto& entry : entries) present.emplace(entry.name, &entry);
    std::vector<const directory_entry*> rest;
    std::set<std::string> claimed;  // sidecars, by name, or the directory they are in
    std::set<file_identity> artifacts;
    for (const auto& entry : entries) {
      if (is_passed_over_name(entry.name) || matches_any(plan_.estate.ignore, entry)) continue;
      const auto ignoring = [&](std::size_t i) { return matches_any(plan_.components[i].ignore, entry); };
      if (std::any_of(components.begin(), components.end(), ignoring)) continue;
      const bool taken = std::any_of(components.begin(), components.end(), [&](std::size_t i) {
        return claim(directory, entry, present, plan_.components[i], listing_.components[i], claimed);
      });
      if (taken) {
        artifacts.insert(entry.identity);
      } else if (!entry.directory || !leads_to_component(join(directory, entry.name))) {
        rest.push_back(&entry);
      }
    }
    for (const std::size_t i : components) drop_sidecars(listing_.components[i]);
    std::vector<std::string> unclaimed;
    for (const directory_entry* entry : rest) {
      if (claimed.count(entry->name) != 0) continue;
      // `latest.sql.gz`, a link to an artifact, is that artifact.
      if (entry->symlink && artifacts.count(entry->identity) != 0) continue;
      if (entry->regular && is_checksum_list_name(entry->name)) {
        listing_.lists.push_back(join(directory, entry->name));
        continue;
      }
      unclaimed.push_back(entry->name + (entry->directory ? "/" : ""));
    }
    report_unclaimed(directory, unclaimed);
  }

  // `ner11_db_{timestamp}.*` fits the checksum file of what it means, too.
  static void drop_sidecars(component_listing& listing) {
    std::set<std::string> promised;
    for (const auto& artifact : listing.artifacts) {
      if (artifact.checksum) promised.insert(artifact.checksum->path);
      if (artifact.manifest) promised.insert(artifact.manifest->path);
    }
    std::erase_if(listing.artifacts,
                  [&](const stored_artifact& artifact) { return promised.count(artifact.path) != 0; });
  }

  [[nodiscard]] bool leads_to_component(const std::string& path) const {
    const auto below = by_directory_.lower_bound(path + "/");
    return by_directory_.count(path) != 0 || (below != by_directory_.end() && below->first.starts_with(path + "/"));
  }

  static std::string join(const std::string& directory, const std::string& name) {
    return (std::filesystem::path{directory} / name).lexically_normal().string();
  }

  // Whether `entry` is an artifact of the component; then it is in the listing, or a finding says why not.
  bool claim(const std::string& directory, const directory_entry& entry,
             const std::map<std::string, const directory_entry*>& present, const component_policy& component,
             component_listing& into, std::set<std::string>& claimed) {
    for (const auto& pattern : component.names) {
      if (pattern.for_directories() != entry.directory && !entry.dangling) continue;
      auto said = pattern.match(entry.name);
      if (!said && !entry.parts.empty()) said = pattern.match(entry.parts.front());
      if (!said) continue;
      // `db_{timestamp}.*` fits the checksum file of what it means, too.
      if (!entry.directory && is_checksum_list_name(entry.name) && !is_checksum_list_name(pattern.text())) continue;
      stored_artifact artifact;
      artifact.path = join(directory, entry.name);
      if (entry.dangling) {
        finding what =
            make_finding(checks::file_symlink, location{artifact.path},
                         "the artifact is a symbolic link that leads nowhere", "a file", printable(entry.target));
        what.severity = severity::error;
        into.findings.push_back(std::move(what));
        return true;
      }
      if (!entry.directory && !entry.regular) {
        into.findings.push_back(make_finding(checks::file_kind, location{artifact.path},
                                             "the artifact is no regular file", "a regular file",
                                             "a device, pipe or socket"));
        return true;
      }
      if (entry.directory && entry.symlink) {
        listing_.unchecked.emplace_back(
            location{artifact.path}, "cannot follow a symbolic link to a directory: it may lead anywhere",
            "put the directory itself there, or write where it is into the policy's `path`");
        return true;
      }
      artifact.name = entry.name;
      for (const auto& part : entry.parts) artifact.parts.push_back(join(directory, part));
      artifact.missing = entry.missing;
      artifact.series = said->series;
      artifact.timestamp_text = said->timestamp_text;
      artifact.directory = entry.directory;
      artifact.symlink = entry.symlink;
      artifact.size = entry.size;
      artifact.modified = entry.modified;
      artifact.identity = entry.identity;
      if (entry.directory) artifact.size = measure(artifact.path);
      if (said->timestamp) {
        const civil_moments meant = component.zone.to_moments(*said->timestamp);
        artifact.timestamp = meant.first;
        artifact.precision = said->precision;
        // The unit's end is taken on the clock: a day on which clocks change has 23 or 25 hours.
        artifact.latest = component.zone.to_moments(*said->timestamp + said->precision - std::chrono::seconds{1}).last;
      } else if (pattern.has_timestamp()) {
        into.findings.push_back(make_finding(checks::presence_timestamp, location{artifact.path},
                                             "the timestamp in the name is no date", pattern.text(),
                                             said->timestamp_text));
      }
      const auto beside = [&](const name_template& name) {
        const std::string wanted = name.expand(entry.name, *said);
        if (const std::string inside = join(artifact.path, wanted); entry.directory && is_file(inside)) {
          return sidecar{inside, true};
        }
        claimed.insert(wanted.substr(0, wanted.find('/')));
        const bool in_subdirectory = wanted.find('/') != std::string::npos;
        const bool there = in_subdirectory ? is_file(join(directory, wanted))
                                           : present.count(wanted) != 0 && present.at(wanted)->regular;
        return sidecar{join(directory, wanted), there};
      };
      if (component.checksum) artifact.checksum = beside(*component.checksum);
      if (artifact.checksum && !artifact.checksum->present) {
        for (const auto& part : entry.parts) {
          const std::string wanted = component.checksum->expand(part, *said);
          if (present.count(wanted) == 0) break;
          claimed.insert(wanted);
          artifact.part_checksums.push_back(join(directory, wanted));
        }
        if (!entry.parts.empty() && artifact.part_checksums.size() == entry.parts.size()) {
          artifact.checksum = sidecar{artifact.part_checksums.front(), true};
        }
      }
      if (component.manifest) artifact.manifest = beside(*component.manifest);
      if (component.drill && component.drill->capture) static_cast<void>(beside(*component.drill->capture));
      claimed.insert(usual_capture_of(entry.name));
      if (artifact.symlink) {
        into.findings.push_back(make_finding(checks::file_symlink, location{artifact.path},
                                             "the artifact is a symbolic link", "", printable(entry.target)));
      }
      into.artifacts.push_back(std::move(artifact));
      return true;
    }
    return false;
  }

  std::uint64_t measure(const std::string& path) {
    try {
      return size_of_tree(path);
    } catch (const environment_error& error) {
      listing_.unchecked.push_back(error);
      return 0;
    }
  }

  // The first ones by name: a directory full of other files must not bury what matters.
  void report_unclaimed(const std::string& directory, const std::vector<std::string>& names) {
    constexpr std::size_t most = 20;
    for (std::size_t i = 0; i < std::min(most, names.size()); ++i) {
      listing_.findings.push_back(make_finding(checks::presence_unclaimed, location{join(directory, names[i])},
                                               "belongs to no component of the policy"));
    }
    if (names.size() > most) {
      listing_.findings.push_back(make_finding(
          checks::presence_unclaimed, location{directory},
          fmt::format("{} more in this directory belong to no component of the policy", names.size() - most)));
    }
  }

  static void sort_artifacts(std::vector<stored_artifact>& artifacts) {
    std::stable_sort(artifacts.begin(), artifacts.end(), [](const stored_artifact& a, const stored_artifact& b) {
      if (a.timestamp != b.timestamp) return a.timestamp < b.timestamp;
      return a.name < b.name;
    });
  }

  const policy& plan_;
  estate_listing listing_;
  std::map<std::string, std::vector<std::size_t>> by_directory_;
};

}  // namespace detail

/// What lies in the estate of `plan`. A directory that is not there is a finding, one that may not be read an entry in
/// `unchecked`; neither stops the rest. Of several components whose names fit, the first in the policy takes a file.
inline estate_listing discover(const policy& plan) { return detail::discoverer{plan}.run(); }

}  // namespace knowngood
