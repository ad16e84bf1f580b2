// freshness: whether a component has the artifacts that it should have by now: missing, stale, late, dated in the
// future.
//
// Layer: catalog. Names are believed, modification times are not (a copy has a new one, `touch` too). The rules, with
// examples, stand in docs/policy.md.
//   for (finding& what : judge_freshness(policy.components[i], listing.components[i], now)) ...
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/component_policy.hpp"
#include "knowngood/catalog/discovery.hpp"

namespace knowngood {

/// Clocks of two hosts may differ by this much before a name counts as dated in the future.
inline constexpr std::chrono::seconds future_tolerance = std::chrono::minutes{5};

/// Whether `artifact` is dated in the future of `now`.
inline bool is_future(const stored_artifact& artifact, moment now) {
  return artifact.timestamp && *artifact.timestamp > now + future_tolerance;
}

/// How old what `artifact` holds is at least: from the last moment that its name can mean, never negative; nothing for
/// one without a date.
inline std::optional<std::chrono::seconds> age_of(const stored_artifact& artifact, moment now) {
  if (!artifact.latest) return std::nullopt;
  return std::max(std::chrono::seconds{0}, now - *artifact.latest);
}

/// The newest artifact of `listing`, of one series or of all, that has a date and is not in the future; null without
/// one.
inline const stored_artifact* newest_artifact(const component_listing& listing, moment now,
                                              std::optional<std::string_view> series = std::nullopt) {
  const stored_artifact* newest = nullptr;
  for (const auto& artifact : listing.artifacts) {
    if (!artifact.timestamp || is_future(artifact, now) || (series && artifact.series != *series)) continue;
    newest = &artifact;
  }
  return newest;
}

/// Whether the job that writes `artifact` may not have finished yet: `grace` has not passed since the last moment that
/// the name can mean. What is missing or cut short then may still come; after that it is an error.
inline bool may_still_be_written(const component_policy& component, const stored_artifact& artifact, moment now) {
  return artifact.latest && !is_future(artifact, now) && now < *artifact.latest + component.grace;
}

/// Whether it may be being written at this moment: its job may still run, and the file changed only lately. What looks
/// cut short then may be whole soon.
inline bool may_be_growing(const component_policy& component, const stored_artifact& artifact, moment now) {
  return may_still_be_written(component, artifact, now) && now - artifact.modified <= std::chrono::minutes{15};
}

/// Findings about what the policy promises beside `artifact` and what is not there; notes while the job may still run.
inline std::vector<finding> judge_sidecars(const component_policy& component, const stored_artifact& artifact,
                                           moment now) {
  std::vector<finding> findings;
  const bool soon = may_still_be_written(component, artifact, now);
  const auto missing = [&](const check& what, const std::optional<sidecar>& promised, std::string_view name) {
    if (!promised || promised->present) return;
    findings.push_back(make_finding(what, location{artifact.path},
                                    fmt::format("the promised {} is not there{}", name, soon ? " yet" : ""),
                                    promised->path, "no such file"));
    if (soon) findings.back().severity = severity::note;
  };
  missing(checks::checksum_sidecar_missing, artifact.checksum, "checksum file");
  missing(checks::manifest_missing, artifact.manifest, "manifest");
  return findings;
}

namespace detail {

/// Judges one series of a component, or the whole of one that has none.
class series_judge {
 public:
  series_judge(const component_policy& component, moment now) : component_{component}, now_{now} {}

  /// `listed`: named in the policy, or the policy names none. Others are relics until somebody says otherwise:
  /// warnings.
  [[nodiscard]] std::vector<finding> judge(const std::string& series,
                                           const std::vector<const stored_artifact*>& artifacts, bool listed) const {
    std::vector<finding> findings;
    location where{component_.name};
    if (!series.empty()) where = where / series;
    if (artifacts.empty()) {
      finding what = make_finding(checks::presence_missing, where,
                                  series.empty() ? "no artifact is there" : "no artifact of this series is there",
                                  names(), "none");
      if (!component_.required) what.severity = severity::note;
      return {std::move(what)};
    }
    const stored_artifact* newest = nullptr;
    bool undated = false;
    for (const stored_artifact* one : artifacts) {
      if (one->timestamp && !is_future(*one, now_)) newest = one;
      undated = undated || (!one->timestamp && one->timestamp_text.empty());
    }
    if (newest == nullptr && undated) return {};  // the policy asks for its presence only
    if (auto what = judge_age(where, newest, artifacts.size())) findings.push_back(std::move(*what));
    if (!listed) {
      for (auto& what : findings) {
        if (is_error(what)) what.severity = severity::warning;
        what.message += "; the policy does not list this series";
      }
    }
    return findings;
  }

 private:
  [[nodiscard]] std::optional<finding> judge_age(const location& where, const stored_artifact* newest,
                                                 std::size_t count) const {
    const std::string actual =
        newest == nullptr ? fmt::format("{} artifact{}, none with a date that counts", count, count == 1 ? "" : "s")
                          : describe(*newest);
    const knowngood::schedule& schedule = component_.schedule;
    if (const auto owed = schedule.last_due(now_ - component_.grace)) {
      if (!covers(newest, *owed)) {
        return make_finding(checks::presence_stale, where, "the newest artifact is older than the schedule allows",
                            from(*owed), actual);
      }
      auto pending = schedule.next_due(*owed);
      while (pending && *pending <= now_ && covers(newest, *pending)) pending = schedule.next_due(*pending);
      if (pending && *pending <= now_) {
        finding what = make_finding(checks::presence_late, where,
                                    fmt::format("the artifact due at {} is not there yet; it is an error from {}",
                                                clock(*pending), clock(*pending + component_.grace)),
                                    from(*pending), actual);
        if (!component_.late_after || now_ < *pending + *component_.late_after) what.severity = severity::note;
        return what;  // while a run has its grace, max_age waits for it
      }
    }
    if (component_.max_age && (newest == nullptr || *age_of(*newest, now_) > *component_.max_age)) {
      return make_finding(checks::presence_stale, where, "the newest artifact is older than max_age",
                          fmt::format("at most {} old", format_duration(*component_.max_age)), actual);
    }
    if (newest == nullptr) {
      return make_finding(checks::presence_missing, where, "no artifact with a date that counts is there", names(),
                          actual);
    }
    return std::nullopt;
  }

  // Whether `artifact` is what the run due at `due` was to write, or later.
  [[nodiscard]] bool covers(const stored_artifact* artifact, moment due) const {
    if (artifact == nullptr) return false;
    if (artifact->precision >= std::chrono::hours{1}) return *artifact->latest >= due;
    // Half the way back to the run before at most, so that one artifact never stands for two runs.
    const auto before = component_.schedule.last_due(due - std::chrono::seconds{1});
    const auto early = before ? std::min(component_.early, (due - *before) / 2) : component_.early;
    return *artifact->latest >= due - early;
  }

  [[nodiscard]] std::string clock(moment at) const { return component_.zone.format(at); }
  [[nodiscard]] std::string from(moment due) const { return fmt::format("an artifact of {} or later", clock(due)); }

  [[nodiscard]] std::string describe(const stored_artifact& newest) const {
    return fmt::format("newest is {}, {} old", printable(newest.name), format_duration(*age_of(newest, now_)));
  }

  [[nodiscard]] std::string names() const {
    std::string all;
    for (const auto& name : component_.names) all += fmt::format("{}{}", all.empty() ? "" : " or ", name.text());
    return all;
  }

  const component_policy& component_;
  moment now_;
};

}  // namespace detail

/// Findings about the presence and age of a component's artifacts at `now`, each series on its own. Nothing when the
/// directory could not be listed: that has been said, and absence proves nothing then.
inline std::vector<finding> judge_freshness(const component_policy& component, const component_listing& listing,
                                            moment now) {
  std::vector<finding> findings;
  if (!listing.listed) return findings;
  std::map<std::string, std::vector<const stored_artifact*>> by_series;
  for (const auto& name : component.series) by_series.try_emplace(name);
  for (const auto& artifact : listing.artifacts) {
    by_series[artifact.series].push_back(&artifact);
    if (!is_future(artifact, now)) continue;
    findings.push_back(make_finding(
        checks::presence_future, location{artifact.path}, "the artifact is dated in the future",
        fmt::format("not after {}", component.zone.format(now)), component.zone.format(*artifact.timestamp)));
  }
  if (by_series.empty()) by_series.try_emplace("");
  const detail::series_judge judge{component, now};
  for (const auto& [series, artifacts] : by_series) {
    const bool listed = component.series.empty() ||
                        std::find(component.series.begin(), component.series.end(), series) != component.series.end();
    for (auto& what : judge.judge(series, artifacts, listed)) findings.push_back(std::move(what));
  }
  return findings;
}

}  // namespace knowngood
