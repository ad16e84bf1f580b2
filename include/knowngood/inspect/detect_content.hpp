// detect_content: what a stream is, from its first bytes; never from its name.
//
// Layer: inspect.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

#include "knowngood/archive/archive_kind.hpp"
#include "knowngood/archive/detect_tar.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/codec/detect.hpp"
#include "knowngood/git/detect_bundle.hpp"
#include "knowngood/hash/checksum_file.hpp"
#include "knowngood/inspect/detect_opaque.hpp"
#include "knowngood/inspect/redis_snapshot.hpp"
#include "knowngood/inspect/sqlite_database.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/postgres/dump_head.hpp"

namespace knowngood {

enum class content : unsigned char {
  empty,
  compressed,  ///< see detect_compression for which
  tar,
  archive,       ///< another one: see detect_archive for which
  plain_dump,    ///< SQL of pg_dump or pg_dumpall
  sql_script,    ///< other SQL
  dump_archive,  ///< pg_dump's custom format
  git_bundle,
  sqlite,
  redis,   ///< a snapshot of Redis
  opaque,  ///< encrypted: see detect_opaque for by what
  checksum_list,
  json,
  error_text,  ///< a program's complaint where its output should be
  utf16_text,
  text,
  binary,
};

constexpr std::string_view to_string(content kind) noexcept {
  switch (kind) {
    case content::empty: return "empty";
    case content::compressed: return "compressed";
    case content::tar: return "tar";
    case content::archive: return "archive";
    case content::plain_dump: return "postgres-plain-dump";
    case content::sql_script: return "sql-script";
    case content::dump_archive: return "postgres-dump-archive";
    case content::git_bundle: return "git-bundle";
    case content::sqlite: return "sqlite";
    case content::redis: return "redis-snapshot";
    case content::opaque: return "opaque";
    case content::checksum_list: return "checksum-list";
    case content::json: return "json";
    case content::error_text: return "error-text";
    case content::utf16_text: return "utf-16-text";
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

// A byte order mark of two bytes, or the NULs that UTF-16 has beside every ASCII character.
inline bool looks_like_utf16(std::string_view head) {
  if (head.size() < 2) return false;
  std::size_t nulls[2] = {0, 0};
  for (std::size_t i = 0; i < head.size(); ++i) nulls[i % 2] += head[i] == '\0' ? 1U : 0U;
  const std::size_t pairs = head.size() / 2;
  const bool marked = head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF");
  const bool one_sided = (nulls[0] == 0 || nulls[1] == 0) && nulls[0] + nulls[1] > 0;
  return one_sided && (marked || (head.size() >= 8 && (nulls[0] + nulls[1]) * 10 >= pairs * 9));
}

}  // namespace detail

/// What UTF-16 says in ASCII; other characters are left out.
inline std::string ascii_of_utf16(std::string_view text) {
  std::string ascii;
  std::copy_if(text.begin(), text.end(), std::back_inserter(ascii),
               [](char c) { return c == '\n' || c == '\t' || (c >= ' ' && c <= '~'); });
  return ascii;
}

/// `head`: the first `content_head_bytes` of the stream, or all of it.
inline content detect_content(byte_view head) {
  if (head.empty()) return content::empty;
  const std::string_view text{reinterpret_cast<const char*>(head.data()), head.size()};
  if (detect_compression(head) != compression::none) return content::compressed;
  if (is_git_bundle(head)) return content::git_bundle;
  if (text.starts_with("PGDMP")) return content::dump_archive;
  if (is_plain_dump(head)) return content::plain_dump;
  if (is_tar(head)) return detect_archive(head) == archive_kind::iso9660 ? content::archive : content::tar;
  if (detect_archive(head) != archive_kind::none) return content::archive;
  if (is_sqlite(head)) return content::sqlite;
  if (is_redis_snapshot(head)) return content::redis;
  if (detect_opaque(head)) return content::opaque;
  if (detail::looks_like_utf16(text)) return content::utf16_text;
  if (!detail::looks_like_text(text)) return content::binary;
  if (detail::looks_like_error_text(text)) return content::error_text;
  if (looks_like_checksum_list(text)) return content::checksum_list;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (text[first] == '{' || text[first] == '[')) return content::json;
  if (looks_like_sql(text)) return content::sql_script;
  return content::text;
}

/// What reports call it: of an archive its format, of opaque content what hides it.
inline std::string kind_name(content kind, byte_view head) {
  if (kind == content::archive) return std::string{to_string(detect_archive(head))};
  if (kind == content::opaque) return std::string{detect_opaque(head).value_or(to_string(kind))};
  return std::string{to_string(kind)};
}

}  // namespace knowngood
