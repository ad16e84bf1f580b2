#include "knowngood/archive/tar_reader.hpp"

#include <gtest/gtest.h>

#include "archive/tar_bytes.hpp"
#include "knowngood/testing/source_suite.hpp"

#include <gmock/gmock.h>

#include <clocale>
#include <map>
#include <set>

namespace tar_reader_test {

using namespace tar_bytes;
using testing::ElementsAre;
using testing::IsEmpty;

std::string sample(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 2654435761U) >> 13U);
  return bytes;
}

// Most of what a tar can hold, in less than 10 KiB.
std::string small_archive() {
  return extended(pax_record("comment", "0123456789abcdef"), 'g') + directory("d/") + file("d/one", sample(700)) +
         extended(pax_record("mtime", "1764813600.25") + pax_record("path", "d/name in pax")) + file("d/x", "hello") +
         hard_link("d/hard", "d/one") + soft_link("d/soft", "one") + file("d/empty", "") + end_blocks();
}

TEST(tar_reader, reads_members_contents_and_attributes) {
  const tar_reading got = read_tar(small_archive());
  EXPECT_THAT(got.checks(), IsEmpty());
  ASSERT_THAT(got.names(), ElementsAre("d/", "d/one", "d/name in pax", "d/hard", "d/soft", "d/empty"));
  const auto& one = got.members[1];
  EXPECT_EQ(one.member.type, entry_type::file);
  EXPECT_EQ(one.content, sample(700));
  EXPECT_EQ(one.member.mode, 0644U);
  EXPECT_EQ(one.member.uid, 1000);
  EXPECT_EQ(one.member.uname, "root");
  EXPECT_EQ(one.member.modified, 1'764'813'600.0);
  EXPECT_EQ(one.member.header_offset, 1536U);
  EXPECT_EQ(got.members[2].member.modified, 1'764'813'600.25);
  EXPECT_EQ(got.members[2].member.header_offset, 1536U + 1536) << "of its extended header";
  EXPECT_EQ(got.members[3].member.type, entry_type::hard_link);
  EXPECT_EQ(got.members[3].member.link_target, "d/one");
  EXPECT_EQ(got.members[4].member.type, entry_type::symlink);
  EXPECT_EQ(got.members[4].member.link_target, "one");
}

TEST(tar_reader, reads_the_same_in_chunks_of_any_size) {
  const std::string bytes = small_archive();
  const tar_reading whole = read_tar(bytes);
  for (const std::size_t chunk : std::vector<std::size_t>{1, 2, 3, 7, 511, 512, 513, 1024, 1535, 1536, 1537, 5000}) {
    const tar_reading got = read_tar(bytes, chunk);
    EXPECT_THAT(got.checks(), IsEmpty()) << chunk;
    EXPECT_TRUE(same_members(whole, got)) << chunk;
  }
}

TEST(tar_reader, skips_bodies_that_are_not_read) {
  const std::string bytes = file("a", sample(5000)) + file("b", sample(100)) + end_blocks();
  finding_list findings;
  tar_reader tar{std::make_unique<memory_source>(bytes, 100), location{"a.tar"}, limits{}, findings};
  ASSERT_NE(tar.next(), nullptr);
  EXPECT_FALSE(tar.body().next().empty()) << "a part of it is read";
  ASSERT_NE(tar.next(), nullptr);
  ASSERT_EQ(tar.next(), nullptr);
  EXPECT_THAT(findings.snapshot(), IsEmpty());
}

TEST(tar_reader, every_cut_is_found_and_only_padding_may_be_missing) {
  const std::string bytes = small_archive();
  const std::size_t complete = walk_tar(bytes).end + 1024;
  ASSERT_EQ(complete, bytes.size());
  const std::string padded_archive = bytes + std::string(700, '\0');
  const tar_reading intact = read_tar(padded_archive);
  ASSERT_THAT(intact.checks(), IsEmpty());
  for (const bool with_content : {true, false}) {
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{64}, std::size_t{65'536}}) {
      if (chunk == 1 && !with_content) continue;
      for (std::size_t size = 0; size < padded_archive.size(); ++size) {
        const tar_reading got =
            read_tar(std::make_unique<memory_source>(padded_archive.substr(0, size), chunk), with_content);
        if (size >= complete) {
          ASSERT_THAT(got.checks(), IsEmpty()) << "cut at " << size;
          ASSERT_EQ(got.members.size(), intact.members.size());
          continue;
        }
        // One of the two end blocks is enough where the stream's own end is proved: a warning.
        ASSERT_EQ(got.unsound(), size != complete - 512) << "cut at byte " << size;
        const bool members_whole = size >= complete - 1024;
        if (members_whole) {
          ASSERT_THAT(got.checks(), ElementsAre("tar.end-missing")) << "cut at " << size;
          ASSERT_EQ(got.members.size(), intact.members.size());
        } else if (size % 512 != 0) {
          ASSERT_EQ(got.checks().back(), "thrown tar.truncated") << "cut at " << size;
        }
      }
    }
  }
}

TEST(tar_reader, says_which_end_blocks_are_missing) {
  const std::string members = file("a", "x");
  EXPECT_THAT(read_tar(members + end_blocks()).checks(), IsEmpty());
  const tar_reading none = read_tar(members);
  ASSERT_THAT(none.checks(), ElementsAre("tar.end-missing"));
  EXPECT_EQ(none.findings[0].actual, "none");
  EXPECT_EQ(none.findings[0].where.offset(), 1024U);
  const tar_reading one = read_tar(members + std::string(512, '\0'));
  ASSERT_THAT(one.checks(), ElementsAre("tar.end-missing"));
  EXPECT_EQ(one.findings[0].actual, "one of two");
  const std::string zeros = file("z", std::string(2048, '\0'));
  EXPECT_THAT(read_tar(zeros + end_blocks()).checks(), IsEmpty());
  const tar_reading content = read_tar(zeros);
  ASSERT_THAT(content.checks(), ElementsAre("tar.end-missing")) << "content of zeros is no end";
  EXPECT_EQ(content.findings[0].actual, "none");
  const std::string labelled = header("label", 'V');
  EXPECT_EQ(read_tar(members + labelled).checks().at(0), "tar.end-missing");
  EXPECT_EQ(read_tar(members + labelled + std::string(512, '\0')).findings.at(0).actual, "one of two");
}

TEST(tar_reader, finds_data_after_the_end) {
  const std::string whole = file("a", "x") + end_blocks();
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{512}, std::size_t{700}, std::size_t{65'536}}) {
    EXPECT_THAT(read_tar(whole + std::string(100'000, '\0'), chunk).checks(), IsEmpty());
    const tar_reading got = read_tar(whole + std::string(5000, '\0') + "tail", chunk);
    ASSERT_THAT(got.checks(), ElementsAre("tar.data-after-end"));
    EXPECT_EQ(got.findings[0].where.offset(), whole.size() + 5000);
    EXPECT_EQ(got.findings[0].actual, "4 bytes from here on");
    EXPECT_THAT(read_tar(whole + whole, chunk).checks(), ElementsAre("tar.data-after-end")) << "a second archive";
    const tar_reading lone = read_tar(file("a", "x") + std::string(512, '\0') + file("b", "y") + end_blocks(), chunk);
    EXPECT_THAT(lone.checks(), ElementsAre("tar.end-missing", "tar.data-after-end")) << "a lone zero block";
  }
}

TEST(tar_reader, finds_archives_of_nothing) {
  EXPECT_THAT(read_tar(directory("./") + end_blocks()).checks(), IsEmpty());
  EXPECT_THAT(read_tar(std::string(10'240, '\0')).checks(), ElementsAre("tar.empty"));
  EXPECT_THAT(read_tar(extended(pax_record("comment", "x"), 'g') + end_blocks()).checks(), ElementsAre("tar.empty"));
  EXPECT_THAT(read_tar(std::string{}).checks(), ElementsAre("tar.end-missing", "tar.empty"));
  EXPECT_THAT(read_tar(std::string(100, '\0')).checks(), ElementsAre("tar.end-missing", "tar.empty"));
  EXPECT_THAT(read_tar(std::string("x")).checks(), ElementsAre("thrown tar.truncated"));
}

TEST(tar_reader, reads_on_after_a_damaged_header) {
  const std::string before = file("a", sample(600));
  const std::string bytes = before + file("b", sample(3000)) + file("c", "see") + end_blocks();
  ASSERT_THAT(read_tar(bytes).checks(), IsEmpty());
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{513}, std::size_t{65'536}}) {
    const tar_reading got = read_tar(flip_bit(before.size() + 1).apply(bytes), chunk);
    ASSERT_THAT(got.checks(), ElementsAre("tar.header")) << "once for the whole run";
    EXPECT_EQ(got.findings[0].where.offset(), before.size());
    EXPECT_THAT(got.names(), ElementsAre("a", "c"));
  }
  EXPECT_THAT(read_tar(flip_bit(0).apply(bytes)).names(), ElementsAre("b", "c")) << "the very first header";
  const tar_reading two = read_tar(flip_bit(before.size() + 3584).apply(flip_bit(0).apply(bytes)));
  EXPECT_THAT(two.checks(), ElementsAre("tar.header", "tar.header"));
}

TEST(tar_reader, reads_on_after_a_damaged_header_that_follows_an_extended_one) {
  const std::string name = pax_record("path", "long");
  const std::string first = extended(name);
  const std::string bytes = first + file("b", sample(3000)) + extended(name) + file("c", "see") + end_blocks();
  ASSERT_THAT(read_tar(bytes).checks(), ElementsAre("tar.duplicate"));
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{500}, std::size_t{512}, std::size_t{65'536}}) {
    const tar_reading got = read_tar(flip_bit(first.size() + 1).apply(bytes), chunk);
    ASSERT_THAT(got.checks(), ElementsAre("tar.header"));
    EXPECT_EQ(got.findings[0].where.offset(), first.size());
    ASSERT_THAT(got.names(), ElementsAre("long"));
    EXPECT_EQ(got.members[0].content, "see");
    EXPECT_EQ(got.members[0].member.header_offset, first.size() + 512 + 3072);
  }
}

TEST(tar_reader, does_not_take_zeros_in_a_lost_member_for_the_end_silently) {
  const std::string bytes = file("a", std::string(4096, '\0')) + file("b", "see") + end_blocks();
  ASSERT_THAT(read_tar(bytes).checks(), IsEmpty());
  EXPECT_THAT(read_tar(flip_bit(0).apply(bytes)).checks(), ElementsAre("tar.header"));
}

TEST(tar_reader, every_flipped_bit_of_a_header_is_found_or_harmless) {
  const std::string bytes = small_archive();
  const tar_reading intact = read_tar(bytes);
  ASSERT_THAT(intact.checks(), IsEmpty());
  std::vector<std::size_t> blocks;
  for (const auto& header : walk_tar(bytes).headers) blocks.push_back(header.offset);
  ASSERT_EQ(blocks.size(), 8U);
  blocks.push_back(bytes.size() - 1024);
  blocks.push_back(bytes.size() - 512);
  std::size_t harmless = 0;
  for (const std::size_t block : blocks) {
    for (std::size_t at = block; at < block + 512; ++at) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        const tar_reading got = read_tar(flip_bit(at, bit).apply(bytes));
        if (got.unsound()) continue;
        ++harmless;
        ASSERT_TRUE(same_members(intact, got)) << "bit " << bit << " of byte " << at << " passed silently";
      }
    }
  }
  EXPECT_LT(harmless, 8U * 10) << "only spellings of the checksum field";
}

TEST(tar_reader, members_and_end_agree_with_a_walker_that_is_not_libarchive) {
  const std::string bytes = small_archive() + std::string(3000, '\0');
  const walked walk = walk_tar(bytes);
  std::set<std::size_t> offsets;
  for (const auto& header : walk.headers) offsets.insert(header.offset);
  for (const auto& one : read_tar(bytes).members) EXPECT_TRUE(offsets.contains(one.member.header_offset));
  const tar_reading cut = read_tar(bytes.substr(0, walk.end));
  ASSERT_THAT(cut.checks(), ElementsAre("tar.end-missing"));
  EXPECT_EQ(cut.findings[0].where.offset(), walk.end);
}

TEST(tar_reader, finds_malformed_extended_headers) {
  const auto with = [](const std::string& records) {
    return read_tar(extended(records) + file("a", "x") + end_blocks());
  };
  EXPECT_THAT(with(pax_record("path", "b") + pax_record("VENDOR.unknown", "y")).checks(), IsEmpty());
  for (const std::string records : {"path=b\n", "x9 path=b\n", "99 path=b\n", "9 path=b\nrubbish", "5 a=b\n",
                                    "0 path=b\n", "10 path:bb\n", "10 path=bbbb\n", "99999999999999999999 path=b\n"}) {
    const tar_reading got = with(records);
    EXPECT_TRUE(got.unsound()) << records;
    EXPECT_THAT(got.checks(), testing::Contains(testing::HasSubstr("tar.malformed"))) << records;
  }
}

TEST(tar_reader, finds_extended_headers_that_extend_nothing) {
  const std::string lone = file("a", "x") + extended(pax_record("path", "b"));
  ASSERT_THAT(read_tar(lone + file("x", "y") + end_blocks()).checks(), IsEmpty());
  EXPECT_THAT(read_tar(lone + end_blocks()).checks(), ElementsAre("thrown tar.malformed"));
  EXPECT_THAT(read_tar(lone).checks(), ElementsAre("thrown tar.truncated"));
}

TEST(tar_reader, throws_for_sizes_that_cannot_be) {
  std::string negative = file("a", "x") + end_blocks();
  ASSERT_THAT(read_tar(negative).checks(), IsEmpty());
  negative.replace(124, 12, std::string(12, '\xff'));
  seal(negative);
  EXPECT_THAT(read_tar(negative).checks(), ElementsAre("thrown tar.malformed"));
  std::string huge = file("a", "x") + end_blocks();
  huge.replace(124, 12, std::string("\x80\0\0\0\x0f", 5) + std::string(7, '\xff'));
  seal(huge);
  EXPECT_THAT(read_tar(huge).checks(), ElementsAre("thrown tar.truncated"));
  std::string record = extended(std::string(512, 'x'), 'L');
  record.replace(124, 11, "77777777777");
  seal(record);
  EXPECT_THAT(read_tar(record + file("a", "x") + end_blocks()).checks(), ElementsAre("thrown tar.malformed"));
}

TEST(tar_reader, keeps_names_as_they_are_in_any_locale) {
  const std::string decomposed = "e\xcc\x81.txt";
  const std::string latin = "caf\xe9";
  const std::string bytes = extended(pax_record("path", decomposed)) + file("x", "1") +
                            extended(pax_record("path", latin)) + file("y", "2") +
                            extended(pax_record("linkpath", decomposed)) + soft_link("link", "z") +
                            file(latin + "2", "3") + file(decomposed + "2", "4") + file("two\nlines", "5") +
                            extended(pax_record("uname", "j\xc3\xb6rg")) + file("owned", "6") + end_blocks();
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* locale : {"C", "C.UTF-8"}) {
    ASSERT_NE(std::setlocale(LC_ALL, locale), nullptr);
    const tar_reading got = read_tar(bytes);
    EXPECT_THAT(got.checks(), IsEmpty()) << locale;
    EXPECT_THAT(got.names(),
                ElementsAre(decomposed, latin, "link", latin + "2", decomposed + "2", "two\nlines", "owned"))
        << locale;
    ASSERT_EQ(got.members.size(), 7U);
    EXPECT_EQ(got.members[2].member.link_target, decomposed);
    EXPECT_EQ(got.members[6].member.uname, "j\xc3\xb6rg");
    EXPECT_STREQ(std::setlocale(LC_ALL, nullptr), locale) << "the program's locale is its own";
  }
  std::setlocale(LC_ALL, before.c_str());
}

TEST(tar_reader, understands_binary_attributes_before_others) {
  const std::string capability("\1\0\0\2\0\x20\0\0", 8);
  const std::string bytes = extended(pax_record("SCHILY.xattr.security.capability", capability) +
                                     pax_record("path", "d/" + std::string(300, 'n')) + pax_record("size", "5")) +
                            header("trunc", '0', 0) + padded("hello") + file("next", "y") + end_blocks();
  const tar_reading got = read_tar(bytes);
  EXPECT_THAT(got.checks(), IsEmpty());
  ASSERT_THAT(got.names(), ElementsAre("d/" + std::string(300, 'n'), "next"));
  EXPECT_EQ(got.members[0].content, "hello");
}

TEST(tar_reader, remarks_on_access_control_lists_it_cannot_read_without_alarm) {
  const tar_reading fine = read_tar(
      extended(pax_record("SCHILY.acl.access", "user::rw-,user:j\xc3\xb6rg:rw-:1000,group::r--,mask::rw-,other::r--")) +
      file("a", "x") + end_blocks());
  EXPECT_FALSE(fine.unsound());
  const tar_reading odd =
      read_tar(extended(pax_record("SCHILY.acl.access", "no list at all")) + file("a", "x") + end_blocks());
  EXPECT_FALSE(odd.unsound());
  ASSERT_THAT(odd.names(), ElementsAre("a"));
}

TEST(tar_reader, reads_hard_links_with_and_without_content) {
  const std::string pax = extended(pax_record("comment", "pax"));
  const tar_reading got =
      read_tar(file("a", "data") + pax + header("b", '1', 4, "a") + padded("data") + file("c", "x") + end_blocks());
  EXPECT_THAT(got.checks(), IsEmpty());
  ASSERT_THAT(got.names(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(got.members[1].member.type, entry_type::hard_link);
  EXPECT_EQ(got.members[1].content, "data");
  const std::string_view gnu{"ustar  \0", 8};
  const tar_reading sized = read_tar(header("a", '0', 4, {}, gnu) + padded("data") + header("b", '1', 4, "a", gnu) +
                                     header("c", '0', 1, {}, gnu) + padded("x") + end_blocks());
  EXPECT_THAT(sized.checks(), IsEmpty()) << "GNU: a size without content";
  ASSERT_THAT(sized.names(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(sized.members[1].member.size, 0U);
}

TEST(tar_reader, finds_the_rest_of_a_file_of_another_volume) {
  const tar_reading got = read_tar(header("big", 'M', 5, {}, std::string_view{"ustar  \0", 8}) + padded("rest!") +
                                   file("c", "x") + end_blocks());
  EXPECT_THAT(got.checks(), ElementsAre("tar.volume"));
  EXPECT_THAT(got.names(), ElementsAre("big", "c"));
}

TEST(tar_reader, tells_every_type) {
  const tar_reading got =
      read_tar(header("c", '3') + header("b", '4') + header("f", '6') + header("7", '7', 1) + padded("x") +
               header("Z", 'Z', 1) + padded("y") + header("old/", '\0') + directory("d") + end_blocks());
  EXPECT_THAT(got.checks(), ElementsAre("tar.device", "tar.device"));
  std::vector<entry_type> types;
  for (const auto& one : got.members) types.push_back(one.member.type);
  EXPECT_THAT(types, ElementsAre(entry_type::character_device, entry_type::block_device, entry_type::fifo,
                                 entry_type::file, entry_type::file, entry_type::directory, entry_type::directory));
  EXPECT_EQ(got.members[0].member.device_major, 8U);
  EXPECT_EQ(got.members[0].member.device_minor, 7U);
  EXPECT_EQ(got.members[3].content, "x");
}

// A PAX 1.0 sparse file: its map stands before its data.
std::string sparse_member(const std::string& map, const std::string& data, std::uint64_t real_size) {
  const std::string content = padded(map) + data;
  return extended(pax_record("GNU.sparse.major", "1") + pax_record("GNU.sparse.minor", "0") +
                  pax_record("GNU.sparse.name", "holes") +
                  pax_record("GNU.sparse.realsize", std::to_string(real_size))) +
         file("GNUSparseFile.0/holes", content);
}

TEST(tar_reader, expands_sparse_members_in_bounded_chunks) {
  const std::string bytes =
      sparse_member("2\n1000\n3\n300000\n5\n", "abcdefgh", 500'000) + file("b", "x") + end_blocks();
  const tar_reading got = read_tar(bytes, 100);
  EXPECT_THAT(got.checks(), IsEmpty());
  ASSERT_THAT(got.names(), ElementsAre("holes", "b"));
  EXPECT_TRUE(got.members[0].member.sparse);
  EXPECT_FALSE(got.members[1].member.sparse);
  std::string expected(500'000, '\0');
  expected.replace(1000, 3, "abc");
  expected.replace(300'000, 5, "defgh");
  EXPECT_TRUE(got.members[0].content == expected);
}

TEST(tar_reader, finds_sparse_maps_that_do_not_add_up) {
  const auto with = [](const std::string& map, const std::string& data, std::uint64_t real_size) {
    return read_tar(sparse_member(map, data, real_size) + file("b", "x") + end_blocks());
  };
  ASSERT_THAT(with("2\n0\n3\n10\n5\n", "abcdefgh", 15).checks(), IsEmpty());
  EXPECT_TRUE(with("2\n0\n3\n10\n5\n", "abcdef", 15).unsound()) << "less data than the map says";
  EXPECT_TRUE(with("2\n0\n3\n10\n5\n", sample(2000), 15).unsound()) << "more data than the map says";
  EXPECT_TRUE(with("2\n10\n3\n0\n5\n", "abcdefgh", 15).unsound()) << "backwards";
  EXPECT_TRUE(with("2\n0\n3\n1\n5\n", "abcdefgh", 15).unsound()) << "overlapping";
  EXPECT_TRUE(with("1\n0\n8\n", "abcdefgh", 7).unsound()) << "beyond the size";
  EXPECT_TRUE(with("2\n0\n3\n", "abc", 15).unsound()) << "map cut short";
  EXPECT_TRUE(with("two\n", "abc", 15).unsound()) << "no number";
}

TEST(tar_reader, throws_when_limits_are_exceeded) {
  const std::string bytes = file("aaaaaaaaaa", sample(100)) + soft_link("b", "cccccccccccc") + end_blocks();
  const auto with = [&](auto set) {
    limits bounds;
    set(bounds);
    return read_tar(std::make_unique<memory_source>(bytes, 64), true, bounds);
  };
  ASSERT_FALSE(with([](limits& l) {
                 l.entries = 2;
                 l.name_bytes = 12;
               }).unchecked);
  EXPECT_THAT(*with([](limits& l) { l.entries = 1; }).unchecked, testing::HasSubstr("limit entries of 1"));
  EXPECT_THAT(*with([](limits& l) { l.name_bytes = 9; }).unchecked, testing::HasSubstr("limit name_bytes of 9"));
  EXPECT_THAT(*with([](limits& l) { l.name_bytes = 11; }).unchecked, testing::HasSubstr("limit name_bytes of 11"));
  const std::string holes = sparse_member("1\n1000\n3\n", "abc", 4000) + end_blocks();
  limits bounds;
  bounds.expanded_bytes = 4000;
  EXPECT_FALSE(read_tar(std::make_unique<memory_source>(holes), true, bounds).unchecked);
  bounds.expanded_bytes = 3999;
  EXPECT_THAT(*read_tar(std::make_unique<memory_source>(holes), true, bounds).unchecked,
              testing::HasSubstr("limit expanded_bytes of 3999"));
}

TEST(tar_reader, does_not_hold_an_unbounded_sparse_map_in_memory) {
  std::string map = "1000000\n";
  for (int i = 0; i < 100'000; ++i) map += "0\n0\n";
  limits bounds;
  bounds.list_bytes = 100'000;
  const tar_reading got =
      read_tar(std::make_unique<memory_source>(sparse_member(map, "", 5) + end_blocks(), 4096), true, bounds);
  ASSERT_TRUE(got.unchecked);
  EXPECT_THAT(*got.unchecked, testing::HasSubstr("limit list_bytes of 100000"));
}

// The body of member `index`, its reader with it.
class member_of final : public source {
 public:
  member_of(std::unique_ptr<source> upstream, int index)
      : tar_{std::move(upstream), location{"a.tar"}, limits{}, findings_}, index_{index} {}

 private:
  byte_view produce() override {
    for (; index_ >= 0; --index_) static_cast<void>(tar_.next());
    const byte_view chunk = tar_.body().next();
    if (chunk.empty() && tar_.next() != nullptr) ADD_FAILURE() << "the last member it should be";
    return chunk;
  }
  finding_list findings_;
  tar_reader tar_;
  int index_;
};

TEST(tar_reader, its_bodies_pass_the_suite) {
  const std::string content = sample(3000);
  const std::string bytes = file("a", sample(100)) + file("b", content) + end_blocks();
  expect_conforming([](auto up) { return std::make_unique<member_of>(std::move(up), 1); }, bytes, content);
  std::string holes(4000, '\0');
  holes.replace(1000, 3, "abc");
  expect_conforming([](auto up) { return std::make_unique<member_of>(std::move(up), 0); },
                    sparse_member("1\n1000\n3\n", "abc", 4000) + end_blocks(), holes);
}

TEST(tar_reader, hands_on_the_upstreams_failure_wherever_it_comes) {
  const std::string bytes = small_archive();
  for (const bool with_content : {true, false}) {
    for (std::size_t kept = 0; kept <= bytes.size(); ++kept) {
      const tar_reading got =
          read_tar(std::make_unique<failing_source>(bytes.substr(0, kept), kept % 2 == 0 ? 100 : 65'536), with_content);
      ASSERT_TRUE(got.failure) << kept;
      ASSERT_EQ(got.failure->check, failing_source::check_id) << kept;
      ASSERT_THAT(got.findings, IsEmpty()) << kept;
    }
  }
}

TEST(tar_reader, every_byte_and_bit_of_anything_is_survived) {
  const std::string bytes = sparse_member("2\n1000\n3\n3000\n5\n", "abcdefgh", 5000) + small_archive();
  ASSERT_THAT(read_tar(bytes).checks(), IsEmpty());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    static_cast<void>(read_tar(flip_bit(at, static_cast<unsigned>(at % 8)).apply(bytes)));
  }
}

}  // namespace tar_reader_test
