#include "knowngood/audit/verdict_mark.hpp"

#include <gtest/gtest.h>

#include <set>

namespace verdict_mark_test {

using namespace knowngood;

TEST(verdict_marks, tell_all_verdicts_apart) {
  const auto all = {verdict::sound, verdict::unprotected, verdict::unchecked, verdict::unsound};
  std::set<std::string_view> marks;
  for (const auto one : all) marks.insert({mark_of(one), emoji_of(one)});
  EXPECT_EQ(marks.size(), 2 * all.size());
  EXPECT_EQ(mark_of(static_cast<verdict>(99)), mark_of(verdict::unsound)) << "what is not known is not well";
}

}  // namespace verdict_mark_test
