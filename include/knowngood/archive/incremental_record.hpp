// incremental_record: what `tar --listed-incremental` writes about a directory: which of its files are in this archive,
// and which are in an earlier one only.
//
// Layer: archive; part of tar_reader. GNU tar's manual, "Dumpdir": a letter, a name, a zero byte, for every file; `N`
// stands before those that have not changed since the archive before and are not in this one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "knowngood/archive/detect_tar.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

/// Of a whole archive.
struct incremental_records {
  bool any = false;                  ///< the archive was made with --listed-incremental
  std::uint64_t absent = 0;          ///< files that its directories have and it does not hold
  std::vector<std::string> names{};  ///< of those, as many as the limit on lists lets memory hold
};

namespace detail {

/// Where the record of a directory stands, going by all of its headers: type `D` has it as content, PAX in a keyword.
struct incremental_header {
  bool in_content = false;
  std::optional<std::string> value;
};

inline incremental_header find_incremental_record(byte_view headers) {
  incremental_header found;
  for (std::size_t at = 0; at + tar_block <= headers.size();) {
    const byte_view block = headers.subspan(at, tar_block);
    const char type = tar_field(block, 156, 1).front();
    at += tar_block;
    if (type != 'x' && type != 'X' && type != 'g' && type != 'L' && type != 'K') {
      found.in_content = type == 'D';
      return found;
    }
    const std::uint64_t size = tar_octal(tar_field(block, 124, 12)).value_or(0);
    if (size > headers.size() - at) return found;
    if (type == 'x' || type == 'X') {
      std::string_view records{reinterpret_cast<const char*>(headers.data()) + at, static_cast<std::size_t>(size)};
      while (!records.empty()) {  // "LENGTH KEY=VALUE\n"
        std::size_t length = 0;
        std::size_t digits = 0;
        for (; digits < records.size() && digits < 9 && records[digits] >= '0' && records[digits] <= '9'; ++digits) {
          length = length * 10 + static_cast<std::size_t>(records[digits] - '0');
        }
        if (length <= digits + 1 || length > records.size()) break;
        const std::string_view record = records.substr(digits + 1, length - digits - 1);
        constexpr std::string_view key = "GNU.dumpdir=";
        if (record.starts_with(key) && record.ends_with('\n')) {
          found.value = record.substr(key.size(), record.size() - key.size() - 1);
        }
        records.remove_prefix(length);
      }
    }
    at += static_cast<std::size_t>((size + tar_block - 1) / tar_block * tar_block);
  }
  return found;
}

/// Adds what `record` says of `directory`.
inline void add_incremental_record(incremental_records& all, std::string_view directory, std::string_view record,
                                   std::size_t most_names) {
  all.any = true;
  while (!record.empty() && record.front() != '\0') {
    const std::size_t end = record.find('\0');
    if (record.front() == 'N') {
      ++all.absent;
      if (all.names.size() < most_names) {
        std::string name{directory};
        if (!name.empty() && name.back() != '/') name += '/';
        all.names.push_back(name.append(record.substr(1, end == std::string_view::npos ? end : end - 1)));
      }
    }
    record.remove_prefix(end == std::string_view::npos ? record.size() : end + 1);
  }
}

}  // namespace detail

}  // namespace knowngood
