// compare_with_live_repository: how far a bundle is behind the repository that people work in, and what of that was
// neither pushed nor committed; what the runbook checks by hand.
//
// Layer: rehearse. Reads only: nothing is fetched, no lock is taken, nothing is written. Run by root it looks as the
// repository's owner, whose configuration may name programs.
#pragma once

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/io/system_error.hpp"
#include "knowngood/rehearse/hermetic_git.hpp"

namespace knowngood {

namespace detail {

class live_repository {
 public:
  live_repository(hermetic_git git, std::string path, finding_sink& findings)
      : git_{std::move(git)}, path_{std::move(path)}, where_{path_}, findings_{findings} {
    struct stat status {};
    if (::stat(path_.c_str(), &status) != 0) throw system_error(where_, "look at the live repository", errno);
    require_one_owner(status.st_uid);
    // Its own configuration counts here: what is ignored, how lines end.
    git_.unset("GIT_CONFIG_NOSYSTEM");
    git_.unset("GIT_CONFIG_GLOBAL");
    git_.unset("GIT_ATTR_NOSYSTEM");
    git_.unset("XDG_CONFIG_HOME");
    if (::geteuid() == 0 && status.st_uid != 0) {
      const passwd* owner = ::getpwuid(status.st_uid);
      git_.run_as({status.st_uid, status.st_gid, owner != nullptr ? owner->pw_name : std::to_string(status.st_uid)},
                  owner != nullptr ? owner->pw_dir : "/nonexistent");
    } else if (const char* home = std::getenv("HOME"); home != nullptr) {
      git_.set("HOME", home);
    }
  }

  void compare(const std::map<std::string, std::string>& bundled) {
    std::string bare;
    const process_result asked =
        git_.lines({"rev-parse", "--is-bare-repository"}, path_, [&](std::string_view line) { bare = line; });
    if (asked.exit_code != 0) {
      throw environment_error{
          where_,
          "git does not read the live repository: " + printable(asked.output.substr(0, asked.output.find('\n')), 200),
          "check `repository` in the policy, and who may read it"};
    }
    read_refs();
    compare_refs(bundled);
    find_unpushed();
    if (bare == "false") find_uncommitted();
    count_rest();
  }

 private:
  // Its configuration names programs, which git runs: whoever could write it is whom git has to run as, or root.
  void require_one_owner(uid_t owner) {
    const auto is_foreign = [&](const std::string& path) {
      struct stat about {};
      return ::stat(path.c_str(), &about) == 0 && about.st_uid != 0 && about.st_uid != owner;
    };
    bool foreign = ::geteuid() != 0 && owner != 0 && owner != ::geteuid();
    for (const char* part :
         {"", "/.git", "/.git/config", "/.git/info", "/.git/HEAD", "/config", "/info", "/.gitattributes"})
      foreign = foreign || is_foreign(path_ + part);
    if (foreign) {
      throw environment_error{
          where_, "the live repository, or its configuration, belongs to somebody else than whom git would run as",
          "run the drill as its owner or as root, and give all of the repository to one user"};
    }
    if (owner == 0 && ::geteuid() != 0) git_.trust(path_);  // git itself trusts nobody but whoever runs it
  }

  struct ref {
    std::string name;
    std::string object;
    std::string upstream;
    std::string track;  // `[ahead 2, behind 1]`, `[gone]`
  };

  void read_refs() {
    std::uint64_t bytes = 0;
    must(git_.lines(
        {"for-each-ref", "--format=%(objectname)%09%(refname)%09%(upstream)%09%(upstream:track)"}, path_,
        [&](std::string_view line) {
          constexpr std::uint64_t most = std::uint64_t{64} << 20;
          if ((bytes += line.size()) > most)
            throw environment_error{where_, "the live repository has too many refs to compare", "compare it by hand"};
          std::vector<std::string> fields;
          for (std::size_t at = 0; at <= line.size();) {
            const std::size_t end = std::min(line.find('\t', at), line.size());
            fields.emplace_back(line.substr(at, end - at));
            at = end + 1;
          }
          fields.resize(4);
          if (fields[1].starts_with("refs/remotes/")) remotes_ = true;
          if (!fields[1].starts_with("refs/heads/") && !fields[1].starts_with("refs/tags/")) return;
          refs_.push_back({fields[1], fields[0], fields[2], fields[3]});
        }));
  }

  void compare_refs(const std::map<std::string, std::string>& bundled) {
    for (const auto& live : refs_) {
      const auto found = bundled.find(live.name);
      if (found == bundled.end()) {
        report(checks::clone_behind, fmt::format("{} is not in the bundle", printable(live.name)), live.object,
               "no such ref");
      } else if (found->second != live.object) {
        const auto behind = count({"rev-list", "--count", live.object, "^" + found->second, "--"});
        if (!behind) {
          report(checks::clone_behind,
                 fmt::format("{} was rewritten: the live repository has not the bundle's commit", printable(live.name)),
                 live.object, found->second);
        } else if (*behind > 0) {
          report(checks::clone_behind,
                 fmt::format("{} has {} that the bundle lacks", printable(live.name), commits(*behind)), live.object,
                 found->second);
        } else {
          report(checks::clone_behind, fmt::format("{} was moved: the bundle has it elsewhere", printable(live.name)),
                 live.object, found->second);
        }
      }
    }
  }

  // As `git log origin/main..HEAD`, for every branch.
  void find_unpushed() {
    for (const auto& branch : refs_) {
      if (!branch.name.starts_with("refs/heads/")) continue;
      const std::string name = printable(branch.name.substr(11));
      if (!branch.upstream.empty() && branch.track != "[gone]") {
        const std::size_t ahead = branch.track.find("ahead ");
        if (ahead == std::string::npos) continue;
        std::uint64_t number = 0;
        const std::string_view digits = std::string_view{branch.track}.substr(ahead + 6);
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
        report(checks::clone_unpushed, fmt::format("branch {} has {} that were not pushed", name, commits(number)),
               printable(branch.upstream), fmt::format("{} ahead", number));
      } else if (remotes_) {
        const auto number = count({"rev-list", "--count", branch.object, "--not", "--remotes", "--"});
        if (!number)
          throw environment_error{where_, "git cannot count what was not pushed",
                                  "run git fsck in the live repository"};
        if (*number == 0) continue;
        report(checks::clone_unpushed, fmt::format("branch {} has {} that no remote has", name, commits(*number)),
               "pushed", branch.upstream.empty() ? "no upstream" : "its upstream is gone");
      }
    }
  }

  void find_uncommitted() {
    std::uint64_t changed = 0;
    std::uint64_t untracked = 0;
    std::string first;
    must(git_.lines(
        {"status", "--porcelain=v1", "--untracked-files=normal", "--ignore-submodules=dirty", "--no-renames"}, path_,
        [&](std::string_view line) {
          if (line.size() < 4) return;
          ++(line.starts_with("??") ? untracked : changed);
          if (first.empty()) first = line.substr(3);
        }));
    if (changed + untracked == 0) return;
    report(
        checks::clone_uncommitted,
        fmt::format("{} changed and {} untracked, first {}", files(changed), files(untracked), printable(first, 120)),
        "none", fmt::format("{} changed, {} untracked", changed, untracked));
  }

  static std::string commits(std::uint64_t number) {
    return fmt::format("{} commit{}", number, number == 1 ? "" : "s");
  }
  static std::string files(std::uint64_t number) { return fmt::format("{} file{}", number, number == 1 ? "" : "s"); }

  // Nothing where git does not know one of the objects.
  [[nodiscard]] std::optional<std::uint64_t> count(std::vector<std::string> arguments) const {
    std::uint64_t number = 0;
    bool any = false;
    const process_result done = git_.lines(std::move(arguments), path_, [&](std::string_view line) {
      any = std::from_chars(line.data(), line.data() + line.size(), number).ec == std::errc{};
    });
    if (done.exit_code != 0 || !any) return std::nullopt;
    return number;
  }

  void must(const process_result& done) const {
    if (done.exit_code == 0) return;
    throw environment_error{
        where_, "git cannot read the live repository: " + printable(done.output.substr(0, done.output.find('\n')), 200),
        "run git status and git fsck there by hand"};
  }

  void report(const check& what, std::string message, std::string expected, std::string actual) {
    if (++tallies_[&what] > listed) return;
    findings_.report(make_finding(what, where_, std::move(message), std::move(expected), std::move(actual)));
  }

  void count_rest() {
    for (const auto& [what, number] : tallies_) {
      if (number <= listed) continue;
      findings_.report(make_finding(*what, where_, fmt::format("{} further refs like those listed", number - listed),
                                    fmt::format("{} listed", listed), fmt::format("{} found", number)));
    }
  }

  static constexpr std::uint64_t listed = 20;

  hermetic_git git_;
  std::string path_;
  location where_;
  finding_sink& findings_;
  std::vector<ref> refs_;
  bool remotes_ = false;
  std::map<const check*, std::uint64_t> tallies_;
};

}  // namespace detail

/// Holds the live repository at `path` against `bundled`, the refs of a clone of the bundle by name. Reports
/// `clone.behind`, `clone.unpushed` and `clone.uncommitted`, warnings. Throws `environment_error` where it cannot be
/// read, and `interrupted`.
inline void compare_with_live_repository(const hermetic_git& git, const std::string& path,
                                         const std::map<std::string, std::string>& bundled, finding_sink& findings) {
  detail::live_repository{git, path, findings}.compare(bundled);
}

}  // namespace knowngood
