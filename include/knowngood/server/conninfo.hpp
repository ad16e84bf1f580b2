// conninfo: how connections are described to libpq, and how names and values are quoted in SQL.
//
// Layer: server. libpq takes whatever a description leaves open from PG* variables of the environment, which could send
// a rehearsal to another server than was meant; so descriptions are completed here, one way or the other:
//   connection to_ours{isolated_conninfo("host=/tmp/s user=knowngood_admin dbname=postgres"), where};
//   connection to_theirs{conninfo_with(conninfo_with_environment(dsn), "dbname", name), where};
#pragma once

#include <libpq-fe.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/masked_passwords.hpp"
#include "knowngood/base/printable.hpp"

namespace knowngood {

/// `name` as an SQL identifier, always in quotes. Throws `usage_error` for a zero byte, which none can hold.
inline std::string quote_identifier(std::string_view name) {
  if (name.find('\0') != std::string_view::npos) throw usage_error{"an SQL name cannot hold a zero byte"};
  std::string quoted{"\""};
  for (const char c : name) quoted.append(c == '"' ? 2 : 1, c);
  return quoted += '"';
}

/// `value` as an SQL string, right whatever standard_conforming_strings says. For sessions whose client_encoding keeps
/// ASCII bytes to themselves, as UTF8 and all server encodings do. Throws `usage_error` for a zero byte.
inline std::string quote_literal(std::string_view value) {
  if (value.find('\0') != std::string_view::npos) throw usage_error{"an SQL string cannot hold a zero byte"};
  const bool escapes = value.find('\\') != std::string_view::npos;
  std::string quoted{escapes ? " E'" : "'"};
  for (const char c : value) quoted.append(c == '\'' || c == '\\' ? 2 : 1, c);
  return quoted += '\'';
}

namespace detail {

using conninfo_settings = std::vector<std::pair<std::string, std::string>>;

struct free_conninfo {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using conninfo_options = std::unique_ptr<PQconninfoOption, free_conninfo>;

/// What a description says and nothing else. A URI is understood too.
inline conninfo_settings parse_conninfo(const std::string& conninfo) {
  char* message = nullptr;
  const conninfo_options options{PQconninfoParse(conninfo.c_str(), &message)};
  if (!options) {
    std::string why = message == nullptr ? "out of memory" : message;
    if (message != nullptr) PQfreemem(message);
    while (!why.empty() && why.back() == '\n') why.pop_back();
    // what libpq quotes may be a part of the password
    if (mask_passwords(conninfo) != conninfo) why = why.substr(0, why.find('"')) + "(not shown: it holds a password)";
    throw usage_error{"not a description of a PostgreSQL connection: " + printable(why)};
  }
  conninfo_settings settings;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) settings.emplace_back(option->keyword, option->val);
  }
  return settings;
}

inline std::string join_conninfo(const conninfo_settings& settings) {
  std::string conninfo;
  for (const auto& [key, value] : settings) {
    if (!conninfo.empty()) conninfo += ' ';
    conninfo += key + "='";
    for (const char c : value) {
      if (c == '\'' || c == '\\') conninfo += '\\';
      conninfo += c;
    }
    conninfo += '\'';
  }
  return conninfo;
}

inline std::string* value_of(conninfo_settings& settings, std::string_view key) {
  const auto at = std::find_if(settings.begin(), settings.end(), [&](const auto& one) { return one.first == key; });
  return at == settings.end() ? nullptr : &at->second;
}

inline std::string name_of_user() {
  std::array<char, 16'384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
  return found == nullptr ? std::to_string(::geteuid()) : found->pw_name;
}

}  // namespace detail

/// Throws `usage_error` that begins with `what` where `conninfo` is no description of a connection.
inline void require_conninfo(const std::string& conninfo, std::string_view what) {
  try {
    detail::parse_conninfo(conninfo);
  } catch (const usage_error& error) {
    throw usage_error{fmt::format("{}: {}", what, error.what())};
  }
}

/// `conninfo` with `key` set to `value`, in place of what it said. Takes a URI too; the result is no URI. Throws
/// `usage_error` when it is no description of a connection, or the key is none of libpq's.
inline std::string conninfo_with(const std::string& conninfo, std::string_view key, std::string_view value) {
  auto settings = detail::parse_conninfo(conninfo);
  if (std::string* known = detail::value_of(settings, key)) {
    *known = value;
  } else {
    settings.emplace_back(key, value);
  }
  std::string joined = detail::join_conninfo(settings);
  detail::parse_conninfo(joined);
  return joined;
}

/// `conninfo` completed so that no PG* variable has a say in it: what it leaves open is libpq's compiled default.
/// Three variables cannot be kept out this way, PGTZ, PGDATESTYLE and PGGEQO: `connection` overrules them. With
/// PGSERVICE in the environment the service must exist, and sets nothing.
inline std::string isolated_conninfo(const std::string& conninfo) {
  auto settings = detail::parse_conninfo(conninfo);
  const auto add = [&](std::string_view key, const std::string& value) {
    if (detail::value_of(settings, key) == nullptr) settings.emplace_back(key, value);
  };
  if (detail::value_of(settings, "service") == nullptr) {  // the service's own settings come before defaults
    add("user", detail::name_of_user());
    add("client_encoding", "UTF8");
    add("connect_timeout", "10");
    add("application_name", "knowngood");
    const detail::conninfo_options known{PQconndefaults()};
    if (!known) throw usage_error{"libpq does not give its defaults: is PGSERVICE set to a service that is not there"};
    for (const PQconninfoOption* option = known.get(); option->keyword != nullptr; ++option) {
      const std::string_view keyword = option->keyword;
      if (option->envvar == nullptr || keyword == "service") continue;
      add(keyword, option->compiled == nullptr ? "" : option->compiled);
    }
  }
  return detail::join_conninfo(settings);
}

/// `dsn`, which a person wrote, completed as psql does: from PGHOST, PGPORT, PGUSER, PGPASSWORD, PGSERVICE, PGSSLMODE
/// and the other variables that libpq documents. (~/.pgpass and the certificates below ~/.postgresql are read in any
/// case.)
inline std::string conninfo_with_environment(const std::string& dsn) {
  auto settings = detail::parse_conninfo(dsn);
  if (detail::value_of(settings, "service") != nullptr) return detail::join_conninfo(settings);
  const detail::conninfo_options defaults{PQconndefaults()};
  if (!defaults)
    throw usage_error{"the environment describes no connection: is PGSERVICE set to a service that is not there"};
  for (const PQconninfoOption* option = defaults.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr || std::string_view{option->keyword} == "service") continue;
    if (detail::value_of(settings, option->keyword) == nullptr) settings.emplace_back(option->keyword, option->val);
  }
  return detail::join_conninfo(settings);
}

}  // namespace knowngood
