// A server, files of a test's own, and whole rehearsals of dumps among them on that server.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "compare/loaded_dump.hpp"
#include "knowngood/drill/run_drill.hpp"
#include "server/private_server.hpp"

namespace knowngood {

class rehearsal_world : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = std::make_unique<private_server>(std::vector<std::string>{"max_prepared_transactions=8"});
  }
  static void TearDownTestSuite() { server_.reset(); }

  static std::filesystem::path here() { return server_->here().path(); }

  /// Settings for a drill on the given server, as its superuser unless `user` says otherwise.
  static drill_settings on_server(const std::string& user = std::string{postgres_server::own_superuser}) {
    drill_settings settings;
    settings.clock = [] { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); };
    settings.server = server_->conninfo("postgres", user);
    settings.scratch = here() / "drills";
    std::filesystem::create_directories(settings.scratch);
    std::filesystem::permissions(settings.scratch, std::filesystem::perms{0711});
    return settings;
  }

  /// A drill of one file in `here()`, as `drill FILE --capture CAPTURE` is.
  static report drilled(const std::string& file, const drill_settings& settings, const std::string& capture = "",
                        const drill_policy& policy = {}) {
    drill_plan plan =
        plan_drill({(here() / file).string()}, capture.empty() ? "" : (here() / capture).string(), limits{});
    for (auto& target : plan.targets) target.policy = policy;
    report result;
    result.tool = "drill";
    result.started = settings.clock();
    run_drill(plan, settings, result);
    return result;
  }

  /// Everything that was found and could not be checked, for messages of failing tests.
  static std::string everything(const report& of) {
    std::string text = text_of(of.findings, of.unchecked);
    for (const auto& one : of.artifacts) text += text_of(one.findings, one.unchecked);
    for (const auto& one : of.steps)
      text += one.name + (one.skipped ? " skipped: " + one.reason : "") + "\n" + text_of(one.findings, one.unchecked);
    return text;
  }

  /// Ids of findings of at least a warning, but for the dumps' having no checksum file.
  static std::set<std::string> alarms(const report& of) {
    std::set<std::string> ids;
    const auto take = [&](const std::vector<finding>& findings) {
      for (const auto& one : findings) {
        if (one.severity != severity::note && one.check != "file.unprotected") ids.insert(one.check);
      }
    };
    take(of.findings);
    for (const auto& one : of.artifacts) take(one.findings);
    for (const auto& one : of.steps) take(one.findings);
    return ids;
  }

  /// What a drill has on the server: databases and roles.
  static std::string left_on_server() {
    return server_->must(
        "psql -XAt -d postgres -c \"SELECT datname FROM pg_database WHERE datname LIKE 'knowngood\\_drill%' UNION ALL"
        " SELECT 'role ' || rolname FROM pg_roles WHERE rolname LIKE 'knowngood\\_drill%' ORDER BY 1\"");
  }

  static const step_report& step(const report& of, const std::string& name) {
    for (const auto& one : of.steps) {
      if (one.name == name) return one;
    }
    throw std::runtime_error{"no step " + name};
  }

  inline static std::unique_ptr<private_server> server_;
};

}  // namespace knowngood
