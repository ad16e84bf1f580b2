// part_digests: digests of the files that one artifact consists of, as they are read one after the other.
//
// Layer: verify. Example: part_digests digests{paths.size(), wanted}; digests.update(part, chunk); digests.finish();
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/hash/digest_set.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

class part_digests {
 public:
  using wanted_of = std::function<std::vector<digest_algorithm>(std::size_t part)>;

  part_digests(std::size_t parts, wanted_of wanted) : digests_(parts), wanted_{std::move(wanted)} {}

  /// The next bytes of `part`. What comes of another part after it ends the one before.
  void update(std::size_t part, byte_view bytes) {
    if (!now_ || part_ != part) {
      end_part();
      part_ = part;
      now_.emplace(wanted_(part));
    }
    now_->update(bytes);
  }

  /// Of each part, from the algorithm's name to the digest in hex. Once; those without a byte have that of nothing.
  [[nodiscard]] std::vector<std::map<std::string, std::string>> finish() {
    end_part();
    for (std::size_t part = 0; part < digests_.size(); ++part) {
      if (digests_[part].empty()) digests_[part] = digest_set{wanted_(part)}.finish();
    }
    return std::move(digests_);
  }

 private:
  void end_part() {
    if (now_) digests_[part_] = now_->finish();
    now_.reset();
  }

  std::vector<std::map<std::string, std::string>> digests_;
  wanted_of wanted_;
  std::size_t part_ = 0;
  std::optional<digest_set> now_;
};

}  // namespace knowngood
