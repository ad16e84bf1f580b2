#include "knowngood/inspect/data_directory_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "inspect/data_directory_world.hpp"

namespace data_directory_watch_test {

using namespace knowngood;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using world = data_directory_world;

struct directory_case {
  const char* name;
  std::function<void(world&)> change;
  std::vector<std::string> said;  // check: expected | actual
};

std::vector<std::string> judged(const directory_case& one, const std::string& root = "./") {
  world here{root};
  one.change(here);
  return here.judge().lines();
}

const std::string wal5 = "pg_wal/000000010000000000000005";

// ---- sound
// -----------------------------------------------------------------------------------------------------------

class sound_directory : public testing::TestWithParam<directory_case> {};

TEST_P(sound_directory, is_passed) {
  for (const char* root : {"", "./", "data/", "./var/lib/postgresql/15/main/", "/srv/pg/"}) {
    EXPECT_THAT(judged(GetParam(), root), IsEmpty()) << root;
  }
}

const directory_case sound_cases[] = {
    {"stopped", [](world&) {}, {}},
    {"stopped_in_recovery", [](world& w) { w.control({.state = 2}); }, {}},
    {"with_a_stale_pid_file",
     [](world& w) {
       w.add({"postmaster.pid", entry_type::file, 90});
     },
     {}},
    {"without_its_empty_folders",
     [](world& w) {
       std::erase_if(w.members, [](const archived_name& one) { return one.type == entry_type::directory; });
     },
     {}},
    {"base_backup",
     [](world& w) {
       w.control({.state = 6, .redo = 0x5000028, .checkpoint = 0x5000060});
       w.add({"backup_label", entry_type::file, 220, "",
              world::label("000000010000000000000005", "0/5000028", "0/5000060")});
     },
     {}},
    {"of_a_standby_that_follows_a_new_timeline",
     [](world& w) {
       w.control({.state = 2, .timeline = 2});
       w.at(wal5).name.replace(w.at(wal5).name.size() - 24, 8, "00000003");
     },
     {}},
    {"with_old_and_future_segments",
     [](world& w) {
       w.add({"pg_wal/000000010000000000000002", entry_type::file, 16U << 20U});
       w.add({"pg_wal/000000010000000000000009", entry_type::file, 16U << 20U});
       w.add({"pg_wal/00000002.history", entry_type::file, 40});
     },
     {}},
    {"with_large_segments",
     [](world& w) {
       w.control({.redo = 0x1'C000'0028, .checkpoint = 0x1'C000'0028, .segment_bytes = 64U << 20U});
       w.at(wal5).size = 64U << 20U;
       w.at(wal5).name.replace(w.at(wal5).name.size() - 24, 24, "000000010000000100000030");
     },
     {}},
    {"many_transactions",
     [](world& w) {
       w.control({.next_xid = 5'000'000, .oldest_xid = 3'000'000, .next_multixact = 70'000});
       w.drop("pg_xact/0000");
       for (const char* n : {"pg_xact/0002", "pg_xact/0003", "pg_xact/0004", "pg_multixact/offsets/0001"}) {
         w.add({n, entry_type::file, 262'144});
       }
     },
     {}},
    {"transactions_that_begin_anew",
     [](world& w) {
       w.control({.next_xid = 1'500'000, .oldest_xid = 4'294'000'000});
       w.drop("pg_xact/0000");
       for (const char* n : {"pg_xact/0FFF", "pg_xact/0000", "pg_xact/0001"}) w.add({n, entry_type::file, 262'144});
     },
     {}},
    {"tablespace_in_the_archive",
     [](world& w) {
       w.add({"pg_tblspc/16391", entry_type::symlink, 0, "/mnt/fast/far"});
       w.members.push_back({"mnt/fast/far/PG_15_202209061/5/16392", entry_type::file, 8192});
     },
     {}},
    {"tablespace_in_an_archive_of_the_folder_above",
     [](world& w) {
       w.add({"pg_tblspc/16391", entry_type::symlink, 0, "/var/lib/postgresql/far"});
       w.members.push_back({"far/PG_15_202209061/5/16392", entry_type::file, 8192});
     },
     {}},
    {"tablespace_in_place",
     [](world& w) {
       w.add({"pg_tblspc/16391", entry_type::directory});
       w.add({"pg_tblspc/16391/PG_15_202209061/5/16392", entry_type::file, 8192});
     },
     {}},
    {"wal_elsewhere_in_the_archive",
     [](world& w) {
       w.drop("pg_wal");
       w.add({"pg_wal", entry_type::symlink, 0, "/mnt/wal"});
       w.members.push_back({"mnt/wal/000000010000000000000005", entry_type::file, 16U << 20U});
     },
     {}},
    {"of_postgresql_12",
     [](world& w) {
       w.control({.version = 1201, .catalog = 201909212});
       for (const char* n : {"PG_VERSION", "base/1/PG_VERSION", "base/5/PG_VERSION"}) w.at(n).content = "12\n";
     },
     {}},
    {"of_postgresql_18",
     [](world& w) {
       w.control({.version = 1800, .catalog = 202506291});
       for (const char* n : {"PG_VERSION", "base/1/PG_VERSION", "base/5/PG_VERSION"}) w.at(n).content = "18\n";
     },
     {}},
    {"with_databases_that_were_dropped",
     [](world& w) {
       w.databases({{1, "template1"},
                    {5, "postgres"},
                    {16384, "dropped", 1663, 700, 730, 0x0100 | 0x0400},
                    {16385, "dropped just now", 1663, 700, 739, 0x0100},
                    {16386, "never made", 1663, 731, 0, 0x0200 | 0x0800},
                    {16387, "being made", 1663, 739, 0, 0x0800},
                    {16388, "half dropped", 1663, 700, 0, 0x0100 | 0x0800, 0xFFFF'FFFE}});
     },
     {}},
    {"with_a_database_in_a_tablespace",
     [](world& w) {
       w.databases({{1, "template1"}, {5, "postgres"}, {16390, "far", 16391}});
       w.add({"pg_tblspc/16391/PG_15_202209061/16390/1259", entry_type::file, 8192});
     },
     {}},
    {"whose_list_of_databases_was_rewritten",
     [](world& w) {
       w.at("global/pg_filenode.map").content = world::map_bytes({{1260, 1260}, {1262, 16500}});
       w.at("global/1262").name.replace(w.at("global/1262").name.size() - 4, 4, "16500");
     },
     {}},
    {"with_a_map_of_postgresql_16",
     [](world& w) {
       w.at("global/pg_filenode.map").content = world::map_bytes({{1262, 1262}}, 524);
     },
     {}},
    {"with_a_row_that_was_being_written",
     [](world& w) {
       w.control({.state = 6, .redo = 0x5000028, .checkpoint = 0x5000060});
       w.add({"backup_label", entry_type::file, 220, "",
              world::label("000000010000000000000005", "0/5000028", "0/5000060")});
       std::string page = world::database_page({{1, "template1"}, {5, "postgres"}, {16384, "shop"}});
       const std::size_t last = static_cast<unsigned char>(page[14]) + 256U * static_cast<unsigned char>(page[15]);
       page.replace(last, 100, 100, '\0');
       w.at("global/1262").content = page;
     },
     {}},
    {"of_a_version_that_is_not_known",
     [](world& w) {
       w.control({.version = 2100, .catalog = 202909291});
       for (const char* n : {"PG_VERSION", "base/1/PG_VERSION", "base/5/PG_VERSION"}) w.at(n).content = "21\n";
     },
     {}},
};

INSTANTIATE_TEST_SUITE_P(data_directory, sound_directory, testing::ValuesIn(sound_cases),
                         [](const auto& one) { return std::string{one.param.name}; });

// ---- damaged
// ---------------------------------------------------------------------------------------------------------

class damaged_directory : public testing::TestWithParam<directory_case> {};

TEST_P(damaged_directory, is_found) {
  EXPECT_THAT(world{}.judge().lines(), IsEmpty());
  EXPECT_EQ(judged(GetParam()), GetParam().said);
  EXPECT_EQ(judged(GetParam(), "deep/in/it/"), GetParam().said);
}

const directory_case damaged_cases[] = {
    {"running",
     [](world& w) { w.control({.state = 6}); },
     {"pgdata.inconsistent: state \"shut down\", or a backup_label | state \"in production\", no backup_label"}},
    {"another_crc", [](world& w) { w.control({.crc_error = 1}); }, {"pgdata.control-crc: its CRC | another"}},
    {"no_control_file", [](world& w) { w.drop("global/pg_control"); }, {"pgdata.incomplete: a control file | none"}},
    {"a_link_for_a_control_file",
     [](world& w) { w.at("global/pg_control").type = entry_type::symlink; },
     {"pgdata.incomplete: a control file | none"}},
    {"a_short_control_file",
     [](world& w) { w.at("global/pg_control").content.resize(100); },
     {"pgdata.control-malformed: 8192 bytes of one | 100 bytes"}},
    {"no_version", [](world& w) { w.drop("PG_VERSION"); }, {"pgdata.incomplete: PG_VERSION | none"}},
    {"no_version_in_it",
     [](world& w) { w.at("PG_VERSION").content = "<html>\n"; },
     {"pgdata.incomplete: a number such as 15 | \"<html>\""}},
    {"another_version",
     [](world& w) {
       for (const char* n : {"PG_VERSION", "base/1/PG_VERSION", "base/5/PG_VERSION"}) w.at(n).content = "17\n";
     },
     {"pgdata.version: 15, as the control file | 17"}},
    {"one_database_of_another_version",
     [](world& w) { w.at("base/5/PG_VERSION").content = "14\n"; },
     {"pgdata.version: 15 | 14"}},
    {"no_filenode_map",
     [](world& w) { w.drop("global/pg_filenode.map"); },
     {"pgdata.incomplete: a map of the shared catalogues' files | none"}},
    {"an_empty_filenode_map",
     [](world& w) { w.at("global/pg_filenode.map").size = 0; },
     {"pgdata.incomplete: a map of the shared catalogues' files | none"}},
    {"no_databases", [](world& w) { w.drop("base"); }, {"pgdata.incomplete: base/1 and others | none"}},
    {"a_database_without_version",
     [](world& w) { w.drop("base/5/PG_VERSION"); },
     {"pgdata.incomplete: PG_VERSION | none"}},
    {"a_database_without_map",
     [](world& w) { w.drop("base/5/pg_filenode.map"); },
     {"pgdata.incomplete: pg_filenode.map | none"}},
    {"a_database_without_tables", [](world& w) { w.drop("base/5/1259"); }, {"pgdata.incomplete: tables | none"}},
    {"a_database_that_is_not_there", [](world& w) { w.drop("base/5"); }, {"pgdata.incomplete: base/5 | none"}},
    {"a_user_s_database_that_is_not_there",
     [](world& w) {
       w.databases({{1, "template1"}, {4, "template0"}, {5, "postgres"}, {16384, "shop"}});
     },
     {"pgdata.incomplete: base/4 | none", "pgdata.incomplete: base/16384 | none"}},
    {"a_database_whose_row_was_altered",
     [](world& w) {
       w.databases({{1, "template1"},
                    {5, "postgres"},
                    {16384, "shop", 1663, 700, 739, 0x0100},
                    {16384, "shop", 1663, 739, 0, 0x0800 | 0x2000}});
     },
     {"pgdata.incomplete: base/16384 | none"}},
    {"a_database_that_only_pg_xact_knows_of",
     [](world& w) {
       w.databases({{1, "template1"}, {5, "postgres"}, {16384, "shop", 1663, 735, 0, 0x0800}});
       w.at("pg_xact/0000").content[735 / 4] = static_cast<char>(1U << (2 * (735 % 4)));
     },
     {"pgdata.incomplete: base/16384 | none"}},
    {"a_database_whose_drop_was_rolled_back",
     [](world& w) {
       w.databases({{1, "template1"}, {5, "postgres"}, {16384, "shop", 1663, 700, 735, 0x0100}});
       w.at("pg_xact/0000").content[735 / 4] = static_cast<char>(2U << (2 * (735 % 4)));
     },
     {"pgdata.incomplete: base/16384 | none"}},
    {"a_database_that_its_tablespace_lacks",
     [](world& w) {
       w.databases({{1, "template1"}, {5, "postgres"}, {16390, "far", 16391}});
       w.add({"pg_tblspc/16391/PG_15_202209061/16395/1259", entry_type::file, 8192});
     },
     {"pgdata.incomplete: pg_tblspc/16391/…/16390 | none"}},
    {"no_list_of_databases", [](world& w) { w.drop("global/1262"); }, {"pgdata.incomplete: global/1262 | none"}},
    {"a_list_of_databases_that_lists_none",
     [](world& w) { w.at("global/1262").content.assign(8192, '\0'); },
     {"pgdata.incomplete: template1 and others | none"}},
    {"a_list_of_databases_that_is_none",
     [](world& w) { w.at("global/1262").content.assign(8192, 'x'); },
     {"pgdata.incomplete: pages of rows of pg_database | 1 of 1 page damaged, and 0 damaged rows"}},
    {"a_list_of_databases_cut_short",
     [](world& w) { w.at("global/1262").content.resize(5000); },
     {"pgdata.incomplete: pages of rows of pg_database | 1 of 1 page damaged, and 0 damaged rows"}},
    {"a_list_of_databases_with_a_zeroed_row",
     [](world& w) {
       w.at("global/1262").content.replace(8192 - 100, 100, 100, '\0');
       w.at("global/1262").content.replace(8192 - 200, 100, 100, '\0');
     },
     {"pgdata.incomplete: pages of rows of pg_database | 0 of 1 page damaged, and 1 damaged row"}},
    {"a_map_that_is_none",
     [](world& w) { w.at("global/pg_filenode.map").content[20] ^= 1; },
     {"pgdata.incomplete: a map with its CRC-32C | something else"}},
    {"an_empty_database",
     [](world& w) {
       w.drop("base/5");
       w.add({"base/5", entry_type::directory});
     },
     {"pgdata.incomplete: the files of a database | none"}},
    {"no_pg_xact", [](world& w) { w.drop("pg_xact"); }, {"pgdata.incomplete: pg_xact/0000 | no file there"}},
    {"an_empty_pg_xact", [](world& w) { w.drop("pg_xact/0000"); }, {"pgdata.incomplete: pg_xact/0000 | no file there"}},
    {"a_hole_in_pg_xact",
     [](world& w) {
       w.control({.next_xid = 3'000'000});
       w.add({"pg_xact/0002", entry_type::file, 262'144});
     },
     {"pgdata.incomplete: pg_xact/0001 | none"}},
    {"pg_xact_of_no_bytes",
     [](world& w) { w.at("pg_xact/0000").size = 0; },
     {"pgdata.incomplete: pg_xact/0000 | no bytes"}},
    {"no_pg_multixact",
     [](world& w) { w.drop("pg_multixact"); },
     {"pgdata.incomplete: pg_multixact/offsets/0000 | no file there",
      "pgdata.incomplete: pg_multixact/members/0000 or a later one | no file there"}},
    {"no_pg_wal",
     [](world& w) { w.drop("pg_wal"); },
     {"pgdata.wal-missing: pg_wal/000000010000000000000005 | no write-ahead log"}},
    {"no_segments",
     [](world& w) { w.drop(wal5); },
     {"pgdata.wal-missing: pg_wal/000000010000000000000005 | no write-ahead log"}},
    {"other_segments",
     [](world& w) {
       w.drop(wal5);
       w.add({"pg_wal/000000010000000000000004", entry_type::file, 16U << 20U});
     },
     {"pgdata.wal-missing: pg_wal/000000010000000000000005 | 1 other segment"}},
    {"a_short_segment",
     [](world& w) { w.at(wal5).size = 4096; },
     {"pgdata.wal-missing: pg_wal/000000010000000000000005 | 4096 bytes of 16777216"}},
    {"a_segment_of_another_timeline",
     [](world& w) { w.at(wal5).name.replace(w.at(wal5).name.size() - 24, 8, "00000002"); },
     {"pgdata.wal-missing: pg_wal/000000010000000000000005 | 1 other segment"}},
    {"wal_behind_a_link_that_leads_out",
     [](world& w) {
       w.drop("pg_wal");
       w.add({"pg_wal", entry_type::symlink, 0, "/mnt/wal"});
     },
     {"pgdata.wal-missing: pg_wal/000000010000000000000005 | pg_wal is a link to /mnt/wal"}},
    {"a_base_backup_without_wal",
     [](world& w) {
       w.control({.state = 6, .redo = 0x3000028, .checkpoint = 0x3000060});
       w.drop(wal5);
       w.add({"backup_label", entry_type::file, 220, "",
              world::label("000000010000000000000003", "0/3000028", "0/3000060")});
     },
     {"pgdata.wal-missing: pg_wal/000000010000000000000003 | no write-ahead log"}},
    {"a_base_backup_whose_wal_ends_early",
     [](world& w) {
       w.control({.state = 6, .redo = 0x5000028, .checkpoint = 0x5000060});
       w.add({"backup_label", entry_type::file, 220, "",
              world::label("000000010000000000000005", "0/5000028", "0/5000060")});
       w.add({"pg_wal/000000010000000000000005.00000028.backup", entry_type::file, 300, "",
              world::label("000000010000000000000005", "0/5000028", "0/5000060") +
                  "STOP WAL LOCATION: 0/7000100 (file 000000010000000000000007)\n"});
     },
     {"pgdata.wal-missing: pg_wal/000000010000000000000006 to 000000010000000000000007 | 1 other segment"}},
    {"a_label_that_is_none",
     [](world& w) {
       w.add({"backup_label", entry_type::file, 10, "", "hello\n"});
     },
     {"pgdata.label-malformed: START WAL LOCATION with its file | none"}},
    {"a_tablespace_outside",
     [](world& w) {
       w.add({"pg_tblspc/16391", entry_type::symlink, 0, "/mnt/fast/far"});
     },
     {"pgdata.tablespace-missing: pg_tblspc/16391 with its tables | a link to /mnt/fast/far"}},
    {"a_tablespace_of_another_version_inside",
     [](world& w) {
       w.add({"pg_tblspc/16391", entry_type::symlink, 0, "/mnt/fast/far"});
       w.members.push_back({"mnt/fast/far/PG_14_202107181/5/16392", entry_type::file, 8192});
     },
     {"pgdata.tablespace-missing: pg_tblspc/16391 with its tables | a link to /mnt/fast/far"}},
};

INSTANTIATE_TEST_SUITE_P(data_directory, damaged_directory, testing::ValuesIn(damaged_cases),
                         [](const auto& one) { return std::string{one.param.name}; });

// ---- what is none
// ----------------------------------------------------------------------------------------------------

TEST(no_data_directory, is_made_by_stray_files) {
  const std::vector<std::vector<std::string>> strays{
      {"PG_VERSION"},
      {"docs/global/pg_control"},
      {"global/pg_control", "PG_VERSION"},
      {"a/PG_VERSION", "b/global/pg_control", "c/pg_wal/000000010000000000000001", "d/pg_xact/0000"},
      {"base/1/readme", "base/2/readme", "base/3/readme"},
      {"pg_data/base/1/PG_VERSION.gz", "pg_data/PG_VERSION.gz", "pg_data/pg_xact/0000.gz",
       "pg_data/pg_multixact/offsets/0000.gz", "pg_data/global/pg_control.gz"},
      {"000000010000000000000001", "000000010000000000000002"},
      {"PG_15_202209061/5/PG_VERSION", "PG_15_202209061/5/1259", "PG_15_202209061/6/PG_VERSION"},
  };
  for (const auto& names : strays) {
    data_directory_watch watch;
    recording_sink recorded;
    for (const auto& name : names) {
      const auto asked = watch.member(name, entry_type::file, 8192, "");
      if (asked != data_directory_watch::interest::none) watch.content(asked, "stray");
    }
    EXPECT_THAT(watch.finish(location{"x.tar"}, recorded), IsEmpty()) << names.front();
    EXPECT_THAT(recorded.lines(), IsEmpty()) << names.front();
    EXPECT_THAT(recorded.properties, IsEmpty()) << names.front();
  }
}

TEST(data_directory_watch, knows_several_in_one_archive) {
  world first{"a/"};
  world second{"b/"};
  second.drop("pg_xact");
  first.members.insert(first.members.end(), second.members.begin(), second.members.end());
  auto found = first.judge();
  ASSERT_THAT(found.lines(), ElementsAre(StartsWith("pgdata.incomplete: pg_xact/0000")));
  EXPECT_EQ(found.recorded.findings[0].where, location{"v.tar"} / "b");
}

// What a base backup's list of databases names may have been made or dropped while it was copied.
TEST(data_directory_watch, calls_no_database_lost_that_recovery_makes_or_drops) {
  const auto severities = [](const std::function<void(world&)>& change) {
    world here;
    here.control({.state = 6, .redo = 0x5000028, .checkpoint = 0x5000060});
    here.add({"backup_label", entry_type::file, 220, "",
              world::label("000000010000000000000005", "0/5000028", "0/5000060")});
    here.databases({{1, "template1"}, {5, "postgres"}, {16384, "shop"}});
    for (const char* file : {"base/16384/PG_VERSION", "base/16384/pg_filenode.map", "base/16384/1259"}) {
      here.add({file, entry_type::file, 3, "", "15\n"});
    }
    change(here);
    std::vector<std::string> found;
    const world::judged result = here.judge();
    for (const auto& one : result.recorded.findings) {
      found.push_back(fmt::format("{} {}", to_string(one.severity), one.expected));
    }
    return found;
  };
  EXPECT_THAT(severities([](world&) {}), IsEmpty());
  EXPECT_THAT(severities([](world& w) { w.drop("base/16384"); }), ElementsAre("warning base/16384"));
  EXPECT_THAT(severities([](world& w) { w.drop("base/16384/pg_filenode.map"); }),
              ElementsAre("warning pg_filenode.map"));
  EXPECT_THAT(severities([](world& w) {
                w.drop("base/16384");
                w.add({"base/16384", entry_type::directory});
              }),
              ElementsAre("warning the files of a database"));
  EXPECT_THAT(severities([](world& w) { w.drop("base/5"); }), ElementsAre("error base/5")) << "nobody drops that";
  EXPECT_THAT(severities([](world& w) {
                w.control({});
                w.drop("base/16384");
              }),
              ElementsAre("error base/16384"))
      << "nothing ran";
}

TEST(data_directory_watch, follows_hard_links_between_snapshots) {
  world first{"day1/"};
  for (const auto& one : world{"day2/"}.members) {
    archived_name link = one;
    if (link.type == entry_type::file) {
      link.type = entry_type::hard_link;
      link.target = "day1/" + one.name.substr(5);
      link.size = 0;
      link.content.clear();
    }
    first.members.push_back(std::move(link));
  }
  EXPECT_THAT(first.judge().lines(), IsEmpty());
  first.at("global/pg_control").content = world::control_bytes({.state = 6});
  EXPECT_THAT(first.judge().lines(), ElementsAre(HasSubstr("pgdata.inconsistent"), HasSubstr("pgdata.inconsistent")));
  first.at("global/pg_control").content = world::control_bytes({});
  std::erase_if(first.members, [](const archived_name& one) { return one.name.starts_with("day2/base/5"); });
  EXPECT_THAT(first.judge().lines(), ElementsAre("pgdata.incomplete: base/5 | none"));
}

TEST(data_directory_watch, reads_the_list_of_databases_of_every_version) {
  for (const unsigned version : {10U, 11U, 12U, 13U, 14U, 15U, 16U, 17U, 18U}) {
    world here;
    here.databases({{1, "template1"}, {5, "postgres"}}, version);
    EXPECT_THAT(here.judge().lines(), IsEmpty()) << version;
    here.databases({{1, "template1"}, {5, "postgres"}, {16384, "shop"}, {16400, "far", 16391}}, version);
    EXPECT_THAT(here.judge().lines(), ElementsAre("pgdata.incomplete: base/16384 | none")) << version;
  }
}

TEST(data_directory_watch, leaves_a_list_of_databases_that_is_too_large_unchecked) {
  world here;
  here.at("global/1262").size = std::uint64_t{17} << 20U;
  const auto found = here.judge();
  EXPECT_THAT(found.recorded.findings, IsEmpty());
  EXPECT_EQ(found.recorded.not_checked.size(), 1U);
}

TEST(data_directory_watch, says_what_an_archive_holds_for_another) {
  data_directory_watch wal;
  static_cast<void>(wal.member("000000010000000000000003", entry_type::file, 16U << 20U, ""));
  static_cast<void>(wal.member("archive_status/000000010000000000000003.done", entry_type::file, 0, ""));
  EXPECT_EQ(wal.held().segments.size(), 1U);
  data_directory_watch space;
  static_cast<void>(space.member("./PG_15_202209061/", entry_type::directory, 0, ""));
  EXPECT_TRUE(space.held().version_directories.contains("PG_15_202209061"));
}

}  // namespace data_directory_watch_test
