// put_off_statements: statements that are run later than they stand in the dump: indexes, constraints and foreign keys,
// to be built side by side, and what is said about them once they are there.
//
// Layer: load. Kept until there are enough, or something comes that has to find them done.
//   put_off.add_index(text, *parse_index(text), bytes, place);  if (put_off.full()) build(put_off.take());
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/load/dump_statement.hpp"
#include "knowngood/load/index_builder.hpp"
#include "knowngood/load/load_findings.hpp"

namespace knowngood {

class put_off_statements {
 public:
  struct place {
    statement_place at;
    std::optional<std::size_t> object;  ///< that it belongs to
  };
  struct batch {
    std::vector<index_task> tasks;
    std::vector<place> places;                                 ///< of each task
    std::vector<std::pair<std::string, place>> afterthoughts;  ///< to be run after all of them, in this order
  };

  /// `weight`: bytes of the table's rows.
  void add_index(std::string_view statement, const index_statement& what, std::uint64_t weight, place where) {
    batch_.tasks.push_back({std::string{statement}, what, weight, {}});
    batch_.places.push_back(std::move(where));
  }

  void add_afterthought(std::string_view statement, const std::vector<std::string>& words, place where) {
    attaches_ |= attaches_index(words);
    batch_.afterthoughts.emplace_back(statement, std::move(where));
  }

  /// Whether `next` has to find done what was put off: a foreign key refers to no index whose parts are not attached.
  [[nodiscard]] bool precedes(const index_statement& next) const {
    return attaches_ && next.what == index_statement::kind::foreign_key;
  }

  /// No index is put off, and so nothing is.
  [[nodiscard]] bool empty() const noexcept { return batch_.tasks.empty(); }
  [[nodiscard]] bool full() const noexcept { return batch_.tasks.size() >= most; }

  /// All of them; none is left.
  batch take() {
    attaches_ = false;
    return std::exchange(batch_, {});
  }

 private:
  static constexpr std::size_t most = 256;

  batch batch_;
  bool attaches_ = false;  // one of the afterthoughts attaches an index to that of a partitioned table
};

}  // namespace knowngood
