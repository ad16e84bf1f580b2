// What drill must find in backups that verify calls sound, and in those that it does not; and that it finds nothing in
// the estate as it was made.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "scenarios/estate_copy.hpp"

namespace drill_scenarios_test {

using namespace knowngood;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;
using ::testing::Not;

/// Every table's rows are equal wherever they were looked at.
void expect_equal_rows(const nlohmann::json& report, bool captured) {
  ASSERT_FALSE(report.at("comparisons").empty());
  for (const auto& table : report.at("comparisons")) {
    SCOPED_TRACE(table.dump());
    EXPECT_TRUE(table.at("outcome") == "equal" || table.at("outcome") == "empty");
    EXPECT_EQ(table.at("dump"), table.at("restored"));
    if (captured) {
      EXPECT_EQ(table.at("capture"), table.at("restored"));
    }
  }
}

std::set<std::string> steps_of(const nlohmann::json& report) {
  std::set<std::string> names;
  for (const auto& step : report.at("steps")) names.insert(step.at("name").get<std::string>());
  return names;
}

TEST(drill, restores_the_estate_from_its_parts_to_the_last_row) {
  const estate_copy estate;
  const verify_run run = estate.drill(
      "--component database --component models --component repository --component configuration "
      "--component volumes --component logs");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.alarms(), IsEmpty()) << run.output;
  expect_equal_rows(run.report, true);
  EXPECT_THAT(
      steps_of(run.report),
      ::testing::IsSupersetOf({"verify-artifact", "start-server", "load-dump", "compare-rows", "compare-capture",
                               "check-objects", "clone-bundle", "restore-configuration", "restore-volume",
                               "boot-volume", "restore-models", "restore-archive", "clean-up"}));
  EXPECT_EQ(estate.left_behind(), "");
  for (const auto& recovery : run.report.at("recoveries")) EXPECT_EQ(recovery.at("verdict"), "sound");
}

TEST(drill, restores_everything_from_the_full_backup_alone) {
  const estate_copy estate;
  const tool_run run =
      estate.scratch().run(fmt::format("mkdir drills; chmod 711 . drills; '{}' estate/full_system_*.tar.gz --capture "
                                       "estate/database/ner11_db_{}_020000.sql.gz.capture.json "
                                       "--scratch drills --report r.json --color never 2>&1",
                                       drill_program, estate_date));
  EXPECT_EQ(run.status, 0) << run.output;
  const nlohmann::json report = read_json(estate.scratch().path() / "r.json");
  expect_equal_rows(report, true);
  EXPECT_THAT(steps_of(report),
              ::testing::IsSupersetOf({"unpack-full-system", "clone-bundle", "restore-configuration", "restore-volume",
                                       "boot-volume", "load-dump", "compare-rows", "check-objects"}));
  EXPECT_EQ(estate.left_behind(), "");
}

TEST(drill, finds_the_capture_of_a_dump_in_the_full_backup_where_the_policy_keeps_it) {
  const estate_copy estate;
  const verify_run run = estate.drill("--component full-system");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.alarms(), IsEmpty()) << run.output;
  expect_equal_rows(run.report, true);
}

TEST(drill, joins_what_was_split) {
  const estate_copy estate;
  ASSERT_EQ(estate.damage("split -b 300k $DB $DB.part-; rm $DB").status, 0);
  const verify_run run = estate.drill("--component database");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.alarms(), IsEmpty()) << run.output;
  EXPECT_THAT(steps_of(run.report), ::testing::IsSupersetOf({"join-parts", "load-dump", "compare-rows"}));
  expect_equal_rows(run.report, true);
  EXPECT_EQ(estate.left_behind(), "");
  ASSERT_EQ(estate.damage("printf x | dd of=$(ls $DB.part-* | tail -1) bs=1 seek=99 conv=notrunc status=none").status,
            0);
  EXPECT_EQ(estate.drill("--component database").status, 1);
}

TEST(drill, restores_every_file_of_a_backup_that_is_a_directory) {
  const estate_copy estate;
  ASSERT_EQ(
      estate
          .damage("mkdir app; seq 1000 > app/numbers; for day in 07 08; do n=nights/2025-12-$day; mkdir -p $n; cp "
                  "database/ner11_db_202512${day}_020000"
                  ".sql.gz $n/db.sql.gz; tar -czf $n/files.tar.gz app; echo kept > $n/README; (cd $n; sha256sum * "
                  "> SHA256SUMS); done")
          .status,
      0);
  estate.scratch().write("nights.toml",
                         "version = 1\n[estate]\nroot = \"estate\"\n[component.nights]\nkind = \"any\"\n"
                         "name = \"{timestamp:%F}/\"\n");
  const std::string policy = (estate.scratch().path() / "nights.toml").string();
  const verify_run run = estate.drill("", policy);
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(steps_of(run.report), ::testing::IsSupersetOf({"load-dump", "restore-archive", "compare-rows"}));
  ASSERT_EQ(
      estate.damage("printf x | dd of=nights/2025-12-08/db.sql.gz bs=1 seek=9999 conv=notrunc status=none").status, 0);
  const verify_run older = estate.drill("", policy);
  EXPECT_EQ(older.status, 1) << older.output;
  EXPECT_THAT(older.alarms(), Contains("drill.older-artifact @ verify-artifact")) << older.output;
}

struct scenario {
  std::string name;
  std::string damage;     // bash, in the estate's root (estate_copy.hpp)
  std::string component;  // to drill
  std::string expected;   // `check @ step or artifact`
  std::set<std::string> also = {};
  int status = 1;
};

std::ostream& operator<<(std::ostream& out, const scenario& one) { return out << one.name; }

const std::string cannot = "restore";

const std::vector<scenario> scenarios{
    // found by the capture alone: dump and restored database agree, and every checksum is right
    {"row_deleted_from_the_dump",
     R"sh(edit $DB 'b[:(n := b.index(b"\n", at("COPY public.incidents")) + 1)] + b[b.index(b"\n", n) + 1:]'; reseal $DB)sh",
     "database", "rows.fewer @ compare-rows"},
    {"row_added_to_the_dump",
     R"sh(edit $DB 'b[:(n := b.index(b"\n", at("COPY public.documents")) + 1)] + (r := b[n:b.index(b"\n", n) + 1]).replace(r.split(b"\t")[0], b"777", 1) + b[n:]'; reseal $DB)sh",
     "database", "rows.more @ compare-rows"},
    {"row_altered_in_the_dump",
     R"sh(edit $DB 'flip(b.index(b"\t", b.index(b"\n", at("COPY audit.event "))) + 5, 0)'; reseal $DB)sh",
     "database",
     "rows.different @ compare-rows",
     {"load.sql @ load-dump", "rows.fewer @ compare-rows"}},
    {"table_missing_from_the_dump",
     R"sh(edit $DB 'b[:(n := at("COPY public.maintenance_windows"))] + b[b.index(b"\n\\.\n", n) + 4:]'; reseal $DB)sh",
     "database",
     "rows.fewer @ compare-rows",
     {"rows.missing-table @ compare-rows"}},
    {"table_missing_altogether",
     R"sh(edit $DB 'b[:(n := b.index(b"CREATE TABLE public.no_columns"))] + b[b.index(b";", n) + 1:].replace(b"ALTER TABLE public.no_columns OWNER TO postgres;", b"", 1).replace(b[(m := at("COPY public.no_columns")):b.index(b"\n\\.\n", m) + 4], b"", 1)'; reseal $DB)sh",
     "database",
     "rows.missing-table @ compare-rows",
     {"objects.missing @ check-objects", "load.sql @ load-dump"}},
    // found by loading
    {"statement_that_fails",
     R"sh(edit $DB 'b.replace(b"CREATE INDEX ", b"CREATE INDEXX ", 1)'; reseal $DB)sh",
     "database",
     "load.sql @ load-dump",
     {"objects.missing @ check-objects"}},
    {"statement_that_is_not_there",
     R"sh(edit $DB 'b[:(n := b.index(b"CREATE INDEX "))] + b[b.index(b";", n) + 1:]'; reseal $DB)sh", "database",
     "objects.missing @ check-objects"},
    {"dump_that_fails_halfway",
     R"sh(edit $DB 'b.replace(b"CREATE TABLE public.incidents (", b"CREATE TABLE public.incidents (nonsense,", 1)'; reseal $DB)sh",
     "database",
     "load.sql @ load-dump",
     {"rows.missing-table @ compare-rows", "rows.fewer @ compare-rows", "objects.missing @ check-objects",
      "objects.sequence-behind @ check-objects"}},
    {"row_that_is_there_twice",
     R"sh(edit $DB 'b[:(n := b.index(b"\n", at("COPY public.documents")) + 1)] + b[n:b.index(b"\n", n) + 1] + b[n:]'; reseal $DB)sh",
     "database",
     "load.sql @ load-dump",
     {"rows.more @ compare-rows", "objects.missing @ check-objects"}},
    {"extension_that_is_not_there",
     R"sh(edit $DB 'b.replace(b"SET default_tablespace", b"CREATE EXTENSION no_such_extension;\nSET default_tablespace", 1)'; reseal $DB)sh",
     "database",
     "load.extension @ load-dump",
     {},
     3},
    // found in the restored database
    {"sequence_behind_its_column",
     R"sh(edit $DB 'b[:(n := b.index(b"setval(\x27public.incidents_incident_id_seq\x27, ") + 43)] + b"3" + b[b.index(b",", n):]'; reseal $DB)sh",
     "database", "objects.sequence-behind @ check-objects"},
    {"constraint_that_is_not_validated",
     R"sh(edit $DB 'b[:(n := b.index(b";", b.index(b"FOREIGN KEY")))] + b" NOT VALID" + b[n:]'; reseal $DB)sh",
     "database",
     "objects.unvalidated-constraint @ check-objects",
     {},
     0},
    {"materialized_view_that_cannot_be_filled",
     R"sh(edit $DB 'b.replace(b"REFRESH MATERIALIZED VIEW ", b"REFRESH MATERIALIZED VIEW no.", 1)'; reseal $DB)sh",
     "database",
     "load.sql @ load-dump",
     {"objects.unpopulated-view @ check-objects"}},
    {"assertion_that_does_not_hold", "true", "database --assert", "assertion.failed @ check-assertions"},
    // captures
    {"capture_of_another_day",
     R"sh(cp database/ner11_db_20251207_020000.sql.gz.capture.json $DB.capture.json)sh",
     "database",
     "capture.other-artifact @ compare-rows",
     {"rows.fewer @ compare-rows", "rows.more @ compare-rows", "rows.different @ compare-rows"}},
    {"capture_cut_short", R"sh(edit $DB.capture.json 'b[:200]')sh", "database", "capture.malformed @ compare-capture"},
    // hostile dumps: nothing of it runs
    {"psql_command",
     R"sh(edit $DB 'b.replace(b"SET lock_timeout = 0;", b"\\! touch /tmp/knowngood-owned\nSET lock_timeout = 0;", 1)'; reseal $DB)sh",
     "database",
     "drill.older-artifact @ verify-artifact",
     {"dump.meta-command @ ner11_db_20251208_020000.sql.gz", "drill.rpo @ database"}},
    {"copy_from_a_program",
     R"sh(edit $DB 'b.replace(b"SET default_tablespace", b"COPY public.documents FROM PROGRAM \x27touch /tmp/knowngood-owned\x27;\nSET default_tablespace", 1)'; reseal $DB)sh",
     "database",
     "drill.older-artifact @ verify-artifact",
     {"dump.statement @ ner11_db_20251208_020000.sql.gz"}},
    {"copy_from_a_program_in_disguise",
     R"sh(edit $DB 'b.replace(b"SET default_tablespace", b"DO $$ BEGIN EXECUTE \x27COPY (SELECT 1) TO PROGRAM \x27\x27touch /tmp/knowngood-owned\x27\x27\x27; END $$;\nSET default_tablespace", 1)'; reseal $DB)sh",
     "database",
     "drill.older-artifact @ verify-artifact",
     {"dump.statement @ ner11_db_20251208_020000.sql.gz"}},
    // planning any query on the table runs the function: whoever looks at the restored database must be nobody
    {"index_predicate_that_writes_a_file",
     R"sh(edit $DB 'b[:(n := at("--\n-- PostgreSQL database dump complete"))] + b"CREATE FUNCTION public.w() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $f$ BEGIN IF current_setting(\x27is_superuser\x27) = \x27on\x27 THEN COPY (SELECT 1) TO \x27/tmp/knowngood-owned\x27; END IF; RETURN true; END $f$;\nCREATE FUNCTION public.p(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN RETURN public.w(); END $f$;\nCREATE TABLE public.trap (id serial PRIMARY KEY, n integer);\nCREATE INDEX trap_n ON public.trap (n) WHERE public.p(1);\n" + b[n:]'; reseal $DB)sh",
     "database", "rows.extra-table @ compare-rows"},
    {"role_that_wants_to_be_superuser",
     R"sh(edit $DB 'b.replace(b"SET default_tablespace", b"CREATE ROLE boss SUPERUSER;\nSET ROLE knowngood_admin;\nSET SESSION AUTHORIZATION knowngood_admin;\nSET default_tablespace", 1)'; reseal $DB)sh",
     "database",
     "drill.older-artifact @ verify-artifact",
     {"dump.statement @ ner11_db_20251208_020000.sql.gz"}},
    {"function_of_a_library",
     R"sh(edit $DB 'b.replace(b"SET default_tablespace", b"CREATE FUNCTION public.run(text) RETURNS int LANGUAGE c AS \x27libc.so.6\x27, \x27system\x27;\nSET default_tablespace", 1)'; reseal $DB)sh",
     "database", "load.refused @ load-dump"},
    // other artifacts
    {"archive_cut_short",
     R"sh(head -c 300000 $MODELS | put $MODELS; reseal $MODELS models_${D}_100000.sha256)sh",
     "models",
     "drill.older-artifact @ verify-artifact",
     {"gzip.truncated @ models_20251208_100000.tar.gz"}},
    {"configuration_without_a_required_file",
     R"sh(unpack $CONFIG; rm x/.env; repack $CONFIG)sh",
     "configuration",
     "drill.older-artifact @ verify-artifact",
     {"manifest.missing-member @ config_20251208_013000.tar.gz"}},
    {"compose_file_that_does_not_parse",
     R"sh(unpack $CONFIG; echo '  : : broken [' >> x/docker-compose.yml; repack $CONFIG)sh", "configuration",
     "restore.syntax @ restore-configuration"},
    {"bundle_without_a_ref_s_objects",
     R"sh(edit $BUNDLE 'b.replace((r := [l for l in b.split(b"\n\n", 1)[0].split(b"\n") if b"refs/heads/" in l][0]), b"1" * 40 + r[40:], 1)')sh",
     "repository",
     "drill.older-artifact @ verify-artifact",
     {"bundle.ref-missing @ ner11_repo_20251208.bundle"}},
    {"volume_with_a_damaged_page",
     R"sh(unpack $PGDATA; f=$(find x -path '*base/*' -name '[0-9]*' -size +800k | sort | head -1); head -c 3000 /dev/urandom | dd of=$f bs=1 seek=20000 conv=notrunc status=none; repack $PGDATA)sh",
     "volumes", "boot.corrupt @ boot-volume"},
    {"volume_without_a_table_s_file",
     R"sh(unpack $PGDATA; rm $(find x -path '*base/*' -name '[0-9]*' -size +800k | sort | head -1); repack $PGDATA)sh",
     "volumes",
     "boot.corrupt @ boot-volume",
     {"boot.failed @ boot-volume"}},
    {"volume_whose_data_directory_lies_deep",
     R"sh(unpack $PGDATA; mkdir -p y/15/docker; mv x/* y/15/docker/; rm -rf x; mv y x; f=$(find x -path '*base/*' -name '[0-9]*' -size +800k | sort | head -1); head -c 3000 /dev/urandom | dd of=$f bs=1 seek=20000 conv=notrunc status=none; repack $PGDATA)sh",
     "volumes", "boot.corrupt @ boot-volume"},
    // in a full backup
    {"full_backup_without_the_database",
     R"sh(mkdir x && tar -xzpf $FULL -C x && cd x/full* && rm ner11_db_*.sql.gz && sed -i '/PostgreSQL Database/d' MANIFEST.txt && sha256sum *.gz *.bundle > checksums.txt && cd ../.. && (cd x && tar -cz full*) | put $FULL; rm -r x)sh",
     "full-system",
     "drill.not-inside @ unpack-full-system",
     {},
     0},
    {"full_backup_with_a_dump_that_is_not_rehearsed",
     R"sh(mkdir x && tar -xzpf $FULL -C x && cd x/full* && printf 'PGDMP\1\77\0\4\10\1' > db.gz && sha256sum *.gz *.bundle > checksums.txt && cd ../.. && (cd x && tar -cz full*) | put $FULL; rm -r x)sh",
     "full-system",
     "",
     {},
     3},
    {"volume_without_entries_for_its_directories",
     R"sh(unpack $PGDATA; (cd x && find . -mindepth 1 \( ! -type d -o -type d -empty \) -printf '%P\n' | tar --no-recursion -czf ../new.tar.gz -T -); rm -rf x; put $PGDATA < new.tar.gz; rm new.tar.gz)sh",
     "volumes",
     "restore.implied-directory @ restore-volume",
     {},
     0},
    {"dump_that_is_encrypted_since_last_night",
     R"sh((printf Salted__; head -c 3000000 /dev/urandom) | put $DB; reseal $DB)sh",
     "database",
     "drill.older-artifact @ verify-artifact",
     {},
     3},
    {"volume_of_a_version_that_is_not_here",
     R"sh(unpack $PGDATA; echo 12 > x/PG_VERSION; repack $PGDATA)sh",
     "volumes",
     "drill.older-artifact @ verify-artifact",
     {"pgdata.version @ ner11_postgres_data_20251208_030000.tar.gz"}},
};

// What a dump of one database does not say of its roles, and what lies loose in databases from before extensions.
const std::vector<scenario> roles_and_modules{
    {"view_of_a_superuser_over_a_table_of_another_role",
     R"sh(edit $DB 'b[:(n := b.rindex(b"--\n-- PostgreSQL database dump complete"))] + b"ALTER TABLE public.incidents OWNER TO app;\nREVOKE ALL ON TABLE public.incidents FROM PUBLIC;\nCREATE MATERIALIZED VIEW public.of_super AS SELECT count(*) AS n FROM public.incidents WITH NO DATA;\nALTER TABLE public.of_super OWNER TO postgres;\nREFRESH MATERIALIZED VIEW public.of_super;\n" + b[n:]'; reseal $DB)sh",
     "database",
     "",
     {},
     0},
    {"view_of_a_role_that_must_have_been_a_superuser",
     R"sh(edit $DB 'b[:(n := b.rindex(b"--\n-- PostgreSQL database dump complete"))] + b"ALTER TABLE public.incidents OWNER TO app;\nREVOKE ALL ON TABLE public.incidents FROM PUBLIC;\nCREATE MATERIALIZED VIEW public.of_chief AS SELECT count(*) AS n FROM public.incidents WITH NO DATA;\nALTER TABLE public.of_chief OWNER TO chief;\nREFRESH MATERIALIZED VIEW public.of_chief;\n" + b[n:]'; reseal $DB)sh",
     "database",
     "load.role @ load-dump",
     {},
     0},
    {"functions_of_a_module_from_before_extensions",
     R"sh(edit $DB 'b.replace(b"SET default_tablespace", b"CREATE FUNCTION public.similarity_old(text, text) RETURNS real LANGUAGE c IMMUTABLE STRICT AS \x27$libdir/pg_trgm\x27, \x27similarity\x27;\nSET default_tablespace", 1)'; reseal $DB)sh",
     "database",
     "load.superuser @ load-dump",
     {},
     3},
};

// Dumps that something rewrote on their way, and that psql restores all the same.
const std::vector<scenario> rewritten_dumps{
    {"dump_taken_through_a_terminal",
     R"sh(edit $DB 'b.replace(b"\n", b"\r\n")'; reseal $DB)sh",
     "database",
     "dump.line-endings @ ner11_db_20251208_020000.sql.gz",
     {},
     0},
    {"dump_without_comments",
     R"sh(edit $DB 'b"\n".join(l for l in b.split(b"\n") if not l.startswith(b"-- ") and l != b"--")'; reseal $DB)sh",
     "database",
     "dump.end-unproved @ ner11_db_20251208_020000.sql.gz",
     {},
     0},
    {"dump_with_a_byte_order_mark", R"sh(edit $DB 'b"\xef\xbb\xbf" + b'; reseal $DB)sh", "database", "", {}, 0},
};

// Archives that try to write elsewhere: what verify already says of them, and that a rehearsal which is told to go on
// regardless keeps everything inside of its scratch directory.
struct hostile_archive {
  const char* name;
  int status;  // what verify refuses is not restored; what tar disarms, too, is
  const char* script;
};
std::ostream& operator<<(std::ostream& out, const hostile_archive& one) { return out << one.name; }

class hostile_archives : public ::testing::TestWithParam<hostile_archive> {};

TEST_P(hostile_archives, write_nothing_outside_of_the_scratch_directory) {
  const scratch_directory here;
  const tool_run made = here.run(
      std::string{"mkdir drills outside x; chmod 711 . drills; echo precious > outside/file; echo content > x/file; "} +
      GetParam().script + " 2>&1");
  ASSERT_EQ(made.status, 0) << made.output;
  const tool_run run =
      here.run(fmt::format("'{}' bad.tar --scratch drills --report r.json --color never 2>&1", drill_program));
  EXPECT_EQ(run.status, GetParam().status) << run.output;
  EXPECT_EQ(here.run("find outside /tmp/knowngood-escaped* 2>/dev/null | sort; cat outside/file; ls -A drills").output,
            "outside\noutside/file\nprecious\n")
      << run.output;
}

INSTANTIATE_TEST_SUITE_P(
    of, hostile_archives,
    ::testing::Values(
        hostile_archive{"names_that_climb", 1,
                        "tar -cf bad.tar --transform='s,^x/file,../../../outside/written,' -P x/file"},
        hostile_archive{"names_from_the_root", 0,
                        "tar -cf bad.tar --transform='s,^x/file,/tmp/knowngood-escaped,' -P x/file"},
        hostile_archive{"a_link_to_write_through", 1,
                        "ln -s \"$PWD/outside\" x/link; tar -cf bad.tar x/link; rm x/link; mkdir x/link; echo written "
                        "> x/link/written; tar -rf bad.tar x/link/written"},
        hostile_archive{"a_link_to_overwrite_through", 0,
                        "ln -s \"$PWD/outside/file\" x/link; tar -cf bad.tar x/link; rm x/link; echo overwritten > "
                        "x/link; tar -rf bad.tar x/link"},
        hostile_archive{
            "a_hard_link_out", 1,
            "tar -cf bad.tar --transform='flags=h;s,.*,../../../outside/file,' -P x/file; ln x/file x/again; tar -cf "
            "bad.tar --transform='flags=h;s,.*,../../../outside/file,' -P x/file x/again"}),
    [](const auto& one) { return std::string{one.param.name}; });

class damaged_backups : public ::testing::TestWithParam<scenario> {};

TEST_P(damaged_backups, are_found_out_by_a_rehearsal) {
  const scenario& one = GetParam();
  const estate_copy estate;
  static_cast<void>(estate.scratch().run("rm -f /tmp/knowngood-owned"));
  const tool_run damage = estate.damage(one.damage);
  ASSERT_EQ(damage.status, 0) << damage.output;
  std::string component = one.component;
  std::string policy = source_directory + "/docs/examples/ner11.toml";
  if (const std::size_t at = component.find(" --assert"); at != std::string::npos) {
    component.resize(at);
    std::string text = scratch_directory{}.run("cat '" + policy + "'").output;
    text.insert(text.find("[component.database.drill]"),
                "[[component.database.drill.assertions]]\nname = \"no incident\"\nsql = \"SELECT count(*) = 0 FROM "
                "public.incidents\"\n\n");
    // the table's head has to come first
    const std::string head = "[component.database.drill]";
    text.erase(text.find(head), head.size());
    text.insert(text.find("[[component.database.drill.assertions]]"), head + "\nrto = \"1h\"\n\n");
    text.erase(text.find("rto = \"1h\"\nrpo"), std::string{"rto = \"1h\"\nrpo = \"26h\"\n"}.size());
    text.erase(text.find("required_tables = [\"public.vendor"),
               text.find('\n', text.find("required_tables = [\"public.vendor")) -
                   text.find("required_tables = [\"public.vendor"));
    estate.scratch().write("policy.toml", text);
    policy = (estate.scratch().path() / "policy.toml").string();
  }
  const verify_run run = estate.drill("--component " + component, policy);
  ASSERT_TRUE(run.report.is_object()) << run.output;
  EXPECT_EQ(run.status, one.status) << run.output;
  if (!one.expected.empty()) {
    EXPECT_THAT(run.alarms(), Contains(one.expected)) << run.output;
  }
  std::set<std::string> allowed = one.also;
  if (one.expected.starts_with("drill.older-artifact")) allowed.insert("drill.rpo @ " + component);  // of the older one
  if (component == "database") allowed.insert("capture.other-artifact @ compare-rows");  // its bytes were changed, too
  allowed.insert(one.expected);
  EXPECT_THAT(run.alarms(), IsSubsetOf(allowed)) << run.output;
  EXPECT_EQ(estate.left_behind(), "");
  EXPECT_FALSE(std::filesystem::exists("/tmp/knowngood-owned")) << "a program of the backup was run";
}

INSTANTIATE_TEST_SUITE_P(backups, damaged_backups, ::testing::ValuesIn(scenarios),
                         [](const auto& one) { return one.param.name; });
INSTANTIATE_TEST_SUITE_P(rewritten_dumps, damaged_backups, ::testing::ValuesIn(rewritten_dumps),
                         [](const auto& one) { return one.param.name; });
INSTANTIATE_TEST_SUITE_P(roles_and_modules, damaged_backups, ::testing::ValuesIn(roles_and_modules),
                         [](const auto& one) { return one.param.name; });

}  // namespace drill_scenarios_test
