#include "knowngood/git/object_index.hpp"

#include <gtest/gtest.h>

#include <string>

#include <fmt/format.h>

namespace object_index_test {

using namespace knowngood;
using detail::object_names;
using detail::object_places;

object_id id(unsigned number) {
  return *object_id::from_hex(fmt::format("{:08x}{:032x}", number * 2'654'435'761U, number), object_format::sha1);
}
const auto nobody = [](std::uint64_t) { return false; };

TEST(object_places, are_found_where_they_were_added_and_nowhere_else) {
  object_places places;
  EXPECT_EQ(places.type_at(0), std::nullopt);
  // more than a block holds; then further away than a block reaches
  std::vector<std::uint64_t> offsets;
  for (std::uint64_t i = 0; i < 3'000; ++i) offsets.push_back(12 + i * 7);
  for (const std::uint64_t far :
       {std::uint64_t{1} << 29U, std::uint64_t{1} << 30U, (std::uint64_t{1} << 30U) + 1, std::uint64_t{1} << 45U})
    offsets.push_back(far);
  for (std::size_t i = 0; i < offsets.size(); ++i) places.add(offsets[i], static_cast<git_type>(i % 5));
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    ASSERT_EQ(places.type_at(offsets[i]), static_cast<git_type>(i % 5)) << offsets[i];
    if (i >= 3'000) continue;
    ASSERT_EQ(places.type_at(offsets[i] + 1), std::nullopt);
  }
  for (const std::uint64_t none : {std::uint64_t{0}, std::uint64_t{11}, (std::uint64_t{1} << 29U) - 1,
                                   (std::uint64_t{1} << 30U) + 2, std::uint64_t{1} << 44U, ~std::uint64_t{0}})
    EXPECT_EQ(places.type_at(none), std::nullopt) << none;
}

TEST(object_names, that_are_needed_and_not_there_are_missing) {
  object_names names;
  for (unsigned i = 0; i < 5'000; ++i) names.add(id(i), i % 2 == 0 ? git_type::commit : git_type::blob, 12 + i);
  for (unsigned i = 0; i < 5'000; i += 2) names.need(git_type::commit, id(i), 5'000);
  EXPECT_EQ(names.missing(git_type::commit, nobody).number, 0U);
  names.need(git_type::commit, id(9'000), 5'000);
  names.need(git_type::commit, id(9'000), 5'000);
  names.need(git_type::commit, id(9'001), 5'000);
  const auto missing = names.missing(git_type::commit, nobody);
  EXPECT_EQ(missing.number, 2U) << "each once";
  EXPECT_EQ(missing.first, std::min(id(9'000).prefix(), id(9'001).prefix()));
  EXPECT_EQ(names.missing(git_type::commit, [](std::uint64_t prefix) { return prefix == id(9'000).prefix(); }).number,
            1U);
  names.add(id(9'000), git_type::commit, 90);
  names.add(id(9'001), git_type::commit, 91);
  EXPECT_EQ(names.missing(git_type::commit, nobody).number, 0U) << "they came later";
}

TEST(object_names, of_another_type_than_is_needed_are_missing) {
  object_names names;
  names.add(id(1), git_type::blob, 12);
  names.need(git_type::tree, id(1), 10);
  EXPECT_EQ(names.missing(git_type::tree, nobody).number, 1U);
  EXPECT_EQ(names.missing(git_type::blob, nobody).number, 0U) << "nobody needs it as that";
  names.need(git_type::unknown, id(1), 10);
  EXPECT_EQ(names.missing(git_type::unknown, nobody).number, 0U) << "a delta's base may be of any";
  names.need(git_type::unknown, id(2), 10);
  EXPECT_EQ(names.missing(git_type::unknown, nobody).number, 1U);
  names.need(git_type::blob, id(1), 10);
  EXPECT_EQ(names.missing(git_type::tree, nobody).number, 1U) << "needed as two";
  EXPECT_EQ(names.missing(git_type::blob, nobody).number, 0U);
}

TEST(object_names, know_where_objects_start) {
  object_names names;
  EXPECT_EQ(names.offset_of(id(1).prefix()), std::nullopt);
  names.need(git_type::blob, id(1), 10);
  EXPECT_EQ(names.offset_of(id(1).prefix()), std::nullopt) << "needed, and not there";
  names.add(id(1), git_type::blob, 0);
  EXPECT_EQ(names.offset_of(id(1).prefix()), 0U);
  names.add(id(1), git_type::blob, std::uint64_t{1} << 40U);
  EXPECT_EQ(names.offset_of(id(1).prefix()), std::uint64_t{1} << 40U);
  EXPECT_EQ(names.missing(git_type::blob, nobody).number, 0U);
}

TEST(object_names, more_than_a_pack_can_hold_are_not_kept_and_said_to_be_missing) {
  object_names names;
  for (unsigned i = 0; i < 65'537; ++i) names.need(git_type::blob, id(i), 0);
  EXPECT_FALSE(names.overflowed());
  names.need(git_type::blob, id(1), 0);
  EXPECT_FALSE(names.overflowed()) << "it is known already";
  names.need(git_type::blob, id(99'999), 0);
  EXPECT_TRUE(names.overflowed());
}

}  // namespace object_index_test
