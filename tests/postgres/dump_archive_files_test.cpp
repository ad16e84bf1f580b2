// Files of a dump in directory or tar format: names that pg_dump gives and no others, lists of large objects.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/io/memory_source.hpp"
#include "knowngood/postgres/dump_archive_files.hpp"
#include "knowngood/postgres/dump_archive_script.hpp"
#include "knowngood/postgres/dump_check.hpp"

namespace dump_archive_files_test {

using namespace knowngood;
using namespace std::string_view_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(dump_file_name, is_a_name_in_the_dumps_own_folder) {
  for (const std::string_view good : {"3552.dat", "blob_16400.dat", "blobs.toc", "blobs_12.toc"})
    EXPECT_TRUE(is_dump_file_name(good)) << good;
  for (const std::string_view bad :
       {""sv, "."sv, ".."sv, "../3552.dat"sv, "/etc/passwd"sv, "a/b"sv, "a\0b"sv, ".hidden"sv, "a b"sv})
    EXPECT_FALSE(is_dump_file_name(bad)) << bad;
}

TEST(large_object_list, is_an_id_and_a_file_to_a_line) {
  const auto listed = parse_large_object_list("16400 blob_16400.dat\n4294967295 blob_4294967295.dat\n", location{"l"});
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].id, 16'400);
  EXPECT_EQ(listed[1].id, 4'294'967'295);
  EXPECT_EQ(listed[1].file, "blob_4294967295.dat");
  EXPECT_THAT(parse_large_object_list("", location{"l"}), IsEmpty()) << "of a dump that has none";
}

TEST(large_object_list, refuses_what_pg_dump_does_not_write) {
  for (const std::string_view bad : {"16400 blob_16400.dat"sv, "16400\n"sv, "16400 \n"sv, "16400  blob\n"sv,
                                     "0 blob_0.dat\n"sv, "-1 blob\n"sv, "x blob\n"sv, "4294967296 blob\n"sv,
                                     "16400 ../blob\n"sv, "16400 /etc/passwd\n"sv, "\n"sv, "1 a\n\n"sv, "1 a\0b\n"sv}) {
    EXPECT_THROW(parse_large_object_list(bad, location{"l"}), stream_error) << bad;
  }
}

// A table of contents by hand: what no pg_dump writes is tried too.
dump_archive_toc contents_with(std::string file, std::string description = "TABLE DATA") {
  dump_archive_toc toc;
  toc.format = 5;
  dump_archive_entry entry;
  entry.id = 1;
  entry.has_data = true;
  entry.tag = "t";
  entry.schema = "public";
  entry.description = std::move(description);
  if (entry.description == "TABLE DATA") entry.copy = "COPY public.t (a) FROM stdin;\n";
  entry.file = std::move(file);
  toc.entries.push_back(std::move(entry));
  return toc;
}

struct checked {
  dump_summary summary;
  std::vector<std::string> checks;
  std::set<std::string> asked;  // names of files
};

checked check(dump_archive_toc toc, const std::map<std::string, std::string>& files) {
  checked result;
  finding_list findings;
  const auto open = [&](const std::string& name) -> std::unique_ptr<source> {
    result.asked.insert(name);
    const auto found = files.find(name);
    if (found == files.end()) return nullptr;
    return std::make_unique<memory_source>(found->second, 3);
  };
  try {
    result.summary =
        check_plain_dump(std::make_unique<dump_archive_script>(std::move(toc), location{"d"}, limits{}, findings, open),
                         location{"d"}, findings);
  } catch (const stream_error& error) {
    findings.report(error.as_finding());
  }
  for (const auto& one : findings.snapshot()) result.checks.push_back(one.check);
  return result;
}

TEST(dump_in_files, has_the_rows_of_its_files) {
  const checked got = check(contents_with("1.dat"), {{"1.dat", "7\n8\n\\.\n\n\n"}});
  EXPECT_THAT(got.checks, ElementsAre("dump.data-only"));
  ASSERT_EQ(got.summary.tables.size(), 1U);
  row_set rows;
  rows.add("7");
  rows.add("8");
  EXPECT_EQ(got.summary.tables[0].rows, rows);
}

TEST(dump_in_files, lacks_what_is_not_there) {
  EXPECT_THAT(check(contents_with("1.dat"), {}).checks, ::testing::Contains("dump.archive-data"));
  EXPECT_THAT(check(contents_with("1.dat"), {{"1.dat", "7\n8\n"}}).checks, ElementsAre("dump.unterminated-copy"));
  EXPECT_THAT(check(contents_with("1.dat"), {{"1.dat", ""}}).checks, ElementsAre("dump.unterminated-copy"));
}

TEST(dump_in_files, opens_no_file_elsewhere) {
  for (const std::string name : {"../1.dat", "/etc/passwd", "a/1.dat", ".."}) {
    const checked got = check(contents_with(name), {{name, "7\n\\.\n\n\n"}});
    EXPECT_THAT(got.asked, IsEmpty()) << name;
    EXPECT_THAT(got.checks, ::testing::Contains("dump.archive-data")) << name;
  }
}

TEST(dump_in_files, has_large_objects_by_their_list) {
  const std::map<std::string, std::string> files{
      {"blobs.toc", "5 blob_5.dat\n6 blob_6.dat\n"}, {"blob_5.dat", "abc"}, {"blob_6.dat", ""}};
  const checked whole = check(contents_with("1.dat", "BLOBS"), files);
  EXPECT_THAT(whole.asked, ElementsAre("blob_5.dat", "blob_6.dat", "blobs.toc", "blobs_1.toc"));
  EXPECT_THAT(whole.checks, ::testing::Not(::testing::Contains("dump.archive-data")));
  auto lacking = files;
  lacking.erase("blob_6.dat");
  EXPECT_THAT(check(contents_with("1.dat", "BLOBS"), lacking).checks, ::testing::Contains("dump.archive-data"));
  EXPECT_THAT(check(contents_with("1.dat", "BLOBS"), {}).checks, ::testing::Contains("dump.archive-data"));
  auto elsewhere = files;
  elsewhere["blobs.toc"] = "5 ../secret\n";
  EXPECT_THAT(check(contents_with("1.dat", "BLOBS"), elsewhere).checks, ::testing::Contains("dump.archive"));
}

}  // namespace dump_archive_files_test
