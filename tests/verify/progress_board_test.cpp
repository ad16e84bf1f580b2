#include "knowngood/verify/progress_board.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace progress_board_test {

using namespace knowngood;

TEST(progress_board, counts_what_is_done_and_names_one_that_is_not) {
  progress_board board;
  board.expect(3, 100);
  board.begin("b");
  board.begin("a");
  board.begin("a");  // of two threads, one name
  EXPECT_EQ(board.now().current, "a");
  board.end("a");
  EXPECT_EQ(board.now().current, "a") << "one of the two is still read";
  board.end("a");
  board.end("b");
  EXPECT_EQ(board.now().current, "");
  EXPECT_EQ(board.now().artifacts_done, 3U);
  EXPECT_EQ(board.now().artifacts_total, 3U);
}

TEST(progress_board, tells_what_time_is_left_only_where_it_can_be_known) {
  progress_board board;
  board.expect(1, 100);
  EXPECT_FALSE(board.now().left) << "nothing was read yet";
  board.add_bytes(50);
  std::this_thread::sleep_for(std::chrono::milliseconds{60});
  ASSERT_TRUE(board.now().left);
  EXPECT_LE(board.now().left->count(), 1);
  EXPECT_GT(board.now().bytes_per_second, 0);
  board.add_bytes(51);
  EXPECT_FALSE(board.now().left) << "more was read than there was said to be";
}

}  // namespace progress_board_test
