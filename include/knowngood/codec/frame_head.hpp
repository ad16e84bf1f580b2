// frame_head: the first bytes of a frame, gathered while they pass, for the magic number and flags that they hold.
//
// Layer: codec, internal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace knowngood::detail {

template <std::size_t Size>
class frame_head {
 public:
  void clear() noexcept { size_ = 0; }
  void push(std::byte value) noexcept { bytes_[size_++] = value; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool full() const noexcept { return size_ == Size; }
  [[nodiscard]] std::uint8_t operator[](std::size_t i) const noexcept {
    return std::to_integer<std::uint8_t>(bytes_[i]);
  }
  [[nodiscard]] const std::byte* data() const noexcept { return bytes_.data(); }

  /// The first four bytes, little-endian, with zeros for those that have not come.
  [[nodiscard]] std::uint32_t word() const noexcept {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4 && i < size_; ++i) value |= std::uint32_t{(*this)[i]} << (8 * i);
    return value;
  }

  /// True while the bytes so far can still become `magic`, of which the bits in `any` are free.
  [[nodiscard]] bool begins(std::uint32_t magic, std::uint32_t any = 0) const noexcept {
    const std::uint32_t known = size_ >= 4 ? 0xFFFFFFFFU : (std::uint32_t{1} << (8 * size_)) - 1;
    return ((word() ^ magic) & known & ~any) == 0;
  }

 private:
  std::array<std::byte, Size> bytes_{};
  std::size_t size_ = 0;
};

/// Skippable frames: `184D2A50` to `184D2A5F`, shared by zstd (RFC 8878, section 3.1.2) and lz4.
inline constexpr std::uint32_t skippable_magic = 0x184D2A50;
inline constexpr std::uint32_t skippable_any = 0x0000000F;

}  // namespace knowngood::detail
