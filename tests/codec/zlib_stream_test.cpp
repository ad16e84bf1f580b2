#include "knowngood/codec/zlib_stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "knowngood/io/memory_source.hpp"
#include "knowngood/testing/source_suite.hpp"

namespace zlib_stream_test {

using namespace knowngood;

std::string zlib_of(const std::string& text, int level = 6) {
  uLongf size = ::compressBound(text.size());
  std::string out(size, '\0');
  ::compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(text.data()), text.size(),
              level);
  out.resize(size);
  return out;
}

std::string rows(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += fmt::format("{}\tname {}\n", i, i * 7919 % 1000);
  return text;
}

template <typename Engine>
class zlib_stream_test : public testing::Test {
 public:
  static std::unique_ptr<source> make(std::unique_ptr<source> upstream) {
    return std::make_unique<zlib_stream<Engine>>(std::move(upstream), location{"block"});
  }
  static std::string check_of(const std::string& bytes) {
    const auto layer = make(std::make_unique<memory_source>(bytes, 13));
    const auto got = read_through(*layer);
    return got.failure ? got.failure->check : "none";
  }
};
using engines = testing::Types<default_inflate_engine, zlib_inflate_engine>;
TYPED_TEST_SUITE(zlib_stream_test, engines);

TYPED_TEST(zlib_stream_test, is_a_source) {
  for (const auto& text : {std::string{}, std::string{"a"}, rows(3000)}) {
    for (const int level : {0, 1, 9}) expect_conforming(&TestFixture::make, zlib_of(text, level), text);
  }
}

TYPED_TEST(zlib_stream_test, finds_every_cut) {
  expect_every_cut_found(&TestFixture::make, zlib_of(rows(50)), rows(50));
}

TYPED_TEST(zlib_stream_test, finds_damage) {
  const std::string whole = zlib_of(rows(200));
  ASSERT_EQ(this->check_of(whole), "none");
  std::string wrong = whole;
  wrong.back() = static_cast<char>(wrong.back() ^ 1);
  EXPECT_EQ(this->check_of(wrong), "compression.damaged") << "Adler-32";
  wrong = whole;
  wrong[0] = 0x79;
  EXPECT_EQ(this->check_of(wrong), "compression.damaged") << "header";
  wrong = whole;
  wrong[1] = static_cast<char>(0xBB);  // a preset dictionary
  EXPECT_EQ(this->check_of(wrong), "compression.damaged") << "dictionary";
  EXPECT_EQ(this->check_of(whole + "x"), "compression.trailing-data");
  EXPECT_EQ(this->check_of(whole + whole), "compression.trailing-data");
  EXPECT_EQ(this->check_of(""), "compression.truncated");
}

TYPED_TEST(zlib_stream_test, hands_out_what_came_before_the_damage) {
  const std::string text = "a row that is whole\n";
  const auto length = static_cast<char>(text.size());
  // RFC 1951, section 3.2.4: a stored block, and then one of the type that there is not.
  const std::string stored =
      std::string{"\x78\x01\x00", 3} + length + '\0' + static_cast<char>(~length) + '\xFF' + text;
  const auto layer = this->make(std::make_unique<memory_source>(stored + "\x07 and more of the same"));
  const auto got = read_through(*layer);
  ASSERT_TRUE(got.failure);
  EXPECT_EQ(got.failure->check, "compression.damaged");
  EXPECT_EQ(got.bytes, text);
}

TYPED_TEST(zlib_stream_test, finds_every_flipped_bit) {
  const std::string whole = zlib_of(rows(20));
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto layer = this->make(std::make_unique<memory_source>(flipped));
    const auto got = read_through(*layer);
    EXPECT_TRUE(got.failure || got.bytes == rows(20)) << "bit " << bit;
  }
}

}  // namespace zlib_stream_test
