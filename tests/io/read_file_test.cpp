#include "knowngood/io/read_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "knowngood/testing/scratch_directory.hpp"

namespace read_file_test {

using namespace knowngood;

TEST(read_file, gives_the_bytes_as_they_are) {
  const scratch_directory here;
  const std::string bytes("a\0\r\nb", 5);
  here.write("file", bytes);
  here.write("empty", "");
  EXPECT_EQ(read_file((here.path() / "file").string(), location{"file"}, 5), bytes);
  EXPECT_EQ(read_file((here.path() / "empty").string(), location{"empty"}, 0), "");
}

TEST(read_file, refuses_what_is_not_there_is_no_file_or_is_too_large) {
  const scratch_directory here;
  here.write("file", "12345");
  EXPECT_THROW((void)read_file((here.path() / "file").string(), location{"file"}, 4), environment_error);
  EXPECT_THROW((void)read_file((here.path() / "none").string(), location{"none"}, 4), environment_error);
  EXPECT_THROW((void)read_file(here.path().string(), location{"directory"}, 4), environment_error);
}

TEST(is_file, holds_for_files_and_links_to_them) {
  const scratch_directory here;
  here.write("file", "x");
  std::filesystem::create_symlink("file", here.path() / "link");
  std::filesystem::create_symlink("nowhere", here.path() / "dangling");
  EXPECT_TRUE(is_file((here.path() / "file").string()));
  EXPECT_TRUE(is_file((here.path() / "link").string()));
  EXPECT_FALSE(is_file((here.path() / "dangling").string()));
  EXPECT_FALSE(is_file(here.path().string()));
}

}  // namespace read_file_test
