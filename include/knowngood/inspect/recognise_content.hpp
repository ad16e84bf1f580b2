// recognise_content: what a stream is, by its first bytes and by what its name claims.
//
// Layer: inspect. Content speaks first; a name speaks only where the content shows nothing, so that a damaged beginning
// is found for what it is. Example:
//   const content seen = seen_content(head, claims, true, true);
//   const content kind = claimed_content(content_head(head), seen, claims);
#pragma once

#include <string_view>

#include "knowngood/archive/archive_kind.hpp"
#include "knowngood/archive/detect_tar.hpp"
#include "knowngood/codec/detect.hpp"
#include "knowngood/inspect/detect_content.hpp"
#include "knowngood/inspect/name_claims.hpp"
#include "knowngood/io/lookahead.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/postgres/dump_head.hpp"

namespace knowngood::detail {

inline std::string_view chars_of(byte_view bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// An ISO 9660 image begins with what is the system's own, usually nothing.
inline byte_view content_head(lookahead& in) {
  const byte_view head = in.peek(content_head_bytes);
  if (head.size() < content_head_bytes || (!all_zero(head) && detect_content(head) != content::binary)) return head;
  const byte_view more = in.peek(iso9660_head_bytes);
  return detect_archive(more) == archive_kind::iso9660 ? more : in.peek(content_head_bytes);
}

inline bool is_unrecognised(content kind) noexcept {
  return kind == content::binary || kind == content::text || kind == content::json || kind == content::checksum_list;
}

inline compression claimed_compression(byte_view first, content seen, const name_claims& claims) {
  const compression how = detect_compression(first);
  return how == compression::none && is_unrecognised(seen) ? claims.how : how;
}

/// What the content shows by itself. A dump may begin behind lines that are none of it: looked for as far as it takes
/// where a dump was promised, and near the beginning where somebody only points at a file.
inline content seen_content(lookahead& head, const name_claims& claims, bool promised, bool outermost) {
  const byte_view first = content_head(head);
  content kind = detect_content(first);
  const bool dump = claims.inner == content::plain_dump && promised;
  if (dump && kind == content::tar && all_zero(first)) kind = content::binary;  // not an archive's end
  const bool text = kind == content::text || kind == content::error_text || kind == content::sql_script;
  const bool other = kind == content::json || kind == content::checksum_list || kind == content::binary;
  if (!(dump && (text || other)) && !(outermost && text)) return kind;
  return look_at_dump_head(chars_of(dump ? head.peek(dump_head_bytes) : first)).is_dump() ? content::plain_dump : kind;
}

/// Programs and certificates are named .bundle too. What a damaged one still shows is its pack, a ref, or zeros.
inline bool resembles_bundle(byte_view first) {
  const std::string_view text = chars_of(first);
  return all_zero(first) || text.find(std::string_view{"PACK\0\0\0", 7}) != std::string_view::npos ||
         text.find(" refs/") != std::string_view::npos || text.find("git bundle") != std::string_view::npos ||
         text.find(" HEAD\n") != std::string_view::npos;
}

/// What the stream is to be read as: what it shows, or what its name claims where it shows nothing. A claim of SQL is
/// not forced on text: that it is none is reported instead.
inline content claimed_content(byte_view first, content seen, const name_claims& claims) {
  if (!is_unrecognised(seen) || !claims.inner || claims.how != compression::none) return seen;
  if (*claims.inner == content::git_bundle && !resembles_bundle(first)) return seen;
  return *claims.inner == content::plain_dump ? seen : *claims.inner;
}

inline bool is_container(content kind) noexcept {
  return kind == content::compressed || kind == content::tar || kind == content::plain_dump ||
         kind == content::git_bundle || kind == content::dump_archive || kind == content::archive ||
         kind == content::sqlite || kind == content::redis;
}

inline bool is_recognised(content kind) noexcept {
  return !is_unrecognised(kind) && kind != content::empty && kind != content::error_text &&
         kind != content::utf16_text && kind != content::sql_script;
}

}  // namespace knowngood::detail
