// copy_blocks: the COPY blocks of a dump, each sent over the main connection, in the order of its statements, or dealt
// out over further ones.
//
// Layer: load. The further ones may still be busy with one block while the next begins: `wait` is for what must come
// after all rows.
//   copies.begin(event, on_main, setup.sql());  copies.put(event);  if (const auto failure = copies.end()) …
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/base/location.hpp"
#include "knowngood/load/copy_fan_out.hpp"
#include "knowngood/load/load_lane.hpp"
#include "knowngood/postgres/dump_event.hpp"
#include "knowngood/server/connection.hpp"
#include "knowngood/server/sql_error.hpp"

namespace knowngood {

class copy_blocks {
 public:
  /// `main` outlives this object; `conninfo` is its own.
  copy_blocks(connection& main, std::string conninfo, location where, const lane_options& options)
      : main_{main}, others_{std::move(conninfo), std::move(where), options} {}

  /// `event` begins a block. `setup`: what further connections run before it.
  void begin(const dump_event& event, bool on_main, const std::shared_ptr<const std::string>& setup) {
    open_.emplace(block{*event.copy, event.line, on_main, false, {}});
    if (!on_main) return others_.begin(std::string{event.text}, event.copy->table, event.line, setup);
    try {
      main_.begin_copy_in(std::string{event.text});
    } catch (const sql_error& error) {
      open_->error = error;
    }
  }

  void put(const dump_event& rows) {
    if (!open_->on_main) {
      others_.put(rows.text, rows.rows);
    } else if (!open_->error && !rows.text.empty()) {
      main_.put(rows.text);
      open_->inside_row = rows.text.back() != '\n';
    }
  }

  /// The block that has begun and not ended: its table and columns; null when there is none.
  [[nodiscard]] const copy_target* open() const noexcept { return open_ ? &open_->target : nullptr; }

  /// The block is complete. Returns why the server did not take it, if that is known already.
  std::optional<copy_failure> end() {
    const block done = *std::exchange(open_, std::nullopt);
    if (!done.on_main) {
      others_.end();
      sent_ = true;
      return std::nullopt;
    }
    return done.error ? copy_failure{done.target.table, done.line, *done.error} : finish_on_main(done);
  }

  /// The dump ends within the block: what is whole of it stays; but nothing of it where a part of a row was sent over
  /// the main connection, as is only of rows that are longer than `copy_rows::row_buffer`.
  std::optional<copy_failure> break_off() {
    const block done = *std::exchange(open_, std::nullopt);
    if (!done.on_main) {
      others_.break_off();
      sent_ = true;
    } else if (!done.error && !done.inside_row) {
      return finish_on_main(done);
    } else if (!done.error) {
      main_.abort_copy("the dump ends inside a row");
    }
    return std::nullopt;
  }

  /// Waits until the further connections have sent everything; returns what failed since. Throws as
  /// `copy_fan_out::wait`.
  std::vector<copy_failure> wait() {
    return std::exchange(sent_, false) ? others_.wait() : std::vector<copy_failure>{};
  }

 private:
  struct block {
    copy_target target;
    std::uint64_t line;
    bool on_main;
    bool inside_row;  // what was sent over the main connection ends in one
    std::optional<sql_error> error;
  };

  std::optional<copy_failure> finish_on_main(const block& done) {
    try {
      main_.finish_copy();
    } catch (const sql_error& error) {
      return copy_failure{done.target.table, done.line + copy_line_of(error).value_or(0), error};
    }
    return std::nullopt;
  }

  connection& main_;
  copy_fan_out others_;
  std::optional<block> open_;
  bool sent_ = false;  // since the last `wait`
};

}  // namespace knowngood
