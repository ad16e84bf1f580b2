#include "knowngood/codec/detect.hpp"

#include <gtest/gtest.h>

#include "codec/codec_samples.hpp"
#include "codec/external_tool.hpp"
#include "codec/gzip_writer.hpp"
#include "knowngood/io/lookahead.hpp"
#include "knowngood/testing/source_suite.hpp"

namespace detect_test {

using namespace knowngood;
using namespace std::string_literals;

compression detected(const std::string& bytes) { return detect_compression(std::as_bytes(std::span{bytes})); }

TEST(detect_compression, knows_what_the_tools_write) {
  const std::vector<std::pair<std::string, compression>> tools{
      {"gzip", compression::gzip},    {"zstd -q", compression::zstd}, {"pzstd -q", compression::zstd},
      {"xz", compression::xz},        {"bzip2", compression::bzip2},  {"lz4 -q", compression::lz4},
      {"lz4 -q -l", compression::lz4}};
  for (const auto& [tool, kind] : tools) {
    if (!has_tool(tool.substr(0, tool.find(' ')))) continue;
    for (const auto& content : contents()) {
      const std::string bytes = made_by(tool + " -c", content.bytes);
      EXPECT_EQ(detected(bytes), kind) << tool << ", " << content.name;
      EXPECT_EQ(detected(bytes.substr(0, compression_head_bytes)), kind) << tool << ", " << content.name;
    }
  }
}

TEST(detect_compression, takes_nothing_else_for_compressed) {
  for (const auto& content : contents()) {
    EXPECT_EQ(detected(content.bytes), compression::none) << content.name;
  }
  for (const std::string& bytes :
       {"PGDMP\x01\x0e"s, "# v2 git bundle\n"s, "BZh"s, "BZh0AY&SY"s, "BZh9 is how such a file begins"s, "BZhello"s,
        "\x1f\x8b"s, "\x1f\x8b\x07\x00"s, "\x1f\x9d\x90"s,
        "\xfd"s
        "7zXY"s,
        "\x28\xb5\x2f"s, "\x28\xb5\x2f\xfc\x00"s, "PK\x03\x04"s, "7z\xbc\xaf\x27\x1c"s, "\x04\x22\x4d\x19"s, ""s}) {
    EXPECT_EQ(detected(bytes), compression::none) << bytes;
  }
}

TEST(detect_compression, calls_a_damaged_header_by_its_format) {
  std::string reserved = gzip_member("x");
  reserved[3] = '\x80';
  EXPECT_EQ(detected(reserved), compression::gzip);
  EXPECT_EQ(detected("BZh91AY&SX rest of it"), compression::bzip2);
  EXPECT_EQ(detected("BZh9"), compression::bzip2) << "cut off behind the level";
  EXPECT_EQ(detected("BZh91AY"), compression::bzip2);
}

TEST(detect_compression, looks_past_skippable_frames) {
  const std::string skip = "\x50\x2a\x4d\x18\x05\x00\x00\x00hello"s;
  EXPECT_EQ(detected(skip), compression::zstd);
  EXPECT_EQ(detected(skip + skip + "\x04\x22\x4d\x18"), compression::lz4);
  EXPECT_EQ(detected(skip + "\x28\xb5\x2f\xfd"), compression::zstd);
  EXPECT_EQ(detected("\x50\x2a\x4d\x18\xff\xff\xff\xff"s), compression::zstd) << "a length beyond what is shown";
  EXPECT_EQ(detected("\x50\x2a\x4d\x18\x05"s), compression::zstd) << "a length cut off";
}

TEST(decompressed, undoes_each_kind) {
  const std::string content = dump_text(50'000, 61);
  finding_list findings;
  const std::vector<std::string> tools{"cat", "gzip -c", "zstd -q -c", "xz -c", "bzip2 -c", "lz4 -q -c"};
  for (const auto& tool : tools) {
    if (!has_tool(tool.substr(0, tool.find(' ')))) continue;
    const std::string bytes = made_by(tool, content);
    const compression kind = detected(bytes);
    if (kind != compression::none && kind != compression::gzip && !decompress::supports(kind)) continue;
    SCOPED_TRACE(tool);
    expect_conforming(
        [&](auto up) {
          auto in = std::make_unique<lookahead>(std::move(up));
          in->peek(1);
          return decompressed(std::move(in), kind, location{"file"}, findings);
        },
        bytes, content);
    const auto plain = decompressed(std::make_unique<memory_source>(bytes), kind, location{"file"}, findings);
    EXPECT_TRUE(read_through(*plain).bytes == content);
    EXPECT_EQ(has_content_check(*plain, kind), kind != compression::none);
  }
}

TEST(compression, has_names) {
  EXPECT_EQ(to_string(compression::none), "none");
  EXPECT_EQ(to_string(compression::gzip), "gzip");
  EXPECT_EQ(to_string(compression::zstd), "zstd");
  EXPECT_EQ(to_string(compression::xz), "xz");
  EXPECT_EQ(to_string(compression::bzip2), "bzip2");
  EXPECT_EQ(to_string(compression::lz4), "lz4");
}

}  // namespace detect_test
