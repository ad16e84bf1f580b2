// pack_summary: what reading a git pack is asked for, and what it taught.
//
// Layer: git. See pack.hpp for the reading itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "knowngood/base/stop_flag.hpp"
#include "knowngood/git/object_id.hpp"
#include "knowngood/io/random_access.hpp"

namespace knowngood {

/// An object as it went by.
struct packed_object {
  std::uint64_t offset = 0;  ///< of its entry, from the start of the pack
  git_type type = git_type::unknown;
  bool delta = false;
  std::optional<std::uint64_t> size;  ///< of its content; none for a delta that was not resolved
  std::optional<object_id> id;        ///< likewise
};

/// What to look for in a pack.
struct pack_request {
  object_format format = object_format::sha1;
  std::vector<object_id> wanted;  ///< objects that ought to be there
  bool thin = false;              ///< bases and parents may be elsewhere: the bundle has prerequisites
  bool filtered = false;          ///< trees and blobs may have been left out
  /// For the contents of objects that deltas may build on. With the names of all objects (object_index.hpp), small
  /// buffers and at most two objects of 128 MiB this is all the memory that reading takes: about 60 MiB for a million
  /// objects.
  std::size_t held_bytes = std::size_t{8} << 20;
  /// The stream's bytes once more, for deltas whose base was let go or came later; null: such a delta's name stays
  /// unknown, unless its base comes soon. Outlives the reading.
  random_access* stored = nullptr;
  stop_flag stop = {};                                 ///< looked at where `stored` is read
  std::function<void(const packed_object&)> observer;  ///< called for each object, in order; may be empty
};

/// One number per `git_type`.
using type_counts = std::array<std::uint64_t, 5>;

struct pack_summary {
  unsigned version = 0;
  std::uint32_t declared = 0;  ///< objects, as the header says
  std::uint64_t objects = 0;   ///< objects read
  type_counts by_type{};       ///< deltas count as what they make
  std::uint64_t ofs_deltas = 0;
  std::uint64_t ref_deltas = 0;
  type_counts unresolved{};            ///< deltas whose base was not at hand: sound in themselves, their names unknown
  std::uint64_t bytes = 0;             ///< of the pack, its trailer included
  std::uint64_t inflated_bytes = 0;    ///< of all zlib streams
  std::string digest;                  ///< computed over all before the trailer, hex
  std::vector<git_type> wanted_types;  ///< of `wanted`, in its order; unknown: not seen

  bool links_proven = false;  ///< everything that commits, trees and tags name is there

  [[nodiscard]] std::uint64_t count(git_type type) const { return by_type[static_cast<std::size_t>(type)]; }
  [[nodiscard]] std::uint64_t unresolved_objects() const {
    return std::accumulate(unresolved.begin(), unresolved.end(), std::uint64_t{0});
  }
};

}  // namespace knowngood
