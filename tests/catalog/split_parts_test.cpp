#include "knowngood/catalog/split_parts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"

namespace split_parts_test {

using namespace knowngood;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string described(std::string_view name) {
  const auto part = split_name_of(name);
  return part ? fmt::format("{} {}", part->base, part->index) : "none";
}

TEST(split_name_of, knows_what_split_and_others_write) {
  EXPECT_EQ(described("x.tar.gz.part-aa"), "x.tar.gz 0");
  EXPECT_EQ(described("x.tar.gz.part-ab"), "x.tar.gz 1");
  EXPECT_EQ(described("x.tar.gz.partab"), "x.tar.gz 1");
  EXPECT_EQ(described("x.tar.gz_part_ba"), "x.tar.gz 26");
  EXPECT_EQ(described("x.tar.gz.part.01"), "x.tar.gz 1");
  EXPECT_EQ(described("dump.part1"), "dump 1");
  EXPECT_EQ(described("x.tar.gz.0"), "x.tar.gz 0");
  EXPECT_EQ(described("x.sql.gz.aa"), "x.sql.gz 0");
  EXPECT_EQ(described("x.7z.001"), "x.7z 1");
  EXPECT_EQ(described("x.tar.gz.gpg.aab"), "x.tar.gz.gpg 1");
  for (const char* name : {"x.tar.gz", "x.tar", "notes.txt", "syslog.1", "x.gz", "x.part", "x.tar.gz.filepart",
                           "x_20251204", "x.tar.gz.20251204", ""}) {
    EXPECT_TRUE(described(name) == "none" || !described(name).starts_with("x.tar.gz"))
        << name << " " << described(name);
  }
}

class split_files : public ::testing::Test {
 protected:
  // What lies there after a shell command, one line for each set.
  std::vector<std::string> sets_after(const std::string& command) const {
    const tool_run run =
        here.run("rm -rf d; mkdir d; head -c 90000 /dev/urandom | gzip > whole.gz; " + command + " 2>&1; ls d");
    EXPECT_EQ(run.status, 0) << run.output;
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{here.path() / "d"})
      names.push_back(entry.path().filename());
    std::vector<std::string> lines;
    for (const auto& set : find_split_sets(here.path() / "d", names)) {
      lines.push_back(
          fmt::format("{} of {} parts, missing: {}", set.base, set.parts.size(), fmt::join(set.missing, " ")));
    }
    return lines;
  }
  scratch_directory here;
};

TEST_F(split_files, make_a_set_with_its_parts_in_order) {
  EXPECT_THAT(sets_after("split -b 20000 whole.gz d/x.tar.gz.part-"), ElementsAre("x.tar.gz of 5 parts, missing: "));
  EXPECT_THAT(sets_after("split -b 20000 whole.gz d/x.tar.gz."), ElementsAre("x.tar.gz of 5 parts, missing: "));
  EXPECT_THAT(sets_after("split -d -b 20000 whole.gz d/x.sql.gz."), ElementsAre("x.sql.gz of 5 parts, missing: "));
  EXPECT_THAT(sets_after("split -d -a 1 -b 20000 whole.gz d/x.gz."), ElementsAre("x.gz of 5 parts, missing: "));
  EXPECT_THAT(sets_after("split --numeric-suffixes=1 -a 3 -b 20000 whole.gz d/x.tar.gz."),
              ElementsAre("x.tar.gz of 5 parts, missing: "));
  EXPECT_THAT(sets_after("split -b 20000 whole.gz d/x.tar.gz.part-; split -b 30000 whole.gz d/y.tar.gz.part-"),
              ElementsAre("x.tar.gz of 5 parts, missing: ", "y.tar.gz of 4 parts, missing: "));
}

TEST_F(split_files, tell_which_parts_are_missing) {
  EXPECT_THAT(sets_after("split -b 20000 whole.gz d/x.tar.gz.part-; rm d/*ab d/*ad"),
              ElementsAre("x.tar.gz of 3 parts, missing: x.tar.gz.part-ab x.tar.gz.part-ad"));
  EXPECT_THAT(sets_after("split -b 20000 whole.gz d/x.tar.gz.part-; rm d/*aa"),
              ElementsAre("x.tar.gz of 4 parts, missing: x.tar.gz.part-aa"));
  EXPECT_THAT(sets_after("split -d -b 20000 whole.gz d/x.tar.gz.; rm d/*00"),
              ElementsAre("x.tar.gz of 4 parts, missing: x.tar.gz.00"));
}

TEST_F(split_files, are_no_set_where_each_is_whole_by_itself) {
  EXPECT_THAT(sets_after("for i in 1 2 3; do cp whole.gz d/x.tar.gz.$i; done; cp whole.gz d/x.tar.gz"), IsEmpty());
  EXPECT_THAT(sets_after("cp whole.gz d/x.tar.gz.1"), IsEmpty());
  EXPECT_THAT(
      sets_after("cp whole.gz d/x.tar.gz; echo a > d/a.sh; echo b > d/b.py; echo c > d/syslog.1; echo c > d/syslog.2"),
      IsEmpty());
}

}  // namespace split_parts_test
