#include "knowngood/git/stored_objects.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <optional>
#include <string>

namespace stored_objects_test {

using namespace knowngood;
using detail::apply_delta;
using detail::stored_objects;

std::string deflated(const std::string& text) {
  uLongf size = ::compressBound(text.size());
  std::string out(size, '\0');
  ::compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(text.data()), text.size(), 6);
  out.resize(size);
  return out;
}

// gitformat-pack: type and size, for sizes below 2^11.
std::string head(unsigned type, std::size_t size) {
  std::string bytes;
  bytes += static_cast<char>((type << 4U) | (size & 15U) | (size > 15 ? 0x80U : 0U));
  if (size > 15) bytes += static_cast<char>(size >> 4U);
  return bytes;
}

constexpr unsigned blob = 3;
constexpr unsigned ofs_delta = 6;

// A delta that copies all of its base of `base` bytes and adds `more`; both short.
std::string appending(std::size_t base, const std::string& more) {
  std::string delta;
  delta += static_cast<char>(base);
  delta += static_cast<char>(base + more.size());
  delta += static_cast<char>(0x90);  // copy from offset 0: one byte of size
  delta += static_cast<char>(base);
  delta += static_cast<char>(more.size());
  return delta + more;
}

struct pack {
  std::string bytes = "PACK........";

  std::uint64_t whole(const std::string& content) {
    const std::uint64_t at = bytes.size();
    bytes += head(blob, content.size()) + deflated(content);
    return at;
  }
  std::uint64_t delta(std::uint64_t base, const std::string& delta) {
    const std::uint64_t at = bytes.size();
    const std::uint64_t distance = at - base;
    EXPECT_LT(distance, 128U);
    bytes += head(ofs_delta, delta.size()) + static_cast<char>(distance) + deflated(delta);
    return at;
  }
};

const auto nothing_known = [](std::uint64_t) -> std::optional<stored_objects::object> { return std::nullopt; };
const auto no_place = [](std::uint64_t) -> std::optional<std::uint64_t> { return std::nullopt; };
const auto always = [](std::uint64_t) { return true; };

TEST(stored_objects, are_read_again_where_they_are_stored) {
  pack made;
  const auto first = made.whole("first");
  const auto second = made.whole("the second object");
  memory_random_access stored{"a bundle's header" + made.bytes};
  stored_objects again{stored, std::string{"a bundle's header"}.size(), object_format::sha1};
  const auto entry = again.read(second);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->content, "the second object");
  EXPECT_EQ(entry->header.type, git_type::blob);
  EXPECT_EQ(again.read(first)->content, "first") << "in any order, as often as it takes";
}

TEST(stored_objects, that_are_damaged_are_none) {
  pack made;
  const auto at = made.whole("an object of some bytes");
  for (std::size_t cut = at; cut < made.bytes.size(); ++cut) {
    memory_random_access stored{made.bytes.substr(0, cut)};
    EXPECT_FALSE((stored_objects{stored, 0, object_format::sha1}.read(at))) << cut;
  }
  std::string wrong = made.bytes;
  wrong[at] = static_cast<char>(wrong[at] ^ 1);  // a size that is not the content's
  memory_random_access stored{wrong};
  EXPECT_FALSE((stored_objects{stored, 0, object_format::sha1}.read(at)));
  EXPECT_FALSE((stored_objects{stored, 0, object_format::sha1}.read(wrong.size() + 100)));
}

TEST(stored_objects, of_a_size_that_no_memory_should_hold_are_none) {
  // 2^34 bytes, says the header
  std::string bytes{static_cast<char>(0x80 | (blob << 4U))};
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(0x80);
  bytes += static_cast<char>(0x04);
  memory_random_access stored{bytes + deflated("little")};
  EXPECT_FALSE((stored_objects{stored, 0, object_format::sha1}.read(0)));
}

TEST(stored_objects, are_made_anew_down_their_chain) {
  pack made;
  const auto base = made.whole("base");
  const auto one = made.delta(base, appending(4, "+one"));
  const auto two = made.delta(one, appending(8, "+two"));
  memory_random_access stored{made.bytes};
  stored_objects again{stored, 0, object_format::sha1};
  const auto object = again.rebuild(two, nothing_known, no_place, always);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->content, "base+one+two");
  EXPECT_EQ(object->type, git_type::blob);
  EXPECT_EQ(again.rebuild(base, nothing_known, no_place, always)->content, "base");
}

TEST(stored_objects, go_no_further_down_than_to_what_is_at_hand) {
  pack made;
  const auto base = made.whole("base");
  const auto one = made.delta(base, appending(4, "+one"));
  const auto two = made.delta(one, appending(8, "+two"));
  memory_random_access stored{made.bytes};
  stored_objects again{stored, 0, object_format::sha1};
  const auto known = [&](std::uint64_t at) -> std::optional<stored_objects::object> {
    if (at != one) return std::nullopt;
    return stored_objects::object{git_type::tree, "12345678"};
  };
  const auto object = again.rebuild(two, known, no_place, always);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->content, "12345678+two");
  EXPECT_EQ(object->type, git_type::tree);
}

TEST(stored_objects, are_not_made_where_a_link_of_the_chain_is_bad_or_too_dear) {
  pack made;
  const auto base = made.whole("base");
  const auto one = made.delta(base, appending(5, "+one"));  // of a base of another size
  const auto itself = made.delta(made.bytes.size(), appending(4, "+one"));
  memory_random_access stored{made.bytes};
  stored_objects again{stored, 0, object_format::sha1};
  EXPECT_FALSE(again.rebuild(one, nothing_known, no_place, always));
  EXPECT_FALSE(again.rebuild(itself, nothing_known, no_place, always)) << "its own base";
  pack good;
  const auto good_base = good.whole("base");
  const auto good_one = good.delta(good_base, appending(4, "+one"));
  memory_random_access good_stored{good.bytes};
  stored_objects good_again{good_stored, 0, object_format::sha1};
  EXPECT_TRUE(good_again.rebuild(good_one, nothing_known, no_place, always));
  EXPECT_FALSE(good_again.rebuild(good_one, nothing_known, no_place, [](std::uint64_t size) { return size < 8; }));
}

TEST(apply_delta, makes_what_it_says_and_nothing_else) {
  EXPECT_EQ(apply_delta("base", appending(4, "!")), "base!");
  EXPECT_EQ(apply_delta("bass", appending(4, "!")), "bass!") << "a delta does not know its base's content";
  EXPECT_FALSE(apply_delta("longer", appending(4, "!")));
  EXPECT_FALSE(apply_delta("base", ""));
  EXPECT_FALSE(apply_delta("base", appending(4, "!") + "x")) << "more than it announced";
  EXPECT_FALSE(apply_delta("base", appending(4, "!!").substr(0, 6))) << "less";
}

}  // namespace stored_objects_test
