// sql_error: what a PostgreSQL server says when it refuses a statement, with all fields that it sends.
//
// Layer: server. Whether it is a defect of a backup or a mistake of ours only the caller knows: the loader turns it
// into findings, with the statement's line in the dump.
//   catch (const sql_error& error) { if (error.sqlstate == "42P01") ...; }
#pragma once

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace knowngood {

/// `what()` is the primary message as the server wrote it, in its language and the session's encoding: show it through
/// `printable`. Fields that the server did not send are empty.
class sql_error : public std::runtime_error {
 public:
  sql_error(std::string state, const std::string& text)
      : std::runtime_error{text}, sqlstate{std::move(state)}, message{text} {}

  /// Of a result with an error status.
  static sql_error of(const PGresult* result) {
    const auto field = [&](int code) {
      const char* text = PQresultErrorField(result, code);
      return std::string{text == nullptr ? "" : text};
    };
    std::string text = field(PG_DIAG_MESSAGE_PRIMARY);
    if (text.empty()) text = PQresultErrorMessage(result);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    sql_error error{field(PG_DIAG_SQLSTATE), text};
    error.detail = field(PG_DIAG_MESSAGE_DETAIL);
    error.hint = field(PG_DIAG_MESSAGE_HINT);
    error.context = field(PG_DIAG_CONTEXT);
    error.schema = field(PG_DIAG_SCHEMA_NAME);
    error.table = field(PG_DIAG_TABLE_NAME);
    error.column = field(PG_DIAG_COLUMN_NAME);
    error.constraint = field(PG_DIAG_CONSTRAINT_NAME);
    const std::string position = field(PG_DIAG_STATEMENT_POSITION);
    std::from_chars(position.data(), position.data() + position.size(), error.position);
    return error;
  }

  /// Of what libpq makes of it for people, `ERROR:  message`, then lines that begin with `DETAIL:  ` and the like: of a
  /// client library that passes on no more than that.
  static sql_error of(const std::string& state, std::string_view report) {
    std::string message;
    std::string detail;
    std::string hint;
    std::string context;
    std::string ignored;
    std::string* field = nullptr;
    while (!report.empty()) {
      std::string_view line = report.substr(0, report.find('\n'));
      report.remove_prefix(std::min(line.size() + 1, report.size()));
      const auto begins = [&](std::string_view label, std::string& with) {
        if (!line.starts_with(label)) return false;
        line.remove_prefix(label.size());
        field = &with;
        return true;
      };
      if (field == nullptr) {
        // the severity is in the server's language
        const std::size_t colon = line.find(":  ");
        if (colon != std::string_view::npos) line.remove_prefix(colon + 3);
        field = &message;
      } else if (!begins("DETAIL:  ", detail) && !begins("HINT:  ", hint) && !begins("CONTEXT:  ", context) &&
                 !begins("LINE ", ignored) && !begins("QUERY:  ", ignored)) {
        field->push_back('\n');
      }
      field->append(line);
    }
    sql_error error{state, message};
    error.detail = std::move(detail);
    error.hint = std::move(hint);
    error.context = std::move(context);
    return error;
  }

  /// True when the state begins with `prefix`: `is("42")` for syntax errors and missing objects.
  [[nodiscard]] bool is(std::string_view prefix) const { return std::string_view{sqlstate}.starts_with(prefix); }

  std::string sqlstate;  ///< five characters; empty when the client library itself refused
  std::string message;
  std::string detail;
  std::string hint;
  std::string context;  ///< `COPY t, line 3, column a: "x"`
  std::string schema;
  std::string table;
  std::string column;
  std::string constraint;
  std::size_t position = 0;  ///< in the statement, counted in characters from 1; 0: none
};

}  // namespace knowngood
