#include "knowngood/ledger/ledger_tail.hpp"

#include <gtest/gtest.h>

#include <string>

#include "ledger/ledger_world.hpp"

namespace ledger_tail_test {

using namespace knowngood;

class ledger_tail_test : public ledger_world {
 protected:
  [[nodiscard]] ledger_tail tail() const {
    const auto directory = ledger_directory::open(path());
    return read_ledger_tail(directory.open_file(ledger_files::lines), location{"ledger.jsonl"});
  }
  void add(const std::string& bytes) const { write("ledger.jsonl", read("ledger.jsonl") + bytes); }
};

TEST_F(ledger_tail_test, is_the_last_line_with_nothing_behind_it) {
  fill(1, 3);
  const ledger_tail whole = tail();
  ASSERT_TRUE(whole.last);
  EXPECT_EQ(*whole.last, entry(3));
  EXPECT_EQ(whole.last_sha256, sha256_of(lines()[2]));
  EXPECT_EQ(whole.size, read("ledger.jsonl").size());
  EXPECT_EQ(whole.remainder, "");
}

TEST_F(ledger_tail_test, of_an_empty_ledger_is_nothing) {
  fill(1, 1);
  write("ledger.jsonl", "");
  const ledger_tail nothing = tail();
  EXPECT_FALSE(nothing.last);
  EXPECT_EQ(nothing.size, 0U);
}

TEST_F(ledger_tail_test, leaves_a_torn_line_aside_wherever_it_was_torn) {
  fill(1, 2);
  const std::string last = lines()[1];
  const std::string before = lines()[0] + "\n";
  for (std::size_t size = 1; size <= last.size(); ++size) {
    write("ledger.jsonl", before + last.substr(0, size));
    const ledger_tail torn = tail();
    ASSERT_TRUE(torn.last);
    EXPECT_EQ(torn.last->sequence, 1U);
    EXPECT_EQ(torn.remainder, last.substr(0, size));
    EXPECT_EQ(torn.size, before.size());
  }
}

TEST_F(ledger_tail_test, takes_zeros_for_what_a_power_failure_left) {
  fill(1, 1);
  add(std::string(100, '\0') + "\n");
  const ledger_tail torn = tail();
  ASSERT_TRUE(torn.last);
  EXPECT_EQ(torn.last->sequence, 1U);
  EXPECT_EQ(torn.remainder.size(), 101U);
}

TEST_F(ledger_tail_test, refuses_an_end_that_is_no_line) {
  fill(1, 1);
  add("{}\n");
  EXPECT_THROW((void)tail(), stream_error);
  write("ledger.jsonl", std::string(5 * longest_ledger_line, 'x'));
  EXPECT_THROW((void)tail(), stream_error);
}

}  // namespace ledger_tail_test
