// open_archive: a stored archive, compressed or not, as the tar stream that it holds.
//
// Layer: archive. Example: tar_reader tar{open_archive(path, where, bounds, findings), where, bounds, findings};
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "knowngood/base/expansion.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/codec/detect.hpp"
#include "knowngood/io/file_source.hpp"
#include "knowngood/io/lookahead.hpp"
#include "knowngood/io/observed.hpp"
#include "knowngood/io/read_ahead.hpp"

namespace knowngood {

/// Undoes whatever compression the content of `from` shows, as `open_archive` does. `stored`: its bytes, where known.
inline std::unique_ptr<source> open_archive(std::unique_ptr<source> from, std::optional<std::uint64_t> stored,
                                            const location& where, const limits& bounds, finding_sink& findings) {
  constexpr std::uint64_t overlap_from = std::uint64_t{1} << 20;
  const auto grown = std::make_shared<expansion>(bounds);
  grown->begin(stored);
  const bool overlap = !stored || *stored >= overlap_from;
  for (std::uint32_t layers = 0;; ++layers) {
    auto head = std::make_unique<lookahead>(std::move(from));
    const compression how = detect_compression(head->peek(compression_head_bytes));
    if (how == compression::none) return head;
    if (layers == bounds.nesting_depth) throw_limit_exceeded(where, "nesting_depth", bounds.nesting_depth, layers + 1U);
    from = decompressed(std::move(head), how, where, findings);
    from = observe(std::move(from), [grown, where](byte_view chunk) { grown->count(chunk.size(), where); });
    if (overlap) from = std::make_unique<read_ahead>(std::move(from));
  }
}

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
  return open_archive(std::move(from), stored, where, bounds, findings);
}

}  // namespace knowngood
