// The main of every test program: GoogleTest's, and two rules: a test is skipped for few reasons only, and a filter
// that no test fits has failed.
#include <array>
#include <iostream>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace test_main {

/// What GTEST_SKIP() may be told, or how that begins.
constexpr std::array<std::string_view, 3> allowed{"needs root", "this kernel has no Landlock",
                                                  "this kernel grants no namespaces here"};

bool is_allowed(std::string_view reason) {
  for (const std::string_view one : allowed) {
    if (reason.starts_with(one)) return true;
  }
  return false;
}

/// Any other skip is a failure: what a test needs is installed, not passed over.
class skip_rule final : public testing::EmptyTestEventListener {
 public:
  // Listeners hear of ends in reverse order: this one before GoogleTest's own, which prints what became of the test.
  void OnTestEnd(const testing::TestInfo& test) override {
    const testing::TestResult& result = *test.result();
    if (!result.Skipped()) return;
    for (int i = 0; i < result.total_part_count(); ++i) {
      const testing::TestPartResult& part = result.GetTestPartResult(i);
      if (part.skipped() && !is_allowed(part.message())) {
        ADD_FAILURE() << "skipped for a reason that tests/test_main.cpp does not allow";
        return;
      }
    }
  }
};

}  // namespace test_main

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  testing::UnitTest::GetInstance()->listeners().Append(new test_main::skip_rule);
  const int status = RUN_ALL_TESTS();
  if (!GTEST_FLAG_GET(list_tests) && testing::UnitTest::GetInstance()->test_to_run_count() == 0) {
    std::cerr << "no test fits --gtest_filter=" << GTEST_FLAG_GET(filter) << '\n';
    return 1;
  }
  return status;
}
