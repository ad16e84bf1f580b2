// restored_rows: the row sets of one database under whatever session each comparison needs, each read once.
//
// Layer: server. A dump is compared in its own encoding and time zone, a capture in those of the capture, a live source
// in UTF-8 and UTC. Settings that a table's columns do not depend on are no reason to read it again.
//   restored_rows rows{conninfo, where, relations, options}; rows.want(table, columns, session); rows.read();
//   rows.get(table, columns, session).rows
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/server/catalog_session.hpp"
#include "knowngood/server/conninfo.hpp"
#include "knowngood/server/read_row_sets.hpp"
#include "knowngood/server/relations.hpp"

namespace knowngood {

class restored_rows {
 public:
  /// `relations` are those of the database, and outlive this object, as `options` do.
  restored_rows(std::string conninfo, location where, const relation_list& relations, const read_options& options)
      : conninfo_{std::move(conninfo)}, where_{std::move(where)}, relations_{relations}, options_{options} {}

  /// `columns`: unquoted names; nothing: all that a dump would have.
  void want(const relation& table, const std::optional<std::vector<std::string>>& columns, const row_session& session) {
    known_.try_emplace(key_of(table, columns, session));
  }

  /// Reads what is wanted and not known yet. A table that cannot be read has a `problem`; so has each for which the
  /// server lacks a setting: a time zone, a locale, an encoding. Throws `environment_error` when the server goes away.
  void read() {
    std::map<row_key::second_type, std::vector<row_key>> by_session;
    for (const auto& [key, rows] : known_) {
      if (!rows) by_session[key.second].push_back(key);
    }
    for (const auto& [settings, keys] : by_session) {
      const row_session session = session_of(settings);
      if (const auto problem = refused_setting(session)) {
        for (const auto& key : keys) {
          known_[key].emplace();
          known_[key]->problem = *problem;
        }
        continue;
      }
      std::vector<table_to_read> tables;
      for (const auto& key : keys) {
        const relation& table = relations_[key.first.first];
        const auto& columns = key.first.second;
        tables.push_back({&table, columns.empty() ? std::nullopt : std::optional{columns}});
      }
      std::vector<rows_read> rows = read_row_sets(conninfo_, where_, relations_, tables, session, options_);
      for (std::size_t i = 0; i < keys.size(); ++i) {
        bytes_ += rows[i].bytes;
        known_[keys[i]] = std::move(rows[i]);
      }
    }
  }

  /// What `read` came to; it must have been wanted before.
  [[nodiscard]] const rows_read& get(const relation& table, const std::optional<std::vector<std::string>>& columns,
                                     const row_session& session) const {
    return known_.at(key_of(table, columns, session)).value();
  }

  /// Of COPY text, read so far.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  using row_key = std::pair<std::pair<std::size_t, std::vector<std::string>>,
                            std::tuple<std::string, std::string, std::string, std::string, bool, bool>>;
  // columns: none at all stands for those of each table read

  [[nodiscard]] row_key key_of(const relation& table, const std::optional<std::vector<std::string>>& columns,
                               const row_session& session) const {
    std::vector<std::string> names;
    text_traits any;
    const auto depend = [&](const relation_column& column) {
      any.zone |= column.traits.zone || column.traits.unknown;
      any.money |= column.traits.money || column.traits.unknown;
      any.bytes |= column.traits.bytes || column.traits.unknown;
      any.names |= column.traits.names || column.traits.unknown;
    };
    if (columns) {
      names = *columns;
    } else if (table.kind != 'p') {
      names = table.column_names();
    }
    for (const auto& column : table.columns) {
      depend(column);
    }
    return {{relations_.index_of(table), std::move(names)},
            {session.encoding, any.zone ? session.time_zone : "UTC", any.money ? session.lc_monetary : "",
             any.bytes ? session.bytea_output : "hex", any.names && session.quote_all_identifiers,
             any.zone && session.rewritten}};
  }

  static row_session session_of(const row_key::second_type& settings) {
    const auto& [encoding, zone, money, bytes, quotes, rewritten] = settings;
    return {encoding, zone, money, bytes, quotes, rewritten};
  }

  [[nodiscard]] std::optional<std::string> refused_setting(const row_session& session) const {
    const bool plain = session.time_zone == "UTC" && session.lc_monetary.empty() &&
                       (session.encoding == "UTF8" || session.encoding == "SQL_ASCII" || session.encoding == "LATIN1");
    if (plain) return std::nullopt;
    catalog_session server{conninfo_, where_, options_.stop};
    const auto refused = [&](const char* what, const std::string& name,
                             const std::string& sql) -> std::optional<std::string> {
      if (!server.try_execute(sql)) return std::nullopt;
      return fmt::format("the server has no {} {}", what, printable(name));
    };
    if (auto problem = refused("time zone", session.time_zone, "SET TimeZone TO " + quote_literal(session.time_zone)))
      return problem;
    if (!session.lc_monetary.empty()) {
      if (auto problem =
              refused("locale", session.lc_monetary, "SET lc_monetary TO " + quote_literal(session.lc_monetary)))
        return problem;
    }
    if (server.holds("SELECT pg_char_to_encoding($1) < 0", session.encoding))
      return fmt::format("the server has no encoding {}", printable(session.encoding));
    return std::nullopt;
  }

  std::string conninfo_;
  location where_;
  const relation_list& relations_;
  const read_options& options_;
  std::map<row_key, std::optional<rows_read>> known_;
  std::uint64_t bytes_ = 0;
};

}  // namespace knowngood
