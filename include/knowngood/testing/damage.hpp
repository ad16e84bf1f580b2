// Named damages: what disks, networks and dying programs do to bytes, each with a name that a test can show.
//
// Layer: testing. Example: for (auto& d : every_cut(bytes)) EXPECT_FALSE(passes(d.apply(bytes))) << d.name;
#pragma once

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace knowngood {

struct damage {
  std::string name;
  std::function<std::string(std::string)> apply;  ///< takes the intact bytes, returns the damaged ones
};

/// Keeps the first `size` bytes.
inline damage cut_at(std::size_t size) {
  return {fmt::format("cut at byte {}", size), [size](std::string bytes) {
            if (size >= bytes.size()) throw std::invalid_argument{"cut_at beyond the end damages nothing"};
            bytes.resize(size);
            return bytes;
          }};
}

/// Inverts bit `bit` (0 to 7) of the byte at `offset`.
inline damage flip_bit(std::size_t offset, unsigned bit = 0) {
  return {fmt::format("bit {} of byte {} flipped", bit, offset), [offset, bit](std::string bytes) {
            bytes.at(offset) = static_cast<char>(static_cast<unsigned char>(bytes.at(offset)) ^ (1U << bit));
            return bytes;
          }};
}

/// Appends `tail`.
inline damage append(std::string tail) {
  return {fmt::format("{} bytes appended", tail.size()),
          [tail = std::move(tail)](std::string bytes) { return bytes + tail; }};
}

/// Removes `count` bytes at `offset`, as a lost block does.
inline damage remove_bytes(std::size_t offset, std::size_t count) {
  return {fmt::format("{} bytes removed at byte {}", count, offset),
          [offset, count](std::string bytes) { return bytes.erase(offset, count); }};
}

/// Overwrites `count` bytes at `offset` with zeros, as a sparse hole does.
inline damage zero_bytes(std::size_t offset, std::size_t count) {
  return {fmt::format("{} bytes zeroed at byte {}", count, offset),
          [offset, count](std::string bytes) { return bytes.replace(offset, count, std::string(count, '\0')); }};
}

/// Every proper prefix of `bytes`, the empty one included.
inline std::vector<damage> every_cut(const std::string& bytes) {
  std::vector<damage> all;
  for (std::size_t size = 0; size < bytes.size(); ++size) all.push_back(cut_at(size));
  return all;
}

/// Every single-bit flip of `bytes`.
inline std::vector<damage> every_bit_flip(const std::string& bytes) {
  std::vector<damage> all;
  for (std::size_t offset = 0; offset < bytes.size(); ++offset) {
    for (unsigned bit = 0; bit < 8; ++bit) all.push_back(flip_bit(offset, bit));
  }
  return all;
}

}  // namespace knowngood
