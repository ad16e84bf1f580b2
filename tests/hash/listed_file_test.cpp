#include "knowngood/hash/listed_file.hpp"

#include <set>

#include <gtest/gtest.h>

namespace listed_file_test {

using namespace knowngood;

const std::string hex(64, 'a');
const std::string of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct these final : listed_surroundings {
  explicit these(std::set<std::string> all) : files{std::move(all)} {}
  [[nodiscard]] bool holds(const std::string& path) const override { return files.contains(path); }
  [[nodiscard]] std::vector<std::string> starting_with(const std::string& prefix) const override {
    std::vector<std::string> found;
    for (const auto& one : files) {
      if (one.starts_with(prefix) && one.find('/', prefix.size()) == std::string::npos) found.push_back(one);
    }
    return found;
  }
  std::set<std::string> files;
};

// What the first line of `text`, in the list at `path`, stands for: `how path`.
std::string place(const std::string& path, const std::string& text, std::set<std::string> files) {
  const checksum_list list = parse_checksum_list(text, path);
  if (list.entries.empty()) return "no line";
  const listed_file found = find_listed(list.entries.front(), list, path, these{std::move(files)});
  constexpr std::array<std::string_view, 5> words{"exact", "moved", "own", "itself", "missing"};
  return std::string{words.at(static_cast<std::size_t>(found.how))} + " " + found.path;
}

TEST(find_listed, takes_the_copy_beside_the_list_before_one_that_lies_elsewhere) {
  for (const std::string root : {"", "/"}) {
    const auto in = [&](const std::string& path) { return root + path; };
    EXPECT_EQ(place(in("d/S"), hex + "  ../o/a", {in("o/a"), in("d/a")}), "moved " + in("d/a"));
    EXPECT_EQ(place(in("d/S"), hex + "  ../o/a", {in("o/a"), in("d/o/a"), in("d/a")}), "moved " + in("d/o/a"));
  }
  EXPECT_EQ(place("/d/S", hex + "  /o/a", {"/o/a", "/d/a"}), "moved /d/a");
}

TEST(find_listed, takes_the_file_that_is_named_where_it_is_there) {
  for (const std::string root : {"", "/"}) {
    const auto in = [&](const std::string& path) { return root + path; };
    EXPECT_EQ(place(in("d/S"), hex + "  a", {in("d/a")}), "exact " + in("d/a"));
    EXPECT_EQ(place(in("d/S"), hex + "  ./e//../a", {in("d/a")}), "exact " + in("d/a"));
    EXPECT_EQ(place(in("d/S"), hex + "  ../o/a", {in("o/a"), in("d/b")}), "exact " + in("o/a"));
    EXPECT_EQ(place(in("d/S"), hex + "  e/a", {in("d/e/a"), in("d/a")}), "exact " + in("d/e/a"));
  }
  EXPECT_EQ(place("/d/S", hex + "  /o/a", {"/o/a", "/d/b"}), "exact /o/a");
}

TEST(find_listed, takes_the_file_below_that_a_foreign_path_ends_with) {
  EXPECT_EQ(place("/d/S", hex + "  release/a.tar", {"/d/a.tar"}), "moved /d/a.tar");
  EXPECT_EQ(place("/d/S", hex + "  ../backups/e/a.tar", {"/d/a.tar", "/d/e/a.tar"}), "moved /d/e/a.tar");
  EXPECT_EQ(place("/d/S", hex + "  /srv/backups/a.tar", {"/d/a.tar"}), "moved /d/a.tar");
  EXPECT_EQ(place("/d/S", hex + "  x/../../../etc/passwd", {"/passwd", "/d/other"}), "missing /etc/passwd");
  EXPECT_EQ(place("S", hex + "  release/a.tar", {"a.tar"}), "moved a.tar");
}

TEST(find_listed, takes_the_file_after_which_the_list_is_named) {
  for (const std::string& line :
       std::vector<std::string>{hex, hex + "  -", hex + " *-", "SHA256 (stdin) = " + hex, hex + "  a.tar.tmp",
                                hex + "  .a.tar.X7", hex + "  /tmp/build/out"}) {
    EXPECT_EQ(place("/d/a.tar.sha256", line, {"/d/a.tar", "/d/b.tar"}), "own /d/a.tar") << line;
  }
  EXPECT_EQ(place("/d/a.sha256", hex, {"/d/a.tar.gz", "/d/a.md5"}), "own /d/a.tar.gz");
  EXPECT_EQ(place("/d/a.sha256", hex, {"/d/a.tar.gz", "/d/a.sql"}), "missing ") << "which of them?";
  EXPECT_EQ(place("/d/a.sha256", hex + "  gone", {"/d/a.tar.gz"}), "missing /d/gone") << "a name is believed";
  EXPECT_EQ(place("/d/SHA256SUMS", hex, {"/d/a.tar.gz"}), "missing ");
  EXPECT_EQ(place("/d/a.tar.sha256", hex + "  b\n" + hex + "  c\n", {"/d/a.tar"}), "missing /d/b");
  EXPECT_EQ(place("/d/a.tar.sha256", hex + "  b.tar", {"/d/a.tar", "/d/b.tar"}), "exact /d/b.tar");
}

TEST(find_listed, knows_lines_about_the_list_itself) {
  EXPECT_EQ(place("/d/SHA256SUMS", hex + "  SHA256SUMS", {"/d/SHA256SUMS"}), "itself /d/SHA256SUMS");
  EXPECT_EQ(place("/d/SHA256SUMS", hex + "  ./out/SHA256SUMS", {"/d/SHA256SUMS"}), "itself /d/SHA256SUMS");
  EXPECT_EQ(place("/d/SHA256SUMS", of_nothing + "  SHA256SUMS.tmp", {}), "itself /d/SHA256SUMS");
  EXPECT_EQ(place("/d/SHA256SUMS", hex + "  SHA256SUMS.old", {}), "missing /d/SHA256SUMS.old");
}

TEST(is_named_after, tells_a_files_own_list) {
  EXPECT_TRUE(is_named_after("d/x.sql.gz.sha256", "d/x.sql.gz"));
  EXPECT_TRUE(is_named_after("d/x.sha256", "d/x.tar.gz"));
  EXPECT_FALSE(is_named_after("d/x.sha256", "d/xy.tar.gz"));
  EXPECT_FALSE(is_named_after("d/x.sha256", "d/x.sha256"));
  EXPECT_FALSE(is_named_after("d/SHA256SUMS", "d/x.tar.gz"));
}

}  // namespace listed_file_test
