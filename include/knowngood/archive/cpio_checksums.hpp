// cpio_checksums: verifies the checksums that cpio's `crc` format (magic 070702) keeps of its members, the sum of all
// bytes of each, which libarchive does not look at.
//
// Layer: archive. Sees the archive's bytes on their way to whoever reads it. Example:
//   cpio_checksums sums; sums.update(chunk); … if (const auto& found = sums.mismatch()) …
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "knowngood/io/source.hpp"

namespace knowngood {

class cpio_checksums {
 public:
  /// A member whose bytes add up to something else than its header says.
  struct difference {
    std::string member;
    std::uint32_t stated = 0;
    std::uint32_t actual = 0;
  };

  void update(byte_view bytes) {
    while (!bytes.empty() && state_ != state::other) {
      const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(wanted_ - have_, bytes.size()));
      const byte_view now = bytes.first(take);
      bytes = bytes.subspan(take);
      have_ += take;
      if (state_ == state::content) {
        for (const std::byte b : now) sum_ += std::to_integer<std::uint32_t>(b);
      } else if (state_ != state::padding) {
        text_.append(reinterpret_cast<const char*>(now.data()), now.size());
      }
      while (have_ == wanted_ && state_ != state::other) advance();
    }
  }

  [[nodiscard]] const std::optional<difference>& mismatch() const noexcept { return mismatch_; }

 private:
  enum class state : unsigned char {
    header,
    name,
    content,
    padding,
    other
  };  // other: not of this format, or behind it

  static constexpr std::uint64_t header_bytes = 110;
  static constexpr std::uint64_t most_name_bytes = std::uint64_t{1} << 20U;

  void expect(state next, std::uint64_t bytes) {
    state_ = next;
    wanted_ = bytes;
    have_ = 0;
  }

  void advance() {
    switch (state_) {
      case state::header: return begin_member();
      case state::name:
        name_ = text_.substr(0, text_.find('\0'));
        text_.clear();
        if (name_ == "TRAILER!!!") return expect(state::other, 0);
        sum_ = 0;
        return expect(state::content, size_);
      case state::content:
        if (sum_ != stated_ && !mismatch_) mismatch_ = difference{name_, stated_, sum_};
        return expect(state::padding, (4 - size_ % 4) % 4);
      case state::padding: return expect(state::header, header_bytes);
      case state::other: return;
    }
  }

  void begin_member() {
    const std::string header = std::exchange(text_, {});
    const auto name_bytes = field(header, 11);
    const auto size = field(header, 6);
    const auto stated = field(header, 12);
    if (!header.starts_with("070702") || !name_bytes || !size || !stated || *name_bytes > most_name_bytes) {
      return expect(state::other, 0);
    }
    size_ = *size;
    stated_ = *stated;
    expect(state::name, (header_bytes + *name_bytes + 3) / 4 * 4 - header_bytes);
  }

  // Fields are eight hexadecimal digits each, behind six bytes of magic.
  static std::optional<std::uint32_t> field(std::string_view header, std::size_t number) {
    std::uint32_t value = 0;
    const char* const first = header.data() + 6 + number * 8;
    const auto [end, error] = std::from_chars(first, first + 8, value, 16);
    return error == std::errc{} && end == first + 8 ? std::optional{value} : std::nullopt;
  }

  state state_ = state::header;
  std::uint64_t wanted_ = header_bytes;
  std::uint64_t have_ = 0;
  std::string text_;
  std::string name_;
  std::uint32_t size_ = 0;
  std::uint32_t stated_ = 0;
  std::uint32_t sum_ = 0;
  std::optional<difference> mismatch_;
};

}  // namespace knowngood
