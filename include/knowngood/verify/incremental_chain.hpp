// accept_incremental_chains: an incremental archive of GNU tar restores with the ones before it; where those lie beside
// it, on disk or in one full backup, and hold every file that it does not, it is no partial backup.
//
// Layer: verify. Example: accept_incremental_chains(result, options);   // after all artifacts were verified
// The archives beside an incremental one are read a second time, for the names in them; others are not.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/archive/open_archive.hpp"
#include "knowngood/archive/tar_reader.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/unfinished_name.hpp"
#include "knowngood/inspect/name_claims.hpp"
#include "knowngood/io/borrowed.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/verify/archive_contents.hpp"
#include "knowngood/verify/artifact_verifier.hpp"

namespace knowngood {

namespace detail {

class incremental_chains {
 public:
  incremental_chains(report& result, const verify_options& options) : result_{result}, options_{options} {}

  void run() {
    std::map<std::string, std::vector<open_end>> by_folder;
    for (auto& artifact : result_.artifacts) {
      std::vector<open_end> inside;
      for (auto& found : artifact.findings) {
        if (found.check != checks::tar_incremental.id || found.severity != severity::error) continue;
        if (found.where.chain().size() == 2) {
          inside.push_back({&artifact, &found, found.where.chain().back(), {}, {}});
          continue;
        }
        if (found.where.chain().size() > 2) continue;
        open_end end{&artifact, &found, artifact.path, {}, {}};
        if (read_file(artifact.path, {}, &end.wanted)) {
          by_folder[std::filesystem::path{artifact.path}.parent_path().string()].push_back(std::move(end));
        }
      }
      if (!inside.empty()) follow_inside(artifact.path, inside);
    }
    for (auto& [folder, ends] : by_folder) follow(folder, ends);
  }

 private:
  // An archive that needs others.
  struct open_end {
    artifact_report* artifact;
    finding* found;
    std::string name;                  // its path, or as the archive spells it that it lies in
    std::set<std::string> wanted;      // files of its directories that it does not hold
    std::vector<std::string> holders;  // archives beside it that hold some of them
  };

  using open_stream = std::function<std::unique_ptr<source>(const location&, finding_sink&)>;
  using see_member = std::function<void(const std::string&)>;

  bool read_file(const std::string& path, const see_member& see, std::set<std::string>* absent) const {
    return read(
        path,
        [&](const location& where, finding_sink& findings) {
          return open_archive(path, where, options_.bounds, findings);
        },
        see, absent);
  }

  // Reads an incremental archive: the names of its members, and of what it says is in others. False for anything else,
  // and for one that is damaged.
  bool read(const std::string& name, const open_stream& open, const see_member& see,
            std::set<std::string>* absent) const {
    finding_list findings;
    const location where{name};
    try {
      tar_reader reader{open(where, findings), where, options_.bounds, findings};
      while (const tar_member* member = reader.next()) {
        options_.stop.throw_if_requested();
        if (see && member->type != entry_type::directory) see(plain_member_name(member->name));
      }
      const incremental_records& records = reader.incremental();
      // Names beyond what memory may hold could not be looked for.
      if (!records.any || records.absent != records.names.size()) return false;
      if (absent != nullptr) {
        for (const auto& other : records.names) absent->insert(plain_member_name(other));
      }
    } catch (const stream_error&) {
      return false;  // said where it is verified
    } catch (const environment_error&) {
      return false;
    }
    for (const auto& one : findings.snapshot()) {
      if (is_error(one) && one.check != checks::tar_incremental.id) return false;
    }
    return true;
  }

  // Reads each tar of a full backup's folders in which there are open ends.
  template <typename Action>
  void for_each_inside(const std::string& path, const std::vector<open_end>& ends, Action&& action) const {
    finding_list ignored;
    const location where{path};
    const auto folder_of = [](const std::string& name) { return name.substr(0, name.rfind('/') + 1); };
    try {
      tar_reader outer{open_archive(path, where, options_.bounds, ignored), where, options_.bounds, ignored};
      while (const tar_member* member = outer.next()) {
        options_.stop.throw_if_requested();
        const std::string name = member->name;
        const bool beside = std::any_of(ends.begin(), ends.end(),
                                        [&](const open_end& end) { return folder_of(end.name) == folder_of(name); });
        if (member->type != entry_type::file || !beside || claims_of(name).inner != content::tar) continue;
        action(name, [&, size = member->size](const location& at, finding_sink& findings) {
          return open_archive(borrow(outer.body()), size, at, options_.bounds, findings);
        });
      }
    } catch (const stream_error&) {  // said where it is verified
    } catch (const environment_error&) {
    }
  }

  void follow_inside(const std::string& path, std::vector<open_end>& ends) const {
    for_each_inside(path, ends, [&](const std::string& name, const open_stream& open) {
      for (auto& end : ends) {
        if (end.name == name) static_cast<void>(read(name, open, {}, &end.wanted));
      }
    });
    std::erase_if(ends, [](const open_end& end) { return end.wanted.empty(); });
    if (ends.empty()) return;
    for_each_inside(path, ends, [&](const std::string& name, const open_stream& open) {
      take(name, file_name_of(name), ends, [&](const see_member& see) { return read(name, open, see, nullptr); });
    });
    for (auto& end : ends) {
      if (end.wanted.empty()) accept(end);
    }
  }

  // What the archive `name` holds of what is wanted. `read_names` says whether it could be read to its end.
  template <typename ReadNames>
  static void take(const std::string& name, std::string_view shown, std::vector<open_end>& ends,
                   ReadNames&& read_names) {
    std::vector<std::set<std::string>> found(ends.size());
    const bool whole = read_names([&](const std::string& member) {
      for (std::size_t i = 0; i < ends.size(); ++i) {
        if (ends[i].name != name && ends[i].wanted.contains(member)) found[i].insert(member);
      }
    });
    if (!whole) return;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (found[i].empty()) continue;
      for (const auto& member : found[i]) ends[i].wanted.erase(member);
      ends[i].holders.emplace_back(shown);
    }
  }

  void follow(const std::string& folder, std::vector<open_end>& ends) const {
    std::erase_if(ends, [](const open_end& end) { return end.wanted.empty(); });
    std::error_code error;
    for (auto entry = std::filesystem::directory_iterator{folder.empty() ? "." : folder, error};
         !error && entry != std::filesystem::directory_iterator{}; entry.increment(error)) {
      std::error_code ignored;
      const std::string name = entry->path().filename().string();
      if (!entry->is_regular_file(ignored) || is_unfinished_name(name) || claims_of(name).inner != content::tar)
        continue;
      const std::string path = (std::filesystem::path{folder} / name).string();
      take(path, name, ends, [&](const see_member& see) { return read_file(path, see, nullptr); });
    }
    for (auto& end : ends) {
      if (end.wanted.empty()) accept(end);
    }
  }

  static void accept(open_end& end) {
    std::sort(end.holders.begin(), end.holders.end());
    end.found->severity = severity::note;
    end.found->message = "an incremental archive; what it does not hold is in archives beside it";
    end.found->expected.clear();
    end.found->actual = printable(fmt::format("{}", fmt::join(end.holders, ", ")), 400);
    verdict judged = end.artifact->unchecked.empty() ? verdict::sound : verdict::unchecked;
    for (const auto& one : end.artifact->findings) {
      if (is_error(one)) judged = verdict::unsound;
      if (one.check == checks::file_unprotected.id) judged = worse(judged, verdict::unprotected);
    }
    end.artifact->verdict = judged;
  }

  report& result_;
  const verify_options& options_;
};

}  // namespace detail

/// Throws `interrupted`.
inline void accept_incremental_chains(report& result, const verify_options& options) {
  detail::incremental_chains{result, options}.run();
}

}  // namespace knowngood
