// promise: what somebody said that a file holds (its name, the policy), held against what was found in it. A promise is
// kept, broken or unreadable, and it is judged here only: for paths, under a policy, for members at every depth and for
// what a drill selects.
//
// Layer: inspect.
//   judge_promise(promise_of_name("db.sql.gz"), seen, where, out);   // file.kind where `seen` is no dump
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/codec/detect.hpp"
#include "knowngood/inspect/inspection.hpp"
#include "knowngood/inspect/name_claims.hpp"

namespace knowngood {

struct promise {
  promised_content what = promised_content::nothing;
  compression how = compression::none;
  std::string_view by;   ///< for people: `its name`
  bool loosely = false;  ///< of a dump: any SQL keeps it, for scripts by hand are named .sql too
};

inline promise promise_of_name(std::string_view name) {
  const name_claims claims = claims_of(name);
  return {claims.what, claims.how, "its name", true};
}

enum class promise_state : unsigned char { kept, broken, unreadable };

/// Whether `seen` is what was promised. Unreadable is what is recognised and cannot be looked into, an encrypted file:
/// it may be what was promised, and nobody knows.
inline promise_state state_of(const promise& promised, const inspection& seen) {
  const auto kept_if = [](bool kept) { return kept ? promise_state::kept : promise_state::broken; };
  if (promised.what == promised_content::nothing) return promise_state::kept;
  if (seen.innermost == content::opaque) return promise_state::unreadable;
  switch (promised.what) {
    case promised_content::nothing: break;
    case promised_content::dump:
      if (promised.loosely && seen.innermost == content::sql_script) return promise_state::kept;
      return kept_if(seen.innermost == content::plain_dump || seen.innermost == content::dump_archive ||
                     seen.dump_in_tar);
    case promised_content::tar: return kept_if(seen.innermost == content::tar);
    case promised_content::archive:
      return kept_if(seen.innermost == content::tar || seen.innermost == content::archive);
    case promised_content::bundle: return kept_if(seen.innermost == content::git_bundle);
  }
  return promise_state::kept;
}

/// The same of the kind that a report gives, `gzip > tar`.
inline bool is_kept_by(promised_content promised, std::string_view kind) {
  inspection seen;
  const std::size_t last = kind.rfind(" > ");
  const std::string_view innermost = last == std::string_view::npos ? kind : kind.substr(last + 3);
  seen.innermost = content::binary;
  if (kind.ends_with(dump_in_tar_kind)) {
    seen.innermost = content::tar;
    seen.dump_in_tar = true;
  }
  for (const content one : {content::tar, content::plain_dump, content::dump_archive, content::git_bundle}) {
    if (innermost == to_string(one) && !seen.dump_in_tar) seen.innermost = one;
  }
  return state_of({promised, compression::none, {}}, seen) != promise_state::broken;
}

/// What was found, for people: `gzip > text, "Permission denied"`.
inline std::string describe_found(const inspection& seen) {
  constexpr std::size_t shown = 60;
  if (seen.beginning.empty()) return seen.kind;
  return fmt::format("{}, \"{}\"", seen.kind, printable(seen.beginning, shown));
}

/// Reports a broken promise: an error where the content is another, a warning where only its compression is. Emptiness
/// and a program's error message are errors of their own and were reported as such.
inline void judge_promise(const promise& promised, const inspection& seen, const location& where, finding_sink& out) {
  const content found = seen.innermost;
  if (found == content::empty || found == content::error_text || found == content::utf16_text) return;
  const bool text = found == content::text || found == content::json || found == content::checksum_list;
  if (text && promised.what == promised_content::dump) return;  // reported as what it is: no SQL
  switch (state_of(promised, seen)) {
    case promise_state::unreadable: return;  // reported as unchecked where it was recognised
    case promise_state::broken:
      out.report(make_finding(checks::file_kind, where, fmt::format("the content is not what {} promises", promised.by),
                              std::string{to_string(promised.what)}, describe_found(seen)));
      return;
    case promise_state::kept: break;
  }
  if (seen.innermost == content::opaque) return;
  if (promised.how != compression::none && !seen.kind.starts_with(to_string(promised.how))) {
    out.report(make_finding(checks::file_name_disagrees, where,
                            "the name claims another compression than the content has",
                            std::string{to_string(promised.how)}, seen.kind));
  }
}

}  // namespace knowngood
