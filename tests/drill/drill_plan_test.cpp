#include "knowngood/drill/drill_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/estate.hpp"
#include "postgres/sample_dump.hpp"

namespace drill_plan_test {

using namespace knowngood;
using catalog_test::estate;
using testing::ElementsAre;
using testing::IsEmpty;

const moment now = *parse_moment("2025-12-04T05:00:00Z");

constexpr const char* components = R"(
[component.models]
kind = "models"
name = "models_{timestamp}.tar.gz"
[component.database]
kind = "postgres-dump"
name = "db_{timestamp}.sql.gz"
[component.database.drill]
capture = "{stem}_rows.json"
rto = "1h"
[component.code]
kind = "git-bundle"
name = "code_{timestamp}.bundle"
)";

std::vector<std::string> targets(const drill_plan& plan) {
  std::vector<std::string> text;
  for (const auto& one : plan.targets) {
    text.push_back(one.component + ":");
    for (const auto& candidate : one.candidates) text.back() += " " + std::string{file_name_of(candidate.task.path)};
  }
  return text;
}
std::vector<std::string> found(const drill_plan& plan) {
  std::vector<std::string> text;
  for (const auto& component : plan.components) {
    for (const auto& one : component.findings) text.push_back(component.name + " " + one.check);
  }
  return text;
}

TEST(drill_plan, restores_the_newest_first_in_the_order_of_a_recovery) {
  const estate backups;
  for (const char* name :
       {"models/models_20251204_021500.tar.gz", "database/db_20251202_020000.sql.gz",
        "database/db_20251204_020000.sql.gz", "database/db_20251203_020000.sql.gz", "code/code_20251204_023000.bundle"})
    backups.file(name);
  const drill_plan plan = plan_drill(backups.plan(components), now, {});
  EXPECT_THAT(targets(plan),
              ElementsAre("code: code_20251204_023000.bundle",
                          "database: db_20251204_020000.sql.gz db_20251203_020000.sql.gz db_20251202_020000.sql.gz",
                          "models: models_20251204_021500.tar.gz"));
  EXPECT_THAT(found(plan), IsEmpty());
  EXPECT_EQ(plan.targets[1].policy.rto, std::chrono::hours{1});
  EXPECT_EQ(plan.targets[1].candidates[0].capture, backups.path("database/db_20251204_020000_rows.json"));
  EXPECT_TRUE(plan.targets[1].candidates[0].capture_promised) << "though it is not there";
  EXPECT_EQ(plan.known.size(), 3U);
}

TEST(drill_plan, misses_what_there_is_nothing_of_and_looks_at_what_it_was_asked_for) {
  const estate backups;
  backups.file("database/db_20251204_020000.sql.gz");
  backups.directory("models");
  backups.directory("code");
  const policy of = backups.plan(components);
  EXPECT_THAT(found(plan_drill(of, now, {})), ElementsAre("models presence.missing", "code presence.missing"));
  const drill_plan only = plan_drill(of, now, {"database"});
  EXPECT_THAT(found(only), IsEmpty());
  EXPECT_EQ(only.components.size(), 1U);
  EXPECT_EQ(only.known.size(), 3U) << "a full backup is told by all names";
}

TEST(drill_plan, restores_nothing_from_the_future_and_keeps_few_that_stand_in) {
  const estate backups;
  backups.file("database/db_20251205_020000.sql.gz");
  EXPECT_THAT(found(plan_drill(backups.plan(components), now, {"database"})), testing::Not(IsEmpty()));
  EXPECT_THAT(plan_drill(backups.plan(components), now, {"database"}).targets, IsEmpty());
  for (int day = 10; day < 30; ++day) backups.file(fmt::format("database/db_202511{}_020000.sql.gz", day));
  const drill_plan plan = plan_drill(backups.plan(components), now, {"database"});
  ASSERT_EQ(plan.targets.size(), 1U);
  EXPECT_EQ(plan.targets[0].candidates.size(), detail::stand_ins);
  EXPECT_EQ(file_name_of(plan.targets[0].candidates[0].task.path), "db_20251129_020000.sql.gz");
}

TEST(drill_plan, of_paths_takes_each_by_itself_with_the_capture_beside_it) {
  const estate backups;
  backups.file("a.sql");
  backups.file("a.sql.capture.json");
  backups.file("folder/b.tar");
  const drill_plan plan =
      plan_drill({backups.path("a.sql"), backups.path("a.sql.capture.json"), backups.path("folder")}, "", limits{});
  EXPECT_THAT(targets(plan), ElementsAre(": a.sql", ": b.tar")) << "a capture is no backup";
  EXPECT_EQ(plan.targets[0].candidates[0].capture, backups.path("a.sql.capture.json"));
  EXPECT_FALSE(plan.targets[0].candidates[0].capture_promised);
  EXPECT_FALSE(plan.targets[0].candidates[0].found);
  EXPECT_TRUE(plan.targets[1].candidates[0].found) << "nobody asked for this one itself";
  const drill_plan given = plan_drill({backups.path("a.sql")}, "/elsewhere/c.json", limits{});
  EXPECT_EQ(given.targets[0].candidates[0].capture, "/elsewhere/c.json");
  EXPECT_TRUE(given.targets[0].candidates[0].capture_promised);
}

TEST(drill_plan, of_paths_that_are_not_there_says_so) {
  const drill_plan plan = plan_drill({"/nowhere/at/all.sql"}, "", limits{});
  EXPECT_THAT(plan.targets, IsEmpty());
  EXPECT_EQ(plan.findings.size() + plan.unchecked.size(), 1U);
}

}  // namespace drill_plan_test
