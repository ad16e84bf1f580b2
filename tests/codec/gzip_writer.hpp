// Writes gzip members field by field, well-formed or not, with zlib for the data.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace knowngood {

inline std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i, value >>= 8U) text += static_cast<char>(value & 0xFFU);
  return text;
}

inline std::uint32_t crc_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

struct deflate_options {
  int level = 6;
  int strategy = Z_DEFAULT_STRATEGY;
  int window_bits = 15;
  std::size_t flush_every = 0;  ///< 0: never
  int flush = Z_FULL_FLUSH;
};

inline std::string raw_deflate(std::string_view content, deflate_options options = {}) {
  z_stream stream{};
  if (deflateInit2(&stream, options.level, Z_DEFLATED, -options.window_bits, 8, options.strategy) != Z_OK) {
    throw std::runtime_error{"deflateInit2"};
  }
  std::string out;
  const auto step = [&](std::string_view part, int flush) {
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(part.data()));
    stream.avail_in = static_cast<uInt>(part.size());
    do {
      char buffer[16384];
      stream.next_out = reinterpret_cast<Bytef*>(buffer);
      stream.avail_out = sizeof buffer;
      deflate(&stream, flush);
      out.append(buffer, sizeof buffer - stream.avail_out);
    } while (stream.avail_out == 0);
  };
  while (options.flush_every != 0 && content.size() > options.flush_every) {
    step(content.substr(0, options.flush_every), options.flush);
    content.remove_prefix(options.flush_every);
  }
  step(content, Z_FINISH);
  deflateEnd(&stream);
  return out;
}

/// The fields of RFC 1952, section 2.3, that are not computed from the content.
struct member_fields {
  unsigned method = 8;
  unsigned extra_flags = 0;  ///< bits of FLG beyond those that the fields below imply
  std::optional<std::string> extra{}, name{}, comment{};
  bool header_crc = false;
  std::optional<std::uint32_t> crc{}, size{};  ///< instead of the right ones
};

inline std::string gzip_member(std::string_view content, const std::string& data, const member_fields& fields = {}) {
  unsigned flags = fields.extra_flags;
  if (fields.header_crc) flags |= 2U;
  if (fields.extra) flags |= 4U;
  if (fields.name) flags |= 8U;
  if (fields.comment) flags |= 16U;
  std::string member = "\x1f\x8b";
  member += static_cast<char>(fields.method);
  member += static_cast<char>(flags);
  member += little_endian(1'760'000'000, 4);
  member += '\0';
  member += '\x03';
  if (fields.extra) member += little_endian(fields.extra->size(), 2) + *fields.extra;
  if (fields.name) member += *fields.name + '\0';
  if (fields.comment) member += *fields.comment + '\0';
  if (fields.header_crc) member += little_endian(crc_of(member) & 0xFFFFU, 2);
  member += data;
  member += little_endian(fields.crc.value_or(crc_of(content)), 4);
  member += little_endian(fields.size.value_or(static_cast<std::uint32_t>(content.size())), 4);
  return member;
}

inline std::string gzip_member(std::string_view content, const member_fields& fields = {}) {
  return gzip_member(content, raw_deflate(content), fields);
}

}  // namespace knowngood
