// Where a finding lies: a chain of containers from the artifact inwards, and a byte offset in the innermost one.
//
// Layer: base. Example: (location{"full.tar.gz"} / "db.sql.gz" / "public.incidents").at(42).to_string()
//   == "full.tar.gz » db.sql.gz » public.incidents at byte 42".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/printable.hpp"

namespace knowngood {

class location {
 public:
  location() = default;
  explicit location(std::string artifact) { chain_.push_back(std::move(artifact)); }
  location(std::vector<std::string> chain, std::optional<std::uint64_t> offset)
      : chain_{std::move(chain)}, offset_{offset} {}

  /// One container deeper; the offset, which belonged to the outer one, is dropped.
  [[nodiscard]] location operator/(std::string name) const {
    location inner{chain_, std::nullopt};
    inner.chain_.push_back(std::move(name));
    return inner;
  }

  /// The same place with a byte offset from the start of the innermost container's content.
  [[nodiscard]] location at(std::uint64_t offset) const { return location{chain_, offset}; }

  /// From the artifact inwards; raw names as the backup spells them.
  [[nodiscard]] const std::vector<std::string>& chain() const noexcept { return chain_; }
  [[nodiscard]] std::optional<std::uint64_t> offset() const noexcept { return offset_; }

  /// For people: names made printable, joined by `»`.
  [[nodiscard]] std::string to_string() const {
    std::string text;
    for (const auto& name : chain_) {
      if (!text.empty()) text += " » ";
      text += printable(name);
    }
    if (offset_) text += fmt::format("{}at byte {}", text.empty() ? "" : " ", *offset_);
    return text;
  }

  friend bool operator==(const location&, const location&) = default;

 private:
  std::vector<std::string> chain_;
  std::optional<std::uint64_t> offset_;
};

}  // namespace knowngood
