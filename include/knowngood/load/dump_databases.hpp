// dump_databases: the databases that a script of pg_dumpall, or of pg_dump --create, makes: built anew by the
// administrator under names of the drill's own, from what the statement says of encoding and locale.
//
// Layer: load. The administrator acts on names and locales only, quoted, never on the text of a statement.
//   dump_databases made{target, where}; made.declare(statement); const made_database here = made.make("ner11_db");
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/load/dump_statement.hpp"
#include "knowngood/load/load_result.hpp"
#include "knowngood/server/conninfo.hpp"
#include "knowngood/server/server_session.hpp"
#include "knowngood/server/sql_error.hpp"

namespace knowngood {

/// What a CREATE DATABASE statement says.
struct declared_database {
  std::string name;
  std::string encoding;  ///< empty: it does not say
  std::map<std::string, std::string>
      locale;  ///< by the option's name in lower case: `lc_collate`, `locale`, `locale_provider`, …
};

inline std::optional<declared_database> parse_create_database(std::string_view statement) {
  const auto words = first_words(statement, 80);
  if (!begins(words, {"create", "database"}) || words.size() < 3) return std::nullopt;
  declared_database declared{unquoted(words[2]), {}, {}};
  for (std::size_t at = 3; at + 2 < words.size(); ++at) {
    if (words[at + 1] != "=") continue;
    if (words[at] == "encoding") declared.encoding = unquoted(words[at + 2]);
    for (const std::string_view option :
         {"lc_collate", "lc_ctype", "locale", "icu_locale", "builtin_locale", "locale_provider"}) {
      if (words[at] == option) declared.locale[words[at]] = unquoted(words[at + 2]);
    }
  }
  return declared;
}

/// A database on the server, and the locale that it should have had when this host does not have it.
struct made_database {
  std::string name;
  std::string missing_locale;
};

class dump_databases {
 public:
  dump_databases(load_target target, location where) : target_{std::move(target)}, where_{std::move(where)} {}

  /// Remembers what a statement of the dump says; false when it is no CREATE DATABASE.
  bool declare(std::string_view statement) {
    auto declared = parse_create_database(statement);
    if (!declared) return false;
    if (declared_.size() >= most) return true;
    declared_[declared->name] = std::move(*declared);
    return true;
  }

  /// Makes the database that the dump calls `name`; the same one when it connects there again. Throws
  /// `environment_error` when the server does not let it.
  made_database make(const std::string& name) {
    if (const auto known = made_.find(name); known != made_.end()) return {known->second, {}};
    try {
      return make_anew(name);
    } catch (const sql_error& error) {
      throw environment_error{
          where_,
          fmt::format("cannot make a database for {} of the dump: {}", printable(name), printable(error.message)),
          "let the drill use a role that may create databases, or its own server"};
    }
  }

 private:
  made_database make_anew(const std::string& name) {
    server_session admin{target_.admin, where_};
    admin.query("SET search_path TO pg_catalog");
    const std::string database = fmt::format("{}_{}", target_.database, made_.size() + 1);
    const auto declared = declared_.find(name);
    const std::string said = declared == declared_.end() ? "" : declared->second.encoding;
    // whatever the client_encoding of the script is, the server converts it to UTF8, but for these
    const std::string encoding = said == "SQL_ASCII" || said == "MULE_INTERNAL" ? said : "UTF8";
    const std::string head =
        fmt::format("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING {}", quote_identifier(database),
                    quote_identifier(target_.loader_role), quote_literal(encoding));
    made_database made{database, {}};
    const bool with_locale = declared != declared_.end() && !declared->second.locale.empty() && said == encoding;
    if (!with_locale || admin.try_execute(head + options_of(declared->second))) {
      const std::string ctype =
          encoding == "UTF8" ? admin.value("SELECT datctype FROM pg_database WHERE datname = $1", target_.database)
                             : "C";
      admin.query(head + " LC_COLLATE 'C' LC_CTYPE " + quote_literal(ctype));
      if (with_locale) made.missing_locale = name_of_locale(declared->second);
    }
    if (target_.made) target_.made(database);
    made_.emplace(name, database);
    return made;
  }

  static std::string options_of(const declared_database& declared) {
    std::string options;
    for (const auto& [option, value] : declared.locale) {
      // the provider is a word, not a string; anything else than these is none
      if (option == "locale_provider") {
        if (value == "icu" || value == "libc" || value == "builtin") options += " LOCALE_PROVIDER " + value;
      } else {
        options += " " + option + " " + quote_literal(value);
      }
    }
    return options;
  }

  static std::string name_of_locale(const declared_database& declared) {
    for (const char* option : {"icu_locale", "builtin_locale", "locale", "lc_collate", "lc_ctype"}) {
      const auto known = declared.locale.find(option);
      if (known != declared.locale.end()) return known->second;
    }
    return {};
  }

  static constexpr std::size_t most = 10'000;

  load_target target_;
  location where_;
  std::map<std::string, declared_database> declared_;
  std::map<std::string, std::string> made_;  // by the dump's name
};

}  // namespace knowngood
