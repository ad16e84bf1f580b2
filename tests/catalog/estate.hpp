// A throw-away estate on disk and a policy for it, for the tests of discovery, freshness and sizes.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/finding.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/discovery.hpp"
#include "knowngood/catalog/policy.hpp"

namespace catalog_test {

using namespace knowngood;

class estate {
 public:
  estate() {
    std::string name = (std::filesystem::temp_directory_path() / "knowngood-catalog-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
    ::chmod(name.c_str(), 0755);
    root_ = std::filesystem::canonical(name);
  }
  ~estate() { std::filesystem::remove_all(root_); }
  estate(const estate&) = delete;
  estate& operator=(const estate&) = delete;

  [[nodiscard]] const std::filesystem::path& root() const noexcept { return root_; }
  [[nodiscard]] std::string path(const std::string& name) const { return (root_ / name).string(); }

  /// A file of `size` bytes; its directories are made.
  void file(const std::string& name, std::size_t size = 10) const {
    const auto at = root_ / name;
    std::filesystem::create_directories(at.parent_path());
    std::ofstream{at} << std::string(size, 'x');
  }
  void directory(const std::string& name) const { std::filesystem::create_directories(root_ / name); }
  void link(const std::string& name, const std::string& target) const {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::filesystem::create_symlink(target, root_ / name);
  }

  /// The policy of these components for this estate, in the zone.
  [[nodiscard]] policy plan(const std::string& components, const std::string& zone = "UTC",
                            const std::string& more = "") const {
    return parse_policy(fmt::format("version = 1\n[estate]\nroot = \"{}\"\ntime_zone = \"{}\"\n{}\n{}", root_.string(),
                                    zone, more, components),
                        "test.toml");
  }

 private:
  std::filesystem::path root_;
};

inline moment at(const std::string& text) { return parse_moment(text).value(); }

/// `error presence.stale database` for each finding.
inline std::vector<std::string> shown(const std::vector<finding>& findings) {
  std::vector<std::string> lines;
  for (const auto& what : findings) lines.push_back(fmt::format("{} {}", to_string(what.severity), what.check));
  return lines;
}

/// The message of the `usage_error` that `run` throws; empty when it throws none.
template <typename Run>
std::string mistake(const Run& run) {
  try {
    run();
  } catch (const usage_error& error) {
    return error.what();
  }
  return {};
}

}  // namespace catalog_test
