#include "knowngood/rehearse/disarm_data_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"

namespace disarm_data_directory_test {

using namespace knowngood;
using ::testing::HasSubstr;

class disarming : public ::testing::Test {
 protected:
  disarming() { make("mkdir -p d/global d/base/1 d/pg_wal d/pg_replslot d/pg_tblspc && echo 15 > d/PG_VERSION"); }

  void make(const std::string& command) const {
    const tool_run done = here_.run("{ " + command + "; } 2>&1");
    if (done.status != 0) throw std::runtime_error{done.output};
  }
  [[nodiscard]] std::string list() const { return here_.run("cd d && find . | LC_ALL=C sort | tr '\\n' ' '").output; }

  // What is in the way, and where; empty when nothing is.
  [[nodiscard]] std::string obstacle() const {
    const auto found = detail::disarm_data_directory(here_.path() / "d", location{"v.tar"});
    return found ? found->where.to_string() + ": " + found->message : std::string{};
  }

  scratch_directory here_;
};

TEST_F(disarming, leaves_a_plain_data_directory_as_it_is) {
  const std::string before = list();
  EXPECT_EQ(obstacle(), "");
  EXPECT_EQ(list(), before);
}

TEST_F(disarming, removes_what_names_other_processes_settings_and_servers) {
  const std::string before = list();
  make(
      "cd d && touch postmaster.pid postmaster.opts postgresql.auto.conf recovery.signal standby.signal recovery.conf "
      "&& "
      "mkdir -p pg_replslot/standby && touch pg_replslot/standby/state && ln -s /etc/ssl server.key && ln -s /etc "
      "pg_log && ln -s nowhere postgresql.conf");
  EXPECT_EQ(obstacle(), "");
  EXPECT_EQ(list(), before);
}

TEST_F(disarming, follows_no_link) {
  make(
      "mkdir -p victim/sub && echo precious > victim/sub/file && rmdir d/pg_replslot && ln -s ../victim d/pg_replslot");
  EXPECT_THAT(obstacle(), HasSubstr("pg_replslot of the data directory is a symbolic link, to ../victim"));
  EXPECT_EQ(here_.read("victim/sub/file"), "precious\n");
}

TEST_F(disarming, says_which_of_the_servers_data_lies_elsewhere) {
  make("ln -s /srv/fast d/pg_tblspc/16400");
  EXPECT_THAT(obstacle(), HasSubstr("pg_tblspc/16400 of the data directory is a symbolic link, to /srv/fast"));
  make("rmdir d/pg_wal && ln -s /srv/wal d/pg_wal");
  EXPECT_THAT(obstacle(), HasSubstr("and 1 more are"));
}

TEST_F(disarming, says_what_a_base_backup_has_left_to_others) {
  make("echo '16400 /srv/fast' > d/tablespace_map");
  EXPECT_THAT(obstacle(), HasSubstr("v.tar » tablespace_map: the base backup has tablespaces"));
  make("rm d/tablespace_map && echo 'START WAL LOCATION: 0/2000028 (file 000000010000000000000002)' > d/backup_label");
  EXPECT_THAT(obstacle(), HasSubstr("starts at WAL file 000000010000000000000002, which is not in it"));
  make("touch d/pg_wal/000000010000000000000002");
  EXPECT_EQ(obstacle(), "");
}

}  // namespace disarm_data_directory_test
