// The arguments that verify and drill share, and what a run is made of: limits, policy, clock, host.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "command_line.hpp"
#include "knowngood/base/byte_size.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/nearest.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/base/version.hpp"
#include "knowngood/catalog/policy.hpp"
#include "knowngood/hash/digest.hpp"
#include "knowngood/io/host_name.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood::tool {

struct run_arguments {
  std::vector<std::string> paths;
  std::string policy;
  std::string root;
  std::vector<std::string> components;
  std::string now;
  std::vector<std::string> limit_settings;
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  bool strict = false;
  bool progress = false;
  bool no_progress = false;
};

inline void declare(CLI::App& app, run_arguments& given) {
  app.add_option("--policy", given.policy, "the estate: what should be there (docs/policy.md)")->type_name("FILE");
  app.add_option("--root", given.root, "look for the policy's estate here instead")->type_name("DIR");
  app.add_option("--component", given.components, "only this component of the policy; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME");
  app.add_flag("--strict", given.strict, "warnings fail the run too");
  app.add_flag("--progress", given.progress, "show progress even when standard error is no terminal");
  app.add_flag("--no-progress", given.no_progress, "never show progress");
  app.add_option("--now", given.now, "run as if it were TIME (2025-12-04T03:00:00Z)")->type_name("TIME");
  app.add_option("--limit", given.limit_settings,
                 "raise a bound: nesting_depth, entries, expanded_bytes, expansion_ratio, name_bytes, list_bytes, "
                 "toc_bytes, compared_members, capture_bytes")
      ->allow_extra_args(false)
      ->type_name("NAME=N");
}

/// Refuses arguments that do not go together; `what` is what the program does with them.
inline void require_sensible(const run_arguments& given, std::string_view what) {
  if (given.policy.empty() && given.paths.empty()) {
    throw usage_error{fmt::format("nothing to {}: give a PATH, or --policy FILE", what)};
  }
  if (!given.policy.empty() && !given.paths.empty()) {
    throw usage_error{"--policy and PATH exclude each other: the policy says which artifacts there are"};
  }
  if (given.policy.empty() && !(given.root.empty() && given.components.empty())) {
    throw usage_error{"--root and --component need --policy FILE"};
  }
}

inline limits parse_limits(const std::vector<std::string>& settings) {
  limits bounds;
  struct named_limit {
    std::string_view name;
    std::uint64_t limits::*member;
  };
  constexpr std::array<named_limit, 8> known{{{"capture_bytes", &limits::capture_bytes},
                                              {"entries", &limits::entries},
                                              {"compared_members", &limits::compared_members},
                                              {"expanded_bytes", &limits::expanded_bytes},
                                              {"expansion_ratio", &limits::expansion_ratio},
                                              {"name_bytes", &limits::name_bytes},
                                              {"list_bytes", &limits::list_bytes},
                                              {"toc_bytes", &limits::toc_bytes}}};
  for (const auto& setting : settings) {
    const std::size_t equals = setting.find('=');
    const std::string_view name = std::string_view{setting}.substr(0, equals);
    const auto value = equals == std::string::npos ? std::nullopt : parse_byte_size(setting.substr(equals + 1));
    if (!value || *value == 0)
      throw usage_error{fmt::format("--limit {}: must be NAME=N with N a number above 0", setting)};
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const named_limit& one) { return one.name == name; });
    if (found != known.end()) {
      bounds.*found->member = *value;
    } else if (name == "nesting_depth") {
      bounds.nesting_depth = static_cast<std::uint32_t>(std::min<std::uint64_t>(*value, 1000));
    } else {
      std::vector<std::string_view> names{"nesting_depth"};
      for (const auto& one : known) names.push_back(one.name);
      const std::string_view near = nearest(name, names);
      throw usage_error{fmt::format("--limit {}: no such limit{}", name,
                                    near.empty() ? "" : fmt::format(": did you mean {}?", near))};
    }
  }
  return bounds;
}

/// The policy as asked for: with another root, and with the components named that there are.
inline policy load(const run_arguments& given) {
  policy estate = load_policy(given.policy);
  if (!given.root.empty()) estate.estate.root = std::filesystem::absolute(given.root).lexically_normal().string();
  std::vector<std::string_view> names;
  for (const auto& component : estate.components) names.push_back(component.name);
  for (const auto& wanted : given.components) {
    if (std::find(names.begin(), names.end(), wanted) != names.end()) continue;
    const std::string_view near = nearest(wanted, names);
    throw usage_error{fmt::format("--component {}: the policy has no such component{}", wanted,
                                  near.empty() ? "" : fmt::format(": did you mean {}?", near))};
  }
  return estate;
}

/// The clock that a run reads; `--now` shifts it as a whole.
class shifted_clock {
 public:
  /// `text`: of `--now`; empty for the real clock. Throws `usage_error`.
  explicit shifted_clock(const std::string& text) {
    if (text.empty()) return;
    const auto now = parse_moment(text);
    if (!now) throw usage_error{fmt::format("--now {}: not a time: write it as 2025-12-04T03:00:00Z", text)};
    shift_ = *now - real();
  }
  [[nodiscard]] moment now() const { return real() + shift_; }

 private:
  static moment real() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }
  std::chrono::seconds shift_{0};
};

/// A report with all that is known before the run.
inline report begin_report(std::string_view program, int argc, const char* const* argv, const run_arguments& given,
                           const shifted_clock& clock) {
  report result;
  result.tool = program;
  result.version = version_text;
  result.host = host_name();
  result.command = shell_quoted(argc, argv);
  result.strict = given.strict;
  result.limited_to = given.components;
  result.simulated = !given.now.empty();
  result.started = clock.now();
  return result;
}

/// Says in `result` which policy it was.
inline void name_policy(report& result, const std::string& path, const policy& estate) {
  digest sum{digest_algorithm::sha256()};
  sum.update(std::as_bytes(std::span{estate.text}));
  result.policy = path;
  result.policy_sha256 = sum.finish();
  result.estate = estate.estate.name;
}

}  // namespace knowngood::tool
