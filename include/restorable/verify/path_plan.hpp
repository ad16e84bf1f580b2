// plan_paths: turns the paths of a command line into artifacts with their checksum files and manifests; no policy needed.
//
// Layer: verify. A directory is every file below it, but for hidden ones, unfinished ones (.tmp, .partial, .part) and those
// that vouch for others: checksum lists, manifests, captures. A checksum list given as a path is all that it lists.
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

#include "restorable/base/checks.hpp"
#include "restorable/base/error.hpp"
#include "restorable/base/limits.hpp"
#include "restorable/catalog/capture_name.hpp"
#include "restorable/inspect/inspector.hpp"
#include "restorable/io/file_source.hpp"
#include "restorable/verify/list_verifier.hpp"
#include "restorable/verify/verify_plan.hpp"
#include "restorable/verify/vouching.hpp"

namespace restorable {

namespace detail {

class path_planner {
 public:
  explicit path_planner(const limits& bounds) : bounds_{bounds} {}

  verify_plan run(const std::vector<std::string>& paths) {
    for (const auto& path : paths) add_path(path);
    for (auto& [path, task] : tasks_) {
      attach_neighbours(task);
      plan_.tasks.push_back(std::move(task));
    }
    report_lists();
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
        return unchecked(path, "no such file or directory", "check the path, and whether the file system is mounted");
      case std::filesystem::file_type::none: {
        const environment_error why = system_error(location{path}, "look at it", error.value());
        return unchecked(path, why.what(), why.advice());
      }
      case std::filesystem::file_type::directory: return add_directory(path);
      default: break;
    }
    if (is_list(path)) {
      add_list(path, true);
    } else {
      add_artifact(path);
    }
  }

  void add_directory(const std::string& path) {
    const std::size_t before = tasks_.size() + lists_.size();
    const std::size_t failures = plan_.unchecked.size();
    walk(path);
    if (tasks_.size() + lists_.size() == before && plan_.unchecked.size() == failures) {
      plan_.findings.push_back(make_finding(checks::presence_missing, location{path}, "the directory holds no artifact",
                                            "at least one", "none"));
    }
  }

  void walk(const std::string& path) {
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
    for (const auto& entry : entries) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with('.') || name == "lost+found" || name.ends_with(".tmp") || name.ends_with(".partial") ||
          name.ends_with(".part")) {
        continue;
      }
      const auto status = entry.symlink_status(error);
      if (status.type() == std::filesystem::file_type::directory) {
        walk(entry.path().string());
      } else if (entry.is_regular_file(error)) {  // of a link: what it leads to
        if (is_list(entry.path().string())) {
          add_list(entry.path().string(), false);
        } else if (!is_manifest_name(name) && !is_capture_name(name)) {
          add_artifact(entry.path().string());
        }
      } else if (status.type() == std::filesystem::file_type::symlink && !entry.exists(error)) {
        unchecked(entry.path().string(), "a symbolic link that leads nowhere", "remove it, or bring back what it led to");
      }
    }
  }

  // By its name, or by its content where it is small and text.
  [[nodiscard]] bool is_list(const std::string& path) const {
    if (is_checksum_list_name(path)) return true;
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error || size > bounds_.list_bytes || claims_of(path).inner || claims_of(path).how != compression::none) return false;
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

  struct listed {
    std::shared_ptr<checksum_file> file;
    bool asked_for = false;  // given as a path, rather than met in a directory
  };

  const listed* add_list(const std::string& path, bool asked_for) {
    const auto known = lists_.find(path);
    if (known != lists_.end()) {
      known->second.asked_for |= asked_for;
      if (!asked_for) return &known->second;
    } else {
      try {
        lists_[path] = {std::make_shared<checksum_file>(read_checksum_file(path, bounds_)), asked_for};
      } catch (const environment_error& error) {
        unchecked(path, error.what(), error.advice());
        return nullptr;
      } catch (const stream_error& error) {
        plan_.findings.push_back(error.as_finding());
        return nullptr;
      }
    }
    listed& list = lists_[path];
    if (asked_for) {
      for (const auto& entry : list.file->list().entries) {
        const std::string file = list.file->file_of(entry);
        std::error_code error;
        if (std::filesystem::is_regular_file(file, error)) add_artifact(file).checksum_files.push_back(path);
      }
    }
    return &list;
  }

  // Checksum files and manifests that lie beside an artifact, by their names and by what they list.
  void attach_neighbours(artifact_task& task) {
    if (task.path == "-") return;
    const std::filesystem::path path{task.path};
    const std::filesystem::path folder = path.parent_path();
    const std::string name = path.filename().string();
    std::vector<std::string> stems{name};
    for (std::size_t dot = name.rfind('.'); dot != std::string::npos && dot > 0; dot = name.rfind('.', dot - 1)) {
      stems.push_back(name.substr(0, dot));
    }
    const auto exists = [](const std::filesystem::path& file) {
      std::error_code error;
      return std::filesystem::is_regular_file(file, error);
    };
    const auto attach = [&](const std::string& list) {
      if (std::find(task.checksum_files.begin(), task.checksum_files.end(), list) == task.checksum_files.end()) {
        task.checksum_files.push_back(list);
      }
    };
    for (const auto& stem : stems) {
      for (const std::string_view ending : {".sha256", ".sha256sum", ".sha512", ".sha512sum", ".sha1", ".sha1sum", ".md5",
                                            ".md5sum", ".sha224", ".sha384", ".b2", ".blake2"}) {
        const std::filesystem::path beside = folder / (stem + std::string{ending});
        if (exists(beside) && add_list(beside.string(), false) != nullptr) attach(beside.string());
      }
      for (const std::string_view ending : {"_manifest.json", "_manifest.txt", ".manifest.json"}) {
        const std::filesystem::path beside = folder / (stem + std::string{ending});
        if (!task.manifest && exists(beside)) task.manifest = beside.string();
      }
    }
    for (const std::string_view shared : {"checksums.txt", "SHA256SUMS", "SHA512SUMS", "SHA1SUMS", "MD5SUMS", "B2SUMS",
                                          "sha256sums.txt", "CHECKSUMS", "checksums.sha256"}) {
      const std::filesystem::path beside = folder / shared;
      if (exists(beside)) add_list(beside.string(), false);
    }
    bool unlisted = false;
    bool vouched = !task.checksum_files.empty();
    for (const auto& [list_path, list] : lists_) {
      const auto& entries = list.file->list().entries;
      if (entries.size() == 1 && !entries.front().name.ends_with(name)) continue;  // another artifact's own
      if (!list.file->lines_about(task.path).empty()) {
        attach(list_path);
        vouched = true;
      } else if (std::filesystem::path{list_path}.parent_path() == folder && is_shared(list)) {
        unlisted = true;
      }
    }
    const name_claims claims = claims_of(task.path);
    if (unlisted && !vouched && (claims.inner || claims.how != compression::none)) {
      task.known.push_back(make_finding(checks::checksum_unlisted, location{task.path},
                                        "the checksum list of this directory does not list this file", "a line", "none"));
    }
  }

  // A list of its directory, rather than one artifact's own.
  [[nodiscard]] static bool is_shared(const listed& list) {
    const auto& entries = list.file->list().entries;
    return !entries.empty() && !(entries.size() == 1 && list.file->named_after(entries.front().name));
  }

  // Of the lists that were merely met, only those with something to say are shown.
  void report_lists() {
    for (const auto& [path, list] : lists_) {
      bool artifacts_own = false;
      for (const auto& task : plan_.tasks) {
        artifacts_own |= list.file->named_after(task.path) &&
                         std::filesystem::path{path}.parent_path() == std::filesystem::path{task.path}.parent_path();
      }
      artifact_report report = verify_checksum_list(*list.file, !artifacts_own);
      if (list.asked_for || !report.findings.empty() || !report.unchecked.empty()) plan_.lists.push_back(std::move(report));
    }
  }

  limits bounds_;
  std::map<std::string, artifact_task> tasks_;
  std::map<std::string, listed> lists_;
  verify_plan plan_;
};

}  // namespace detail

/// What `verify PATH…` is to do. Nothing is thrown: what cannot be looked at is in the plan's `unchecked`.
inline verify_plan plan_paths(const std::vector<std::string>& paths, const limits& bounds) {
  return detail::path_planner{bounds}.run(paths);
}

}  // namespace restorable
