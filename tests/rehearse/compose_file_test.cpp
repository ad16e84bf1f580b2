// A compose file is judged for what would keep `docker compose up` from working, as a table: what is sound passes
// without a word, each fault is found by its check.

#include "knowngood/rehearse/compose_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace compose_file_test {

using namespace knowngood;
using namespace std::string_view_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct judged {
  std::vector<std::string> checks;
  std::string text;
};

judged judge(std::string_view text, compose_surroundings around = {}) {
  finding_list found;
  compose_file file{text, location{"docker-compose.yml"}, found};
  if (file.parsed()) {
    around.names.add(file.names());
    if (!around.has_file) around.has_file = [](std::string_view) { return true; };
    file.check(around);
  }
  judged result;
  for (const auto& one : found.snapshot()) {
    result.checks.push_back(one.check);
    result.text += fmt::format("{}: {} ({} / {})\n", one.check, one.message, one.expected, one.actual);
  }
  return result;
}

TEST(compose_file, that_works_raises_no_alarm) {
  for (
      const std::string_view sound :
      {"services:\n  web:\n    image: nginx\n"sv, "# only this\nservices:\n  web: {build: .}\n"sv,
       "version: '3'\nservices:\n  db:\n    image: postgres:15\n    volumes:\n      - data:/var/lib/postgresql/data\nvolumes:\n  data:\n"sv,
       "x-common: &common\n  image: app\nservices:\n  a:\n    <<: *common\n  b:\n    <<: [*common]\n    command: [run]\n"sv,
       "services:\n  web:\n    image: a\n    depends_on: [db]\n  db:\n    image: b\n"sv, "include:\n  - other.yml\n"sv,
       "services:\r\n  web:\r\n    image: nginx\r\n"sv}) {
    const judged got = judge(sound);
    EXPECT_THAT(got.checks, IsEmpty()) << sound << "\n" << got.text;
  }
}

TEST(compose_file, that_is_none_is_found_out) {
  for (const std::string_view broken :
       {""sv, "# nothing\n"sv, "just a word\n"sv, "- a\n- list\n"sv, "services:\n  web:\n    image: 'ngi"sv,
        "services: [web]\n"sv, "services:\n  web: nginx\n"sv, "services:\n  web:\n    ports: 80\n  \tbad"sv,
        "services:\n  web:\n    command: x\n"sv, "services: {}\n"sv,
        "services:\n  web:\n    image: a\nvolumes: text\n"sv, "services:\n  web:\n    image: a\xff\n"sv,
        "services:\n  web:\n    image: a\0b\n"sv, "services:\n  web:\n    image: *nowhere\n"sv}) {
    EXPECT_THAT(judge(broken).checks, Contains("restore.syntax")) << broken;
  }
}

TEST(compose_file, shows_no_value_of_its_own) {
  const judged got =
      judge("services:\n  db:\n    image: a\n    environment: secret-gehe1m\n    volumes: secret-gehe1m\n");
  EXPECT_THAT(got.checks, Not(IsEmpty()));
  EXPECT_THAT(got.text, Not(HasSubstr("gehe1m")));
}

TEST(compose_file, misses_the_files_that_it_names) {
  compose_surroundings around;
  around.has_file = [](std::string_view path) { return path != "app.env"; };
  const std::string_view text = "services:\n  web:\n    image: a\n    env_file: [app.env, other.env]\n";
  EXPECT_THAT(judge(text, around).checks, ElementsAre("restore.missing-file"));
  around.has_file = [](std::string_view) { return true; };
  EXPECT_THAT(judge(text, around).checks, IsEmpty());
}

TEST(compose_file, takes_no_time_over_aliases_that_multiply) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i)
    bomb +=
        fmt::format("a{0}: &a{0} [{1}]\n", i, fmt::join(std::vector<std::string>(9, fmt::format("*a{}", i - 1)), ", "));
  EXPECT_NO_THROW({
    try {
      judge(bomb + "services:\n  web:\n    image: a\n    command: *a11\n");
    } catch (const environment_error&) {  // what it says then is that nobody looked
    }
  });
}

TEST(compose_file, that_nests_without_end_is_refused) {
  EXPECT_THAT(judge("services: " + std::string(5000, '[') + std::string(5000, ']') + "\n").checks,
              Contains("restore.syntax"));
}

TEST(compose_file, that_overrides_another_need_not_be_complete) {
  compose_surroundings around;
  around.alone = false;
  EXPECT_THAT(judge("services:\n  web:\n    command: [debug]\n", around).checks, IsEmpty());
}

}  // namespace compose_file_test
