#include "knowngood/git/late_deltas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace late_deltas_test {

using namespace knowngood;
using detail::late_delta;
using detail::late_deltas;
using detail::waiting_deltas;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

late_delta at(std::uint64_t offset, std::uint64_t base) { return {offset, base, false, git_type::unknown}; }
late_delta named(std::uint64_t offset, std::uint64_t prefix) { return {offset, prefix, true, git_type::unknown}; }

// Which deltas were made, on what, and how many could not be. The prefix of the object made of the delta at n is n +
// 1000.
struct made_deltas {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> made;
  std::uint64_t not_made = 0;
};

made_deltas make_all(const late_deltas& late, std::vector<std::uint64_t> failing = {},
                     std::vector<std::pair<std::uint64_t, std::uint64_t>> places = {}) {
  made_deltas result;
  const auto place_of = [&](std::uint64_t prefix) -> std::optional<std::uint64_t> {
    for (const auto& [name, place] : places) {
      if (name == prefix) return place;
    }
    return std::nullopt;
  };
  result.not_made =
      late.make_all(place_of, [&](const late_delta& one, std::uint64_t base) -> std::optional<std::uint64_t> {
        if (std::find(failing.begin(), failing.end(), one.offset) != failing.end()) return std::nullopt;
        result.made.emplace_back(one.offset, base);
        return one.offset + 1000;
      });
  return result;
}

TEST(late_deltas, of_none_are_none) {
  const auto result = make_all({});
  EXPECT_THAT(result.made, IsEmpty());
  EXPECT_EQ(result.not_made, 0U);
}

TEST(late_deltas, are_made_once_each_and_after_their_base) {
  late_deltas late;
  late.add(at(20, 30));  // its base stands behind it, and is a delta itself
  late.add(at(30, 10));
  late.add(at(40, 10));
  late.add(at(50, 20));
  const auto result = make_all(late);
  EXPECT_THAT(result.made, UnorderedElementsAre(Pair(20, 30), Pair(30, 10), Pair(40, 10), Pair(50, 20)));
  const auto place = [&](std::uint64_t offset) {
    return std::find_if(result.made.begin(), result.made.end(), [&](const auto& one) { return one.first == offset; });
  };
  EXPECT_LT(place(30), place(20));
  EXPECT_LT(place(20), place(50));
  EXPECT_EQ(result.not_made, 0U);
}

TEST(late_deltas, by_name_wait_for_the_object_of_that_name) {
  late_deltas late;
  late.add(named(20, 1030));  // what the delta at 30 makes
  late.add(at(30, 10));
  late.add(named(40, 77));  // a whole object that is known
  late.add(named(50, 88));  // nobody knows
  const auto result = make_all(late, {}, {{77, 12}});
  EXPECT_THAT(result.made, UnorderedElementsAre(Pair(30, 10), Pair(20, 30), Pair(40, 12)));
  EXPECT_EQ(result.not_made, 0U) << "a base that is nowhere is found by its missing name";
}

TEST(late_deltas, that_cannot_be_made_are_counted_and_what_builds_on_them_is_left) {
  late_deltas late;
  late.add(at(20, 10));
  late.add(at(30, 20));
  late.add(at(40, 10));
  const auto result = make_all(late, {20});
  EXPECT_THAT(result.made, ElementsAre(Pair(40, 10)));
  EXPECT_EQ(result.not_made, 1U);
}

TEST(late_deltas, in_a_circle_are_not_made_and_do_not_hang) {
  late_deltas late;
  late.add(at(20, 30));
  late.add(at(30, 20));
  late.add(at(40, 40));
  EXPECT_THAT(make_all(late).made, IsEmpty());
}

TEST(late_deltas, may_be_forgotten_again) {
  late_deltas late;
  late.add(at(20, 10));
  late.add(at(30, 10));
  late.shrink(1);
  EXPECT_EQ(late.size(), 1U);
  EXPECT_THAT(make_all(late).made, ElementsAre(Pair(20, 10)));
}

TEST(waiting_deltas, are_taken_by_place_and_by_name_and_not_by_a_number_of_the_other_kind) {
  waiting_deltas waiting;
  EXPECT_TRUE(waiting.empty());
  waiting.add(at(20, 10), "one");
  waiting.add(named(30, 10), "two");
  waiting.add(at(40, 11), "three");
  EXPECT_TRUE(waiting.holds(20));
  EXPECT_FALSE(waiting.holds(10));
  std::vector<waiting_deltas::ready_delta> ready;
  waiting.take(999, 10, ready);
  ASSERT_EQ(ready.size(), 1U);
  EXPECT_EQ(ready[0].delta, "one");
  EXPECT_EQ(ready[0].base, 10U);
  EXPECT_FALSE(waiting.holds(20));
  waiting.take(10, 500, ready);
  ASSERT_EQ(ready.size(), 2U);
  EXPECT_EQ(ready[1].delta, "two");
  EXPECT_EQ(ready[1].base, 500U) << "where the object of that name starts";
  EXPECT_FALSE(waiting.empty());
}

TEST(waiting_deltas, take_no_more_memory_than_they_may) {
  waiting_deltas waiting;
  constexpr std::size_t most = std::size_t{32} << 20U;
  EXPECT_TRUE(waiting.has_room_for(most));
  EXPECT_FALSE(waiting.has_room_for(most + 1));
  EXPECT_FALSE(waiting.has_room_for(UINT64_MAX));
  waiting.add(at(20, 10), std::string(1000, 'x'));
  EXPECT_TRUE(waiting.has_room_for(most - 1000));
  EXPECT_FALSE(waiting.has_room_for(most - 999));
  std::vector<waiting_deltas::ready_delta> ready;
  waiting.take(0, 10, ready);
  EXPECT_TRUE(waiting.has_room_for(most)) << "what was taken takes no room";
}

TEST(waiting_deltas, know_whether_one_of_them_waits_for_a_known_name) {
  waiting_deltas waiting;
  waiting.add(at(20, 77), "by place");
  const auto is_77 = [](std::uint64_t prefix) { return prefix == 77; };
  EXPECT_FALSE(waiting.any_by_name(is_77));
  waiting.add(named(30, 78), "by name");
  EXPECT_FALSE(waiting.any_by_name(is_77));
  waiting.add(named(40, 77), "by name");
  EXPECT_TRUE(waiting.any_by_name(is_77));
}

}  // namespace late_deltas_test
