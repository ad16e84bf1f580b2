// listed_file: which file a line of a checksum list stands for. One rule for lists on disk and for lists inside an
// archive, for a list of a directory and for the checksum file of a single artifact.
//
// Layer: hash. Jobs write the names they see: relative to the directory they ran in, absolute, `-` of a pipe, a
// temporary name, none at all. Such a line is usable where it can stand for one file only:
//   1. the file that it names, where that is there: below the list's directory first, elsewhere after 3;
//   2. the list itself: no list holds its own digest, the line means nothing;
//   3. the file under the list's directory that its name ends with: `release/a.tar` beside the list is `a.tar`;
//   4. in a checksum file of one line (`a.tar.sha256`): the file beside it after which the list is named.
//   find_listed(entry, list, "d/a.tar.sha256", files).path == "d/a.tar"
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/base/file_name.hpp"
#include "knowngood/hash/checksum_file.hpp"
#include "knowngood/hash/digest.hpp"

namespace knowngood {

/// How a line's name stands for a file.
enum class listed_as : unsigned char {
  exact,
  moved,    ///< the end of its name fits a file below the list's directory
  own,      ///< the list is that file's own, whatever the line calls it
  itself,   ///< the list
  missing,  ///< nothing that is there
};

struct listed_file {
  listed_as how = listed_as::missing;
  std::string path;  ///< of `missing`: where it should be; empty where the line names none
};

/// What lies where a list lies. Paths are as `find_listed` makes them: parts joined by single slashes.
class listed_surroundings {
 public:
  virtual ~listed_surroundings() = default;
  /// Whether there is something of this path that is no directory.
  [[nodiscard]] virtual bool holds(const std::string& path) const = 0;
  /// Files whose path begins with `prefix`, in the directory that `prefix` lies in.
  [[nodiscard]] virtual std::vector<std::string> starting_with(const std::string& prefix) const = 0;

 protected:
  listed_surroundings() = default;
  listed_surroundings(const listed_surroundings&) = default;
  listed_surroundings& operator=(const listed_surroundings&) = default;
};

namespace detail {

inline std::string folder_of_path(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string{} : path.substr(0, slash + 1);
}

// `folder` (empty, or with a slash at its end) and the parts of `name`, `.` and `..` resolved by name.
inline std::string join_listed(std::string folder, std::string_view name) {
  if (name.starts_with('/')) folder = "/";
  while (!name.empty()) {
    const std::size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    name.remove_prefix(slash == std::string_view::npos ? name.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (folder.size() > 1) folder = folder_of_path(folder.substr(0, folder.size() - 1));
      continue;
    }
    folder += part;
    folder += '/';
  }
  if (folder.size() > 1) folder.pop_back();
  return folder;
}

}  // namespace detail

/// Whether a line carries no name of a file: a bare digest, or what `sha256sum` and `openssl dgst` call a pipe.
inline bool names_no_file(const checksum_entry& entry) {
  return entry.name.empty() || entry.name == "-" || entry.name == "stdin";
}

/// Whether `list_path` is for `file` alone by its name: `x.sql.gz.sha256` or `x.sha256` for `x.sql.gz`.
inline bool is_named_after(std::string_view list_path, std::string_view file) {
  const std::string_view list = file_name_of(list_path);
  const std::string_view stem = list.substr(0, list.rfind('.'));
  const std::string_view name = file_name_of(file);
  if (stem.empty() || stem == list || name == list) return false;
  return name == stem || (name.starts_with(stem) && name[stem.size()] == '.');
}

/// The file beside the list at `list_path` whose own it is by its name; empty where there is none, or several.
inline std::string owner_of_list(const std::string& list_path, const listed_surroundings& files) {
  const std::string folder = detail::folder_of_path(list_path);
  const std::string_view list = file_name_of(list_path);
  const std::size_t dot = list.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  const std::string stem = folder + std::string{list.substr(0, dot)};
  if (files.holds(stem)) return stem;
  std::string owner;
  for (auto& one : files.starting_with(stem + ".")) {
    const checksum_hint other = hint_from_name(one);  // `x.md5` beside `x.sha256` is another list of the same file
    if (one == list_path || other.what != checksum_hint::kind::none) continue;
    if (!owner.empty()) return {};
    owner = std::move(one);
  }
  return owner;
}

/// Which file `entry` of `list`, which lies at `list_path`, stands for.
inline listed_file find_listed(const checksum_entry& entry, const checksum_list& list, const std::string& list_path,
                               const listed_surroundings& files) {
  const std::string folder = detail::folder_of_path(list_path);
  if (!names_no_file(entry)) {
    const std::string exact = detail::join_listed(folder, entry.name);
    const std::string_view base = file_name_of(entry.name);
    const std::string_view own_name = file_name_of(list_path);
    if (exact == list_path) return {listed_as::itself, list_path};
    // What lies elsewhere is another copy wherever there is one beside the list.
    const bool elsewhere = !exact.starts_with(folder);
    if (!elsewhere && files.holds(exact)) return {listed_as::exact, exact};
    if (base == own_name) return {listed_as::itself, list_path};
    // While it was written it had another name, and nothing in it.
    if (base.find(own_name) != std::string_view::npos && is_digest_of_nothing(entry)) {
      return {listed_as::itself, list_path};
    }
    std::string_view rest = entry.name;
    for (std::size_t slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
      rest.remove_prefix(slash + 1);
      std::string below = detail::join_listed(folder, rest.starts_with('/') ? rest.substr(1) : rest);
      if (below.size() > folder.size() && below.starts_with(folder) && below != list_path && files.holds(below)) {
        return {listed_as::moved, std::move(below)};
      }
    }
    if (elsewhere && files.holds(exact)) return {listed_as::exact, exact};
    const std::string stem = list_path.substr(0, std::max(list_path.rfind('.'), folder.size()));
    if (list.entries.size() == 1 && stem.size() > folder.size() && files.holds(stem)) return {listed_as::own, stem};
    return {listed_as::missing, exact};
  }
  if (list.entries.size() == 1) {
    std::string owner = owner_of_list(list_path, files);
    if (!owner.empty()) return {listed_as::own, std::move(owner)};
  }
  return {};
}

}  // namespace knowngood
