#include "knowngood/git/tree_links.hpp"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tree_links_test {

using namespace knowngood;

using namespace std::string_literals;

struct listed {
  std::vector<std::pair<git_type, std::string>> entries;
  bool good = false;
};

listed read_tree(const std::string& tree, std::size_t chunk, std::size_t id_bytes = 20) {
  listed result;
  detail::tree_links links{id_bytes};
  links.begin();
  for (std::size_t at = 0; at < tree.size(); at += chunk) {
    const auto piece = std::span{tree}.subspan(at, std::min(chunk, tree.size() - at));
    links.feed(std::as_bytes(piece), [&](git_type type, byte_view id) {
      result.entries.emplace_back(type, std::string{reinterpret_cast<const char*>(id.data()), id.size()});
    });
  }
  result.good = links.ended();
  return result;
}

const std::string a(20, 'a');
const std::string b(20, '\0');
const std::string tree = "100644 readme\0"s + a + "40000 folder\0"s + b + "120000 link\0"s + a + "160000 module\0"s + b;

TEST(tree_links, are_trees_and_blobs_and_no_submodules_whatever_the_chunks) {
  for (const std::size_t chunk : {1U, 2U, 3U, 7U, 19U, 20U, 21U, 1000U}) {
    const listed got = read_tree(tree, chunk);
    EXPECT_TRUE(got.good) << chunk;
    ASSERT_EQ(got.entries.size(), 3U) << chunk;
    EXPECT_EQ(got.entries[0], (std::pair{git_type::blob, a}));
    EXPECT_EQ(got.entries[1], (std::pair{git_type::tree, b}));
    EXPECT_EQ(got.entries[2], (std::pair{git_type::blob, a})) << "a symbolic link is a blob";
  }
}

TEST(tree_links, take_long_ids) {
  const std::string id(32, 'x');
  const listed got = read_tree("100755 run\0"s + id, 5, 32);
  ASSERT_EQ(got.entries.size(), 1U);
  EXPECT_EQ(got.entries[0].second, id);
}

TEST(tree_links, of_an_empty_tree_are_none) {
  EXPECT_TRUE(read_tree("", 1).good);
  EXPECT_TRUE(read_tree("", 1).entries.empty());
}

TEST(tree_links, find_every_cut_and_what_is_no_tree) {
  for (std::size_t size = 1; size < tree.size(); ++size) {
    const bool between = size == 34 || size == 67 || size == 99;
    EXPECT_EQ(read_tree(tree.substr(0, size), 1000).good, between) << size;
  }
  for (const std::string& other : {"hello world\n"s, " x\0"s + a, "100948 x\0"s + a, "10000000 x\0"s + a}) {
    EXPECT_FALSE(read_tree(other, 3).good) << other;
  }
}

}  // namespace tree_links_test
