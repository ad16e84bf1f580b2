// open_archive: a stored archive, compressed or not, as the tar stream that it holds.
//
// Layer: archive. Example: tar_reader tar{open_archive(path, where, bounds, findings), where, bounds, findings};
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "restorable/base/limits.hpp"
#include "restorable/codec/detect.hpp"
#include "restorable/io/file_source.hpp"
#include "restorable/io/lookahead.hpp"
#include "restorable/io/observed.hpp"
#include "restorable/io/read_ahead.hpp"

namespace restorable {

/// Opens `path` and undoes whatever compression its content shows, several of them one within another up to
/// `bounds.nesting_depth`. What is left is not looked at: it may be no tar. `on_stored_bytes` hears of the file's own
/// bytes as they are read, on another thread. `where` and `findings` outlive the source, which throws what the layers
/// throw, and `environment_error` beyond `expanded_bytes` and `expansion_ratio`. Throws `environment_error` when the
/// file cannot be opened.
inline std::unique_ptr<source> open_archive(const std::string& path, const location& where, const limits& bounds,
                                            finding_sink& findings,
                                            std::function<void(std::uint64_t)> on_stored_bytes = {}) {
  auto file = std::make_unique<file_source>(path, where);
  const std::optional<std::uint64_t> stored = file->size();
  std::unique_ptr<source> from = std::move(file);
  if (on_stored_bytes) {
    from = observe(std::move(from), [hear = std::move(on_stored_bytes)](byte_view chunk) { hear(chunk.size()); });
  }
  constexpr std::uint64_t overlap_from = std::uint64_t{1} << 20;
  const bool overlap = !stored || *stored >= overlap_from;
  for (std::uint32_t layers = 0;; ++layers) {
    auto head = std::make_unique<lookahead>(std::move(from));
    const compression how = detect_compression(head->peek(compression_head_bytes));
    if (how == compression::none) return head;
    if (layers == bounds.nesting_depth) throw_limit_exceeded(where, "nesting_depth", bounds.nesting_depth, layers + 1U);
    from = decompressed(std::move(head), how, where, findings);
    from = observe(std::move(from), [total = std::uint64_t{0}, stored, bounds, where](byte_view chunk) mutable {
      constexpr std::uint64_t first_gibibyte = std::uint64_t{1} << 30;
      total += chunk.size();
      if (total > bounds.expanded_bytes) throw_limit_exceeded(where, "expanded_bytes", bounds.expanded_bytes, total);
      if (stored && total > first_gibibyte && total / bounds.expansion_ratio > *stored) {
        throw_limit_exceeded(where, "expansion_ratio", bounds.expansion_ratio,
                             total / std::max<std::uint64_t>(*stored, 1));
      }
    });
    if (overlap) from = std::make_unique<read_ahead>(std::move(from));
  }
}

}  // namespace restorable
