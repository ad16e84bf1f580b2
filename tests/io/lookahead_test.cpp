#include "knowngood/io/lookahead.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "knowngood/base/error.hpp"
#include "knowngood/io/drain.hpp"
#include "knowngood/io/memory_source.hpp"
#include "knowngood/testing/source_suite.hpp"

namespace lookahead_test {

using namespace knowngood;

std::string text(byte_view bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Gives some bytes, and then fails.
class failing final : public source {
 public:
  explicit failing(std::string bytes) : bytes_{std::move(bytes)} {}

 private:
  byte_view produce() override {
    if (given_) throw environment_error{location{"disk"}, "cannot read", "look at the disk"};
    given_ = true;
    return std::as_bytes(std::span{bytes_});
  }
  std::string bytes_;
  bool given_ = false;
};

TEST(lookahead, is_a_source_however_much_was_peeked) {
  const std::string bytes = "the quick brown fox jumps over the lazy dog";
  for (const std::size_t peeked : {0U, 1U, 5U, 43U, 44U, 1000U}) {
    expect_conforming(
        [peeked](std::unique_ptr<source> upstream) {
          auto in = std::make_unique<lookahead>(std::move(upstream));
          static_cast<void>(in->peek(peeked));
          return in;
        },
        bytes, bytes);
  }
}

TEST(lookahead, shows_the_beginning_however_it_is_cut_and_asked_for) {
  const std::string bytes = "abcdefghijklmnopqrstuvwxyz";
  for (const std::size_t chunk : {1U, 2U, 5U, 26U, 100U}) {
    lookahead in{std::make_unique<memory_source>(bytes, chunk)};
    for (const std::size_t count : {0U, 3U, 2U, 7U, 26U, 30U, 4U}) {
      EXPECT_EQ(text(in.peek(count)), bytes.substr(0, count)) << chunk << " " << count;
    }
    EXPECT_EQ(read_all(in, location{"x"}, 100), bytes) << chunk;
  }
}

// Gives its bytes one by one, all out of the same place.
class overwriting final : public source {
 public:
  explicit overwriting(std::string bytes) : bytes_{std::move(bytes)} {}

 private:
  byte_view produce() override {
    last_ = '?';
    if (given_ == bytes_.size()) return {};
    last_ = bytes_[given_++];
    return std::as_bytes(std::span{&last_, 1});
  }
  std::string bytes_;
  std::size_t given_ = 0;
  char last_ = '?';
};

TEST(lookahead, keeps_what_it_showed_when_it_is_asked_for_more) {
  for (const std::size_t second : {1U, 2U, 3U, 10U}) {
    lookahead in{std::make_unique<overwriting>("abc")};
    EXPECT_EQ(text(in.peek(1)), "a");
    EXPECT_EQ(text(in.peek(second)), std::string{"abc"}.substr(0, second));
    EXPECT_EQ(read_all(in, location{"x"}, 100), "abc") << second;
  }
}

TEST(lookahead, keeps_a_failure_until_reading_reaches_it) {
  lookahead in{std::make_unique<failing>("abc")};
  EXPECT_EQ(text(in.peek(10)), "abc");
  EXPECT_EQ(text(in.peek(2)), "ab");
  EXPECT_EQ(text(in.next()), "abc");
  EXPECT_THROW(in.next(), environment_error);
  EXPECT_THROW(in.next(), environment_error);
}

TEST(lookahead, shows_nothing_of_a_stream_that_fails_at_once_and_fails_when_read) {
  struct broken final : source {
    byte_view produce() override { throw environment_error{location{"disk"}, "cannot read", "look"}; }
  };
  lookahead in{std::make_unique<broken>()};
  EXPECT_TRUE(in.peek(1).empty());
  EXPECT_THROW(in.next(), environment_error) << "it is not empty";
}

}  // namespace lookahead_test
