#include "knowngood/git/pack.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "git/git_world.hpp"
#include "knowngood/testing/source_suite.hpp"

namespace pack_test {

using namespace knowngood;
using namespace std::string_literals;

using ids = std::vector<std::string>;

const std::string base_text = "0123456789";
const std::string good_delta = "\x0a\x03\x91\x02\x03"s;  // "234"

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value > 0x7F; value >>= 7U) out += static_cast<char>(0x80U | (value & 0x7FU));
  return out + static_cast<char>(value);
}

TEST(pack, reads_whole_objects_and_both_kinds_of_delta_as_git_does) {
  const git_world git;
  pack_builder pack;
  const auto base = pack.whole(git_type::blob, base_text);
  const auto first = pack.ofs_delta(base, good_delta);
  pack.ref_delta(pack_builder::id_of(git_type::blob, base_text), "\x0a\x04\x91\x02\x04"s);
  pack.ofs_delta(first, "\x03\x02\x91\x01\x02"s);
  pack.whole(git_type::blob, "");
  const std::string bytes = pack.build();
  ASSERT_TRUE(git.indexes(bytes));
  for (const std::size_t chunk : {1U, 2U, 3U, 7U, 19U, 64U, 100'000U}) {
    std::map<std::uint64_t, std::string> seen;
    pack_request request;
    request.observer = [&](const packed_object& object) { seen[object.offset] = object.id ? object.id->hex() : "?"; };
    const pack_reading reading = read_pack_bytes(bytes, request, chunk);
    ASSERT_TRUE(reading.sound()) << chunk << testing::PrintToString(reading.checks());
    EXPECT_EQ(seen, git.index());
    EXPECT_EQ(reading.summary->count(git_type::blob), 5U);
    EXPECT_EQ(reading.summary->ofs_deltas, 2U);
    EXPECT_EQ(reading.summary->ref_deltas, 1U);
    EXPECT_EQ(reading.summary->unresolved_objects(), 0U);
    EXPECT_EQ(reading.summary->bytes, bytes.size());
    EXPECT_EQ(reading.summary->digest, pack_builder::hex(bytes.substr(bytes.size() - 20)));
  }
}

TEST(pack, reads_both_versions_and_the_empty_one) {
  for (const std::uint32_t version : {2U, 3U}) {
    pack_builder pack{version};
    pack.whole(git_type::blob, base_text);
    EXPECT_TRUE(read_pack_bytes(pack.build()).sound()) << version;
    EXPECT_TRUE(read_pack_bytes(pack_builder{version}.build()).sound()) << "empty";
  }
  for (const std::uint32_t version : {0U, 1U, 4U, 0x2000000U}) {
    EXPECT_EQ(read_pack_bytes(pack_builder{version}.build()).checks(), ids{"bundle.pack-header"}) << version;
  }
}

TEST(pack, finds_every_cut_and_every_flipped_bit) {
  pack_builder pack;
  const auto base = pack.whole(git_type::blob, base_text);
  pack.ofs_delta(base, good_delta);
  pack.ref_delta(pack_builder::id_of(git_type::blob, base_text), good_delta);
  const std::string bytes = pack.build();
  ASSERT_TRUE(read_pack_bytes(bytes).sound());
  for (const auto& cut : every_cut(bytes)) {
    const pack_reading reading = read_pack_bytes(cut.apply(bytes), {}, 5);
    ASSERT_EQ(reading.checks(), ids{"bundle.truncated"}) << cut.name;
  }
  for (const auto& flip : every_bit_flip(bytes)) {
    EXPECT_FALSE(read_pack_bytes(flip.apply(bytes), {}, 5).sound()) << flip.name;
  }
}

TEST(pack, counts_objects_whichever_way_the_header_is_wrong) {
  pack_builder pack;
  for (int i = 0; i < 5; ++i) pack.whole(git_type::blob, base_text + std::to_string(i));
  ASSERT_TRUE(read_pack_bytes(pack.build()).sound());
  const git_world git;
  for (const std::uint32_t declared : {0U, 1U, 4U, 6U, 7U, 1'000'000'000U, 0xFFFFFFFFU}) {
    const std::string bytes = pack.build(declared);
    EXPECT_EQ(read_pack_bytes(bytes).checks(), ids{"bundle.object-count"}) << declared;
    EXPECT_EQ(read_pack_bytes(bytes, {}, 1).checks(), ids{"bundle.object-count"}) << declared;
    EXPECT_FALSE(git.indexes(bytes)) << declared;
  }
  std::string fewer = pack.build();
  fewer[11] = 3;  // flipped on the medium: the trailer does not fit either
  EXPECT_EQ(read_pack_bytes(fewer).checks(), (ids{"bundle.object-count", "bundle.digest"}));
  std::string more = pack.build();
  more[11] = 9;
  EXPECT_EQ(read_pack_bytes(more).checks(), ids{"bundle.truncated"});
}

TEST(pack, finds_bytes_behind_the_trailer) {
  pack_builder pack;
  pack.whole(git_type::blob, base_text);
  const std::string bytes = pack.build();
  ASSERT_TRUE(read_pack_bytes(bytes).sound());
  for (const std::string& tail : {"\n"s, std::string(1, '\0'), std::string(512, '\0'), std::string(20, 'x'), bytes}) {
    EXPECT_EQ(read_pack_bytes(bytes + tail).checks(), ids{"bundle.trailing-data"}) << tail.size();
    std::string both = bytes + tail;
    both[bytes.size() - 1] = static_cast<char>(both[bytes.size() - 1] ^ 1);
    EXPECT_EQ(read_pack_bytes(both, {}, 3).checks(), (ids{"bundle.digest", "bundle.trailing-data"})) << tail.size();
  }
}

// Each is well-digested, so that only reading the objects can tell; git index-pack refuses all of them.
TEST(pack, finds_what_a_right_digest_hides) {
  const git_world git;
  struct crafted {
    std::string what;
    std::function<void(pack_builder&, std::uint64_t)> add;
  };
  const std::string deflate_base = deflated(base_text);
  std::string bad_adler = deflate_base;
  bad_adler.back() = static_cast<char>(bad_adler.back() ^ 1);
  const std::vector<crafted> all{
      {"type 0", [&](auto& p, auto) { p.raw(pack_builder::entry_header(0, 10) + deflate_base); }},
      {"type 5", [&](auto& p, auto) { p.raw(pack_builder::entry_header(5, 10) + deflate_base); }},
      {"size too large", [&](auto& p, auto) { p.raw(pack_builder::entry_header(3, 11) + deflate_base); }},
      {"size too small", [&](auto& p, auto) { p.raw(pack_builder::entry_header(3, 9) + deflate_base); }},
      {"size zero", [&](auto& p, auto) { p.raw(pack_builder::entry_header(3, 0) + deflate_base); }},
      {"size without end", [&](auto& p, auto) { p.raw("\xbf" + std::string(12, '\xff') + deflate_base); }},
      {"Adler-32", [&](auto& p, auto) { p.raw(pack_builder::entry_header(3, 10) + bad_adler); }},
      {"no zlib stream", [&](auto& p, auto) { p.raw(pack_builder::entry_header(3, 10) + base_text); }},
      {"preset dictionary", [&](auto& p, auto) { p.raw(pack_builder::entry_header(3, 10) + "\x78\xbb\1\2\3\4"s); }},
      {"base at itself",
       [&](auto& p, auto) {
         p.raw(pack_builder::entry_header(6, 5) + pack_builder::distance(0) + deflated(good_delta));
       }},
      {"base inside an object", [&](auto& p, auto at) { p.ofs_delta(at + 1, good_delta); }},
      {"base in the pack's header", [&](auto& p, auto) { p.ofs_delta(4, good_delta); }},
      {"base before the pack",
       [&](auto& p, auto) {
         p.raw(pack_builder::entry_header(6, 5) + pack_builder::distance(99999) + deflated(good_delta));
       }},
      {"base without end",
       [&](auto& p, auto) {
         p.raw(pack_builder::entry_header(6, 5) + std::string(12, '\xff') + deflated(good_delta));
       }},
      {"base that is not there", [&](auto& p, auto) { p.ref_delta(std::string(20, 'x'), good_delta); }},
      {"delta cut", [&](auto& p, auto at) { p.ofs_delta(at, good_delta.substr(0, 4)); }},
      {"delta empty", [&](auto& p, auto at) { p.ofs_delta(at, ""); }},
      {"delta for another base", [&](auto& p, auto at) { p.ofs_delta(at, "\x0b\x03\x91\x02\x03"s); }},
      {"delta beyond its base", [&](auto& p, auto at) { p.ofs_delta(at, "\x0a\x03\x91\x08\x03"s); }},
      {"delta too long", [&](auto& p, auto at) { p.ofs_delta(at, "\x0a\x02\x91\x00\x03"s); }},
      {"delta too short", [&](auto& p, auto at) { p.ofs_delta(at, "\x0a\x04\x91\x00\x03"s); }},
      {"delta's reserved instruction", [&](auto& p, auto at) { p.ofs_delta(at, "\x0a\x03\x00"s); }},
      {"commit without tree", [&](auto& p, auto) { p.whole(git_type::commit, "author a <a> 1 +0000\n\nx\n"); }},
      {"tag without object", [&](auto& p, auto) { p.whole(git_type::tag, "tag v1\n\nx\n"); }},
      {"commit whose tree is missing",
       [&](auto& p, auto) {
         p.whole(git_type::commit,
                 "tree " + std::string(40, '1') + "\nauthor a <a> 1 +0000\ncommitter a <a> 1 +0000\n\nx\n");
       }},
      {"tag whose object is missing",
       [&](auto& p, auto) {
         p.whole(git_type::tag, "object " + std::string(40, '1') + "\ntype blob\ntag v1\ntagger a <a> 1 +0000\n\nx\n");
       }},
  };
  for (const auto& each : all) {
    SCOPED_TRACE(each.what);
    pack_builder pack;
    const auto base = pack.whole(git_type::blob, base_text);
    ASSERT_TRUE(read_pack_bytes(pack.build()).sound()) << "intact first";
    each.add(pack, base);
    pack.whole(git_type::blob, "after");
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{1} << 20U}) {
      const pack_reading reading = read_pack_bytes(pack.build(), {}, chunk);
      ASSERT_FALSE(reading.findings.empty());
      EXPECT_EQ(reading.findings.front().check, "bundle.object") << reading.findings.front().message;
    }
    EXPECT_FALSE(git.indexes(pack.build())) << "git does not agree";
  }
}

TEST(pack, never_alarms_about_deltas_that_it_could_not_hold_the_base_of) {
  pack_builder pack;
  const auto base = pack.whole(git_type::blob, base_text);
  pack.ofs_delta(base, good_delta);
  pack.ref_delta(pack_builder::id_of(git_type::blob, base_text), good_delta);
  pack_request nothing_held;
  nothing_held.held_bytes = 0;
  const pack_reading reading = read_pack_bytes(pack.build(), nothing_held);
  ASSERT_TRUE(reading.sound()) << reading.findings.front().message;
  EXPECT_EQ(reading.summary->unresolved_objects(), 2U);
  EXPECT_EQ(reading.summary->count(git_type::blob), 2U) << "an offset still tells the type";
  EXPECT_EQ(reading.summary->count(git_type::unknown), 1U);
}

TEST(pack, never_alarms_about_a_base_that_comes_later) {
  const git_world git;
  pack_builder pack;
  pack.ref_delta(pack_builder::id_of(git_type::blob, base_text), good_delta);
  pack.whole(git_type::blob, base_text);
  ASSERT_TRUE(git.indexes(pack.build()));
  EXPECT_TRUE(read_pack_bytes(pack.build()).sound());
}

TEST(pack, leaves_the_bases_of_a_thin_pack_to_whoever_has_them) {
  pack_builder pack;
  pack.ref_delta(std::string(20, 'x'), good_delta);
  EXPECT_EQ(read_pack_bytes(pack.build()).checks(), ids{"bundle.object"});
  pack_request thin;
  thin.thin = true;
  EXPECT_TRUE(read_pack_bytes(pack.build(), thin).sound());
}

TEST(pack, knows_the_empty_tree_without_being_given_it) {
  const git_world git;
  pack_builder pack;
  pack.whole(git_type::commit,
             "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor a <a> 1 +0000\n"
             "committer a <a> 1 +0000\n\nx\n");
  ASSERT_TRUE(git.indexes(pack.build()));
  EXPECT_TRUE(read_pack_bytes(pack.build()).sound());
}

TEST(pack, applies_no_more_of_a_delta_than_is_in_proportion) {
  pack_builder pack;
  const std::string megabytes(2'000'000, 'x');
  const auto base = pack.whole(git_type::blob, megabytes);
  const std::uint64_t copies = 20'000;  // 40 GB out of kilobytes
  std::string delta = varint(megabytes.size()) + varint(megabytes.size() * copies);
  for (std::uint64_t i = 0; i < copies; ++i) delta += "\xf0\x80\x84\x1e"s;
  pack.ofs_delta(base, delta);
  const pack_reading reading = read_pack_bytes(pack.build());
  ASSERT_TRUE(reading.sound()) << reading.findings.front().message;
  EXPECT_EQ(reading.summary->unresolved_objects(), 1U);
}

TEST(pack, stops_at_the_limit_of_expanded_bytes) {
  pack_builder pack;
  pack.whole(git_type::blob, std::string(1'000'000, '\0'));
  limits bounds;
  bounds.expanded_bytes = 999'999;
  EXPECT_THROW(static_cast<void>(read_pack_bytes(pack.build(), {}, 100, bounds)), environment_error);
  bounds.expanded_bytes = 1'000'000;
  EXPECT_TRUE(read_pack_bytes(pack.build(), {}, 100, bounds).sound());
}

TEST(pack, lists_the_first_of_many_damaged_objects) {
  pack_builder pack;
  for (int i = 0; i < 100; ++i) pack.raw(pack_builder::entry_header(3, 11) + deflated(base_text));
  const pack_reading reading = read_pack_bytes(pack.build());
  EXPECT_EQ(reading.findings.size(), 17U);
  EXPECT_EQ(reading.findings.back().actual, "100 objects");
}

TEST(pack, passes_on_what_its_upstream_throws) {
  pack_builder pack;
  pack.whole(git_type::blob, base_text);
  const std::string bytes = pack.build();
  for (std::size_t kept = 0; kept <= bytes.size(); ++kept) {
    failing_source from{bytes.substr(0, kept), 3};
    finding_list findings;
    try {
      static_cast<void>(read_pack(from, location{"x"}, {}, {}, findings));
      ADD_FAILURE() << "passed although the upstream failed after " << kept;
    } catch (const stream_error& error) {
      EXPECT_EQ(error.as_finding().check, failing_source::check_id) << kept;
    }
    EXPECT_TRUE(findings.snapshot().empty()) << kept;
  }
}

TEST(pack, survives_random_packs_and_agrees_with_git_about_them) {
  const git_world git;
  std::mt19937 random{42};
  const auto upto = [&random](std::size_t most) { return std::uniform_int_distribution<std::size_t>{0, most}(random); };
  std::size_t sound = 0;
  for (int round = 0; round < 150; ++round) {
    pack_builder pack;
    std::vector<std::pair<std::uint64_t, std::string>> blobs;
    const std::size_t count = 1 + upto(6);
    for (std::size_t i = 0; i < count; ++i) {
      if (blobs.empty() || upto(3) == 0) {
        std::string text(upto(300), 'a');
        for (char& c : text) c = static_cast<char>('a' + upto(3));
        blobs.emplace_back(pack.whole(git_type::blob, text), text);
        continue;
      }
      const auto [at, text] = blobs[upto(blobs.size() - 1)];
      std::string body;
      std::string made;
      for (std::size_t op = upto(4); op > 0; --op) {
        if (upto(1) == 0) {
          const std::string insert(1 + upto(20), static_cast<char>('A' + upto(20)));
          body += static_cast<char>(insert.size()) + insert;
          made += insert;
        } else {
          const std::size_t from = upto(text.size());
          const std::size_t size = 1 + upto(60);  // may lead out of the base
          body +=
              "\xb3"s + static_cast<char>(from & 255U) + static_cast<char>(from >> 8U) + static_cast<char>(size) + '\0';
          made += text.substr(from, size);
        }
      }
      const std::string delta = varint(text.size()) + varint(made.size() + (upto(15) == 0 ? 1 : 0)) + body;
      const auto offset = upto(2) == 0 ? pack.ref_delta(pack_builder::id_of(git_type::blob, text), delta)
                                       : pack.ofs_delta(at + (upto(20) == 0 ? 1 : 0), delta);
      blobs.emplace_back(offset, made);
    }
    const std::string bytes = pack.build();
    const bool git_takes_it = git.indexes(bytes);
    std::map<std::uint64_t, std::string> seen;
    pack_request request;
    request.observer = [&](const packed_object& object) { seen[object.offset] = object.id ? object.id->hex() : "?"; };
    const pack_reading reading = read_pack_bytes(bytes, request, 1 + upto(70));
    ASSERT_EQ(reading.sound(), git_takes_it) << "round " << round << testing::PrintToString(reading.checks());
    if (git_takes_it) {
      ASSERT_EQ(seen, git.index()) << "round " << round;
    }
    sound += git_takes_it ? 1U : 0U;
  }
  EXPECT_GT(sound, 25U);
  EXPECT_LT(sound, 140U);
}

}  // namespace pack_test
