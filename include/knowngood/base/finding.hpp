// A defect, a risk or a remark about a backup, as data; and the channel through which layers hand findings on.
//
// Layer: base. A layer that can go on reports a finding; one that cannot throws `stream_error` (base/error.hpp), which
// the artifact or member boundary turns into a finding.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/base/check.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/severity.hpp"

namespace knowngood {

struct finding {
  std::string check;  ///< stable id from the catalogue, for example `gzip.crc32`
  knowngood::severity severity = severity::error;
  location where;
  std::string message;   ///< lower-case, without full stop
  std::string expected;  ///< empty where nothing particular was
  std::string actual;

  friend bool operator==(const finding&, const finding&) = default;
};

/// A finding of `what` with its usual severity.
inline finding make_finding(const check& what, location where, std::string message, std::string expected = {},
                            std::string actual = {}) {
  return finding{std::string{what.id}, what.usual,          std::move(where),
                 std::move(message),   std::move(expected), std::move(actual)};
}

inline bool is_error(const finding& one) noexcept { return one.severity == severity::error; }

/// The first that is an error; null where none is.
inline const finding* first_error(const std::vector<finding>& findings) noexcept {
  for (const auto& one : findings) {
    if (is_error(one)) return &one;
  }
  return nullptr;
}

inline bool has_error(const std::vector<finding>& findings) noexcept { return first_error(findings) != nullptr; }

/// Receives findings. Implementations are safe to call from several threads: stages of one stream overlap.
class finding_sink {
 public:
  virtual ~finding_sink() = default;
  virtual void report(finding what) = 0;

 protected:
  finding_sink() = default;
  finding_sink(const finding_sink&) = default;
  finding_sink& operator=(const finding_sink&) = default;
};

/// Collects findings in order of arrival, each distinct one once: when an outer layer fails, every layer inside it sees
/// the same failure, and the reader wants to see it once.
class finding_list final : public finding_sink {
 public:
  void report(finding what) override {
    const std::lock_guard lock{mutex_};
    for (const auto& known : findings_) {
      if (known == what) return;
    }
    findings_.push_back(std::move(what));
  }

  /// A copy of what has come so far.
  [[nodiscard]] std::vector<finding> snapshot() const {
    const std::lock_guard lock{mutex_};
    return findings_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<finding> findings_;
};

}  // namespace knowngood
