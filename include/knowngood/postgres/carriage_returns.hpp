// carriage_returns: which carriage returns stand in a piece of a script: before a newline one may be of the line's end,
// alone it is data, two of them before a newline are what a terminal within a terminal leaves.
//
// Layer: postgres; part of plain_dump, of no use alone. Pieces come one after the other, cut anywhere.
#pragma once

#include <string_view>

namespace knowngood::detail {

class carriage_returns {
 public:
  void feed(std::string_view piece) {
    if (!pending_ && piece.find('\r') == std::string_view::npos) return;
    any_ = true;
    for (const char c : piece) {
      if (pending_ && c == '\r') {
        doubled_ = true;
        alone_ = true;
      } else if (pending_ && c == '\n') {
        doubled_before_newline_ |= doubled_;
      } else if (pending_) {
        alone_ = true;
      }
      if (c != '\r') doubled_ = false;
      pending_ = c == '\r';
    }
  }

  [[nodiscard]] bool any() const noexcept { return any_; }
  /// One with no newline behind it.
  [[nodiscard]] bool alone() const noexcept { return alone_; }
  /// CR CR LF.
  [[nodiscard]] bool doubled() const noexcept { return doubled_before_newline_; }

 private:
  bool pending_ = false;  // the last byte was one
  bool doubled_ = false;  // and so was the one before it
  bool alone_ = false;
  bool any_ = false;
  bool doubled_before_newline_ = false;
};

}  // namespace knowngood::detail
