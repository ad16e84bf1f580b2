// dump_head: looks at the beginning of a text for a dump: behind a byte order mark and foreign lines (notices, prompts,
// warnings), with pg_dump's header or, where a tool has stripped the comments, by its statements.
//
// Layer: postgres. Whatever is not a dump is not a dump: nothing is known of what else may stand there.
//   const dump_head head = look_at_dump_head(first_bytes); if (head.is_dump()) read it
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "knowngood/base/ascii.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/postgres/copy_statement.hpp"
#include "knowngood/postgres/dump_sections.hpp"
#include "knowngood/postgres/sql_lexer.hpp"
#include "knowngood/postgres/sql_words.hpp"

namespace knowngood {

/// How far foreign lines are followed at most.
inline constexpr std::size_t dump_head_bytes = std::size_t{1} << 20;

inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

struct dump_head {
  std::size_t mark = 0;               ///< bytes of the byte order mark
  std::optional<std::size_t> header;  ///< where the line of the first banner begins
  std::optional<std::size_t> sql;     ///< without a header: where statements of pg_dump's kind begin
  std::vector<std::size_t> foreign;   ///< where the lines before either begin that are no SQL, after their blanks

  [[nodiscard]] bool is_dump() const noexcept { return header || sql; }
  /// Where what pg_dump wrote begins.
  [[nodiscard]] std::size_t begins() const noexcept { return header ? *header : sql.value_or(0); }
};

namespace detail {

/// A line without its end.
inline std::string_view without_line_end(std::string_view line) noexcept {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

/// The comment's text without its `--` and the blanks around, as `dump_event` has it; nothing for another line.
inline std::optional<std::string_view> comment_in(std::string_view line) noexcept {
  if (!line.starts_with("--")) return std::nullopt;
  line = without_line_end(line.substr(2));
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
  return line;
}

/// The first word, if it is one that SQL statements begin with.
inline std::string_view statement_verb(std::string_view text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && is_ascii_letter(text[size])) ++size;
  const std::string_view word = text.substr(0, size);
  constexpr std::array<std::string_view, 49> verbs{
      "abort",   "alter",   "analyze",  "begin",     "call",     "checkpoint", "close",   "cluster", "comment",
      "commit",  "copy",    "create",   "declare",   "delete",   "discard",    "do",      "drop",    "end",
      "execute", "explain", "fetch",    "go",        "grant",    "import",     "insert",  "load",    "lock",
      "merge",   "notify",  "pragma",   "prepare",   "reassign", "refresh",    "reindex", "release", "replace",
      "reset",   "revoke",  "rollback", "savepoint", "security", "select",     "set",     "start",   "truncate",
      "update",  "use",     "vacuum",   "with"};
  const bool ends = size == text.size() || text[size] == ' ' || text[size] == '\t' || text[size] == '\r' ||
                    text[size] == '\n' || text[size] == ';' || text[size] == '(';
  const bool known = ends && std::any_of(verbs.begin(), verbs.end(), [&](auto verb) { return is_keyword(word, verb); });
  return known ? word : std::string_view{};
}

inline bool is_upper(std::string_view word) noexcept {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// Whether a line, its blanks skipped, may be left to the lexer: a comment, a psql command, or what begins a statement.
/// Prose may begin with a verb of SQL, too ("Create failed: no space"): a statement's verb stands in upper case before
/// another such word, or its line ends in a semicolon, or what it acts on is a kind of object.
inline bool is_sql_line(std::string_view line) noexcept {
  line = without_line_end(line);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  if (line.empty() || line.starts_with("--") || line.starts_with("/*") || line.front() == '\\' || line == ";")
    return true;
  const std::string_view verb = statement_verb(line);
  if (verb.empty()) return false;
  if (line.ends_with(';') || line.size() == verb.size()) return true;
  sql_words words{line.substr(verb.size())};
  const std::string_view next = words.next();
  if (is_upper(verb) && (is_upper(next) || next.starts_with('"') || next == "(" || next.starts_with('$'))) return true;
  if (is_upper(verb) && (is_keyword(verb, "copy") || is_keyword(verb, "update") || is_keyword(verb, "with") ||
                         is_keyword(verb, "select") || is_keyword(verb, "truncate"))) {
    return true;
  }
  constexpr std::array<std::string_view, 16> kinds{"table",     "view", "index",    "function", "schema", "role",
                                                   "user",      "type", "database", "sequence", "into",   "from",
                                                   "extension", "or",   "system",   "temp"};
  return std::any_of(kinds.begin(), kinds.end(), [&](auto kind) { return is_keyword(next, kind); });
}

/// Where the statement or block comment ends that `text` begins with; nothing when `text` does not have all of it.
inline std::optional<std::size_t> statement_end(std::string_view text) {
  sql_lexer lexer;
  for (std::size_t at = 0; at < text.size();) {
    const sql_lexer::step step = lexer.scan(text.substr(at));
    at += step.consumed;
    if (step.piece != sql_piece::blank && step.complete) return at;
  }
  return std::nullopt;
}

/// Whether a statement is one that pg_dump writes and hardly anybody else.
inline bool is_of_pg_dump(std::string_view statement) {
  sql_words words{statement};
  const std::string_view verb = words.next();
  if (is_keyword(verb, "copy")) return parse_copy(statement).has_value();
  const std::string_view name = words.next();
  if (is_keyword(verb, "select")) return is_keyword(name, "pg_catalog");
  if (is_keyword(verb, "alter")) {
    return (is_keyword(name, "table") && is_keyword(words.next(), "only")) ||
           statement.find(" OWNER TO ") != std::string_view::npos;
  }
  constexpr std::array<std::string_view, 11> settings{"statement_timeout",
                                                      "lock_timeout",
                                                      "client_encoding",
                                                      "standard_conforming_strings",
                                                      "check_function_bodies",
                                                      "xmloption",
                                                      "client_min_messages",
                                                      "row_security",
                                                      "default_tablespace",
                                                      "default_table_access_method",
                                                      "default_transaction_read_only"};
  return is_keyword(verb, "set") &&
         std::any_of(settings.begin(), settings.end(), [&](auto known) { return is_keyword(name, known); });
}

/// Whether some of the first statements of `text` are.
inline bool holds_pg_dump_statements(std::string_view text) {
  constexpr int most = 200;
  sql_lexer lexer;
  std::size_t at = 0;
  std::optional<std::size_t> begin;
  for (int statements = 0; at < text.size() && statements < most;) {
    const sql_lexer::step step = lexer.scan(text.substr(at));
    if (step.piece == sql_piece::meta_command && text.substr(at).starts_with("\\restrict ")) return true;
    if (step.piece == sql_piece::statement) {
      if (!begin) begin = at;
      if (step.complete) {
        if (is_of_pg_dump(text.substr(*begin, at + step.consumed - *begin))) return true;
        begin.reset();
        ++statements;
      }
    } else if (step.piece == sql_piece::comment && step.consumed == 1) {
      begin.reset();  // half of its two dashes
    }
    at += step.consumed;
  }
  return begin && is_of_pg_dump(text.substr(*begin));
}

template <typename Action>
void for_each_line(std::string_view text, std::size_t from, std::size_t to, Action&& action) {
  while (from < to) {
    const std::size_t newline = text.find('\n', from);
    const std::size_t end = newline == std::string_view::npos || newline >= to ? to : newline + 1;
    if (!action(from, text.substr(from, end - from))) return;
    from = end;
  }
}

}  // namespace detail

/// `first`: the beginning of the text, as much of it as there is up to `dump_head_bytes`.
inline dump_head look_at_dump_head(std::string_view first) {
  dump_head head;
  if (first.starts_with(byte_order_mark)) head.mark = byte_order_mark.size();
  detail::for_each_line(first, head.mark, first.size(), [&](std::size_t at, std::string_view line) {
    const auto comment = detail::comment_in(line);
    const dump_banner banner = comment ? banner_of(*comment) : dump_banner::none;
    if (banner == dump_banner::database || banner == dump_banner::cluster) head.header = at;
    return !head.header;
  });
  std::size_t within = 0;  // up to where lines belong to a statement or comment that began before
  bool data = false;
  const std::size_t end = head.header.value_or(first.size());
  detail::for_each_line(first, head.mark, end, [&](std::size_t at, std::string_view line) {
    at += std::min(line.find_first_not_of(" \t\r\n\f\v"), line.size());
    const std::string_view text = first.substr(at, std::min(first.find('\n', at), end) - at);
    if (text.empty() || at < within) return true;
    bool sql = detail::is_sql_line(text);
    const bool statement = sql && !detail::statement_verb(text).empty();
    if (!head.header && (statement || text.starts_with("\\"))) {
      if (!data && detail::holds_pg_dump_statements(first.substr(at))) head.sql = at;
      return false;
    }
    if (statement || text.starts_with("/*")) {
      const auto whole = detail::statement_end(first.substr(at, end - at));
      if (whole) within = at + *whole;
      sql = whole.has_value();
    }
    data |= detail::without_line_end(text) == "\\.";
    if (!sql) head.foreign.push_back(at);
    return true;
  });
  if (!head.is_dump()) head.foreign.clear();
  return head;
}

/// How many bytes at the front `is_plain_dump` wants to see.
inline constexpr std::size_t plain_dump_head_bytes = 1024;

/// True when `head` begins as pg_dump's or pg_dumpall's scripts do, or with comments and statements before that.
inline bool is_plain_dump(byte_view head) {
  const dump_head seen = look_at_dump_head({reinterpret_cast<const char*>(head.data()), head.size()});
  return seen.header && seen.foreign.empty();
}

/// True when `text`, the beginning of a stream, is SQL of whatever kind: comments and then a statement.
inline bool looks_like_sql(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  sql_lexer lexer;
  while (!text.empty()) {
    if (text.starts_with("/*!")) return true;  // what MySQL's tools hide from others in comments
    const sql_lexer::step step = lexer.scan(text);
    if (step.piece == sql_piece::statement || step.piece == sql_piece::meta_command) break;
    text.remove_prefix(step.consumed);
  }
  const std::size_t line_end = std::min(text.find('\n'), text.size());
  if (text.empty() || text.front() == '\\' || detail::statement_verb(text).empty()) return false;
  const bool names_database = is_keyword(detail::statement_verb(text), "use");
  if (!names_database && !detail::is_sql_line(text.substr(0, line_end))) return false;
  for (std::size_t end = text.find(';'); end != std::string_view::npos; end = text.find(';', end + 1)) {
    const std::size_t next = text.find_first_not_of(" \t\r", end + 1);
    if (next == std::string_view::npos || text[next] == '\n') return true;
  }
  return text.find("\nGO") != std::string_view::npos;
}

/// True when `text`, a whole script, sets up a session and does nothing in it: what is left of a dump that its writer
/// gave up, or that a filter emptied.
inline bool holds_settings_only(std::string_view text) {
  constexpr std::array<std::string_view, 9> settings{"set", "reset",    "begin", "start", "commit",
                                                     "end", "rollback", "abort", "use"};
  sql_lexer lexer;
  while (!text.empty()) {
    const bool begins = lexer.at_statement_begin();
    const sql_lexer::step step = lexer.scan(text);
    if (begins && step.piece == sql_piece::statement) {
      const std::string_view verb = detail::statement_verb(text);
      const bool search_path =
          is_keyword(verb, "select") && text.substr(0, step.consumed).find("set_config(") != std::string_view::npos;
      if (!search_path &&
          std::none_of(settings.begin(), settings.end(), [&](auto one) { return is_keyword(verb, one); }))
        return false;
    } else if (step.piece == sql_piece::meta_command) {
      return false;
    }
    text.remove_prefix(step.consumed);
  }
  return true;
}

}  // namespace knowngood
