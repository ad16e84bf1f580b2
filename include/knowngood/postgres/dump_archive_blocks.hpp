// dump_archive_blocks: where the data of a dump archive comes from, one block after the other: out of the archive
// itself (the custom format), or out of a file for each (the directory and the tar format).
//
// Layer: postgres, internal. Example:
//   while (auto block = blocks.next()) { auto data = blocks.data(); … }
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/postgres/dump_archive_block.hpp"
#include "knowngood/postgres/dump_archive_input.hpp"
#include "knowngood/postgres/dump_archive_toc.hpp"

namespace knowngood::detail {

/// Where an entry's data is said to lie: `archive » schema.table`.
inline location where_of_entry(const location& archive, const dump_archive_entry& entry) {
  return archive / (entry.schema.empty() ? entry.tag : entry.schema + "." + entry.tag);
}

class dump_archive_blocks {
 public:
  struct block {
    std::size_t entry = 0;  ///< its place in the table of contents
    bool large_objects = false;
  };

  dump_archive_blocks() = default;
  dump_archive_blocks(const dump_archive_blocks&) = delete;
  dump_archive_blocks& operator=(const dump_archive_blocks&) = delete;
  virtual ~dump_archive_blocks() = default;

  /// The next block; nothing behind the last. Throws `stream_error`.
  virtual std::optional<block> next() = 0;
  /// Of large objects: the id of the next one in the block; nothing behind the last.
  virtual std::optional<std::int64_t> next_large_object() = 0;
  /// The data of the block, or of the large object, inflated; ends before this object does.
  virtual std::unique_ptr<source> data() = 0;
  /// Where reading stands, for errors.
  [[nodiscard]] virtual location place() const = 0;
  /// Entries whose data did not come, in the order of the table of contents; to be asked behind the last block.
  [[nodiscard]] virtual std::vector<std::size_t> missing() const = 0;
};

/// Blocks of the custom format, which stand one behind the other after the table of contents.
class blocks_in_archive final : public dump_archive_blocks {
 public:
  /// `in` stands behind the table of contents; all outlive this object.
  blocks_in_archive(dump_archive_input& in, const dump_archive_toc& toc, const location& where, finding_sink& findings)
      : in_{in}, toc_{toc}, where_{where}, findings_{findings} {
    for (std::size_t i = 0; i < toc.entries.size(); ++i) {
      if (toc.entries[i].has_data) waiting_.emplace(toc.entries[i].id, i);
    }
  }

  std::optional<block> next() override {
    if (in_.at_end()) return std::nullopt;
    const std::uint64_t at = in_.offset();
    const std::uint8_t type = in_.byte(block_part);
    if (type != data_block && type != large_object_block) {
      throw in_.damaged(at, "neither a data block nor the archive's end", "1 or 3", fmt::format("{}", type));
    }
    const std::int64_t id = in_.integer(block_part);
    const auto known = waiting_.find(id);
    if (known == waiting_.end()) {
      const bool twice = std::any_of(toc_.entries.begin(), toc_.entries.end(),
                                     [&](const dump_archive_entry& one) { return one.has_data && one.id == id; });
      throw in_.damaged(at, fmt::format("a data block of {} {}", twice ? "entry" : "no entry:", id),
                        twice ? "one block of it" : "an id of the table of contents",
                        twice ? "another" : "none with it");
    }
    entry_ = known->second;
    hold_to_contents(at);
    waiting_.erase(known);
    return block{entry_, type == large_object_block};
  }

  std::optional<std::int64_t> next_large_object() override {
    const std::int64_t id = in_.integer("a large object's id");
    return id == 0 ? std::nullopt : std::optional{id};
  }

  std::unique_ptr<source> data() override {
    return dump_archive_data(in_, toc_.compression, where_of_entry(where_, toc_.entries[entry_]), findings_);
  }

  [[nodiscard]] location place() const override {
    return where_of_entry(where_, toc_.entries[entry_]).at(in_.offset());
  }

  [[nodiscard]] std::vector<std::size_t> missing() const override {
    std::vector<std::size_t> left;
    for (const auto& [id, index] : waiting_) left.push_back(index);
    std::sort(left.begin(), left.end());
    return left;
  }

 private:
  static constexpr std::uint8_t data_block = 1;
  static constexpr std::uint8_t large_object_block = 3;
  static constexpr std::string_view block_part = "a data block's header";

  void hold_to_contents(std::uint64_t at) {
    const dump_archive_entry& entry = toc_.entries[entry_];
    const location where = where_of_entry(where_, entry).at(at);
    if (entry.state == dump_archive_entry::offset_state::known && entry.offset != at) {
      findings_.report(make_finding(checks::dump_archive_offset, where,
                                    "the table of contents states another place of this data",
                                    fmt::format("byte {}", entry.offset), fmt::format("byte {}", at)));
    }
    if (entry_ < last_ && !std::exchange(order_reported_, true)) {
      findings_.report(make_finding(checks::dump_archive_order, where,
                                    "data blocks stand in another order than the table of contents",
                                    "the order in which pg_dump writes them", "an earlier entry's data"));
    }
    last_ = entry_;
  }

  dump_archive_input& in_;
  const dump_archive_toc& toc_;
  const location& where_;
  finding_sink& findings_;
  std::map<std::int64_t, std::size_t> waiting_;  // entries whose data has not come, by dump id
  std::size_t entry_ = 0;                        // whose block is read
  std::size_t last_ = 0;
  bool order_reported_ = false;
};

}  // namespace knowngood::detail
