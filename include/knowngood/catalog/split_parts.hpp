// split_parts: which files of a directory are the parts of one artifact that was split: `x.tar.gz.part-aa` and those
// behind it, `x.tar.gz.0`, `x.7z.001`, `x.sql.gz.aa`.
//
// Layer: catalog. Example:
//   for (const split_set& set : find_split_sets("/backups", names)) ...   // set.base == "x.tar.gz", set.missing
// A name with a number behind it may be an older backup that was rotated away, whole by itself: where no word says
// that it is a part, the first bytes decide.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "knowngood/base/ascii.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/inspect/detect_content.hpp"
#include "knowngood/inspect/name_claims.hpp"
#include "knowngood/io/file_source.hpp"
#include "knowngood/io/lookahead.hpp"

namespace knowngood {

/// A file's name taken apart.
struct split_name {
  std::string base;         ///< of the whole: `x.tar.gz`
  std::string mark;         ///< between it and the number: `.part-`, `.`
  std::uint64_t index = 0;  ///< `aa` is 0
  std::size_t width = 0;    ///< of the number
  bool letters = false;
};

/// An artifact that lies there in parts.
struct split_set {
  std::string base;
  std::vector<std::string> parts;    ///< names, in order
  std::vector<std::string> missing;  ///< names of parts before the last that are not there
};

/// Nothing for a name that is no part's.
inline std::optional<split_name> split_name_of(std::string_view name) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz";
  constexpr std::string_view digits = "0123456789";
  split_name found;
  std::size_t at = name.size();
  while (at > 0 && digits.find(name[at - 1]) != std::string_view::npos) --at;
  if (at == name.size()) {
    while (at > 0 && letters.find(name[at - 1]) != std::string_view::npos) --at;
    found.letters = true;
    // `.partaa`: the word is no number
    for (const std::string_view word : {"part", "split", "chunk"}) {
      if (name.substr(at).starts_with(word) && name.size() - at > word.size()) at += word.size();
    }
  }
  found.width = name.size() - at;
  if (found.width == 0 || found.width > 5 || (found.letters && (found.width < 2 || found.width > 3)))
    return std::nullopt;
  for (const char c : name.substr(at)) {
    found.index = found.letters ? found.index * 26 + static_cast<std::uint64_t>(c - 'a')
                                : found.index * 10 + static_cast<std::uint64_t>(c - '0');
  }
  std::string_view rest = name.substr(0, at);
  std::size_t mark = rest.size();
  if (mark > 0 && (rest[mark - 1] == '-' || rest[mark - 1] == '_' || rest[mark - 1] == '.')) --mark;
  bool worded = false;
  for (const std::string_view word : {"part", "split", "chunk"}) {
    if (!rest.substr(0, mark).ends_with(word)) continue;
    mark -= word.size();
    worded = true;
    if (mark > 0 && (rest[mark - 1] == '-' || rest[mark - 1] == '_' || rest[mark - 1] == '.')) --mark;
    break;
  }
  if (!worded && (mark == rest.size() || rest[mark] != '.')) return std::nullopt;
  found.base = rest.substr(0, mark);
  found.mark = rest.substr(mark);
  if (found.base.empty()) return std::nullopt;
  if (worded) return found;
  const std::string lower = to_lower(found.base);
  const name_claims claims = claims_of(lower);
  bool known = claims.inner.has_value() || claims.how != compression::none;
  for (const std::string_view ending : {".zip", ".7z", ".iso", ".img", ".dump", ".rar", ".cpio", ".gpg", ".age", ".enc",
                                        ".sqlite", ".db", ".bak", ".raw", ".qcow2"}) {
    known |= lower.ends_with(ending);
  }
  return known ? std::optional{found} : std::nullopt;
}

namespace detail {

/// What a file begins as; nothing where it cannot be known.
inline std::optional<std::pair<content, std::string>> beginning_of(const std::filesystem::path& path) {
  try {
    lookahead head{std::make_unique<file_source>(path.string(), location{path.string()}, content_head_bytes)};
    const byte_view first = head.peek(content_head_bytes);
    const content kind = detect_content(first);
    if (kind == content::binary || kind == content::text || kind == content::empty || kind == content::json ||
        kind == content::checksum_list || kind == content::error_text) {
      return std::nullopt;
    }
    return std::pair{
        kind, kind == content::compressed ? std::string{to_string(detect_compression(first))} : kind_name(kind, first)};
  } catch (const environment_error&) {
    return std::nullopt;  // said when it is opened to be verified
  } catch (const stream_error&) {
    return std::nullopt;
  }
}

inline std::string part_name(const split_name& like, std::uint64_t index) {
  std::string number;
  for (std::size_t i = 0; i < like.width || index > 0; ++i) {
    const std::uint64_t base = like.letters ? 26 : 10;
    number.insert(number.begin(), static_cast<char>((like.letters ? 'a' : '0') + static_cast<char>(index % base)));
    index /= base;
  }
  return like.base + like.mark + number;
}

}  // namespace detail

/// The sets among `names`, files of `directory`; reads the first bytes of some of them.
inline std::vector<split_set> find_split_sets(const std::filesystem::path& directory,
                                              const std::vector<std::string>& names) {
  using key = std::tuple<std::string, std::string, bool>;
  std::map<key, std::map<std::uint64_t, std::pair<std::string, split_name>>> groups;
  for (const auto& name : names) {
    if (const auto part = split_name_of(name))
      groups[{part->base, part->mark, part->letters}][part->index] = {name, *part};
  }
  std::vector<split_set> sets;
  for (const auto& [of, parts] : groups) {
    const std::uint64_t first = parts.begin()->first;
    const std::uint64_t last = parts.rbegin()->first;
    constexpr std::uint64_t most_missing = 1000;
    // `.gz`, `.sh` and a number that is a year are no parts.
    if (first > 1 + parts.size() * 4 || last - first > parts.size() + most_missing) continue;
    const split_name& like = parts.begin()->second.second;
    const bool worded = like.mark.size() > 1;
    const auto beginning = detail::beginning_of(directory / parts.begin()->second.first);
    if (parts.size() > 1 && beginning &&
        detail::beginning_of(directory / std::next(parts.begin())->second.first) == beginning) {
      continue;  // each is whole by itself
    }
    const bool begins_at_one = !like.letters && first == 1 && (beginning || worded);
    if (!worded && parts.size() == 1 && (beginning ? first > 1 || !like.letters : first > 2)) continue;
    split_set set;
    set.base = std::get<0>(of);
    for (std::uint64_t index = begins_at_one ? 1 : 0; index <= last; ++index) {
      const auto part = parts.find(index);
      if (part != parts.end()) {
        set.parts.push_back(part->second.first);
      } else {
        set.missing.push_back(detail::part_name(like, index));
      }
    }
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace knowngood
