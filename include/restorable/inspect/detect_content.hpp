// detect_content: what a stream is, from its first bytes; never from its name.
//
// Layer: inspect.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "restorable/archive/detect_tar.hpp"
#include "restorable/base/printable.hpp"
#include "restorable/codec/detect.hpp"
#include "restorable/git/detect_bundle.hpp"
#include "restorable/hash/checksum_file.hpp"
#include "restorable/io/source.hpp"
#include "restorable/postgres/dump_check.hpp"

namespace restorable {

enum class content : unsigned char {
  empty,
  compressed,      ///< see detect_compression for which
  tar,
  plain_dump,      ///< SQL of pg_dump or pg_dumpall
  dump_archive,    ///< pg_dump's custom format
  git_bundle,
  checksum_list,
  json,
  error_text,      ///< a program's complaint where its output should be
  text,
  binary,
};

constexpr std::string_view to_string(content kind) noexcept {
  switch (kind) {
    case content::empty: return "empty";
    case content::compressed: return "compressed";
    case content::tar: return "tar";
    case content::plain_dump: return "postgres-plain-dump";
    case content::dump_archive: return "postgres-dump-archive";
    case content::git_bundle: return "git-bundle";
    case content::checksum_list: return "checksum-list";
    case content::json: return "json";
    case content::error_text: return "error-text";
    case content::text: return "text";
    case content::binary: return "binary";
  }
  return "binary";
}

/// How many bytes at the front `detect_content` wants to see (fewer where the stream is shorter).
inline constexpr std::size_t content_head_bytes = 1536;

namespace detail {

// Text: no control characters but white space; ill-formed UTF-8 only as single high bytes (an 8-bit encoding).
inline bool looks_like_text(std::string_view head) {
  return std::none_of(head.begin(), head.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && byte != 0x1B) || byte == 0x7F;
  });
}

// What the runbook's pipelines write into a backup when the command before the pipe fails with its errors redirected.
inline bool looks_like_error_text(std::string_view head) {
  for (const std::string_view beginning :
       {"pg_dump: ", "pg_dumpall: ", "psql: ", "pg_restore: ", "pg_basebackup: ", "Error response from daemon",
        "Error: No such container", "Cannot connect to the Docker daemon", "no such service: ", "service \"",
        "bash: ", "sh: ", "/bin/sh: ", "OCI runtime exec failed", "fatal: "}) {
    if (head.starts_with(beginning)) return true;
  }
  return false;
}

}  // namespace detail

/// `head`: the first `content_head_bytes` of the stream, or all of it.
inline content detect_content(byte_view head) {
  if (head.empty()) return content::empty;
  const std::string_view text{reinterpret_cast<const char*>(head.data()), head.size()};
  if (detect_compression(head) != compression::none) return content::compressed;
  if (is_git_bundle(head)) return content::git_bundle;
  if (text.starts_with("PGDMP")) return content::dump_archive;
  if (is_plain_dump(head)) return content::plain_dump;
  if (is_tar(head)) return content::tar;
  if (!detail::looks_like_text(text)) return content::binary;
  if (detail::looks_like_error_text(text)) return content::error_text;
  if (looks_like_checksum_list(text)) return content::checksum_list;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (text[first] == '{' || text[first] == '[')) return content::json;
  return content::text;
}

}  // namespace restorable
