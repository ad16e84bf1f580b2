#include "knowngood/io/atomic_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <thread>
#include <vector>

namespace atomic_file_test {

using namespace knowngood;
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class atomic_file : public testing::Test {
 protected:
  atomic_file() {
    std::string name = (fs::temp_directory_path() / "atomic_file.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
    folder_ = name;
    old_mask_ = ::umask(022);
  }
  ~atomic_file() override {
    ::umask(old_mask_);
    fs::remove_all(folder_);
  }

  [[nodiscard]] std::string at(const std::string& name) const { return (folder_ / name).string(); }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator{folder_}) all.push_back(entry.path().filename().string());
    std::sort(all.begin(), all.end());
    return all;
  }
  static std::string content(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  static unsigned mode(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 07777U;
  }
  static void write(const std::string& path, std::string_view bytes) {
    write_file_atomically(path, bytes, location{path});
  }
  /// The error of writing `bytes` to `path`; fails when there is none.
  static environment_error error_of(const std::string& path, std::string_view bytes = "bytes") {
    try {
      write(path, bytes);
    } catch (const environment_error& error) {
      EXPECT_FALSE(error.advice().empty());
      EXPECT_EQ(error.where(), location{path});
      return error;
    }
    ADD_FAILURE() << path << " was written";
    return environment_error{location{}, "", ""};
  }

  fs::path folder_;
  mode_t old_mask_ = 0;
};

TEST_F(atomic_file, writes_a_new_file_and_leaves_nothing_beside_it) {
  const std::string bytes = std::string{"a\0b\n", 4} + std::string(3'000'000, 'x');
  write(at("report.json"), bytes);
  EXPECT_TRUE(content(at("report.json")) == bytes);
  EXPECT_THAT(names(), ElementsAre("report.json"));
  EXPECT_EQ(mode(at("report.json")), 0644U);
  write(at("empty"), "");
  EXPECT_EQ(fs::file_size(at("empty")), 0U);
}

TEST_F(atomic_file, obeys_the_umask_for_a_new_file) {
  ::umask(077);
  write(at("private"), "x");
  EXPECT_EQ(mode(at("private")), 0600U);
}

TEST_F(atomic_file, replaces_a_file_and_keeps_its_mode) {
  ::umask(077);
  for (const unsigned kept : {0600U, 0640U, 0664U, 0604U}) {
    std::ofstream{at("report.json")} << "a longer, older report";
    ASSERT_EQ(::chmod(at("report.json").c_str(), kept), 0);
    write(at("report.json"), "new");
    EXPECT_EQ(content(at("report.json")), "new");
    EXPECT_EQ(mode(at("report.json")), kept);
    EXPECT_THAT(names(), ElementsAre("report.json"));
  }
}

TEST_F(atomic_file, replaces_the_file_and_never_rewrites_it_in_place) {
  std::ofstream{at("report.json")} << "old";
  std::ifstream reader{at("report.json")};
  write(at("report.json"), "new");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>{reader}, {}), "old") << "whoever reads keeps what he opened";
  EXPECT_EQ(content(at("report.json")), "new");
}

TEST_F(atomic_file, writes_a_name_without_a_directory_and_one_of_the_longest_length) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  write("bare", "x");
  fs::current_path(before);
  EXPECT_EQ(content(at("bare")), "x");
  write(at(std::string(255, 'n')), "x");
  EXPECT_EQ(content(at(std::string(255, 'n'))), "x");
  EXPECT_THAT(error_of(at(std::string(256, 'n'))).what(), HasSubstr("File name too long"));
}

TEST_F(atomic_file, replaces_what_a_symbolic_link_points_to_and_keeps_the_link) {
  fs::create_directory(at("store"));
  std::ofstream{at("store/real")} << "old";
  fs::create_symlink("store/real", at("latest"));
  fs::create_symlink("latest", at("latest_of_latest"));
  write(at("latest_of_latest"), "new");
  EXPECT_TRUE(fs::is_symlink(at("latest")));
  EXPECT_EQ(content(at("store/real")), "new");
  fs::create_symlink("store/not_yet", at("dangling"));
  write(at("dangling"), "made");
  EXPECT_EQ(content(at("store/not_yet")), "made");
  fs::create_symlink("loop", at("loop"));
  EXPECT_THAT(error_of(at("loop")).what(), HasSubstr("symbolic links"));
}

TEST_F(atomic_file, says_what_is_wrong_with_a_path_that_cannot_be) {
  std::ofstream{at("file")} << "kept";
  EXPECT_THAT(error_of(at("file/report.json")).what(), HasSubstr("Not a directory"));
  EXPECT_THAT(error_of(at("missing/report.json")).what(), HasSubstr("No such file or directory"));
  EXPECT_THAT(error_of(at("missing/report.json")).advice(), HasSubstr("create it"));
  EXPECT_THAT(error_of(folder_.string()).what(), HasSubstr("Is a directory"));
  EXPECT_THAT(error_of(at("new/")).what(), HasSubstr("Is a directory"));
  EXPECT_THAT(error_of("").what(), HasSubstr("empty path"));
  EXPECT_THAT(error_of(at(std::string{"a\0b", 3})).what(), HasSubstr("zero byte"));
  EXPECT_EQ(content(at("file")), "kept");
  EXPECT_THAT(names(), ElementsAre("file"));
}

TEST_F(atomic_file, says_that_the_directory_may_not_be_written_to) {
  if (::geteuid() == 0) {  // root may write anywhere but here
    EXPECT_THAT(error_of("/proc/report.json").what(), HasSubstr("cannot create a temporary file"));
    return;
  }
  ASSERT_EQ(::chmod(folder_.c_str(), 0555), 0);
  EXPECT_THAT(error_of(at("report.json")).what(), HasSubstr("Permission denied"));
  EXPECT_THAT(error_of(at("report.json")).advice(), HasSubstr("who may write"));
  ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
}

TEST_F(atomic_file, leaves_the_old_file_when_the_new_one_does_not_fit) {
  write(at("report.json"), "old");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{100'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const environment_error error = error_of(at("report.json"), std::string(1'000'000, 'x'));
  EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_THAT(error.what(), HasSubstr("cannot write: File too large"));
  EXPECT_THAT(error.advice(), HasSubstr("ulimit -f"));
  EXPECT_EQ(content(at("report.json")), "old");
  EXPECT_THAT(names(), ElementsAre("report.json"));
}

TEST_F(atomic_file, removes_the_temporary_file_when_the_place_is_taken) {
  // The target becomes a directory between looking and renaming: only the rename itself can see that.
  const location where{"report"};
  detail::temporary_file temporary{at(""), 0644, where};
  fs::create_directory(at("report"));
  EXPECT_THROW(temporary.rename_to(at("report"), where), environment_error);
  EXPECT_EQ(names().size(), 2U);
  { const auto gone = std::make_unique<detail::temporary_file>(at(""), 0644, where); }
  EXPECT_EQ(names().size(), 2U);
}

TEST_F(atomic_file, finds_a_full_device) {
  const environment_error error = error_of("/dev/full");
  EXPECT_THAT(error.what(), HasSubstr("No space left on device"));
  EXPECT_THAT(error.advice(), HasSubstr("free space"));
  EXPECT_TRUE(fs::is_character_file("/dev/full")) << "a device is written to, never replaced";
  fs::create_symlink("/dev/full", at("full"));
  EXPECT_THAT(error_of(at("full")).what(), HasSubstr("No space left on device"));
}

TEST_F(atomic_file, writes_to_devices_and_pipes_directly) {
  write("/dev/null", "x");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  const std::string bytes(1'000'000, 'p');
  std::string got;
  std::thread reader{[&] { got = content(at("pipe")); }};
  write(at("pipe"), bytes);
  reader.join();
  EXPECT_TRUE(got == bytes);
  EXPECT_TRUE(fs::is_fifo(at("pipe")));
  EXPECT_THAT(names(), ElementsAre("pipe"));
}

TEST_F(atomic_file, writes_to_a_named_descriptor_behind_what_was_written_there_before) {
  const std::string path = at("redirected");
  const file_descriptor opened{::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
  ASSERT_GE(opened.get(), 0);
  ASSERT_EQ(::write(opened.get(), "before ", 7), 7);
  write(fmt::format("/dev/fd/{}", opened.get()), "bytes");
  EXPECT_EQ(content(path), "before bytes") << "a redirected stream is continued, neither cut nor replaced";
  fs::create_symlink(fmt::format("/proc/self/fd/{}", opened.get()), at("link"));
  write(at("link"), "!");
  EXPECT_EQ(content(path), "before bytes!");
  EXPECT_THAT(error_of("/dev/fd/987654").what(), HasSubstr("Bad file descriptor"));
}

TEST_F(atomic_file, waits_for_a_slow_reader_of_a_pipe_that_does_not_block) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
  file_descriptor out{ends[1]};
  const file_descriptor in{ends[0]};
  const std::string bytes(300'000, 'p');
  std::size_t got = 0;
  std::thread reader{[&] {
    std::array<char, 1000> some{};
    while (got < bytes.size()) {
      const ssize_t now = ::read(in.get(), some.data(), some.size());
      if (now > 0) got += static_cast<std::size_t>(now);
    }
  }};
  write(fmt::format("/dev/fd/{}", out.get()), bytes);
  reader.join();
  EXPECT_EQ(got, bytes.size());
}

TEST_F(atomic_file, refuses_a_socket) {
  const file_descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  at("socket").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_THAT(error_of(at("socket")).what(), HasSubstr("neither a regular file"));
  EXPECT_TRUE(fs::is_socket(at("socket")));
}

TEST_F(atomic_file, two_writers_at_once_leave_one_whole_file) {
  const std::string a(200'000, 'a');
  const std::string b(200'000, 'b');
  std::thread first{[&] {
    for (int i = 0; i < 20; ++i) write(at("report.json"), a);
  }};
  std::thread second{[&] {
    for (int i = 0; i < 20; ++i) write(at("report.json"), b);
  }};
  first.join();
  second.join();
  const std::string left = content(at("report.json"));
  EXPECT_TRUE(left == a || left == b);
  EXPECT_THAT(names(), ElementsAre("report.json"));
}

}  // namespace atomic_file_test
