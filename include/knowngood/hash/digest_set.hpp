// digest_set: several digests over one pass of the bytes.
//
// Layer: hash. Example: digest_set all{{digest_algorithm::sha256(), digest_algorithm::md5()}}; all.update(bytes);
//   all.finish().at("SHA256") is lower-case hex.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/hash/digest.hpp"

namespace knowngood {

class digest_set {
 public:
  /// An algorithm that is named twice is computed once. Throws `std::runtime_error` when this build lacks one of them
  /// (see `digest::supports`).
  explicit digest_set(std::vector<digest_algorithm> algorithms) {
    std::sort(algorithms.begin(), algorithms.end());
    algorithms.erase(std::unique(algorithms.begin(), algorithms.end()), algorithms.end());
    digests_.reserve(algorithms.size());
    for (auto& algorithm : algorithms) digests_.emplace_back(std::move(algorithm));
  }

  [[nodiscard]] bool empty() const noexcept { return digests_.empty(); }

  void update(byte_view bytes) {
    // In pieces that stay in the processor's cache from one digest to the next.
    constexpr std::size_t piece = std::size_t{64} << 10;
    while (!bytes.empty()) {
      const byte_view now = bytes.first(std::min(piece, bytes.size()));
      for (auto& each : digests_) each.update(now);
      bytes = bytes.subspan(now.size());
    }
  }

  /// From the algorithm's name to its digest in lower-case hex. Once; nothing may follow.
  [[nodiscard]] std::map<std::string, std::string> finish() {
    std::map<std::string, std::string> by_name;
    for (auto& each : digests_) by_name.emplace(each.algorithm().name(), each.finish());
    return by_name;
  }

 private:
  std::vector<digest> digests_;
};

}  // namespace knowngood
