#include "knowngood/hash/digest.hpp"

#include <gtest/gtest.h>

#include "knowngood/hash/digest_set.hpp"
#include "knowngood/testing/scratch_directory.hpp"

namespace digest_test {

using namespace knowngood;

byte_view bytes_of(std::string_view text) { return std::as_bytes(std::span{text}); }

std::string digest_of(const digest_algorithm& algorithm, std::string_view text) {
  digest d{algorithm};
  d.update(bytes_of(text));
  return d.finish();
}

std::string sample(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 2654435761U) >> 13U);
  return bytes;
}

// RFC 1321, FIPS 180-4, RFC 7693
TEST(digest, gives_the_known_vectors_for_abc) {
  EXPECT_EQ(digest_of(digest_algorithm::md5(), "abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(digest_of(digest_algorithm::sha1(), "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(digest_of(digest_algorithm::sha224(), "abc"), "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
  EXPECT_EQ(digest_of(digest_algorithm::sha256(), "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest_of(digest_algorithm::sha384(), "abc"),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(digest_of(digest_algorithm::sha512(), "abc"),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  EXPECT_EQ(digest_of(*digest_algorithm::blake2b(512), "abc"),
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
            "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

TEST(digest, gives_the_known_vectors_for_nothing) {
  EXPECT_EQ(digest{digest_algorithm::md5()}.finish(), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(digest{digest_algorithm::sha256()}.finish(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(digest, agrees_with_the_command_line_tools_whatever_the_chunks) {
  const scratch_directory scratch;
  const std::string bytes = sample(200'003);
  scratch.write("f", bytes);
  std::vector<std::pair<digest_algorithm, std::string>> tools{
      {digest_algorithm::md5(), "md5sum"},       {digest_algorithm::sha1(), "sha1sum"},
      {digest_algorithm::sha224(), "sha224sum"}, {digest_algorithm::sha256(), "sha256sum"},
      {digest_algorithm::sha384(), "sha384sum"}, {digest_algorithm::sha512(), "sha512sum"},
      {*digest_algorithm::blake2b(512), "b2sum"}};
  for (unsigned bits = 8; bits < 512; bits += 8) {
    tools.emplace_back(*digest_algorithm::blake2b(bits), "b2sum -l " + std::to_string(bits));
  }
  for (const auto& [algorithm, tool] : tools) {
    if (!digest::supports(algorithm)) continue;
    const tool_run run = scratch.run(tool + " < f");
    ASSERT_EQ(run.status, 0) << tool;
    ASSERT_EQ(run.output.size(), algorithm.hex_length() + 4) << tool;
    for (const std::size_t chunk : std::vector<std::size_t>{1, 63, 64, 65, 4096, bytes.size()}) {
      digest d{algorithm};
      for (std::size_t at = 0; at < bytes.size(); at += chunk) d.update(bytes_of(bytes.substr(at, chunk)));
      ASSERT_EQ(d.finish() + "  -\n", run.output) << tool << " in chunks of " << chunk;
    }
  }
}

TEST(digest, offers_blake2b_only_in_whole_bytes_up_to_512_bits) {
  for (const unsigned bits : {0U, 1U, 7U, 12U, 513U, 520U, 1024U})
    EXPECT_FALSE(digest_algorithm::blake2b(bits)) << bits;
  EXPECT_EQ(digest_algorithm::blake2b(512)->name(), "BLAKE2b");
  EXPECT_EQ(digest_algorithm::blake2b(256)->name(), "BLAKE2b-256");
  EXPECT_EQ(digest_algorithm::blake2b(256)->hex_length(), 64U);
}

TEST(digest_set, gives_what_each_digest_gives_alone) {
  const std::string bytes = sample(150'000);
  const std::vector<digest_algorithm> algorithms{digest_algorithm::sha256(), digest_algorithm::md5(),
                                                 digest_algorithm::sha512(), digest_algorithm::sha256(),
                                                 *digest_algorithm::blake2b(512)};
  for (const std::size_t chunk : std::vector<std::size_t>{1, 1000, bytes.size()}) {
    digest_set all{algorithms};
    for (std::size_t at = 0; at < bytes.size(); at += chunk) all.update(bytes_of(bytes.substr(at, chunk)));
    const auto by_name = all.finish();
    EXPECT_EQ(by_name.size(), 4U) << "an algorithm that is named twice is computed once";
    for (const auto& algorithm : algorithms) {
      EXPECT_EQ(by_name.at(algorithm.name()), digest_of(algorithm, bytes)) << algorithm.name();
    }
  }
}

TEST(digest_set, of_no_algorithm_gives_nothing) {
  digest_set none{{}};
  EXPECT_TRUE(none.empty());
  none.update(bytes_of("abc"));
  EXPECT_TRUE(none.finish().empty());
}

}  // namespace digest_test
