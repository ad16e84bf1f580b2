// artifact_checksums: the checksum files that may vouch for one artifact, and what they say of its stored bytes.
//
// Layer: verify. Which digests they ask for is known before the one reading; afterwards each line about the artifact,
// or about the parts that it was split into, is held against what was read.
//   artifact_checksums lists{task, where, bounds};
//   lists.read(out); digest_set digests{lists.wanted_digests(task.path)}; ...; vouched = lists.vouch(digests.finish(),
//   out);
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/guarded.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/hash/digest_set.hpp"
#include "knowngood/inspect/facts.hpp"
#include "knowngood/verify/artifact_task.hpp"
#include "knowngood/verify/vouching.hpp"

namespace knowngood {

class artifact_checksums {
 public:
  using digests = std::map<std::string, std::string>;  ///< hex by the algorithm's name

  /// All outlive this object.
  artifact_checksums(const artifact_task& task, const location& where, const limits& bounds)
      : task_{task}, where_{where}, bounds_{bounds} {}

  /// Reads the lists. One that cannot be read is `unchecked`.
  void read(sink& out) {
    std::vector<std::string> paths = task_.checksum_files;
    if (task_.promised_checksum && std::filesystem::exists(*task_.promised_checksum)) {
      paths.insert(paths.begin(), *task_.promised_checksum);
    }
    for (const auto& path : paths) {
      const auto known = task_.read_lists.find(path);
      guarded(where_, out, [&] {
        files_.push_back(known != task_.read_lists.end()
                             ? known->second
                             : std::make_shared<const checksum_file>(read_checksum_file(path, bounds_)));
      });
    }
  }

  /// The list that comes first, the promised one where it is there; empty without any.
  [[nodiscard]] std::string first_path() const { return files_.empty() ? std::string{} : files_.front()->path(); }

  /// What has to be computed of the bytes at `path`, the artifact's or a part's: SHA-256, and what their lines need.
  [[nodiscard]] std::vector<digest_algorithm> wanted_digests(const std::string& path) const {
    std::vector<digest_algorithm> wanted{digest_algorithm::sha256()};
    for (const auto& list : files_) {
      const checksum_file& file = *list;
      const auto want = [&](const checksum_entry& entry) {
        std::copy_if(entry.candidates.begin(), entry.candidates.end(), std::back_inserter(wanted), digest::supports);
      };
      for (const auto& line : lines_of(file, path)) want(*line.entry);
      const auto& entries = file.list().entries;
      if (entries.size() == 1) want(entries.front());  // this artifact's, whatever name it gives
    }
    return wanted;
  }

  /// Holds the lists against the digests of all stored bytes. True when one of them vouches for these.
  bool vouch(const digests& stored, sink& out) {
    bool vouched = false;
    for (const auto& list : files_) {
      const checksum_file& file = *list;
      const std::string name = file.name();
      const bool promised = task_.promised_checksum == file.path();
      if (!promised && is_of_a_namesake(file)) continue;
      const bool own = file.named_after(task_.path) || (promised && file.list().entries.size() <= 1);
      if (own) check_list_form(file.list(), name, where_, out);
      const auto lines = lines_of(file, task_.path);
      const bool agreed =
          std::any_of(lines.begin(), lines.end(), [&](const auto& line) { return agrees(*line.entry, stored); });
      for (const auto& line : lines) {
        // Of several files of one name, each in a directory of its own once, the right one is told by its digest.
        const bool for_another = line.how == listed_as::moved && lines.size() > 1 && agreed;
        if (for_another && !agrees(*line.entry, stored)) continue;
        vouched |= check_one(line, name, stored, out);
      }
      const bool of_parts = std::any_of(task_.parts.begin(), task_.parts.end(),
                                        [&](const std::string& part) { return !file.lines_about(part).empty(); });
      if (!lines.empty() || of_parts) continue;
      if (own) {
        vouched |= check_foreign_list(file, name, stored, out);
      } else if (promised) {
        finding unlisted =
            make_finding(checks::checksum_unlisted, where_,
                         fmt::format("the promised {} does not list this file", printable(name)), "a line", "none");
        unlisted.severity = severity::error;
        out.report(std::move(unlisted));
      }
    }
    return vouched;
  }

  /// The same for an artifact that was split: the digests of each part, in order. True when each is vouched for.
  bool vouch_parts(const std::vector<digests>& stored, sink& out) {
    std::size_t vouched = 0;
    for (std::size_t i = 0; i < task_.parts.size(); ++i) {
      bool now = false;
      for (const auto& list : files_) {
        const checksum_file& file = *list;
        for (const auto& line : file.lines_about(task_.parts[i])) {
          now |= check_line(*line.entry, stored[i], file.name(), location{task_.parts[i]}, out);
        }
      }
      vouched += now ? 1U : 0U;
    }
    return vouched == task_.parts.size();
  }

 private:
  // The lines about the artifact, or one of its parts; of its own list the one that names no file, too.
  [[nodiscard]] std::vector<checksum_file::line> lines_of(const checksum_file& file, const std::string& path) const {
    const bool own = task_.promised_checksum == file.path() || (!task_.parts.empty() && file.named_after(task_.path));
    return file.lines_about(path, own && path == task_.path);
  }

  // `x.sha256` fits `x.log` by its name, and stands for `x.tar.gz` beside it.
  [[nodiscard]] bool is_of_a_namesake(const checksum_file& file) const {
    const std::string stem = std::filesystem::path{file.path()}.stem().string();
    if (stem == file_name_of(task_.path) || !lines_of(file, task_.path).empty()) return false;
    return std::any_of(file.places().begin(), file.places().end(), [](const listed_file& place) {
      return place.how == listed_as::exact || place.how == listed_as::moved || place.how == listed_as::own;
    });
  }

  bool check_one(const checksum_file::line& line, const std::string& name, const digests& stored, sink& out) const {
    const checksum_entry& entry = *line.entry;
    const bool renamed = !names_no_file(entry) && line.how != listed_as::exact;
    if (!agrees(entry, stored) && renamed && line.how == listed_as::own && !is_like_own_name(entry.name)) {
      out.report(make_finding(checks::checksum_other_file, where_,
                              fmt::format("{} does not list this file", printable(name)),
                              std::string{file_name_of(task_.path)}, printable(entry.name)));
      return false;
    }
    const bool vouched = check_line(entry, stored, name, where_, out);
    if (!renamed) return vouched;
    out.report(make_finding(checks::checksum_moved, where_,
                            fmt::format("{} names a path that is not this file's", printable(name)),
                            std::filesystem::absolute(task_.path).lexically_normal().string(), printable(entry.name)));
    return vouched;
  }

  // `a.tar.tmp`, `.a.tar.X7f2`, `a.tar.part` for `a.tar`.
  [[nodiscard]] bool is_like_own_name(const std::string& listed) const {
    return file_name_of(listed).find(file_name_of(task_.path)) != std::string_view::npos;
  }

  // Its own checksum file does not name it. The bytes may be vouched for all the same, under the name they had before.
  bool check_foreign_list(const checksum_file& file, const std::string& name, const digests& stored, sink& out) const {
    for (const auto& entry : file.list().entries) {
      for (const auto& [algorithm, hex] : stored) {
        if (hex != entry.digest) continue;
        out.report(make_finding(checks::checksum_moved, where_,
                                fmt::format("{} vouches for these bytes under another name", printable(name)),
                                std::string{file_name_of(task_.path)}, printable(entry.name)));
        return true;
      }
    }
    if (file.list().entries.empty()) return false;  // said already
    out.report(make_finding(checks::checksum_other_file, where_,
                            fmt::format("{} does not list this file", printable(name)),
                            std::string{file_name_of(task_.path)}, printable(file.list().entries.front().name)));
    return false;
  }

  const artifact_task& task_;
  const location& where_;
  const limits& bounds_;
  std::vector<std::shared_ptr<const checksum_file>> files_;
};

}  // namespace knowngood
