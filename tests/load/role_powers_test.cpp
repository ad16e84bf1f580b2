#include "knowngood/load/role_powers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "load/load_world.hpp"

namespace role_powers_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(load_parts, powers_of_roles_are_what_they_may_do_beyond_their_databases) {
  const private_server& server = world().server();
  server.sql("postgres", "CREATE ROLE loader LOGIN; CREATE ROLE app; CREATE ROLE other;");
  server_session admin{server.conninfo("postgres"), location{"server"}};
  const role_powers before{admin, ""};
  const role_powers of_loader{admin, "loader"};
  server.sql("postgres",
             "GRANT app TO loader; ALTER ROLE app BYPASSRLS; GRANT pg_read_all_data TO app; CREATE ROLE more;");
  EXPECT_THAT((role_powers{admin, ""}.beyond(before)), IsEmpty()) << "roles of a dump";
  server.sql("postgres", "ALTER ROLE other CREATEDB; GRANT pg_write_server_files TO app;");
  EXPECT_THAT((role_powers{admin, ""}.beyond(before)),
              ElementsAre("app: member of pg_write_server_files", "other: may make databases"));
  EXPECT_THAT((role_powers{admin, "loader"}.beyond(of_loader)), IsEmpty());
  server.sql("postgres", "ALTER ROLE loader SUPERUSER; GRANT knowngood_admin TO loader;");
  EXPECT_THAT((role_powers{admin, "loader"}.beyond(of_loader)),
              ElementsAre("loader: member of knowngood_admin", "loader: superuser"));
}

}  // namespace role_powers_test
