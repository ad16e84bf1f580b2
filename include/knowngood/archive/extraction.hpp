// extraction: restores the members of one archive beneath a directory, one after another.
//
// Layer: archive; part of extract.hpp, of no use alone. Every part of a member's name is opened by itself and never
// through a symbolic link, so that neither the order of members nor what lies there already can lead a write outside.
#pragma once

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/archive/confined_directory.hpp"
#include "knowngood/archive/extract_result.hpp"
#include "knowngood/archive/output_file.hpp"
#include "knowngood/archive/tar_reader.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/hash/digest.hpp"

namespace knowngood {

namespace detail {

class extraction {
 public:
  static constexpr std::uint64_t listed = 20;     // findings of a kind, before they are only counted
  static constexpr std::size_t most_depth = 512;  // directories: whoever removes a tree holds a descriptor for each

  /// All outlive this object.
  extraction(const location& where, const confined_directory& into, const extract_options& options,
             finding_sink& findings)
      : where_{where}, root_{into.descriptor()}, options_{options}, findings_{findings} {}

  /// Throws `interrupted` once it is asked to.
  void check_stop() const { options_.stop.throw_if_requested(); }

  /// Restores the reader's current member.
  void restore(const tar_member& member, tar_reader& reader) {
    check_stop();
    if (options_.wanted && !options_.wanted(member)) return;
    parts_ = parts_of(member.name);
    if (!acceptable(member)) return;
    if (parts_.empty()) {
      // `./` is the directory itself, which stays as its owner made it.
      if (member.type == entry_type::directory) return count(member, outcome_.directories);
      return refuse(checks::restore_refused, member, "the name is that of the directory that is restored into");
    }
    switch (member.type) {
      case entry_type::character_device:
      case entry_type::block_device:
      case entry_type::fifo:
      case entry_type::other: ++outcome_.skipped; return special_.add(member);
      case entry_type::file: return restore_file(member, reader);
      case entry_type::hard_link:
        // With content of its own (pax -o linkdata) a link can be restored whatever its target.
        return member.size > 0 ? restore_file(member, reader) : restore_hard_link(member);
      case entry_type::symlink: return restore_symlink(member);
      case entry_type::directory: return restore_directory(member);
    }
  }

  /// After the last member, or where reading stopped: times of directories, and findings that count.
  extract_result finish() {
    for (const auto& [path, modified] : directory_times_) {
      const file_descriptor directory = open_directory_beneath(root_, parts_of(path));
      if (directory.get() >= 0) set_time(directory.get(), modified);  // otherwise a later member took its place
    }
    for (const auto& [what, times] : refusals_) {
      if (times <= listed) continue;
      findings_.report(make_finding(*what, where_, fmt::format("{} further members like those listed", times - listed),
                                    fmt::format("{} listed", listed), fmt::format("{} found", times)));
    }
    special_.report(*this, "devices, fifos and the like are not made in a rehearsal");
    bits_.report(*this, "setuid, setgid and sticky bits are dropped in a rehearsal");
    owners_.report(*this, "owners that this host or user cannot give are not restored");
    times_.report(*this, "times of modification that this file system cannot hold are not restored");
    return std::move(outcome_);
  }

  extract_result& outcome() noexcept { return outcome_; }

 private:
  // Members with which something was not restored as the archive has it: one finding for all of them.
  struct tally {
    std::uint64_t members = 0;
    std::string first;
    void add(const tar_member& member) {
      if (members++ == 0) first = member.name;
    }
    void report(extraction& owner, std::string_view message) const {
      if (members == 0) return;
      owner.findings_.report(
          make_finding(checks::restore_mode, owner.where_, std::string{message}, "as archived",
                       fmt::format("{} {}, first {}", members, members == 1 ? "member" : "members", printable(first))));
    }
  };

  [[nodiscard]] location at(const tar_member& member) const { return where_ / member.name; }

  void refuse(const check& what, const tar_member& member, std::string message, std::string expected = {},
              std::string actual = {}) {
    ++outcome_.skipped;
    auto known = std::find_if(refusals_.begin(), refusals_.end(), [&](const auto& one) { return one.first == &what; });
    if (known == refusals_.end()) known = refusals_.insert(refusals_.end(), {&what, 0});
    if (++known->second > listed) return;
    findings_.report(make_finding(what, at(member), std::move(message), std::move(expected), std::move(actual)));
  }

  bool acceptable(const tar_member& member) {
    if (leads_up(parts_)) {
      refuse(checks::restore_refused, member, "not extracted: its name has a part that leads up", "a name without ..",
             printable(member.name));
      return false;
    }
    std::size_t size = 0;
    for (const auto& part : parts_) size += part.size() + 1;
    if (size > PATH_MAX) {
      refuse_length(member);
      return false;
    }
    if (parts_.size() > most_depth) {
      throw environment_error{
          at(member),
          fmt::format("a member lies {} directories deep, a rehearsal restores {}", parts_.size(), most_depth),
          "if this backup is trusted, restore it by hand with tar into an empty directory"};
    }
    return true;
  }

  // GNU tar gives up on it as well.
  void refuse_length(const tar_member& member) {
    refuse(checks::restore_content, member, "not extracted: its name is longer than the file system takes",
           fmt::format("parts of {} and a name of {} bytes at most", NAME_MAX, PATH_MAX),
           fmt::format("{} bytes", member.name.size()));
  }

  [[noreturn]] void fail(const tar_member& member, const char* action, int error) const {
    throw write_error(at(member), action, error);
  }

  // The directory that the member goes into, made where it is missing; negative when the member was refused.
  int parent_of(const tar_member& member) {
    const std::span<const std::string> above = std::span{parts_}.first(parts_.size() - 1);
    std::string path = joined(above);
    if (parent_ && path == parent_path_) return parent_->get();
    file_descriptor now = open_directory_beneath(root_, {});
    if (now.get() < 0) fail(member, "open the directory", errno);
    for (const auto& part : above) {
      file_descriptor next{open_directory(now.get(), part)};
      if (next.get() < 0 && errno == ENOENT) {
        if (::mkdirat(now.get(), part.c_str(), 0700) != 0 && errno != EEXIST) {
          if (errno != ENAMETOOLONG) fail(member, "make a directory", errno);
          refuse_length(member);
          return -1;
        }
        next = file_descriptor{open_directory(now.get(), part)};
      }
      if (next.get() < 0) {
        const int error = errno;
        blocked(member, now.get(), part, error);
        return -1;
      }
      now = std::move(next);
    }
    parent_path_ = std::move(path);
    parent_ = std::move(now);
    return parent_->get();
  }

  static int open_directory(int parent, const std::string& name) {
    return ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  }

  // Says what stands where a directory belongs.
  void blocked(const tar_member& member, int parent, const std::string& part, int error) {
    if (error == ENAMETOOLONG) return refuse_length(member);
    struct stat status {};
    if ((error != ENOTDIR && error != ELOOP) || ::fstatat(parent, part.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      fail(member, "open a directory above it", error);
    }
    if (S_ISLNK(status.st_mode)) {
      return refuse(checks::restore_refused, member, "not extracted: it would be written through a symbolic link",
                    "a directory", printable(part) + " is a symbolic link");
    }
    refuse(checks::restore_content, member, "not extracted: a part of its name is no directory", "a directory",
           printable(part) + " is a file");
  }

  // Removes what has the member's name, never what that points at. False when the member was refused.
  bool make_way(const tar_member& member, int parent) {
    const char* const name = parts_.back().c_str();
    if (::unlinkat(parent, name, 0) == 0 || errno == ENOENT) return true;
    if (errno != EISDIR && errno != EPERM) fail(member, "replace what has its name", errno);
    if (::unlinkat(parent, name, AT_REMOVEDIR) == 0) return true;
    if (errno != ENOTEMPTY && errno != EEXIST) fail(member, "replace what has its name", errno);
    refuse(checks::restore_content, member, "not extracted: a directory that is not empty has its name",
           std::string{to_string(member.type)}, "directory");
    return false;
  }

  // Runs `make`, which makes something that must not be there yet; once more after what is there is out of the way.
  // False when the member was refused.
  template <typename Make>
  bool placed(const tar_member& member, int parent, const char* action, Make&& make) {
    for (bool again = false;; again = true) {
      if (make()) return true;
      const int error = errno;
      if (error == ENAMETOOLONG) {
        refuse_length(member);
        return false;
      }
      if (error != EEXIST || again) fail(member, action, error);
      if (!make_way(member, parent)) return false;
    }
  }

  void restore_file(const tar_member& member, tar_reader& reader) {
    const int parent = parent_of(member);
    if (parent < 0) return;
    const char* const name = parts_.back().c_str();
    int fd = -1;
    const bool made = placed(member, parent, "create", [&] {
      fd = ::openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
      return fd >= 0;
    });
    if (!made) return;
    output_file file{fd};
    std::string sha256;
    try {
      sha256 = write_content(member, file, reader.body());
      finish_node(member, file.get(), owner_read_write);
      if (!file.close()) fail(member, "write", errno);
    } catch (...) {
      ::unlinkat(parent, name, 0);  // what is not whole must not stand there as if it were
      throw;
    }
    count(member, outcome_.files, std::move(sha256));
  }

  // Returns the content's SHA-256 where it is asked for.
  std::string write_content(const tar_member& member, output_file& file, source& body) {
    std::optional<digest> sha256;
    if (options_.digests) sha256.emplace(digest_algorithm::sha256());
    for (byte_view chunk = body.next(); !chunk.empty(); chunk = body.next()) {
      check_stop();  // holes come without anything being read
      outcome_.bytes += chunk.size();
      if (outcome_.bytes > options_.bounds.expanded_bytes) {
        throw_limit_exceeded(at(member), "expanded_bytes", options_.bounds.expanded_bytes, outcome_.bytes);
      }
      if (sha256) sha256->update(chunk);
      if (!file.append(chunk)) fail(member, "write", errno);
    }
    if (!file.end()) fail(member, "extend", errno);
    return sha256 ? sha256->finish() : std::string{};
  }

  void restore_directory(const tar_member& member) {
    const int parent = parent_of(member);
    if (parent < 0) return;
    const char* const name = parts_.back().c_str();
    file_descriptor directory{open_directory(parent, parts_.back())};
    if (directory.get() < 0) {
      if (!placed(member, parent, "make the directory", [&] { return ::mkdirat(parent, name, 0700) == 0; })) return;
      directory = file_descriptor{open_directory(parent, parts_.back())};
      if (directory.get() < 0) fail(member, "open the directory", errno);
    }
    finish_node(member, directory.get(), owner_all);
    // Members that follow change it again.
    if (member.modified && directory_times_.size() < options_.bounds.compared_members) {
      directory_times_.emplace_back(joined(parts_), *member.modified);
    }
    count(member, outcome_.directories);
  }

  void restore_symlink(const tar_member& member) {
    const int parent = parent_of(member);
    if (parent < 0) return;
    const char* const name = parts_.back().c_str();
    if (member.link_target.empty() || member.link_target.size() >= PATH_MAX) {
      return refuse(checks::restore_content, member, "not extracted: no symbolic link can have this target",
                    fmt::format("1 to {} bytes", PATH_MAX - 1), fmt::format("{} bytes", member.link_target.size()));
    }
    if (!placed(member, parent, "make the symbolic link",
                [&] { return ::symlinkat(member.link_target.c_str(), parent, name) == 0; })) {
      return;
    }
    if (const auto owner = wanted_owner(member);
        owner && ::fchownat(parent, name, owner->first, owner->second, AT_SYMLINK_NOFOLLOW) != 0) {
      owners_.add(member);
    }
    if (member.modified) {
      const auto times = times_of(*member.modified);
      if (!times || ::utimensat(parent, name, times->data(), AT_SYMLINK_NOFOLLOW) != 0) times_.add(member);
    }
    count(member, outcome_.links);
  }

  void restore_hard_link(const tar_member& member) {
    const std::vector<std::string> target = parts_of(member.link_target);
    if (leads_up(target)) {
      return refuse(checks::restore_refused, member, "not extracted: a hard link whose target has a part that leads up",
                    "a target without ..", printable(member.link_target));
    }
    const auto missing = [&](std::string_view is) {
      refuse(checks::restore_content, member, "not extracted: the hard link's target was not restored before it",
             printable(member.link_target), std::string{is});
    };
    if (target.empty()) return missing("the directory that is restored into");
    const int parent = parent_of(member);
    if (parent < 0) return;
    const file_descriptor beside = open_directory_beneath(root_, std::span{target}.first(target.size() - 1));
    struct stat status {};
    if (beside.get() < 0 || ::fstatat(beside.get(), target.back().c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ELOOP || errno == ENOTDIR) return missing("a way that is no directory");
      if (errno == ENOENT || errno == ENAMETOOLONG) return missing("nothing");
      fail(member, "look at the target", errno);
    }
    // A link to a symbolic link is one more name of it: backups made of hard links (cp -al) have them.
    if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) return missing("no file");
    struct stat present {};
    const bool itself = ::fstatat(parent, parts_.back().c_str(), &present, AT_SYMLINK_NOFOLLOW) == 0 &&
                        present.st_dev == status.st_dev && present.st_ino == status.st_ino;
    if (!itself && !placed(member, parent, "make the hard link", [&] {
          return ::linkat(beside.get(), target.back().c_str(), parent, parts_.back().c_str(), 0) == 0;
        })) {
      return;
    }
    count(member, outcome_.links);
  }

  static constexpr unsigned owner_read_write = 0600;
  static constexpr unsigned owner_all = 0700;

  // Owner, mode and time of an open file or directory. The owner keeps `least`, so that it can be read and removed.
  void finish_node(const tar_member& member, int fd, unsigned least) {
    if (const auto owner = wanted_owner(member); owner && ::fchown(fd, owner->first, owner->second) != 0)
      owners_.add(member);
    if ((member.mode & 07000U) != 0) bits_.add(member);
    if (::fchmod(fd, static_cast<mode_t>((member.mode & 0777U) | least)) != 0) fail(member, "set the mode of", errno);
    if (member.modified && !set_time(fd, *member.modified)) times_.add(member);
  }

  std::optional<std::pair<uid_t, gid_t>> wanted_owner(const tar_member& member) {
    if (!options_.keep_owner) return std::nullopt;
    constexpr std::int64_t none = static_cast<std::int64_t>(static_cast<uid_t>(-1));
    if (member.uid < 0 || member.gid < 0 || member.uid >= none || member.gid >= none) {
      owners_.add(member);
      return std::nullopt;
    }
    return std::pair{static_cast<uid_t>(member.uid), static_cast<gid_t>(member.gid)};
  }

  void count(const tar_member& member, std::uint64_t& kind, std::string sha256 = {}) {
    ++kind;
    held_bytes_ += 2 * member.name.size();
    if (outcome_.members.size() >= options_.bounds.compared_members || held_bytes_ > options_.bounds.list_bytes) {
      outcome_.members_complete = false;
      return;
    }
    outcome_.members.push_back(
        {member.name, joined(parts_), member.type, member.size, member.modified, member.mode, std::move(sha256)});
  }

  const location& where_;
  int root_;
  const extract_options& options_;
  finding_sink& findings_;
  extract_result outcome_;
  std::vector<std::string> parts_;         // of the current member's name
  std::optional<file_descriptor> parent_;  // of the member before: mostly the next one's too. It cannot have been
  std::string parent_path_;                // replaced since, for only what lies in it is
  std::vector<std::pair<std::string, double>> directory_times_;
  std::vector<std::pair<const check*, std::uint64_t>> refusals_;
  std::uint64_t held_bytes_ = 0;
  tally special_;
  tally bits_;
  tally owners_;
  tally times_;
};

}  // namespace detail
}  // namespace knowngood
