// watched_file: which file lies under a path, to tell later whether it is still that one.
//
// Layer: io. A file that is read stays the one that was opened, whatever becomes of its name meanwhile; what is said of
// the path must then not be taken for what lies there now. Example:
//   const watched_file before{path};  …read it…  if (const auto news = before.change()) say(*news);
#pragma once

#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

namespace knowngood {

class watched_file {
 public:
  explicit watched_file(std::string path) : path_{std::move(path)}, there_{look(seen_)} {}

  /// What has become of the name since: another file under it, or none; or the file itself was written to. Nothing
  /// where all is as it was, or cannot be looked at.
  [[nodiscard]] std::optional<std::string> change() const {
    struct stat now {};
    if (!there_) return std::nullopt;
    if (!look(now))
      return errno == ENOENT ? std::optional<std::string>{"no file lies under its name any more"} : std::nullopt;
    if (now.st_dev != seen_.st_dev || now.st_ino != seen_.st_ino) return "another file lies under its name now";
    if (now.st_size != seen_.st_size || now.st_mtim.tv_sec != seen_.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != seen_.st_mtim.tv_nsec) {
      return "it was written to";
    }
    return std::nullopt;
  }

 private:
  bool look(struct stat& status) const { return ::stat(path_.c_str(), &status) == 0 && S_ISREG(status.st_mode); }

  std::string path_;
  struct stat seen_ {};
  bool there_;
};

}  // namespace knowngood
