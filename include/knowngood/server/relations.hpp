// read_relations: the tables of a database as pg_dump sees them: which have rows to dump, by which columns, how big
// they are, what the text of their columns depends on, and which of them are parts of another.
//
// Layer: server. The system's own schemas and temporary tables are left out.
//   const relation_list tables = read_relations(session); if (const relation* t = tables.find({"public", "incidents"}))
//   ...
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/server/catalog_session.hpp"
#include "knowngood/server/table_name.hpp"

namespace knowngood {

/// What the text of a column's values depends on besides the values, through arrays, ranges, domains and composites.
struct text_traits {
  bool zone = false;       ///< holds `timestamp with time zone`: TimeZone
  bool zone_only = false;  ///< holds nothing else
  bool money = false;      ///< lc_monetary
  bool floats = false;     ///< extra_float_digits; written otherwise by servers before 12
  bool bytes = false;      ///< bytea_output
  bool names = false;      ///< regclass and its like: quote_all_identifiers
  bool unknown = false;    ///< a base type of an extension: anything

  friend bool operator==(const text_traits&, const text_traits&) = default;
};

struct relation_column {
  std::string name;
  text_traits traits;
};

struct relation {
  std::string oid;
  table_name name;
  char kind = 'r';       ///< pg_class.relkind
  bool by_pages = true;  ///< ranges of its pages can be read apart from each other
  std::uint64_t pages = 0;
  bool extension_member = false;
  std::optional<std::string> condition;  ///< of an extension's configuration table: which rows are dumped, ` WHERE …`
  std::vector<relation_column> columns;  ///< those that are dumped, in order: neither dropped nor generated
  std::optional<std::size_t> parent;     ///< the partitioned table that this is a direct part of
  std::vector<std::size_t> leaves;       ///< of a partitioned table: the tables that hold its rows, at any depth

  /// True when pg_dump writes rows of it: of partitioned tables their parts have them.
  [[nodiscard]] bool has_rows_to_dump() const { return kind == 'r' && (!extension_member || condition); }

  [[nodiscard]] std::vector<std::string> column_names() const {
    std::vector<std::string> names;
    for (const auto& one : columns) names.push_back(one.name);
    return names;
  }

  /// Null when there is none.
  [[nodiscard]] const relation_column* column(std::string_view column_name) const {
    const auto at = std::find_if(columns.begin(), columns.end(),
                                 [&](const relation_column& one) { return one.name == column_name; });
    return at == columns.end() ? nullptr : &*at;
  }
};

class relation_list {
 public:
  explicit relation_list(std::vector<relation> all) : all_{std::move(all)} {
    for (std::size_t i = 0; i < all_.size(); ++i) {
      by_name_.emplace(all_[i].name, i);
      bare_.emplace(all_[i].name.name, i);
    }
  }

  [[nodiscard]] const std::vector<relation>& all() const noexcept { return all_; }
  [[nodiscard]] const relation& operator[](std::size_t index) const { return all_[index]; }

  /// Null when there is none, or when a name without a schema fits more than one.
  [[nodiscard]] const relation* find(const table_name& name) const {
    if (name.schema.empty()) return bare_.count(name.name) == 1 ? &all_[bare_.find(name.name)->second] : nullptr;
    const auto at = by_name_.find(name);
    return at == by_name_.end() ? nullptr : &all_[at->second];
  }

  [[nodiscard]] std::size_t index_of(const relation& one) const { return static_cast<std::size_t>(&one - all_.data()); }

  /// The partitioned table at the top of the tree that `one` is a part of; itself when it is part of none.
  [[nodiscard]] const relation& root_of(const relation& one) const {
    const relation* at = &one;
    while (at->parent) at = &all_[*at->parent];
    return *at;
  }

 private:
  std::vector<relation> all_;
  std::map<table_name, std::size_t> by_name_;
  std::multimap<std::string, std::size_t> bare_;
};

namespace detail {

inline constexpr std::string_view relations_chosen =
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'f', 'v', 'm')";

// What the values of each type are made of, down to base types, and what the text of those depends on.
inline std::string traits_query(int server_version) {
  // a multirange (14) is made of the subtype of its range
  const char* multirange =
      server_version >= 140'000 ? " UNION ALL SELECT rngsubtype FROM pg_range WHERE rngmultitypid = t.oid" : "";
  return std::string{
             "WITH RECURSIVE parts(type, part) AS ("
             "SELECT DISTINCT a.atttypid, a.atttypid FROM pg_attribute a WHERE a.attnum > 0 AND NOT a.attisdropped"
             " AND a.attrelid IN (SELECT c.oid"} +
         std::string{relations_chosen} +
         ") UNION SELECT p.type, inner_types.type FROM parts p JOIN pg_type t ON t.oid = p.part CROSS JOIN LATERAL ("
         "SELECT t.typbasetype UNION ALL SELECT t.typelem UNION ALL SELECT rngsubtype FROM pg_range WHERE rngtypid"
         " = t.oid" +
         multirange +
         " UNION ALL SELECT a.atttypid FROM pg_attribute a WHERE t.typrelid <> 0 AND a.attrelid = t.typrelid AND"
         " a.attnum > 0"
         " AND NOT a.attisdropped) inner_types(type) WHERE inner_types.type <> 0)"
         " SELECT p.type, bool_or(p.part = 1184),"
         " bool_and(p.part = 1184 OR t.typtype IN ('d', 'c', 'r', 'm') OR t.typelem <> 0),"
         " bool_or(p.part = 790), bool_or(p.part IN (700, 701, 602, 604, 718)), bool_or(p.part = 17),"
         " bool_or(t.typname LIKE 'reg%' AND p.part < 16384),"
         " bool_or(p.part >= 16384 AND t.typtype = 'b' AND t.typelem = 0)"
         " FROM parts p JOIN pg_type t ON t.oid = p.part GROUP BY p.type";
}

}  // namespace detail

/// For servers from version 10. Throws `sql_error`.
inline relation_list read_relations(catalog_session& session) {
  const int version = session.server_version();
  // servers before 14 would read the whole table for a range
  const std::string by_pages =
      version >= 140'000 ? "coalesce((SELECT amname = 'heap' FROM pg_am WHERE oid = c.relam), false)" : "false";
  const pqxx::result tables = session.query(
      "SELECT c.oid, n.nspname, c.relname, c.relkind, " + by_pages +
      ", CASE c.relkind WHEN 'r' THEN pg_relation_size(c.oid) / current_setting('block_size')::bigint ELSE 0 END"
      ", e.oid IS NOT NULL, e.extcondition[array_position(e.extconfig, c.oid)]"
      ", CASE WHEN c.relispartition THEN (SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = c.oid) END"
      " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
      " LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0"
      " AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'"
      " LEFT JOIN pg_extension e ON e.oid = d.refobjid"
      " WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'f', 'v', 'm')"
      " ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"");
  std::vector<relation> all;
  std::map<std::string, std::size_t, std::less<>> by_oid;
  for (const auto& row : tables) {
    relation one;
    one.oid = view_of(row[0]);
    one.name = {std::string{view_of(row[1])}, std::string{view_of(row[2])}};
    one.kind = view_of(row[3]).front();
    one.by_pages = row[4].as<bool>();
    one.pages = row[5].as<std::uint64_t>();
    one.extension_member = row[6].as<bool>();
    if (!row[7].is_null()) one.condition = view_of(row[7]);
    by_oid.emplace(one.oid, all.size());
    all.push_back(std::move(one));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto parent = by_oid.find(view_of(tables[static_cast<pqxx::result::size_type>(i)][8]));
    if (parent != by_oid.end()) all[i].parent = parent->second;
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].kind != 'r') continue;
    for (auto up = all[i].parent; up; up = all[*up].parent) all[*up].leaves.push_back(i);
  }

  std::map<std::string, text_traits, std::less<>> traits;
  for (const auto& row : session.query(detail::traits_query(version))) {
    const auto is = [&](pqxx::row::size_type column) { return row[column].as<bool>(); };
    traits[std::string{view_of(row[0])}] = {is(1), is(1) && is(2), is(3), is(4), is(5), is(6), is(7)};
  }
  const pqxx::result columns = session.query(
      "SELECT a.attrelid, a.attname, a.atttypid FROM pg_attribute a WHERE a.attnum > 0 AND NOT a.attisdropped" +
      std::string{version >= 120'000 ? " AND a.attgenerated = ''" : ""} + " AND a.attrelid IN (SELECT c.oid" +
      std::string{detail::relations_chosen} + ") ORDER BY a.attrelid, a.attnum");
  for (const auto& row : columns) {
    relation& of = all[by_oid.find(view_of(row[0]))->second];
    of.columns.push_back({std::string{view_of(row[1])}, traits[std::string{view_of(row[2])}]});
  }
  return relation_list{std::move(all)};
}

}  // namespace knowngood
