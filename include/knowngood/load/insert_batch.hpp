// insert_batch: INSERT statements that are sent many at a time.
//
// Layer: load. Sent together they are one transaction; when that fails, each is run by itself, which shows which is
// wrong.
//   inserts.add(text, place, object); if (inserts.full()) flush(std::exchange(inserts, {}));
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/load/load_findings.hpp"

namespace knowngood {

class insert_batch {
 public:
  struct item {
    std::size_t begin;  ///< of its text
    statement_place at;
    std::optional<std::size_t> object;  ///< that it belongs to
  };

  void add(std::string_view statement, statement_place at, std::optional<std::size_t> object) {
    items_.push_back({text_.size(), std::move(at), object});
    text_.append(statement).push_back('\n');
  }

  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  [[nodiscard]] bool full() const noexcept { return text_.size() >= most_bytes || items_.size() >= most_statements; }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] const std::vector<item>& items() const noexcept { return items_; }
  /// The text of one of them.
  [[nodiscard]] std::string_view text_of(std::size_t index) const {
    const std::size_t end = index + 1 < items_.size() ? items_[index + 1].begin : text_.size();
    return std::string_view{text_}.substr(items_[index].begin, end - items_[index].begin);
  }

 private:
  static constexpr std::size_t most_bytes = std::size_t{256} << 10;
  static constexpr std::size_t most_statements = 1000;

  std::string text_;
  std::vector<item> items_;
};

}  // namespace knowngood
