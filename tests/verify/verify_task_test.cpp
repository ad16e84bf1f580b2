#include "knowngood/verify/verify_task.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "knowngood/testing/scratch_directory.hpp"
#include "postgres/sample_dump.hpp"

namespace verify_task_test {

using namespace knowngood;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

class task_while_something_happens : public ::testing::Test {
 protected:
  task_while_something_happens() {
    here.write("d.sql", sample_dump);
    here.write("other.sql", sample_dump + "-- another one\n");
    before = here.run("sha256sum < d.sql").output.substr(0, 64);
  }

  // Verifies d.sql; `happens` as soon as something of it was read.
  artifact_report verify(const std::function<void()>& happens) {
    artifact_task task;
    task.path = (here.path() / "d.sql").string();
    verify_options options;
    bool once = false;
    options.on_bytes = [&](std::uint64_t) {
      if (!std::exchange(once, true)) happens();
    };
    return verify_task(task, options);
  }
  [[nodiscard]] std::filesystem::path file(const std::string& name) const { return here.path() / name; }
  static std::vector<std::string> checks(const artifact_report& of) {
    std::vector<std::string> ids;
    for (const auto& one : of.findings) ids.push_back(one.check);
    return ids;
  }

  scratch_directory here;
  std::string before;
};

TEST_F(task_while_something_happens, is_judged_as_ever_where_nothing_does) {
  const artifact_report report = verify([] {});
  EXPECT_EQ(report.verdict, verdict::unprotected) << "no checksum file vouches for it";
  EXPECT_THAT(checks(report), Not(Contains("file.replaced")));
  EXPECT_THAT(checks(report), Not(Contains("file.changed")));
}

TEST_F(task_while_something_happens, reports_what_was_digested_and_says_that_another_file_is_there) {
  const artifact_report report = verify([this] { std::filesystem::rename(file("other.sql"), file("d.sql")); });
  EXPECT_EQ(report.digests.at("SHA256"), before);
  EXPECT_EQ(report.verdict, verdict::unprotected) << "what was read is as good as before";
  EXPECT_THAT(checks(report), Contains("file.replaced"));
}

TEST_F(task_while_something_happens, says_that_the_file_is_gone) {
  const artifact_report report = verify([this] { std::filesystem::remove(file("d.sql")); });
  EXPECT_EQ(report.digests.at("SHA256"), before);
  EXPECT_THAT(checks(report), Contains("file.replaced"));
}

TEST_F(task_while_something_happens, finds_a_file_that_grew_or_was_cut) {
  for (const std::uintmax_t size : {std::uintmax_t{0}, std::filesystem::file_size(file("d.sql")) + 100}) {
    here.write("d.sql", sample_dump);
    const artifact_report report = verify([&] { std::filesystem::resize_file(file("d.sql"), size); });
    EXPECT_NE(report.verdict, verdict::sound) << size;
    const bool told = std::any_of(report.findings.begin(), report.findings.end(), [](const finding& one) {
      return one.check == "file.changed" || one.check == "file.replaced";
    });
    EXPECT_TRUE(told) << size;
  }
}

TEST_F(task_while_something_happens, says_that_it_was_written_to_where_the_size_stays) {
  const artifact_report report = verify([this] {
    std::fstream{file("d.sql"), std::ios::in | std::ios::out} << "--";
    std::filesystem::last_write_time(file("d.sql"),
                                     std::filesystem::file_time_type::clock::now() + std::chrono::seconds{9});
  });
  EXPECT_THAT(checks(report), Contains("file.replaced"));
}

TEST_F(task_while_something_happens, ends_in_a_report_where_it_breaks_off) {
  const artifact_report starved = verify([] { throw std::bad_alloc{}; });
  EXPECT_EQ(starved.verdict, verdict::unchecked);
  ASSERT_FALSE(starved.unchecked.empty());
  const artifact_report broken = verify([] { throw std::logic_error{"of the program"}; });
  EXPECT_EQ(broken.verdict, verdict::unchecked);
  ASSERT_FALSE(broken.unchecked.empty());
  EXPECT_NE(broken.unchecked.front().message.find("of the program"), std::string::npos);
}

}  // namespace verify_task_test
