// iso9660_size: how long an ISO 9660 image says that it is, against how much of it there is: libarchive reads what it
// needs, and does not miss the rest.
//
// Layer: archive. ECMA-119, 8.4: the primary volume descriptor, "Volume Space Size" and "Logical Block Size". Example:
//   iso9660_size size; size.update(chunk); … if (size.stated() && *size.stated() > size.seen()) …
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "knowngood/io/source.hpp"

namespace knowngood {

class iso9660_size {
 public:
  void update(byte_view bytes) {
    const std::uint64_t at = seen_;
    seen_ += bytes.size();
    if (at >= descriptor_end || seen_ <= descriptor_begin) return;
    const auto from = static_cast<std::size_t>(std::max(at, descriptor_begin) - at);
    const auto to = static_cast<std::size_t>(std::min(seen_, descriptor_end) - at);
    const byte_view part = bytes.subspan(from, to - from);
    descriptor_.append(reinterpret_cast<const char*>(part.data()), part.size());
  }

  /// Bytes so far.
  [[nodiscard]] std::uint64_t seen() const noexcept { return seen_; }

  /// Bytes that the image must have; nothing where no primary descriptor says.
  [[nodiscard]] std::optional<std::uint64_t> stated() const {
    constexpr std::string_view primary{"\1CD001", 6};
    if (descriptor_.size() < descriptor_end - descriptor_begin || !descriptor_.starts_with(primary))
      return std::nullopt;
    return number(80, 4) * number(128, 2);
  }

 private:
  static constexpr std::uint64_t descriptor_begin = 32'768;
  static constexpr std::uint64_t descriptor_end = descriptor_begin + 2048;

  // Both byte orders are there, the little one first.
  [[nodiscard]] std::uint64_t number(std::size_t at, std::size_t size) const {
    std::uint64_t value = 0;
    for (std::size_t i = size; i > 0; --i) value = (value << 8U) | static_cast<unsigned char>(descriptor_[at + i - 1]);
    return value;
  }

  std::uint64_t seen_ = 0;
  std::string descriptor_;
};

}  // namespace knowngood
