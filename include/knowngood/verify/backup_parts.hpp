// backup_parts: looks for the parts of a data directory that its own archive does not hold: beside it, as
// pg_basebackup writes them, or in the archives and directories that the policy names.
//
// Layer: verify. Only names and sizes are read here; what is in the other archives is verified when they are. Example:
//   backup_parts parts{task.path, task.holders, bounds, findings}; if (!parts.find(missing)) findings.report(…);
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "knowngood/archive/open_archive.hpp"
#include "knowngood/archive/tar_reader.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/guarded.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/inspect/backup_part.hpp"
#include "knowngood/io/drain.hpp"
#include "knowngood/io/system_error.hpp"
#include "knowngood/postgres/wal_segment.hpp"

namespace knowngood {

class backup_parts {
 public:
  /// `named`: paths of archives and of directories of WAL files. All arguments outlive this object.
  backup_parts(const std::string& artifact, const std::vector<std::string>& named, const limits& bounds, stop_flag stop)
      : artifact_{artifact}, named_{named}, bounds_{bounds}, stop_{std::move(stop)} {}

  /// The path that holds `part`; nothing where none does. Throws `environment_error`, or what the file system throws,
  /// when that cannot be known, and `interrupted`.
  [[nodiscard]] std::optional<std::string> find(const missing_part& part) {
    if (artifact_ != "-") {
      const auto folder = std::filesystem::absolute(artifact_).parent_path();
      for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        const std::string path = entry.path().string();
        if (part.may_be_in(path) && is_archive_name(path) && held_in(path, false).hold(part)) return path;
      }
    }
    for (const auto& path : named_) {
      if (held_in(path, true).hold(part)) return path;
    }
    return std::nullopt;
  }

 private:
  // What its neighbours hold against damage: `base.tar.gz.sha256` is no archive.
  static bool is_archive_name(std::string_view path) {
    constexpr std::array<std::string_view, 6> endings{".tar", ".gz", ".zst", ".lz4", ".xz", ".bz2"};
    return std::any_of(endings.begin(), endings.end(), [&](std::string_view end) { return path.ends_with(end); });
  }

  const held_parts& held_in(const std::string& path, bool anywhere) {
    const auto known = known_.find({path, anywhere});
    if (known != known_.end()) return known->second;
    held_parts held;
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
      read_directory(path, held);
    } else {
      read_archive(path, anywhere, held);
    }
    return known_.emplace(std::pair{path, anywhere}, std::move(held)).first->second;
  }

  // Segments as an archive_command stored them; a compressed one's size says nothing about its content's.
  static void read_directory(const std::string& path, held_parts& held) {
    std::error_code error;
    auto walk = std::filesystem::recursive_directory_iterator{path, error};
    for (; !error && walk != std::filesystem::recursive_directory_iterator{}; walk.increment(error)) {
      const std::string name = walk->path().filename().string();
      std::error_code gone;
      const bool segment = name.size() >= 24 && is_wal_segment_name(std::string_view{name}.substr(0, 24));
      if (segment && walk->is_regular_file(gone)) {
        const std::uint64_t size = walk->file_size(gone);
        if (gone) continue;
        if (name.size() == 24) {
          held.segments[name] = size;
        } else if (name[24] == '.' && is_archive_name(name) && size > 0) {
          held.segments[name.substr(0, 24)] = held_parts::any_size;
        }
      } else if (name.starts_with("PG_") && walk->is_directory(gone)) {
        held.version_directories.insert(name);
      }
    }
    if (error) throw system_error(location{path}, "list the directory", error.value());
  }

  // An archive that is damaged holds nothing for certain; its own verification says what is wrong with it.
  void read_archive(const std::string& path, bool anywhere, held_parts& held) {
    class nobody final : public finding_sink {
      void report(finding) override {}
    } findings;
    const location where{path};
    held_parts found;
    std::optional<environment_error> prevented;
    const bool whole = guarded(
        where, [](const finding&) {},
        [&](const unchecked_item& item) { prevented.emplace(item.where, item.message, item.advice); },
        [&] {
          tar_reader reader{open_archive(path, where, bounds_, findings, [&](std::uint64_t) {}), where, bounds_,
                            findings};
          while (const tar_member* member = reader.next()) {
            stop_.throw_if_requested();
            note(member->name, member->size, anywhere, found);
            drain(reader.body());
          }
        });
    if (prevented) throw *prevented;
    if (whole) held = std::move(found);
  }

  static void note(std::string_view name, std::uint64_t size, bool anywhere, held_parts& held) {
    while (name.starts_with("./")) name.remove_prefix(2);
    for (bool root = true; !name.empty() && (root || anywhere); root = false) {
      const std::string_view part = name.substr(0, name.find('/'));
      if (part.starts_with("PG_") && part != "PG_VERSION") held.version_directories.emplace(part);
      if (part.size() == name.size() && is_wal_segment_name(part)) held.segments[std::string{part}] = size;
      name.remove_prefix(std::min(part.size() + 1, name.size()));
    }
  }

  const std::string& artifact_;
  const std::vector<std::string>& named_;
  const limits& bounds_;
  stop_flag stop_;
  std::map<std::pair<std::string, bool>, held_parts> known_;
};

}  // namespace knowngood
