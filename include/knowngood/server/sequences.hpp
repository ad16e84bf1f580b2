// check_sequences: whether each sequence of a restored database is ahead of the columns that it fills, so that the next
// insert does not take a number that is taken.
//
// Layer: server. Identity columns and those whose default is nextval (serial) count; a sequence may fill many.
// Sequences that cycle are meant to come round and are not judged.
//   const sequence_result sequences = check_sequences(session, relations, where);
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/server/catalog_session.hpp"
#include "knowngood/server/conninfo.hpp"
#include "knowngood/server/relations.hpp"
#include "knowngood/server/table_name.hpp"

namespace knowngood {

struct sequence_result {
  std::uint64_t checked = 0;  ///< pairs of a sequence and a column
  std::vector<finding> findings;
};

namespace detail {

/// A column and the sequence that fills it. Numbers are decimal texts: a column may be numeric.
struct filled_column {
  table_name sequence;
  table_name table;
  std::string column;
  std::string increment;
  std::string maximum;
  std::string minimum;
  bool unique;
};

inline constexpr std::string_view filled_columns =
    "SELECT DISTINCT sn.nspname, s.relname, tn.nspname, t.relname, a.attname, q.seqincrement, q.seqmax, q.seqmin"
    // numbers may be taken twice unless an index forbids it
    ", EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisunique AND i.indnkeyatts = 1"
    " AND i.indkey[0] = a.attnum AND i.indpred IS NULL)"
    " FROM pg_sequence q JOIN pg_class s ON s.oid = q.seqrelid JOIN pg_namespace sn ON sn.oid = s.relnamespace"
    " JOIN (SELECT d.objid, d.refobjid, d.refobjsubid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass"
    " AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype = 'i'"
    " UNION SELECT d.refobjid, f.adrelid, f.adnum FROM pg_depend d JOIN pg_attrdef f ON f.oid = d.objid"
    " WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass) uses(seq, rel, col) ON"
    " uses.seq = s.oid"
    " JOIN pg_class t ON t.oid = uses.rel JOIN pg_namespace tn ON tn.oid = t.relnamespace"
    " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = uses.col AND NOT a.attisdropped"
    " LEFT JOIN pg_type y ON y.oid = a.atttypid"
    " LEFT JOIN pg_attrdef f ON f.adrelid = t.oid AND f.adnum = a.attnum"
    " WHERE s.relkind = 'S' AND t.relkind IN ('r', 'p') AND NOT q.seqcycle AND q.seqincrement <> 0"
    // of domains the base type counts; other types hold text made of numbers
    " AND coalesce(nullif(y.typbasetype, 0), y.oid) IN (20, 21, 23, 1700)"
    // an expression around nextval would fill the column with other numbers
    " AND (a.attidentity <> '' OR pg_get_expr(f.adbin, f.adrelid) ~ '^nextval\\(''.*''::regclass\\)$')"
    " AND tn.nspname !~ '^pg_' AND tn.nspname <> 'information_schema'"
    " ORDER BY 1, 2, 3, 4, 5";

}  // namespace detail

/// `relations` are of the same database, `where` the dump's. A sequence whose next
/// 1,000 numbers are partly taken, in a unique column, fails the next inserts: an error. One that is behind the largest
/// number and meets it later is a warning, for a number far off may have been put there by hand. Throws `sql_error`.
inline sequence_result check_sequences(catalog_session& session, const relation_list& relations,
                                       const location& where) {
  sequence_result result;
  for (const auto& row : session.query(std::string{detail::filled_columns})) {
    const auto text = [&](pqxx::row::size_type column) { return std::string{view_of(row[column])}; };
    const detail::filled_column one{{text(0), text(1)}, {text(2), text(3)}, text(4), text(5), text(6), text(7),
                                    row[8].as<bool>()};
    const relation* table = relations.find(one.table);
    if (table == nullptr) continue;
    ++result.checked;
    const bool up = !one.increment.starts_with('-');
    const std::string column = quote_identifier(one.column);
    // the tables themselves, never a foreign partition
    std::string values;
    const auto add = [&](const relation& part) {
      values += fmt::format("{}SELECT {} AS value FROM ONLY {}", values.empty() ? "" : " UNION ALL ", column,
                            part.name.to_sql());
    };
    if (table->kind == 'r') add(*table);
    for (const std::size_t leaf : table->leaves) add(relations[leaf]);
    if (values.empty()) continue;

    // ranges stay within bigint, so that an index on the column can be used
    const pqxx::result state = session.query(fmt::format(
        "WITH state AS (SELECT last_value::numeric + CASE WHEN is_called THEN {0} ELSE 0 END AS next FROM {1}),"
        " ahead AS (SELECT next, greatest(least(next, next + 999::numeric * {0}), -9223372036854775808)::bigint AS low,"
        " least(greatest(next, next + 999::numeric * {0}), 9223372036854775807)::bigint AS high FROM state)"
        " SELECT next, (SELECT {2}(value) FROM ({3}) filled), EXISTS (SELECT FROM ({3}) filled WHERE value >="
        " (SELECT low FROM ahead)"
        " AND value <= (SELECT high FROM ahead) AND mod(value::numeric - (SELECT next FROM ahead), {0}) = 0) FROM"
        " state",
        one.increment, one.sequence.to_sql(), up ? "max" : "min", values));
    if (state.size() != 1 || state[0][1].is_null()) continue;  // no row to be behind of
    const std::string_view next = view_of(state[0][0]);
    const std::string_view limit = view_of(state[0][1]);
    const pqxx::result behind =
        session.query(fmt::format("SELECT {0} {1} {2}, {0} {3} {4}", next, up ? "<=" : ">=", limit, up ? ">" : "<",
                                  up ? one.maximum : one.minimum));
    const std::string sequence = printable(one.sequence.to_string());
    const std::string filled = fmt::format("{} of {}", printable(one.column), printable(one.table.to_string()));
    if (behind[0][0].as<bool>()) {
      const bool soon = state[0][2].as<bool>();
      finding behind_it =
          make_finding(checks::objects_sequence_behind, where / one.sequence.to_string(),
                       soon ? fmt::format("{} is behind {}: its next numbers are taken", sequence, filled)
                            : fmt::format("{} is behind the {} number in {}: it will meet it one day", sequence,
                                          up ? "largest" : "smallest", filled),
                       fmt::format("{} {}", up ? "beyond" : "below", limit), fmt::format("next number {}", next));
      if (!soon || !one.unique) behind_it.severity = severity::warning;
      result.findings.push_back(std::move(behind_it));
    } else if (behind[0][1].as<bool>()) {
      finding behind_it =
          make_finding(checks::objects_sequence_behind, where / one.sequence.to_string(),
                       fmt::format("{} has no number left for {}", sequence, filled),
                       fmt::format("at most {}", up ? one.maximum : one.minimum), fmt::format("next number {}", next));
      behind_it.severity = severity::warning;  // so it was in the source, and no number is lost
      result.findings.push_back(std::move(behind_it));
    }
  }
  return result;
}

}  // namespace knowngood
