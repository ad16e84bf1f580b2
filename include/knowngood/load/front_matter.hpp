// front_matter: the first statements of a dump of a database, held back until the extensions among them are made.
//
// Layer: load. Making an extension takes a superuser's session in the database, which must not find anything of the
// dump there: neither functions that its script could take for the server's own, nor rights. So nothing is run before.
// pg_dump writes extensions right after schemas; what is held back is bounded.
//   if (front.holds(event)) return;  …  for (auto& kept : front.release()) run(kept.event());
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/postgres/dump_event.hpp"

namespace knowngood {

/// A comment or statement of a dump, with texts of its own.
class kept_event {
 public:
  explicit kept_event(const dump_event& event) : event_{event}, text_{event.text}, header_{event.header} {}

  /// Views into this object.
  [[nodiscard]] dump_event event() const {
    dump_event event = event_;
    event.text = text_;
    event.header = header_;
    return event;
  }
  [[nodiscard]] std::size_t bytes() const noexcept { return text_.size() + header_.size(); }

 private:
  dump_event event_;
  std::string text_;
  std::string header_;
};

class front_matter {
 public:
  /// Keeps `event`, a comment or statement, while there is room. False: the front matter is over.
  bool holds(const dump_event& event) {
    if (released_ || event.truncated_text || kept_.size() == most_events || bytes_ > most_bytes) return false;
    bytes_ += kept_.emplace_back(event).bytes();
    return true;
  }

  /// False once it was released: nothing is held back from then on.
  [[nodiscard]] bool open() const noexcept { return !released_; }

  /// What was held back, in order.
  std::vector<kept_event> release() {
    released_ = true;
    return std::exchange(kept_, {});
  }

 private:
  static constexpr std::size_t most_events = 20'000;
  static constexpr std::size_t most_bytes = std::size_t{16} << 20;

  std::vector<kept_event> kept_;
  std::size_t bytes_ = 0;
  bool released_ = false;
};

}  // namespace knowngood
