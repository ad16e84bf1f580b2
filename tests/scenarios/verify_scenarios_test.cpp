// What verify must find: each scenario damages an estate that was first verified intact, and names what is to be found,
// and where. Everything else in the estate has to stay sound.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "scenarios/estate_copy.hpp"

namespace verify_scenarios_test {

using namespace knowngood;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;

struct scenario {
  std::string name;
  std::string damage;               // bash, in the estate's root
  std::string expected;             // `check @ subject`: the finding that must be there
  std::set<std::string> also = {};  // others that the same damage rightly brings about
  int status = 1;
};

std::ostream& operator<<(std::ostream& out, const scenario& one) { return out << one.name; }

// Variables and functions of the scripts: tests/scenarios/estate_copy.hpp. `reseal` renews the checksum file, so that
// the damage is found by what is inside rather than by the digest.
const std::vector<scenario> scenarios{
    {"dump_truncated_inside_copy",
     R"sh(edit $DB 'b[:at("COPY public.vendor_equipment") + 500000]'; reseal $DB; gunzip -t $DB; (cd database && sha256sum -c --quiet $(basename $DB).sha256))sh",
     "dump.unterminated-copy @ ner11_db_20251208_020000.sql.gz",
     {"size.drift @ database", "size.minimum @ database"}},
    {"dump_truncated_inside_a_statement", R"sh(edit $DB 'b[:at("CREATE INDEX") + 15]'; reseal $DB; gunzip -t $DB)sh",
     "dump.unterminated-statement @ ner11_db_20251208_020000.sql.gz"},
    {"dump_truncated_before_its_trailer",
     R"sh(edit $DB 'b[:at("--\n-- PostgreSQL database dump complete")]'; reseal $DB; gunzip -t $DB)sh",
     "dump.truncated @ ner11_db_20251208_020000.sql.gz"},
    {"dump_without_its_last_line", R"sh(edit $DB 'b[:at("unrestrict") - 1]'; reseal $DB)sh",
     "dump.truncated @ ner11_db_20251208_020000.sql.gz"},
    {"dump_with_a_row_of_too_many_columns",
     R"sh(edit $DB 'b[:(n := b.index(b"\n", at("COPY public.incidents")) + 1)] + b"extra\t" + b[n:]'; reseal $DB)sh",
     "dump.columns @ ner11_db_20251208_020000.sql.gz"},
    {"dump_with_bytes_that_are_not_utf8",
     R"sh(edit $DB 'b[:(n := b.index(b"\n", at("COPY public.incidents")) + 1)] + b"\xff" + b[n:]'; reseal $DB)sh",
     "dump.encoding @ ner11_db_20251208_020000.sql.gz"},
    {"dump_with_a_psql_command",
     R"sh(edit $DB 'b.replace(b"SET lock_timeout = 0;", b"\\! id > owned\nSET lock_timeout = 0;", 1)'; reseal $DB)sh",
     "dump.meta-command @ ner11_db_20251208_020000.sql.gz"},
    {"dump_with_something_appended", R"sh(edit $DB 'b + b"DROP TABLE public.incidents;\n"'; reseal $DB)sh",
     "dump.data-after-end @ ner11_db_20251208_020000.sql.gz"},
    {"dump_of_an_empty_database",
     R"sh(edit $DB 'b[:b.index(b"--\n-- Name:")] + b[at("--\n-- PostgreSQL database dump complete"):]'; reseal $DB)sh",
     "dump.empty @ ner11_db_20251208_020000.sql.gz",
     {"size.minimum @ database", "size.drift @ database"}},
    {"dump_that_is_an_error_message",
     R"sh(echo 'pg_dump: error: connection to server failed' | gzip -n | put $DB; reseal $DB)sh",
     "dump.error-text @ ner11_db_20251208_020000.sql.gz",
     {"size.minimum @ database", "size.drift @ database"}},
    {"dump_that_is_a_web_page",
     R"sh(echo '<html><title>502 Bad Gateway</title></html>' | gzip -n | put $DB; reseal $DB)sh",
     "dump.error-text @ ner11_db_20251208_020000.sql.gz",
     {"size.minimum @ database", "size.drift @ database"}},
    {"dump_in_utf16",
     R"sh(edit $DB 'b.decode().encode("utf-16")'; reseal $DB)sh",
     "dump.utf-16 @ ner11_db_20251208_020000.sql.gz",
     {"size.drift @ database"}},
    {"dump_behind_a_notice",
     R"sh(edit $DB 'b"WARN[0000] the attribute is obsolete, it is ignored\n" + b'; reseal $DB)sh",
     "dump.foreign-lines @ ner11_db_20251208_020000.sql.gz",
     {},
     0},
    {"dump_through_a_terminal",
     R"sh(edit $DB 'b.replace(b"\n", b"\r\n")'; reseal $DB)sh",
     "dump.line-endings @ ner11_db_20251208_020000.sql.gz",
     {"size.drift @ database"},
     0},
    {"dump_made_with_row_security",
     R"sh(edit $DB 'b.replace(b"row_security = off", b"row_security = on", 1)'; reseal $DB)sh",
     "dump.row-security @ ner11_db_20251208_020000.sql.gz",
     {},
     0},
    {"dump_with_a_zeroed_sector",
     R"sh(edit $DB 'b[:(n := at("COPY public.vendor_equipment") + 8192)] + bytes(512) + b[n + 512:]'; reseal $DB)sh",
     "dump.bytes @ ner11_db_20251208_020000.sql.gz",
     {"dump.columns @ ner11_db_20251208_020000.sql.gz", "dump.row-escape @ ner11_db_20251208_020000.sql.gz"}},
    {"dump_with_a_row_that_ends_its_block",
     R"sh(edit $DB 'b[:(n := b.index(b"\n", b.index(b"\n", at("COPY public.incidents")) + 1))] + b"\\." + b[n:]'; reseal $DB)sh",
     "dump.row-escape @ ner11_db_20251208_020000.sql.gz"},
    {"dump_taken_twice_into_one_file",
     R"sh(edit $DB 'b + b'; reseal $DB)sh",
     "dump.joined @ ner11_db_20251208_020000.sql.gz",
     {"size.drift @ database"}},
    {"dump_that_makes_a_superuser",
     R"sh(edit $DB 'b.replace(b"SET lock_timeout = 0;", b"ALTER ROLE CURRENT_USER SUPERUSER;\nSET lock_timeout = 0;", 1)'; reseal $DB)sh",
     "dump.statement @ ner11_db_20251208_020000.sql.gz"},
    {"dump_of_no_bytes_in_an_intact_gzip",
     R"sh(gzip -n < /dev/null | put $DB; reseal $DB; gunzip -t $DB)sh",
     "file.empty @ ner11_db_20251208_020000.sql.gz",
     {"size.minimum @ database", "size.drift @ database"}},
    {"artifact_of_no_bytes",
     R"sh(put $DB < /dev/null; reseal $DB)sh",
     "file.empty @ ner11_db_20251208_020000.sql.gz",
     {"size.minimum @ database", "size.drift @ database"}},
    // what damaged bytes inflate to may look wrong in itself, before the CRC that proves it comes
    {"bit_flipped_in_gzip_data",
     "edit $DB 'raw:flip(1000000)'; reseal $DB",
     "gzip.crc32 @ ner11_db_20251208_020000.sql.gz",
     {"gzip.deflate @ ner11_db_20251208_020000.sql.gz", "dump.columns @ ner11_db_20251208_020000.sql.gz",
      "dump.encoding @ ner11_db_20251208_020000.sql.gz", "dump.row-escape @ ner11_db_20251208_020000.sql.gz"}},
    {"bit_flipped_in_the_gzip_crc", "edit $DB 'raw:flip(-8)'; reseal $DB",
     "gzip.crc32 @ ner11_db_20251208_020000.sql.gz"},
    {"bit_flipped_in_the_gzip_length", "edit $DB 'raw:flip(-1, 3)'; reseal $DB",
     "gzip.length @ ner11_db_20251208_020000.sql.gz"},
    {"bit_flipped_in_the_gzip_header", "edit $DB 'raw:flip(1)'; reseal $DB",
     "gzip.header @ ner11_db_20251208_020000.sql.gz"},
    {"gzip_cut_short", "edit $DB 'raw:b[:len(b) * 3 // 4]'; reseal $DB",
     "gzip.truncated @ ner11_db_20251208_020000.sql.gz"},
    {"gzip_with_junk_behind", R"sh(edit $DB 'raw:b + b"junk"'; reseal $DB)sh",
     "gzip.trailing-data @ ner11_db_20251208_020000.sql.gz"},
    {"gzip_members_with_zeros_between",
     "edit $DB 'raw:b + bytes(512) + b'; reseal $DB",
     "gzip.member-after-zeros @ ner11_db_20251208_020000.sql.gz",
     {"size.drift @ database", "dump.joined @ ner11_db_20251208_020000.sql.gz"}},
    {"bit_flipped_in_a_tar_header",
     "edit $MODELS 'flip(b.index(b\".pkl\"), 2)'; reseal $MODELS models_${D}_100000.sha256",
     "tar.header @ models_20251208_100000.tar.gz",
     {"manifest.missing-member @ models_20251208_100000.tar.gz"}},
    {"bit_flipped_in_a_tar_body", "edit $MODELS 'flip(len(b) // 2, 2)'",
     "checksum.mismatch @ models_20251208_100000.tar.gz"},
    {"tar_cut_inside_a_member", "edit $MODELS 'b[:len(b) // 2]'; reseal $MODELS models_${D}_100000.sha256",
     "tar.truncated @ models_20251208_100000.tar.gz"},
    {"tar_without_its_end_blocks", "edit $CONFIG '(t := b.rstrip(bytes(1))) + bytes(-len(t) % 512)'",
     "tar.end-missing @ config_20251208_013000.tar.gz"},
    {"tar_of_nothing",
     "tar -cz --files-from /dev/null | put $CONFIG",
     "tar.empty @ config_20251208_013000.tar.gz",
     {"manifest.missing-member @ config_20251208_013000.tar.gz"}},
    {"two_tars_in_a_row", "edit $CONFIG 'b + b'", "tar.data-after-end @ config_20251208_013000.tar.gz"},
    {"tar_with_a_name_that_leads_out",
     "mkdir y; echo y > y/f; gunzip -c $VOLUME > v.tar; tar -rPf v.tar --transform 's,y/f,../../etc/cron.d/f,' y/f; "
     "gzip -n < v.tar | put $VOLUME; rm -r y v.tar",
     "tar.unsafe-name @ ner11_redis_data_20251208_030000.tar.gz"},
    {"bit_flipped_in_a_pack", "edit $BUNDLE 'flip(len(b) // 2)'", "bundle.object @ ner11_repo_20251208.bundle"},
    {"bit_flipped_in_the_packs_trailer", "edit $BUNDLE 'flip(-1)'", "bundle.digest @ ner11_repo_20251208.bundle"},
    {"bundle_cut_short", "edit $BUNDLE 'b[:50000]'", "bundle.truncated @ ner11_repo_20251208.bundle"},
    {"bundle_that_is_a_header_alone", R"sh(edit $BUNDLE 'b[:b.index(b"PACK")]')sh",
     "bundle.truncated @ ner11_repo_20251208.bundle"},
    {"bundle_that_needs_other_commits",
     R"sh(git clone -q $BUNDLE clone 2> /dev/null; (cd clone && git bundle create -q ../new 'origin/main~3..origin/main'); rm -rf clone; put $BUNDLE < new; rm new)sh",
     "bundle.prerequisites @ ner11_repo_20251208.bundle"},
    {"sidecar_of_another_file", "put $DB.sha256 < database/ner11_db_20251207_020000.sql.gz.sha256",
     "checksum.other-file @ ner11_db_20251208_020000.sql.gz"},
    {"sidecar_with_another_digest", "edit $DB.sha256 'flip(0)'", "checksum.mismatch @ ner11_db_20251208_020000.sql.gz"},
    {"sidecar_missing", "rm $DB.sha256", "checksum.sidecar-missing @ ner11_db_20251208_020000.sql.gz"},
    {"sidecar_malformed", "edit $DB.sha256 'b[:40]'", "checksum.malformed @ ner11_db_20251208_020000.sql.gz"},
    {"sidecar_empty", "put $DB.sha256 < /dev/null", "checksum.empty @ ner11_db_20251208_020000.sql.gz"},
    {"member_altered_inside_the_full_archive",
     "unpack $FULL; edit x/*/models_*.tar.gz 'flip(len(b) // 2)'; repack $FULL",
     "checksum.mismatch @ full_system_20251208_050000.tar.gz"},
    {"member_missing_from_the_full_archive",
     "unpack $FULL; rm x/*/git_repo.bundle; repack $FULL",
     "checksum.missing-file @ full_system_20251208_050000.tar.gz",
     {"manifest.component-missing @ full_system_20251208_050000.tar.gz"}},
    {"checksums_first_in_the_full_archive_and_a_member_altered_behind_them",
     "unpack $FULL; edit x/*/git_repo.bundle 'flip(-1)'; (cd x && tar -cz */checksums.txt */*.gz */*.bundle "
     "*/MANIFEST.txt) | put $FULL; rm -r x",
     "checksum.mismatch @ full_system_20251208_050000.tar.gz",
     {"bundle.digest @ full_system_20251208_050000.tar.gz"}},
    {"dump_truncated_inside_the_full_archive_with_all_checksums_right",
     R"sh(unpack $FULL; edit x/*/ner11_db_*.sql.gz 'b[:at("COPY public.vendor_equipment") + 500000]'
        (cd x/*/ && sha256sum *.gz *.bundle > checksums.txt); repack $FULL)sh",
     "dump.unterminated-copy @ full_system_20251208_050000.tar.gz"},
    {"full_archive_without_its_checksums", "unpack $FULL; rm x/*/checksums.txt; repack $FULL",
     "checksum.sidecar-missing @ full_system_20251208_050000.tar.gz"},
    {"yesterdays_dump_only", "rm $DB $DB.sha256", "presence.stale @ database"},
    {"no_dump_at_all", "rm database/*", "presence.missing @ database"},
    {"directory_missing", "rm -r database", "presence.directory @ database"},
    {"one_volume_missing", "rm $PGDATA", "presence.stale @ volumes"},
    {"dump_dated_tomorrow",
     "edit $DB 'raw:b + bytes(8)'; mv $DB database/ner11_db_20251209_020000.sql.gz; mv $DB.sha256 "
     "database/ner11_db_20251209_020000.sql.gz.sha256;"
     "(cd database && sha256sum ner11_db_20251209_020000.sql.gz > ner11_db_20251209_020000.sql.gz.sha256)",
     "presence.future @ database",
     {"presence.stale @ database"}},
    {"name_without_a_date",
     "mv $DB database/ner11_db_20251308_020000.sql.gz; rm $DB.sha256; reseal database/ner11_db_20251308_020000.sql.gz",
     "presence.timestamp @ database",
     {"presence.stale @ database"}},
    {"dump_of_three_kibibytes",
     R"sh(edit $DB 'b[:b.index(b"--\n", b.index(b"CREATE SCHEMA"))] + b[at("--\n-- PostgreSQL database dump complete"):]'; reseal $DB)sh",
     "size.minimum @ database",
     {"size.drift @ database"}},
    {"today_identical_to_yesterday", "put $DB < database/ner11_db_20251207_020000.sql.gz; reseal $DB",
     "presence.identical @ ner11_db_20251208_020000.sql.gz"},
    {"manifest_names_a_model_that_is_not_there",
     R"sh(edit $MANIFEST 'b.replace(b"[", b"[{\"name\": \"ghost.pkl\", \"size\": 1, \"modified\": 1.0},", 1)')sh",
     "manifest.missing-member @ models_20251208_100000.tar.gz"},
    {"manifest_lacks_a_model_that_is_there",
     R"sh(edit $MANIFEST '(j := __import__("json"), m := j.loads(b), m["models"].pop(), j.dumps(m).encode())[-1]')sh",
     "manifest.unlisted-member @ models_20251208_100000.tar.gz"},
    {"manifest_with_another_size",
     R"sh(edit $MANIFEST '(j := __import__("json"), m := j.loads(b), m["models"][0].update(size=1), j.dumps(m).encode())[-1]')sh",
     "manifest.size @ models_20251208_100000.tar.gz"},
    {"manifest_that_is_no_json", "echo 'Traceback (most recent call last):' | put $MANIFEST",
     "manifest.malformed @ models_20251208_100000.tar.gz"},
    {"manifest_missing", "rm $MANIFEST", "manifest.missing @ models_20251208_100000.tar.gz"},
    {"configuration_without_a_listed_file", "unpack $CONFIG; rm x/api/config.py; repack $CONFIG",
     "manifest.missing-member @ config_20251208_013000.tar.gz"},
    {"running_data_directory",
     R"sh(edit $PGDATA 'b[:(n := b.index(b"./global/pg_control") + 512 + 16)] + b"\x06" + b[n + 1:]')sh",
     "pgdata.inconsistent @ ner11_postgres_data_20251208_030000.tar.gz",
     {"pgdata.control-crc @ ner11_postgres_data_20251208_030000.tar.gz"}},
    {"bundle_under_the_dumps_name",
     "put $DB < $BUNDLE; reseal $DB",
     "file.kind @ ner11_db_20251208_020000.sql.gz",
     {"file.name-disagrees @ ner11_db_20251208_020000.sql.gz", "size.minimum @ database", "size.drift @ database"}},
};

// Warnings only: exit 0, and 1 under --strict.
const std::vector<scenario> warnings{
    {"secrets_readable_by_everybody",
     "unpack $CONFIG; repack $CONFIG; chmod 644 $CONFIG",
     "tar.secret-readable @ config_20251208_013000.tar.gz",
     {},
     0},
    {"size_far_from_the_median",
     R"sh(edit $DB 'b[:(n := at("--\n-- PostgreSQL database dump complete"))] + b"-- " + os.urandom(5000000).hex().encode() + b"\n" + b[n:]'; reseal $DB)sh",
     "size.drift @ database",
     {},
     0},
};

// Nothing is wrong, whatever it looks like.
const std::vector<scenario> harmless{
    {"sidecar_in_bsd_style", "(cd database && sha256sum --tag $(basename $DB)) | put $DB.sha256", "", {}, 0},
    {"sidecar_with_carriage_returns", R"sh(edit $DB.sha256 'b.replace(b"\n", b"\r\n")')sh", "", {}, 0},
    {"gzip_in_two_members",
     "edit $DB 'raw:b + __import__(\"gzip\").compress(b\"-- a remark\\n\")'; gunzip -t $DB; reseal $DB",
     "",
     {},
     0},
    {"zeros_behind_the_gzip", "edit $DB 'raw:b + bytes(10240)'; reseal $DB", "", {}, 0},
    {"an_unfinished_upload", "echo half > database/ner11_db_20251209_020000.sql.gz.tmp", "", {}, 0},
};

TEST(intact_estate, is_sound_with_no_finding_above_a_note) {
  const estate_copy copy;
  const verify_run run = copy.verify();
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.alarms(), IsEmpty()) << run.output;
  EXPECT_THAT(run.not_sound(), IsEmpty());
  EXPECT_EQ(run.report.at("verdict"), "sound");
  EXPECT_EQ(run.report.at("summary").at("unsound"), 0);
  EXPECT_GE(run.report.at("artifacts").size(), 25U);
  EXPECT_EQ(run.report.at("components").size(), 7U);
}

TEST(intact_estate, has_a_report_that_the_published_schema_accepts) {
  const estate_copy copy;
  const verify_run run = copy.verify();
  ASSERT_EQ(run.status, 0) << run.output;
  const tool_run valid =
      copy.scratch().run("/usr/bin/python3 '" + source_directory + "/tests/report/validate.py' '" + source_directory +
                         "/docs/schema/audit-report-1.schema.json' report.json 2>&1");
  EXPECT_EQ(valid.status, 0) << valid.output;
}

class damaged_estate : public ::testing::TestWithParam<scenario> {};

TEST_P(damaged_estate, is_found_out) {
  const scenario& one = GetParam();
  const estate_copy copy;
  const verify_run intact = copy.intact();
  ASSERT_EQ(intact.status, 0);
  ASSERT_FALSE(intact.alarms().contains(one.expected)) << "the intact estate has it too";
  const tool_run damage = copy.damage(one.damage);
  ASSERT_EQ(damage.status, 0) << "the damage could not be done: " << damage.output;
  const verify_run run = copy.verify();
  EXPECT_EQ(run.status, one.status) << run.output;
  std::set<std::string> allowed = one.also;
  if (!one.expected.empty()) {
    EXPECT_THAT(run.alarms(), Contains(one.expected)) << run.output;
    allowed.insert(one.expected);
  }
  EXPECT_THAT(run.alarms(), IsSubsetOf(allowed)) << run.output;
  for (const auto& name : run.not_sound()) {
    EXPECT_THAT(allowed, Contains(HasSubstr("@ " + name))) << "not what was damaged, and not sound any more";
  }
  if (one.status == 0 && !one.expected.empty()) {
    EXPECT_EQ(copy.verify("--strict").status, 1);
  }
}

std::string scenario_name(const ::testing::TestParamInfo<scenario>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(errors, damaged_estate, ::testing::ValuesIn(scenarios), scenario_name);
INSTANTIATE_TEST_SUITE_P(warnings, damaged_estate, ::testing::ValuesIn(warnings), scenario_name);
INSTANTIATE_TEST_SUITE_P(harmless, damaged_estate, ::testing::ValuesIn(harmless), scenario_name);

}  // namespace verify_scenarios_test
