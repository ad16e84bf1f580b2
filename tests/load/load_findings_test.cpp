#include "knowngood/load/load_findings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace load_findings_test {

using namespace knowngood;
using testing::HasSubstr;

const statement_place place{location{"dump.sql"} / "public.t", 7, "CREATE TABLE public.t"};

/// What a refusal comes to: `error load.sql`, ` + unchecked` behind it where something was not rehearsed.
std::string of(load_failure what) {
  load_findings found;
  found.refused(what, place, sql_error{"42P01", "it is\nmissing"});
  const auto [findings, unchecked] = found.take(location{"dump.sql"});
  std::string text;
  for (const auto& one : findings) {
    EXPECT_EQ(one.where.to_string(), "dump.sql » public.t");
    EXPECT_THAT(one.message, HasSubstr("line 7")) << one.message;
    EXPECT_THAT(one.message, HasSubstr("it is\\nmissing (42P01)"));
    text += fmt::format("{} {}", to_string(one.severity), one.check);
  }
  for (const auto& one : unchecked) {
    EXPECT_THAT(one.message, HasSubstr("line 7"));
    EXPECT_NE(one.advice, "");
    text += " + unchecked";
  }
  return text;
}

TEST(load_findings, say_of_a_refusal_what_it_means_for_the_dump) {
  EXPECT_EQ(of(load_failure::none), "");
  EXPECT_EQ(of(load_failure::remark), "note load.sql");
  EXPECT_EQ(of(load_failure::roles), "note load.role");
  EXPECT_EQ(of(load_failure::extension), "warning load.extension + unchecked");
  EXPECT_EQ(of(load_failure::newer_server), "warning load.server-version + unchecked");
  EXPECT_EQ(of(load_failure::too_long), " + unchecked");
  EXPECT_EQ(of(load_failure::superuser), "warning load.superuser + unchecked");
  EXPECT_EQ(of(load_failure::refused), "error load.refused");
  EXPECT_EQ(of(load_failure::broken), "error load.sql");
}

TEST(load_findings, show_the_statement_with_what_the_server_says_of_it) {
  load_findings found;
  sql_error error{"23505", "duplicate key"};
  found.refused(load_failure::broken, place, error);
  error.context = "COPY t, line 3\nsecond line";
  found.refused(load_failure::broken, place, error);
  error.detail = "Key (id)=(2) already exists.";
  found.refused(load_failure::broken, place, error);
  const auto findings = found.take(location{"dump.sql"}).first;
  ASSERT_EQ(findings.size(), 3U);
  EXPECT_EQ(findings[0].actual, "CREATE TABLE public.t");
  EXPECT_EQ(findings[1].actual, "CREATE TABLE public.t: COPY t, line 3");
  EXPECT_EQ(findings[2].actual, "CREATE TABLE public.t: Key (id)=(2) already exists.");
}

TEST(load_findings, of_a_kind_are_bounded_and_the_rest_counted) {
  load_findings found;
  for (int i = 0; i < 100; ++i) found.refused(load_failure::extension, place, sql_error{"42704", "x"});
  found.refused(load_failure::broken, place, sql_error{"42P01", "y"});
  load_findings more = found;
  auto [findings, unchecked] = found.take(location{"dump.sql"});
  EXPECT_EQ(findings.size(), 101U);
  EXPECT_EQ(unchecked.size(), 100U);
  for (int i = 0; i < 23; ++i) more.refused(load_failure::extension, place, sql_error{"42704", "x"});
  std::tie(findings, unchecked) = more.take(location{"dump.sql"});
  ASSERT_EQ(findings.size(), 102U);
  EXPECT_EQ(findings[100].check, "load.sql") << "another kind has its own hundred";
  EXPECT_EQ(findings[101].message, "23 more of these");
  EXPECT_EQ(findings[101].where.to_string(), "dump.sql");
  ASSERT_EQ(unchecked.size(), 101U);
  EXPECT_EQ(unchecked[100].message, "23 more statements were not rehearsed");
}

TEST(load_findings, that_are_worse_are_not_crowded_out_by_remarks) {
  load_findings found;
  for (int i = 0; i < 130; ++i) found.refused(load_failure::remark, place, sql_error{"42704", "x"});
  found.refused(load_failure::broken, place, sql_error{"42P01", "y"});
  const auto findings = found.take(location{"dump.sql"}).first;
  ASSERT_EQ(findings.size(), 102U);
  EXPECT_EQ(findings[100].severity, severity::error);
  EXPECT_EQ(findings[101].message, "30 more of these");
  EXPECT_EQ(findings[101].severity, severity::note) << "more remarks are no error";
}

TEST(load_findings, name_extensions_and_modules_that_are_not_there) {
  load_findings found;
  found.extension_not_made(place, "post\ngis", "it is not installed on this host");
  found.module_left_out(place, "$libdir/old");
  found.module_left_out(place, "internal");
  const auto [findings, unchecked] = found.take(location{"dump.sql"});
  ASSERT_EQ(findings.size(), 3U);
  ASSERT_EQ(unchecked.size(), 3U);
  EXPECT_EQ(findings[0].message, "line 7: extension post\\ngis was not created");
  EXPECT_EQ(findings[0].actual, "it is not installed on this host");
  EXPECT_THAT(findings[1].message, HasSubstr("a C function of the server's library $libdir/old lies loose"));
  EXPECT_THAT(findings[2].message, HasSubstr("a function of the server itself lies loose"));
}

}  // namespace load_findings_test
