// stored_objects: single objects of a pack read again where they are stored, and made anew down their chain of deltas.
//
// Layer: git, internal to pack_reader.hpp. A chain and what it makes are bounded: a pack may be crafted.
//   stored_objects again{*request.stored, start, format}; auto read = again.read(offset);
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/git/delta.hpp"
#include "knowngood/git/object_id.hpp"
#include "knowngood/git/pack_entry.hpp"
#include "knowngood/git/pack_inflater.hpp"
#include "knowngood/git/pack_input.hpp"
#include "knowngood/io/random_access.hpp"

namespace knowngood::detail {

/// The largest object, or chain of deltas, that is made in memory.
inline constexpr std::uint64_t largest_rebuilt = std::uint64_t{128} << 20U;

/// What `delta` makes of `base`; nothing where it is damaged or makes too much.
inline std::optional<std::string> apply_delta(std::string_view base, std::string_view delta) {
  delta_reader reader{std::as_bytes(std::span{base})};
  std::string made;
  bool fits = true;
  reader.feed(
      std::as_bytes(std::span{delta}),
      [&](std::uint64_t size) {
        fits = size <= largest_rebuilt;
        if (fits) made.reserve(static_cast<std::size_t>(size));
      },
      [&](byte_view piece) {
        if (fits) made.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      });
  if (!fits || !reader.finish().empty()) return std::nullopt;
  return made;
}

class stored_objects {
 public:
  struct entry {
    pack_entry header;
    std::string content;  ///< of the zlib stream: the object or the delta
  };
  struct object {
    git_type type = git_type::unknown;
    std::string content;
  };

  /// `stored` outlives this object. `start`: of the pack in it.
  stored_objects(random_access& stored, std::uint64_t start, object_format format)
      : stored_{stored}, start_{start}, format_{format} {}

  /// The entry at `offset` of the pack; nothing where it is damaged or too large. Throws `environment_error`.
  std::optional<entry> read(std::uint64_t offset) {
    source_from from{stored_, start_ + offset};
    pack_input in{from};
    static_cast<void>(in.want(longest_pack_entry_header));
    entry read;
    read.header = parse_pack_entry(in.available(), format_);
    if (read.header.cut || !read.header.defect.empty() || read.header.size > largest_rebuilt) return std::nullopt;
    in.consume(read.header.header_bytes);
    const auto end = inflater_.inflate_one(in, read.header.size, [&](byte_view piece) {
      if (read.content.size() <= read.header.size) {
        read.content.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      }
    });
    if (end != pack_inflater::end::proved || read.content.size() != read.header.size) return std::nullopt;
    return read;
  }

  /// The object at `offset` made anew: its chain is read down to what is whole, or what `known(offset)` has at hand (an
  /// optional object). `place_of(prefix)`: where the object of a name starts. `affordable(bytes)` is asked before each
  /// step is taken for good.
  template <typename Known, typename PlaceOf, typename Affordable>
  std::optional<object> rebuild(std::uint64_t offset, const Known& known, const PlaceOf& place_of,
                                const Affordable& affordable) {
    std::vector<std::string> deltas;
    std::optional<object> made;
    std::uint64_t bytes = 0;
    for (std::uint64_t at = offset; !(made = known(at));) {
      auto read = this->read(at);
      if (!read) return std::nullopt;
      if (read->header.what == pack_entry::kind::whole) {
        made = object{read->header.type, std::move(read->content)};
        break;
      }
      bytes += read->content.size();
      if (deltas.size() == longest_chain || bytes > largest_rebuilt) return std::nullopt;
      deltas.push_back(std::move(read->content));
      if (read->header.what == pack_entry::kind::ofs_delta) {
        if (read->header.distance == 0 || read->header.distance > at) return std::nullopt;
        at -= read->header.distance;
      } else {
        const auto place = place_of(read->header.base.prefix());
        if (!place) return std::nullopt;
        at = *place;
      }
    }
    for (auto delta = deltas.rbegin(); delta != deltas.rend(); ++delta) {
      auto next = apply_delta(made->content, *delta);
      if (!next || !affordable(next->size())) return std::nullopt;
      made->content = std::move(*next);
    }
    return made;
  }

 private:
  static constexpr std::size_t longest_chain = 10'000;

  random_access& stored_;
  std::uint64_t start_;
  object_format format_;
  pack_inflater inflater_;
};

}  // namespace knowngood::detail
