#include "knowngood/git/held_objects.hpp"

#include <gtest/gtest.h>

#include <string>

#include <fmt/format.h>

namespace held_objects_test {

using namespace knowngood;
using detail::held_objects;

constexpr std::size_t budget = 100'000;

held_objects::object made(std::uint64_t offset, std::size_t size, git_type type = git_type::blob, bool delta = false) {
  return {offset, *object_id::from_hex(fmt::format("{:016x}{:024x}", offset * 1'000'003, 0), object_format::sha1), type,
          delta, std::string(size, 'x')};
}

TEST(held_objects, are_found_by_place_and_by_name) {
  held_objects held{budget};
  held.hold(made(12, 100));
  ASSERT_NE(held.at(12), nullptr);
  EXPECT_EQ(held.at(12)->content.size(), 100U);
  ASSERT_NE(held.named(made(12, 0).id), nullptr);
  EXPECT_EQ(held.at(13), nullptr);
  EXPECT_EQ(held.named(made(13, 0).id), nullptr);
}

TEST(held_objects, go_when_they_were_not_useful_for_longest) {
  held_objects held{budget};
  for (std::uint64_t i = 0; i < 4; ++i) held.hold(made(i, 20'000));
  EXPECT_NE(held.at(0), nullptr);  // useful again
  held.hold(made(4, 20'000));
  EXPECT_NE(held.at(0), nullptr);
  EXPECT_EQ(held.at(1), nullptr);
  EXPECT_EQ(held.named(made(1, 0).id), nullptr);
  EXPECT_NE(held.at(4), nullptr);
  held.hold(made(5, held.largest() + 1));
  EXPECT_EQ(held.at(5), nullptr) << "too large to be worth it";
}

TEST(held_objects, that_refs_point_to_are_not_driven_out_by_a_flood) {
  held_objects held{budget};
  held.hold(made(1, 1'000, git_type::commit));
  held.hold(made(2, 1'000, git_type::tag));
  held.hold(made(3, 20'000, git_type::tree));
  for (std::uint64_t i = 10; i < 200; ++i) held.hold(made(i, 10'000, git_type::blob));
  for (std::uint64_t i = 200; i < 400; ++i) held.hold(made(i, 10'000, git_type::tree, true));
  EXPECT_NE(held.at(1), nullptr);
  EXPECT_NE(held.at(2), nullptr);
  EXPECT_NE(held.at(3), nullptr);
  EXPECT_NE(held.at(399), nullptr) << "the newest of the flood is there too";
  EXPECT_EQ(held.at(10), nullptr);
}

TEST(held_objects, that_stand_twice_are_named_as_long_as_one_is_held) {
  held_objects held{budget};
  held.hold(made(1, 20'000));
  held_objects::object again = made(1, 20'000);
  again.offset = 50;
  held.hold(again);
  for (std::uint64_t i = 2; i < 5; ++i) held.hold(made(i, 20'000));
  EXPECT_EQ(held.at(1), nullptr);
  ASSERT_NE(held.named(again.id), nullptr);
  EXPECT_EQ(held.named(again.id)->offset, 50U);
}

}  // namespace held_objects_test
