#include "knowngood/io/random_access.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <string>

#include "knowngood/io/drain.hpp"
#include "knowngood/testing/scratch_directory.hpp"

namespace random_access_test {

using namespace knowngood;

const location where{"stored"};

std::string read(random_access& from, std::uint64_t offset, std::size_t count) {
  std::string bytes(count, '?');
  bytes.resize(from.read_at(offset, std::as_writable_bytes(std::span{bytes})));
  return bytes;
}

void expect_alphabet(random_access& stored) {
  EXPECT_EQ(stored.size(), 26U);
  EXPECT_EQ(read(stored, 0, 3), "abc");
  EXPECT_EQ(read(stored, 23, 3), "xyz");
  EXPECT_EQ(read(stored, 24, 10), "yz") << "no further than the end";
  EXPECT_EQ(read(stored, 26, 1), "");
  EXPECT_EQ(read(stored, UINT64_MAX, 1), "");
  EXPECT_EQ(read(stored, 5, 0), "");
  source_from rest{stored, 20};
  EXPECT_EQ(read_all(rest, where, 100), "uvwxyz");
  source_from nothing{stored, 26};
  EXPECT_TRUE(nothing.next().empty());
}

TEST(random_access, reads_anywhere_in_memory_and_in_a_file) {
  const std::string alphabet = "abcdefghijklmnopqrstuvwxyz";
  memory_random_access memory{alphabet};
  expect_alphabet(memory);
  const scratch_directory here;
  here.write("whole", alphabet);
  file_random_access file{(here.path() / "whole").string(), where};
  expect_alphabet(file);
}

TEST(random_access, reads_parts_as_one_whole) {
  const scratch_directory here;
  here.write("a", "abcdefghij");
  here.write("empty", "");
  here.write("b", "k");
  here.write("c", "lmnopqrstuvwxyz");
  std::vector<std::string> paths;
  for (const char* name : {"a", "empty", "b", "c"}) paths.push_back((here.path() / name).string());
  joined_random_access whole{paths, where};
  EXPECT_EQ(whole.size(), 26U);
  for (std::uint64_t at = 0; at < 26; ++at) {
    EXPECT_EQ(read(whole, at, 1), std::string(1, static_cast<char>('a' + at)));
  }
  EXPECT_EQ(read(whole, 8, 10), "ij") << "a part's end is no end";
  source_from all{whole, 0};
  EXPECT_EQ(read_all(all, where, 100), "abcdefghijklmnopqrstuvwxyz");
  EXPECT_EQ(read(whole, 26, 1), "");
  joined_random_access none{{}, where};
  EXPECT_EQ(none.size(), 0U);
  EXPECT_EQ(read(none, 0, 1), "");
}

TEST(random_access, takes_regular_files_only) {
  const scratch_directory here;
  EXPECT_THROW((file_random_access{(here.path() / "none").string(), where}), environment_error);
  EXPECT_THROW((file_random_access{here.path().string(), where}), environment_error);
  EXPECT_THROW((file_random_access{"/dev/null", where}), environment_error);
  EXPECT_THROW((joined_random_access{{(here.path() / "none").string()}, where}), environment_error);
}

TEST(source_from, begins_with_small_pieces_and_reads_all) {
  std::string bytes(1'000'000, 'x');
  bytes.back() = 'y';
  memory_random_access stored{bytes};
  source_from from{stored, 1};
  EXPECT_EQ(from.next().size(), 4096U);
  EXPECT_EQ(from.next().size(), 4 * 4096U);
  const std::string rest = read_all(from, where, 2'000'000);
  EXPECT_EQ(rest.size(), bytes.size() - 1 - 5 * 4096U);
  EXPECT_EQ(rest.back(), 'y');
}

}  // namespace random_access_test
