#include "knowngood/audit/junit_document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace junit_document_test {

using namespace knowngood;
using testing::HasSubstr;
using testing::Not;

const moment begun = *parse_moment("2025-12-04T03:00:00Z");

junit_case named(const std::string& name, double seconds = 1.5) {
  return {"class", name, seconds, junit_case::result::passed, {}, {}, {}, {}};
}

TEST(junit_document, counts_the_cases_of_each_suite_and_of_all) {
  junit_case failed = named("a<b");
  failed.fail(junit_case::result::failure, "gzip.crc32", "differs");
  junit_case error = named("c");
  error.fail(junit_case::result::error, "unchecked", "cannot open");
  junit_document document;
  document.suite("first", {named("x"), failed}, begun, "backup01");
  document.suite("second", {error}, begun, "backup01");
  const std::string xml = document.text();
  EXPECT_THAT(xml, HasSubstr("<testsuites name=\"knowngood\" tests=\"3\" failures=\"1\" errors=\"1\" time=\"4.500\">"));
  EXPECT_THAT(
      xml, HasSubstr("<testsuite name=\"first\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\" time=\"3.000\" "
                     "timestamp=\"2025-12-04T03:00:00\" hostname=\"backup01\">"));
  EXPECT_THAT(xml, HasSubstr("name=\"a&lt;b\""));
}

TEST(junit_document, has_no_suite_of_nothing) {
  junit_document document;
  document.suite("nothing", {}, begun, "backup01");
  EXPECT_THAT(document.text(), Not(HasSubstr("<testsuite ")));
}

TEST(junit_case, keeps_the_gravest_reason_and_the_first_of_its_kind) {
  junit_case one = named("x");
  one.fail(junit_case::result::error, "unchecked", "first");
  one.fail(junit_case::result::error, "unchecked", "second");
  EXPECT_EQ(one.message, "first");
  one.fail(junit_case::result::failure, "gzip.crc32", "third");
  one.fail(junit_case::result::error, "unchecked", "fourth");
  EXPECT_EQ(one.came_to, junit_case::result::failure);
  EXPECT_EQ(one.message, "third");
}

}  // namespace junit_document_test
