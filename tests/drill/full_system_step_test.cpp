#include "knowngood/drill/full_system_step.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace full_system_step_test {

using namespace knowngood;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* dump = "gzip > postgres-plain-dump";

drill_item full_backup(std::vector<std::pair<std::string, std::string>> members) {
  drill_item item;
  item.path = "full.tar.gz";
  item.where = location{item.path};
  item.label = item.path;
  for (auto& [name, kind] : members) {
    member_fact member;
    member.name = name;
    member.kind = kind;
    member.size = 7;
    member.where = item.where / name;
    item.members.push_back(std::move(member));
  }
  return item;
}

// What is restored, by its name.
std::vector<std::string> restored(const drill_item& item, const std::vector<component_policy>& known = {}) {
  std::vector<std::string> names;
  for (const auto& [series, of] : detail::series_inside(item, known)) {
    if (of.newest) names.push_back(of.newest->member->name);
  }
  return names;
}

// `check where: actual` of what is found about promised dumps.
std::vector<std::string> found(const drill_item& item, const std::vector<component_policy>& known = {}) {
  std::vector<std::string> texts;
  for (const auto& [series, of] : detail::series_inside(item, known)) {
    if (const auto one = detail::check_promised_dump(of, item))
      texts.push_back(
          fmt::format("{} {} {}: {}", to_string(one->severity), one->check, one->where.chain().back(), one->actual));
  }
  return texts;
}

TEST(full_system_step, restores_the_newest_of_each_series) {
  const drill_item item = full_backup({{"f/db_20251203_020000.sql.gz", dump},
                                       {"f/db_20251204_020000.sql.gz", dump},
                                       {"f/other_20251202_020000.sql.gz", dump},
                                       {"f/MANIFEST.txt", "text"}});
  EXPECT_THAT(restored(item), ElementsAre("f/db_20251204_020000.sql.gz", "f/other_20251202_020000.sql.gz"));
  EXPECT_THAT(found(item), IsEmpty());
}

TEST(full_system_step, takes_dumps_of_one_name_in_several_folders_for_several) {
  const drill_item item =
      full_backup({{"./one/db.sql", "postgres-plain-dump"}, {"./two/db.sql", "postgres-plain-dump"}});
  EXPECT_THAT(restored(item), ElementsAre("./one/db.sql", "./two/db.sql"));
  const drill_item dated =
      full_backup({{"20251203/db.sql", "postgres-plain-dump"}, {"20251204/db.sql", "postgres-plain-dump"}});
  EXPECT_THAT(restored(dated), ElementsAre("20251204/db.sql"));
}

TEST(full_system_step, says_when_the_newest_dump_is_none_and_an_older_one_was_restored) {
  const drill_item item =
      full_backup({{"f/db_20251203_020000.sql.gz", dump}, {"f/db_20251204_020000.sql.gz", "gzip > text"}});
  EXPECT_THAT(restored(item), ElementsAre("f/db_20251203_020000.sql.gz"));
  EXPECT_THAT(found(item), ElementsAre("error drill.older-artifact f/db_20251204_020000.sql.gz: gzip > text of 7 B; "
                                       "restored: f/db_20251203_020000.sql.gz"));
  const drill_item older_is_none =
      full_backup({{"f/db_20251203_020000.sql.gz", "gzip > text"}, {"f/db_20251204_020000.sql.gz", dump}});
  EXPECT_THAT(found(older_is_none), IsEmpty()) << "nobody would restore that one";
}

TEST(full_system_step, says_when_a_promised_dump_was_not_restored_at_all) {
  EXPECT_THAT(found(full_backup({{"f/db.sql.gz", "gzip > text"}})),
              ElementsAre("error drill.not-restored f/db.sql.gz: gzip > text of 7 B"));
  component_policy database;
  database.name = "database";
  database.kind = component_kind::postgres_dump;
  database.names.push_back(name_pattern{"db_{timestamp:%Y%m%d}.backup"});
  const drill_item item = full_backup({{"f/db_20251204.backup", "openssl"}});
  EXPECT_THAT(found(item), IsEmpty()) << "nothing says that it is a dump";
  EXPECT_THAT(found(item, {database}), ElementsAre("error drill.not-restored f/db_20251204.backup: openssl of 7 B"));
}

TEST(full_system_step, restores_the_newest_dump_whatever_its_format) {
  const drill_item item = full_backup(
      {{"f/db_20251203.dump", "postgres-dump-archive"}, {"f/db_20251204.dump", "gzip > postgres-dump-archive"}});
  EXPECT_THAT(restored(item), ElementsAre("f/db_20251204.dump"));
  EXPECT_THAT(found(item), IsEmpty());
}

TEST(full_system_step, leaves_to_others_what_is_a_dump_that_is_restored_by_hand) {
  const drill_item item = full_backup({{"f/db_20251204.sql.gz", "age"}});
  EXPECT_THAT(restored(item), IsEmpty());
  EXPECT_THAT(found(item), IsEmpty()) << "a step of its own says that it was not rehearsed";
  EXPECT_TRUE(detail::is_left_to_hands(item.members.front(), {}));
  const drill_item older =
      full_backup({{"f/db_20251203.sql.gz", dump}, {"f/db_20251204.sql.gz", "openpgp"}, {"f/MANIFEST.txt", "text"}});
  EXPECT_THAT(restored(older), ElementsAre("f/db_20251203.sql.gz"));
  EXPECT_THAT(found(older), ElementsAre("error drill.older-artifact f/db_20251204.sql.gz: openpgp of 7 B; restored: "
                                        "f/db_20251203.sql.gz"));
  EXPECT_FALSE(detail::is_left_to_hands(older.members.back(), {}));
}

TEST(full_system_step, says_of_every_artifact_of_a_component_that_it_was_not_rehearsed) {
  component_policy models;
  models.name = "models";
  models.kind = component_kind::models;
  models.names.push_back(name_pattern{"models_{timestamp:%Y%m%d}.zip"});
  const drill_item item = full_backup({{"f/models_20251204.zip", "zip"}, {"f/other_20251204.zip", "zip"}});
  EXPECT_TRUE(detail::is_left_to_hands(item.members[0], {models}));
  EXPECT_FALSE(detail::is_left_to_hands(item.members[1], {models}));
}

}  // namespace full_system_step_test
