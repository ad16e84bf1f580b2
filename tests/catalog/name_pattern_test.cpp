#include "knowngood/catalog/name_pattern.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "catalog/estate.hpp"

namespace name_pattern_test {

using namespace catalog_test;

struct readable {
  std::string pattern;
  std::string name;
  std::string timestamp;  ///< as to_string has it; `bad` when the digits are no date; `none` without a timestamp
  std::string series;
  std::string stem;
};

TEST(name_pattern, reads_the_names_of_the_procedures) {
  const std::vector<readable> cases{
      {"ner11_db_{timestamp}.sql.gz", "ner11_db_20251204_020000.sql.gz", "2025-12-04 02:00", "",
       "ner11_db_20251204_020000"},
      {"models_{timestamp}.tar.gz", "models_20251204_100000.tar.gz", "2025-12-04 10:00", "", "models_20251204_100000"},
      {"ner11_repo_{timestamp:%Y%m%d}.bundle", "ner11_repo_20251204.bundle", "2025-12-04 00:00", "",
       "ner11_repo_20251204"},
      {"ner11_{series}_{timestamp}.tar.gz", "ner11_postgres_data_20251204_030059.tar.gz", "2025-12-04 03:00:59",
       "postgres_data", "ner11_postgres_data_20251204_030059"},
      {"full_system_{timestamp}.tar.gz", "full_system_20240229_050000.tar.gz", "2024-02-29 05:00", "",
       "full_system_20240229_050000"},
      {"full_system_{timestamp}/", "full_system_20251204_050000", "2025-12-04 05:00", "",
       "full_system_20251204_050000"},
      {"{series}-{timestamp:%F}.log", "api-2025-12-04.log", "2025-12-04 00:00", "api", "api-2025-12-04"},
      {"{series}-{timestamp:%F}.log", "my-api-2025-12-04-2025-12-05.log", "2025-12-05 00:00", "my-api-2025-12-04",
       "my-api-2025-12-04-2025-12-05"},
      {"db.v2.{timestamp:%Y-%m-%dT%H%M}.dump", "db.v2.2025-12-04T0215.dump", "2025-12-04 02:15", "",
       "db.v2.2025-12-04T0215"},
      {"x{timestamp:%y%j}", "x24366", "2024-12-31 00:00", "", "x24366"},
      {"x{timestamp:%y%j}", "x25366", "bad", "", "x25366"},
      {"x{timestamp:%d.%m.%Y}*.gz", "x04.12.2025-copy.tar.gz", "2025-12-04 00:00", "", "x04.12.2025-copy.tar"},
      {"db_{timestamp}.*", "db_20251204_020000.sql.gz", "2025-12-04 02:00", "", "db_20251204_020000"},
      {"?b_*_{timestamp}.gz", "db_a_b_20251204_020000.gz", "2025-12-04 02:00", "", "db_a_b_20251204_020000"},
      {"{{x}}_{timestamp}", "{x}_20251204_020000", "2025-12-04 02:00", "", "{x}_20251204_020000"},
      {"latest.dump", "latest.dump", "none", "", "latest"},
      {"plain", "plain", "none", "", "plain"},
      {"d_{timestamp}", "d_20250229_000000", "bad", "", "d_20250229_000000"},
      {"d_{timestamp}", "d_20251304_000000", "bad", "", "d_20251304_000000"},
      {"d_{timestamp}", "d_20251204_240000", "bad", "", "d_20251204_240000"},
      {"d_{timestamp}", "d_00000000_000000", "bad", "", "d_00000000_000000"},
      {"d_{timestamp}", "d_20251231_235960", "2026-01-01 00:00", "", "d_20251231_235960"},
  };
  for (const auto& one : cases) {
    const auto said = name_pattern{one.pattern}.match(one.name);
    ASSERT_TRUE(said) << one.pattern << " does not match " << one.name;
    const std::string timestamp = said->timestamp                ? to_string(*said->timestamp)
                                  : said->timestamp_text.empty() ? "none"
                                                                 : "bad";
    EXPECT_EQ(timestamp, one.timestamp) << one.name;
    EXPECT_EQ(said->series, one.series) << one.name;
    EXPECT_EQ(said->stem, one.stem) << one.name;
  }
}

TEST(name_pattern, fits_whole_names_only) {
  const name_pattern dump{"ner11_db_{timestamp}.sql.gz"};
  const std::string whole = "ner11_db_20251204_020000.sql.gz";
  ASSERT_TRUE(dump.match(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(dump.match(whole.substr(0, size))) << size;
  for (std::size_t size = 1; size <= whole.size(); ++size) EXPECT_FALSE(dump.match(whole.substr(size))) << size;
  for (const std::string other :
       {"ner11_db_20251204_020000.sql.gz.sha256", "ner11_db_2025-12-04_020000.sql.gz", "ner11_db_.sql.gz",
        "Ner11_db_20251204_020000.sql.gz", "ner11_db_20251204_02000.sql.gz", "ner11_db_20251204_0200000.sql.gz",
        "ner11_db_2025120x_020000.sql.gz", "ner11_db_-0251204_020000.sql.gz", "ner11_db_20251204_020000xsqlxgz"}) {
    EXPECT_FALSE(dump.match(other)) << other;
  }
  EXPECT_FALSE(name_pattern{"ner11_{series}_{timestamp}.gz"}.match("ner11__20251204_020000.gz"))
      << "a series is never empty";
  EXPECT_TRUE(name_pattern{"ner11_*{timestamp}.gz"}.match("ner11_20251204_020000.gz")) << "a star may be";
}

TEST(name_pattern, gives_the_timestamp_as_spelt_and_its_precision) {
  const auto said = name_pattern{"a{timestamp:%Y.%m.%d-%H}z"}.match("a2025.12.04-02z");
  ASSERT_TRUE(said);
  EXPECT_EQ(said->timestamp_text, "2025.12.04-02");
  EXPECT_EQ(said->precision, std::chrono::hours{1});
  EXPECT_EQ(name_pattern{"{timestamp:%F}"}.match("2025-12-04")->precision, std::chrono::hours{24});
  EXPECT_EQ(name_pattern{"{timestamp:%F %H%M}"}.match("2025-12-04 0200")->precision, std::chrono::minutes{1});
  EXPECT_EQ(name_pattern{"{timestamp}"}.match("20251204_020000")->precision, std::chrono::seconds{1});
}

TEST(name_pattern, is_not_slowed_down_by_hostile_names) {
  const name_pattern stars{"*a*a*a*a*a*a*a*a*a*a*a*a{timestamp}*b"};
  EXPECT_FALSE(stars.match(std::string(255, 'a')));
  EXPECT_FALSE(stars.match(std::string(240, 'a') + "20251204_02000"));
  EXPECT_TRUE(stars.match(std::string(239, 'a') + "20251204_020000b"));
  EXPECT_FALSE(name_pattern{"x{timestamp}"}.match(std::string_view{"x\0x", 3}));
}

TEST(name_pattern, says_what_is_wrong_with_a_pattern) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "must not be empty"},
      {"/", "must not be empty"},
      {"a/{timestamp}", "belongs in `path`"},
      {"{timestmp}.gz", "did you mean `{timestamp}`?"},
      {"{sereis}", "did you mean `{series}`?"},
      {"{wholly different}", "there are {timestamp}"},
      {"{timestamp", "without its `}`"},
      {"a}b", "write `}}`"},
      {"{timestamp}{timestamp}", "two timestamps"},
      {"{series}{series}", "two series"},
      {"{timestamp:%Y}", "no whole date"},
      {"{timestamp:%m%d}", "no whole date"},
      {"{timestamp:}", "no whole date"},
      {"{timestamp:%Y%m%d%M}", "leaves out the hours"},
      {"{timestamp:%Y%m%d%H%S}", "leaves out the hours or minutes"},
      {"{timestamp:%Y%m%d%Z}", "holds `%Z`"},
      {"{timestamp:%Y%m%d%}", "holds `%`"},
      {"{timestamp:%Y/%m/%d}", "holds a `/`"},
      {"{timestamp:%Y%Y%m%d}", "twice"},
      {"{series:x}", "unknown placeholder"},
      {".hidden_{timestamp}", "begin with a dot"}};
  for (const auto& [text, expected] : cases) {
    const std::string message = mistake([&, pattern = text] { static_cast<void>(name_pattern{pattern}); });
    EXPECT_NE(message.find(expected), std::string::npos) << text << ": " << message;
  }
}

}  // namespace name_pattern_test
