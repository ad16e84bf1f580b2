#include "knowngood/inspect/redis_snapshot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "knowngood/io/memory_source.hpp"

namespace redis_snapshot_test {

using namespace knowngood;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string with_crc(std::string bytes) {
  detail::crc64_jones crc;
  crc.update(std::as_bytes(std::span{bytes}));
  for (unsigned i = 0; i < 8; ++i) bytes += static_cast<char>(crc.value() >> (8 * i) & 0xFFU);
  return bytes;
}

// As redis-server 7.0 writes one key: auxiliary fields, database 0, a string.
std::string snapshot(const std::string& version = "0010") {
  const std::string body = std::string{"\xFA\x09redis-ver\x05"} + "7.0.15" +
                           std::string{"\xFE\x00\xFB\x01\x00\x00\x03key\x05value", 16} + std::string(500, 'v') + "\xFF";
  return "REDIS" + version + body;
}

std::vector<std::string> found(const std::string& bytes, bool* has_crc = nullptr, std::size_t chunk = 4096) {
  finding_list findings;
  memory_source in{bytes, chunk};
  const redis_snapshot seen = read_redis_snapshot(in, location{"dump.rdb"}, findings);
  if (has_crc != nullptr) *has_crc = seen.has_crc;
  std::vector<std::string> ids;
  for (const auto& one : findings.snapshot()) ids.push_back(one.check);
  return ids;
}

TEST(crc64_jones, gives_the_known_value) {
  const std::string text = "123456789";
  detail::crc64_jones crc;
  crc.update(std::as_bytes(std::span{text}));
  EXPECT_EQ(crc.value(), 0xE9C6D914C4B8D9CAU);
}

TEST(redis_snapshot, is_whole_with_its_end_marker_and_crc) {
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
    bool has_crc = false;
    EXPECT_THAT(found(with_crc(snapshot()), &has_crc, chunk), IsEmpty());
    EXPECT_TRUE(has_crc);
  }
  bool has_crc = true;
  EXPECT_THAT(found(snapshot() + std::string(8, '\0'), &has_crc), IsEmpty()) << "rdbchecksum no";
  EXPECT_FALSE(has_crc);
  EXPECT_THAT(found(snapshot("0003")), IsEmpty()) << "versions before 5 have no CRC";
}

TEST(redis_snapshot, is_found_cut_anywhere) {
  const std::string whole = with_crc(snapshot());
  ASSERT_THAT(found(whole), IsEmpty());
  for (std::size_t size = 9; size < whole.size(); ++size) {
    EXPECT_THAT(found(whole.substr(0, size)), ::testing::SizeIs(1)) << size;
  }
}

TEST(redis_snapshot, is_found_altered_anywhere) {
  const std::string whole = with_crc(snapshot());
  ASSERT_THAT(found(whole), IsEmpty());
  for (std::size_t at = 5; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    EXPECT_THAT(found(damaged), ::testing::SizeIs(1)) << at;
  }
}

TEST(redis_snapshot, may_be_the_beginning_of_an_append_only_file) {
  const std::string log =
      "REDIS0009\xFA\x0C"
      "aof-preamble\xC0\x01\xFE" +
      std::string(300, 'x') + "*1\r\n$4\r\nPING\r\n";
  EXPECT_THAT(found(log), IsEmpty());
}

TEST(redis_snapshot, is_recognised_with_a_damaged_version) {
  const auto is = [](std::string_view text) { return is_redis_snapshot(std::as_bytes(std::span{text})); };
  EXPECT_TRUE(is("REDIS0011"));
  EXPECT_TRUE(is("VALKEY080"));
  EXPECT_TRUE(is("REDIS00x1"));
  EXPECT_FALSE(is("REDIS is fast"));
  EXPECT_FALSE(is("REDIS"));
}

}  // namespace redis_snapshot_test
