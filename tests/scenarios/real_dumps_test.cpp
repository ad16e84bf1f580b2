// Dumps that a real pg_dump and pg_dumpall write, in every style: none of them raises an alarm, every cut short is found, and the
// row sets are those of the live database.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "estate_copy.hpp"
#include "restorable/io/memory_source.hpp"
#include "restorable/postgres/dump_check.hpp"

namespace {

using namespace restorable;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class real_dumps : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    here_ = std::make_unique<scratch_directory>();
    const tool_run made = here_->run("bash '" + source_directory + "/tests/scenarios/dump_in_every_style' \"$PWD\" 2>&1");
    ASSERT_EQ(made.status, 0) << made.output;
  }
  static void TearDownTestSuite() { here_.reset(); }

  struct checked {
    dump_summary summary;
    std::vector<std::string> checks;
    std::string text;
  };
  static checked check(const std::string& script) {
    checked result;
    finding_list findings;
    try {
      result.summary = check_plain_dump(std::make_unique<memory_source>(script, 65'536), location{"dump"}, findings);
    } catch (const stream_error& error) {
      findings.report(error.as_finding());
    }
    for (const auto& one : findings.snapshot()) {
      result.checks.push_back(one.check);
      result.text += fmt::format("{}: {} ({} / {})\n", one.check, one.message, one.expected, one.actual);
    }
    return result;
  }
  static row_set rows_of_copy(std::string_view data) {
    row_set rows;
    while (!data.empty()) {
      const std::size_t newline = data.find('\n');
      rows.add(data.substr(0, newline));
      data.remove_prefix(newline == std::string_view::npos ? data.size() : newline + 1);
    }
    return rows;
  }
  static std::map<std::string, row_set> live_rows() {
    std::map<std::string, row_set> tables;
    for (int n = 1; std::filesystem::exists(here_->path() / fmt::format("rows/{}.statement", n)); ++n) {
      tables[parse_copy(here_->read(fmt::format("rows/{}.statement", n)))->table] = rows_of_copy(here_->read(fmt::format("rows/{}.copy", n)));
    }
    return tables;
  }

  static inline std::unique_ptr<scratch_directory> here_;
};

TEST_F(real_dumps, raise_no_alarm_in_any_style) {
  for (const std::string name : {"plain", "create", "one_table", "data_only", "inserts", "column_inserts", "no_owner", "quoted",
                                 "partition_root", "sections", "berlin", "old_strings", "latin1", "utf8_of_latin1", "sjis", "cluster",
                                 "globals", "joined"}) {
    const checked got = check(here_->read(name + ".sql"));
    EXPECT_THAT(got.checks, IsEmpty()) << name << "\n" << got.text;
  }
  EXPECT_THAT(check(here_->read("schema_only.sql")).checks, ElementsAre("dump.no-rows"));
  EXPECT_THAT(check(here_->read("nothing.sql")).checks, ElementsAre("dump.empty"));
}

TEST_F(real_dumps, hold_the_rows_of_the_live_database) {
  const auto live = live_rows();
  ASSERT_GE(live.size(), 15U);
  for (const std::string name : {"plain", "create", "data_only", "no_owner", "sections", "old_strings", "joined"}) {
    const checked got = check(here_->read(name + ".sql"));
    EXPECT_EQ(got.summary.tables.size(), live.size()) << name;
    for (const auto& table : got.summary.tables) {
      ASSERT_TRUE(live.contains(table.name)) << name << ": " << table.name;
      EXPECT_EQ(table.rows.rows(), live.at(table.name).rows()) << name << ": " << table.name;
      EXPECT_EQ(table.rows.fingerprint(), live.at(table.name).fingerprint()) << name << ": " << table.name;
    }
  }
}

TEST_F(real_dumps, count_the_same_rows_as_inserts) {
  const auto live = live_rows();
  for (const std::string name : {"inserts", "column_inserts"}) {
    for (const auto& table : check(here_->read(name + ".sql")).summary.tables) {
      EXPECT_EQ(table.inserted, live.at(table.name).rows()) << name << ": " << table.name;
    }
  }
}

TEST_F(real_dumps, of_a_cluster_keep_its_databases_apart) {
  const checked got = check(here_->read("cluster.sql"));
  EXPECT_TRUE(got.summary.cluster);
  std::map<std::string, std::uint64_t> rows;
  for (const auto& table : got.summary.tables) rows[table.database] += table.rows.rows();
  EXPECT_EQ(rows.at("na me"), 3U);
  EXPECT_EQ(rows.at("latin"), 3U);
  EXPECT_GT(rows.at("ner11_db"), 20'000U);
}

TEST_F(real_dumps, cut_anywhere_are_found_out) {
  for (const std::string name : {"plain", "cluster", "inserts"}) {
    const std::string script = here_->read(name + ".sql");
    const std::size_t whole = script.find_last_not_of('\n') + 1;
    for (std::size_t i = 0; i < 150; ++i) {
      const std::size_t size = i < 60 ? whole - 1 - i : whole / 91 * (i - 59) % whole;
      EXPECT_FALSE(check(script.substr(0, size)).checks.empty()) << name << " cut at byte " << size << " of " << whole;
    }
  }
}

}  // namespace
