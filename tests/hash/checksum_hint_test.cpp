#include "knowngood/hash/checksum_hint.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace checksum_hint_test {

using namespace knowngood;
using kind = checksum_hint::kind;

TEST(checksum_hint, is_read_from_the_last_words_of_a_name) {
  for (const char* name : {"x.sql.gz.sha512", "SHA512SUMS", "sha512sum.txt", "/sha1/checksums-SHA512.txt", "sha512"}) {
    EXPECT_EQ(hint_from_name(name).what, kind::named) << name;
    EXPECT_EQ(hint_from_name(name).hex_length, 128U) << name;
    EXPECT_EQ(hint_from_name(name).word, "sha512") << name;
  }
  for (const char* name : {"x.b2", "B2SUMS", "b2sums.txt", "x.blake2b"})
    EXPECT_EQ(hint_from_name(name).what, kind::blake2b) << name;
  for (const char* name : {"x.b3", "B3SUMS", "x.blake3", "x.sha3-256", "x.sm3"})
    EXPECT_EQ(hint_from_name(name).what, kind::unsupported) << name;
}

TEST(checksum_hint, is_none_where_a_name_says_nothing) {
  for (const char* name :
       {"checksums.txt", "", "...", "/sha256/list", "sha256.of.everything", "b2.checksums", "x.shasum"})
    EXPECT_EQ(hint_from_name(name).what, kind::none) << name;
}

std::vector<std::string> candidates(std::size_t hex_length, const std::string& name) {
  std::vector<std::string> all;
  for (const auto& one : candidates_for(hex_length, hint_from_name(name))) all.push_back(one.name());
  return all;
}

TEST(candidates, of_a_length_are_those_that_the_name_leaves_open) {
  const std::vector<std::string> none;
  const std::string sha512 = digest_algorithm::sha512().name();
  const std::string sha256 = digest_algorithm::sha256().name();
  const std::string blake512 = digest_algorithm::blake2b(512)->name();
  EXPECT_EQ(candidates(64, "checksums.txt"), std::vector{sha256});
  EXPECT_EQ(candidates(128, "checksums.txt"), (std::vector{sha512, blake512}));
  EXPECT_EQ(candidates(128, "x.sha512"), std::vector{sha512}) << "it says which";
  EXPECT_EQ(candidates(128, "x.b2"), std::vector{blake512});
  EXPECT_EQ(candidates(64, "x.b2").front(), digest_algorithm::blake2b(256)->name());
  EXPECT_EQ(candidates(64, "x.b3"), none) << "no algorithm that is computed here";
  for (const std::size_t odd : {0U, 31U, 33U, 63U, 130U}) EXPECT_EQ(candidates(odd, "checksums.txt"), none) << odd;
}

}  // namespace checksum_hint_test
