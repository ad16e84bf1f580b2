#include "knowngood/git/delta.hpp"

#include <gtest/gtest.h>

#include <span>
#include <string_view>

namespace delta_test {

using namespace knowngood;
using namespace std::string_literals;

struct applied {
  std::string result;
  std::string defect;
};

applied apply(const std::string& base, const std::string& delta, std::size_t chunk, bool at_hand = true) {
  detail::delta_reader reader{at_hand ? std::optional{std::as_bytes(std::span{base})} : std::nullopt};
  applied done;
  bool started = false;
  for (std::size_t at = 0; at < delta.size(); at += chunk) {
    const std::string piece = delta.substr(at, chunk);
    reader.feed(
        std::as_bytes(std::span{piece}), [&](std::uint64_t) { started = true; },
        [&](byte_view out) {
          EXPECT_TRUE(started);
          done.result.append(reinterpret_cast<const char*>(out.data()), out.size());
        });
  }
  done.defect = reader.finish();
  return done;
}

// base of 10 bytes; 9 made: copy 3 from 2, insert "abc", copy 3 from 7
const std::string base = "0123456789";
const std::string sound = "\x0a\x09\x91\x02\x03\x03"s + "abc" + "\x91\x07\x03"s;

TEST(delta_reader, applies_copies_and_inserts_whatever_the_chunks) {
  for (const std::size_t chunk : {1U, 2U, 3U, 100U}) {
    const applied done = apply(base, sound, chunk);
    EXPECT_EQ(done.defect, "");
    EXPECT_EQ(done.result, "234abc789");
  }
}

TEST(delta_reader, checks_the_same_without_a_base) {
  const applied done = apply(base, sound, 1, false);
  EXPECT_EQ(done.defect, "");
  EXPECT_EQ(done.result, "");
}

TEST(delta_reader, knows_offsets_and_sizes_of_every_width) {
  const std::string large(0x1234567, 'x');
  // sizes 0x1234567 and 0x10000 + 0x010203: copy 64 KiB (size 0) from 0x1000000, copy 0x010203 from 0
  const std::string delta = "\xe7\x8a\x8d\x09"s + "\x83\x84\x08"s + "\x88\x01"s + "\xf0\x03\x02\x01"s;
  const applied done = apply(large, delta, 2);
  EXPECT_EQ(done.defect, "");
  EXPECT_EQ(done.result.size(), 0x10000U + 0x10203U);
}

TEST(delta_reader, finds_every_cut) {
  for (std::size_t size = 0; size < sound.size(); ++size) {
    EXPECT_NE(apply(base, sound.substr(0, size), 1).defect, "") << size;
    EXPECT_NE(apply(base, sound.substr(0, size), 1, false).defect, "") << size;
  }
}

TEST(delta_reader, finds_what_leads_out_of_base_or_result) {
  ASSERT_EQ(apply(base, sound, 1).defect, "");
  EXPECT_EQ(apply(base, "\x0a\x03\x91\x08\x03"s, 1).defect, "the delta copies up to byte 11 of a base of 10 bytes");
  EXPECT_EQ(apply(base, "\x0a\x02\x91\x00\x03"s, 1).defect, "the delta makes more than the 2 bytes it says");
  EXPECT_EQ(apply(base, "\x0a\x04\x91\x00\x03"s, 1).defect, "the delta makes 3 bytes of 4");
  EXPECT_EQ(apply(base, "\x0b\x03\x91\x00\x03"s, 1).defect, "the delta is for a base of 11 bytes, its base has 10");
  EXPECT_EQ(apply(base, "\x0a\x03\x01x\x00"s, 1).defect, "the delta holds the reserved instruction");
  EXPECT_EQ(apply(base, "\x0a\x00\x80"s, 1).defect, "the delta copies up to byte 65536 of a base of 10 bytes");
  EXPECT_EQ(apply(base, std::string(12, '\xff'), 1).defect, "a size in the delta is out of bounds");
  EXPECT_EQ(apply(base, "\x0a\x00"s, 1).defect, "a delta of 2 bytes is none that git applies");
}

}  // namespace delta_test
