#include "knowngood/git/object_id.hpp"

#include <gtest/gtest.h>

#include <span>
#include <string>

namespace object_id_test {

using namespace knowngood;

const std::string empty_blob = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";  // git hash-object /dev/null

TEST(object_id, comes_back_as_it_was_written) {
  const auto id = object_id::from_hex("E69DE29bb2d1d6434b8b29ae775ad8c2e48c5391", object_format::sha1);
  ASSERT_TRUE(id);
  EXPECT_EQ(id->hex(), empty_blob);
  EXPECT_EQ(id->prefix(), 0xe69de29bb2d1d643U);
  EXPECT_EQ(object_id::from_hex(std::string(64, 'a'), object_format::sha256)->hex(), std::string(64, 'a'));
}

TEST(object_id, is_nothing_of_another_length_or_with_other_letters) {
  for (const std::string& hex : {std::string{}, empty_blob.substr(1), empty_blob + "0", std::string(40, 'g'),
                                 std::string(39, '0') + " ", std::string(64, 'a')})
    EXPECT_FALSE(object_id::from_hex(hex, object_format::sha1)) << hex;
  EXPECT_FALSE(object_id::from_hex(empty_blob, object_format::sha256));
}

TEST(object_hasher, names_objects_as_git_does) {
  object_hasher hasher{object_format::sha1};
  for (int again = 0; again < 2; ++again) {
    hasher.begin_object(git_type::blob, 0);
    EXPECT_EQ(hasher.finish().hex(), empty_blob);
  }
  hasher.begin_object(git_type::blob, 6);
  for (const std::string part : {"hel", "lo\n"}) hasher.update(std::as_bytes(std::span{part}));
  EXPECT_EQ(hasher.peek().hex(), "ce013625030ba8dba906f756967f9e9ca394464a");
  EXPECT_EQ(hasher.finish().hex(), "ce013625030ba8dba906f756967f9e9ca394464a") << "a look changes nothing";
  object_hasher longer{object_format::sha256};
  longer.begin_object(git_type::blob, 0);
  EXPECT_EQ(longer.finish().hex(), "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813");
}

}  // namespace object_id_test
