#include "knowngood/audit/report_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "knowngood/report/report_json.hpp"
#include "report/sample_history.hpp"
#include "report/sample_reports.hpp"

namespace report_text_test {

using namespace knowngood;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    all.push_back(text.substr(at, text.find('\n', at) - at));
  }
  return all;
}

std::vector<std::string> rendered(const report& of, const text_style& style = {}) {
  const std::string text = render_text(of, style);
  EXPECT_TRUE(text.ends_with("\n"));
  EXPECT_FALSE(text.ends_with("\n\n"));
  return lines(text);
}

/// The lines from the one that contains `begin` to the next that is indented no deeper.
std::string block(const std::vector<std::string>& all, std::string_view begin) {
  std::string text;
  std::size_t depth = 0;
  for (const auto& line : all) {
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    if (text.empty() ? line.find(begin) == std::string::npos : indent <= depth) {
      if (!text.empty()) break;
      continue;
    }
    if (text.empty()) depth = indent;
    text += line + "\n";
  }
  return text;
}

TEST(report_text, gives_a_line_to_each_sound_artifact) {
  const auto all = rendered(samples::sound(5));
  EXPECT_THAT(all, testing::ElementsAre("knowngood verify 0.1.0 · backup01 · 2025-12-04 03:00:00Z",
                                        "paths are below /backups/ner11/database/", "",
                                        "✓ ner11_db_0.sql.gz  gzip > postgres-plain-dump   248 MiB       1h old",
                                        "✓ ner11_db_1.sql.gz  gzip > postgres-plain-dump   248 MiB       1h old",
                                        "✓ ner11_db_2.sql.gz  gzip > postgres-plain-dump   248 MiB       1h old",
                                        "✓ ner11_db_3.sql.gz  gzip > postgres-plain-dump   248 MiB       1h old",
                                        "✓ ner11_db_4.sql.gz  gzip > postgres-plain-dump   248 MiB       1h old", "",
                                        "5 artifacts: 5 sound", "0 errors, 0 warnings, 0 notes",
                                        "1.2 GiB read, 4.0 GiB with all that is inside, in 1m 12s (17 MiB/s)",
                                        "SOUND: all 5 artifacts sound; exit 0"));
}

TEST(report_text, stays_compact_for_two_hundred_artifacts) {
  const auto all = rendered(samples::sound(200));
  EXPECT_EQ(all.size(), 200U + 8U);
  EXPECT_EQ(all.back(), "SOUND: all 200 artifacts sound; exit 0");
}

TEST(report_text, says_what_is_wrong_where_both_values_and_what_to_do) {
  const auto all = rendered(samples::full());
  EXPECT_EQ(block(all, "✗ database/ner11_db_20251203"),
            "  ✗ database/ner11_db_20251203_020000.sql.gz  gzip > postgres-plain-dump   248 MiB      25h old  UNSOUND\n"
            "      error    gzip.crc32  at byte 260046840\n"
            "               the data's CRC-32 differs from the trailer's\n"
            "               expected  0x1f2e3d4c\n"
            "               actual    0x9a8b7c6d\n"
            "               → restore from another copy\n");
  EXPECT_EQ(block(all, "✗ logs"),
            "✗ logs   0 artifacts   UNSOUND\n"
            "    error    presence.missing\n"
            "             no artifact is there at all\n"
            "             expected  logs_*.tar.gz in /backups/ner11/logs\n"
            "             actual    0 artifacts\n"
            "             → the backup never ran or writes elsewhere: run it now\n");
  EXPECT_EQ(block(all, "? config/"), "  ? config/config_20251203.tar.gz" + std::string(64, ' ') +
                                         "UNCHECKED\n"
                                         "      unchecked  cannot open: Permission denied\n"
                                         "                 → run as a user who may read it\n");
  EXPECT_THAT(block(all, "! full/full_20251130.tar.gz"), HasSubstr("UNPROTECTED\n      warning  file.unprotected\n"));
  EXPECT_EQ(all.back(),
            "UNSOUND: 1 of 4 artifacts unsound, 1 could not be checked, 1 unprotected: damage would not show; "
            "failed: database load-dump; not rehearsed: probe; logs: presence.missing; 1 thing about the run could not "
            "be checked; 1 warning; exit 1");
}

TEST(report_text, groups_artifacts_by_component) {
  const auto all = rendered(samples::full());
  const auto at = [&](std::string_view start) {
    return std::find_if(all.begin(), all.end(), [&](const auto& line) { return line.starts_with(start); });
  };
  ASSERT_NE(at("✗ database   postgres-dump, 2 artifacts, newest 1h old   UNSOUND"), all.end());
  EXPECT_LT(at("✗ database "), at("  ✓ database/ner11_db_20251204"));
  EXPECT_LT(at("  ✗ database/ner11_db_20251203"), at("✗ logs"));
  EXPECT_LT(at("✗ logs"), at("of no component"));
  EXPECT_LT(at("of no component"), at("  ! full/"));
  EXPECT_LT(at("the run as a whole"), at("4 artifacts: "));
}

TEST(report_text, shows_what_is_about_the_run) {
  const auto all = rendered(samples::full());
  EXPECT_THAT(block(all, "the run as a whole"),
              HasSubstr("    unchecked  /mnt/offsite: cannot open: Permission denied\n               → grant read"));
}

TEST(report_text, shows_notes_when_asked_and_counts_them_anyway) {
  EXPECT_THAT(rendered(samples::full()), Contains("3 errors, 1 warning, 2 notes (not shown)"));
  EXPECT_THAT(render_text(samples::full(), {}), Not(HasSubstr("checksum.moved")));
  text_style style;
  style.notes = true;
  EXPECT_THAT(rendered(samples::full(), style), Contains("3 errors, 1 warning, 2 notes"));
  EXPECT_THAT(render_text(samples::full(), style),
              AllOf(HasSubstr("note     checksum.moved  database/ner11_db_20251203_020000.sql.gz.sha256\n"),
                    HasSubstr("note     presence.unclaimed  stray.tmp\n")));
}

TEST(report_text, puts_errors_before_warnings_before_notes) {
  report r = samples::sound(1);
  r.artifacts[0].findings = {make_finding(checks::checksum_moved, location{}, "moved"),
                             make_finding(checks::tar_secret_readable, location{}, "readable"),
                             make_finding(checks::gzip_crc32, location{}, "differs")};
  r.artifacts[0].verdict = r.verdict = verdict::unsound;
  text_style style;
  style.notes = true;
  const std::string text = render_text(r, style);
  EXPECT_LT(text.find("gzip.crc32"), text.find("tar.secret-readable"));
  EXPECT_LT(text.find("tar.secret-readable"), text.find("checksum.moved"));
}

TEST(report_text, shows_a_repeated_finding_a_few_times_and_its_advice_once) {
  report r = samples::sound(1);
  auto& artifact = r.artifacts[0];
  for (int i = 0; i < 4000; ++i) {
    artifact.findings.push_back(make_finding(checks::manifest_missing_member,
                                             location{artifact.path} / fmt::format("part-{}", i), "is not there"));
  }
  artifact.verdict = r.verdict = verdict::unsound;
  const auto few = rendered(r);
  EXPECT_THAT(few, Contains("             … and 3,997 more (--verbose lists them)"));
  EXPECT_LT(few.size(), 20U);
  text_style style;
  style.verbose = true;
  const auto every = rendered(r, style);
  EXPECT_THAT(every, Contains("    error    manifest.missing-member  part-3999"));
  EXPECT_EQ(std::count(every.begin(), every.end(), "             is not there"), 1);
  EXPECT_EQ(std::count(every.begin(), every.end(), "             → it was not backed up: make the backup again"), 1);
}

TEST(report_text, shows_tables_aligned_and_fingerprints_when_verbose) {
  report r = samples::sound(1);
  r.artifacts[0].tables.push_back({location{r.artifacts[0].path} / "inner.sql", "public.日本", 7, std::nullopt});
  text_style style;
  style.tables = true;
  EXPECT_THAT(render_text(r, style), HasSubstr("    3 tables, 1,239,567 rows\n"
                                               "      public.incidents             5,000\n"
                                               "      public.vendor_equipment  1,234,567\n"
                                               "      public.\"Größe\"                   0\n"
                                               "    1 table, 7 rows in inner.sql\n"
                                               "      public.日本              7\n"));
  style.verbose = true;
  EXPECT_THAT(render_text(r, style), AllOf(HasSubstr("public.incidents             5,000  0123456789abcdef"),
                                           HasSubstr("    server_version  15.18\n"),
                                           HasSubstr(fmt::format("    SHA256          {}\n", samples::sha256))));
  EXPECT_THAT(render_text(r, {}), Not(HasSubstr("public.")));
}

TEST(report_text, repeats_what_is_not_sound_where_it_has_scrolled_off) {
  report r = samples::full();
  r.comparisons.clear();
  r.recoveries.clear();
  std::vector<step_report> steps;
  steps.swap(r.steps);
  EXPECT_THAT(render_text(r, {}), Not(HasSubstr("needs attention")));
  r.steps = steps;
  for (int i = 0; i < 60; ++i) {
    r.artifacts.push_back(samples::dump(fmt::format("/backups/ner11/database/more_{}.sql.gz", i)));
  }
  const auto all = rendered(r);
  const auto heading = std::find(all.begin(), all.end(), "needs attention");
  ASSERT_NE(heading, all.end());
  EXPECT_THAT(
      std::vector<std::string>(heading + 1, heading + 8),
      testing::ElementsAre(
          "  ✗ logs  presence.missing", "  ✗ database/ner11_db_20251203_020000.sql.gz  gzip.crc32",
          "  ✗ database: load-dump  load.sql", "  ? config/config_20251203.tar.gz  cannot open: Permission denied",
          "  ? probe  cannot be run: No such file", "  ! full/full_20251130.tar.gz  file.unprotected", ""));
}

TEST(report_text, shows_what_a_drill_rehearsed_compared_and_measured) {
  const std::string text = render_text(samples::full(), {});
  EXPECT_THAT(text, HasSubstr("  ✗ load-dump         12s   824 MiB  67 MiB/s  UNSOUND\n"
                              "      error    load.sql  public.incidents\n"));
  EXPECT_THAT(text, HasSubstr("steps of no component\n"
                              "  ? probe            0.0s  UNCHECKED\n"));
  EXPECT_THAT(text, HasSubstr("      | all services up\n"
                              "  ✓ boot-volume  skipped: the policy allows it\n"));
  EXPECT_THAT(text, HasSubstr("tables   4,999 rows restored: 1 fewer, 1 missing\n"
                              "                           dump  restored  capture  source\n"
                              "  ✗ public.incidents      5,000     4,999    5,000   5,010  fewer\n"
                              "  ✗ ner11_db/public.gone      1         -        -       -  missing\n"));
  EXPECT_THAT(text, HasSubstr("  ✓ database    restored in 12s (objective 1h), to a state 1h old (objective 26h)\n"
                              "  ✓ everything  restored in 12s\n"));
}

TEST(report_text, has_no_recovery_time_of_what_was_not_restored) {
  const report drill = samples::rehearsal(samples::last_night, 60);
  ASSERT_THAT(render_text(drill, {}), HasSubstr("✓ database       restored in 1m 3s (objective 15m)"));
  const std::string text = render_text(samples::without_database(drill), {});
  EXPECT_THAT(text, Not(HasSubstr("restored in 1m 3s")));
  EXPECT_THAT(text, Not(HasSubstr("everything")));
  EXPECT_THAT(text, HasSubstr("models         restored in 1m 35s"));
}

TEST(report_text, names_the_estate) {
  report r = samples::sound(2);
  r.estate = "ner11";
  EXPECT_THAT(render_text(r, {}), HasSubstr("knowngood verify 0.1.0 · ner11 · backup01 · "));
}

TEST(report_text, never_cuts_a_long_name) {
  report r = samples::sound(3);
  r.artifacts[1].path = "/backups/ner11/" + std::string(300, 'l') + "/end_of_the_name.sql.gz";
  const auto all = rendered(r);
  EXPECT_THAT(all, Contains(AllOf(StartsWith("✓ " + std::string(300, 'l') + "/end_of_the_name.sql.gz  gzip"),
                                  EndsWith("1h old"))));
  EXPECT_THAT(all, Contains("✓ database/ner11_db_0.sql.gz  gzip > postgres-plain-dump   248 MiB       1h old"))
      << "one outlier does not push the others' columns";
}

TEST(report_text, does_not_show_a_root_that_says_nothing) {
  report r = samples::sound(2);
  r.artifacts[0].path = "/a/x.gz";
  r.artifacts[1].path = "/b/x.gz";
  EXPECT_THAT(render_text(r, {}), AllOf(Not(HasSubstr("paths are below")), HasSubstr("✓ /a/x.gz")));
  r.artifacts[0].path = "/backups/data1/x.gz";
  r.artifacts[1].path = "/backups/data2/x.gz";
  EXPECT_THAT(render_text(r, {}), AllOf(HasSubstr("paths are below /backups/\n"), HasSubstr("✓ data1/x.gz")))
      << "a common root ends at a slash";
  EXPECT_THAT(render_text(samples::sound(1), {}), HasSubstr("✓ /backups/ner11/database/ner11_db_0.sql.gz"));
}

TEST(report_text, says_that_an_artifact_is_dated_in_the_future) {
  report r = samples::sound(1);
  r.artifacts[0].timestamp = r.started + std::chrono::hours{3};
  EXPECT_THAT(render_text(r, {}), HasSubstr("3h ahead"));
}

TEST(report_text, holds_no_control_character_but_newlines_whatever_the_names) {
  for (const bool verbose : {false, true}) {
    for (const bool unicode : {false, true}) {
      text_style style;
      style.verbose = style.tables = style.notes = verbose;
      style.unicode = unicode;
      const std::string text = render_text(samples::hostile(), style);
      for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        ASSERT_TRUE(c == '\n' || (byte >= 0x20 && byte != 0x7F));
        ASSERT_TRUE(unicode || byte < 0x80);
      }
      ASSERT_EQ(text.find("\xc2\x9b"), std::string::npos);
      ASSERT_EQ(text.find("\xe2\x80\xae"), std::string::npos);
      for (std::string_view rest = text; !rest.empty();) {
        const std::size_t length = utf8_sequence_length(rest);
        ASSERT_NE(length, 0U) << "ill-formed UTF-8";
        rest.remove_prefix(length);
      }
    }
  }
}

TEST(report_text, a_hostile_name_cannot_pretend_to_be_a_line) {
  report r = samples::sound(2);
  r.artifacts[1].path = "/backups/ner11/x\nSOUND: all 2 artifacts sound; exit 0\n";
  r.artifacts[1].verdict = r.verdict = verdict::unsound;
  r.exit_code = 1;
  EXPECT_THAT(rendered(r), Not(Contains("SOUND: all 2 artifacts sound; exit 0")));
}

TEST(report_text, colours_when_asked_and_shows_the_same_text) {
  text_style style;
  style.colour = true;
  const std::string coloured = render_text(samples::full(), style);
  EXPECT_THAT(coloured, AllOf(HasSubstr("\x1b[31m✗\x1b[0m"), HasSubstr("\x1b[32m✓\x1b[0m"),
                              HasSubstr("\x1b[31mUNSOUND:\x1b[0m 1 of 4")));
  std::string plain;
  for (std::size_t i = 0; i < coloured.size(); ++i) {
    if (coloured[i] == '\x1b') {
      i = coloured.find('m', i);
    } else {
      plain += coloured[i];
    }
  }
  EXPECT_EQ(plain, render_text(samples::full(), {}));
}

TEST(report_text, keeps_its_lines_within_the_width_but_for_rows_and_the_verdict) {
  text_style style;
  style.width = 70;
  report r = samples::full();
  r.artifacts[1].findings[1].message = std::string(40, 'm') + " " + std::string(20, 'n') + " and many more words here";
  for (const auto& line : rendered(r, style)) {
    if (line.starts_with("               ")) {
      EXPECT_LE(display_width(line), 70U) << line;
    }
  }
}

TEST(report_text, survives_empty_and_extreme_reports) {
  EXPECT_EQ(rendered(samples::empty()).back(), "UNCHECKED: no artifact was looked at; exit 3");
  EXPECT_EQ(rendered(samples::interrupted()).back(), "INTERRUPTED: interrupted before the end; exit 130");
  EXPECT_THAT(rendered(report{}).back(), StartsWith("NOTHING CHECKED: "));
  report r = samples::full();
  constexpr std::int64_t far = std::numeric_limits<std::int64_t>::max();
  r.artifacts[0].timestamp = moment{std::chrono::seconds{far}};
  r.artifacts[1].timestamp = moment{std::chrono::seconds{-far - 1}};
  r.artifacts[0].size = std::numeric_limits<std::uint64_t>::max();
  r.components[0].age_seconds = -far - 1;
  EXPECT_THAT(render_text(r, {}), AllOf(HasSubstr(" ahead"), HasSubstr(" old"), HasSubstr("16 EiB")));
}

}  // namespace report_text_test
