#include "knowngood/codec/chunk_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace chunk_writer_test {

using namespace knowngood;
using detail::buffer_ring;
using detail::chunk_writer;

std::string text(byte_view bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::size_t put(std::span<std::byte> room, char c, std::size_t count) {
  std::fill_n(room.begin(), std::min(count, room.size()), static_cast<std::byte>(c));
  return std::min(count, room.size());
}

TEST(chunk_writer, gathers_small_pieces_into_one_chunk) {
  chunk_writer out;
  int calls = 0;
  const auto some = [&](std::span<std::byte> room) {
    return ++calls <= 3 ? put(room, static_cast<char>('a' + calls), 2) : 0;
  };
  EXPECT_EQ(text(out.next(some)), "bbccdd");
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(out.next(some).size(), 0U);
}

TEST(chunk_writer, hands_out_no_more_than_a_buffer_and_offers_no_empty_room) {
  chunk_writer out;
  const auto some = [](std::span<std::byte> room) {
    EXPECT_FALSE(room.empty());
    return put(room, 'x', buffer_ring::bytes - 1);
  };
  EXPECT_EQ(out.next(some).size(), buffer_ring::bytes);
  EXPECT_EQ(out.next(some).size(), buffer_ring::bytes);
}

TEST(chunk_writer, throws_at_once_what_fails_before_the_first_byte) {
  chunk_writer out;
  const auto some = [](std::span<std::byte>) -> std::size_t { throw std::runtime_error{"damaged"}; };
  EXPECT_THROW(out.next(some), std::runtime_error);
}

TEST(chunk_writer, hands_out_what_came_before_a_failure_and_then_fails) {
  chunk_writer out;
  int calls = 0;
  const auto some = [&](std::span<std::byte> room) -> std::size_t {
    if (++calls == 3) throw std::runtime_error{"damaged"};
    return put(room, 'x', 5);
  };
  EXPECT_EQ(text(out.next(some)), "xxxxxxxxxx");
  EXPECT_THROW(out.next(some), std::runtime_error);
  EXPECT_EQ(calls, 3) << "nothing is asked of a codec that failed";
}

TEST(chunk_writer, fails_behind_what_a_codec_wrote_together_with_its_failure) {
  chunk_writer out;
  int calls = 0;
  const auto some = [&](std::span<std::byte> room) {
    ++calls;
    out.fail_behind(std::runtime_error{"damaged"});
    return put(room, 'x', 5);
  };
  EXPECT_EQ(text(out.next(some)), "xxxxx");
  EXPECT_THROW(out.next(some), std::runtime_error);
  EXPECT_EQ(calls, 1);
}

TEST(chunk_writer, keeps_as_many_chunks_as_are_asked_for) {
  chunk_writer out;
  out.keep(1);
  char c = 'a';
  const auto some = [&](std::span<std::byte> room) { return put(room, c, room.size()); };
  const byte_view first = out.next(some);
  c = 'b';
  const byte_view second = out.next(some);
  EXPECT_EQ(text(first.first(2)), "aa");
  EXPECT_EQ(text(second.first(2)), "bb");
  c = 'c';
  EXPECT_EQ(out.next(some).data(), first.data());
}

}  // namespace chunk_writer_test
