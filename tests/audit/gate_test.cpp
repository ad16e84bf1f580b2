#include "knowngood/audit/gate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "report/sample_history.hpp"

namespace gate_test {

using namespace knowngood;
using std::chrono::hours;
using testing::AllOf;
using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// A ledger that holds, a verification of last night and a drill a week ago, both sound; and what a policy asks of
/// them. The gate is open; each test then breaks one thing.
class judge_gate_test : public testing::Test {
 protected:
  judge_gate_test() {
    for (std::uint64_t number = 1; number <= 2; ++number) checked.lines.push_back({{}, number, samples::sha256});
    checked.line_count = checked.reports_checked = checked.signatures_verified = 2;
    checked.head_signed = true;
    request.signatures = true;
    request.now = samples::last_night + hours{2};
    for (const auto& one : samples::estate)
      request.components.push_back({one.name, true, one.kind == std::string_view{"postgres-dump"}, {}, {}});
    drill = samples::rehearsal(samples::last_night - hours{7 * 24}, 60);
    for (const std::size_t number : {4U, 5U}) {
      step_report step = drill.steps[3];
      step.name = "restore-archive";
      step.component = samples::estate[number].name;
      drill.steps.push_back(step);
    }
  }

  [[nodiscard]] evidence gathered() const {
    evidence shown;
    if (verify) shown.add(*verify);
    if (drill.tool == "drill") shown.add(drill);
    for (const auto& one : more) shown.add(one);
    return shown;
  }
  [[nodiscard]] gate_result judged() const { return judge_gate(checked, gathered(), request); }

  [[nodiscard]] gate_rule rule(std::string_view name) const {
    for (const auto& one : judged().rules) {
      if (one.name == name) return one;
    }
    return {std::string{name}, gate_verdict::not_asked, "there is no such rule", {}};
  }
  /// `fail`, and what `why` and the details say.
  [[nodiscard]] std::string text_of_rule(std::string_view name) const {
    const gate_rule one = rule(name);
    std::string text = fmt::format("{}: {}", to_string(one.verdict), one.why);
    for (const auto& detail : one.details) text += "\n" + detail;
    return text;
  }
  /// Of the rules that neither hold nor were not asked.
  [[nodiscard]] std::vector<std::string> broken() const {
    std::vector<std::string> names;
    for (const auto& one : judged().rules) {
      if (one.verdict == gate_verdict::fail || one.verdict == gate_verdict::unknown) names.push_back(one.name);
    }
    return names;
  }
  void accept(std::string check, std::string where = {}, hours left = hours{24}) {
    request.rules.accepted.push_back({std::move(check), std::move(where), "ticket 42", request.now + left});
  }
  static finding error(const check& what, const std::string& where) {
    finding one = make_finding(what, location{where}, "it is wrong");
    one.severity = severity::error;
    return one;
  }
  /// A run of `logs` alone, `after` hours after the newest whole one.
  [[nodiscard]] static report part_of(report whole, int after) {
    whole.started += hours{after};
    whole.finished += hours{after};
    whole.limited_to = {"logs"};
    whole.components = {whole.components[5]};
    whole.artifacts = {whole.artifacts[5]};
    whole.steps.clear();
    whole.comparisons.clear();
    whole.recoveries.clear();
    return whole;
  }

  ledger_check checked;
  std::optional<report> verify = samples::night(samples::last_night, 1);
  report drill;
  std::vector<report> more;
  gate_request request;
};

TEST_F(judge_gate_test, is_open_when_everything_holds) {
  const gate_result result = judged();
  EXPECT_EQ(result.exit_code, 0);
  std::vector<std::string> names;
  for (const auto& one : result.rules) {
    names.push_back(one.name);
    EXPECT_EQ(one.verdict, gate_verdict::pass) << one.name << ": " << one.why;
  }
  EXPECT_THAT(names,
              ElementsAre("ledger-whole", "signed", "verification-fresh", "verification-sound", "verification-covers",
                          "drill-recent", "drill-sound", "drill-rows", "drill-objectives", "drill-covers"));
}

// --- ledger-whole, signed

TEST_F(judge_gate_test, is_closed_by_a_defect_of_the_ledger_and_not_by_a_remark) {
  checked.findings.push_back(
      make_finding(checks::ledger_report_altered, location{"reports/x.json"}, "has another size"));
  EXPECT_THAT(text_of_rule("ledger-whole"),
              AllOf(HasSubstr("fail: the ledger is damaged: 1 defect"), HasSubstr("reports/x.json: has another size")));
  EXPECT_EQ(judged().exit_code, 1);
  checked.findings[0].severity = severity::note;
  EXPECT_EQ(judged().exit_code, 0);
}

TEST_F(judge_gate_test, is_closed_by_errors_of_the_ledger_that_were_left_out) {
  checked.errors_left_out = 3;
  EXPECT_THAT(broken(), ElementsAre("ledger-whole", "signed"));
  EXPECT_THAT(text_of_rule("ledger-whole"), HasSubstr("3 more defects"));
  checked.errors_left_out = 0;
  checked.others_left_out = 3;
  EXPECT_THAT(broken(), IsEmpty());
}

TEST_F(judge_gate_test, cannot_tell_what_could_not_be_read_of_the_ledger) {
  checked.unchecked.push_back({location{"reports/x.json"}, "Permission denied", "grant it"});
  EXPECT_THAT(text_of_rule("ledger-whole"),
              AllOf(HasSubstr("unknown: 1 part"), HasSubstr("reports/x.json: Permission denied")));
  EXPECT_EQ(judged().exit_code, 3);
  verify->complete = false;
  EXPECT_EQ(judged().exit_code, 1) << "what is known to be wrong outweighs what is not known";
}

TEST_F(judge_gate_test, cannot_tell_what_the_newest_report_says_before_it_is_listed) {
  checked.pending = "reports/2025/12/04/verify-20251204T040000Z-0123456789ab.json";
  EXPECT_THAT(text_of_rule("ledger-whole"),
              AllOf(HasSubstr("unknown: the newest report is not listed yet"), HasSubstr(checked.pending)));
  EXPECT_EQ(judged().exit_code, 3);
}

TEST_F(judge_gate_test, tells_that_there_is_no_ledger_to_look_at) {
  const gate_result result = judge_gate(environment_error{location{"/nowhere"}, "cannot be opened", "check the path"});
  ASSERT_EQ(result.rules.size(), 1U);
  EXPECT_EQ(result.rules[0].name, "ledger-whole");
  EXPECT_EQ(result.rules[0].verdict, gate_verdict::unknown);
  EXPECT_EQ(result.rules[0].why, "/nowhere: cannot be opened");
  EXPECT_EQ(result.exit_code, 3);
}

TEST_F(judge_gate_test, wants_signatures_once_a_key_was_given) {
  checked.head_signed = false;
  EXPECT_THAT(text_of_rule("signed"), HasSubstr("fail: the ledger's head is not signed by a known key"));
  checked.head_signed = true;
  checked.findings.push_back(make_finding(checks::signature_invalid, location{"x.dsse"}, "does not verify"));
  EXPECT_THAT(broken(), ElementsAre("signed")) << "the chain itself is whole";
  checked.findings[0] = make_finding(checks::ledger_head, location{"head.dsse"}, "lines were removed");
  EXPECT_THAT(broken(), ElementsAre("ledger-whole", "signed"));
  checked.findings.clear();
  checked.signatures_verified = 0;
  EXPECT_THAT(text_of_rule("signed"), HasSubstr("fail: no report is signed by a known key"));
  checked = {};
  request.signatures = false;
  EXPECT_THAT(text_of_rule("signed"), HasSubstr("not asked"));
}

// --- accepted-findings

TEST_F(judge_gate_test, prints_what_was_accepted_why_and_until_when) {
  EXPECT_THAT(text_of_rule("accepted-findings"), HasSubstr("no such rule"));
  verify->artifacts[3].findings.push_back(error(checks::tar_header, "config_1.tar.gz"));
  accept("tar.header", "config_");
  EXPECT_EQ(judged().exit_code, 0);
  const std::string text = text_of_rule("accepted-findings");
  EXPECT_THAT(text, HasSubstr("pass: 1 accepted finding, none expired"));
  EXPECT_THAT(
      text, HasSubstr("tar.header in config_, until 2025-12-05T05:00:00Z: ticket 42\n  config_1.tar.gz: it is wrong"));
}

TEST_F(judge_gate_test, is_closed_by_an_accepted_finding_that_has_expired) {
  accept("tar.header", {}, hours{1});
  EXPECT_EQ(judged().exit_code, 0);
  request.now += hours{2};
  EXPECT_THAT(text_of_rule("accepted-findings"),
              AllOf(HasSubstr("fail: 1 accepted finding expired"),
                    HasSubstr("tar.header, expired 2025-12-04T06:00:00Z: ticket 42")));
  verify->artifacts[3].findings.push_back(error(checks::tar_header, "a.tar"));
  EXPECT_THAT(broken(), ElementsAre("accepted-findings", "verification-sound"));
}

// --- verification-fresh

TEST_F(judge_gate_test, wants_a_verification_that_is_fresh_to_the_second) {
  request.rules.max_age = request.now - verify->finished;
  EXPECT_THAT(broken(), IsEmpty());
  request.now += std::chrono::seconds{1};
  EXPECT_THAT(broken(), ElementsAre("verification-fresh"));
  verify.reset();
  EXPECT_THAT(text_of_rule("verification-fresh"), HasSubstr("there is no verification"));
  EXPECT_EQ(judged().exit_code, 1);
}

TEST_F(judge_gate_test, believes_no_report_from_the_future) {
  request.now = verify->finished - std::chrono::minutes{4};
  EXPECT_THAT(broken(), IsEmpty()) << "clocks differ a little";
  request.now = verify->finished - std::chrono::minutes{6};
  EXPECT_THAT(text_of_rule("verification-fresh"), HasSubstr("from the future"));
}

TEST_F(judge_gate_test, cannot_tell_what_the_newest_report_says_that_it_cannot_read) {
  const auto list = [&](const char* tool, moment started) {
    checked.lines.push_back({{}, 3, samples::sha256});
    checked.lines.back().entry.about.tool = tool;
    checked.lines.back().entry.about.started = started;
  };
  list("verify", verify->started);
  list("drill", drill.started);
  EXPECT_THAT(broken(), IsEmpty()) << "they were read";
  list("verify", verify->started - hours{24});
  EXPECT_THAT(broken(), IsEmpty()) << "an older one";
  list("verify", verify->started + hours{1});
  EXPECT_THAT(text_of_rule("verification-fresh"),
              HasSubstr("unknown: the newest verification, of 2025-12-04T04:00:00Z, could not be read"));
  EXPECT_THAT(broken(), ElementsAre("verification-fresh"));
  EXPECT_EQ(judged().exit_code, 3);
  verify->complete = false;
  EXPECT_THAT(broken(), ElementsAre("verification-fresh")) << "an older report says nothing";
  verify.reset();
  EXPECT_EQ(judged().exit_code, 3);
  list("drill", drill.started + hours{1});
  request.rules.require_drill = false;
  EXPECT_THAT(broken(), ElementsAre("verification-fresh", "drill-recent"));
}

// --- verification-sound

TEST_F(judge_gate_test, is_closed_by_an_error_wherever_it_stands_in_the_report) {
  const report good = *verify;
  for (int place = 0; place < 4; ++place) {
    verify = good;
    if (place == 3) verify->steps.push_back({});
    auto& findings = place == 0   ? verify->findings
                     : place == 1 ? verify->components[2].findings
                     : place == 2 ? verify->artifacts[2].findings
                                  : verify->steps[0].findings;
    findings.push_back(error(checks::gzip_crc32, "a.gz"));
    EXPECT_THAT(text_of_rule("verification-sound"), HasSubstr("gzip.crc32: a.gz: it is wrong")) << place;
    accept("gzip.crc32");
    EXPECT_THAT(text_of_rule("verification-sound"), HasSubstr("pass: 6 artifacts sound, 1 finding accepted")) << place;
    request.rules.accepted.clear();
  }
}

TEST_F(judge_gate_test, accepts_a_finding_only_where_it_was_accepted) {
  verify->artifacts[0].findings.push_back(error(checks::gzip_crc32, "a.gz"));
  accept("gzip.crc32", "b.gz");
  EXPECT_THAT(broken(), ElementsAre("verification-sound"));
  request.rules.accepted[0] = {"gzip.length", {}, "r", request.now + hours{1}};
  EXPECT_THAT(broken(), ElementsAre("verification-sound"));
}

TEST_F(judge_gate_test, is_closed_by_what_was_not_checked) {
  const report good = *verify;
  verify->unchecked.push_back({location{"/mnt"}, "cannot open", "mount it"});
  EXPECT_THAT(text_of_rule("verification-sound"), HasSubstr("unchecked: /mnt: cannot open"));
  verify = good;
  verify->artifacts[0].unchecked.push_back({location{"/mnt"}, "cannot open", "mount it"});
  EXPECT_THAT(broken(), ElementsAre("verification-sound"));
  verify = good;
  verify->complete = false;
  EXPECT_THAT(text_of_rule("verification-sound"), HasSubstr("interrupted"));
  verify = good;
  verify->artifacts.clear();
  EXPECT_THAT(text_of_rule("verification-sound"), HasSubstr("no artifact"));
}

TEST_F(judge_gate_test, wants_a_checksum_for_every_artifact_unless_the_policy_does_not) {
  verify->artifacts[0].verdict = verdict::unprotected;
  verify->artifacts[0].findings.push_back(
      make_finding(checks::file_unprotected, location{"a"}, "damage would not show"));
  EXPECT_THAT(broken(), ElementsAre("verification-sound"));
  request.rules.allow_unprotected = true;
  EXPECT_THAT(broken(), IsEmpty());
}

TEST_F(judge_gate_test, names_what_is_wrong_in_printable_text) {
  finding evil = error(checks::gzip_crc32, samples::hostile_name);
  evil.check = evil.message = samples::hostile_name;
  verify->artifacts[0].findings.push_back(evil);
  for (const auto& one : judged().rules) {
    for (const auto& detail : one.details)
      EXPECT_THAT(detail, Not(AnyOf(HasSubstr("\x1b"), HasSubstr("\n"), HasSubstr("\x7f"))));
  }
}

// --- exit codes

TEST_F(judge_gate_test, is_closed_by_an_exit_code_that_nothing_explains) {
  for (const int code : {1, 2, 3, 4, 130, 143}) {
    verify->exit_code = code;
    EXPECT_THAT(text_of_rule("verification-sound"),
                HasSubstr(fmt::format("exit code {}, and nothing in its report says why", code)));
    // an accepted finding that cannot have been the reason does not hide it
    verify->artifacts[0].findings.push_back(
        make_finding(checks::file_unprotected, location{"a"}, "damage would not show"));
    accept("file.unprotected");
    EXPECT_THAT(broken(), ElementsAre("verification-sound")) << code;
    verify->artifacts[0].findings.clear();
    request.rules.accepted.clear();
  }
}

TEST_F(judge_gate_test, takes_an_accepted_error_as_the_reason_of_exit_code_1_and_of_no_other) {
  verify->artifacts[0].findings.push_back(error(checks::gzip_crc32, "a.gz"));
  accept("gzip.crc32");
  verify->exit_code = 1;
  EXPECT_THAT(broken(), IsEmpty());
  for (const int code : {2, 3, 4, 130}) {
    verify->exit_code = code;
    EXPECT_THAT(broken(), ElementsAre("verification-sound")) << code;
  }
}

TEST_F(judge_gate_test, takes_an_accepted_leftover_as_the_reason_of_exit_code_4) {
  drill.exit_code = 4;
  drill.steps[0].findings.push_back(error(checks::drill_cleanup, "/tmp/scratch"));
  EXPECT_THAT(broken(), ElementsAre("drill-sound"));
  accept("drill.cleanup");
  EXPECT_THAT(broken(), IsEmpty());
}

TEST_F(judge_gate_test, counts_the_warnings_of_a_strict_run) {
  // the sample holds two: size.drift and tar.secret-readable
  EXPECT_THAT(broken(), IsEmpty()) << "a run that is not strict";
  verify->command = "verify --policy --strict --ledger l";
  EXPECT_THAT(broken(), IsEmpty()) << "words of the command line are no facts";
  verify->strict = true;
  verify->exit_code = 1;
  EXPECT_THAT(text_of_rule("verification-sound"),
              AllOf(HasSubstr("size.drift: "), HasSubstr("tar.secret-readable: "), Not(HasSubstr("exit code"))));
  accept("size.drift");
  accept("tar.secret-readable");
  EXPECT_THAT(broken(), IsEmpty()) << text_of_rule("verification-sound");
}

TEST_F(judge_gate_test, lets_a_strict_run_fail_for_what_is_allowed) {
  verify->components[5].findings.clear();
  verify->artifacts[3].findings.clear();
  verify->artifacts[3].verdict = verdict::unprotected;
  verify->artifacts[3].findings.push_back(
      make_finding(checks::file_unprotected, location{"a"}, "damage would not show"));
  verify->strict = true;
  verify->exit_code = 1;
  EXPECT_THAT(broken(), ElementsAre("verification-sound"));
  request.rules.allow_unprotected = true;
  EXPECT_THAT(broken(), IsEmpty()) << text_of_rule("verification-sound");
  verify->strict = false;
  EXPECT_THAT(broken(), ElementsAre("verification-sound"))
      << "warnings do not explain the exit code of a run that is not strict";
}

TEST_F(judge_gate_test, takes_what_an_artifact_says_for_the_step_that_verified_it) {
  drill.artifacts[0].verdict = drill.steps[0].verdict = verdict::unchecked;
  drill.artifacts[0].unchecked.push_back({location{"a"}, "it is encrypted", "decrypt it"});
  EXPECT_THAT(text_of_rule("drill-sound"), AllOf(HasSubstr("it is encrypted"), Not(HasSubstr("says why"))));
  drill.artifacts[0].verdict = verdict::sound;
  EXPECT_THAT(text_of_rule("drill-sound"), HasSubstr("verify-artifact: its verdict is unchecked"));
}

TEST_F(judge_gate_test, is_closed_by_a_verdict_that_nothing_explains) {
  for (const auto value : {verdict::unsound, verdict::unchecked}) {
    verify->artifacts[0].verdict = value;
    EXPECT_THAT(text_of_rule("verification-sound"),
                HasSubstr(fmt::format("its verdict is {}, and nothing in its report says why", to_string(value))));
    verify->artifacts[0].verdict = verdict::sound;
    drill.steps[1].verdict = value;
    EXPECT_THAT(broken(), Contains("drill-sound"));
    drill.steps[1].verdict = verdict::sound;
  }
  ASSERT_THAT(broken(), IsEmpty());
  verify->components[0].verdict = verdict::unsound;
  EXPECT_THAT(text_of_rule("verification-sound"), HasSubstr("database: its verdict is unsound"));
  verify->artifacts[1].findings.push_back(error(checks::gzip_crc32, "models.gz"));
  accept("gzip.crc32");
  EXPECT_THAT(broken(), ElementsAre("verification-sound"))
      << "what is accepted of another component does not explain it";
  verify->components[0].verdict = verdict::sound;
  EXPECT_THAT(broken(), IsEmpty());
  verify->artifacts[1].findings.clear();
  verify->verdict = verdict::unsound;
  EXPECT_THAT(text_of_rule("verification-sound"), HasSubstr("the run: its verdict is unsound"));
}

// --- runs of a part

TEST_F(judge_gate_test, is_closed_by_an_error_in_a_newer_run_of_a_part) {
  more.push_back(part_of(*verify, 1));
  EXPECT_THAT(text_of_rule("verification-sound"), HasSubstr("pass: 6 artifacts sound, and 1 run of a part since then"));
  more[0].artifacts[0].findings.push_back(error(checks::tar_truncated, "logs.tar.gz"));
  EXPECT_THAT(broken(), ElementsAre("verification-sound"));
  EXPECT_THAT(text_of_rule("verification-sound"),
              HasSubstr("in the run of a part of 2025-12-04T04:00:00Z: tar.truncated: logs.tar.gz: it is wrong"));
  accept("tar.truncated", "logs");
  EXPECT_THAT(broken(), IsEmpty());
  EXPECT_THAT(text_of_rule("accepted-findings"), HasSubstr("logs.tar.gz: it is wrong"));
  request.rules.accepted.clear();
  report whole = *verify;  // what looks at everything has looked at that too
  whole.started += hours{2};
  whole.finished = whole.started;
  more.push_back(whole);
  EXPECT_THAT(broken(), IsEmpty());
}

TEST_F(judge_gate_test, is_not_closed_by_what_a_run_of_a_part_could_not_check) {
  more.push_back(part_of(*verify, 1));
  more[0].artifacts[0].verdict = verdict::unchecked;
  more[0].artifacts[0].unchecked.push_back({location{"/mnt"}, "cannot open", "mount it"});
  more[0].exit_code = 3;
  EXPECT_THAT(broken(), IsEmpty());
}

TEST_F(judge_gate_test, holds_parts_of_drills_against_drills_only) {
  more.push_back(part_of(drill, 24));
  more[0].artifacts[0].findings.push_back(error(checks::tar_truncated, "logs.tar.gz"));
  EXPECT_THAT(broken(), ElementsAre("drill-sound"));
}

TEST_F(judge_gate_test, asks_no_older_part) {
  report old = part_of(*verify, -1);
  old.artifacts[0].findings.push_back(error(checks::tar_truncated, "logs.tar.gz"));
  more.push_back(old);
  EXPECT_THAT(broken(), IsEmpty());
}

// --- verification-covers

TEST_F(judge_gate_test, wants_every_required_component_verified) {
  request.components.push_back({"videos", false, false, {}, {}});
  EXPECT_THAT(broken(), IsEmpty()) << "one that is not required may be missing";
  request.components.back().required = true;
  EXPECT_THAT(text_of_rule("verification-covers"), HasSubstr("fail: 1 component not covered: videos"));
  request.components.pop_back();
  verify->components[1].artifacts = 0;
  EXPECT_THAT(text_of_rule("verification-covers"), HasSubstr("not covered: models"));
}

TEST_F(judge_gate_test, asks_for_no_cover_where_neither_the_run_nor_the_gate_has_a_policy) {
  request.components.clear();
  EXPECT_THAT(broken(), IsEmpty());
  verify->components.clear();
  EXPECT_THAT(text_of_rule("verification-covers"), HasSubstr("not asked: neither the gate nor the run had a policy"));
  request.components = {{"database", false, false, {}, {}}};
  EXPECT_THAT(text_of_rule("verification-covers"), HasSubstr("not asked"));
}

// --- drill-recent

TEST_F(judge_gate_test, wants_a_drill_that_is_recent) {
  request.now = drill.finished + request.rules.drill_within;
  request.rules.max_age = hours{24 * 365};
  EXPECT_THAT(broken(), IsEmpty());
  request.now += std::chrono::seconds{1};
  EXPECT_THAT(broken(), ElementsAre("drill-recent"));
  drill.tool = "none";
  EXPECT_THAT(text_of_rule("drill-recent"), HasSubstr("fail: there is no drill"));
}

TEST_F(judge_gate_test, asks_for_no_drill_where_none_is_required) {
  request.rules.require_drill = false;
  EXPECT_THAT(text_of_rule("drill-rows"), HasSubstr("pass")) << "a recent one is judged all the same";
  drill.steps[1].findings.push_back(error(checks::load_sql, "a.sql"));
  EXPECT_THAT(broken(), ElementsAre("drill-sound"));
  request.rules.drill_within = hours{24};
  EXPECT_THAT(broken(), IsEmpty()) << "an old one is none that could fail";
  EXPECT_THAT(text_of_rule("drill-recent"), HasSubstr("not asked"));
  EXPECT_THAT(text_of_rule("drill-sound"), HasSubstr("no such rule"));
  drill.tool = "none";
  EXPECT_THAT(text_of_rule("drill-recent"), HasSubstr("not asked"));
}

// --- what was not restored

TEST_F(judge_gate_test, holds_no_objective_of_what_was_not_restored) {
  ASSERT_THAT(broken(), IsEmpty());
  drill = samples::without_database(drill);
  EXPECT_THAT(broken(), Contains("drill-objectives"));
  EXPECT_THAT(broken(), Contains("drill-covers"));
  EXPECT_THAT(text_of_rule("drill-objectives"), HasSubstr("database: it had objectives, and was not restored"));
  EXPECT_THAT(text_of_rule("drill-objectives"), HasSubstr("everything: it had objectives, and was not restored"));
}

// --- real-time

TEST_F(judge_gate_test, refuses_reports_that_were_told_what_time_it_is) {
  ASSERT_THAT(broken(), IsEmpty());
  const report real = drill;
  drill.simulated = true;
  EXPECT_THAT(broken(), ElementsAre("real-time"));
  EXPECT_THAT(text_of_rule("real-time"), HasSubstr("drill of "));
  request.allow_simulated = true;
  EXPECT_THAT(broken(), IsEmpty());
  EXPECT_THAT(text_of_rule("real-time"), HasSubstr("not asked: 1 report made under a time that was given"));
  request.allow_simulated = false;
  drill = real;
  verify->simulated = true;
  EXPECT_THAT(broken(), ElementsAre("real-time"));
  verify->simulated = false;
  more.push_back(part_of(*verify, 1));
  ASSERT_THAT(broken(), IsEmpty());
  more[0].simulated = true;
  EXPECT_THAT(broken(), ElementsAre("real-time")) << "a run of a part since then";
}

// --- drill-rows

TEST_F(judge_gate_test, wants_every_table_restored_with_its_rows) {
  const report good = drill;
  for (const auto& one : row_outcomes) {
    drill = good;
    drill.comparisons[0].outcome = one.outcome;
    if (one.worth == verdict::sound) {
      EXPECT_THAT(broken(), IsEmpty()) << one.word;
    } else {
      EXPECT_THAT(broken(), ElementsAre("drill-rows")) << one.word;
    }
  }
}

TEST_F(judge_gate_test, counts_rows_itself) {
  drill.comparisons[0].restored->rows = 4999;
  EXPECT_THAT(text_of_rule("drill-rows"),
              HasSubstr("public.incidents: equal: dump 5,000, capture 5,000, restored 4,999"));
}

TEST_F(judge_gate_test, accepts_rows_that_differ_where_the_policy_does) {
  drill.comparisons[0].outcome = row_outcome::more;
  accept("rows.more", "public.incidents");
  EXPECT_THAT(text_of_rule("drill-rows"),
              HasSubstr("pass: 2 tables restored with the same rows, 1 accepted with others"));
  EXPECT_THAT(text_of_rule("accepted-findings"), HasSubstr("» public.incidents: more"));
  drill.comparisons[0].outcome = row_outcome::unread;
  EXPECT_THAT(broken(), ElementsAre("drill-rows")) << "what was not read cannot be accepted";
}

TEST_F(judge_gate_test, wants_rows_compared_of_every_dump_that_the_policy_requires) {
  const report good = drill;
  drill.steps[2].skipped = true;  // compare-rows
  EXPECT_THAT(text_of_rule("drill-rows"), HasSubstr("database: no rows were compared"));
  drill = good;
  drill.steps.erase(drill.steps.begin() + 2);
  EXPECT_THAT(broken(), ElementsAre("drill-rows"));
  drill = good;
  drill.comparisons.clear();
  EXPECT_THAT(text_of_rule("drill-rows"), HasSubstr("fail: rows were to be compared, and of no table were they"));
  request.components[0].required = false;
  EXPECT_THAT(text_of_rule("drill-rows"), HasSubstr("not asked"));
}

TEST_F(judge_gate_test, asks_for_no_rows_where_there_are_no_tables) {
  request.components.clear();
  drill.comparisons.clear();
  EXPECT_THAT(text_of_rule("drill-rows"), HasSubstr("not asked: there was no table to compare"));
  EXPECT_THAT(broken(), IsEmpty());
}

// --- drill-objectives

TEST_F(judge_gate_test, wants_the_objectives_of_the_report_met) {
  EXPECT_THAT(text_of_rule("drill-objectives"), HasSubstr("pass: 7 objectives met"));
  drill.recoveries[0].seconds = 900;
  EXPECT_THAT(broken(), IsEmpty());
  drill.recoveries[0].seconds = 900.5;
  EXPECT_THAT(text_of_rule("drill-objectives"), HasSubstr("drill.rto: database: restored in 15m 1s, objective 15m"));
  drill.recoveries[0].seconds = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(broken(), ElementsAre("drill-objectives"));
  drill.recoveries[0].seconds = 1;
  drill.recoveries[0].age_seconds = 93'601;
  EXPECT_THAT(text_of_rule("drill-objectives"), HasSubstr("drill.rpo: database: a state 26h old, objective 26h"));
  drill.recoveries[0].age_seconds.reset();
  EXPECT_THAT(text_of_rule("drill-objectives"), HasSubstr("of unknown age"));
}

TEST_F(judge_gate_test, wants_the_objectives_of_the_policy_met_whatever_the_drill_knew) {
  for (auto& one : drill.recoveries) one.rto_seconds = one.rpo_seconds = std::nullopt;
  EXPECT_THAT(text_of_rule("drill-objectives"), HasSubstr("not asked: there are no objectives"));
  request.components[0].rto = std::chrono::seconds{100};
  request.components[0].rpo = hours{2};
  EXPECT_THAT(text_of_rule("drill-objectives"), HasSubstr("pass: 2 objectives met"));
  request.components[0].rto = std::chrono::seconds{50};
  EXPECT_THAT(text_of_rule("drill-objectives"), HasSubstr("restored in 1m 4s, objective 50s"));
  request.components[0].rto.reset();
  request.components[0].rpo = std::chrono::seconds{3'599};
  EXPECT_THAT(text_of_rule("drill-objectives"), HasSubstr("drill.rpo"));
}

TEST_F(judge_gate_test, wants_a_recovery_of_every_component_with_an_objective) {
  request.components[5].rto = hours{1};
  EXPECT_THAT(text_of_rule("drill-objectives"), HasSubstr("logs: it has objectives, and was not restored"));
  request.components[5].required = false;
  EXPECT_THAT(broken(), ElementsAre("drill-objectives")) << "it has artifacts";
  drill.components[5].artifacts = 0;
  EXPECT_THAT(broken(), IsEmpty()) << "there need not be any";
}

TEST_F(judge_gate_test, accepts_an_objective_that_is_missed_where_the_policy_does) {
  const report slow = samples::rehearsal(drill.started, 1'260);
  drill.recoveries = slow.recoveries;
  drill.components = slow.components;
  drill.exit_code = 1;
  EXPECT_THAT(broken(), ElementsAre("drill-sound", "drill-objectives"));
  accept("drill.rto", "database");
  EXPECT_THAT(broken(), IsEmpty()) << text_of_rule("drill-objectives");
}

TEST_F(judge_gate_test, believes_no_recovery_that_calls_itself_unsound) {
  drill.recoveries[1].verdict = verdict::unsound;
  EXPECT_THAT(text_of_rule("drill-objectives"),
              HasSubstr("models: the recovery is unsound, and its numbers do not say why"));
}

// --- drill-covers

TEST_F(judge_gate_test, wants_something_of_every_component_restored) {
  const report good = drill;
  auto& step = drill.steps[3];
  ASSERT_EQ(step.name, "restore-models");
  for (const char* name : {"verify-artifact", "clean-up", "start-server", "probe", "restore", "compare-rows"}) {
    step.name = name;
    EXPECT_THAT(text_of_rule("drill-covers"), HasSubstr("fail: 1 component not covered: models")) << name;
  }
  drill = good;
  drill.steps[3].skipped = true;
  EXPECT_THAT(broken(), ElementsAre("drill-objectives", "drill-covers"));
  drill = good;
  request.components.clear();
  EXPECT_THAT(broken(), IsEmpty());
  drill.steps.erase(drill.steps.begin() + 3);
  EXPECT_THAT(broken(), ElementsAre("drill-objectives", "drill-covers")) << "that its files are there restores nothing";
}

}  // namespace gate_test
