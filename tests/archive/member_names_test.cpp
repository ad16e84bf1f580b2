#include "knowngood/archive/member_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace member_names_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::IsEmpty;

// Members in order; the check ids found, each with the member's name.
class names_of {
 public:
  names_of& file(std::string name, std::uint64_t size = 1) { return add(entry_type::file, std::move(name), "", size); }
  names_of& directory(std::string name) { return add(entry_type::directory, std::move(name)); }
  names_of& symlink(std::string name, std::string to) {
    return add(entry_type::symlink, std::move(name), std::move(to));
  }
  names_of& hard_link(std::string name, std::string to, std::uint64_t size = 0) {
    return add(entry_type::hard_link, std::move(name), std::move(to), size);
  }
  names_of& add(entry_type type, std::string name, std::string to = {}, std::uint64_t size = 0) {
    tar_member member;
    member.name = std::move(name);
    member.type = type;
    member.link_target = std::move(to);
    member.size = size;
    names_.see(member);
    return *this;
  }
  std::vector<std::string> found() {
    names_.finish();
    std::vector<std::string> all;
    for (const auto& one : findings_.snapshot()) {
      all.push_back(one.check + (one.where.chain().size() > 1 ? " " + one.where.chain().back() : ""));
    }
    return all;
  }
  std::vector<finding> details() { return findings_.snapshot(); }

 private:
  finding_list findings_;
  member_names names_{location{"a.tar"}, findings_};
};

TEST(member_names, say_nothing_about_an_ordinary_archive) {
  EXPECT_THAT(names_of{}
                  .directory("./")
                  .directory("./a/")
                  .file("./a/x")
                  .file("a/y..z")
                  .file("a/...")
                  .symlink("a/link", "../a/x")
                  .symlink("a/here", ".")
                  .symlink("dangling", "not/there")
                  .hard_link("./a/hard", "a//x")
                  .hard_link("a/hard2", "./a/hard")
                  .add(entry_type::fifo, "queue")
                  .file("a/../b")
                  .file("new\nline")
                  .file("caf\xe9")
                  .found(),
              IsEmpty());
}

TEST(member_names, find_absolute_names) {
  EXPECT_THAT(names_of{}.file("etc/passwd").found(), IsEmpty());
  names_of names;
  EXPECT_THAT(names.file("/etc/passwd").found(), ElementsAre("tar.absolute-name /etc/passwd"));
  EXPECT_EQ(names.details()[0].severity, severity::warning);
  EXPECT_THAT(names_of{}.directory("/").found(), ElementsAre("tar.absolute-name /"));
  EXPECT_THAT(names_of{}.file("//x").hard_link("/y", "/x").found(),
              ElementsAre("tar.absolute-name //x", "tar.absolute-name /y"));
}

TEST(member_names, find_names_that_lead_out) {
  EXPECT_THAT(names_of{}.file("a/b/../../c").found(), IsEmpty());
  for (const std::string name : {"../x", "..", "a/../../x", "./../x", "a/b/../../../x", "a/../..", "../a.tar/x"}) {
    EXPECT_THAT(names_of{}.file(name).found(), ElementsAre("tar.unsafe-name " + name));
  }
  EXPECT_THAT(names_of{}.file("/../x").found(), ElementsAre("tar.absolute-name /../x", "tar.unsafe-name /../x"));
  EXPECT_THAT(names_of{}.symlink("./", "x").found(), ElementsAre("tar.unsafe-name ./")) << "replaces the root";
  EXPECT_THAT(names_of{}.file("").found(), ElementsAre("tar.unsafe-name "));
}

TEST(member_names, find_hard_links_that_lead_out) {
  EXPECT_THAT(names_of{}.file("x").hard_link("y", "a/../x").found(), IsEmpty());
  EXPECT_THAT(names_of{}.hard_link("y", "../x").found(), ElementsAre("tar.unsafe-link y"));
  EXPECT_THAT(names_of{}.hard_link("y", "/etc/passwd").found(), ElementsAre("tar.unsafe-link y"));
  EXPECT_THAT(names_of{}.file("etc/passwd").hard_link("y", "/etc/passwd").found(), ElementsAre("tar.unsafe-link y"));
}

TEST(member_names, find_hard_links_without_a_target) {
  EXPECT_THAT(names_of{}.file("x").hard_link("y", "x").found(), IsEmpty());
  EXPECT_THAT(names_of{}.hard_link("y", "x").file("x").found(), ElementsAre("tar.link-target-missing y"));
  EXPECT_THAT(names_of{}.hard_link("y", "y").found(), ElementsAre("tar.link-target-missing y"));
  EXPECT_THAT(names_of{}.file("x").hard_link("x", "x").found(), ElementsAre("tar.duplicate x")) << "tar cf t x x";
  EXPECT_THAT(names_of{}.directory("x").hard_link("y", "x").found(), ElementsAre("tar.link-target-missing y"));
  EXPECT_THAT(names_of{}.hard_link("y", "x", 7).found(), IsEmpty()) << "it has content of its own";
  EXPECT_THAT(names_of{}.symlink("x", "z").hard_link("y", "x").found(), IsEmpty());
}

TEST(member_names, remark_on_symbolic_links_that_point_outside) {
  EXPECT_THAT(names_of{}.symlink("a/b/c", "../../d").found(), IsEmpty());
  EXPECT_THAT(names_of{}.symlink("a/b", "x/../../..").found(), ElementsAre("tar.link-outside a/b"));
  EXPECT_THAT(names_of{}.symlink("a", "/var/lib").found(), ElementsAre("tar.link-outside a"));
  EXPECT_THAT(names_of{}.symlink("a", "..").found(), ElementsAre("tar.link-outside a"));
  EXPECT_THAT(names_of{}.symlink("./a/../b", "..").found(), ElementsAre("tar.link-outside ./a/../b"));
}

TEST(member_names, find_what_is_written_through_a_symbolic_link) {
  EXPECT_THAT(names_of{}.symlink("a", "b").file("ab/x").file("x/a/y").found(), IsEmpty());
  EXPECT_THAT(names_of{}.symlink("a", "b").file("a/x").found(), ElementsAre("tar.through-symlink a/x"));
  EXPECT_THAT(names_of{}.symlink("./a", "b").file("a/x/y").found(), ElementsAre("tar.through-symlink a/x/y"));
  EXPECT_THAT(names_of{}.symlink("a/b", "c").file("a//./b/x").found(), ElementsAre("tar.through-symlink a//./b/x"));
  EXPECT_THAT(names_of{}.symlink("a", "b").file("a/../x").found(), ElementsAre("tar.through-symlink a/../x"));
  EXPECT_THAT(names_of{}.symlink("a", "b").file("b/x").hard_link("y", "a/x").found(),
              ElementsAre("tar.through-symlink y", "tar.link-target-missing y"));
  EXPECT_THAT(names_of{}.symlink("a", "b").hard_link("c", "a").file("c/x").found(),
              ElementsAre("tar.through-symlink c/x"))
      << "a hard link to a symbolic link is one";
  names_of names;
  EXPECT_THAT(names.symlink("a", "b").file("a/x").found(), ElementsAre("tar.through-symlink a/x"));
  EXPECT_EQ(names.details()[0].actual, "a is a symbolic link");
}

TEST(member_names, know_that_a_later_member_replaces_a_symbolic_link) {
  EXPECT_THAT(names_of{}.symlink("a", "b").directory("a/").file("a/x").found(), ElementsAre("tar.duplicate a/"));
  EXPECT_THAT(names_of{}.symlink("a", "b").directory("a").symlink("./a", "c").file("a/x").found(),
              ElementsAre("tar.duplicate a", "tar.duplicate ./a", "tar.through-symlink a/x"));
}

TEST(member_names, remark_on_names_that_come_twice_unless_they_are_directories) {
  EXPECT_THAT(names_of{}.directory("a").directory("./a/").found(), IsEmpty());
  EXPECT_THAT(names_of{}.file("a").file("./a").found(), ElementsAre("tar.duplicate ./a"));
  EXPECT_THAT(names_of{}.file("a/b").file("a/c/../b").found(), ElementsAre("tar.duplicate a/c/../b"));
  EXPECT_THAT(names_of{}.file("ab").file("a/b").file("a").found(), IsEmpty());
}

TEST(member_names, remark_on_devices) {
  EXPECT_THAT(names_of{}.add(entry_type::block_device, "sda").add(entry_type::character_device, "null").found(),
              ElementsAre("tar.device sda", "tar.device null"));
}

TEST(member_names, list_twenty_of_a_kind_and_count_the_rest) {
  names_of names;
  for (int i = 0; i < 25; ++i) names.symlink("l" + std::to_string(i), "/x");
  names.file("/a");
  const auto found = names.found();
  ASSERT_EQ(found.size(), 22U);
  EXPECT_EQ(found[19], "tar.link-outside l19");
  EXPECT_EQ(found[20], "tar.absolute-name /a");
  EXPECT_EQ(found[21], "tar.link-outside");
  EXPECT_EQ(names.details()[21].message, "5 further members like those listed");
  EXPECT_EQ(names.details()[21].actual, "25 found");
}

TEST(member_names, take_long_names_in_linear_time) {
  std::string deep = "a";
  while (deep.size() < 65'000) deep += "/a";
  names_of names;
  names.symlink("b", "c");
  for (int i = 0; i < 300; ++i) names.file(deep + "/" + std::to_string(i));
  EXPECT_THAT(names.found(), IsEmpty());
}

}  // namespace member_names_test
