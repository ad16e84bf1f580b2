// plain_dump: reads an SQL script as pg_dump and pg_dumpall write it, from any source, as a sequence of events.
//
// Layer: postgres. One pass, memory bounded whatever the script holds. It judges only what ends too early (inside a COPY
// block, a statement, a comment); what a whole dump must look like is dump_check.hpp's business.
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

#include "restorable/base/checks.hpp"
#include "restorable/base/error.hpp"
#include "restorable/base/utf8.hpp"
#include "restorable/io/source.hpp"
#include "restorable/postgres/copy_rows.hpp"
#include "restorable/postgres/copy_statement.hpp"
#include "restorable/postgres/dump_event.hpp"
#include "restorable/postgres/sql_lexer.hpp"

namespace restorable {

class plain_dump {
 public:
  /// Takes over `upstream`. `where` is the script's own location. `statement_bytes`: how much of a statement's text is
  /// kept; the rest is lexed and dropped, and the event says so.
  plain_dump(std::unique_ptr<source> upstream, location where, std::size_t statement_bytes = std::size_t{1} << 20)
      : upstream_{std::move(upstream)}, where_{std::move(where)}, statement_bytes_{statement_bytes} {}

  /// The next event; `end` for ever once the upstream's end is proved. Throws `stream_error` when the script ends inside
  /// something (`dump.unterminated-copy`, `dump.unterminated-statement`), and what the upstream throws.
  const dump_event& next() {
    event_ = {};
    if (ended_) return event_;
    return copy_ ? next_of_copy() : next_of_script();
  }

  /// Of the COPY block in progress or just ended: its rows and their defects. Only between its copy_begin and the event
  /// after its copy_end.
  [[nodiscard]] const copy_rows& block() const { return *rows_; }

  /// The client_encoding that the script has set; empty before.
  [[nodiscard]] const std::string& encoding() const noexcept { return encoding_; }

  /// The first line outside of COPY blocks with bytes that are not in the declared encoding.
  [[nodiscard]] std::optional<std::uint64_t> ill_formed_line() const noexcept { return ill_formed_line_; }

  /// Lines read so far, the current one included.
  [[nodiscard]] std::uint64_t line() const noexcept { return line_; }

 private:
  bool refill() {
    const byte_view chunk = upstream_->next();
    rest_ = {reinterpret_cast<const char*>(chunk.data()), chunk.size()};
    return !chunk.empty();
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
      const sql_lexer::step step = lexer_.scan(rest_);
      const std::string_view piece = rest_.substr(0, step.consumed);
      const auto lines = static_cast<std::uint64_t>(std::count(piece.begin(), piece.end(), '\n'));
      if (step.piece == sql_piece::blank) {
        advance(piece.size(), lines);
        continue;
      }
      if (!started) {
        started = true;
        event_.offset = offset_;
        event_.line = line_;
      }
      piece_ = step.piece;
      if (check_utf8_ && !utf8_.feed(piece) && !ill_formed_line_) ill_formed_line_ = line_;
      const bool whole = step.complete && text_.empty() && !event_.truncated_text;
      if (!whole) keep(piece);
      advance(piece.size(), lines);
      if (step.complete) return emit(whole ? piece : std::string_view{text_});
    }
  }

  void keep(std::string_view piece) {
    const std::size_t room = statement_bytes_ - std::min(statement_bytes_, text_.size());
    text_.append(piece.substr(0, room));
    if (piece.size() > room) event_.truncated_text = true;
  }

  const dump_event& at_end(bool started) {
    if (!lexer_.between_statements()) {
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
    utf8_.finish();
    switch (piece_) {
      case sql_piece::comment: return emit_comment(text);
      case sql_piece::meta_command:
        event_.type = dump_event_type::meta_command;
        event_.text = without_line_end(text);
        return event_;
      default: break;
    }
    event_.type = dump_event_type::statement;
    event_.text = text;
    event_.header = header_;
    event_.rows = lexer_.value_groups();
    event_.backslash_inside = lexer_.backslash_in_statement();
    if (starts_with_keyword(text, "SET ")) note_setting(text);
    if (starts_with_keyword(text, "COPY")) {
      if (auto target = parse_copy(text)) return begin_copy(std::move(*target));
    }
    return event_;
  }

  const dump_event& emit_comment(std::string_view text) {
    event_.type = dump_event_type::comment;
    text = without_line_end(text);
    if (text.starts_with("--")) text.remove_prefix(2);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    event_.text = text;
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
    rows_.emplace(columns, check_utf8_, !unsafe_encoding_);
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
    throw stream_error{checks::dump_unterminated_copy, where_.at(offset_),
                       fmt::format("the COPY block of {} that begins at line {} has no end", printable(copy_->table),
                                   copy_line_),
                       "a line \\.",
                       fmt::format("nothing after {} rows{}", rows_->rows().rows(),
                                   rows_->inside_row() ? " and a part of one" : "")};
  }

  static std::string_view without_line_end(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    return text;
  }

  static bool starts_with_keyword(std::string_view text, std::string_view word) {
    return detail::is_keyword(text.substr(0, word.size()), word == "SET " ? "set " : "copy");
  }

  // SET client_encoding = 'UTF8';  SET standard_conforming_strings = on;
  void note_setting(std::string_view statement) {
    detail::sql_words words{statement};
    words.next();
    const std::string_view name = words.next();
    std::string_view word = words.next();
    if (word != "=" && !detail::is_keyword(word, "to")) return;
    word = words.next();
    if (word.size() >= 2 && word.front() == '\'') word = word.substr(1, word.size() - 2);
    if (detail::is_keyword(name, "standard_conforming_strings")) {
      lexer_.set_standard_conforming_strings(!detail::is_keyword(word, "off"));
    } else if (detail::is_keyword(name, "client_encoding")) {
      encoding_ = word;
      check_utf8_ = detail::is_keyword(word, "utf8") || detail::is_keyword(word, "unicode");
      unsafe_encoding_ = false;
      for (const std::string_view name_of_one : {"sjis", "shift_jis_2004", "big5", "gbk", "gb18030", "johab", "uhc"}) {
        unsafe_encoding_ |= detail::is_keyword(word, name_of_one);
      }
      lexer_.set_unsafe_encoding(unsafe_encoding_);
    }
  }

  std::unique_ptr<source> upstream_;
  location where_;
  std::size_t statement_bytes_;
  sql_lexer lexer_;
  std::string_view rest_;              // of the upstream's current chunk
  std::uint64_t offset_ = 0;           // of rest_
  std::uint64_t line_ = 1;
  std::string text_;                   // of a piece that spans chunks
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
  bool check_utf8_ = false;
  bool unsafe_encoding_ = false;
  utf8_validator utf8_;
  std::optional<std::uint64_t> ill_formed_line_;
  bool ended_ = false;
};

}  // namespace restorable
