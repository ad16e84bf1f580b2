#include "knowngood/codec/decompress.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "codec/codec_samples.hpp"
#include "codec/external_tool.hpp"
#include "knowngood/io/read_ahead.hpp"
#include "knowngood/testing/damage.hpp"
#include "knowngood/testing/source_suite.hpp"

namespace decompress_test {

using namespace knowngood;

const location here{"volume.tar"};

struct format {
  compression kind;
  std::string tool;                   // writes the format, with a content checksum
  std::vector<std::string> variants;  // other ways that people write it, all with one
};

std::vector<format> formats() {
  return {
      {compression::zstd,
       "zstd -q -c",
       {"zstd -q -c -1", "zstd -q -c --fast=5", "zstd -q -c -19", "zstd -q -c --long=27 -3", "zstd -q -c --long=31 -1",
        "zstd -q -c -T2 -B32768", "zstd -q -c --rsyncable", "zstd -q -c --no-content-size", "pzstd -q -c -p 2"}},
      {compression::xz,
       "xz -c",
       {"xz -c -0", "xz -c -9e", "xz -c -C crc32", "xz -c -C sha256", "xz -c -T2 --block-size=30000",
        "xz -c --x86 --lzma2", "xz -c --delta=dist=4 --lzma2"}},
      {compression::bzip2, "bzip2 -c", {"bzip2 -c -1", "bzip2 -c -9", "pbzip2 -c -b1 -p2", "lbzip2 -c -n2"}},
      {compression::lz4,
       "lz4 -q -c",
       {"lz4 -q -c -9", "lz4 -q -c -12", "lz4 -q -c -B4", "lz4 -q -c -B4 -BD", "lz4 -q -c -BX", "lz4 -q -c -B7",
        "lz4 -q -c -BI", "lz4 -q -c --fast=8"}}};
}

layer_factory maker(compression kind) {
  return [kind](std::unique_ptr<source> up) {
    static finding_list findings;
    return std::make_unique<decompress>(std::move(up), kind, here, findings);
  };
}

struct outcome {
  reading read;
  bool checked = false;
};

outcome decompressed_with(compression kind, const std::string& bytes, std::size_t chunk = 4096) {
  finding_list findings;
  decompress layer{std::make_unique<memory_source>(bytes, chunk), kind, here, findings};
  outcome result;
  result.read = read_through(layer);
  result.checked = !result.read.failure && layer.has_content_check();
  return result;
}

std::string check_of(const outcome& got) { return got.read.failure ? got.read.failure->check : "none"; }

bool usable(const format& f) { return decompress::supports(f.kind) && has_tool(f.tool.substr(0, f.tool.find(' '))); }

class decompress_of : public testing::TestWithParam<format> {
 protected:
  void SetUp() override {
    if (!usable(GetParam())) GTEST_SKIP() << "this build or this host lacks " << to_string(GetParam().kind);
  }
  [[nodiscard]] static compression kind() { return GetParam().kind; }
  [[nodiscard]] static std::string packed(const std::string& content) { return made_by(GetParam().tool, content); }
};
INSTANTIATE_TEST_SUITE_P(formats, decompress_of, testing::ValuesIn(formats()),
                         [](const auto& of) { return std::string{to_string(of.param.kind)}; });

TEST_P(decompress_of, passes_the_suite) {
  for (const auto& content : contents()) {
    SCOPED_TRACE(content.name);
    expect_conforming(maker(kind()), packed(content.bytes), content.bytes);
  }
}

TEST_P(decompress_of, passes_the_suite_on_a_thread_of_its_own) {
  const std::string content = dump_text(1'500'000, 41);
  expect_conforming([](auto up) { return std::make_unique<read_ahead>(maker(kind())(std::move(up)), 2); },
                    packed(content), content);
}

TEST_P(decompress_of, reads_whatever_its_tools_write) {
  int tried = 0;
  for (const auto& tool : GetParam().variants) {
    if (!has_tool(tool.substr(0, tool.find(' ')))) continue;
    for (const auto& content : contents()) {
      SCOPED_TRACE(tool + ", " + content.name);
      const tool_result made = run_tool(tool, content.bytes);
      if (made.status != 0) continue;  // an option that this version of the tool lacks
      ++tried;
      const outcome got = decompressed_with(kind(), made.output);
      ASSERT_EQ(check_of(got), "none") << got.read.failure->message;
      ASSERT_TRUE(got.read.bytes == content.bytes);
      EXPECT_TRUE(got.checked);
    }
  }
  EXPECT_GT(tried, 10);
}

TEST_P(decompress_of, finds_every_cut) {
  const std::string content = dump_text(700, 42);
  const std::string one = packed(content);
  const std::string empty = packed("");
  expect_every_cut_found(maker(kind()), one, content);
  expect_every_cut_found(maker(kind()), empty, "");
  const auto whole = [&](std::size_t size) { return size == one.size() || size == one.size() + empty.size(); };
  expect_every_cut_found(maker(kind()), one + empty + one, content + content, whole);
  for (const auto& cut : every_cut(one)) {
    const std::string bytes = cut.apply(one);
    const outcome got = decompressed_with(kind(), bytes);
    EXPECT_EQ(check_of(got), "compression.truncated") << cut.name;
    EXPECT_EQ(got.read.failure->where, here.at(bytes.size())) << cut.name;
  }
}

TEST_P(decompress_of, finds_cuts_in_large_streams) {
  const std::string content = dump_text(100'000, 43) + random_bytes(100'000, 44);
  const std::string bytes = packed(content);
  ASSERT_EQ(check_of(decompressed_with(kind(), bytes)), "none");
  for (std::size_t size = 1; size < bytes.size(); size += 1 + bytes.size() / 97) {
    const outcome got = decompressed_with(kind(), bytes.substr(0, size), 1000);
    EXPECT_EQ(check_of(got), "compression.truncated") << size;
    EXPECT_TRUE(content.starts_with(got.read.bytes));
  }
}

TEST_P(decompress_of, never_gives_other_content_for_a_flipped_bit) {
  const std::string content = dump_text(300, 45);
  const std::string bytes = packed(content);
  ASSERT_TRUE(decompressed_with(kind(), bytes).read.bytes == content);
  std::size_t found = 0;
  std::size_t unreadable = 0;
  for (const auto& flip : every_bit_flip(bytes)) {
    try {
      const outcome got = decompressed_with(kind(), flip.apply(bytes));
      if (got.read.failure) {
        ++found;
      } else {
        EXPECT_TRUE(got.read.bytes == content || !got.checked) << flip.name;
      }
    } catch (const environment_error&) {
      ++unreadable;  // it became a request for a dictionary: not checked, and not passed
    }
  }
  EXPECT_GT(found + unreadable, bytes.size() * 8 * 95 / 100);
  EXPECT_LE(unreadable, 4U);
}

TEST_P(decompress_of, reads_streams_that_follow_each_other) {
  const std::string first = dump_text(5000, 46);
  const std::string bytes = packed(first) + packed("") + packed("x") + packed(first);
  expect_conforming(maker(kind()), bytes, first + "x" + first);
}

TEST_P(decompress_of, rejects_what_follows_the_end) {
  const std::string content = dump_text(5000, 47);
  const std::string bytes = packed(content);
  ASSERT_EQ(check_of(decompressed_with(kind(), bytes)), "none");
  const std::vector<std::string> junk{"x",
                                      "\n",
                                      "junk",
                                      "trailing junk of some length",
                                      random_bytes(3000, 48),
                                      std::string(1, '\0'),
                                      std::string(3, '\0'),
                                      std::string(513, '\0')};
  for (const auto& tail : junk) {
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{100'000}}) {
      const outcome got = decompressed_with(kind(), bytes + tail, chunk);
      EXPECT_EQ(check_of(got), "compression.trailing-data") << tail.size() << " bytes";
      EXPECT_TRUE(got.read.bytes == content) << "what precedes them is handed out";
    }
  }
}

TEST_P(decompress_of, rejects_what_is_no_such_stream) {
  ASSERT_EQ(check_of(decompressed_with(kind(), packed("fine"))), "none");
  EXPECT_EQ(check_of(decompressed_with(kind(), "")), "compression.truncated");
  EXPECT_EQ(check_of(decompressed_with(kind(), "plain text, not compressed at all")), "compression.damaged");
  EXPECT_EQ(check_of(decompressed_with(kind(), std::string(5000, '\0'))), "compression.damaged");
}

TEST_P(decompress_of, keeps_granted_chunks_untouched) {
  const std::string content = dump_text(2'500'000, 49);
  const auto layer = maker(kind())(std::make_unique<memory_source>(packed(content), 100'000));
  ASSERT_TRUE(layer->retain(2));
  std::vector<byte_view> views;
  for (byte_view chunk = layer->next(); !chunk.empty(); chunk = layer->next()) {
    views.push_back(chunk);
    auto at = static_cast<std::size_t>(layer->delivered());
    for (std::size_t back = 0; back < std::min<std::size_t>(views.size(), 3); ++back) {
      const byte_view view = views[views.size() - 1 - back];
      at -= view.size();
      ASSERT_TRUE(content.compare(at, view.size(), reinterpret_cast<const char*>(view.data()), view.size()) == 0);
    }
  }
  EXPECT_GT(views.size(), 5U);
}

TEST_P(decompress_of, agrees_with_its_tool_on_random_damage) {
  const std::string test = GetParam().tool.substr(0, GetParam().tool.find(' ')) + " -t -q";
  const std::string content = dump_text(3000, 50);
  const std::string intact = packed(content);
  ASSERT_EQ(run_tool(test, intact).status, 0);
  std::mt19937 random{51};
  for (int i = 0; i < 60; ++i) {
    const damage one = i % 3 == 0 ? zero_bytes(random() % intact.size(), 1 + random() % 32)
                                  : flip_bit(random() % intact.size(), random() % 8);
    const std::string bytes = one.apply(intact);
    bool passes = false;
    try {
      passes = check_of(decompressed_with(kind(), bytes)) == "none";
    } catch (const environment_error&) {
    }
    EXPECT_EQ(passes, run_tool(test, bytes).status == 0) << one.name;
  }
}

TEST(decompress, tells_whether_a_checksum_vouches_for_the_content) {
  struct written {
    compression kind;
    std::string command;
    bool checked;
  };
  const std::vector<written> cases{{compression::zstd, "zstd -q -c --check", true},
                                   {compression::zstd, "zstd -q -c --no-check", false},
                                   {compression::xz, "xz -c -C crc64", true},
                                   {compression::xz, "xz -c -C none", false},
                                   {compression::bzip2, "bzip2 -c", true},
                                   {compression::lz4, "lz4 -q -c", true},
                                   {compression::lz4, "lz4 -q -c --no-frame-crc", false},
                                   {compression::lz4, "lz4 -q -c --no-frame-crc -BX", false},
                                   {compression::lz4, "lz4 -q -c -l", false}};
  for (const auto& one : cases) {
    if (!decompress::supports(one.kind) || !has_tool(one.command.substr(0, one.command.find(' ')))) continue;
    SCOPED_TRACE(one.command);
    const std::string content = dump_text(5000, 52);
    const std::string bytes = made_by(one.command, content);
    const outcome got = decompressed_with(one.kind, bytes);
    ASSERT_EQ(check_of(got), "none");
    EXPECT_TRUE(got.read.bytes == content);
    EXPECT_EQ(got.checked, one.checked);
    for (const auto& other : cases) {
      if (other.kind != one.kind) continue;
      const outcome both = decompressed_with(one.kind, bytes + made_by(other.command, content));
      ASSERT_EQ(check_of(both), "none") << other.command << ": " << both.read.failure->message;
      EXPECT_EQ(both.checked, one.checked && other.checked) << other.command;
    }
  }
}

TEST(decompress, accepts_xz_stream_padding_and_only_that) {
  if (!decompress::supports(compression::xz) || !has_tool("xz")) GTEST_SKIP() << "no xz";
  const std::string one = made_by("xz -c", "one ");
  const std::string two = made_by("xz -c", "two");
  for (const std::size_t zeros : {0U, 4U, 8U, 512U, 100'000U}) {
    const std::string padding(zeros, '\0');
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{70'000}}) {
      EXPECT_EQ(decompressed_with(compression::xz, one + padding + two + padding, chunk).read.bytes, "one two");
      EXPECT_EQ(check_of(decompressed_with(compression::xz, one + padding + two + padding, chunk)), "none");
    }
    EXPECT_EQ(run_tool("xz -t", one + padding + two + padding).status, 0);
  }
  for (const std::size_t zeros : {1U, 2U, 3U, 5U, 511U}) {
    const std::string padding(zeros, '\0');
    EXPECT_EQ(check_of(decompressed_with(compression::xz, one + padding)), "compression.trailing-data");
    EXPECT_EQ(check_of(decompressed_with(compression::xz, one + padding + two)), "compression.trailing-data");
    EXPECT_NE(run_tool("xz -t", one + padding + two).status, 0);
  }
}

TEST(decompress, reads_past_skippable_frames) {
  for (const auto& [kind, tool] :
       {std::pair{compression::zstd, "zstd -q -c"}, std::pair{compression::lz4, "lz4 -q -c"}}) {
    if (!decompress::supports(kind) || !has_tool(std::string{tool}.substr(0, std::string{tool}.find(' ')))) continue;
    const std::string frame = made_by(tool, "content");
    const std::string skip = std::string{"\x53\x2a\x4d\x18\x05\x00\x00\x00hello", 13};
    const std::string skip_nothing = std::string{"\x5f\x2a\x4d\x18\x00\x00\x00\x00", 8};
    const std::string bytes = skip + skip_nothing + frame + skip + frame + skip_nothing;
    expect_conforming(maker(kind), bytes, "contentcontent");
    EXPECT_TRUE(decompressed_with(kind, bytes).checked);
    EXPECT_FALSE(decompressed_with(kind, skip).checked) << "nothing to vouch for is nothing vouched for";
    EXPECT_EQ(check_of(decompressed_with(kind, frame + skip.substr(0, 12))), "compression.truncated");
    EXPECT_EQ(check_of(decompressed_with(kind, frame + skip.substr(0, 3))), "compression.truncated");
  }
}

TEST(decompress, shows_why_block_checksums_alone_do_not_count_for_lz4) {
  if (!decompress::supports(compression::lz4) || !has_tool("lz4")) GTEST_SKIP() << "no lz4";
  const std::string content = dump_text(5000, 53);
  const std::string bytes = made_by("lz4 -q -c -BX --no-frame-crc", content);
  ASSERT_TRUE(decompressed_with(compression::lz4, bytes).read.bytes == content);
  const std::size_t block_size_at = 7;
  const outcome got = decompressed_with(compression::lz4, flip_bit(block_size_at + 3, 7).apply(bytes));
  EXPECT_EQ(check_of(got), "none") << "the block is taken as stored, and its checksum agrees";
  EXPECT_FALSE(got.read.bytes == content);
  EXPECT_FALSE(got.checked);
}

TEST(decompress, proves_the_end_of_a_legacy_lz4_frame_where_it_can) {
  if (!decompress::supports(compression::lz4) || !has_tool("lz4")) GTEST_SKIP() << "no lz4";
  const std::size_t block = std::size_t{8} << 20;
  for (const std::size_t size : {std::size_t{1}, std::size_t{5000}, block - 1, block + 1, 2 * block + 77}) {
    const std::string content = dump_text(size, 54);
    const std::string bytes = made_by("lz4 -q -c -l", content);
    expect_conforming([](auto up) { return maker(compression::lz4)(std::move(up)); },
                      size > 10'000 ? made_by("lz4 -q -c -l", content.substr(0, 3000)) : bytes,
                      size > 10'000 ? content.substr(0, 3000) : content);
    const outcome got = decompressed_with(compression::lz4, bytes, 100'000);
    ASSERT_EQ(check_of(got), "none") << size;
    EXPECT_TRUE(got.read.bytes == content);
    EXPECT_EQ(decompressed_with(compression::lz4, bytes + made_by("lz4 -q -c", "x"), 100'000).read.bytes.size(),
              size + 1);
  }
  const std::string small = made_by("lz4 -q -c -l", dump_text(900, 55));
  for (const auto& cut : every_cut(small)) {
    const std::string check = check_of(decompressed_with(compression::lz4, cut.apply(small)));
    EXPECT_TRUE(check == "compression.truncated" || check == "compression.end-unproved") << cut.name << ": " << check;
  }
  const std::string full = made_by("lz4 -q -c -l", dump_text(block, 56));
  const outcome got = decompressed_with(compression::lz4, full, 100'000);
  EXPECT_EQ(check_of(got), "compression.end-unproved") << "a frame of two blocks, cut between them, looks the same";
  EXPECT_EQ(got.read.bytes.size(), block);
  EXPECT_EQ(check_of(decompressed_with(compression::lz4, small + "junk")), "compression.trailing-data");
}

TEST(decompress, reads_the_largest_windows_that_zstd_writes) {
  if (!decompress::supports(compression::zstd) || !has_tool("zstd")) GTEST_SKIP() << "no zstd";
  // from a pipe the size is not known, so that the frame asks for the whole window
  const std::string content = dump_text(300'000, 57);
  const std::string bytes = made_by("cat | zstd -q -c -1 --long=31", content);
  ASSERT_NE(run_tool("zstd -t -q", bytes).status, 0) << "zstd itself wants --long=31 for it";
  EXPECT_TRUE(decompressed_with(compression::zstd, bytes).read.bytes == content);
}

TEST(decompress, does_not_call_a_dictionary_damage) {
  if (!decompress::supports(compression::zstd) || !has_tool("zstd")) GTEST_SKIP() << "no zstd";
  // RFC 8878, section 3.1.1.1.1: a one-byte dictionary id in a single-segment frame of one byte
  const std::string frame{"\x28\xb5\x2f\xfd\x21\x2a\x01\x09\x00\x00x", 11};
  finding_list findings;
  decompress layer{std::make_unique<memory_source>(frame), compression::zstd, here, findings};
  EXPECT_THROW((void)layer.next(), environment_error);
  EXPECT_THROW((void)layer.next(), environment_error) << "a failure stays one";
}

TEST(decompress, refuses_what_it_is_not_for) {
  finding_list findings;
  const auto make = [&](compression kind) { decompress{std::make_unique<memory_source>("x"), kind, here, findings}; };
  EXPECT_THROW(make(compression::none), std::invalid_argument);
  EXPECT_THROW(make(compression::gzip), std::invalid_argument);
  for (const auto& f : formats()) {
    if (decompress::supports(f.kind)) {
      EXPECT_NO_THROW(make(f.kind));
    } else {
      EXPECT_THROW(make(f.kind), environment_error) << "not checked, and not passed";
    }
  }
}

}  // namespace decompress_test
