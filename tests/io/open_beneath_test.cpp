#include "knowngood/io/open_beneath.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "knowngood/testing/scratch_directory.hpp"

namespace open_beneath_test {

using namespace knowngood;

using opener = std::function<file_descriptor(int, const std::string&, int)>;

// With openat2, where the kernel has it, and without.
const std::pair<const char*, opener> openers[] = {
    {"openat2", [](int at, const std::string& path, int flags) { return open_beneath(at, path, flags, 0600); }},
    {"parts", [](int at, const std::string& path, int flags) { return detail::walk_beneath(at, path, flags, 0600); }}};

std::string text_of(const file_descriptor& file) {
  std::string text(64, '\0');
  const ssize_t got = file.get() < 0 ? 0 : ::read(file.get(), text.data(), text.size());
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

TEST(open_beneath, opens_what_lies_there_and_nothing_else) {
  const scratch_directory here;
  ASSERT_EQ(here.run("mkdir -p in/a/b out && echo good > in/a/b/f && echo bad > out/f && ln -s ../../out in/a/out && "
                     "ln -s b in/a/c && ln -s f in/a/b/g && ln -s /etc in/etc")
                .status,
            0);
  const file_descriptor in{::open((here.path() / "in").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  for (const auto& [name, open] : openers) {
    EXPECT_EQ(text_of(open(in.get(), "a/b/f", O_RDONLY)), "good\n") << name;
    EXPECT_EQ(text_of(open(in.get(), "a//b/./f", O_RDONLY)), "good\n") << name;
    EXPECT_GE(open(in.get(), "", O_RDONLY | O_DIRECTORY).get(), 0) << name << ": itself";
    for (const char* path : {"a/out/f", "a/c/f", "a/b/g", "etc/passwd", "../out/f", "a/../../out/f", "/etc/passwd",
                             "a/out", "a/b/f/x", "a/none"}) {
      EXPECT_LT(open(in.get(), path, O_RDONLY).get(), 0) << name << " " << path;
      EXPECT_NE(errno, 0);
    }
    const std::string made = std::string{"a/b/made by "} + name;
    EXPECT_GE(open(in.get(), made, O_WRONLY | O_CREAT | O_EXCL).get(), 0) << name;
    EXPECT_LT(open(in.get(), "a/out/made", O_WRONLY | O_CREAT).get(), 0) << name;
  }
  EXPECT_EQ(here.run("ls out").output, "f\n");
}

TEST(open_beneath, is_not_led_out_by_whoever_swaps_names) {
  const scratch_directory here;
  ASSERT_EQ(here.run("mkdir -p in/a out && echo good > in/a/f && echo bad > out/f && ln -s ../out in/l").status, 0);
  const file_descriptor in{::open((here.path() / "in").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  std::atomic<bool> stop{false};
  std::atomic<unsigned> swaps{0};
  std::thread attacker{[&] {
    constexpr unsigned exchange = 2;  // RENAME_EXCHANGE
    while (!stop) swaps += ::syscall(SYS_renameat2, in.get(), "a", in.get(), "l", exchange) == 0 ? 1U : 0U;
  }};
  unsigned opened = 0;
  unsigned led_astray = 0;
  for (int round = 0; round < 4'000; ++round) {
    const std::string text = text_of(openers[round % 2].second(in.get(), "a/f", O_RDONLY));
    opened += text == "good\n" ? 1U : 0U;
    EXPECT_NE(text, "bad\n");
    const file_descriptor by_path{::openat(in.get(), "a/f", O_RDONLY | O_CLOEXEC)};
    led_astray += text_of(by_path) == "bad\n" ? 1U : 0U;
  }
  stop = true;
  attacker.join();
  EXPECT_GT(opened, 0U);
  EXPECT_GT(swaps, 0U);
  EXPECT_GT(led_astray, 0U) << "an opening by path, which is what this is about";
}

}  // namespace open_beneath_test
