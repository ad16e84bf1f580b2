#include "knowngood/git/pack_entry.hpp"

#include <gtest/gtest.h>

#include <span>
#include <string>

namespace pack_entry_test {

using namespace knowngood;
using namespace std::string_literals;
using kind = detail::pack_entry::kind;

detail::pack_entry parsed(const std::string& bytes) {
  return detail::parse_pack_entry(std::as_bytes(std::span{bytes}), object_format::sha1);
}

TEST(pack_entry, of_a_whole_object_has_its_type_and_size) {
  const auto small = parsed("\x3f\x78"s);
  EXPECT_EQ(small.type, git_type::blob);
  EXPECT_EQ(small.size, 15U);
  EXPECT_EQ(small.header_bytes, 1U);
  const auto large = parsed("\x95\x8a\x01"s);
  EXPECT_EQ(large.type, git_type::commit);
  EXPECT_EQ(large.size, 5U + (10U << 4U) + (1U << 11U));
  EXPECT_EQ(large.header_bytes, 3U);
  EXPECT_EQ(large.what, kind::whole);
  EXPECT_FALSE(large.cut);
  EXPECT_EQ(large.defect, "");
}

TEST(pack_entry, of_a_delta_says_where_its_base_is) {
  // gitformat-pack: each further byte of the distance adds what the shorter encodings could say
  const auto near = parsed("\x61\x7f"s);
  EXPECT_EQ(near.what, kind::ofs_delta);
  EXPECT_EQ(near.distance, 127U);
  const auto far = parsed("\x61\x80\x00"s);
  EXPECT_EQ(far.distance, 128U);
  EXPECT_EQ(far.header_bytes, 3U);
  const auto named = parsed("\x71"s + std::string(20, '\xab') + "rest");
  EXPECT_EQ(named.what, kind::ref_delta);
  EXPECT_EQ(named.base.hex().substr(0, 4), "abab");
  EXPECT_EQ(named.header_bytes, 21U);
}

TEST(pack_entry, that_ends_within_its_header_is_cut) {
  for (const std::string& bytes : {""s, "\x95"s, "\x95\x8a"s, "\x61"s, "\x61\x80"s, "\x71"s + std::string(19, 'x')}) {
    EXPECT_TRUE(parsed(bytes).cut) << bytes.size();
  }
}

TEST(pack_entry, says_what_no_pack_may_hold) {
  EXPECT_NE(parsed("\x01"s).defect, "");
  EXPECT_NE(parsed("\x51"s).defect, "");
  EXPECT_EQ(parsed("\x95"s + std::string(7, '\xff') + "\x01"s).defect, "");
  EXPECT_EQ(parsed("\x95"s + std::string(8, '\xff') + "\x01"s).defect, "its size is out of bounds");
  EXPECT_EQ(parsed("\x61"s + std::string(7, '\xff') + "\x01"s).defect, "");
  EXPECT_EQ(parsed("\x61"s + std::string(9, '\xff') + "\x01"s).defect, "the distance to its base is out of bounds");
}

}  // namespace pack_entry_test
