#include "knowngood/archive/detect_tar.hpp"

#include <gtest/gtest.h>

#include "archive/tar_bytes.hpp"

#include <random>

namespace detect_tar_test {

using namespace tar_bytes;

bool taken(const std::string& head) { return is_tar(std::as_bytes(std::span{head})); }

TEST(detect_tar, takes_every_dialect) {
  EXPECT_TRUE(taken(header("a")));
  EXPECT_TRUE(taken(header("a", '0', 5, {}, std::string_view{"ustar  \0", 8}))) << "GNU";
  std::string v7 = header("a", '\0', 5, {}, "");
  v7.replace(257, 255, 255, '\0');
  seal(v7);
  EXPECT_TRUE(taken(v7)) << "v7 has no magic";
  EXPECT_EQ(tar_verified_bits(std::as_bytes(std::span{v7})), 48U);
  std::string large = header("a");
  large.replace(124, 12, std::string("\x80\0\0\0\0\0\0\x02\0\0\0\0", 12));
  seal(large);
  EXPECT_TRUE(taken(large)) << "base-256 size";
  EXPECT_TRUE(taken(header("a") + "what follows does not matter"));
}

TEST(detect_tar, takes_signed_sums_of_old_tars) {
  std::string block = header("caf\xe9", '0', 0, {}, "");
  block.replace(257, 255, 255, '\0');
  block.replace(148, 8, 8, ' ');
  int sum = 0;
  for (const char c : block) sum += static_cast<signed char>(c);
  block.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  EXPECT_TRUE(taken(block));
}

TEST(detect_tar, takes_an_archive_of_nothing_but_not_a_single_zero_block) {
  EXPECT_TRUE(taken(std::string(10'240, '\0')));
  EXPECT_TRUE(taken(std::string(1024, '\0')));
  EXPECT_FALSE(taken(std::string(512, '\0')));
  EXPECT_FALSE(taken(std::string(1023, '\0')));
  EXPECT_FALSE(taken(std::string(512, '\0') + std::string(512, 'x')));
}

TEST(detect_tar, takes_a_tar_whose_first_header_is_damaged_for_a_tar) {
  std::string damaged = header("a");
  ASSERT_TRUE(taken(damaged));
  damaged[0] = 'b';
  EXPECT_TRUE(taken(damaged)) << "its magic is there";
  damaged[258] = 'S';
  EXPECT_FALSE(taken(damaged)) << "neither magic nor checksum";
}

TEST(detect_tar, does_not_take_text_or_noise) {
  EXPECT_FALSE(taken(""));
  EXPECT_FALSE(taken(header("a").substr(0, 511)));
  for (int c = 1; c < 256; ++c) EXPECT_FALSE(taken(std::string(1024, static_cast<char>(c)))) << c;
  std::string sql;
  while (sql.size() < 1024) sql += "-- PostgreSQL database dump ustar 00000 0000644\nSET statement_timeout = 0;\n";
  for (std::size_t shift = 0; shift < 100; ++shift) EXPECT_FALSE(taken(sql.substr(shift, 512)));
  std::mt19937 random{42};
  for (int i = 0; i < 20'000; ++i) {
    std::string noise(1024, '\0');
    for (char& c : noise) c = static_cast<char>(i % 2 == 0 ? random() % 256 : '0' + random() % 8);
    ASSERT_FALSE(taken(noise)) << i;
  }
}

TEST(detect_tar, does_not_take_a_header_without_magic_whose_fields_are_none) {
  const auto without_magic = [](std::size_t at, std::string_view text) {
    std::string block = header("a", '0', 0, {}, "");
    block.replace(257, 255, 255, '\0');
    block.replace(at, text.size(), text);
    seal(block);
    return block;
  };
  ASSERT_TRUE(taken(without_magic(0, "b")));
  EXPECT_FALSE(taken(without_magic(0, std::string_view{"\0", 1}))) << "no name";
  EXPECT_FALSE(taken(without_magic(100, "rw-r--r"))) << "mode";
  EXPECT_FALSE(taken(without_magic(124, "0000000008"))) << "size";
  EXPECT_FALSE(taken(without_magic(136, "yesterday"))) << "time";
  EXPECT_FALSE(taken(without_magic(156, "#"))) << "type";
}

}  // namespace detect_tar_test
