// plan_paths: turns the paths of a command line into artifacts with their checksum files and manifests; no policy
// needed.
//
// Layer: verify. A directory is every file below it, but for those that are passed over (catalog/passed_over.hpp) and
// those that vouch for others: checksum lists, manifests, captures; one that is a backup as a whole is one artifact. A
// checksum list given as a path is all that it lists in its directory and below. Parts of a split artifact are one.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/catalog/capture_name.hpp"
#include "knowngood/catalog/passed_over.hpp"
#include "knowngood/catalog/split_parts.hpp"
#include "knowngood/inspect/inspector.hpp"
#include "knowngood/io/file_source.hpp"
#include "knowngood/verify/directory_backup.hpp"
#include "knowngood/verify/list_index.hpp"
#include "knowngood/verify/verify_plan.hpp"
#include "knowngood/verify/vouching.hpp"

namespace knowngood {

struct path_options {
  bool lists_outside = false;  ///< a checksum list given as a path may name files outside of its directory
};

namespace detail {

class path_planner {
 public:
  path_planner(const limits& bounds, path_options options) : bounds_{bounds}, options_{options}, lists_{bounds} {}

  verify_plan run(const std::vector<std::string>& paths) {
    for (const auto& path : paths) add_path(path);
    for (auto& [path, task] : tasks_) add_neighbours(task);
    for (auto& [path, task] : tasks_) {
      if (path != "-") lists_.attach(task);
      plan_.tasks.push_back(std::move(task));
    }
    lists_.report(plan_.tasks, asked_for_, plan_);
    return std::move(plan_);
  }

 private:
  void unchecked(const std::string& path, std::string message, std::string advice) {
    plan_.unchecked.push_back({location{path}, std::move(message), std::move(advice)});
  }

  void add_path(const std::string& path) {
    if (path == "-") {
      tasks_[path].path = path;
      return;
    }
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    switch (status.type()) {
      case std::filesystem::file_type::not_found:
        if (add_parts_around(path)) return;
        return unchecked(path, "no such file or directory", "check the path, and whether the file system is mounted");
      case std::filesystem::file_type::none: {
        const environment_error why = system_error(location{path}, "look at it", error.value());
        return unchecked(path, why.what(), why.advice());
      }
      case std::filesystem::file_type::directory: return add_directory(path);
      default: break;
    }
    if (split_name_of(std::filesystem::path{path}.filename().string()) && add_parts_around(path)) return;
    if (is_list(path)) {
      add_listed(path);
    } else {
      add_artifact(path);
    }
  }

  // A list given as a path: everything that it lists.
  void add_listed(const std::string& path) {
    asked_for_.insert(path);
    const checksum_file* list = lists_.add(path, plan_);
    if (list == nullptr) return;
    for (std::size_t i = 0; i < list->places().size(); ++i) {
      const listed_file& place = list->places()[i];
      if (place.how == listed_as::itself || place.path.empty()) continue;
      std::error_code error;
      const bool there = std::filesystem::is_regular_file(place.path, error);
      if (!list->below(place) && !options_.lists_outside) {
        if (!there) continue;
        unchecked(path,
                  fmt::format("line {} names a file outside of the list's directory: {}", list->list().entries[i].line,
                              printable(place.path)),
                  "allow it with --lists-outside if you trust the list");
      } else if (there) {
        add_artifact(list->shown(place)).checksum_files.push_back(path);
      } else {
        add_parts_around(list->shown(place));
      }
    }
  }

  void add_directory(const std::string& path) {
    const std::size_t before = tasks_.size() + lists_met_;
    const std::size_t failures = plan_.unchecked.size();
    walk(path);
    if (tasks_.size() + lists_met_ == before && plan_.unchecked.size() == failures) {
      plan_.findings.push_back(make_finding(checks::presence_missing, location{path}, "the directory holds no artifact",
                                            "at least one", "none"));
    }
  }

  void walk(const std::string& path) {
    artifact_task* const whole = is_directory_backup(path) ? &add_directory_backup(path) : nullptr;
    walk_files(path, whole);
  }

  artifact_task& add_directory_backup(const std::string& path) {
    artifact_task& task = tasks_[path];
    task = {};
    task.path = path;
    task.directory = true;
    task.size = 0;
    return task;
  }

  // A file of a directory that is one backup.
  static void add_to(artifact_task& whole, const std::filesystem::path& file) {
    std::error_code error;
    whole.parts.push_back(file.string());
    if (const auto size = std::filesystem::file_size(file, error); !error) *whole.size += size;
    if (const auto time = std::filesystem::last_write_time(file, error); !error) {
      const moment written = std::chrono::floor<std::chrono::seconds>(std::chrono::file_clock::to_sys(time));
      whole.modified = std::max(whole.modified.value_or(written), written);
    }
  }

  // `whole`: of what all files are parts; null where each is a backup of its own.
  void walk_files(const std::string& path, artifact_task* whole) {
    std::error_code error;
    std::vector<std::filesystem::directory_entry> entries;
    auto directory = std::filesystem::directory_iterator{path, error};
    for (; !error && directory != std::filesystem::directory_iterator{}; directory.increment(error)) {
      entries.push_back(*directory);
    }
    if (error) {
      const environment_error why = system_error(location{path}, "list the directory", error.value());
      unchecked(path, why.what(), why.advice());
      return;
    }
    std::sort(entries.begin(), entries.end());
    const std::set<std::string> parts = whole == nullptr ? add_sets(path, entries) : std::set<std::string>{};
    for (const auto& entry : entries) {
      const std::string name = entry.path().filename().string();
      if (parts.contains(name) || (whole == nullptr && is_passed_over_name(name))) continue;
      const auto status = entry.symlink_status(error);
      if (status.type() == std::filesystem::file_type::directory) {
        if (whole != nullptr) {
          walk_files(entry.path().string(), whole);
        } else {
          walk(entry.path().string());
        }
      } else if (whole != nullptr) {
        if (status.type() != std::filesystem::file_type::regular) continue;
        if (is_checksum_list_name(name)) {
          lists_.add(entry.path().string(), plan_);
          ++lists_met_;
        } else {
          add_to(*whole, entry.path());
        }
      } else if (entry.is_regular_file(error)) {  // of a link: what it leads to
        if (is_list(entry.path().string())) {
          lists_.add(entry.path().string(), plan_);
          ++lists_met_;
        } else if (!is_manifest_name(name) && !is_capture_name(name)) {
          add_artifact(entry.path().string());
        }
      } else if (status.type() == std::filesystem::file_type::symlink && !entry.exists(error)) {
        add_dangling(entry.path());
      }
    }
  }

  // Names of all files that are parts of something; it is added whole.
  std::set<std::string> add_sets(const std::filesystem::path& folder,
                                 const std::vector<std::filesystem::directory_entry>& entries) {
    std::vector<std::string> names;
    for (const auto& entry : entries) {
      std::error_code error;
      if (entry.is_regular_file(error)) names.push_back(entry.path().filename().string());
    }
    std::set<std::string> parts;
    for (const auto& set : find_split_sets(folder, names)) {
      add_set(folder, set);
      parts.insert(set.parts.begin(), set.parts.end());
    }
    return parts;
  }

  void add_set(const std::filesystem::path& folder, const split_set& set) {
    artifact_task& task = tasks_[(folder / set.base).string()];
    task.path = (folder / set.base).string();
    task.missing = set.missing;
    task.parts.clear();
    std::uint64_t size = 0;
    for (const auto& name : set.parts) {
      const std::string part = (folder / name).string();
      std::error_code error;
      if (const auto bytes = std::filesystem::file_size(part, error); !error) size += bytes;
      if (const auto time = std::filesystem::last_write_time(part, error); !error) {
        task.modified = std::chrono::floor<std::chrono::seconds>(std::chrono::file_clock::to_sys(time));
      }
      task.parts.push_back(part);
    }
    task.size = size;
  }

  // A part, or the whole that lies there in parts only.
  bool add_parts_around(const std::string& path) {
    const std::filesystem::path file{path};
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    std::vector<std::string> names;
    std::error_code error;
    for (auto entry = std::filesystem::directory_iterator{folder, error};
         !error && entry != std::filesystem::directory_iterator{}; entry.increment(error)) {
      std::error_code ignored;
      if (entry->is_regular_file(ignored)) names.push_back(entry->path().filename().string());
    }
    const std::string name = file.filename().string();
    for (const auto& set : find_split_sets(folder, names)) {
      if (set.base != name && std::find(set.parts.begin(), set.parts.end(), name) == set.parts.end()) continue;
      add_set(file.parent_path(), set);
      return true;
    }
    return false;
  }

  // `latest.sql.gz`, whose backup was removed, is no backup itself; one with a date in its name was.
  void add_dangling(const std::filesystem::path& link) {
    if (is_dated(link.filename().string())) {
      return unchecked(link.string(), "a symbolic link that leads nowhere", "remove it, or bring back what it led to");
    }
    std::error_code error;
    plan_.findings.push_back(make_finding(checks::file_symlink, location{link.string()},
                                          "a symbolic link that leads nowhere", "a file",
                                          printable(std::filesystem::read_symlink(link, error).string())));
  }

  // By its name, or by its content where it is small and text.
  [[nodiscard]] bool is_list(const std::string& path) const {
    if (is_checksum_list_name(path)) return true;
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error || size > bounds_.list_bytes || claims_of(path).inner || claims_of(path).how != compression::none)
      return false;
    try {
      lookahead head{std::make_unique<file_source>(path, location{path}, content_head_bytes)};
      return detect_content(head.peek(content_head_bytes)) == content::checksum_list;
    } catch (const environment_error&) {
      return false;  // said when the artifact is opened
    }
  }

  artifact_task& add_artifact(const std::string& path) {
    artifact_task& task = tasks_[path];
    task.path = path;
    std::error_code error;
    if (const auto size = std::filesystem::file_size(path, error); !error) task.size = size;
    if (const auto time = std::filesystem::last_write_time(path, error); !error) {
      task.modified = std::chrono::floor<std::chrono::seconds>(std::chrono::file_clock::to_sys(time));
    }
    return task;
  }

  // Checksum files and manifests that lie beside an artifact and are named after it, and lists of its directory.
  void add_neighbours(artifact_task& task) {
    if (task.path == "-") return;
    const std::filesystem::path path{task.path};
    const std::filesystem::path folder = path.parent_path();
    const std::string name = path.filename().string();
    std::vector<std::string> stems{name};
    for (const auto& part : task.parts) stems.push_back(std::filesystem::path{part}.filename().string());
    for (std::size_t dot = name.rfind('.'); dot != std::string::npos && dot > 0; dot = name.rfind('.', dot - 1)) {
      stems.push_back(name.substr(0, dot));
    }
    const auto exists = [](const std::filesystem::path& file) {
      std::error_code error;
      return std::filesystem::is_regular_file(file, error);
    };
    for (const auto& stem : stems) {
      for (const std::string_view ending : {".sha256", ".sha256sum", ".sha512", ".sha512sum", ".sha1", ".sha1sum",
                                            ".md5", ".md5sum", ".sha224", ".sha384", ".b2", ".blake2"}) {
        const std::string beside = (folder / (stem + std::string{ending})).string();
        if (!exists(beside) || lists_.add(beside, plan_) == nullptr) continue;
        if (std::find(task.checksum_files.begin(), task.checksum_files.end(), beside) == task.checksum_files.end()) {
          task.checksum_files.push_back(beside);
        }
      }
      for (const std::string_view ending : {"_manifest.json", "_manifest.txt", ".manifest.json"}) {
        const std::filesystem::path beside = folder / (stem + std::string{ending});
        if (!task.manifest && exists(beside)) task.manifest = beside.string();
      }
    }
    if (!folders_seen_.insert(folder.string()).second) return;
    for (const std::string_view shared :
         {"checksums.txt", "SHA256SUMS", "SHA512SUMS", "SHA1SUMS", "MD5SUMS", "B2SUMS", "SHA256SUMS.txt",
          "sha256sums.txt", "sha256sum.txt", "sha512sum.txt", "md5sum.txt", "MD5SUMS.txt", "CHECKSUMS", "checksum.txt",
          "checksums.sha256", "checksums.md5", "checksums.sha1", "checksums.sha512"}) {
      const std::filesystem::path beside = folder / shared;
      if (exists(beside)) lists_.add(beside.string(), plan_);
    }
  }

  limits bounds_;
  path_options options_;
  list_index lists_;
  std::map<std::string, artifact_task> tasks_;
  std::set<std::string> asked_for_;     // lists given as paths
  std::set<std::string> folders_seen_;  // whose shared lists were looked for
  std::size_t lists_met_ = 0;
  verify_plan plan_;
};

}  // namespace detail

/// What `verify PATH…` is to do. Nothing is thrown: what cannot be looked at is in the plan's `unchecked`.
inline verify_plan plan_paths(const std::vector<std::string>& paths, const limits& bounds, path_options options = {}) {
  return detail::path_planner{bounds, options}.run(paths);
}

}  // namespace knowngood
