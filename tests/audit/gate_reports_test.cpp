#include "knowngood/audit/gate_reports.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/sample_history.hpp"

namespace gate_reports_test {

using namespace knowngood;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Last night's verification, sound, of all that the policy names.
class gate_reports : public testing::Test {
 protected:
  gate_reports() {
    night.components[5].findings.clear();
    night.artifacts[3].findings.clear();
    request.now = night.finished + minutes{10};
    for (const auto& one : samples::estate) request.components.push_back({one.name, true, false, {}, {}});
  }

  [[nodiscard]] gate_rule judged(const std::function<void(detail::gate_reports&)>& judge) const {
    evidence shown;
    shown.add(night);
    for (const auto& one : parts) shown.parts.push_back(one);
    detail::gate_board board{request};
    detail::gate_reports reports{checked, shown, request, board};
    judge(reports);
    return board.take(board.size()).rules.at(0);
  }
  [[nodiscard]] gate_rule age(seconds most) const {
    return judged([&](detail::gate_reports& it) { it.judge_age("age", "verification", "verify", night, most); });
  }
  [[nodiscard]] gate_rule soundness() const {
    return judged([&](detail::gate_reports& it) { it.judge_soundness("sound", night); });
  }
  [[nodiscard]] gate_rule cover(const std::set<std::string>& covered) const {
    return judged([&](detail::gate_reports& it) {
      it.judge_cover("covers", night, [&](const report&, const std::string& name) { return covered.contains(name); });
    });
  }

  ledger_check checked;
  report night = samples::night(samples::last_night, 1);
  std::vector<report> parts;
  gate_request request;
};

TEST_F(gate_reports, are_fresh_to_the_second) {
  EXPECT_EQ(age(minutes{10}).verdict, gate_verdict::pass);
  EXPECT_EQ(age(minutes{10} - seconds{1}).verdict, gate_verdict::fail);
  EXPECT_EQ(age(minutes{10}).why, "the newest verification is 10m old, of at most 10m");
}

TEST_F(gate_reports, are_not_from_the_future_by_more_than_clocks_differ) {
  request.now = night.finished - minutes{5};
  EXPECT_EQ(age(minutes{10}).why, "the newest verification is 0s old, of at most 10m");
  request.now -= seconds{1};
  EXPECT_THAT(age(minutes{10}).why, HasSubstr("is from the future"));
  night.finished = request.now;
  EXPECT_EQ(age(minutes{10}).verdict, gate_verdict::pass);
  night.started = request.now + minutes{6};
  EXPECT_EQ(age(minutes{10}).verdict, gate_verdict::fail) << "it began in the future";
}

TEST_F(gate_reports, leave_open_what_the_newest_says_when_it_cannot_be_read) {
  const auto list = [&](const char* tool, moment started) {
    checked.lines.push_back({{}, 3, ""});
    checked.lines.back().entry.about.tool = tool;
    checked.lines.back().entry.about.started = started;
  };
  list("verify", night.started);
  list("drill", night.started + minutes{1});
  EXPECT_EQ(age(minutes{10}).verdict, gate_verdict::pass) << "it was read, and a drill is something else";
  list("verify", night.started + minutes{2});
  list("verify", night.started + minutes{1});
  EXPECT_EQ(age(minutes{10}).verdict, gate_verdict::unknown);
  EXPECT_THAT(age(minutes{10}).why, HasSubstr("of 2025-12-04T03:02:00Z, could not be read"));
}

TEST_F(gate_reports, are_sound_by_what_stands_in_them_and_not_by_what_they_claim) {
  EXPECT_EQ(soundness().verdict, gate_verdict::pass);
  EXPECT_EQ(soundness().why, "6 artifacts sound");
  for (const auto spoil : std::initializer_list<void (*)(report&)>{
           [](report& r) { r.verdict = verdict::unsound; },
           [](report& r) { r.components[1].verdict = verdict::unsound; },
           [](report& r) { r.artifacts[1].verdict = verdict::unsound; },
           [](report& r) { r.artifacts[1].verdict = verdict::unchecked; },
           [](report& r) {
             r.artifacts[1].unchecked.push_back({location{"/mnt"}, "cannot open", ""});
           },
           [](report& r) { r.artifacts[1].findings.push_back(make_finding(checks::gzip_crc32, location{"a"}, "x")); },
           [](report& r) { r.exit_code = 1; },
           [](report& r) { r.complete = false; },
           [](report& r) { r.artifacts.clear(); },
       }) {
    const report good = night;
    spoil(night);
    EXPECT_EQ(soundness().details.size(), 1U) << soundness().why;
    EXPECT_EQ(soundness().verdict, gate_verdict::fail);
    night = good;
  }
}

TEST_F(gate_reports, are_as_bad_as_the_parts_that_were_looked_at_since) {
  parts.push_back(night);
  EXPECT_EQ(soundness().why, "6 artifacts sound, and 1 run of a part since then");
  finding damage = make_finding(checks::gzip_crc32, location{"a.gz"}, "differs");
  damage.severity = severity::warning;
  parts[0].findings.push_back(damage);
  EXPECT_EQ(soundness().verdict, gate_verdict::pass);
  parts[0].findings[0].severity = severity::error;
  EXPECT_THAT(soundness().details,
              ElementsAre("in the run of a part of 2025-12-04T03:00:00Z: gzip.crc32: a.gz: differs"));
  parts[0].tool = "drill";
  EXPECT_EQ(soundness().verdict, gate_verdict::pass) << "it is the drill's to answer for";
}

TEST_F(gate_reports, cover_what_the_policy_requires_or_else_what_they_saw) {
  const std::set<std::string> all{"database", "models", "code", "configuration", "volumes", "logs"};
  EXPECT_EQ(cover(all).why, "6 components covered");
  EXPECT_EQ(cover({"database", "models", "code", "volumes"}).why, "2 components not covered: configuration, logs");
  for (auto& one : request.components) one.required = one.name == "code";
  EXPECT_EQ(cover({"code"}).why, "1 component covered");
  request.components[2].required = false;
  EXPECT_EQ(cover({}).verdict, gate_verdict::not_asked);
  request.components.clear();
  EXPECT_EQ(cover(all).verdict, gate_verdict::pass);
  EXPECT_EQ(cover({"code"}).verdict, gate_verdict::fail);
  for (auto& one : night.components) one.artifacts = 0;
  EXPECT_EQ(cover(all).why, "no component had an artifact");
  EXPECT_EQ(cover(all).verdict, gate_verdict::fail) << "nothing is no cover";
  night.components.clear();
  EXPECT_EQ(cover({}).verdict, gate_verdict::not_asked);
}

}  // namespace gate_reports_test
