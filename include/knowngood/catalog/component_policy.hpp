// component_policy: what a policy says about one component of the estate, read and checked; drill_policy, its part
// about rehearsed restores.
//
// Layer: catalog. The keys, their meanings and defaults stand in catalog/policy_keys.hpp and docs/policy.md.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/catalog/name_pattern.hpp"
#include "knowngood/catalog/name_template.hpp"
#include "knowngood/catalog/schedule.hpp"
#include "knowngood/catalog/time_zone.hpp"

namespace knowngood {

/// What a component's artifacts hold.
enum class component_kind : unsigned char {
  postgres_dump,
  models,
  git_bundle,
  configuration,
  volume,
  logs,
  full_system,
  archive,
  any
};

inline constexpr std::array<std::pair<std::string_view, component_kind>, 9> component_kinds{
    {{"postgres-dump", component_kind::postgres_dump},
     {"models", component_kind::models},
     {"git-bundle", component_kind::git_bundle},
     {"configuration", component_kind::configuration},
     {"volume", component_kind::volume},
     {"logs", component_kind::logs},
     {"full-system", component_kind::full_system},
     {"archive", component_kind::archive},
     {"any", component_kind::any}}};

/// What a manifest looks like: the models' JSON, or a text that lists files.
enum class manifest_kind : unsigned char { models, file_list };

inline constexpr std::array<std::pair<std::string_view, manifest_kind>, 2> manifest_kinds{
    {{"models", manifest_kind::models}, {"file-list", manifest_kind::file_list}}};

/// Whether two artifacts of different times may have the same content.
enum class identical_content : unsigned char { error, allow };

inline constexpr std::array<std::pair<std::string_view, identical_content>, 2> identical_contents{
    {{"error", identical_content::error}, {"allow", identical_content::allow}}};

/// Whether artifacts can be looked into, or are rightly encrypted and only a digest vouches for them.
enum class expected_content : unsigned char { readable, opaque };

inline constexpr std::array<std::pair<std::string_view, expected_content>, 2> expected_contents{
    {{"readable", expected_content::readable}, {"opaque", expected_content::opaque}}};

/// The word of `value` in one of the tables above.
template <typename Value, std::size_t Size>
constexpr std::string_view word_for(const std::array<std::pair<std::string_view, Value>, Size>& words,
                                    Value value) noexcept {
  for (const auto& [word, meaning] : words) {
    if (meaning == value) return word;
  }
  return {};
}

inline std::string_view to_string(component_kind kind) noexcept { return word_for(component_kinds, kind); }
inline std::string_view to_string(manifest_kind kind) noexcept { return word_for(manifest_kinds, kind); }
inline std::string_view to_string(identical_content value) noexcept { return word_for(identical_contents, value); }

/// The default of `identical`: an idle repository, unchanged models or configuration, an idle volume are rightly the
/// same on two days; a dump of a live database, a week's logs, an archive with its own date in it are not.
constexpr identical_content usual_identical(component_kind kind) noexcept {
  const bool always_changes =
      kind == component_kind::postgres_dump || kind == component_kind::logs || kind == component_kind::full_system;
  return always_changes ? identical_content::error : identical_content::allow;
}

/// By how much the rows of a restored table may differ from the live source's: the larger of the two counts.
struct row_tolerance {
  std::uint64_t rows = 0;
  double share = 0;  ///< of the source's rows; 0.01 is 1 %

  friend bool operator==(const row_tolerance&, const row_tolerance&) = default;
};

/// A statement of the user's that must give `expect` in the restored database.
struct sql_assertion {
  std::string name;
  std::string sql;
  std::string expect = "t";  ///< first column of the first row, as text

  friend bool operator==(const sql_assertion&, const sql_assertion&) = default;
};

struct drill_policy {
  std::optional<std::chrono::seconds> rto;         ///< how long the restore may take
  std::optional<std::chrono::seconds> rpo;         ///< how old the restored state may be
  std::string source;                              ///< connection string of the live database
  std::optional<name_template> capture;            ///< expected row sets, beside the artifact
  std::map<std::string, row_tolerance> tolerance;  ///< by table as the dump writes it; `*` for all others
  std::vector<sql_assertion> assertions;
  std::vector<std::string> required_tables;
  std::vector<std::string> required_files;
  std::vector<std::string> required_refs;
  std::vector<std::string> extensions;  ///< that the dump may create
  std::string repository;               ///< the live one
  std::string probe;                    ///< a shell command
  std::chrono::seconds probe_timeout = std::chrono::minutes{5};
  std::vector<std::string> allow_skip;  ///< names of steps

  friend bool operator==(const drill_policy&, const drill_policy&) = default;
};

/// Fewer predecessors than this are no history to compare a size with.
inline constexpr std::size_t least_size_history = 3;

struct component_policy {
  std::string name;  ///< `database` of `[component.database]`
  component_kind kind = component_kind::any;
  expected_content content = expected_content::readable;
  std::string path;  ///< directory, relative to the estate's root or absolute
  std::vector<name_pattern> names;
  time_zone zone;  ///< of timestamps in names and of the schedule
  knowngood::schedule schedule;
  std::optional<std::chrono::seconds> max_age;
  std::chrono::seconds grace = std::chrono::hours{2};
  std::optional<std::chrono::seconds> late_after;
  std::chrono::seconds early = std::chrono::minutes{15};
  std::vector<std::string> series;        ///< that must exist; empty: whichever are found
  std::optional<std::uint64_t> min_size;  ///< bytes
  std::optional<double> size_drift;       ///< share of the median; 0.5 is 50 %
  std::uint64_t size_history = 7;         ///< predecessors that the median is of
  std::optional<name_template> checksum;
  std::optional<name_template> manifest;
  std::optional<knowngood::manifest_kind> manifest_format;  ///< set whenever `manifest` is
  std::vector<std::string> held_by;    ///< components that hold tablespaces or write-ahead log of its data directories
  std::vector<name_pattern> contains;  ///< what each of its directories must hold
  bool required = true;
  std::optional<std::uint64_t> verify_newest;  ///< how many of each series to read; none: all
  std::optional<identical_content> identical_given;
  std::vector<name_pattern> ignore;
  std::optional<drill_policy> drill;  ///< none: no [component.NAME.drill]

  /// Whether its artifacts are directories.
  [[nodiscard]] bool of_directories() const {
    return std::any_of(names.begin(), names.end(), [](const name_pattern& one) { return one.for_directories(); });
  }

  [[nodiscard]] identical_content identical() const noexcept { return identical_given.value_or(usual_identical(kind)); }

  friend bool operator==(const component_policy&, const component_policy&) = default;
};

struct estate_policy {
  std::string name;
  std::string root;
  time_zone zone;
  std::vector<name_pattern> ignore;
  std::chrono::seconds drill_time_limit = std::chrono::hours{24};

  friend bool operator==(const estate_policy&, const estate_policy&) = default;
};

}  // namespace knowngood
