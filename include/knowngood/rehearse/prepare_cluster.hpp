// prepare_cluster: takes out of a restored cluster what would act on whoever connects to it, and puts in what looks
// through it: no settings of databases and roles, whose libraries outrank the server's; no event triggers, which fire
// on a superuser's own statements; a superuser of ours; the extension amcheck.
//
// Layer: rehearse; part of data_directory_rehearsal.hpp. In single-user mode, before anything connects.
//   const prepared_cluster prepared = prepare_cluster(request, data);
#pragma once

#include <charconv>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/server/conninfo.hpp"
#include "knowngood/server/postgres_server.hpp"
#include "knowngood/server/server_log.hpp"
#include "knowngood/server/single_user_server.hpp"

namespace knowngood::detail {

struct prepared_database {
  std::string oid;
  std::string name;     ///< as its bytes are stored
  std::string failure;  ///< why it could not be prepared; empty where it was
};

struct prepared_cluster {
  std::string failure;  ///< why it could not be prepared at all; empty where it was
  std::vector<prepared_database> databases;

  /// Why nobody is to connect to a database; empty where everything is prepared for it.
  [[nodiscard]] std::string why_not(std::string_view oid) const {
    for (const auto& one : databases) {
      if (one.oid == oid) return one.failure;
    }
    return "it was not there when the others were prepared";
  }
};

/// `knowngood_database = "16384:617070"` of single-user mode's output: a name in hexadecimal digits cannot be mistaken.
inline std::vector<prepared_database> databases_shown(std::string_view output) {
  std::vector<prepared_database> all;
  constexpr std::string_view head = "knowngood_database = \"";
  for (std::size_t at = 0; (at = output.find(head, at)) != std::string_view::npos;) {
    at += head.size();
    const std::string_view value = output.substr(at, output.find('"', at) - at);
    const std::size_t colon = value.find(':');
    if (colon == std::string_view::npos) continue;
    prepared_database one;
    one.oid = value.substr(0, colon);
    for (std::size_t digit = colon + 1; digit + 1 < value.size(); digit += 2) {
      unsigned char byte = 0;
      std::from_chars(value.data() + digit, value.data() + digit + 2, byte, 16);
      one.name += static_cast<char>(byte);
    }
    all.push_back(std::move(one));
  }
  return all;
}

/// What is the same for all databases, done from within `database`.
inline single_user_result prepare_shared(const single_user_server& alone, const std::string& database) {
  const std::string ours = quote_identifier(postgres_server::own_superuser);
  return alone.run(
      database,
      {"SET search_path TO pg_catalog", "DELETE FROM pg_db_role_setting",
       fmt::format("CREATE ROLE {}", ours),  // an earlier drill's may be there
       fmt::format("ALTER ROLE {} SUPERUSER INHERIT LOGIN CONNECTION LIMIT -1 VALID UNTIL 'infinity'", ours),
       // closed to everybody, and none the less backed up
       "UPDATE pg_database SET datallowconn = true WHERE NOT datallowconn AND datname <> 'template0'",
       "SELECT oid::text || ':' || encode(textsend(datname::text), 'hex') AS knowngood_database FROM pg_database "
       "WHERE datname <> 'template0' AND datconnlimit <> -2"},
      {fmt::format("role {} already exists", ours)});
}

/// Prepares the cluster in `data`, which does not run. Throws `environment_error`, `interrupted`.
inline prepared_cluster prepare_cluster(const server_request& request, const std::filesystem::path& data) {
  prepared_cluster prepared;
  const single_user_server alone{request, data};
  // either may have been dropped, or be damaged
  single_user_result shared = prepare_shared(alone, "postgres");
  if (!shared.opened) {
    single_user_result other = prepare_shared(alone, "template1");
    if (other.opened) shared = std::move(other);
  }
  if (!shared.opened || !shared.errors.empty()) {
    prepared.failure = log_reason(shared.errors);
    return prepared;
  }
  prepared.databases = databases_shown(shared.output);
  for (auto& database : prepared.databases) {
    const single_user_result one = alone.run(
        database.name,
        {"SET search_path TO pg_catalog", "UPDATE pg_event_trigger SET evtenabled = 'D'",
         "CREATE EXTENSION IF NOT EXISTS amcheck WITH SCHEMA pg_catalog", "ALTER EXTENSION amcheck UPDATE"},
        // whoever looks for it says that it is not installed here
        {"extension control file", "extension \"amcheck\" is not available", "extension \"amcheck\" does not exist"});
    if (!one.errors.empty()) database.failure = log_reason(one.errors);
  }
  return prepared;
}

}  // namespace knowngood::detail
