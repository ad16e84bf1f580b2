#include "knowngood/io/file_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "knowngood/io/drain.hpp"
#include "knowngood/testing/scratch_directory.hpp"
#include "knowngood/testing/source_suite.hpp"

namespace file_source_test {

using namespace knowngood;
using ::testing::HasSubstr;

class files : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return (here.path() / name).string(); }
  scratch_directory here;
};

TEST_F(files, are_read_from_start_to_end_in_chunks) {
  const std::string bytes(100'001, 'x');
  here.write("f", bytes);
  for (const std::size_t chunk : std::vector<std::size_t>{1000, 65'536, 1 << 20}) {
    file_source file{path("f"), location{"f"}, chunk};
    EXPECT_EQ(file.size(), bytes.size());
    EXPECT_EQ(read_through(file).bytes, bytes);
    EXPECT_TRUE(file.next().empty());
  }
}

TEST_F(files, keep_their_chunks_when_asked_to) {
  here.write("f", "abcdef");
  file_source file{path("f"), location{"f"}, 2};
  ASSERT_TRUE(file.retain(3));
  std::vector<byte_view> chunks;
  for (int i = 0; i < 3; ++i) chunks.push_back(file.next());
  std::string seen;
  for (const auto& chunk : chunks) seen.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
  EXPECT_EQ(seen, "abcdef");
}

TEST_F(files, that_grow_or_shrink_while_they_are_read_are_not_what_was_asked_about) {
  for (const std::string change : {"echo more >> f", "truncate -s 3000 f"}) {
    here.write("f", std::string(5000, 'x'));
    file_source file{path("f"), location{"f"}, 1000};
    static_cast<void>(file.next());
    ASSERT_EQ(here.run(change).status, 0);
    const reading got = read_through(file);
    ASSERT_TRUE(got.failure) << change;
    EXPECT_EQ(got.failure->check, "file.changed");
  }
}

TEST_F(files, that_cannot_be_opened_say_why_and_what_to_do) {
  try {
    file_source gone{path("gone"), location{"gone"}};
    FAIL() << "opened what is not there";
  } catch (const environment_error& error) {
    EXPECT_THAT(std::string{error.what()}, HasSubstr("No such file"));
    EXPECT_THAT(error.advice(), HasSubstr("check the path"));
  }
  EXPECT_THROW((file_source{here.path().string(), location{"d"}}), environment_error);
}

TEST_F(files, may_be_pipes_whose_size_nobody_knows) {
  ASSERT_EQ(here.run("mkfifo p").status, 0);
  std::jthread writer{[this] { static_cast<void>(here.run("head -c 300000 /dev/zero > p")); }};
  file_source pipe{path("p"), location{"p"}};
  EXPECT_FALSE(pipe.size());
  EXPECT_EQ(drain(pipe), 300'000U);
}

}  // namespace file_source_test
