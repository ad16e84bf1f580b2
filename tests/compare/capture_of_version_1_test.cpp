// The capture that was written when version 1 was new (fixtures/documents/1) is read by today's code.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "knowngood/compare/capture.hpp"

#include "knowngood_source.hpp"

namespace capture_of_version_1_test {

using namespace knowngood;
using testing::AllOf;
using testing::HasSubstr;

std::string frozen() {
  std::ifstream in{knowngood_source() + "/fixtures/documents/1/capture.json", std::ios::binary};
  EXPECT_TRUE(in);
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::string with_version(const std::string& version) {
  std::string text = frozen();
  text.replace(text.find("knowngood/capture/1\"") + 18, 1, version);
  return text;
}

std::string refusal_of(const std::string& version) {
  try {
    (void)parse_capture(with_version(version), "c.json");
    return "read";
  } catch (const usage_error& error) {
    return error.what();
  } catch (const stream_error& error) {
    return error.what();
  }
}

TEST(capture_of_version_1, is_read_and_written_as_the_same_bytes) {
  const capture taken = parse_capture(frozen(), "capture.json");
  ASSERT_EQ(taken.tables.size(), 2U);
  EXPECT_EQ(taken.tables[1].name, "public.incidents");
  EXPECT_EQ(taken.tables[1].rows, 3U);
  EXPECT_EQ(to_json(taken), frozen());
}

TEST(capture_of_another_version, is_read_when_it_is_minor_and_refused_when_it_is_major) {
  EXPECT_EQ(refusal_of("1.7"), "read");
  EXPECT_THAT(refusal_of("2"), AllOf(HasSubstr("is a knowngood/capture/2"), HasSubstr("newer")));
  for (const char* no_version : {"1.", "1..2", ".1", "01"}) EXPECT_NE(refusal_of(no_version), "read") << no_version;
}

}  // namespace capture_of_version_1_test
