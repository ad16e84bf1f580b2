#include "knowngood/archive/confined_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"

namespace confined_directory_test {

using namespace knowngood;
using ::testing::ElementsAre;

class confined_directory_test : public ::testing::Test {
 protected:
  confined_directory_test() {
    (void)scratch_.run(
        "mkdir -p in/a/b out && echo content > in/a/b/file && echo secret > out/secret && cd in && ln -s a/b/file soft "
        "&& "
        "ln -s a/b dir && ln -s b/../b/file a/up && ln -s ../out/secret a/b/leak && ln -s ../../../out out && "
        "ln -s /etc/passwd absolute && ln -s loop loop && ln -s nowhere dangling && mkfifo pipe && ln -s .. a/root");
  }
  [[nodiscard]] confined_directory in() const { return confined_directory{scratch_.path() / "in"}; }
  [[nodiscard]] std::optional<std::string> read(std::string_view path) const {
    return in().read_file(path, location{"x"}, 1000);
  }

  scratch_directory scratch_;
};

TEST_F(confined_directory_test, reads_what_lies_beneath) {
  for (const char* path :
       {"a/b/file", "./a//b/./file", "/a/b/file", "soft", "dir/file", "a/up", "a/root/soft", "a/b/../b/file"}) {
    EXPECT_EQ(read(path), "content\n") << path;
  }
}

TEST_F(confined_directory_test, never_leads_out) {
  for (const char* path : {"../out/secret", "a/b/leak", "out/secret", "absolute", "a/root/../../out/secret",
                           "a/root/..", "..", "../in/soft", "/../in/soft"}) {
    EXPECT_EQ(read(path), std::nullopt) << path;
    EXPECT_EQ(in().resolve(path), std::nullopt) << path;
  }
  EXPECT_FALSE(in().status("out/secret")) << "through a link";
  EXPECT_FALSE(in().status("../out"));
}

TEST_F(confined_directory_test, has_no_file_where_none_is) {
  for (const char* path : {"", ".", "a", "dir", "loop", "dangling", "pipe", "gone", "a/b/file/more"})
    EXPECT_EQ(read(path), std::nullopt) << path;
  EXPECT_EQ(read(std::string(5000, 'x')), std::nullopt);
  EXPECT_THROW((void)in().read_file("soft", location{"x"}, 3), environment_error);
  EXPECT_THROW(confined_directory{scratch_.path() / "gone"}, environment_error);
}

TEST_F(confined_directory_test, says_what_lies_at_a_name) {
  EXPECT_TRUE(S_ISLNK(in().status("soft")->st_mode));
  EXPECT_TRUE(S_ISDIR(in().status("")->st_mode));
  EXPECT_EQ(in().status("a/b/file")->st_size, 8);
  EXPECT_FALSE(in().status("dir/file")) << "through a link";
  EXPECT_EQ(in().resolve("dir/file"), "a/b/file");
  EXPECT_EQ(in().resolve("a/root"), "");
}

TEST_F(confined_directory_test, walks_everything_once) {
  std::vector<std::string> seen;
  in().walk([&](const std::string& path, const struct stat&) {
    seen.push_back(path);
    return true;
  });
  std::sort(seen.begin(), seen.end());
  EXPECT_THAT(seen, ElementsAre("a", "a/b", "a/b/file", "a/b/leak", "a/root", "a/up", "absolute", "dangling", "dir",
                                "loop", "out", "pipe", "soft"));
  int visits = 0;
  in().walk([&](const std::string&, const struct stat&) { return ++visits < 3; });
  EXPECT_EQ(visits, 3);
}

}  // namespace confined_directory_test
