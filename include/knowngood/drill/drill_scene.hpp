// drill_scene: where a drill takes place: its scratch directory, its server, its steps, and what has been restored.
//
// Layer: drill. Cleans up after itself whatever happens, and proves it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/ascii.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/drill/drill_plan.hpp"
#include "knowngood/drill/drill_server.hpp"
#include "knowngood/drill/drill_settings.hpp"
#include "knowngood/drill/step_recorder.hpp"
#include "knowngood/report/drill_steps.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/sandbox/confinement_report.hpp"
#include "knowngood/sandbox/control_group.hpp"
#include "knowngood/sandbox/drill_user.hpp"
#include "knowngood/sandbox/scratch.hpp"
#include "knowngood/sandbox/system_user.hpp"

namespace knowngood {

class drill_scene {
 public:
  /// All outlive it.
  drill_scene(const drill_plan& plan_of, const drill_settings& settings_of, step_recorder& steps_of, report& result_of)
      : plan{plan_of}, settings{settings_of}, steps{steps_of}, result{result_of}, user{server_user_.user()} {}

  drill_scene(const drill_scene&) = delete;
  drill_scene& operator=(const drill_scene&) = delete;

  /// Makes the scratch directory when `bytes` fit into it. False, and the report says why, when the drill cannot begin.
  bool prepare(std::uint64_t bytes) {
    return steps.run({drill_steps::prepare_scratch, "", ""}, {}, [&](step_report& step) {
      finding_list found;
      sweep_scratch(settings.scratch, found);
      step.findings = found.snapshot();
      require_space(settings.scratch, bytes);
      scratch_.emplace(settings.scratch, user);
      group_.emplace(own_control_group(), server_limits(bounds_.memory));
      bounds_.group = group_->entrance();
      server_.emplace(settings, scratch_->path() / "server", user, scratch_id(), bounds_);
      step.properties.push_back({location{}, "needed_bytes", fmt::format("{}", bytes)});
    });
  }

  /// The drill's private directory.
  [[nodiscard]] const std::filesystem::path& root() const { return scratch_->path(); }

  /// A new directory in the scratch, named after an artifact.
  std::filesystem::path make_directory(const std::string& name) {
    return scratch_->make(fmt::format("{:02}-{}", ++directories_, safe_name(name)));
  }

  /// A path in the scratch that does not exist yet.
  [[nodiscard]] std::filesystem::path new_path(const std::string& name) {
    return scratch_->path() / fmt::format("{:02}-{}", ++directories_, safe_name(name));
  }

  /// Remembers, for probes, where something was restored; several of a name are separated by colons.
  void add_probe_variable(const std::string& variable, const std::string& value) {
    std::string& all = probe_variables_[variable];
    all += (all.empty() ? "" : ":") + value;
  }
  [[nodiscard]] const std::map<std::string, std::string>& probe_variables() const noexcept { return probe_variables_; }

  [[nodiscard]] drill_server& server() { return *server_; }
  /// Of every server of the drill's own.
  [[nodiscard]] const server_bounds& bounds() const noexcept { return bounds_; }

  /// An assertion was asked of a part of `whole`, which had what it names.
  void note_answer(const std::string& whole, const std::string& assertion) { answered_.emplace(whole, assertion); }
  [[nodiscard]] bool answered(const std::string& whole, const std::string& assertion) const {
    return answered_.count({whole, assertion}) != 0;
  }

  /// Whether a dump was compared with a capture.
  void note_capture() noexcept { capture_read_ = true; }
  [[nodiscard]] bool capture_read() const noexcept { return capture_read_; }

  /// Starts the server as a step of its own when it does not run yet. False when there is none.
  bool ensure_server(const std::string& component) {
    if (server_->started()) return true;
    return steps.run({drill_steps::start_server, component, ""}, {}, [&](step_report& step) {
      server_->start();
      if (server_->is_own()) report_confinement(step);
      step.properties.push_back({location{}, "server_version", server_->version()});
      for (const auto& name : server_->removed_leftovers()) {
        step.findings.push_back(make_finding(checks::drill_leftover, location{"PostgreSQL"},
                                             "a database of a drill that was killed was dropped", "", name));
      }
      for (const auto& what : server_->leftovers()) {
        step.findings.push_back(make_finding(checks::drill_cleanup, location{"PostgreSQL"},
                                             "what a drill that was killed left behind could not be removed", "gone",
                                             what));
      }
    });
  }

  /// What keeps a server of the drill's own from this host, once; what does not is a note, and a warning where files
  /// outside of the scratch are within its reach.
  void report_confinement(step_report& step) {
    if (!result.confinement.empty()) return;
    const confinement_description about = describe_confinement(user, *group_, bounds_.memory);
    result.confinement = about.held_by;
    if (about.lacking.empty()) return;
    finding lacks = make_finding(checks::drill_unconfined, location{"PostgreSQL"},
                                 about.keeps_files ? "the kernel grants the drill's server less than it could"
                                                   : "the server of the drill is not confined by the kernel",
                                 "a user and namespaces of its own, Landlock, seccomp", "without " + about.lacking);
    if (about.keeps_files) lacks.severity = severity::note;
    step.findings.push_back(std::move(lacks));
  }

  /// Stops the server and removes the scratch directory. False when something is left; the report says what.
  bool clean_up() {
    if (!scratch_) return true;
    bool clean = true;
    // never skipped, and not stopped by whoever stopped the drill
    step_report step;
    step.name = drill_steps::clean_up.name;
    step.started = settings.clock();
    step.verdict = verdict::sound;
    const auto began = std::chrono::steady_clock::now();
    const auto left = [&](const std::string& what, const std::string& advice) {
      step.findings.push_back(
          make_finding(checks::drill_cleanup, location{what}, "could not be removed", "gone", advice));
      step.verdict = verdict::unsound;
      clean = false;
    };
    std::vector<std::string> kept;
    for (const auto& what : server_->shut_down(settings.keep, kept)) left("server", what);
    if (const std::string stays = group_ ? group_->remove() : std::string{}; !stays.empty())
      left("control group", stays);
    for (const auto& database : kept) step.properties.push_back({location{}, "kept_database", database});
    if (settings.keep) {
      scratch_->keep();
      step.properties.push_back({location{}, "kept", scratch_->path().string()});
    } else {
      try {
        scratch_->remove();
      } catch (const environment_error& error) {
        left(scratch_->path().string(), error.what());
      }
    }
    step.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    steps.add(std::move(step));
    return clean;
  }

  const drill_plan& plan;
  const drill_settings& settings;
  step_recorder& steps;
  report& result;

 private:
  drill_user server_user_;

 public:
  std::optional<system_user> user;  ///< who runs servers, when we are root

 private:
  [[nodiscard]] std::string scratch_id() const {
    const std::string id = scratch_->path().filename().string();
    return to_lower(id.substr(id.rfind('-') + 1));
  }

  static std::string safe_name(const std::string& name) {
    std::string safe;
    for (const char c : name.substr(0, 60)) {
      const bool plain = is_ascii_letter(c) || is_ascii_digit(c) || c == '_' || c == '-' || c == '.';
      safe += plain ? c : '_';
    }
    return safe;
  }

  std::optional<drill_scratch> scratch_;
  server_bounds bounds_;
  std::optional<control_group> group_;
  std::optional<drill_server> server_;
  std::map<std::string, std::string> probe_variables_;
  unsigned directories_ = 0;
  bool capture_read_ = false;
  std::set<std::pair<std::string, std::string>> answered_;  // of parts: the whole, the assertion
};

}  // namespace knowngood
