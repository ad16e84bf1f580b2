// check_objects: what a restored database holds besides rows: everything that its dump declares is there, indexes are
// valid, constraints validated, materialized views populated, sequences ahead of their columns.
//
// Layer: server. Objects are those of the comments that pg_dump writes before each: `Name: incidents incidents_pkey;
// Type: CONSTRAINT; Schema: public`. The server is asked for the same texts; of types not known here nothing is said.
//   const objects_result objects = check_objects({conninfo, where, encoding, declared}, stop);
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/ascii.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/server/catalog_session.hpp"
#include "knowngood/server/name_encoding.hpp"
#include "knowngood/server/relations.hpp"
#include "knowngood/server/sequences.hpp"
#include "knowngood/server/sql_error.hpp"

namespace knowngood {

/// As the dump's comment has it.
struct object_declaration {
  std::string type;    ///< `TABLE`, `FK CONSTRAINT`, …
  std::string schema;  ///< empty or `-` where it is in none
  std::string name;
  bool failed = false;     ///< its statement was refused, which was reported
  bool unchecked = false;  ///< and that says nothing of the backup: the host, the role or the server does not fit
};

struct objects_to_check {
  std::string conninfo;  ///< with dbname; of a role that may read everything
  location where;        ///< of the dump
  std::string encoding = "UTF8";
  std::vector<object_declaration> declared;
};

struct objects_result {
  std::map<std::string, std::uint64_t> found;  ///< of each type that the dump declares: how many are there
  std::vector<std::string> extensions;         ///< `pgcrypto 1.3`
  std::uint64_t sequences = 0;                 ///< pairs of a sequence and a column that were checked
  std::vector<finding> findings;
};

namespace detail {

/// One query for each class of objects: type, schema, name as pg_dump's comments have them.
inline constexpr std::array<std::string_view, 15> object_queries{
    "SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f'"
    " THEN 'FOREIGN TABLE'"
    " WHEN 'c' THEN 'TYPE' WHEN 'i' THEN 'INDEX' WHEN 'I' THEN 'INDEX' ELSE 'TABLE' END, n.nspname, c.relname"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S',"
    " 'f', 'c', 'i', 'I')",
    "SELECT unnest(CASE WHEN o.contype = 'f' THEN ARRAY['FK CONSTRAINT'] ELSE ARRAY['CONSTRAINT', 'CHECK"
    " CONSTRAINT'] END), n.nspname,"
    " coalesce(c.relname, t.typname) || ' ' || o.conname FROM pg_constraint o JOIN pg_namespace n ON n.oid ="
    " o.connamespace"
    " LEFT JOIN pg_class c ON c.oid = o.conrelid LEFT JOIN pg_type t ON t.oid = o.contypid",
    "SELECT 'TRIGGER', n.nspname, c.relname || ' ' || t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace",
    "SELECT 'RULE', n.nspname, c.relname || ' ' || r.rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class"
    " JOIN pg_namespace n ON n.oid = c.relnamespace",
    "SELECT 'POLICY', n.nspname, c.relname || ' ' || p.polname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace",
    "SELECT 'ROW SECURITY', n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relrowsecurity",
    "SELECT 'DEFAULT', n.nspname, c.relname || ' ' || a.attname FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum ="
    " d.adnum",
    "SELECT unnest(CASE t.typtype WHEN 'd' THEN ARRAY['DOMAIN'] ELSE ARRAY['TYPE', 'SHELL TYPE'] END), n.nspname,"
    " t.typname FROM pg_type t"
    " JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype <> 'c' OR EXISTS (SELECT FROM pg_class c WHERE"
    " c.oid = t.typrelid AND c.relkind = 'c')",
    "SELECT 'SCHEMA', '', n.nspname FROM pg_namespace n",
    "SELECT 'EXTENSION', '', n.extname AS nspname FROM pg_extension n",
    "SELECT 'COLLATION', n.nspname, c.collname FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace",
    "SELECT 'STATISTICS', n.nspname, s.stxname FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace",
    "SELECT 'TEXT SEARCH CONFIGURATION', n.nspname, c.cfgname FROM pg_ts_config c JOIN pg_namespace n ON n.oid ="
    " c.cfgnamespace"
    " UNION ALL SELECT 'TEXT SEARCH DICTIONARY', n.nspname, c.dictname FROM pg_ts_dict c JOIN pg_namespace n ON"
    " n.oid = c.dictnamespace",
    "SELECT 'EVENT TRIGGER', '', n.evtname AS nspname FROM pg_event_trigger n UNION ALL SELECT 'PUBLICATION', '',"
    " pubname FROM pg_publication",
    "SELECT 'SERVER', '', n.srvname AS nspname FROM pg_foreign_server n UNION ALL SELECT 'FOREIGN DATA WRAPPER',"
    " '', fdwname"
    " FROM pg_foreign_data_wrapper",
};

inline constexpr std::string_view routines_query =
    "SELECT unnest(CASE p.prokind WHEN 'a' THEN ARRAY['AGGREGATE'] WHEN 'p' THEN ARRAY['PROCEDURE'] ELSE"
    " ARRAY['FUNCTION'] END), n.nspname,"
    " p.proname || '(' || CASE WHEN p.prokind = 'a' AND p.pronargs = 0 THEN '*' ELSE coalesce((SELECT"
    " string_agg(format_type(t, NULL), ', '"
    " ORDER BY at) FROM unnest(p.proargtypes) WITH ORDINALITY u(t, at)), '') END || ')' FROM pg_proc p"
    " JOIN pg_namespace n ON n.oid = p.pronamespace";

// pg_dump keeps its comments to one line each.
inline std::string on_one_line(std::string_view name) {
  std::string line{name};
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

class object_checker {
 public:
  object_checker(const objects_to_check& what, stop_flag stop)
      : what_{what}, session_{what.conninfo, what.where, stop} {}

  objects_result run() {
    check_presence();
    check_indexes();
    check_constraints();
    check_views();
    const relation_list relations = read_relations(session_);
    sequence_result sequences = check_sequences(session_, relations, what_.where);
    result_.sequences = sequences.checked;
    for (auto& one : sequences.findings) result_.findings.push_back(std::move(one));
    for (const auto& row : session_.query("SELECT extname || ' ' || extversion FROM pg_extension ORDER BY 1"))
      result_.extensions.emplace_back(view_of(row[0]));
    return std::move(result_);
  }

 private:
  using key = std::tuple<std::string, std::string, std::string>;

  void report(const check& what, const std::string& object, std::string message, std::string expected = {},
              std::string actual = {}) {
    result_.findings.push_back(
        make_finding(what, what_.where / object, std::move(message), std::move(expected), std::move(actual)));
  }

  void check_presence() {
    std::set<key> there;
    std::set<std::string> known;
    const auto note = [&](std::string_view query) {
      // the system's own objects are not the dump's, whatever their names
      for (const auto& row : session_.query(fmt::format(
               "SELECT * FROM ({}) o(type, schema, name) WHERE schema !~ '^pg_' AND schema <> 'information_schema'",
               query))) {
        there.emplace(std::string{view_of(row[0])}, on_one_line(view_of(row[1])), on_one_line(view_of(row[2])));
      }
    };
    for (const std::string_view query : object_queries) note(query);
    note(routines_query);
    // pg_dump --quote-all-identifiers writes the types of arguments so
    session_.query("SET LOCAL quote_all_identifiers TO on");
    note(routines_query);
    session_.query("SET LOCAL quote_all_identifiers TO off");
    for (const std::string_view type : known_types) known.emplace(type);
    std::set<key> reported;
    for (const auto& one : what_.declared) {
      if (!known.contains(one.type)) continue;
      const std::string schema = one.schema == "-" ? "" : name_in_catalog(session_, one.schema, what_.encoding);
      const key wanted{one.type, schema, name_in_catalog(session_, one.name, what_.encoding)};
      if (there.contains(wanted)) {
        ++result_.found[one.type];
      } else if (!one.failed && reported.insert(wanted).second) {
        const std::string type = to_lower(one.type);
        const std::string name = schema.empty() ? one.name : one.schema + "." + one.name;
        report(checks::objects_missing, name,
               fmt::format("the {} {} is in the dump, and not in the restored database", type, printable(name)),
               "there", "missing");
      }
    }
  }

  void check_indexes() {
    const pqxx::result bad = session_.query(
        "SELECT n.nspname || '.' || i.relname, n.nspname || '.' || t.relname, i.relkind = 'I' FROM pg_index x JOIN"
        " pg_class i ON i.oid = x.indexrelid"
        " JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = i.relnamespace"
        " WHERE NOT (x.indisvalid AND x.indisready AND x.indislive) AND n.nspname !~ '^pg_' ORDER BY 1");
    for (const auto& row : bad) {
      const std::string name{view_of(row[0])};
      report(checks::objects_invalid_index, name,
             fmt::format("the index {} of {} is not valid{}", printable(name), printable(view_of(row[1])),
                         row[2].as<bool>() ? ": some partition has none for it" : ""),
             "valid", "not valid");
    }
  }

  void check_constraints() {
    // a constraint that is not enforced (18) is never validated
    const std::string enforced = session_.server_version() >= 180'000 ? " AND o.conenforced" : "";
    const pqxx::result bad = session_.query(
        "SELECT o.conname, n.nspname || '.' || coalesce(c.relname, t.typname) FROM pg_constraint o JOIN"
        " pg_namespace n ON n.oid = o.connamespace"
        " LEFT JOIN pg_class c ON c.oid = o.conrelid LEFT JOIN pg_type t ON t.oid = o.contypid"
        " WHERE NOT o.convalidated AND n.nspname !~ '^pg_'" +
        enforced + " ORDER BY 2, 1");
    for (const auto& row : bad) {
      const std::string name = std::string{view_of(row[1])} + "." + std::string{view_of(row[0])};
      report(checks::objects_unvalidated_constraint, name,
             fmt::format("the constraint {} of {} is NOT VALID, in the dump as in the source: rows may break it",
                         printable(view_of(row[0])), printable(view_of(row[1]))),
             "validated", "not validated");
    }
  }

  // pg_dump writes REFRESH for views that were populated, and nothing for others.
  void check_views() {
    const pqxx::result bad = session_.query(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'm' AND NOT c.relispopulated AND n.nspname !~ '^pg_' ORDER BY 1, 2");
    for (const auto& row : bad) {
      const std::string schema{view_of(row[0])};
      const std::string view{view_of(row[1])};
      const auto refresh =
          std::find_if(what_.declared.begin(), what_.declared.end(), [&](const object_declaration& one) {
            return one.type == "MATERIALIZED VIEW DATA" &&
                   name_in_catalog(session_, one.name, what_.encoding) == on_one_line(view) &&
                   name_in_catalog(session_, one.schema, what_.encoding) == on_one_line(schema);
          });
      if (refresh != what_.declared.end() && refresh->failed) continue;
      const std::string name = schema + "." + view;
      const bool was = refresh != what_.declared.end();
      report(
          checks::objects_unpopulated_view, name,
          was ? fmt::format("the materialized view {} was populated when it was dumped, and is not after the restore",
                            printable(name))
              : fmt::format("the materialized view {} is not populated, as it was not when it was dumped",
                            printable(name)),
          was ? "populated" : "", "not populated");
      if (!was) result_.findings.back().severity = severity::note;
    }
  }

  static constexpr std::array<std::string_view, 28> known_types{"TABLE",
                                                                "VIEW",
                                                                "MATERIALIZED VIEW",
                                                                "SEQUENCE",
                                                                "FOREIGN TABLE",
                                                                "INDEX",
                                                                "CONSTRAINT",
                                                                "CHECK CONSTRAINT",
                                                                "FK CONSTRAINT",
                                                                "TRIGGER",
                                                                "RULE",
                                                                "POLICY",
                                                                "ROW SECURITY",
                                                                "DEFAULT",
                                                                "AGGREGATE",
                                                                "PROCEDURE",
                                                                "FUNCTION",
                                                                "DOMAIN",
                                                                "TYPE",
                                                                "SCHEMA",
                                                                "EXTENSION",
                                                                "COLLATION",
                                                                "STATISTICS",
                                                                "TEXT SEARCH CONFIGURATION",
                                                                "TEXT SEARCH DICTIONARY",
                                                                "EVENT TRIGGER",
                                                                "PUBLICATION",
                                                                "SERVER"};

  const objects_to_check& what_;
  catalog_session session_;
  objects_result result_;
};

}  // namespace detail

/// Looks at a restored database. An object whose statement failed is not reported twice. Throws `environment_error`
/// when the server cannot be reached, or cannot answer.
inline objects_result check_objects(const objects_to_check& what, stop_flag stop) {
  try {
    return detail::object_checker{what, stop}.run();
  } catch (const sql_error& error) {
    throw environment_error{what.where, "cannot look at the restored database's objects: " + printable(error.message),
                            "look at the server's log; run the drill again"};
  }
}

}  // namespace knowngood
