#include "knowngood/codec/gunzip.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "codec/codec_samples.hpp"
#include "codec/external_tool.hpp"
#include "codec/gzip_writer.hpp"
#include "knowngood/io/read_ahead.hpp"
#include "knowngood/testing/damage.hpp"
#include "knowngood/testing/source_suite.hpp"

namespace gunzip_test {

using namespace knowngood;

const location here{"db.sql.gz"};

struct outcome {
  reading read;
  std::vector<finding> reported;
};

template <typename Engine>
outcome gunzipped(const std::string& bytes, std::size_t chunk = 4096) {
  finding_list findings;
  gunzip<Engine> layer{std::make_unique<memory_source>(bytes, chunk), here, findings};
  outcome result;
  result.read = read_through(layer);
  result.reported = findings.snapshot();
  return result;
}

std::string check_of(const outcome& got) { return got.read.failure ? got.read.failure->check : "none"; }

// The bits between the final block's last code and the next byte mean nothing (RFC 1951, section 3.2.3): flipping one
// changes no content, and no reader looks at them.
bool only_padding_differs(const outcome& got, std::size_t offset, const std::string& intact,
                          const std::string& content) {
  return offset == intact.size() - 9 && check_of(got) == "none" && got.read.bytes == content;
}

template <typename Engine>
class gunzip_with : public testing::Test {
 protected:
  finding_list findings_;
  layer_factory make_ = [this](std::unique_ptr<source> up) {
    return std::make_unique<gunzip<Engine>>(std::move(up), here, findings_);
  };
};
#ifdef KNOWNGOOD_HAVE_ISAL
using all_engines = testing::Types<zlib_inflate_engine, isal_inflate_engine>;
#else
using all_engines = testing::Types<zlib_inflate_engine>;
#endif
TYPED_TEST_SUITE(gunzip_with, all_engines);

TYPED_TEST(gunzip_with, passes_the_suite) {
  for (const auto& content : contents()) {
    SCOPED_TRACE(content.name);
    expect_conforming(this->make_, gzip_member(content.bytes), content.bytes);
  }
  const std::string two =
      gzip_member("first ") + gzip_member("") + gzip_member("third", member_fields{.name = "n", .header_crc = true});
  expect_conforming(this->make_, two, "first third");
  EXPECT_TRUE(this->findings_.snapshot().empty());
}

TYPED_TEST(gunzip_with, passes_the_suite_on_a_thread_of_its_own) {
  const std::string content = dump_text(3'000'000, 21);
  const layer_factory ahead = [this](std::unique_ptr<source> up) {
    return std::make_unique<read_ahead>(this->make_(std::move(up)), 2);
  };
  expect_conforming(ahead, gzip_member(content), content);
}

TYPED_TEST(gunzip_with, keeps_granted_chunks_untouched) {
  const std::string content = dump_text(2'500'000, 22);
  const auto layer = this->make_(std::make_unique<memory_source>(gzip_member(content), 100'000));
  ASSERT_TRUE(layer->retain(3));
  std::vector<byte_view> views;
  for (byte_view chunk = layer->next(); !chunk.empty(); chunk = layer->next()) {
    views.push_back(chunk);
    std::size_t at = static_cast<std::size_t>(layer->delivered());
    for (std::size_t back = 0; back < std::min<std::size_t>(views.size(), 4); ++back) {
      const byte_view view = views[views.size() - 1 - back];
      at -= view.size();
      ASSERT_TRUE(content.compare(at, view.size(), reinterpret_cast<const char*>(view.data()), view.size()) == 0);
    }
  }
  EXPECT_GT(views.size(), 5U);
}

TYPED_TEST(gunzip_with, hands_out_large_chunks_however_small_the_input_comes) {
  const std::string content = dump_text(1'000'000, 23);
  const auto layer = this->make_(std::make_unique<memory_source>(gzip_member(content), 10));
  EXPECT_GE(layer->next().size(), std::size_t{64} << 10);
}

TYPED_TEST(gunzip_with, finds_every_cut) {
  const std::string content = dump_text(600, 24);
  const std::string one =
      gzip_member(content, member_fields{.extra = "AB\x02\0xy", .name = "db.sql", .comment = "c", .header_crc = true});
  expect_every_cut_found(this->make_, one, content);
  const std::string stored = gzip_member(content, raw_deflate(content, {.level = 0}));
  expect_every_cut_found(this->make_, stored, content);
  expect_every_cut_found(this->make_, one + stored, content + content,
                         [&](std::size_t size) { return size == one.size(); });
  for (const auto& cut : every_cut(one)) {
    const outcome got = gunzipped<TypeParam>(cut.apply(one));
    EXPECT_EQ(check_of(got), "gzip.truncated") << cut.name;
    EXPECT_EQ(got.read.failure->where.offset(), cut.apply(one).size()) << cut.name;
  }
}

TYPED_TEST(gunzip_with, finds_every_flipped_bit_but_those_of_fields_without_meaning_for_the_content) {
  const std::string content = dump_text(300, 25);
  const std::string name = "db.sql";
  const std::string intact = gzip_member(content, member_fields{.name = name});
  ASSERT_EQ(check_of(gunzipped<TypeParam>(intact)), "none");
  for (std::size_t offset = 0; offset < intact.size(); ++offset) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const outcome got = gunzipped<TypeParam>(flip_bit(offset, bit).apply(intact));
      const bool text_flag = offset == 3 && bit == 0;
      const bool time_level_system = offset >= 4 && offset < 10;
      const bool in_name = offset >= 10 && offset < 10 + name.size();
      if (text_flag || time_level_system || in_name) {
        EXPECT_EQ(check_of(got), "none") << flip_bit(offset, bit).name;
        EXPECT_TRUE(got.read.bytes == content);
      } else if (!only_padding_differs(got, offset, intact, content)) {
        EXPECT_NE(check_of(got), "none") << flip_bit(offset, bit).name;
      }
    }
  }
}

TYPED_TEST(gunzip_with, finds_every_flipped_bit_of_a_member_with_a_header_crc) {
  const std::string content = dump_text(100, 26);
  const std::string intact = gzip_member(
      content,
      member_fields{.extra = std::string{"AB\x02\0xy", 6}, .name = "db.sql", .comment = "nightly", .header_crc = true});
  ASSERT_EQ(check_of(gunzipped<TypeParam>(intact)), "none");
  for (std::size_t offset = 0; offset < intact.size(); ++offset) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const outcome got = gunzipped<TypeParam>(flip_bit(offset, bit).apply(intact));
      if (only_padding_differs(got, offset, intact, content)) continue;
      EXPECT_NE(check_of(got), "none") << flip_bit(offset, bit).name;
    }
  }
}

TYPED_TEST(gunzip_with, rejects_what_is_no_member) {
  const std::string good = gzip_member("x");
  ASSERT_EQ(check_of(gunzipped<TypeParam>(good)), "none");
  EXPECT_EQ(check_of(gunzipped<TypeParam>("")), "gzip.truncated");
  EXPECT_EQ(check_of(gunzipped<TypeParam>("PK\x03\x04")), "gzip.header");
  EXPECT_EQ(check_of(gunzipped<TypeParam>(std::string(1000, '\0'))), "gzip.header");
  EXPECT_EQ(check_of(gunzipped<TypeParam>(gzip_member("x", member_fields{.method = 7}))), "gzip.header");
  for (const unsigned reserved : {0x20U, 0x40U, 0x80U}) {
    const outcome got = gunzipped<TypeParam>(gzip_member("x", member_fields{.extra_flags = reserved}));
    EXPECT_EQ(check_of(got), "gzip.header");
    EXPECT_EQ(got.read.failure->where.offset(), 3U);
  }
}

TYPED_TEST(gunzip_with, rejects_a_member_whose_header_crc_is_wrong) {
  std::string bytes = gzip_member("x", member_fields{.name = "n", .header_crc = true});
  ASSERT_EQ(check_of(gunzipped<TypeParam>(bytes)), "none");
  bytes[10] = 'm';
  const outcome got = gunzipped<TypeParam>(bytes);
  EXPECT_EQ(check_of(got), "gzip.header-crc");
  EXPECT_EQ(got.read.failure->where.offset(), 12U);
}

TYPED_TEST(gunzip_with, rejects_a_member_whose_crc_is_wrong) {
  const std::string content = dump_text(5000, 27);
  ASSERT_EQ(check_of(gunzipped<TypeParam>(gzip_member(content, member_fields{.crc = crc_of(content)}))), "none");
  const std::string bytes = gzip_member(content, member_fields{.crc = crc_of(content) ^ 1U});
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{4096}}) {
    const outcome got = gunzipped<TypeParam>(bytes, chunk);
    EXPECT_EQ(check_of(got), "gzip.crc32");
    EXPECT_EQ(got.read.failure->where, here.at(bytes.size() - 8));
    EXPECT_NE(got.read.failure->expected, got.read.failure->actual);
    EXPECT_TRUE(got.read.bytes == content) << "what precedes the trailer can be salvaged";
  }
}

TYPED_TEST(gunzip_with, rejects_a_member_whose_length_is_wrong) {
  const std::string content = dump_text(5000, 28);
  const std::string bytes = gzip_member(content, member_fields{.size = 4999});
  const outcome got = gunzipped<TypeParam>(bytes);
  EXPECT_EQ(check_of(got), "gzip.length");
  EXPECT_EQ(got.read.failure->where.offset(), bytes.size() - 4);
  EXPECT_EQ(got.read.failure->expected, "4999 bytes");
  EXPECT_EQ(got.read.failure->actual, "5000 bytes");
}

TYPED_TEST(gunzip_with, checks_every_member_of_several) {
  const std::string good = gzip_member("good ");
  ASSERT_EQ(gunzipped<TypeParam>(good + good + good).read.bytes, "good good good ");
  for (int bad = 0; bad < 3; ++bad) {
    std::string bytes;
    for (int i = 0; i < 3; ++i) bytes += i == bad ? gzip_member("evil ", member_fields{.crc = 1}) : good;
    const outcome got = gunzipped<TypeParam>(bytes, 7);
    EXPECT_EQ(check_of(got), "gzip.crc32");
    EXPECT_EQ(got.read.bytes.size(), 5U * (static_cast<std::size_t>(bad) + 1)) << "nothing after the bad member";
  }
}

TYPED_TEST(gunzip_with, notes_trailing_zeros_and_accepts_them) {
  const std::string content = dump_text(5000, 29);
  const std::string member = gzip_member(content);
  for (const std::size_t zeros : {std::size_t{1}, std::size_t{7}, std::size_t{512}, std::size_t{1'000'000}}) {
    const outcome got = gunzipped<TypeParam>(member + std::string(zeros, '\0'));
    EXPECT_EQ(check_of(got), "none");
    EXPECT_TRUE(got.read.bytes == content);
    ASSERT_EQ(got.reported.size(), 1U);
    EXPECT_EQ(got.reported[0].check, "gzip.trailing-zeros");
    EXPECT_EQ(got.reported[0].severity, severity::note);
    EXPECT_EQ(got.reported[0].where, here.at(member.size()));
    EXPECT_EQ(got.reported[0].actual, fmt::format("{} zero bytes", zeros));
  }
}

TYPED_TEST(gunzip_with, rejects_junk_after_the_last_member_when_the_content_is_out) {
  const std::string content = dump_text(5000, 30);
  const std::string member = gzip_member(content);
  for (const std::string& junk : {std::string{"x"}, std::string{"\x1e\x8b"}, std::string{"\x1f\x8c"}, std::string{"\n"},
                                  random_bytes(5000, 31)}) {
    for (const std::size_t zeros : {std::size_t{0}, std::size_t{512}}) {
      const outcome got = gunzipped<TypeParam>(member + std::string(zeros, '\0') + junk, 97);
      EXPECT_EQ(check_of(got), "gzip.trailing-data");
      EXPECT_EQ(got.read.failure->where, here.at(member.size() + zeros));
      EXPECT_TRUE(got.read.bytes == content);
      EXPECT_TRUE(got.reported.empty());
    }
  }
}

TYPED_TEST(gunzip_with, reads_a_member_after_zeros_and_says_that_gunzip_would_not) {
  const std::string first = gzip_member("first");
  for (const std::size_t zeros : {std::size_t{1}, std::size_t{512}}) {
    const outcome got =
        gunzipped<TypeParam>(first + std::string(zeros, '\0') + gzip_member("second") + std::string(3, '\0'), 5);
    EXPECT_EQ(check_of(got), "none");
    EXPECT_EQ(got.read.bytes, "firstsecond");
    ASSERT_EQ(got.reported.size(), 2U);
    EXPECT_EQ(got.reported[0].check, "gzip.member-after-zeros");
    EXPECT_EQ(got.reported[0].where, here.at(first.size() + zeros));
    EXPECT_EQ(got.reported[0].severity, severity::error);
    EXPECT_EQ(got.reported[1].check, "gzip.trailing-zeros");
  }
}

TYPED_TEST(gunzip_with, reports_the_first_of_many_members_after_zeros) {
  std::string bytes = gzip_member("x");
  for (int i = 0; i < 100; ++i) bytes += std::string(10, '\0') + gzip_member("y");
  const outcome got = gunzipped<TypeParam>(bytes);
  EXPECT_EQ(check_of(got), "none");
  EXPECT_EQ(got.read.bytes, "x" + std::string(100, 'y'));
  EXPECT_EQ(got.reported.size(), 1U);
}

TYPED_TEST(gunzip_with, reads_long_header_fields) {
  const std::string extra = random_bytes(65'535, 32);
  const std::string name(100'000, 'n');
  const std::string bytes =
      gzip_member("x", member_fields{.extra = extra, .name = name, .comment = name, .header_crc = true});
  expect_conforming(this->make_, bytes, "x");
}

TYPED_TEST(gunzip_with, reads_whatever_zlib_can_be_told_to_write) {
  for (const auto& content : contents()) {
    for (const int level : {0, 6}) {
      for (const int strategy : {Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED}) {
        for (const int flush : {Z_NO_FLUSH, Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_BLOCK}) {
          for (const int window : {9, 15}) {
            SCOPED_TRACE(fmt::format("{}, level {}, strategy {}, flush {}, window {}", content.name, level, strategy,
                                     flush, window));
            const std::string data =
                raw_deflate(content.bytes, {level, strategy, window, flush == Z_NO_FLUSH ? 0U : 10'000U, flush});
            const outcome got = gunzipped<TypeParam>(gzip_member(content.bytes, data));
            ASSERT_EQ(check_of(got), "none") << got.read.failure->message;
            ASSERT_TRUE(got.read.bytes == content.bytes);
          }
        }
      }
    }
  }
}

struct written {
  std::string by;
  std::string bytes;
  std::string content;
};

const std::vector<written>& written_by_tools() {
  static const std::vector<written> all = [] {
    std::vector<written> made;
    for (const std::string tool :
         {"gzip -1",      "gzip -2",  "gzip -3",  "gzip -4",          "gzip -5",      "gzip -6",
          "gzip -7",      "gzip -8",  "gzip -9",  "gzip --rsyncable", "pigz -1 -p 4", "pigz -b 128",
          "pigz -i -p 3", "igzip -0", "igzip -1", "igzip -2",         "igzip -3",     "zstd --format=gzip",
          "bgzip",        "python3"}) {
      if (!has_tool(tool.substr(0, tool.find(' ')))) continue;
      const std::string python =
          "python3 -c 'import gzip,sys;sys.stdout.buffer.write(gzip.compress(sys.stdin.buffer.read()))'";
      for (const auto& content : contents()) {
        const tool_result result = run_tool(tool == "python3" ? python : tool + " -c", content.bytes);
        if (result.status != 0) continue;  // an option that this version of the tool lacks
        made.push_back({tool + ", " + content.name, result.output, content.bytes});
      }
    }
    return made;
  }();
  return all;
}

TYPED_TEST(gunzip_with, reads_what_the_usual_tools_write) {
  if (written_by_tools().empty()) GTEST_SKIP() << "no tool that writes gzip is installed";
  for (const auto& file : written_by_tools()) {
    SCOPED_TRACE(file.by);
    const outcome got = gunzipped<TypeParam>(file.bytes);
    ASSERT_EQ(check_of(got), "none") << got.read.failure->message;
    ASSERT_TRUE(got.read.bytes == file.content);
    ASSERT_TRUE(got.reported.empty());
  }
}

TYPED_TEST(gunzip_with, agrees_with_gzip_t_where_gzip_t_can_be_trusted) {
  if (!has_tool("gzip")) GTEST_SKIP() << "gzip is not installed";
  const std::string content = dump_text(2000, 33);
  const std::string intact = gzip_member(content, member_fields{.name = "db.sql"});
  ASSERT_EQ(run_tool("gzip -t", intact).status, 0);
  std::mt19937 random{34};
  for (int i = 0; i < 60; ++i) {
    const damage one = flip_bit(10 + random() % (intact.size() - 10), random() % 8);
    const std::string bytes = one.apply(intact);
    EXPECT_EQ(check_of(gunzipped<TypeParam>(bytes)) == "none", run_tool("gzip -t", bytes).status == 0) << one.name;
  }
}

#ifdef KNOWNGOOD_HAVE_ISAL
TEST(gunzip, gives_the_same_verdict_and_bytes_with_either_engine) {
  std::mt19937 engine{35};
  const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
  int damaged = 0;
  for (int round = 0; round < 1500; ++round) {
    const std::string content = random() % 2 == 0
                                    ? dump_text(random() % 20'000, random())
                                    : random_bytes(random() % 3000, random()) + dump_text(random() % 3000, random());
    const deflate_options options{static_cast<int>(random() % 10), static_cast<int>(random() % 5), 15, 0, 0};
    std::string bytes = gzip_member(content, raw_deflate(content, options), member_fields{.name = "n"});
    if (random() % 3 == 0) bytes += gzip_member("another member");
    SCOPED_TRACE(fmt::format("round {}", round));
    for (const bool intact : {true, false}) {
      if (!intact) {
        switch (random() % 5) {
          case 0: bytes = flip_bit(random() % bytes.size(), random() % 8).apply(bytes); break;
          case 1: bytes = cut_at(random() % bytes.size()).apply(bytes); break;
          case 2: bytes = zero_bytes(random() % bytes.size(), 1 + random() % 64).apply(bytes); break;
          case 3: bytes = remove_bytes(random() % bytes.size(), 1 + random() % 16).apply(bytes); break;
          default: bytes = append(random_bytes(1 + random() % 40, random())).apply(bytes); break;
        }
      }
      const outcome by_zlib = gunzipped<zlib_inflate_engine>(bytes, 1 + random() % 5000);
      const outcome by_isal = gunzipped<isal_inflate_engine>(bytes, 1 + random() % 5000);
      if (intact) {
        ASSERT_EQ(check_of(by_zlib), "none");
      } else if (by_zlib.read.failure) {
        ++damaged;
      }
      ASSERT_EQ(by_zlib.read.failure.has_value(), by_isal.read.failure.has_value())
          << check_of(by_zlib) << " by zlib, " << check_of(by_isal) << " by ISA-L";
      ASSERT_EQ(by_zlib.reported, by_isal.reported);
      if (by_zlib.read.failure) {
        // the engines hand out what precedes an invalid code in steps of their own
        ASSERT_TRUE(by_zlib.read.bytes.starts_with(by_isal.read.bytes) ||
                    by_isal.read.bytes.starts_with(by_zlib.read.bytes));
        // ISA-L decodes on with incomplete sets of codes, which zlib calls invalid; it is the trailer then that differs
        if (check_of(by_zlib) != "gzip.deflate") {
          EXPECT_EQ(check_of(by_zlib), check_of(by_isal));
        }
      } else {
        ASSERT_TRUE(by_zlib.read.bytes == by_isal.read.bytes);
      }
    }
  }
  EXPECT_GT(damaged, 1000);
}
#endif

}  // namespace gunzip_test
