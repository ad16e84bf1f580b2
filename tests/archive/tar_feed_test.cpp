#include "knowngood/archive/tar_feed.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "knowngood/io/memory_source.hpp"

namespace tar_feed_test {

using namespace knowngood;

TEST(tar_feed, remembers_the_last_three_blocks_before_the_current_chunk) {
  std::string bytes(20'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 % 251);
  for (const std::size_t chunk : std::vector<std::size_t>{1, 511, 1536, 1537, 9000}) {
    detail::tar_feed feed{std::make_unique<memory_source>(bytes, chunk), location{"a"}, 1 << 20};
    std::uint64_t start = 0;
    while (!feed.ended()) {
      start = feed.pulled();
      static_cast<void>(feed.pull());
      const std::uint64_t from = start < detail::tar_feed::tail_bytes ? 0 : start - detail::tar_feed::tail_bytes;
      const auto kept = feed.bytes(from, feed.pulled());
      ASSERT_EQ(kept.size(), feed.pulled() - from);
      ASSERT_EQ(std::string(reinterpret_cast<const char*>(kept.data()), kept.size()), bytes.substr(from, kept.size()));
    }
    EXPECT_EQ(feed.pulled(), bytes.size());
  }
}

TEST(tar_feed, hands_out_again_what_it_is_told_to_resume_at) {
  detail::tar_feed feed{std::make_unique<memory_source>("0123456789", 4), location{"a"}, 1 << 20};
  static_cast<void>(feed.pull());
  static_cast<void>(feed.pull());
  feed.resume_at(6);
  const byte_view again = feed.pull();
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(again.data()), again.size()), "67");
  EXPECT_EQ(feed.pulled(), 8U);
  feed.resume_at(8);
  EXPECT_EQ(feed.pull().size(), 2U);
  EXPECT_TRUE(feed.pull().empty());
}

}  // namespace tar_feed_test
