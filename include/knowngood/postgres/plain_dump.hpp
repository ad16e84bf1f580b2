// plain_dump: reads an SQL script as pg_dump and pg_dumpall write it, from any source, as a sequence of events. A byte
// order mark is dropped, as psql does; lines around dumps that are no SQL are events of their own.
//
// Layer: postgres. One pass, memory bounded whatever the script holds. It judges only what ends too early (inside a
// COPY block, a statement, a comment); what a whole dump must look like is dump_check.hpp's business.
//   plain_dump dump{std::move(sql), where};
//   for (const dump_event* e = &dump.next(); e->type != dump_event_type::end; e = &dump.next()) ...
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/io/lookahead.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/postgres/carriage_returns.hpp"
#include "knowngood/postgres/copy_rows.hpp"
#include "knowngood/postgres/copy_statement.hpp"
#include "knowngood/postgres/dump_event.hpp"
#include "knowngood/postgres/dump_head.hpp"
#include "knowngood/postgres/dump_sections.hpp"
#include "knowngood/postgres/sql_lexer.hpp"
#include "knowngood/postgres/sql_words.hpp"
#include "knowngood/postgres/text_encoding.hpp"

namespace knowngood {

class plain_dump {
 public:
  /// Takes over `upstream`. `where` is the script's own location. `statement_bytes`: how much of a statement's text is
  /// kept; the rest is lexed and dropped, and the event says so.
  plain_dump(std::unique_ptr<source> upstream, location where, std::size_t statement_bytes = std::size_t{1} << 20)
      : upstream_{std::move(upstream)}, where_{std::move(where)}, statement_bytes_{statement_bytes} {}

  /// The next event; `end` for ever once the upstream's end is proved. Throws `stream_error` when the script ends
  /// inside something (`dump.unterminated-copy`, `dump.unterminated-statement`), and what the upstream throws.
  const dump_event& next() {
    if (!begun_) begin();
    event_ = {};
    if (ended_) return event_;
    return copy_ ? next_of_copy() : next_of_script();
  }

  /// Of the COPY block in progress or just ended: its rows and their defects. Only between its copy_begin and the event
  /// after its copy_end.
  [[nodiscard]] const copy_rows& block() const { return *rows_; }

  /// The client_encoding that the script has set; empty before.
  [[nodiscard]] const std::string& encoding() const noexcept { return encoding_; }

  /// What the script begins with. After the first `next`.
  [[nodiscard]] const dump_head& head() const noexcept { return head_; }
  /// Which dump of the script the last event belongs to.
  [[nodiscard]] const dump_sections& sections() const noexcept { return sections_; }

  /// Lines outside of COPY blocks, of the beginning of what something first stands in that pg_dump does not write
  /// there.
  struct defect_lines {
    std::optional<std::uint64_t> ill_formed;     ///< bytes that are not in the declared encoding
    std::optional<std::uint64_t> null_byte;      ///< a NUL
    std::optional<std::uint64_t> bare_return;    ///< a carriage return alone, in an INSERT
    std::uint64_t returns = 0;                   ///< how many INSERTs have some, before newlines too
    std::optional<std::uint64_t> string_return;  ///< an INSERT's string spans lines, and these end in CR LF
    std::optional<std::uint64_t> double_return;  ///< the line ends in CR CR LF
    std::optional<std::uint64_t> row_security;   ///< SET row_security = on
  };
  [[nodiscard]] const defect_lines& defects() const noexcept { return defects_; }
  /// True when lines end in CR LF, in COPY data or else.
  [[nodiscard]] bool carriage_returns() const noexcept { return carriage_returns_; }

  /// Lines read so far, the current one included.
  [[nodiscard]] std::uint64_t line() const noexcept { return line_; }

 private:
  void begin() {
    begun_ = true;
    auto first = std::make_unique<lookahead>(std::move(upstream_));
    for (const std::size_t size : {std::size_t{4096}, std::size_t{65'536}, dump_head_bytes}) {
      const byte_view seen = first->peek(size);
      head_ = look_at_dump_head({reinterpret_cast<const char*>(seen.data()), seen.size()});
      if (head_.header || seen.size() < size) break;
    }
    upstream_ = std::move(first);
    while (offset_ < head_.mark && refill()) advance(std::min(rest_.size(), head_.mark - offset_), 0);
  }

  std::string_view next_chunk() {
    if (!stash_.empty()) return std::exchange(stash_, {});
    const byte_view chunk = upstream_->next();
    return {reinterpret_cast<const char*>(chunk.data()), chunk.size()};
  }

  bool refill() {
    rest_ = next_chunk();
    return !rest_.empty();
  }

  void advance(std::size_t bytes, std::uint64_t lines) {
    rest_.remove_prefix(bytes);
    offset_ += bytes;
    line_ += lines;
  }

  const dump_event& next_of_script() {
    text_.clear();
    bool started = false;
    for (;;) {
      if (rest_.empty() && !refill()) return at_end(started);
      if (!started && is_foreign_line()) return take_foreign_line();
      const sql_lexer::step step = lexer_.scan(rest_);
      const std::string_view piece = rest_.substr(0, step.consumed);
      const auto lines = static_cast<std::uint64_t>(std::count(piece.begin(), piece.end(), '\n'));
      if (step.piece == sql_piece::blank) {
        if (head_.sql && !carriage_returns_ && piece.find("\r\n") != std::string_view::npos) note_carriage_returns();
        advance(piece.size(), lines);
        continue;
      }
      if (!started) {
        started = true;
        event_.offset = offset_;
        event_.line = line_;
      }
      piece_ = step.piece;
      check_bytes(piece);
      const bool whole = step.complete && text_.empty() && !event_.truncated_text;
      if (!whole) keep(piece);
      advance(piece.size(), lines);
      if (step.complete) return emit(whole ? piece : std::string_view{text_});
    }
  }

  // Around dumps a line may be no SQL at all, and what it says must not be lexed: it may hold quotes.
  bool is_foreign_line() {
    const bool before = offset_ < head_.begins();
    if ((!before && (!head_.header || sections_.open())) || !lexer_.at_statement_begin()) return false;
    const char first = rest_.front();
    if (first == ' ' || first == '\t' || first == '\n' || first == '\r' || first == '\f' || first == '\v') return false;
    if (before) return std::binary_search(head_.foreign.begin(), head_.foreign.end(), offset_);
    if (rest_.find('\n') == std::string_view::npos) gather_line();
    return !detail::is_sql_line(rest_.substr(0, rest_.find('\n')));
  }

  // Makes `rest_` begin with a whole line, or as much of it as matters.
  void gather_line() {
    constexpr std::size_t enough = 65'536;
    gathered_ = rest_;
    while (gathered_.size() < enough) {
      const std::string_view chunk = next_chunk();
      if (chunk.empty()) break;
      const std::size_t newline = chunk.find('\n');
      const std::size_t taken = newline == std::string_view::npos ? chunk.size() : newline + 1;
      gathered_.append(chunk.substr(0, taken));
      stash_ = chunk.substr(taken);
      if (newline != std::string_view::npos) break;
    }
    rest_ = gathered_;
  }

  const dump_event& take_foreign_line() {
    event_.type = dump_event_type::foreign_line;
    event_.offset = offset_;
    event_.line = line_;
    text_ = detail::without_line_end(rest_.substr(0, std::min<std::size_t>(rest_.find('\n'), 200)));
    for (bool ended = false; !ended && (!rest_.empty() || refill());) {
      const std::size_t newline = rest_.find('\n');
      ended = newline != std::string_view::npos;
      if (rest_.substr(0, newline).find('\0') != std::string_view::npos && !defects_.null_byte)
        defects_.null_byte = line_;
      advance(ended ? newline + 1 : rest_.size(), ended ? 1 : 0);
    }
    event_.text = text_;
    return event_;
  }

  void check_bytes(std::string_view piece) {
    if (!valid_.feed(piece) && !defects_.ill_formed) defects_.ill_formed = event_.line;
    if (piece.find('\0') != std::string_view::npos && !defects_.null_byte) defects_.null_byte = event_.line;
    returns_.feed(piece);
    if (returns_.doubled() && piece_ == sql_piece::comment && !defects_.double_return)
      defects_.double_return = event_.line;
  }

  void keep(std::string_view piece) {
    const std::size_t room = statement_bytes_ - std::min(statement_bytes_, text_.size());
    text_.append(piece.substr(0, room));
    if (piece.size() > room) event_.truncated_text = true;
  }

  const dump_event& at_end(bool started) {
    // behind a dump, psql runs a last statement without its semicolon
    const bool bare = started && head_.header && !sections_.open() && lexer_.inside() == "a statement";
    if (bare) {
      lexer_ = sql_lexer{};
    } else if (!lexer_.between_statements()) {
      throw stream_error{checks::dump_unterminated_statement, where_.at(event_.offset),
                         fmt::format("the dump ends inside {} that begins at line {}", lexer_.inside(), event_.line),
                         "its end", fmt::format("nothing after line {}", line_)};
    }
    ended_ = true;
    if (!started) return event_;
    ended_ = false;  // a last line without its newline: a comment or meta-command
    return emit(text_);
  }

  const dump_event& emit(std::string_view text) {
    valid_.finish();
    const detail::carriage_returns returns = std::exchange(returns_, {});
    if (piece_ != sql_piece::comment) sections_.take_content();
    switch (piece_) {
      case sql_piece::comment: return emit_comment(text);
      case sql_piece::meta_command:
        event_.type = dump_event_type::meta_command;
        event_.text = detail::without_line_end(text);
        // what follows belongs to another database, and to nothing that was there before
        if (text.starts_with("\\connect ") || text.starts_with("\\c ")) header_.clear();
        return event_;
      default: break;
    }
    event_.type = dump_event_type::statement;
    event_.text = text;
    event_.header = header_;
    event_.rows = lexer_.value_groups();
    event_.backslash_inside = lexer_.backslash_in_statement();
    if (starts_with_keyword(text, "INSERT")) note_insert(returns);
    if (starts_with_keyword(text, "SET ")) note_setting(text);
    if (starts_with_keyword(text, "COPY")) {
      if (auto target = parse_copy(text)) return begin_copy(std::move(*target));
    }
    return event_;
  }

  const dump_event& emit_comment(std::string_view text) {
    event_.type = dump_event_type::comment;
    const bool returns = text.ends_with("\r\n");
    text = detail::comment_in(text).value_or(detail::without_line_end(text));
    event_.text = text;
    // nor does what follows a dump belong to anything that was in it
    if (sections_.take_comment(text) != dump_banner::none) header_.clear();
    if (returns && sections_.open()) note_carriage_returns();
    if (text.starts_with("Name: ") || text.starts_with("Data for Name: ")) header_ = text;
    event_.header = header_;
    return event_;
  }

  const dump_event& begin_copy(copy_target target) {
    copy_ = std::move(target);
    std::optional<std::size_t> columns;
    if (copy_->plain_text && copy_->columns) columns = copy_->columns->size();
    // pg_dump lists the columns of every table that has any
    if (copy_->plain_text && !copy_->columns && header_.starts_with("Data for Name: ")) columns = 0;
    rows_.emplace(columns, text_encoding_, copy_->plain_text);
    copy_line_ = event_.line;
    copy_offset_ = event_.offset;
    after_statement_ = true;
    event_.type = dump_event_type::copy_begin;
    event_.copy = &*copy_;
    return event_;
  }

  const dump_event& next_of_copy() {
    event_.copy = &*copy_;
    event_.header = header_;
    if (block_ended_) return end_copy();
    for (;;) {
      if (rest_.empty() && !refill()) throw_unterminated_copy();
      if (after_statement_) {  // data begins on the line after the statement's
        const std::size_t newline = rest_.find('\n');
        after_statement_ = newline == std::string_view::npos;
        if (after_statement_) {
          advance(rest_.size(), 0);
        } else {
          advance(newline + 1, 1);
        }
        continue;
      }
      event_.offset = offset_;
      event_.line = line_;
      const copy_rows::step step = rows_->scan(rest_);
      advance(step.consumed, step.rows + (step.ended ? 1 : 0));
      block_ended_ = step.ended;
      if (!step.data.empty()) {
        event_.type = dump_event_type::copy_rows;
        event_.text = step.data;
        event_.rows = step.rows;
        return event_;
      }
      if (block_ended_) return end_copy();
    }
  }

  const dump_event& end_copy() {
    event_.type = dump_event_type::copy_end;
    carriage_returns_ |= rows_->carriage_returns();
    event_.rows = rows_->rows().rows();
    event_.offset = copy_offset_;
    event_.line = copy_line_;
    ended_copy_ = std::move(*copy_);
    event_.copy = &ended_copy_;
    copy_.reset();
    block_ended_ = false;
    return event_;
  }

  [[noreturn]] void throw_unterminated_copy() const {
    throw stream_error{
        checks::dump_unterminated_copy, where_.at(offset_),
        fmt::format("the COPY block of {} that begins at line {} has no end", printable(copy_->table), copy_line_),
        "a line \\.",
        fmt::format("nothing after {} rows{}", rows_->rows().rows(), rows_->inside_row() ? " and a part of one" : "")};
  }

  static bool starts_with_keyword(std::string_view text, std::string_view word) {
    if (text.size() < word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (text[i] != word[i] && text[i] != (word[i] | 0x20)) return false;
    }
    return true;
  }

  void note_carriage_returns() {
    carriage_returns_ = true;
    lexer_.look_for_newlines(true);
  }

  void note_insert(const detail::carriage_returns& returns) {
    event_.odd_values = lexer_.odd_values() || !lexer_.has_values();
    if (returns.alone() && !defects_.bare_return) defects_.bare_return = event_.line;
    if (returns.any()) ++defects_.returns;
    if (carriage_returns_ && lexer_.newline_in_string() && !defects_.string_return)
      defects_.string_return = event_.line;
  }

  // SET client_encoding = 'UTF8';  SET standard_conforming_strings = on;
  void note_setting(std::string_view statement) {
    sql_words words{statement};
    words.next();
    const std::string_view name = words.next();
    std::string_view word = words.next();
    if (word != "=" && !is_keyword(word, "to")) return;
    word = words.next();
    if (word.size() >= 2 && word.front() == '\'') word = word.substr(1, word.size() - 2);
    if (is_keyword(name, "standard_conforming_strings")) {
      lexer_.set_standard_conforming_strings(!is_keyword(word, "off"));
    } else if (is_keyword(name, "client_encoding")) {
      encoding_ = word;
      text_encoding_ = encoding_named(word);
      valid_ = encoding_validator{text_encoding_};
      lexer_.set_unsafe_encoding(hides_ascii(text_encoding_));
    } else if (is_keyword(name, "row_security") && !is_keyword(word, "off") && !defects_.row_security) {
      defects_.row_security = event_.line;
    }
  }

  std::unique_ptr<source> upstream_;
  location where_;
  std::size_t statement_bytes_;
  sql_lexer lexer_;
  bool begun_ = false;
  dump_head head_;
  dump_sections sections_;
  std::string_view rest_;     // of the upstream's current chunk, or of gathered_
  std::string_view stash_;    // what comes after gathered_
  std::string gathered_;      // a line that spans chunks
  std::uint64_t offset_ = 0;  // of rest_
  std::uint64_t line_ = 1;
  std::string text_;  // of a piece that spans chunks
  sql_piece piece_ = sql_piece::blank;
  std::string header_;
  dump_event event_;
  std::optional<copy_target> copy_;
  copy_target ended_copy_;
  std::optional<copy_rows> rows_;
  std::uint64_t copy_line_ = 0;
  std::uint64_t copy_offset_ = 0;
  bool after_statement_ = false;
  bool block_ended_ = false;
  std::string encoding_;
  text_encoding text_encoding_ = text_encoding::bytes;
  encoding_validator valid_;
  defect_lines defects_;
  bool carriage_returns_ = false;
  detail::carriage_returns returns_;  // of the piece in progress
  bool ended_ = false;
};

}  // namespace knowngood
