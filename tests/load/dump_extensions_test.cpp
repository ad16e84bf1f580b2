#include "knowngood/load/dump_extensions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "load/load_world.hpp"

namespace dump_extensions_test {

using namespace knowngood;
using testing::HasSubstr;

TEST_F(load_parts, extensions_are_made_where_they_are_trusted_or_allowed) {
  loader_session("extended");
  dump_extensions extensions{
      world().server().conninfo("extended"), location{"dump.sql"}, load_world::loader, {"dblink"}};
  for (const char* name : {"citext", "dblink", "file_fdw", "not_of_this_world"}) extensions.create({name, "my schema"});
  EXPECT_EQ(extensions.why_not("citext"), "");
  EXPECT_EQ(extensions.why_not("dblink"), "");
  EXPECT_EQ(extensions.why_not("file_fdw"), "the policy does not name it under drill.extensions");
  EXPECT_EQ(extensions.why_not("not_of_this_world"), "it is not installed on this host");
  EXPECT_THAT(extensions.why_not("hstore"), HasSubstr("after rows")) << "it was never asked for in front";
  EXPECT_EQ(
      world().value("extended",
                    "SELECT string_agg(extname || ' in ' || nspname, ', ' ORDER BY extname) FROM pg_extension e JOIN "
                    "pg_namespace n ON n.oid = extnamespace WHERE extname <> 'plpgsql'"),
      "citext in my schema, dblink in my schema");
  EXPECT_EQ(world().value("extended", "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'my schema'"),
            load_world::loader);

  const auto stands_for = [&](const char* statement) { return extensions.stand_for(first_words(statement, 12)); };
  EXPECT_TRUE(stands_for("COMMENT ON EXTENSION citext IS 'x';"));
  EXPECT_TRUE(stands_for("DROP EXTENSION IF EXISTS citext;"));
  EXPECT_TRUE(stands_for("CREATE SCHEMA \"my schema\";"));
  EXPECT_TRUE(stands_for("DROP SCHEMA IF EXISTS \"my schema\";"));
  EXPECT_TRUE(stands_for("CREATE SCHEMA IF NOT EXISTS \"my schema\";"));
  EXPECT_FALSE(stands_for("CREATE SCHEMA my;"));
  EXPECT_FALSE(stands_for("ALTER SCHEMA \"my schema\" OWNER TO app;"));
  EXPECT_FALSE(stands_for("CREATE TABLE extension (a integer);"));
}

}  // namespace dump_extensions_test
