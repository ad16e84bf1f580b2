#include "restorable/drill/dump_loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "load_world.hpp"

namespace {

using namespace restorable;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class dump_loader : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = new load_world;
    world_->source().create("everything", "TEMPLATE template0");
    world_->source().sql("everything", file_text(RESTORABLE_SOURCE "/tests/drill/everything.sql"));
  }
  static void TearDownTestSuite() {
    delete world_;
    world_ = nullptr;
  }

  static load_world& world() { return *world_; }

  /// A dump of a restored database, as it would be had it not been made without a log.
  static std::string logged(std::string dump) {
    constexpr std::string_view unlogged = "CREATE UNLOGGED TABLE";
    for (std::size_t at = 0; (at = dump.find(unlogged, at)) != std::string::npos;) dump.replace(at, unlogged.size(), "CREATE TABLE");
    return dump;
  }

  static std::string original() {
    std::string dump = logged(world().dump("everything"));
    const std::string comment = "IS 'with a comment';";
    const std::size_t at = dump.find(comment);
    if (at != std::string::npos) dump.replace(at, comment.size(), "IS 'data type for storing sets of (key, value) pairs';");
    return dump;
  }

  static void expect_same(const std::string& original, const std::string& restored) {
    if (original == restored) return;
    world().server().here().write("original.sql", original);
    world().server().here().write("restored.sql", restored);
    ADD_FAILURE() << world().server().here().run("diff original.sql restored.sql | head -60").output;
  }

 private:
  static load_world* world_;
};

load_world* dump_loader::world_ = nullptr;

TEST_F(dump_loader, restores_an_object_of_every_kind) {
  const std::string dump = world().dump("everything");
  const load_outcome outcome = world().load(dump);
  EXPECT_EQ(alarms(outcome), "");
  EXPECT_EQ(outcome.server_version, world().value("postgres", "SELECT substring(version() FROM '[0-9]+\\.[0-9]+')"));
  ASSERT_THAT(outcome.databases, SizeIs(1));
  EXPECT_EQ(outcome.databases.front().encoding, "UTF8");
  for (const auto& object : outcome.databases.front().objects) EXPECT_FALSE(object.failed) << object.type << ' ' << object.name;
  // but for the comment on the extension, which is not the loader's
  expect_same(original(), logged(world().dump_restored("restored")));
}

struct style {
  const char* name;
  const char* options;
};
std::ostream& operator<<(std::ostream& to, const style& one) { return to << one.name; }

class dump_style : public dump_loader, public testing::WithParamInterface<style> {};

TEST_P(dump_style, restores_the_same_database) {
  const std::string dump = world().dump("everything", GetParam().options);
  const load_outcome outcome = world().load(dump);
  EXPECT_EQ(alarms(outcome), "");
  ASSERT_THAT(outcome.databases, SizeIs(1));
  const std::string& database = outcome.databases.front().database;
  expect_same(original(), logged(world().dump_restored(database)));
  if (database != "restored") world().server().must("psql -X -q -d postgres -c 'DROP DATABASE " + database + "'");
}

INSTANTIATE_TEST_SUITE_P(
    dumps, dump_style,
    testing::Values(style{"inserts", "--inserts"}, style{"column_inserts", "--column-inserts --on-conflict-do-nothing"},
                    style{"many_rows_an_insert", "--inserts --rows-per-insert=100"}, style{"clean", "--clean"},
                    style{"clean_if_exists", "--clean --if-exists"}, style{"create", "--create"}, style{"clean_create", "--clean --create --if-exists"},
                    style{"session_authorization", "--use-set-session-authorization"}, style{"quoted", "--quote-all-identifiers"},
                    style{"by_partition_root", "--load-via-partition-root"}, style{"in_another_encoding", "--encoding=UTF8 --serializable-deferrable"}),
    [](const auto& one) { return one.param.name; });

}  // namespace
