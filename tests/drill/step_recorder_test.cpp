#include "knowngood/drill/step_recorder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

#include "knowngood/base/error.hpp"

namespace step_recorder_test {

using namespace knowngood;
using testing::HasSubstr;

const step_name load{drill_steps::load_dump, "database", "/b/db.sql"};

step_settings settings(stop_flag stop = {}) {
  step_settings made;
  made.clock = [] { return *parse_moment("2025-12-04T05:00:00Z"); };
  made.stop = stop;
  return made;
}

/// A recorder after one step with that body, and what `run` said.
template <typename Body>
std::pair<step_report, bool> ran(Body body) {
  step_recorder steps{settings()};
  const bool good = steps.run(load, {}, body);
  EXPECT_EQ(steps.steps().size(), 1U);
  return {steps.steps().at(0), good};
}

TEST(step_recorder, records_a_step_that_was_carried_out) {
  const auto [step, good] = ran([](step_report& of) {
    of.bytes = 7;
    of.findings.push_back(make_finding(checks::drill_leftover, location{"x"}, "a note"));
  });
  EXPECT_TRUE(good);
  EXPECT_EQ(step.name, "load-dump");
  EXPECT_EQ(step.component, "database");
  EXPECT_EQ(step.artifact, "/b/db.sql");
  EXPECT_EQ(step.verdict, verdict::sound);
  EXPECT_EQ(step.bytes, 7U);
  EXPECT_EQ(to_rfc3339(step.started), "2025-12-04T05:00:00Z");
  EXPECT_GE(step.seconds, 0.0);
  EXPECT_FALSE(step.skipped);
}

TEST(step_recorder, fails_with_an_error_and_with_a_verdict_of_the_steps_own) {
  const auto [with_error, good] =
      ran([](step_report& of) { of.findings.push_back(make_finding(checks::gzip_crc32, location{"x"}, "differs")); });
  EXPECT_FALSE(good);
  EXPECT_EQ(with_error.verdict, verdict::unsound);
  const auto [of_its_own, fine] = ran([](step_report& of) { of.verdict = verdict::unprotected; });
  EXPECT_FALSE(fine);
  EXPECT_EQ(of_its_own.verdict, verdict::unprotected);
}

TEST(step_recorder, makes_of_what_is_thrown_what_it_means) {
  const auto of_stream = ran([](step_report&) { throw stream_error{checks::gzip_truncated, location{"x"}, "ends"}; });
  EXPECT_EQ(of_stream.first.verdict, verdict::unsound);
  EXPECT_EQ(of_stream.first.findings.at(0).check, "gzip.truncated");
  const auto of_host = ran([](step_report&) { throw environment_error{location{"/mnt"}, "is full", "make space"}; });
  EXPECT_EQ(of_host.first.verdict, verdict::unchecked);
  EXPECT_EQ(of_host.first.unchecked.at(0).where.to_string(), "/mnt");
  const auto of_server = ran([](step_report&) { throw sql_error{"57P01", "it goes\ndown"}; });
  EXPECT_EQ(of_server.first.verdict, verdict::unchecked);
  EXPECT_EQ(of_server.first.unchecked.at(0).message, "the server refuses: it goes\\ndown (57P01)");
  const auto of_ours = ran([](step_report&) { throw std::logic_error{"oh"}; });
  EXPECT_EQ(of_ours.first.verdict, verdict::unchecked);
  EXPECT_EQ(of_ours.first.unchecked.at(0).message, "load-dump broke off: oh");
  for (const auto& one : {of_stream, of_host, of_server, of_ours}) EXPECT_FALSE(one.second);
}

TEST(step_recorder, keeps_what_was_found_before_something_was_thrown) {
  const auto [step, good] = ran([](step_report& of) {
    of.findings.push_back(make_finding(checks::gzip_crc32, location{"x"}, "differs"));
    throw environment_error{location{"/mnt"}, "is full", "make space"};
  });
  EXPECT_FALSE(good);
  EXPECT_EQ(step.findings.size(), 1U);
  EXPECT_EQ(step.verdict, verdict::unsound);
}

TEST(step_recorder, ends_the_drill_when_it_is_to_stop_and_says_so_in_the_step) {
  std::atomic<bool> stop{false};
  step_recorder steps{settings(stop)};
  EXPECT_THROW(steps.run(load, {},
                         [&](step_report&) {
                           stop = true;
                           throw interrupted{};
                         }),
               interrupted);
  ASSERT_EQ(steps.steps().size(), 1U);
  EXPECT_EQ(steps.last(), verdict::unchecked);
  EXPECT_EQ(steps.steps()[0].unchecked.at(0).message, "interrupted before it was done");
  bool begun = false;
  EXPECT_THROW(steps.run(load, {}, [&](step_report&) { begun = true; }), interrupted);
  EXPECT_FALSE(begun);
  EXPECT_EQ(steps.steps().size(), 1U) << "nothing more is begun";
}

TEST(step_recorder, takes_a_skipped_step_for_an_error_unless_the_policy_allows_it) {
  step_settings of = settings();
  of.skip = {"load-dump"};
  step_recorder steps{of};
  bool begun = false;
  EXPECT_FALSE(steps.run(load, {}, [&](step_report&) { begun = true; }));
  EXPECT_FALSE(begun);
  EXPECT_EQ(steps.last(), verdict::unsound);
  EXPECT_TRUE(steps.steps()[0].skipped);
  EXPECT_EQ(steps.steps()[0].findings.at(0).check, "drill.skipped");
  EXPECT_FALSE(steps.run(load, {"load-dump"}, [](step_report&) {}));
  EXPECT_EQ(steps.last(), verdict::sound);
  EXPECT_EQ(steps.steps()[1].reason, "asked for by --skip");
  steps.skip(load, "no reason", {"compare-rows"});
  EXPECT_EQ(steps.last(), verdict::unsound) << "the policy allows another one";
}

TEST(step_recorder, blames_no_backup_for_what_followed_from_something_unchecked) {
  step_recorder steps{settings()};
  steps.forgo(load, "the server did not start", {}, verdict::unchecked);
  EXPECT_EQ(steps.last(), verdict::unchecked);
  EXPECT_TRUE(steps.steps()[0].findings.empty());
  steps.forgo(load, "the server did not start", {"load-dump"}, verdict::unchecked);
  EXPECT_EQ(steps.last(), verdict::unchecked) << "that it may be skipped does not make it checked";
  steps.forgo(load, "the dump is broken", {}, verdict::unsound);
  EXPECT_EQ(steps.last(), verdict::unsound);
  EXPECT_EQ(steps.take().size(), 3U);
}

TEST(step_recorder, shows_which_step_is_going_on) {
  progress_board board;
  step_settings of = settings();
  of.progress = &board;
  step_recorder steps{of};
  EXPECT_EQ(steps.last(), verdict::unchecked) << "there was none";
  steps.run(load, {}, [&](step_report&) {
    EXPECT_EQ(board.now().current, "load-dump");
    throw std::logic_error{"oh"};
  });
  EXPECT_EQ(board.now().current, "");
  EXPECT_EQ(board.now().artifacts_done, 1U);
}

}  // namespace step_recorder_test
