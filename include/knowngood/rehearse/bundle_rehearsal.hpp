// rehearse_bundle: restores a repository from its git bundle with git itself, and judges the clone: history undamaged,
// refs as the bundle has them, the newest commit checked out; and how far it is behind the live repository.
//
// Layer: rehearse. Hooks, filters, submodules, helpers and the network are out of reach. Whatever goes wrong is in the
// result; nothing is thrown but `interrupted`.
//   bundle_result done = rehearse_bundle({.bundle = "/backups/repo.bundle", .directory = "/scratch/git"});
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
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
#include "knowngood/base/guarded.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/inspect/facts.hpp"
#include "knowngood/io/file_source.hpp"
#include "knowngood/rehearse/content_elsewhere.hpp"
#include "knowngood/rehearse/hermetic_git.hpp"
#include "knowngood/rehearse/live_repository.hpp"
#include "knowngood/report/drill_report.hpp"

namespace knowngood {

struct bundle_request {
  std::string bundle = {};                      ///< path
  std::filesystem::path directory = {};         ///< existing and empty: `clone.git` and `checkout` are made in it
  const std::vector<ref_fact>* refs = nullptr;  ///< of the bundle, as verifying it learnt them; null: git is asked
  std::vector<std::string> required_refs = {};  ///< full names: `refs/heads/main`
  std::string repository = {};                  ///< path of the live repository; empty: none is looked at
  moment now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  stop_flag stop = {};  ///< asked: the rehearsal ends with `interrupted`
};

struct bundle_result {
  std::vector<finding> findings;
  std::vector<unchecked_item> unchecked;
  /// For the report: `head`, `branches`, `tags`, `refs`, `commits`, `newest_commit`, `newest_commit_age`, `files`, ….
  std::vector<std::pair<std::string, std::string>> properties;
  std::optional<moment> newest_commit;  ///< the newest committer's date
  std::filesystem::path checkout;       ///< a working tree; empty where none was made
  double seconds = 0;                   ///< wall clock, of cloning and checking out: what a recovery takes
};

namespace detail {

class bundle_rehearsal {
 public:
  explicit bundle_rehearsal(const bundle_request& request)
      : request_{request}, where_{request.bundle}, clone_{request.directory / "clone.git"} {}

  bundle_result run() {
    guarded([&] {
      const std::filesystem::path home = request_.directory / "git-home";
      std::filesystem::create_directory(home);
      const hermetic_git git{home, request_.stop};
      { const file_source readable{request_.bundle, where_}; }  // says it better than git would
      if (!timed([&] { return clone(git); })) return;
      check_objects(git);
      read_refs(git);
      compare_refs(git);
      read_history(git);
      timed([&] { return check_out(git); });
      if (request_.repository.empty()) return;
      guarded([&] { compare_with_live_repository(git, request_.repository, refs_, findings_); });
    });
    result_.findings = findings_.snapshot();
    return std::move(result_);
  }

 private:
  template <typename Action>
  void guarded(Action&& action) {
    knowngood::guarded(
        where_, [&](const finding& one) { findings_.report(one); },
        [&](unchecked_item item) { result_.unchecked.push_back(std::move(item)); }, std::forward<Action>(action));
  }

  template <typename Action>
  bool timed(Action&& action) {
    const auto started = std::chrono::steady_clock::now();
    const bool good = action();
    result_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return good;
  }

  void property(std::string name, std::string value) {
    result_.properties.emplace_back(std::move(name), std::move(value));
  }

  // What git says, without what is only progress.
  static std::string said(const process_result& done) {
    std::string text;
    std::string_view rest = done.output;
    while (!rest.empty() && text.size() < 400) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.empty() || line.starts_with("Cloning into") || line.starts_with("hint:")) continue;
      if (!text.empty()) text += "; ";
      text += printable(line, 200);
    }
    return text.empty() ? fmt::format("exit code {}", done.exit_code) : text;
  }

  bool clone(const hermetic_git& git) {
    const process_result done = git.run({"clone", "--quiet", "--mirror", "--no-local", "--template=", "--",
                                         std::filesystem::absolute(request_.bundle).string(), clone_.string()},
                                        request_.directory);
    if (done.exit_code == 0) return true;
    findings_.report(make_finding(checks::clone_failed, where_, "git clone fails", "a clone", said(done)));
    return false;
  }

  // Damage is what the bundle lost or altered. Objects that are only of a form which git frowns upon today were so in
  // the repository: old histories have them, and they restore as they were.
  void check_objects(const hermetic_git& git) {
    std::uint64_t damaged = 0;
    std::uint64_t odd = 0;
    std::string first_damage;
    std::string first_odd;
    const auto judge = [&](std::string_view line) {
      if (line.empty() || line.starts_with("dangling ") || line.starts_with("unreachable ") ||
          line.starts_with("notice:") || line.starts_with("warning in ") || line.starts_with("Checking ")) {
        return;
      }
      const bool form = line.starts_with("error in ");
      std::string& first = form ? first_odd : first_damage;
      if (first.empty()) first = line;
      ++(form ? odd : damaged);
    };
    const process_result done =
        git.lines({"fsck", "--full", "--strict", "--no-progress", "--no-dangling"}, clone_, judge);
    for (std::string_view rest = done.output; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      if (const std::string_view line = rest.substr(0, end); !line.starts_with("[… ")) judge(line);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (done.exit_code == 0) return;
    // The exit code is the same for a pack with damage and one with an object of a form that git refuses.
    if (damaged > 0 || odd == 0 || !holds_together(git)) {
      findings_.report(make_finding(checks::clone_fsck, where_, "git fsck finds damage in the clone", "none",
                                    first_damage.empty()
                                        ? fmt::format("exit code {}", done.exit_code)
                                        : fmt::format("{} lines, first {}", damaged, printable(first_damage, 200))));
    }
    if (odd == 0) return;
    finding form = make_finding(checks::clone_fsck, where_,
                                "git fsck --strict objects to the form of old objects, which were restored as they are",
                                "none", fmt::format("{} objects, first {}", odd, printable(first_odd, 200)));
    form.severity = severity::warning;
    findings_.report(std::move(form));
  }

  // Every object in the packs is what its name says, and every object that a ref reaches is there, whatever its form.
  [[nodiscard]] bool holds_together(const hermetic_git& git) const {
    if (git.run({"fsck", "--connectivity-only", "--no-progress", "--no-dangling"}, clone_).exit_code != 0) return false;
    for (const auto& entry : std::filesystem::directory_iterator{clone_ / "objects" / "pack"}) {
      if (entry.path().extension() == ".idx" &&
          git.run({"verify-pack", "--", entry.path().string()}, clone_).exit_code != 0)
        return false;
    }
    return true;
  }

  void keep_ref(std::map<std::string, std::string>& refs, std::string_view line) {
    constexpr std::uint64_t most = std::uint64_t{64} << 20;
    if ((held_ += line.size()) > most) {
      throw environment_error{where_, "the bundle has more refs than are compared",
                              "compare git for-each-ref of a clone with git bundle list-heads by hand"};
    }
    const std::size_t blank = std::min(line.find(' '), line.size());
    refs.emplace(line.substr(std::min(blank + 1, line.size())), line.substr(0, blank));
  }

  void must(const process_result& done, std::string_view what) const {
    if (done.exit_code == 0) return;
    throw environment_error{where_, fmt::format("git {} fails in the clone: {}", what, said(done)),
                            "look at the version of git on this host"};
  }

  void read_refs(const hermetic_git& git) {
    must(git.lines({"for-each-ref", "--format=%(objectname) %(refname)"}, clone_,
                   [&](std::string_view line) { keep_ref(refs_, line); }),
         "for-each-ref");
    git.lines({"rev-parse", "--verify", "--quiet", "HEAD"}, clone_, [&](std::string_view line) { head_ = line; });
    git.lines({"symbolic-ref", "--quiet", "HEAD"}, clone_, [&](std::string_view line) { branch_ = line; });
    std::uint64_t branches = 0;
    std::uint64_t tags = 0;
    for (const auto& [name, object] : refs_) {
      branches += name.starts_with("refs/heads/") ? 1U : 0U;
      tags += name.starts_with("refs/tags/") ? 1U : 0U;
    }
    property("refs", fmt::format("{}", refs_.size()));
    property("branches", fmt::format("{}", branches));
    property("tags", fmt::format("{}", tags));
  }

  void compare_refs(const hermetic_git& git) {
    std::map<std::string, std::string> expected;
    if (request_.refs != nullptr) {
      for (const auto& ref : *request_.refs) expected.emplace(ref.name, ref.object);
    } else {
      must(git.lines({"bundle", "list-heads", std::filesystem::absolute(request_.bundle).string()}, clone_,
                     [&](std::string_view line) { keep_ref(expected, line); }),
           "bundle list-heads");
    }
    // Without one in the bundle, git clone makes HEAD the branch that this host's configuration names.
    property("head", head_.empty() || !expected.contains("HEAD") ? "none"
                     : branch_.empty()                           ? head_
                                                                 : printable(branch_));
    std::uint64_t wrong = 0;
    const auto differs = [&](const std::string& name, std::string object, std::string actual) {
      constexpr std::uint64_t listed = 20;
      if (++wrong > listed) return;
      findings_.report(make_finding(checks::clone_refs, where_,
                                    fmt::format("{} of the clone is not the bundle's", printable(name)),
                                    std::move(object), std::move(actual)));
    };
    for (const auto& [name, object] : expected) {
      if (name == "HEAD") {
        if (head_ != object) differs(name, object, head_.empty() ? "none" : head_);
        continue;
      }
      if (!name.starts_with("refs/")) continue;  // HEADs of other working trees, which git clone leaves
      const auto found = refs_.find(name);
      if (found == refs_.end() || found->second != object)
        differs(name, object, found == refs_.end() ? "none" : found->second);
    }
    for (const auto& [name, object] : refs_) {
      if (!expected.contains(name)) differs(name, "none", object);
    }
    if (wrong > 20) {
      findings_.report(make_finding(checks::clone_refs, where_, "more refs differ than are listed", "0 refs",
                                    fmt::format("{} refs", wrong)));
    }
    for (const auto& name : request_.required_refs) {
      if (name == "HEAD" ? !head_.empty() : refs_.contains(name)) continue;
      findings_.report(make_finding(checks::clone_missing_ref, where_,
                                    fmt::format("{} is required, and not in the bundle", printable(name)),
                                    printable(name), "no such ref"));
    }
    if (!expected.contains("HEAD") && !refs_.empty()) {
      finding none = make_finding(
          checks::clone_refs, where_,
          "the bundle has no HEAD: git clone checks nothing out unless a branch is named with -b", "HEAD", "none");
      none.severity = severity::note;
      findings_.report(std::move(none));
    }
  }

  void read_history(const hermetic_git& git) {
    std::vector<std::string> from{"--all"};
    if (!head_.empty()) from.push_back(head_);
    const auto with = [&](std::vector<std::string> arguments) {
      arguments.insert(arguments.end(), from.begin(), from.end());
      arguments.emplace_back("--");
      return arguments;
    };
    std::string commits;
    if (git.lines(with({"rev-list", "--count"}), clone_, [&](std::string_view line) { commits = line; }).exit_code !=
        0) {
      findings_.report(
          make_finding(checks::clone_fsck, where_, "git cannot walk the history", "every commit", "an error"));
      return;
    }
    property("commits", commits);
    std::int64_t newest = 0;
    std::string id;
    git.lines(with({"rev-list", "--timestamp", "--max-count=1"}), clone_, [&](std::string_view line) {
      const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), newest);
      if (error == std::errc{})
        id = line.substr(std::min(static_cast<std::size_t>(end - line.data()) + 1, line.size()));
    });
    if (id.empty()) {
      findings_.report(make_finding(checks::clone_checkout, where_, "the clone has no commit", "at least one", "none"));
      return;
    }
    newest = std::min(newest, std::int64_t{253'402'300'799});  // the year 9999
    result_.newest_commit = moment{std::chrono::seconds{newest}};
    property("newest_commit", to_rfc3339(*result_.newest_commit));
    property("newest_commit_id", id);
    property("newest_commit_age", format_duration(request_.now - *result_.newest_commit));
  }

  // HEAD, or where the bundle has none the branch that one would name.
  [[nodiscard]] std::string checkout_target() const {
    if (!head_.empty()) return head_;
    for (const char* name : {"refs/heads/main", "refs/heads/master"}) {
      if (const auto found = refs_.find(name); found != refs_.end()) return found->second;
    }
    const auto first = refs_.lower_bound("refs/heads/");
    return first != refs_.end() && first->first.starts_with("refs/heads/") ? first->second : std::string{};
  }

  bool check_out(const hermetic_git& git) {
    const std::string target = checkout_target();
    if (target.empty()) {
      if (!result_.newest_commit) return false;  // said already
      findings_.report(make_finding(checks::clone_checkout, where_,
                                    "the clone has neither HEAD nor a branch to check out", "a branch", "none"));
      return false;
    }
    const std::filesystem::path tree = request_.directory / "checkout";
    const auto failed = [&](std::string message, std::string expected, std::string actual) {
      findings_.report(
          make_finding(checks::clone_checkout, where_, std::move(message), std::move(expected), std::move(actual)));
      return false;
    };
    const process_result done =
        git.run({"worktree", "add", "--quiet", "--detach", "--force", tree.string(), target}, clone_);
    if (done.exit_code != 0)
      return failed(fmt::format("{} cannot be checked out", target), "a working tree", said(done));
    result_.checkout = tree;
    std::uint64_t files = 0;
    std::uint64_t submodules = 0;
    const process_result listed =
        git.lines({"ls-tree", "-r", "--full-tree", target}, clone_,
                  [&](std::string_view line) { ++(line.starts_with("160000 ") ? submodules : files); });
    if (listed.exit_code != 0) return failed("git cannot list the files of the newest commit", "a list", said(listed));
    std::uint64_t missing = 0;
    std::string first;
    const process_result looked = git.lines({"ls-files", "--deleted"}, tree, [&](std::string_view line) {
      if (++missing == 1) first = line;
    });
    if (looked.exit_code != 0)
      return failed("git cannot compare the working tree with its commit", "a comparison", said(looked));
    if (missing > 0)
      failed("files of the commit are not in the working tree", fmt::format("{} files", files),
             fmt::format("{} are missing, first {}", missing, printable(first, 200)));
    property("files", fmt::format("{}", files));
    report_content_elsewhere(git, tree, submodules, where_, findings_);
    return missing == 0;
  }

  const bundle_request& request_;
  location where_;
  std::filesystem::path clone_;
  finding_list findings_;
  bundle_result result_;
  std::map<std::string, std::string> refs_;  // of the clone: name to object
  std::string head_;                         // object; empty where HEAD is none
  std::string branch_;                       // what HEAD stands for; empty where it is detached
  std::uint64_t held_ = 0;
};

}  // namespace detail

/// Clones, checks and checks out. Reports `clone.failed`; `clone.fsck`, an error for damage, a warning for the form of
/// old objects; `clone.refs`, `clone.missing-ref`, `clone.checkout`; and against the live repository `clone.behind`,
/// `clone.unpushed`, `clone.uncommitted`. A live repository that cannot be read is in `unchecked`. Throws
/// `interrupted`.
inline bundle_result rehearse_bundle(const bundle_request& request) { return detail::bundle_rehearsal{request}.run(); }

}  // namespace knowngood
