// classify_failure: what it means for a backup that a server refused one of its statements. Most often that it is
// broken; but not when the host, the server or the role that runs it is what does not fit.
//
// Layer: load. PostgreSQL manual, appendix "PostgreSQL Error Codes".
//   switch (classify_failure(error, first_words(statement, 12), {.own_server = true})) ...
#pragma once

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "knowngood/load/dump_statement.hpp"
#include "knowngood/server/server_log.hpp"
#include "knowngood/server/sql_error.hpp"

namespace knowngood {

/// From harmless to worst.
enum class load_failure : unsigned char {
  none,          ///< expected of such a statement: nothing to tell
  remark,        ///< nothing of the data depends on it
  roles,         ///< about roles, which a server that is not the drill's own does not have
  extension,     ///< for want of something that the host or the policy does not provide
  newer_server,  ///< in a language that this server is too old for
  too_long,      ///< it was ended because it took too long
  superuser,     ///< only a superuser may do it
  environment,   ///< the server is out of space or memory, or its storage fails: goes for all that follows
  refused,       ///< it asks for programs, files of the server or C code
  broken,        ///< anything else: the statement is wrong, or does not fit what came before
};

struct load_context {
  bool own_server = true;   ///< of the drill: roles are made as they are missed
  bool newer_dump = false;  ///< the dump, or pg_dump, is of a newer server than this one
  bool wanting =
      false;  ///< an extension that the dump needs could not be created before: whatever it has may be missed
  std::set<std::string> unrehearsed = {};  ///< names of objects that could not be made here, for no fault of the dump
  bool first_part = false;                 ///< before the first object, where pg_dump --clean removes what there was
};

/// Whether it says nothing of the backup: what does not fit is the host, the role, the server or the time there was.
constexpr bool is_no_defect(load_failure what) noexcept {
  return what == load_failure::extension || what == load_failure::superuser || what == load_failure::newer_server ||
         what == load_failure::too_long;
}

/// Whether a message speaks of one of the names, in quotes or before its arguments: `relation "public.t" does not
/// exist`.
inline bool names_one_of(std::string_view message, const std::set<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    for (std::size_t at = message.find(name); at != std::string_view::npos; at = message.find(name, at + 1)) {
      const bool begins_there = at > 0 && std::string_view{"\". "}.find(message[at - 1]) != std::string_view::npos;
      const std::size_t end = at + name.size();
      if (begins_there && end < message.size() && std::string_view{"\"( "}.find(message[end]) != std::string_view::npos)
        return true;
    }
    return false;
  });
}

/// `words`: the statement's first dozen.
inline load_failure classify_failure(const sql_error& error, const std::vector<std::string>& words,
                                     const load_context& context) {
  const auto has = [&](std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); };
  const auto starts = [&](std::string_view word) { return !words.empty() && words.front() == word; };
  const bool missing =
      error.is("42704") || error.is("42P01") || error.is("3F000") || error.is("42883") || error.is("42703");
  const bool of_roles =
      starts("grant") || starts("revoke") || has("owner") || begins(words, {"alter", "default", "privileges"});

  if (error.is("25P02")) return load_failure::none;  // the transaction failed before, which was told
  if (error.is("57014") || error.is("55P03")) return load_failure::too_long;
  // it is our own cluster, made for this: what it lacks or lost is the host's doing; 57P: it went down
  if (error.is("53") || error.is("57P") || error.is("08") || error.is("58030") || error.is("58000") ||
      error.is("XX001") || error.is("XX002") || log_blames_host(error.message))
    return load_failure::environment;
  // pg_dump --clean, into an empty database
  if ((starts("drop") || (starts("alter") && has("drop"))) && missing) return load_failure::none;
  if (context.first_part && missing && (begins(words, {"create", "or", "replace", "view"}) || has("lo_unlink")))
    return load_failure::none;
  if (error.is("42P06") && begins(words, {"create", "schema", "public"})) return load_failure::none;
  if (error.is("42710") && starts("create") && has("language") && has("plpgsql")) return load_failure::none;

  if (error.is("42501")) {
    const std::string text = error.message + ' ' + error.detail + ' ' + error.hint;
    const auto says = [&](std::string_view part) { return text.find(part) != std::string::npos; };
    for (const std::string_view power : {"pg_execute_server_program", "pg_read_server_files", "pg_write_server_files",
                                         "language c", "language internal"}) {
      if (says(power)) return load_failure::refused;
    }
    constexpr std::array<std::string_view, 8> runs_code{"select", "insert", "update", "delete",
                                                        "with",   "do",     "call",   "explain"};
    const bool running =
        !words.empty() && std::find(runs_code.begin(), runs_code.end(), words.front()) != runs_code.end();
    if (running && says("for function")) return load_failure::refused;
    return of_roles && !context.own_server ? load_failure::roles : load_failure::superuser;
  }
  if (error.is("42704") && of_roles && !context.own_server) return load_failure::roles;
  if (starts("set") && (error.is("42704") || error.is("22023"))) {
    return has("default_table_access_method") ? load_failure::extension : load_failure::remark;
  }
  // locales, dictionary files, label providers: of the host
  if (error.is("58P01") || error.is("F0000")) return load_failure::extension;
  if (begins(words, {"create", "collation"}) && (error.is("42704") || error.is("22023") || error.is("0A000")))
    return load_failure::extension;
  if (begins(words, {"security", "label"}) && error.is("22023")) return load_failure::extension;
  if (has("publication") && error.is("22023")) return load_failure::remark;

  if (error.is("42704") && error.message.starts_with("collation \"pg_catalog."))
    return load_failure::extension;  // of libc or ICU, on the host
  if (context.wanting && missing) return load_failure::extension;
  if (missing && names_one_of(error.message, context.unrehearsed)) return load_failure::extension;
  if (context.newer_dump && (missing || error.is("42601") || error.is("0A000") || error.is("22023")))
    return load_failure::newer_server;
  return load_failure::broken;
}

}  // namespace knowngood
