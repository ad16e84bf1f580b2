// redis_snapshot: whether a stream is a whole snapshot of Redis or Valkey (dump.rdb): header, version, end marker,
// CRC-64.
//
// Layer: inspect. Its records are not taken apart: where the CRC is on, as it is unless somebody turned it off, it
// vouches for every byte.
//   const redis_snapshot seen = read_redis_snapshot(in, where, findings);   // seen.has_crc
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

/// True for `REDIS` and `VALKEY` with what should be a version behind it.
inline bool is_redis_snapshot(byte_view head) noexcept {
  const std::string_view text{reinterpret_cast<const char*>(head.data()), head.size()};
  const std::size_t name = text.starts_with("REDIS") ? 5 : text.starts_with("VALKEY") ? 6 : 0;
  if (name == 0 || text.size() < 9) return false;
  // One damaged digit leaves it a snapshot with a damaged header.
  const std::string_view version = text.substr(name, 9 - name);
  const auto digits = std::count_if(version.begin(), version.end(), [](char c) { return c >= '0' && c <= '9'; });
  return static_cast<std::size_t>(digits) + 1 >= version.size();
}

struct redis_snapshot {
  unsigned version = 0;
  bool has_crc = false;  ///< and it matches
};

namespace detail {

/// CRC-64 as Redis computes it: the polynomial of Jones, reflected, beginning with 0. Eight bytes a step.
class crc64_jones {
 public:
  void update(byte_view bytes) noexcept {
    const auto& tables = all_tables();
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) {
      for (std::size_t i = 0; i < 8; ++i) value_ ^= std::to_integer<std::uint64_t>(bytes[at + i]) << (8 * i);
      std::uint64_t next = 0;
      for (std::size_t i = 0; i < 8; ++i) next ^= tables[7 - i][(value_ >> (8 * i)) & 0xFFU];
      value_ = next;
    }
    for (; at < bytes.size(); ++at) {
      value_ = tables[0][(value_ ^ std::to_integer<std::uint64_t>(bytes[at])) & 0xFFU] ^ (value_ >> 8U);
    }
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

 private:
  using table = std::array<std::uint64_t, 256>;

  static const std::array<table, 8>& all_tables() {
    static const std::array<table, 8> tables = [] {
      constexpr std::uint64_t polynomial = 0x95AC9329AC4BC9B5;  // reflected
      std::array<table, 8> made{};
      for (std::size_t i = 0; i < 256; ++i) {
        std::uint64_t value = i;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? polynomial : 0);
        made[0][i] = value;
      }
      for (std::size_t t = 1; t < 8; ++t) {
        for (std::size_t i = 0; i < 256; ++i) {
          made[t][i] = (made[t - 1][i] >> 8U) ^ made[0][made[t - 1][i] & 0xFFU];
        }
      }
      return made;
    }();
    return tables;
  }

  std::uint64_t value_ = 0;
};

/// What a snapshot is judged by: its first and its last bytes, and the CRC of all before those.
struct redis_bytes {
  static constexpr std::size_t trailer = 9;  // 0xFF and the CRC
  static constexpr std::size_t head_bytes = 512;

  std::string head;
  std::vector<std::byte> last;  ///< the last nine, or all where there are fewer
  crc64_jones crc;
  std::uint64_t size = 0;

  void add(byte_view chunk) {
    size += chunk.size();
    if (head.size() < head_bytes) {
      const std::size_t wanted = std::min<std::size_t>(head_bytes - head.size(), chunk.size());
      head.append(reinterpret_cast<const char*>(chunk.data()), wanted);
    }
    if (chunk.size() >= trailer) {
      crc.update(last);
      crc.update(chunk.first(chunk.size() - trailer));
      last.assign(chunk.end() - trailer, chunk.end());
      return;
    }
    last.insert(last.end(), chunk.begin(), chunk.end());
    if (last.size() <= trailer) return;
    crc.update(byte_view{last}.first(last.size() - trailer));
    last.erase(last.begin(), last.end() - trailer);
  }
};

}  // namespace detail

/// Reads `from` to its end. Reports a header with no version, an end without its marker, a CRC that differs. Throws
/// what `from` throws.
inline redis_snapshot read_redis_snapshot(source& from, const location& where, finding_sink& findings) {
  detail::redis_bytes bytes;
  for (byte_view chunk = from.next(); !chunk.empty(); chunk = from.next()) bytes.add(chunk);
  const auto& [head, last, crc_before, size] = bytes;
  redis_snapshot seen;
  const std::size_t name = head.starts_with("VALKEY") ? 6 : 5;
  const std::string digits = head.size() > name ? head.substr(name, 9 - name) : std::string{};
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) {
    findings.report(make_finding(checks::redis_header, where.at(name), "the snapshot's version is no number", "digits",
                                 printable(digits)));
    return seen;
  }
  seen.version = static_cast<unsigned>(std::stoul(digits));
  constexpr unsigned newest_known = 100;  // 12 is Redis 7.4 and 8; Valkey counts from 80
  if (seen.version == 0 || seen.version > newest_known) {
    findings.report(make_finding(checks::redis_header, where.at(name), "there is no such version of snapshots",
                                 fmt::format("1 to {}", newest_known), fmt::format("{}", seen.version)));
    return seen;
  }
  constexpr unsigned first_with_crc = 5;
  // An append-only file of Redis 4 to 6 begins with a snapshot and goes on with commands.
  const bool log_follows = head.find(std::string_view{"aof-preamble\xC0\x01"}) != std::string::npos;
  const std::size_t wanted = seen.version >= first_with_crc ? detail::redis_bytes::trailer : 1;
  const std::byte marker = last.size() < wanted ? std::byte{0} : last[last.size() - wanted];
  if (log_follows && marker != std::byte{0xFF}) return seen;
  if (size < name + wanted || marker != std::byte{0xFF}) {
    findings.report(make_finding(checks::redis_truncated, where.at(size),
                                 "the snapshot does not end with its end marker",
                                 seen.version >= first_with_crc ? "0xff and eight bytes of CRC-64" : "0xff",
                                 size < name + wanted ? fmt::format("{} bytes in all", size)
                                                      : fmt::format("{:#04x}", std::to_integer<unsigned>(marker))));
    return seen;
  }
  if (seen.version < first_with_crc) return seen;
  detail::crc64_jones crc = crc_before;
  crc.update(byte_view{last}.first(1));
  std::uint64_t stored = 0;
  for (std::size_t i = 0; i < 8; ++i) stored |= std::to_integer<std::uint64_t>(last[1 + i]) << (8 * i);
  if (stored == 0) return seen;  // rdbchecksum no
  if (stored != crc.value()) {
    findings.report(make_finding(checks::redis_crc, where.at(size - 8), "CRC-64 of the snapshot differs",
                                 fmt::format("{:016x}", stored), fmt::format("{:016x}", crc.value())));
    return seen;
  }
  seen.has_crc = true;
  return seen;
}

}  // namespace knowngood
