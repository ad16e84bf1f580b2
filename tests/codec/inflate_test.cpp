#include "knowngood/codec/inflate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "codec/codec_samples.hpp"
#include "codec/gzip_writer.hpp"

namespace inflate_test {

using namespace knowngood;

byte_view bytes_of(const std::string& text) { return std::as_bytes(std::span{text}); }

struct inflated {
  std::string bytes;
  inflate_status status = inflate_status::running;
  std::size_t taken = 0;  // of the input, without what was given back
};

// As its contract says: again and again until nothing moves, then new input.
template <typename Engine>
inflated inflate_all(Engine& engine, const std::string& input, std::size_t chunk, std::size_t room) {
  inflated result;
  std::string output(room, '\0');
  engine.reset();
  for (std::size_t at = 0; at <= input.size(); at += chunk) {
    byte_view rest = bytes_of(input).subspan(at, std::min(chunk, input.size() - at));
    for (;;) {
      const inflate_step step = engine.run(rest, std::as_writable_bytes(std::span{output}));
      EXPECT_LE(step.consumed, rest.size());
      EXPECT_LE(step.produced, room);
      rest = rest.subspan(step.consumed);
      result.taken += step.consumed;
      result.bytes.append(output, 0, step.produced);
      result.status = step.status;
      if (step.status == inflate_status::ended) {
        const byte_view back = engine.unread();
        EXPECT_LE(back.size(), 8U);
        result.taken -= back.size();
        EXPECT_TRUE(
            std::equal(back.begin(), back.end(), bytes_of(input).begin() + static_cast<std::ptrdiff_t>(result.taken)))
            << "what is given back is what was taken";
      }
      if (step.status != inflate_status::running) return result;
      if (step.consumed == 0 && step.produced == 0) break;
    }
  }
  return result;
}

template <typename Engine>
class inflate_engines : public testing::Test {};
#ifdef KNOWNGOOD_HAVE_ISAL
using all_engines = testing::Types<zlib_inflate_engine, isal_inflate_engine>;
#else
using all_engines = testing::Types<zlib_inflate_engine>;
#endif
TYPED_TEST_SUITE(inflate_engines, all_engines);

TYPED_TEST(inflate_engines, say_exactly_where_the_stream_ends_whatever_the_pieces) {
  TypeParam engine;
  const std::string tail = "TAILTAILTAIL";
  for (const auto& content : contents()) {
    for (const int level : {0, 1, 6}) {
      const std::string data = raw_deflate(content.bytes, {.level = level});
      for (const std::size_t chunk :
           {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{4096}, data.size() + 12}) {
        for (const std::size_t room : {std::size_t{1}, std::size_t{5}, std::size_t{300}, std::size_t{262'144}}) {
          if (content.bytes.size() > 1000 && (room < 300 || (chunk < 7 && level == 0))) continue;
          if (content.bytes.size() > 100'000 && room + chunk < 4096) continue;  // only slow
          SCOPED_TRACE(content.name + ", level " + std::to_string(level) + ", chunks of " + std::to_string(chunk) +
                       ", room for " + std::to_string(room));
          const inflated got = inflate_all(engine, data + tail, chunk, room);
          ASSERT_EQ(got.status, inflate_status::ended);
          ASSERT_EQ(got.taken, data.size());
          ASSERT_TRUE(got.bytes == content.bytes);
        }
      }
    }
  }
}

TYPED_TEST(inflate_engines, give_up_with_a_reason_on_what_is_no_deflate_stream) {
  TypeParam engine;
  EXPECT_EQ(inflate_all(engine, raw_deflate("fine"), 100, 100).status, inflate_status::ended);
  std::array<std::byte, 64> room{};
  const std::string reserved_block_type = "\x07garbage";
  engine.reset();
  const inflate_step type = engine.run(bytes_of(reserved_block_type), room);
  EXPECT_EQ(type.status, inflate_status::failed);
  EXPECT_FALSE(type.reason.empty());
  // a fixed block whose first symbol is a match: nothing is there yet to copy
  const std::string before_the_start{"\x03\x02\x00", 3};
  const inflated distance = inflate_all(engine, before_the_start, 3, 64);
  EXPECT_EQ(distance.status, inflate_status::failed);
  EXPECT_EQ(inflate_all(engine, raw_deflate("fine again"), 100, 100).bytes, "fine again")
      << "reset forgets the failure";
}

TYPED_TEST(inflate_engines, cannot_reach_into_the_previous_stream) {
  TypeParam engine;
  const std::string first = dump_text(50'000, 9);
  ASSERT_EQ(inflate_all(engine, raw_deflate(first), 4096, 4096).status, inflate_status::ended);
  const std::string before_the_start{"\x03\x02\x00", 3};
  EXPECT_EQ(inflate_all(engine, before_the_start, 3, 64).status, inflate_status::failed);
}

TYPED_TEST(inflate_engines, know_the_check_value_of_the_crc) {
  const std::string digits = "123456789";  // the check value of every catalogue of CRCs
  EXPECT_EQ(TypeParam::crc32(0, bytes_of(digits)), 0xCBF43926U);
  const std::uint32_t half = TypeParam::crc32(0, bytes_of(digits).first(4));
  EXPECT_EQ(TypeParam::crc32(half, bytes_of(digits).subspan(4)), 0xCBF43926U);
  const std::string bytes = random_bytes(100'001, 11);
  EXPECT_EQ(TypeParam::crc32(0, bytes_of(bytes)), crc_of(bytes));
}

// More than 4 GiB of output from few bytes of input: the same independent blocks over and over, all of them matches at
// a long distance. Small pieces around the wrap of a 32-bit count, so that the engine begins anew on either side of it.
TEST(inflate, goes_on_beyond_four_gibibytes) {
  const std::string content = random_bytes(20'000, 12);
  std::string unit;
  for (int i = 0; i < 400; ++i) unit += content;
  std::string blocks = raw_deflate(unit + "x", {.flush_every = unit.size()});
  const std::string last = raw_deflate("x");
  ASSERT_TRUE(blocks.ends_with(last));
  blocks.resize(blocks.size() - last.size());
  default_inflate_engine engine;
  std::vector<std::byte> room(std::size_t{1} << 20);
  constexpr std::uint64_t wrap = std::uint64_t{1} << 32;
  for (std::uint64_t produced = 0; produced < wrap + unit.size();) {
    byte_view rest = bytes_of(blocks);
    for (;;) {
      const bool near = produced + (std::uint64_t{1} << 21) > wrap && produced < wrap + (std::uint64_t{1} << 20);
      const inflate_step step = engine.run(rest, std::span{room}.first(near ? 1000 : room.size()));
      ASSERT_EQ(step.status, inflate_status::running) << step.reason << " after " << produced << " bytes";
      if (step.consumed == 0 && step.produced == 0) break;
      const std::string_view piece{reinterpret_cast<const char*>(room.data()), step.produced};
      const std::size_t shown = std::min<std::size_t>(piece.size(), 1000);
      ASSERT_EQ(piece.substr(0, shown), std::string_view{unit}.substr(produced % content.size(), shown));
      rest = rest.subspan(step.consumed);
      produced += step.produced;
    }
    ASSERT_EQ(produced % unit.size(), 0U);
  }
}

}  // namespace inflate_test
