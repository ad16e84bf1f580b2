// pack_reader: reads a pack's header, objects and trailer; the working part of pack.hpp.
//
// Layer: git, internal. One pass; memory as object_index.hpp and held_objects.hpp say. Above 400 lines: one object's
// way from its header to its name touches all that is kept of the others; how deltas wait and are read again stands
// apart.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/git/delta.hpp"
#include "knowngood/git/held_objects.hpp"
#include "knowngood/git/late_deltas.hpp"
#include "knowngood/git/object_id.hpp"
#include "knowngood/git/object_index.hpp"
#include "knowngood/git/pack_entry.hpp"
#include "knowngood/git/pack_inflater.hpp"
#include "knowngood/git/pack_input.hpp"
#include "knowngood/git/pack_links.hpp"
#include "knowngood/git/pack_summary.hpp"
#include "knowngood/git/stored_objects.hpp"
#include "knowngood/git/tree_links.hpp"

namespace knowngood::detail {

class pack_reader {
 public:
  /// All outlive this object. Offsets in findings are those of `in`.
  pack_reader(pack_input& in, const location& where, const pack_request& request, const limits& bounds,
              finding_sink& findings)
      : in_{in},
        where_{where},
        request_{request},
        bounds_{bounds},
        findings_{findings},
        trailer_{request.format},
        hasher_{request.format},
        held_{request.held_bytes},
        entries_{id_bytes(request.format)},
        id_bytes_{id_bytes(request.format)},
        start_{in.offset()} {
    summary_.wanted_types.resize(request.wanted.size());
    for (std::size_t i = 0; i < request.wanted.size(); ++i) wanted_.emplace_back(request.wanted[i], i);
    std::sort(wanted_.begin(), wanted_.end());
    if (request.stored != nullptr) again_.emplace(*request.stored, start_, request.format);
  }

  pack_summary read() {
    in_.digest_into(&trailer_);
    header();
    while (summary_.objects < summary_.declared && !ends_early()) object();
    trailer();
    in_.digest_into(nullptr);
    if (in_.want(1)) {
      report(checks::bundle_trailing_data, start_ + summary_.bytes, "bytes follow the pack's trailer", "the end",
             "more bytes");
    }
    while (in_.want(1)) in_.consume(in_.available().size());  // so that the layers outside prove their ends
    conclude();
    return std::move(summary_);
  }

 private:
  static constexpr std::uint64_t findings_at_most = 16;
  static constexpr std::size_t parsed_at_most = std::size_t{1} << 20;  // of a commit or tag

  // An object on its way.
  struct passing {
    std::uint64_t offset = 0;  // in the pack
    git_type type = git_type::unknown;
    pack_entry entry;
    const held_objects::object* base = nullptr;
    std::uint64_t made = 0;             // bytes inflated
    std::optional<std::uint64_t> size;  // of the object, once it is known and being made
    std::size_t keep = 0;               // how much of it to keep
    std::string content;
    std::string defect;
  };

  void report(const check& what, std::uint64_t at, std::string message, std::string expected = {},
              std::string actual = {}) {
    findings_.report(make_finding(what, where_.at(at), std::move(message), std::move(expected), std::move(actual)));
  }

  [[noreturn]] void fail(const check& what, std::uint64_t at, std::string message, std::string expected = {},
                         std::string actual = {}) const {
    throw stream_error{what, where_.at(at), std::move(message), std::move(expected), std::move(actual)};
  }

  [[noreturn]] void fail_truncated(std::string_view inside) {
    static_cast<void>(in_.want(longest_pack_entry_header));  // whatever is left
    fail(checks::bundle_truncated, in_.offset() + in_.available().size(),
         fmt::format("the bundle ends inside {}", inside), fmt::format("{} objects", summary_.declared),
         fmt::format("{} objects", summary_.objects));
  }

  [[nodiscard]] std::string this_object() const {
    return fmt::format("object {} of {}", summary_.objects + 1, summary_.declared);
  }

  void header() {
    if (!in_.want(12)) fail_truncated("the pack's header");
    const byte_view head = in_.available();
    if (std::string_view{reinterpret_cast<const char*>(head.data()), 4} != "PACK") {
      fail(checks::bundle_pack_header, in_.offset(), "the pack's signature differs", "5041434b", to_hex(head.first(4)));
    }
    const auto word = [&head](std::size_t at) {
      std::uint32_t value = 0;
      for (std::size_t i = at; i < at + 4; ++i) value = value << 8U | std::to_integer<std::uint32_t>(head[i]);
      return value;
    };
    summary_.version = word(4);
    summary_.declared = word(8);
    if (summary_.version != 2 && summary_.version != 3) {
      fail(checks::bundle_pack_header, in_.offset() + 4, "the pack's version is unknown", "2 or 3",
           std::to_string(summary_.version));
    }
    in_.consume(12);
  }

  /// Whether the pack ends here although more objects were declared: true when its trailer proves that, and throws when
  /// nothing does.
  bool ends_early() {
    if (in_.want(id_bytes_ + 1)) return false;
    in_.digest_consumed();
    if (in_.available().size() != id_bytes_ || object_id{in_.available()} != trailer_.peek()) {
      fail_truncated("the pack");
    }
    report(checks::bundle_object_count, start_ + 8, "the pack holds fewer objects than it says",
           fmt::format("{} objects", summary_.declared), fmt::format("{} objects", summary_.objects));
    return true;
  }

  void object() {
    const std::uint64_t at = in_.offset();
    passing object = begin_entry();
    auto end = pack_inflater::end::damaged;
    if (object.entry.what == pack_entry::kind::whole) {
      begin(object, object.entry.size);
      end = inflater_.inflate_one(in_, object.entry.size, [&](byte_view piece) {
        account(object, piece.size());
        if (object.made <= object.entry.size) take(object, piece);
      });
    } else {
      end = inflate_delta(object);
    }
    if (end == pack_inflater::end::input_ends) fail_truncated(this_object());
    if (end == pack_inflater::end::damaged) {
      fail(checks::bundle_object, at, fmt::format("{}: it cannot be inflated: {}", this_object(), inflater_.reason()),
           fmt::format("{} bytes", object.entry.size), fmt::format("{} bytes before the damage", object.made));
    }
    if (object.made != object.entry.size) {
      defect(at, "its size is not what its header says", fmt::format("{} bytes", object.entry.size),
             fmt::format("{} bytes", object.made));
      object.size.reset();
    } else if (!object.defect.empty()) {
      defect(at, object.defect);
      object.size.reset();
    }
    finish(at, object);
  }

  passing begin_entry() {
    static_cast<void>(in_.want(longest_pack_entry_header));  // fewer near the end
    passing object;
    object.offset = in_.offset() - start_;
    object.entry = parse_pack_entry(in_.available(), request_.format);
    if (object.entry.cut) fail_truncated(fmt::format("the header of {}", this_object()));
    if (!object.entry.defect.empty()) {
      fail(checks::bundle_object, in_.offset(), fmt::format("{}: {}", this_object(), object.entry.defect));
    }
    object.type = object.entry.type;
    if (object.entry.what == pack_entry::kind::ofs_delta) {
      ++summary_.ofs_deltas;
      const std::uint64_t distance = object.entry.distance;
      const auto base_type =
          distance == 0 || distance > object.offset ? std::nullopt : places_.type_at(object.offset - distance);
      if (base_type) {
        object.type = *base_type;
        object.base = held_.at(object.offset - distance);
        if (object.base == nullptr && object.type != git_type::unknown) ++unresolved_though_there_;
      } else {
        object.defect = fmt::format("no object starts {} bytes before it, where its base should be", distance);
      }
    } else if (object.entry.what == pack_entry::kind::ref_delta) {
      ++summary_.ref_deltas;
      object.base = held_.named(object.entry.base);
      if (object.base != nullptr) {
        object.type = object.base->type;
      } else {
        names_.need(git_type::unknown, object.entry.base, summary_.declared);
      }
    }
    in_.consume(object.entry.header_bytes);
    return object;
  }

  pack_inflater::end inflate_delta(passing& object) {
    delta_reader delta{object.base == nullptr ? std::nullopt
                                              : std::optional{std::as_bytes(std::span{object.base->content})}};
    const bool waits = keeps_waiting(object);
    const auto end = inflater_.inflate_one(in_, object.entry.size, [&](byte_view piece) {
      account(object, piece.size());
      if (waits) object.content.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      const auto start = [&](std::uint64_t target) {
        if (affordable(target)) begin(object, target);
      };
      const auto out = [&](byte_view result) {
        if (object.size) take(object, result);
      };
      delta.feed(piece, start, out);
    });
    if (object.defect.empty()) object.defect = delta.finish();
    if (!object.size && object.base != nullptr) ++unresolved_though_there_;
    return end;
  }

  void begin(passing& object, std::uint64_t size) {
    object.size = size;
    if (size <= held_.largest()) {
      object.keep = static_cast<std::size_t>(size);
    } else if (object.type == git_type::commit || object.type == git_type::tag) {
      object.keep = static_cast<std::size_t>(std::min<std::uint64_t>(size, parsed_at_most));
    }
    // What a header says is believed as far as bytes follow it: a megabyte at once, more when it is there.
    object.content.reserve(std::min(object.keep, parsed_at_most));
    if (object.keep == size) return;  // looked at when all of it is there, which is faster
    hasher_.begin_object(object.type, size);
    entries_.begin();
  }

  void take(passing& object, byte_view piece) {
    if (object.keep != *object.size) {
      hasher_.update(piece);
      if (object.type == git_type::tree) list_entries(piece);
    }
    const std::size_t kept = std::min(piece.size(), object.keep - object.content.size());
    object.content.append(reinterpret_cast<const char*>(piece.data()), kept);
  }

  void account(passing& object, std::size_t bytes) {
    object.made += bytes;
    summary_.inflated_bytes += bytes;
    if (summary_.inflated_bytes > bounds_.expanded_bytes) {
      throw_limit_exceeded(where_, "expanded_bytes", bounds_.expanded_bytes, summary_.inflated_bytes);
    }
  }

  /// Seven bytes of a delta may copy megabytes: what is applied stays in proportion to what was read.
  bool affordable(std::uint64_t target) {
    const std::uint64_t allowed = (std::uint64_t{1} << 30U) + (in_.offset() - start_) * 1000;
    if (target > allowed || applied_ > allowed - target) return false;
    applied_ += target;
    return true;
  }

  void finish(std::uint64_t at, passing& object) {
    std::optional<object_id> id;
    if (object.size) id = object.keep == *object.size ? name_of(object.type, object.content) : hasher_.finish();
    places_.add(object.offset, object.type);
    ++summary_.by_type[static_cast<std::size_t>(object.type)];
    if (request_.observer) {
      request_.observer({object.offset, object.type, object.entry.what != pack_entry::kind::whole, object.size, id});
    }
    if (!id) {
      ++summary_.unresolved[static_cast<std::size_t>(object.type)];
      if (object.entry.what != pack_entry::kind::whole && object.defect.empty()) put_off(object);
    } else {
      named(at, *id, object.type, object.offset, object.content);
      if (object.content.size() == *object.size) {
        const bool delta = object.entry.what != pack_entry::kind::whole;
        held_.hold({object.offset, *id, object.type, delta, std::move(object.content)});
        if (!waiting_.empty()) resolve_waiting(id->prefix(), object.offset);
      }
    }
    ++summary_.objects;
  }

  // An object whose name is known now: what it names must be there as well. `content`: of a commit or tag.
  void named(std::uint64_t at, const object_id& id, git_type type, std::uint64_t offset, std::string_view content) {
    names_.add(id, type, offset);
    for (auto wanted = std::lower_bound(wanted_.begin(), wanted_.end(), std::pair{id, std::size_t{0}});
         wanted != wanted_.end() && wanted->first == id; ++wanted) {
      summary_.wanted_types[wanted->second] = type;
    }
    const auto need = [this](git_type what, const object_id& name) { names_.need(what, name, summary_.declared); };
    const bool good = type == git_type::tree ? entries_.ended() : learn_links(type, content, request_.format, need);
    if (good) return;
    defect(at, type == git_type::tree ? std::string{"it is not made as a tree is"}
                                      : fmt::format("it does not begin as a {} does", to_string(type)));
  }

  void list_entries(byte_view piece) {
    entries_.feed(
        piece, [this](git_type type, byte_view id) { names_.need(type, object_id::prefix_of(id), summary_.declared); });
  }

  // Of an object whose content is all there; `entries_` is what a tree lists.
  object_id name_of(git_type type, std::string_view content) {
    const byte_view bytes = std::as_bytes(std::span{content});
    hasher_.begin_object(type, content.size());
    hasher_.update(bytes);
    entries_.begin();
    if (type == git_type::tree) list_entries(bytes);
    return hasher_.finish();
  }

  // ---- deltas whose base was not at hand ----

  // Where the stream is read but once, a delta may wait for its base, within bounds.
  [[nodiscard]] bool keeps_waiting(const passing& object) const {
    if (request_.stored != nullptr || request_.thin || object.base != nullptr || !object.defect.empty()) return false;
    if (!waiting_.has_room_for(object.entry.size)) return false;
    return object.entry.what == pack_entry::kind::ref_delta || waiting_.holds(object.offset - object.entry.distance);
  }

  void put_off(passing& object) {
    const bool by_name = object.entry.what == pack_entry::kind::ref_delta;
    const late_delta late{object.offset, by_name ? object.entry.base.prefix() : object.offset - object.entry.distance,
                          by_name, object.type};
    if (request_.stored != nullptr) {
      late_.add(late);
    } else if (keeps_waiting(object) && object.content.size() == object.entry.size) {
      waiting_.add(late, std::move(object.content));
    } else {
      ++let_go_;
    }
  }

  // `offset`: of an object that is held. Those that built on it are made, and those that build on them.
  void resolve_waiting(std::uint64_t prefix, std::uint64_t offset) {
    std::vector<waiting_deltas::ready_delta> ready;
    waiting_.take(prefix, offset, ready);
    while (!ready.empty()) {
      const waiting_deltas::ready_delta now = std::move(ready.back());
      ready.pop_back();
      const held_objects::object* base = held_.at(now.base);
      const auto id = base == nullptr ? std::nullopt : make_late(now.late, base->type, base->content, now.delta);
      if (id) {
        waiting_.take(id->prefix(), now.late.offset, ready);
      } else {
        ++not_made_;
      }
    }
  }

  // Makes the object of a late delta. Its name, when that went well.
  std::optional<object_id> make_late(const late_delta& late, git_type type, std::string_view base,
                                     std::string_view delta) {
    auto made = apply_delta(base, delta);
    if (!made || !affordable(made->size())) return std::nullopt;
    const object_id id = name_of(type, *made);
    --summary_.unresolved[static_cast<std::size_t>(late.type)];
    --summary_.by_type[static_cast<std::size_t>(late.type)];
    ++summary_.by_type[static_cast<std::size_t>(type)];
    named(start_ + late.offset, id, type, late.offset, *made);
    held_.hold({late.offset, id, type, true, std::move(*made)});
    return id;
  }

  void resolve_late() {
    if (!again_) return;
    std::optional<std::pair<std::uint64_t, stored_objects::object>> rebuilt;  // the last base that was made anew
    const auto known = [this](std::uint64_t at) -> std::optional<stored_objects::object> {
      const auto* held = held_.at(at);
      if (held == nullptr) return std::nullopt;
      return stored_objects::object{held->type, held->content};
    };
    const auto place_of = [this](std::uint64_t prefix) { return names_.offset_of(prefix); };
    const auto make = [&](const late_delta& late, std::uint64_t base) -> std::optional<std::uint64_t> {
      request_.stop.throw_if_requested();
      git_type type = git_type::unknown;
      std::string_view content;
      if (const auto* held = held_.at(base)) {
        type = held->type;
        content = held->content;
      } else {
        if (!rebuilt || rebuilt->first != base) {
          rebuilt.reset();
          auto made = again_->rebuild(base, known, place_of, [this](std::uint64_t size) { return affordable(size); });
          if (!made) return std::nullopt;
          rebuilt.emplace(base, std::move(*made));
        }
        type = rebuilt->second.type;
        content = rebuilt->second.content;
      }
      const auto delta = again_->read(late.offset);
      const auto id = delta ? make_late(late, type, content, delta->content) : std::nullopt;
      return id ? std::optional{id->prefix()} : std::nullopt;
    };
    not_made_ += late_.make_all(place_of, make);
  }

  void defect(std::uint64_t at, std::string_view what, std::string expected = {}, std::string actual = {}) {
    ++defects_;
    if (surplus_ || defects_ > findings_at_most) return;
    report(checks::bundle_object, at, fmt::format("{}: {}", this_object(), what), std::move(expected),
           std::move(actual));
  }

  void trailer() {
    if (!in_.want(id_bytes_)) fail_truncated("the pack's trailer");
    const std::uint64_t at = in_.offset();
    const bool more = in_.want(id_bytes_ + 1);
    std::string stored;
    const auto differs = [&] {
      in_.digest_consumed();
      summary_.digest = trailer_.peek().hex();
      stored = to_hex(in_.available().first(id_bytes_));
      return summary_.digest != stored;
    };
    const auto report_digest = [&](std::uint64_t trailer_at) {
      report(checks::bundle_digest, trailer_at, "the pack's digest differs from its trailer", stored, summary_.digest);
    };
    summary_.bytes = at + id_bytes_ - start_;
    if (!differs()) {
      in_.consume(id_bytes_);
    } else if (!more) {
      report_digest(at);
      in_.consume(id_bytes_);
    } else if (has_surplus_objects()) {
      report(checks::bundle_object_count, start_ + 8, "the pack holds more objects than it says",
             fmt::format("{} objects", summary_.declared), fmt::format("{} objects", summary_.objects));
      summary_.bytes = in_.offset() + id_bytes_ - start_;
      if (differs()) report_digest(in_.offset());
      in_.consume(id_bytes_);
    } else {
      report_digest(at);
      report(checks::bundle_trailing_data, at + id_bytes_, "bytes follow the pack's trailer", "the end", "more bytes");
    }
  }

  /// Before a trailer that does not fit and has bytes behind it: whether objects stand here, up to a trailer at the
  /// end.
  bool has_surplus_objects() {
    const pack_summary before = summary_;
    const std::uint64_t defects = defects_;
    const std::size_t late = late_.size();
    surplus_ = true;
    try {
      while (in_.want(id_bytes_ + 1)) object();
    } catch (const stream_error&) {
      defects_ = defects + 1;  // a failure upstream comes again with the next read
    }
    const bool found = defects_ == defects && in_.available().size() == id_bytes_;
    surplus_ = false;
    defects_ = defects;
    if (!found) {
      summary_ = before;
      late_.shrink(late);
      in_.digest_into(nullptr);
      while (in_.want(1)) in_.consume(in_.available().size());
    }
    return found;
  }

  void conclude() {
    if (defects_ > findings_at_most) {
      report(checks::bundle_object, start_, "more objects are damaged than are listed here", "0 objects",
             fmt::format("{} objects", defects_));
    }
    if (request_.thin || defects_ != 0) return;
    resolve_late();
    if (defects_ != 0) return;
    // Each chain of deltas ends at a whole object. Where no base was merely let go, what is not there never was.
    const auto bases = names_.missing(git_type::unknown, [](std::uint64_t) { return false; });
    if (bases.number > 0 && every_base_was_tried()) {
      report(checks::bundle_object, start_, "deltas build on objects that are not in the pack", "every base",
             missing_text(bases));
    }
    summary_.links_proven =
        report_missing_links(names_, summary_.unresolved, request_.filtered, where_.at(start_), findings_);
  }

  [[nodiscard]] bool every_base_was_tried() {
    if (not_made_ > 0) return false;
    if (request_.stored != nullptr) return true;
    return let_go_ == 0 && unresolved_though_there_ == 0 &&
           !waiting_.any_by_name([this](std::uint64_t prefix) { return names_.offset_of(prefix).has_value(); });
  }

  pack_input& in_;
  const location& where_;
  const pack_request& request_;
  const limits& bounds_;
  finding_sink& findings_;
  pack_summary summary_;
  object_hasher trailer_;  // over the whole pack
  object_hasher hasher_;   // over one object
  pack_inflater inflater_;
  held_objects held_;
  object_places places_;
  object_names names_;
  tree_links entries_;  // of the tree that is being made
  late_deltas late_;    // only where they can be read again
  std::optional<stored_objects> again_;
  waiting_deltas waiting_;                                 // only where they cannot
  std::vector<std::pair<object_id, std::size_t>> wanted_;  // sorted, each with its place in the request
  std::size_t id_bytes_;
  std::uint64_t start_;
  std::uint64_t applied_ = 0;  // bytes that deltas made
  std::uint64_t defects_ = 0;
  std::uint64_t unresolved_though_there_ = 0;  // deltas whose base is in the pack but not at hand
  std::uint64_t let_go_ = 0;                   // deltas that could neither wait nor be read again
  std::uint64_t not_made_ = 0;                 // that were, and still could not be made: too large, or damaged since
  bool surplus_ = false;                       // reading beyond the declared number of objects
};

}  // namespace knowngood::detail
