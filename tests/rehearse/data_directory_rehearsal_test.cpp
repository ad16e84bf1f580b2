#include "knowngood/rehearse/data_directory_rehearsal.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/sandbox/scratch.hpp"
#include "knowngood/server/connection.hpp"
#include "knowngood/testing/scratch_directory.hpp"

namespace knowngood {
namespace data_directory_rehearsal_test {

using testing::HasSubstr;
using testing::IsEmpty;

/// A cluster that was shut down, made once, and copied for each test.
class data_directory_rehearsal_test : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    here_ = std::make_unique<scratch_directory>();
    ::chmod(here_->path().c_str(), 0711);
    make_cluster("base", "postgres");
    auto server = run_cluster("base", {});
    {
      connection s{server->dsn("postgres", "postgres"), location{"base"}};
      s.query("CREATE DATABASE app");
      connection app{server->dsn("app", "postgres"), location{"base"}};
      // VACUUM calls a page visible to all only once the commit of its rows is in the log for good
      app.query("SET synchronous_commit TO on");
      for (const char* table : {"whole", "garbled", "zeroed", "gone", "older", "cut"}) {
        app.query(std::string{"CREATE TABLE "} + table + " (id int PRIMARY KEY, name text)");
        app.query(std::string{"INSERT INTO "} + table + " SELECT g, md5(g::text) FROM generate_series(1, 1000) g");
      }
      app.query("CREATE TABLE empty (id int)");
      app.query("VACUUM (FREEZE)");
      app.query("CHECKPOINT");
      for (const char* table : {"garbled", "zeroed", "gone", "older", "cut"}) {
        files_[table] = app.value(std::string{"SELECT pg_relation_filepath('"} + table + "')");
      }
      files_["older_pkey"] = app.value("SELECT pg_relation_filepath('older_pkey')");
      must("cp base/" + files_["older_pkey"] + " older_pkey");
      app.query("INSERT INTO older SELECT g, md5(g::text) FROM generate_series(1001, 1500) g");
    }
    server->stop();
  }
  static void TearDownTestSuite() {
    here_.reset();
    files_.clear();
  }

  static void must(const std::string& command) {
    const tool_run ran = here_->run("{ " + command + "\n} 2>&1");
    if (ran.status != 0) throw std::runtime_error{command + ": " + ran.output};
  }

  static void make_cluster(const std::string& name, const std::string& superuser) {
    must("mkdir " + name);
    give_tree(here_->path() / name, unprivileged_user());
    process_request initdb;
    initdb.arguments = {find_postgres().front().program("initdb"),
                        "-D",
                        (here_->path() / name).string(),
                        "-U",
                        superuser,
                        "-E",
                        "UTF8",
                        "--locale=C",
                        "--auth=trust",
                        "--no-sync"};
    initdb.directory = "/";
    initdb.user = unprivileged_user();
    const auto made = run_process(initdb);
    if (made.exit_code != 0) throw std::runtime_error{made.output};
  }

  static std::unique_ptr<postgres_server> run_cluster(const std::string& name, const server_settings& settings,
                                                      const std::string& superuser = "postgres") {
    return postgres_server::boot(
        {find_postgres().front(), here_->path() / (name + "-server-" + std::to_string(++runs_)), unprivileged_user(),
         settings},
        here_->path() / name, superuser);
  }

  static std::filesystem::path copy_of_base(const std::string& name) {
    must("cp -r --preserve=mode,timestamps,links base " + name);  // root's, as it is restored
    return here_->path() / name;
  }

  /// A directory that looks like a data directory as far as one may tell without booting it.
  static std::filesystem::path bare(const std::string& name, const std::string& version) {
    must("mkdir -p " + name + "/global " + name + "/base " + name + "/pg_wal");
    here_->write(name + "/PG_VERSION", version);
    return here_->path() / name;
  }

  static data_directory_result rehearse(const std::filesystem::path& data, stop_flag stop = {}) {
    return rehearse_data_directory({.data = data,
                                    .where = location{"volume.tar"},
                                    .work = data.string() + "-work",
                                    .user = unprivileged_user(),
                                    .stop = stop});
  }

  static std::string own_version() { return std::to_string(find_postgres().front().major) + "\n"; }

  static void overwrite(const std::filesystem::path& file, std::streamoff at, const std::string& bytes) {
    std::fstream out{file, std::ios::binary | std::ios::in | std::ios::out};
    out.seekp(at);
    out << bytes;
    if (!out.flush()) throw std::runtime_error{"cannot damage " + file.string()};
  }

  static std::string text_of(const data_directory_result& outcome) {
    std::string text;
    for (const auto& one : outcome.findings)
      text +=
          fmt::format("{} {}: {} | {} | {}\n", one.check, one.where.to_string(), one.message, one.expected, one.actual);
    for (const auto& one : outcome.unchecked)
      text += fmt::format("unchecked {}: {} | {}\n", one.where.to_string(), one.message, one.advice);
    return text;
  }

  static const table_comparison* table_in(const data_directory_result& outcome, const std::string& name) {
    for (const auto& one : outcome.tables) {
      if (one.name == name) return &one;
    }
    return nullptr;
  }

  static std::unique_ptr<scratch_directory> here_;
  static std::map<std::string, std::string> files_;
  static inline int runs_ = 0;
};

std::unique_ptr<scratch_directory> data_directory_rehearsal_test::here_;
std::map<std::string, std::string> data_directory_rehearsal_test::files_;

TEST_F(data_directory_rehearsal_test, intact_one_passes_with_its_rows_counted) {
  const auto data = copy_of_base("intact");
  const auto outcome = rehearse(data);
  EXPECT_EQ(text_of(outcome), "");
  EXPECT_EQ(outcome.version, find_postgres().front().version);
  EXPECT_EQ(outcome.tables.size(), 7U);
  EXPECT_EQ(outcome.rows, 6500U);
  const auto* older = table_in(outcome, "public.older");
  ASSERT_NE(older, nullptr);
  EXPECT_EQ(older->database, "app");
  EXPECT_EQ(older->restored, (rows_fact{1500, std::nullopt}));
  EXPECT_EQ(older->outcome, row_outcome::counted);
  EXPECT_EQ(table_in(outcome, "public.empty")->restored->rows, 0U);
  EXPECT_TRUE(detail::processes_inside(std::filesystem::canonical(data).string()).empty());
}

TEST_F(data_directory_rehearsal_test, damage_to_each_table_is_found_where_it_is) {
  const auto data = copy_of_base("damaged");
  overwrite(data / files_["garbled"], 8192 + 6000, std::string(1500, '\xFF'));
  overwrite(data / files_["zeroed"], 2 * 8192, std::string(8192, '\0'));
  std::filesystem::remove(data / files_["gone"]);
  std::filesystem::resize_file(data / files_["cut"], std::filesystem::file_size(data / files_["cut"]) - 8192);
  must("cp older_pkey damaged/" + files_["older_pkey"]);
  const auto outcome = rehearse(data);
  const auto is_found = [&](const std::string& name) {
    return std::any_of(outcome.findings.begin(), outcome.findings.end(), [&](const finding& one) {
      return one.check == "boot.corrupt" && one.where.to_string().find("public." + name) != std::string::npos;
    });
  };
  for (const char* table : {"garbled", "zeroed", "gone", "cut"})
    EXPECT_TRUE(is_found(table)) << table << "\n" << text_of(outcome);
  EXPECT_TRUE(is_found("older_pkey")) << text_of(outcome);
  EXPECT_FALSE(is_found("whole")) << text_of(outcome);
  EXPECT_FALSE(is_found("empty")) << text_of(outcome);
  EXPECT_THAT(outcome.unchecked, IsEmpty());
  for (const auto& one : outcome.findings) {
    EXPECT_EQ(one.where.chain().front(), "volume.tar");
    EXPECT_FALSE(one.message.empty());
    EXPECT_FALSE(one.actual.empty());
  }
  ASSERT_NE(table_in(outcome, "public.whole"), nullptr);
  EXPECT_EQ(table_in(outcome, "public.whole")->restored->rows, 1000U);
}

// Superuser of another name, closed and foreign databases, settings and links of the host that it comes from, slots,
// prepared transactions, a crash: all that and sound.
TEST_F(data_directory_rehearsal_test, odd_but_sound_one_passes) {
  make_cluster("odd", "ner11");
  {
    const auto server = run_cluster(
        "odd", {.extra = {"wal_level=logical", "max_wal_senders=5", "max_prepared_transactions=5"}}, "ner11");
    connection s{server->dsn("template1", "ner11"), location{"odd"}};
    s.query("DROP DATABASE postgres");
    s.query("CREATE ROLE postgres NOLOGIN");
    s.query("CREATE DATABASE \"Odd \"\"name\"\"\nof two lines\"");
    s.query("CREATE DATABASE closed");
    s.query("CREATE DATABASE elsewhere");
    connection odd{server->dsn("Odd \"name\"\nof two lines", "ner11"), location{"odd"}};
    odd.query(
        "CREATE SCHEMA \"Mixed\"; CREATE TABLE \"Mixed\".\"a b\" (id int PRIMARY KEY); INSERT INTO \"Mixed\".\"a b\" "
        "SELECT generate_series(1, 300);"
        "CREATE TABLE half (id int) PARTITION BY RANGE (id); CREATE TABLE half_1 PARTITION OF half FOR VALUES FROM (0) "
        "TO (10);"
        "INSERT INTO half VALUES (1), (2); CREATE UNLOGGED TABLE fleeting (id int PRIMARY KEY); INSERT INTO fleeting "
        "VALUES (1);"
        "CREATE TABLE held (id int PRIMARY KEY); CREATE INDEX ON held ((id + 1)) WHERE id > 5");
    odd.query(
        "SELECT pg_create_physical_replication_slot('standby', true), pg_create_logical_replication_slot('feed', "
        "'pgoutput')");
    odd.query("CREATE SUBSCRIPTION away CONNECTION 'host=192.0.2.1' PUBLICATION p WITH (connect = false)");
    odd.query("BEGIN; INSERT INTO held VALUES (1)");
    odd.query("PREPARE TRANSACTION 'left open'");
    connection closed{server->dsn("closed", "ner11"), location{"odd"}};
    closed.query("CREATE TABLE t AS SELECT generate_series(1, 40) AS id");
    s.query("ALTER DATABASE closed ALLOW_CONNECTIONS false");
    s.query("UPDATE pg_database SET datcollate = 'xx_XX.UTF-8', datctype = 'xx_XX.UTF-8' WHERE datname = 'elsewhere'");
    s.query("CHECKPOINT");
    odd.query("SET synchronous_commit TO on");
    odd.query("INSERT INTO \"Mixed\".\"a b\" SELECT generate_series(301, 500)");
  }  // which ends it at once: its last rows are only in its WAL
  const auto data = here_->path() / "odd";
  const scratch_directory outside;
  const std::string outside_file = (outside.path() / "ran").string();
  ASSERT_EQ(outside.run("chmod 777 .").status, 0);
  for (const char* name : {"postgresql.conf", "postgresql.auto.conf"}) {
    here_->write(
        std::string{"odd/"} + name,
        "shared_preload_libraries = 'no_such_library'\narchive_mode = on\narchive_command = 'touch " + outside_file +
            "'\nlisten_addresses = '*'\nssl = on\ndata_directory = '/nonexistent'\nhba_file = '/nonexistent'\n");
  }
  here_->write("odd/recovery.signal", "");
  here_->write("odd/pg_hba.conf", "local all all reject\n");
  here_->write("odd/postmaster.pid", "1\n/elsewhere\n0\n5432\n/tmp\n");
  must(
      "ln -s /etc/ssl/private/none odd/server.key; ln -s /var/log/none odd/log; mkdir -p odd/pg_log; chmod 755 odd; "
      "chown -hR \"$(id -u)\" odd");  // root's, as it is restored

  const auto outcome = rehearse(data);
  EXPECT_THAT(outcome.findings, IsEmpty()) << text_of(outcome);
  ASSERT_EQ(outcome.unchecked.size(), 1U) << text_of(outcome);
  EXPECT_THAT(outcome.unchecked.front().where.to_string(), HasSubstr("elsewhere"));
  EXPECT_THAT(outcome.unchecked.front().message, HasSubstr("locale"));
  EXPECT_THAT(outcome.unchecked.front().advice, HasSubstr("locale"));
  const auto* mixed = table_in(outcome, "\"Mixed\".\"a b\"");
  ASSERT_NE(mixed, nullptr) << text_of(outcome);
  EXPECT_EQ(mixed->restored->rows, 500U);
  EXPECT_EQ(mixed->database, "Odd \"name\"\nof two lines");
  ASSERT_NE(table_in(outcome, "public.t"), nullptr) << "of the closed database";
  EXPECT_EQ(table_in(outcome, "public.t")->restored->rows, 40U);
  EXPECT_EQ(table_in(outcome, "public.half_1")->restored->rows, 2U);
  EXPECT_FALSE(std::filesystem::exists(outside_file));
}

// What acts on whoever connects, as a superuser: none of it may, and all of it is sound.
TEST_F(data_directory_rehearsal_test, acts_on_nobody_who_looks_through_it) {
  const auto data = copy_of_base("armed");
  give_tree(data, unprivileged_user());
  {
    const auto server = run_cluster("armed", {});
    connection s{server->dsn("postgres", "postgres"), location{"armed"}};
    s.query("CREATE DATABASE \"-cshared_preload_libraries=none\"");
    s.query("CREATE ROLE knowngood_admin LOGIN CONNECTION LIMIT 0");
    connection app{server->dsn("app", "postgres"), location{"armed"}};
    app.query(
        "CREATE TABLE witness (what text);"
        "CREATE FUNCTION format(text, name, name) RETURNS text LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.witness "
        "VALUES (''format''); RETURN $1; END';"
        "CREATE FUNCTION see() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.witness VALUES "
        "(tg_tag); END';"
        // of the manual's kind, and one that finds its table in its author's search_path alone
        "CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''command % is "
        "disabled'', tg_tag; END';"
        "CREATE FUNCTION unqualified() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM * FROM audited; END';"
        "CREATE SCHEMA audit; CREATE TABLE audit.audited ()");
    app.query("CREATE EVENT TRIGGER a_sees ON ddl_command_start EXECUTE FUNCTION see()");
    app.query("CREATE EVENT TRIGGER at_the_end ON ddl_command_end EXECUTE FUNCTION see()");
    app.query("CREATE TABLE fires ()");
    ASSERT_EQ(app.value("SELECT count(*) FROM witness"), "2") << "the trap works";
    app.query(
        "TRUNCATE witness; CREATE EVENT TRIGGER b_unqualified ON ddl_command_start EXECUTE FUNCTION unqualified()");
    app.query(
        "SET search_path TO audit, public; CREATE EVENT TRIGGER c_forbids ON ddl_command_start EXECUTE FUNCTION "
        "public.forbid()");
    app.query("TRUNCATE public.witness");
    s.query("ALTER DATABASE app SET session_preload_libraries = 'no_such_library'");
    s.query("ALTER ROLE ALL SET local_preload_libraries = 'no_such_library'");
    s.query("ALTER ROLE knowngood_admin SET search_path TO public, pg_catalog");
    s.query("ALTER DATABASE app SET default_transaction_read_only TO on");
    s.query("ALTER SYSTEM SET session_preload_libraries = 'no_such_library'");
  }
  must("chown -hR \"$(id -u)\" armed");
  const auto outcome = rehearse(data);
  EXPECT_EQ(text_of(outcome), "");
  EXPECT_EQ(outcome.rows, 6500U);
  ASSERT_NE(table_in(outcome, "public.witness"), nullptr);
  EXPECT_EQ(table_in(outcome, "public.witness")->restored->rows, 0U);
  const auto after = run_cluster("armed", {}, std::string{postgres_server::own_superuser});
  connection app{after->dsn("app", after->superuser()), location{"armed"}};
  EXPECT_EQ(app.value("SELECT count(*) FROM public.witness"), "0");
  EXPECT_EQ(app.value("SELECT count(*) FROM pg_db_role_setting"), "0");
}

TEST_F(data_directory_rehearsal_test, without_its_control_file_does_not_start) {
  const auto data = copy_of_base("uncontrolled");
  std::filesystem::remove(data / "global/pg_control");
  const auto outcome = rehearse(data);
  ASSERT_EQ(outcome.findings.size(), 1U) << text_of(outcome);
  EXPECT_EQ(outcome.findings.front().check, "boot.failed");
  EXPECT_THAT(outcome.findings.front().actual, HasSubstr("pg_control"));
}

TEST_F(data_directory_rehearsal_test, without_a_databases_catalogue_cannot_be_opened) {
  const auto data = copy_of_base("unmapped");
  ASSERT_TRUE(std::filesystem::remove(data / std::filesystem::path{files_["gone"]}.parent_path() / "pg_filenode.map"));
  const auto outcome = rehearse(data);
  ASSERT_EQ(outcome.findings.size(), 1U) << text_of(outcome);
  EXPECT_EQ(outcome.findings.front().check, "boot.corrupt");
  EXPECT_THAT(outcome.findings.front().where.to_string(), HasSubstr("app"));
  EXPECT_THAT(outcome.findings.front().actual, HasSubstr("pg_filenode.map"));
  EXPECT_THAT(outcome.unchecked, IsEmpty());
}

TEST_F(data_directory_rehearsal_test, of_another_version_is_unchecked) {
  int number = 0;
  for (const std::string version : {"12", "9.6", "1", "99"}) {
    const auto outcome = rehearse(bare("version-" + std::to_string(number++), version + "\n"));
    EXPECT_THAT(outcome.findings, IsEmpty()) << version;
    ASSERT_EQ(outcome.unchecked.size(), 1U) << version;
    EXPECT_THAT(outcome.unchecked.front().message, HasSubstr("PostgreSQL " + version + " needs"));
    EXPECT_THAT(outcome.unchecked.front().advice, HasSubstr("postgresql-" + version + " "));
    EXPECT_EQ(outcome.version, "");
  }
}

TEST_F(data_directory_rehearsal_test, whose_version_is_unreadable_does_not_start) {
  int number = 0;
  for (const std::string& version : {std::string{}, std::string{"fifteen\n"}, std::string(64, '1'),
                                     std::string{"\0\0\0\0", 4}, std::string{"-1\n"}}) {
    const auto outcome = rehearse(bare("unreadable-" + std::to_string(number++), version));
    ASSERT_EQ(outcome.findings.size(), 1U) << number;
    EXPECT_EQ(outcome.findings.front().check, "boot.failed");
    EXPECT_THAT(outcome.unchecked, IsEmpty());
  }
}

TEST_F(data_directory_rehearsal_test, that_leads_outside_is_not_booted) {
  const scratch_directory outside;
  ASSERT_EQ(outside.run("mkdir wal && echo precious > wal/file && chmod -R 777 .").status, 0);
  const auto unchecked_because = [&](const std::filesystem::path& data, const std::string& what) {
    const auto outcome = rehearse(data);
    EXPECT_THAT(outcome.findings, IsEmpty()) << text_of(outcome);
    ASSERT_EQ(outcome.unchecked.size(), 1U) << what;
    EXPECT_THAT(outcome.unchecked.front().message, HasSubstr(what));
    EXPECT_FALSE(std::filesystem::exists(data.string() + "-work")) << "not even tried";
  };
  auto data = bare("linked-wal", own_version());
  std::filesystem::remove(data / "pg_wal");
  std::filesystem::create_directory_symlink(outside.path() / "wal", data / "pg_wal");
  unchecked_because(data, "pg_wal of the data directory is a symbolic link");

  data = bare("linked-space", own_version());
  std::filesystem::create_directory(data / "pg_tblspc");
  std::filesystem::create_directory_symlink(outside.path() / "wal", data / "pg_tblspc/16385");
  unchecked_because(data, "pg_tblspc/16385");

  data = bare("mapped-space", own_version());
  here_->write("mapped-space/tablespace_map", "16385 " + outside.path().string() + "/wal\n");
  unchecked_because(data, "tablespaces");

  data = bare("no-wal", own_version());
  here_->write("no-wal/backup_label",
               "START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\nCHECKPOINT LOCATION: 0/2000060\n");
  unchecked_because(data, "000000010000000000000002");
  EXPECT_EQ(outside.read("wal/file"), "precious\n");
}

TEST_F(data_directory_rehearsal_test, is_interrupted_by_its_flag) {
  const auto data = copy_of_base("interrupted");
  const std::atomic<bool> stop{true};
  EXPECT_THROW(rehearse(data, stop), interrupted);
  EXPECT_TRUE(detail::processes_inside(std::filesystem::canonical(data).string()).empty());
}

TEST_F(data_directory_rehearsal_test, is_found_wherever_it_lies) {
  const auto data = bare("outer/18/inner", own_version());
  const auto other = bare("outer/17/main", own_version());
  bare("outer/18/inner/base/nested", own_version());
  using paths = std::vector<std::filesystem::path>;
  EXPECT_EQ(detail::find_data_directories(data), paths{data});
  EXPECT_EQ(detail::find_data_directories(here_->path() / "outer"), (paths{other, data}))
      << "what lies in one is its own";
  must("mkdir none && ln -s ../outer/18/inner none/link && mkdir none/fake && echo 15 > none/fake/PG_VERSION");
  EXPECT_EQ(detail::find_data_directories(here_->path() / "none"), paths{});
}

}  // namespace data_directory_rehearsal_test
}  // namespace knowngood
