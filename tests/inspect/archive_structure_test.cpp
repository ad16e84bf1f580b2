#include "knowngood/inspect/archive_structure.hpp"

#include <gtest/gtest.h>

namespace archive_structure_test {

using namespace knowngood;

struct file {
  std::string name;
  content outer = content::binary;
  std::string text = {};
  content innermost = content::binary;
};

file dump(const std::string& name) { return {name, content::compressed, {}, content::plain_dump}; }
file tar(const std::string& name) { return {name, content::compressed, {}, content::tar}; }
file text(const std::string& name, const std::string& what = "x") { return {name, content::text, what, content::text}; }
file list(const std::string& name, const std::vector<std::string>& of) {
  std::string lines;
  for (const auto& one : of) lines += std::string(64, 'a') + "  " + one + "\n";
  return text(name, lines);
}

archive_structure structure_of(const std::vector<file>& files, bool declared = false) {
  archive_structure structure{declared};
  for (const auto& one : files) {
    if (structure.begins(one.name)) structure.text(one.name, one.text);
    structure.ends(one.name, one.outer, one.outer == content::compressed ? one.innermost : one.outer);
  }
  structure.finish();
  return structure;
}

TEST(archive_structure, of_backups_and_remarks_alone_is_a_full_backup) {
  EXPECT_TRUE(structure_of({dump("full/a.sql.gz"), tar("full/b.tar.gz"), text("full/README.md")}).is_full_backup());
  EXPECT_TRUE(structure_of({{"./a.sql.gz"}}).is_full_backup()) << "by its name, whatever is in it";
  EXPECT_TRUE(structure_of({text("db.sql")}).is_full_backup()) << "the one script of an archive";
  EXPECT_TRUE(structure_of({{"a.sql", content::plain_dump}, text("b.sql")}).is_full_backup());
  EXPECT_FALSE(structure_of({text("1.sql"), text("2.sql")}).is_full_backup()) << "migrations";
  EXPECT_FALSE(structure_of({}).is_full_backup());
  EXPECT_FALSE(structure_of({text("README.md")}).is_full_backup());
}

TEST(archive_structure, with_a_list_of_its_backups_at_the_top_is_a_full_backup) {
  const std::vector<std::string> names{"a.sql.gz", "x.pkl"};
  EXPECT_TRUE(structure_of({dump("f/a.sql.gz"), {"f/x.pkl"}, list("f/SHA256SUMS", names)}).is_full_backup());
  EXPECT_TRUE(structure_of({list("f/SHA256SUMS", names), {"f/x.pkl"}, dump("f/a.sql.gz")}).is_full_backup());
  EXPECT_TRUE(
      structure_of({list("b/n/f/SHA256SUMS", names), {"b/n/f/x.pkl"}, dump("b/n/f/a.sql.gz")}).is_full_backup());
  EXPECT_FALSE(structure_of({{"v/app.conf"}, list("v/checksums.md5", {"app.conf"})}).is_full_backup());
  EXPECT_FALSE(structure_of({{"photo.jpg"}, tar("k/a.tar.gz"), list("k/SHA256SUMS", {"a.tar.gz"})}).is_full_backup());
  EXPECT_FALSE(structure_of({{"photo.jpg"}, tar("a.tar.gz"), list("SHA256SUMS", {"a.tar.gz", "b.tar.gz", "c.tar.gz"})})
                   .is_full_backup())
      << "a release of which one file was fetched";
}

TEST(archive_structure, with_a_manifest_of_components_is_a_full_backup) {
  EXPECT_TRUE(structure_of({{"f/x.pkl"}, text("f/MANIFEST.txt", "✅ Models\n")}).is_full_backup());
  EXPECT_FALSE(structure_of({{"f/x.py"}, text("f/MANIFEST.txt", "x.py\n")}).is_full_backup());
  EXPECT_FALSE(structure_of({{"x"}, text("f/MANIFEST.txt", "✅ Models\n")}).is_full_backup());
  EXPECT_TRUE(structure_of({{"x"}}, true).is_full_backup()) << "the policy says so";
}

TEST(archive_structure, tells_backups_from_content) {
  const archive_structure full = structure_of({dump("f/a.sql.gz"),
                                               tar("f/b.tar.gz"),
                                               text("f/q.sql"),
                                               tar("f/volumes/v.tar.gz"),
                                               {"f/volumes/x/y/z.tar.gz"},
                                               {"f/app/cut.gz"},
                                               {"f/d/x.pkl"},
                                               dump("f/d/e/f/g.sql.gz"),
                                               {"f/n.gz"},
                                               list("f/checksums.txt", {"a.sql.gz", "b.tar.gz", "d/x.pkl"})});
  ASSERT_TRUE(full.is_full_backup());
  for (const std::string own : {"f/a.sql.gz", "f/b.tar.gz", "f/q.sql", "f/volumes/v.tar.gz", "f/d/x.pkl", "f/n.gz",
                                "f/d/e/f/g.sql.gz", "./f//a.sql.gz"}) {
    EXPECT_TRUE(full.owns(own)) << own;
  }
  for (const std::string content : {"f/volumes/x/y/z.tar.gz", "f/app/cut.gz"})
    EXPECT_FALSE(full.owns(content)) << content;

  const archive_structure site = structure_of({dump("s/db.sql.gz"),
                                               text("s/old.sql"),
                                               {"s/index.html"},
                                               tar("s/x.tar.gz"),
                                               {"s/cut.gz"},
                                               dump("s/a/other.sql.gz")});
  ASSERT_FALSE(site.is_full_backup());
  EXPECT_TRUE(site.owns("s/db.sql.gz"));
  for (const std::string content : {"s/old.sql", "s/x.tar.gz", "s/cut.gz", "s/a/other.sql.gz"}) {
    EXPECT_FALSE(site.owns(content)) << content;
  }
}

TEST(archive_structure, knows_its_top) {
  EXPECT_TRUE(structure_of({{"a/b/c"}, {"a/b/d/e"}}).at_top("a/b/x"));
  EXPECT_FALSE(structure_of({{"a/b/c"}, {"a/b/d/e"}}).at_top("a/x"));
  EXPECT_TRUE(structure_of({{"./c"}, {"a/b/d/e"}}).at_top("x"));
}

TEST(archive_structure, takes_all_lists_that_fit_and_names_those_that_do_not) {
  archive_structure structure{true, 100};
  for (int i = 0; i < 200; ++i) {
    const std::string name = std::to_string(i) + ".sha256";
    ASSERT_TRUE(structure.begins(name, 1)) << i;
    structure.text(name, "x");
  }
  EXPECT_TRUE(structure.begins("SHA256SUMS", 100));
  EXPECT_FALSE(structure.begins("MD5SUMS", 101)) << "longer than one may be";
  structure.text("SHA256SUMS", std::string(100, 'x'));
  EXPECT_FALSE(structure.begins("last.md5", 101));
  EXPECT_TRUE(structure.begins("last.md5", 100));
  structure.text("last.md5", std::string(100, 'x'));
  EXPECT_FALSE(structure.begins("MANIFEST.txt", 1)) << "400 bytes are held";
  EXPECT_FALSE(structure.begins("below/SHA256SUMS", 1));
  EXPECT_FALSE(structure.begins("readme", 1));
  structure.finish();
  EXPECT_EQ(structure.left_out(), (std::vector<std::string>{"MD5SUMS", "last.md5", "MANIFEST.txt"}));
}

TEST(archive_structure, owns_what_any_list_at_its_top_names) {
  std::vector<file> files{text("f/README"), {"f/deep/er/x.bin"}, {"f/deep/er/y.bin"}};
  for (int i = 0; i < 100; ++i) files.push_back(list(fmt::format("f/{}.sha256", i), {fmt::format("{}.tar", i)}));
  EXPECT_FALSE(structure_of(files, true).owns("f/deep/er/x.bin"));
  files.push_back(list("f/x.sha256", {"deep/er/x.bin"}));
  EXPECT_TRUE(structure_of(files, true).owns("f/deep/er/x.bin"));
  EXPECT_FALSE(structure_of(files, true).owns("f/deep/er/y.bin"));
}

}  // namespace archive_structure_test
