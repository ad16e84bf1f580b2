// member_reader: what reading an archive is, whatever its format: member after member, each with its content, in one
// pass.
//
// Layer: archive. Example:
//   while (const tar_member* member = reader.next()) consume(*member, reader.body());   // here the end is proved
#pragma once

#include <cstdint>
#include <string>

#include "knowngood/archive/tar_member.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

class member_reader {
 public:
  member_reader() = default;
  member_reader(const member_reader&) = delete;
  member_reader& operator=(const member_reader&) = delete;
  virtual ~member_reader() = default;

  /// The next member, valid until the following call; null at the archive's end, once the upstream has proved its own
  /// end too. What the current member's body was not read of is skipped. Throws `stream_error` for damage that reading
  /// cannot go on after, what the upstream throws as it is, and the same again in every call after a failure.
  virtual const tar_member* next() = 0;

  /// The current member's content: empty at once for whatever has none. Its end means that exactly `size` bytes came,
  /// where the size is known beforehand. Throws as `next` does. Valid until the following `next()`.
  [[nodiscard]] virtual source& body() = 0;

  /// After the last member: how many of the files turned out to be symbolic links.
  [[nodiscard]] virtual std::uint64_t links() const { return 0; }

  /// After the last member: true when a checksum of the format vouched for the content of every one.
  [[nodiscard]] virtual bool carries_checksum() const { return false; }
};

/// For readers: throws `environment_error` where a member is one too many (`count`: with it) or what it is called is
/// too long. `where`: of its header.
inline void require_within(const limits& bounds, const tar_member& member, std::uint64_t count, const location& where) {
  if (count > bounds.entries) throw_limit_exceeded(where, "entries", bounds.entries, count);
  for (const std::string* text : {&member.name, &member.link_target}) {
    if (text->size() > bounds.name_bytes) throw_limit_exceeded(where, "name_bytes", bounds.name_bytes, text->size());
  }
}

}  // namespace knowngood
