#include "knowngood/audit/junit_xml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "knowngood/testing/scratch_directory.hpp"
#include "knowngood_source.hpp"
#include "report/sample_history.hpp"

namespace junit_xml_test {

using namespace knowngood;
using testing::HasSubstr;
using testing::Not;

std::string of(const report& one) { return render_junit(evidence_of(one)); }

/// The element of the case with this name, whole.
std::string the_case(const std::string& xml, const std::string& name) {
  const std::size_t at = xml.find("name=\"" + name + "\"");
  if (at == std::string::npos) return "no case " + name + " in " + xml;
  const std::size_t end = xml.find('>', at);
  if (xml[end - 1] == '/') return xml.substr(at, end - at + 1);
  return xml.substr(at, xml.find("</testcase>", at) - at);
}

TEST(junit_xml, passes_what_is_sound) {
  const std::string xml = of(samples::sound(2));
  EXPECT_THAT(xml, HasSubstr("<testsuites name=\"knowngood\" tests=\"3\" failures=\"0\" errors=\"0\""));
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"verify: artifacts\" tests=\"2\" failures=\"0\" errors=\"0\" "
                             "skipped=\"0\" time=\"2.875\" timestamp=\"2025-12-04T03:00:00\""));
  EXPECT_THAT(the_case(xml, "/backups/ner11/database/ner11_db_0.sql.gz: sound"), HasSubstr("time=\"1.438\""));
}

TEST(junit_xml, fails_the_artifact_and_the_family_that_found_it) {
  const std::string xml = of(samples::full());
  const std::string bad = "/backups/ner11/database/ner11_db_20251203_020000.sql.gz: ";
  EXPECT_THAT(the_case(xml, bad + "sound"), HasSubstr("<failure type=\"gzip.crc32\""));
  const std::string family = the_case(xml, bad + "gzip");
  EXPECT_THAT(
      family,
      HasSubstr("<failure type=\"gzip.crc32\" message=\"the data&#39;s CRC-32 differs from the trailer&#39;s\">"));
  EXPECT_THAT(family, HasSubstr("  expected  0x1f2e3d4c\n  actual    0x9a8b7c6d\n"));
  EXPECT_THAT(family, HasSubstr("at byte 260046840\n"));
  EXPECT_THAT(the_case(xml, bad + "checksum"), Not(HasSubstr("<failure"))) << "a note fails nothing";
  EXPECT_THAT(the_case(xml, bad + "checksum"), HasSubstr("<system-out>note checksum.moved"));
  EXPECT_THAT(the_case(xml, "/backups/ner11/config/config_20251203.tar.gz: sound"),
              HasSubstr("<error type=\"unchecked\" message=\"cannot open: Permission denied\">"));
  EXPECT_THAT(the_case(xml, "/backups/ner11/full/full_20251130.tar.gz: file"),
              HasSubstr("<system-out>warning file.unprotected"));
  EXPECT_THAT(the_case(xml, "logs"), HasSubstr("<failure type=\"presence.missing\""));
}

TEST(junit_xml, has_the_steps_tables_and_recoveries_of_a_drill) {
  const std::string xml = of(samples::full());
  EXPECT_THAT(the_case(xml, "load-dump: /backups/ner11/database/ner11_db_20251204_020000.sql.gz"),
              HasSubstr("<failure type=\"load.sql\""));
  EXPECT_THAT(the_case(xml, "probe"), HasSubstr("<error type=\"unchecked\""));
  EXPECT_THAT(the_case(xml, "probe"), HasSubstr("<system-out>all services up\n"));
  EXPECT_THAT(the_case(xml, "boot-volume"), HasSubstr("<skipped message=\"the policy allows it\"/>"));
  EXPECT_THAT(
      xml,
      HasSubstr(
          "<failure type=\"rows.fewer\" message=\"fewer: dump 5,000, capture 5,000, source 5,010, restored 4,999\">"));
  EXPECT_THAT(xml, HasSubstr("<failure type=\"rows.missing-table\""));
  EXPECT_THAT(the_case(xml, "database\" time=\"12.250"),
              HasSubstr("restored in 12s (objective 1h), to a state 1h old (objective 26h)"));
  const std::string slow = of(samples::rehearsal(samples::last_night, 1'260));
  EXPECT_THAT(slow, HasSubstr("<failure type=\"drill.rto\" message=\"restored in 21m 3s (objective 15m)"));
}

TEST(junit_xml, a_skipped_step_that_the_policy_does_not_allow_fails) {
  report r = samples::rehearsal(samples::last_night, 60);
  ASSERT_THAT(of(r), HasSubstr("<skipped"));
  r.steps[6].verdict = verdict::unsound;
  r.steps[6].findings.push_back(
      make_finding(checks::drill_skipped, location{"boot-volume"}, "skipped, and the policy does not allow it"));
  EXPECT_THAT(of(r), Not(HasSubstr("<skipped")));
  EXPECT_THAT(of(r), HasSubstr("<failure type=\"drill.skipped\""));
}

TEST(junit_xml, never_passes_a_run_that_proves_nothing) {
  EXPECT_THAT(of(samples::empty()), HasSubstr("errors=\"1\""));
  EXPECT_THAT(of(samples::interrupted()), HasSubstr("errors=\"1\""));
  EXPECT_THAT(render_junit({}), HasSubstr("there is no report"));
  EXPECT_THAT(render_junit({}), Not(HasSubstr("errors=\"0\"")));
  for (const auto value : {verdict::unsound, verdict::unchecked}) {  // nothing listed explains it
    report r = samples::sound(1);
    r.artifacts[0].verdict = value;
    EXPECT_THAT(of(r), Not(HasSubstr("failures=\"0\" errors=\"0\" time"))) << to_string(value);
    EXPECT_THAT(the_case(of(r), r.artifacts[0].path + ": sound"), testing::ContainsRegex("<(failure|error) "));
  }
  report strict = samples::sound(1);
  strict.exit_code = 1;
  EXPECT_THAT(the_case(of(strict), "verdict"), HasSubstr("<failure "));
}

TEST(junit_xml, fails_for_what_a_later_run_of_a_part_found) {
  evidence shown = evidence_of(samples::night(samples::last_night, 1));
  report part = samples::sound(1);
  part.started = samples::last_night + std::chrono::hours{2};
  shown.add(part);
  EXPECT_THAT(
      render_junit(shown),
      HasSubstr(
          "<testsuite name=\"verify: run 1 of a part since then, 2025-12-04T05:00:00Z\" tests=\"1\" failures=\"0\""));
  part.started += std::chrono::hours{1};
  part.artifacts[0].findings.push_back(make_finding(checks::gzip_crc32, location{"a.gz"}, "differs"));
  shown.add(part);
  const std::string xml = render_junit(shown);
  EXPECT_THAT(
      xml,
      HasSubstr(
          "<testsuite name=\"verify: run 2 of a part since then, 2025-12-04T06:00:00Z\" tests=\"2\" failures=\"2\""));
  EXPECT_THAT(xml, HasSubstr("<failure type=\"gzip.crc32\" message=\"differs\">"));
}

TEST(junit_xml, has_no_recovery_of_what_was_not_restored) {
  const report drill = samples::rehearsal(samples::last_night, 60);
  const std::string recovery = "classname=\"drill.recovery\" name=\"";
  ASSERT_THAT(of(drill), HasSubstr(recovery + "database\""));
  const std::string xml = of(samples::without_database(drill));
  EXPECT_THAT(xml, Not(HasSubstr(recovery + "database\"")));
  EXPECT_THAT(xml, Not(HasSubstr(recovery + "everything\"")));
  EXPECT_THAT(xml, HasSubstr(recovery + "models\""));
}

TEST(junit_xml, names_the_objective_that_was_missed) {
  report slow = samples::rehearsal(samples::last_night, 1'260);
  EXPECT_THAT(of(slow), HasSubstr("<failure type=\"drill.rto\" message=\"restored in 21m 3s (objective 15m)"));
  report old = samples::rehearsal(samples::last_night, 60);
  old.recoveries[0].age_seconds = 100'000;
  old.recoveries[0].verdict = verdict::unsound;
  EXPECT_THAT(of(old), HasSubstr("<failure type=\"drill.rpo\" message=\"restored in 1m 3s"));
}

TEST(junit_xml, cuts_nothing) {
  report r = samples::sound(1);
  r.artifacts[0].path += std::string(50'000, 'x');
  for (int i = 0; i < 3'000; ++i)
    r.artifacts[0].findings.push_back(
        make_finding(checks::tar_header, location{"member" + std::to_string(i) + "."}, "no header"));
  const std::string xml = of(r);
  EXPECT_THAT(xml, HasSubstr(std::string(50'000, 'x')));
  EXPECT_THAT(xml, HasSubstr("(and 2999 more)"));
  for (int i = 0; i < 3'000; ++i) ASSERT_NE(xml.find("member" + std::to_string(i) + "."), std::string::npos);
}

// What follows asks an independent judge: xmllint, with a schema of what readers of JUnit's XML agree on.
class junit_schema : public testing::TestWithParam<std::pair<const char*, evidence (*)()>> {};

TEST_P(junit_schema, accepts_it_and_the_counts_are_right) {
  if (run_tool("xmllint --version 2>/dev/null").status != 0) GTEST_SKIP() << "no xmllint";
  const std::string schema = (std::filesystem::path{knowngood_source()} / "tests/audit/junit.xsd").string();
  const scratch_directory here;
  here.write("junit.xml", render_junit(GetParam().second()));
  const tool_run judged = here.run("xmllint --noout --huge --schema '" + schema + "' junit.xml 2>&1");
  EXPECT_EQ(judged.status, 0) << judged.output.substr(0, 2'000);
  const auto value = [&](const std::string& xpath) {
    return here.run("xmllint --huge --xpath '" + xpath + "' junit.xml").output;
  };
  EXPECT_EQ(value("number(/testsuites/@tests) = count(//testcase)"), "true\n");
  EXPECT_EQ(value("number(/testsuites/@failures) = count(//failure)"), "true\n");
  EXPECT_EQ(value("number(/testsuites/@errors) = count(//error)"), "true\n");
  EXPECT_EQ(value("count(//testsuite[@tests != count(testcase) or @failures != count(testcase/failure) or @errors != "
                  "count(testcase/error) or "
                  "@skipped != count(testcase/skipped)])"),
            "0\n");
}

TEST(junit_schema, refuses_what_is_no_such_document) {
  if (run_tool("xmllint --version 2>/dev/null").status != 0) GTEST_SKIP() << "no xmllint";
  const std::string schema = (std::filesystem::path{knowngood_source()} / "tests/audit/junit.xsd").string();
  const scratch_directory here;
  std::string xml = render_junit(evidence_of(samples::sound(1)));
  xml.replace(xml.find(" time=\""), 7, " tome=\"");
  here.write("junit.xml", xml);
  EXPECT_NE(here.run("xmllint --noout --schema '" + schema + "' junit.xml 2>&1").status, 0);
}

evidence of_forbidden_characters() {
  report r = samples::full();
  std::string all = "</testcase>]]>\"><x y='\xEF\xBF\xBE\xEF\xBF\xBF\xEF\xB7\x90";
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  r.artifacts[1].path = r.artifacts[1].findings[0].message = r.host = r.components[0].name = r.steps[1].output =
      r.comparisons[0].name = all;
  r.steps[0].seconds = std::numeric_limits<double>::quiet_NaN();
  r.artifacts[0].seconds = -5;
  return evidence_of(r);
}

evidence with_parts() {
  evidence shown = evidence_of(samples::night(samples::last_night, 1));
  report part = samples::hostile();
  part.components.clear();
  part.started = samples::last_night + std::chrono::hours{1};
  for (int i = 0; i < 3; ++i) shown.add(part);
  EXPECT_EQ(shown.parts.size(), 3U);
  return shown;
}

INSTANTIATE_TEST_SUITE_P(of, junit_schema,
                         testing::Values(std::pair{"sound", +[] { return evidence_of(samples::sound(5)); }},
                                         std::pair{"full", +[] { return evidence_of(samples::full()); }},
                                         std::pair{"hostile", +[] { return evidence_of(samples::hostile()); }},
                                         std::pair{"empty", +[] { return evidence_of(samples::empty()); }},
                                         std::pair{"nothing", +[] { return evidence{}; }},
                                         std::pair{"parts", &with_parts},
                                         std::pair{"month", +[] { return gather_evidence(samples::month()); }},
                                         std::pair{"forbidden", &of_forbidden_characters}),
                         [](const auto& one) { return one.param.first; });

}  // namespace junit_xml_test
