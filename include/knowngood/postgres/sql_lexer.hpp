// sql_lexer: finds where statements, comments and psql meta-commands begin and end in a script, however it is cut into
// chunks. It is the part of psql's lexer that pg_dump's output needs; it keeps no text, the scanner above it does.
//
// Layer: postgres. PostgreSQL manual, "Lexical Structure": strings, E'' strings, dollar quotes, quoted identifiers,
// nested comments; psql's rule for BEGIN ATOMIC … END bodies (semicolons inside do not end the CREATE statement).
// Above 400 lines: one state machine, of which each part says what the others go on from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "knowngood/base/ascii.hpp"

namespace knowngood {

/// What the bytes that one `scan` consumed are.
enum class sql_piece : unsigned char {
  blank,         ///< white space between statements
  comment,       ///< part of a `--` comment between statements; `complete` at its newline
  statement,     ///< part of a statement; `complete` with its semicolon
  meta_command,  ///< part of a backslash command; `complete` at its newline
};

class sql_lexer {
 public:
  struct step {
    std::size_t consumed = 0;
    sql_piece piece = sql_piece::blank;
    bool complete = false;
  };

  /// Lexes the front of `input` up to the end of one piece or of the input. `consumed` is at least 1 for a non-empty
  /// input. A comment or meta-command is complete at its newline, which is consumed with it.
  step scan(std::string_view input) {
    switch (place_) {
      case place::between: return scan_between(input);
      case place::comment: return scan_line(input, sql_piece::comment);
      case place::block_comment_between: return scan_block_comment_between(input);
      case place::meta_command: return scan_line(input, sql_piece::meta_command);
      case place::statement: return scan_statement(input);
    }
    return {};
  }

  /// True where the script may end: not inside a statement, string or block comment.
  [[nodiscard]] bool between_statements() const noexcept {
    return place_ == place::between || place_ == place::comment || place_ == place::meta_command;
  }

  /// True where the next byte that is not blank begins a statement, a comment or a command.
  [[nodiscard]] bool at_statement_begin() const noexcept { return place_ == place::between && held_ == 0; }

  /// In words, for messages: what the lexer is inside of, `a statement` or more particular.
  [[nodiscard]] std::string_view inside() const noexcept {
    if (place_ == place::block_comment_between) return "a comment";
    if (place_ != place::statement) return "nothing";
    switch (quote_) {
      case quote::string:
      case quote::escape_string: return "a string";
      case quote::identifier: return "a quoted identifier";
      case quote::dollar: return "a dollar-quoted string";
      case quote::block_comment: return "a comment within a statement";
      default: return begin_depth_ > 0 ? "a BEGIN ATOMIC body" : "a statement";
    }
  }

  /// Groups in parentheses after the keyword VALUES of the statement that is or was last lexed: an INSERT's rows.
  [[nodiscard]] std::uint64_t value_groups() const noexcept { return value_groups_; }
  /// True when the last statement had the keyword VALUES.
  [[nodiscard]] bool has_values() const noexcept { return seen_values_; }
  /// True when something else than literals stood in parentheses after it: a name, a function.
  [[nodiscard]] bool odd_values() const noexcept { return odd_values_; }
  /// True when a newline stood in a string of the last statement; seen only when told to look.
  [[nodiscard]] bool newline_in_string() const noexcept { return newline_in_string_; }
  void look_for_newlines(bool look) noexcept { look_for_newlines_ = look; }
  /// True when a backslash command stood inside the last statement, where pg_dump never writes one.
  [[nodiscard]] bool backslash_in_statement() const noexcept { return backslash_in_statement_; }

  /// `SET standard_conforming_strings`: when off, backslashes escape in plain strings too.
  void set_standard_conforming_strings(bool on) noexcept { standard_strings_ = on; }
  /// For client encodings whose multi-byte characters may hold ASCII bytes (SJIS, BIG5, GBK, GB18030, JOHAB, UHC): the
  /// byte after a lead byte is no syntax.
  void set_unsafe_encoding(bool on) noexcept { unsafe_encoding_ = on; }

 private:
  enum class place : unsigned char { between, comment, block_comment_between, meta_command, statement };
  enum class quote : unsigned char {
    none,
    string,
    escape_string,
    identifier,
    dollar_tag,
    dollar,
    line_comment,
    block_comment,
    word,
    number,
  };

  static constexpr bool is_word_start(char c) noexcept {
    return is_ascii_letter(c) || c == '_' || static_cast<signed char>(c) < 0;
  }
  static constexpr bool is_word(char c) noexcept { return is_word_start(c) || is_ascii_digit(c) || c == '$'; }
  static constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
  }

  step scan_between(std::string_view input) {
    std::size_t at = 0;
    if (held_ == 0) {
      while (at < input.size() && is_blank(input[at])) ++at;
      if (at > 0) return {at, sql_piece::blank, false};
    }
    const char c = input[at];
    // A `-` or `/` may begin a comment; the next byte tells, and may be in the next chunk.
    if (held_ == '-' || held_ == '/') {
      const char first = held_;
      held_ = 0;
      if (first == '-' && c == '-') {
        place_ = place::comment;
        return {1, sql_piece::comment, false};
      }
      if (first == '/' && c == '*') {
        place_ = place::block_comment_between;
        comment_depth_ = 1;
        return {1, sql_piece::comment, false};
      }
      begin_statement();
      return scan_statement(input);
    }
    if (c == '-' || c == '/') {
      held_ = c;
      const bool comment = input.size() > 1 ? input[1] == (c == '-' ? '-' : '*') : true;
      return {1, comment ? sql_piece::comment : sql_piece::statement, false};
    }
    if (c == '\\') {
      place_ = place::meta_command;
      return scan_line(input, sql_piece::meta_command);
    }
    begin_statement();
    return scan_statement(input);
  }

  step scan_line(std::string_view input, sql_piece piece) {
    const std::size_t newline = input.find('\n');
    if (newline == std::string_view::npos) return {input.size(), piece, false};
    place_ = place::between;
    return {newline + 1, piece, true};
  }

  step scan_block_comment_between(std::string_view input) {
    const std::size_t end = skip_block_comment(input, 0);
    if (comment_depth_ > 0) return {end, sql_piece::comment, false};
    place_ = place::between;
    return {end, sql_piece::comment, true};
  }

  // Position after the comment's end or the input's. `held_` carries a `*` or `/` over the edge of a chunk.
  std::size_t skip_block_comment(std::string_view input, std::size_t at) {
    for (; at < input.size() && comment_depth_ > 0; ++at) {
      const char c = input[at];
      if (held_ == '*' && c == '/') {
        --comment_depth_;
        held_ = 0;
      } else if (held_ == '/' && c == '*') {
        ++comment_depth_;
        held_ = 0;
      } else {
        held_ = c == '*' || c == '/' ? c : '\0';
      }
    }
    if (comment_depth_ == 0) held_ = 0;
    return at;
  }

  void begin_statement() noexcept {
    place_ = place::statement;
    quote_ = quote::none;
    paren_depth_ = 0;
    begin_depth_ = 0;
    word_count_ = 0;
    leading_.fill('\0');
    word_size_ = 0;
    value_groups_ = 0;
    seen_values_ = false;
    odd_values_ = false;
    newline_in_string_ = false;
    backslash_in_statement_ = false;
  }

  step scan_statement(std::string_view input) {
    std::size_t at = 0;
    while (at < input.size()) {
      if (skip_next_) {  // the second byte of an escape or of a double-byte character
        skip_next_ = false;
        ++at;
        continue;
      }
      const char c = input[at];
      switch (quote_) {
        case quote::none:
          if (held_ != 0 && open_held(c)) {
            ++at;
            break;
          }
          if (plain_byte(c)) return {at + 1, sql_piece::statement, true};
          ++at;
          break;
        case quote::word:
          if (word_continues(c)) ++at;
          break;
        case quote::number:  // `1$1` and `1e5`: no dollar quote begins inside, no word either
          if (is_word(c) || c == '.') {
            ++at;
          } else {
            quote_ = quote::none;
          }
          break;
        case quote::string: at = skip_quoted(input, at, '\'', !standard_strings_); break;
        case quote::escape_string: at = skip_quoted(input, at, '\'', true); break;
        case quote::identifier: at = skip_quoted(input, at, '"', false); break;
        case quote::dollar_tag: at = read_dollar_tag(input, at); break;
        case quote::dollar: at = skip_dollar_quoted(input, at); break;
        case quote::line_comment: {
          const std::size_t newline = input.find('\n', at);
          if (newline == std::string_view::npos) return {input.size(), sql_piece::statement, false};
          at = newline + 1;
          quote_ = quote::none;
          break;
        }
        case quote::block_comment:
          at = skip_block_comment(input, at);
          if (comment_depth_ == 0) quote_ = quote::none;
          break;
      }
    }
    return {at, sql_piece::statement, false};
  }

  // A `-`, `/` or the end of an E'' string was seen; does `c` make it a comment, or go on with the string? True when
  // `c` is thereby consumed.
  bool open_held(char c) {
    const char first = held_;
    held_ = 0;
    if (first == '-' && c == '-') {
      quote_ = quote::line_comment;
      return true;
    }
    if (first == '/' && c == '*') {
      quote_ = quote::block_comment;
      comment_depth_ = 1;
      return true;
    }
    if (first == '\'' && c == '\'') {
      quote_ = quote::escape_string;
      return true;
    }
    return false;
  }

  // One byte outside of quotes and words. True when it ends the statement.
  bool plain_byte(char c) {
    if (is_word_start(c)) {
      quote_ = quote::word;
      word_size_ = 0;
      word_continues(c);
      return false;
    }
    switch (c) {
      case '\'': quote_ = standard_strings_ ? quote::string : quote::escape_string; break;
      case '"': quote_ = quote::identifier; break;
      case '-':
      case '/': held_ = c; break;
      case '$':
        quote_ = quote::dollar_tag;
        tag_ = "$";
        break;
      case '(':
        if (paren_depth_++ == 0 && seen_values_) ++value_groups_;
        break;
      case ')':
        if (paren_depth_ > 0) --paren_depth_;
        break;
      case '\\': backslash_in_statement_ = true; break;
      case ';':
        if (paren_depth_ == 0 && begin_depth_ == 0) {
          place_ = place::between;
          return true;
        }
        break;
      default:
        if (c >= '0' && c <= '9') quote_ = quote::number;
        break;
    }
    return false;
  }

  // Adds `c` to the current word, or ends the word before it. False when `c` was not taken.
  bool word_continues(char c) {
    if (is_word(c)) {
      if (word_size_ < word_.size()) word_[word_size_] = to_lower(c);
      ++word_size_;
      return true;
    }
    quote_ = quote::none;
    const std::string_view word = word_size_ <= word_.size() ? std::string_view{word_.data(), word_size_} : "";
    if (c == '\'' && word == "e") {
      quote_ = quote::escape_string;
      opening_ = true;
    }
    end_word(word);
    return false;
  }

  void end_word(std::string_view word) {
    if (word_count_ < leading_.size()) {
      // psql's way to know CREATE [OR REPLACE] FUNCTION|PROCEDURE by the first letters of the first four words
      if (word == "create" || word == "function" || word == "procedure" || word == "or" || word == "replace") {
        leading_[word_count_] = word.front();
      }
    }
    ++word_count_;
    if (paren_depth_ != 0) {
      odd_values_ |= seen_values_ && !is_literal_word(word);
      return;
    }
    if (word == "values") seen_values_ = true;
    const bool routine = leading_[0] == 'c' &&
                         (leading_[1] == 'f' || leading_[1] == 'p' ||
                          (leading_[1] == 'o' && leading_[2] == 'r' && (leading_[3] == 'f' || leading_[3] == 'p')));
    if (!routine) return;
    if (word == "begin") {
      ++begin_depth_;
    } else if (word == "case") {
      if (begin_depth_ > 0) ++begin_depth_;
    } else if (word == "end") {
      if (begin_depth_ > 0) --begin_depth_;
    }
  }

  // What may stand in a list of literals outside of quotes: the names of constants, and what a string is of.
  static constexpr bool is_literal_word(std::string_view word) noexcept {
    return word == "null" || word == "default" || word == "true" || word == "false" || word == "e" || word == "b" ||
           word == "x";
  }

  // In plain strings and identifiers a doubled quote closes and opens again, which comes to the same.
  std::size_t skip_quoted(std::string_view input, std::size_t at, char close, bool escapes) {
    if (opening_) {
      opening_ = false;
      return at + 1;
    }
    if (!escapes && !unsafe_encoding_) {
      const std::size_t end = input.find(close, at);
      if (look_for_newlines_) newline_in_string_ |= input.substr(at, end - at).find('\n') != std::string_view::npos;
      if (end == std::string_view::npos) return input.size();
      quote_ = quote::none;
      return end + 1;
    }
    for (; at < input.size(); ++at) {
      const char c = input[at];
      if (skip_next_) {
        skip_next_ = false;
      } else if ((escapes && c == '\\') || (unsafe_encoding_ && static_cast<signed char>(c) < 0)) {
        skip_next_ = true;
      } else if (c == close) {
        quote_ = quote::none;
        if (escapes) held_ = close;  // doubled, it goes on as the same kind of string
        return at + 1;
      } else {
        newline_in_string_ |= c == '\n';
      }
    }
    return at;
  }

  // After a `$`: a tag is letters, digits and underscores up to the next `$`; anything else (`$1`) is no quote.
  std::size_t read_dollar_tag(std::string_view input, std::size_t at) {
    for (; at < input.size(); ++at) {
      const char c = input[at];
      if (c == '$') {
        tag_ += c;
        quote_ = quote::dollar;
        matched_ = 0;
        return at + 1;
      }
      const bool fits = tag_.size() == 1 ? is_word_start(c) : is_word(c);
      if (!fits || tag_.size() > longest_tag) {
        quote_ = quote::none;
        return at;
      }
      tag_ += c;
    }
    return at;
  }

  std::size_t skip_dollar_quoted(std::string_view input, std::size_t at) {
    while (at < input.size()) {
      if (matched_ == 0) {
        at = input.find('$', at);
        if (at == std::string_view::npos) return input.size();
        matched_ = 1;
        ++at;
        continue;
      }
      const char c = input[at];
      if (c == tag_[matched_]) {
        ++at;
        if (++matched_ == tag_.size()) {
          quote_ = quote::none;
          return at;
        }
      } else {
        matched_ = 0;  // a `$` here may begin the tag: looked at again
      }
    }
    return at;
  }

  static constexpr std::size_t longest_tag = 1024;

  place place_ = place::between;
  quote quote_ = quote::none;
  char held_ = 0;         // a byte whose meaning the next one decides
  bool opening_ = false;  // the opening quote of an E'' string is still to come
  bool skip_next_ = false;
  std::size_t comment_depth_ = 0;
  std::size_t paren_depth_ = 0;
  std::size_t begin_depth_ = 0;
  std::array<char, 9> word_{};  // the longest word that matters is `procedure`
  std::size_t word_size_ = 0;
  std::array<char, 4> leading_{};
  std::size_t word_count_ = 0;
  std::string tag_;          // of the dollar quote, with both dollars
  std::size_t matched_ = 0;  // bytes of tag_ matched
  std::uint64_t value_groups_ = 0;
  bool seen_values_ = false;
  bool odd_values_ = false;
  bool look_for_newlines_ = false;
  bool newline_in_string_ = false;
  bool backslash_in_statement_ = false;
  bool standard_strings_ = true;
  bool unsafe_encoding_ = false;
};

}  // namespace knowngood
