// The folder of a dump in directory format: files by their endings, none through a link, and what the watch over an
// archive's members makes of them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/inspect/dump_files.hpp"
#include "knowngood/inspect/dump_files_watch.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/testing/scratch_directory.hpp"

namespace dump_files_test {

using namespace knowngood;

std::string all_of(source& from) {
  std::string text;
  for (byte_view chunk = from.next(); !chunk.empty(); chunk = from.next())
    text.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
  return text;
}

TEST(dump_files, are_opened_by_their_names_and_endings) {
  const scratch_directory here;
  ASSERT_EQ(here.run("mkdir d; cd d; echo one > 1.dat; echo two | gzip > 2.dat.gz; echo three | zstd -q > 3.dat.zst; "
                     "echo four | "
                     "lz4 -q > 4.dat.lz4; echo five | gzip > blob_5.dat")
                .status,
            0);
  finding_list findings;
  const open_dump_file open = dump_files_in((here.path() / "d").string(), location{"d"}, limits{}, findings);
  EXPECT_EQ(all_of(*open("1.dat")), "one\n");
  EXPECT_EQ(all_of(*open("2.dat")), "two\n");
  EXPECT_EQ(all_of(*open("3.dat")), "three\n");
  EXPECT_EQ(all_of(*open("4.dat")), "four\n");
  EXPECT_EQ(all_of(*open("blob_5.dat")).substr(0, 2), "\x1f\x8b") << "what a large object holds is its own";
  EXPECT_EQ(open("6.dat"), nullptr);
}

TEST(dump_files, are_opened_through_no_link) {
  const scratch_directory here;
  ASSERT_EQ(here.run("echo secret > elsewhere; mkdir d; ln -s ../elsewhere d/1.dat; mkfifo d/2.dat; ln -s d l").status,
            0);
  finding_list findings;
  const open_dump_file open = dump_files_in((here.path() / "d").string(), location{"d"}, limits{}, findings);
  EXPECT_THROW(open("1.dat"), environment_error);
  EXPECT_THROW(dump_files_in((here.path() / "l").string(), location{"l"}, limits{}, findings), environment_error);
}

// What members teach, and which of them hold data.
struct watched {
  dump_files_watch watch;

  watched() {
    dump_archive_toc toc;
    toc.format = 3;
    for (const auto& [description, file] : {std::pair{"ENCODING", ""}, {"TABLE DATA", "7.dat"}, {"BLOBS", "8.dat"}}) {
      dump_archive_entry entry;
      entry.description = description;
      entry.file = file;
      entry.has_data = entry.file != "";
      entry.id = 8;
      toc.entries.push_back(entry);
    }
    watch.contents("./x/toc.dat", toc);
  }
};

TEST(dump_files_watch, knows_whose_data_a_member_holds) {
  watched of;
  const auto table = of.watch.data_of("x/7.dat.zst");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->folder, "x/");
  EXPECT_EQ(table->how, compression::zstd);
  EXPECT_EQ(table->one.entries.size(), 2U) << "its settings, and this";
  EXPECT_FALSE(table->large_object);
  EXPECT_FALSE(of.watch.data_of("x/7.dat")) << "it was read";
  const auto object = of.watch.data_of("x/blob_12.dat");
  ASSERT_TRUE(object);
  EXPECT_EQ(object->large_object, 12);
  for (const std::string other : {"7.dat", "y/7.dat", "x/y/7.dat", "x/8.dat", "x/9.dat", "x/blob_.dat", "x/blob_0.dat",
                                  "x/blob_99999999999.dat", "x/toc.dat", "x/restore.sql"}) {
    EXPECT_FALSE(of.watch.data_of(other)) << other;
  }
  EXPECT_TRUE(of.watch.is_large_object_list("x/blobs.toc"));
  EXPECT_FALSE(of.watch.is_large_object_list("blobs.toc"));
}

}  // namespace dump_files_test
