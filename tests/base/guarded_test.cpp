#include "knowngood/base/guarded.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "knowngood/base/checks.hpp"

namespace guarded_test {

using namespace knowngood;

struct guarded_step : testing::Test {
  template <typename Action>
  bool run(Action action) {
    return guarded(
        location{"step"}, [&](const finding& one) { findings.push_back(one); },
        [&](unchecked_item item) { unchecked.push_back(std::move(item)); }, action);
  }
  std::vector<finding> findings;
  std::vector<unchecked_item> unchecked;
};

TEST_F(guarded_step, that_throws_nothing_leaves_nothing) {
  EXPECT_TRUE(run([] {}));
  EXPECT_TRUE(findings.empty() && unchecked.empty());
}

TEST_F(guarded_step, that_meets_damage_leaves_its_finding) {
  EXPECT_FALSE(run([] { throw stream_error{checks::gzip_crc32, location{"x.gz"}, "wrong", "1", "2"}; }));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].check, "gzip.crc32");
  EXPECT_EQ(findings[0].where, location{"x.gz"});
  EXPECT_TRUE(unchecked.empty());
}

TEST_F(guarded_step, that_is_prevented_leaves_what_could_not_be_checked) {
  EXPECT_FALSE(run([] { throw environment_error{location{"x.gz"}, "permission denied", "run as root"}; }));
  EXPECT_FALSE(run([] {
    throw std::filesystem::filesystem_error{"cannot list", std::make_error_code(std::errc::io_error)};
  }));
  ASSERT_EQ(unchecked.size(), 2U);
  EXPECT_EQ(unchecked[0], (unchecked_item{location{"x.gz"}, "permission denied", "run as root"}));
  EXPECT_EQ(unchecked[1].where, location{"step"}) << "the file system knows no place in a backup";
  EXPECT_TRUE(findings.empty());
}

TEST_F(guarded_step, passes_on_what_is_nobodys_fault_but_ours) {
  EXPECT_THROW(run([] { throw std::logic_error{"a bug"}; }), std::logic_error);
  EXPECT_THROW(run([] { throw usage_error{"a wrong option"}; }), usage_error);
}

}  // namespace guarded_test
