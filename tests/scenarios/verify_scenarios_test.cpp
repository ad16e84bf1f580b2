// What verify must find: each scenario damages an estate that was first verified intact, and names what is to be found, and
// where. Everything else in the estate has to stay sound.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "estate_copy.hpp"

namespace {

using namespace restorable;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;

struct scenario {
  std::string name;
  std::string damage;                     // bash, in the estate's root
  std::string expected;                   // `check @ subject`: the finding that must be there
  std::set<std::string> also = {};        // others that the same damage rightly brings about
  int status = 1;
};

// Variables and functions of the scripts: tests/scenarios/estate_copy.hpp. `reseal` renews the checksum file, so that the
// damage is found by what is inside rather than by the digest.
const std::vector<scenario> scenarios{
    {"dump_truncated_inside_copy",
     R"sh(n=$(gunzip -c $DB | grep -abo -m1 '^COPY public.vendor_equipment' | cut -d: -f1)
        regzip $DB "head -c $((n + 5000))"; touch -d '2025-12-08 02:00' $DB; reseal $DB; gunzip -t $DB; (cd database && sha256sum -c --quiet $(basename $DB).sha256))sh",
     "dump.unterminated-copy @ ner11_db_20251208_020000.sql.gz", {"size.minimum @ database", "size.drift @ database"}},
    {"dump_truncated_inside_a_statement",
     R"sh(n=$(gunzip -c $DB | grep -abo 'CREATE TABLE public.vendor_equipment' | cut -d: -f1)
        regzip $DB "head -c $((n + 30))"; reseal $DB; gunzip -t $DB)sh",
     "dump.unterminated-statement @ ner11_db_20251208_020000.sql.gz", {"size.minimum @ database", "size.drift @ database"}},
    {"dump_truncated_before_its_trailer",
     R"sh(regzip $DB "sed '/^-- PostgreSQL database dump complete/,\$d' | head -n -1"; reseal $DB; gunzip -t $DB)sh",
     "dump.truncated @ ner11_db_20251208_020000.sql.gz"},
    {"dump_without_its_last_line",
     R"sh(regzip $DB "grep -av '^.unrestrict'"; reseal $DB)sh",
     "dump.truncated @ ner11_db_20251208_020000.sql.gz"},
    {"dump_with_a_row_of_too_many_columns",
     R"sh(regzip $DB "sed '0,/^1\t/s//1\textra\t/'"; reseal $DB)sh",
     "dump.columns @ ner11_db_20251208_020000.sql.gz"},
    {"dump_with_a_psql_command",
     R"sh(regzip $DB "sed 's/^SET lock_timeout = 0;/\\\\! id > owned\n&/'"; gunzip -c $DB | grep -a '^.! id'; reseal $DB)sh",
     "dump.meta-command @ ner11_db_20251208_020000.sql.gz"},
    {"dump_with_something_appended",
     R"sh(regzip $DB "cat; echo 'DROP TABLE public.incidents;'"; reseal $DB)sh",
     "dump.data-after-end @ ner11_db_20251208_020000.sql.gz"},
    {"dump_of_an_empty_database",
     R"sh(regzip $DB "sed -n '1,/^SET row_security/p;/^-- PostgreSQL database dump complete/,\$p' | sed 's/^-- PostgreSQL database dump complete/--\n&/'"; reseal $DB)sh",
     "dump.empty @ ner11_db_20251208_020000.sql.gz", {"size.minimum @ database", "size.drift @ database"}},
    {"dump_that_is_an_error_message",
     R"sh(echo 'pg_dump: error: connection to server failed' | gzip -n > new; mv -f new $DB; reseal $DB)sh",
     "dump.error-text @ ner11_db_20251208_020000.sql.gz",
     {"size.minimum @ database", "size.drift @ database", "file.kind @ ner11_db_20251208_020000.sql.gz"}},
    {"dump_of_no_bytes_in_an_intact_gzip",
     R"sh(gzip -n < /dev/null > new; mv -f new $DB; reseal $DB; gunzip -t $DB)sh",
     "file.empty @ ner11_db_20251208_020000.sql.gz",
     {"size.minimum @ database", "size.drift @ database", "file.kind @ ner11_db_20251208_020000.sql.gz"}},
    {"artifact_of_no_bytes",
     R"sh(: > new; mv -f new $DB; reseal $DB)sh",
     "file.empty @ ner11_db_20251208_020000.sql.gz",
     {"size.minimum @ database", "size.drift @ database", "gzip.truncated @ ner11_db_20251208_020000.sql.gz",
      "file.kind @ ner11_db_20251208_020000.sql.gz", "file.name-disagrees @ ner11_db_20251208_020000.sql.gz"}},
    {"bit_flipped_in_gzip_data", "flip $DB 1000000; reseal $DB",
     "gzip.crc32 @ ner11_db_20251208_020000.sql.gz", {"gzip.deflate @ ner11_db_20251208_020000.sql.gz"}},
    {"bit_flipped_in_the_gzip_crc", "flip $DB -8; reseal $DB", "gzip.crc32 @ ner11_db_20251208_020000.sql.gz"},
    {"bit_flipped_in_the_gzip_length", "flip $DB -1 3; reseal $DB", "gzip.length @ ner11_db_20251208_020000.sql.gz"},
    {"bit_flipped_in_the_gzip_header", "flip $DB 1; reseal $DB", "gzip.header @ ner11_db_20251208_020000.sql.gz"},
    {"gzip_cut_short", "replace $DB head -c 3000000; reseal $DB",
     "gzip.truncated @ ner11_db_20251208_020000.sql.gz"},
    {"gzip_with_junk_behind", "replace $DB bash -c 'cat; echo junk'; reseal $DB",
     "gzip.trailing-data @ ner11_db_20251208_020000.sql.gz"},
    {"bit_flipped_in_a_tar_header", "regzip $MODELS '/usr/bin/python3 -c \"import sys; b = bytearray(sys.stdin.buffer.read()); b[2] ^= 4; sys.stdout.buffer.write(b)\"'; reseal $MODELS models_${D}_100000.sha256",
     "tar.header @ models_20251208_100000.tar.gz"},
    {"bit_flipped_in_a_tar_body", "n=$(gunzip -c $MODELS | wc -c); regzip $MODELS \"/usr/bin/python3 -c \\\"import sys; b = bytearray(sys.stdin.buffer.read()); b[$n // 2] ^= 4; sys.stdout.buffer.write(b)\\\"\"",
     "checksum.mismatch @ models_20251208_100000.tar.gz"},
    {"tar_without_its_end", "regzip $MODELS 'head -c -10240'; reseal $MODELS models_${D}_100000.sha256",
     "tar.truncated @ models_20251208_100000.tar.gz", {"tar.end-missing @ models_20251208_100000.tar.gz"}},
    {"tar_without_its_end_blocks", R"sh(regzip $CONFIG "/usr/bin/python3 -c 'import sys; b = sys.stdin.buffer.read().rstrip(bytes(1)); sys.stdout.buffer.write(b + bytes(-len(b) % 512))'")sh",
     "tar.end-missing @ config_20251208_013000.tar.gz"},
    {"tar_of_nothing", "tar -czf new --files-from /dev/null; chmod 600 new; mv -f new $CONFIG",
     "tar.empty @ config_20251208_013000.tar.gz", {"manifest.missing-member @ config_20251208_013000.tar.gz"}},
    {"tar_with_a_name_that_leads_out", "mkdir x; echo x > x/f; gunzip -c $VOLUME > v.tar; tar -rPf v.tar --transform 's,x/f,../../etc/cron.d/f,' x/f; gzip -n < v.tar > new; mv -f new $VOLUME; rm -r x v.tar",
     "tar.unsafe-name @ ner11_redis_data_20251208_030000.tar.gz"},
    {"bit_flipped_in_a_pack", "flip $BUNDLE 60000", "bundle.digest @ ner11_repo_20251208.bundle",
     {"bundle.object @ ner11_repo_20251208.bundle"}},
    {"bit_flipped_in_the_packs_trailer", "flip $BUNDLE -1", "bundle.digest @ ner11_repo_20251208.bundle"},
    {"bundle_cut_short", "replace $BUNDLE head -c 50000", "bundle.truncated @ ner11_repo_20251208.bundle"},
    {"bundle_that_is_a_header_alone", "n=$(grep -abo -m1 PACK $BUNDLE | cut -d: -f1 | head -1); replace $BUNDLE head -c $n",
     "bundle.truncated @ ner11_repo_20251208.bundle"},
    {"bundle_that_needs_other_commits",
     R"sh(git clone -q $BUNDLE clone 2>/dev/null; (cd clone && git bundle create -q ../new 'origin/main~3..origin/main'); rm -rf clone; mv -f new $BUNDLE)sh",
     "bundle.prerequisites @ ner11_repo_20251208.bundle"},
    {"sidecar_of_another_file", "cp -f --remove-destination database/ner11_db_20251207_020000.sql.gz.sha256 $DB.sha256",
     "checksum.other-file @ ner11_db_20251208_020000.sql.gz"},
    {"sidecar_with_another_digest", "sed 's/^./0/;s/^0\\(.\\)./0\\1f/' $DB.sha256 > new; cmp -s new $DB.sha256 && exit 9; mv -f new $DB.sha256",
     "checksum.mismatch @ ner11_db_20251208_020000.sql.gz"},
    {"sidecar_missing", "rm $DB.sha256", "checksum.sidecar-missing @ ner11_db_20251208_020000.sql.gz"},
    {"sidecar_malformed", "head -c 40 $DB.sha256 > new; mv -f new $DB.sha256",
     "checksum.malformed @ ner11_db_20251208_020000.sql.gz"},
    {"sidecar_empty", ": > new; mv -f new $DB.sha256", "checksum.empty @ ner11_db_20251208_020000.sql.gz"},
    {"member_altered_inside_the_full_archive",
     R"sh(mkdir x; tar -xzf $FULL -C x; f=$(ls x/*/models_*.tar.gz); gunzip -c $f > m; printf X | dd of=m bs=1 seek=$(( $(stat -c %s m) / 2 )) conv=notrunc status=none
        gzip -n < m > $f; tar -czf new -C x $(ls x); rm -r x m; chmod 600 new; mv -f new $FULL)sh",
     "checksum.mismatch @ full_system_20251208_050000.tar.gz"},
    {"member_missing_from_the_full_archive",
     R"sh(mkdir x; tar -xzf $FULL -C x; rm x/*/git_repo.bundle; tar -czf new -C x $(ls x); rm -r x; chmod 600 new; mv -f new $FULL)sh",
     "checksum.missing-file @ full_system_20251208_050000.tar.gz", {"manifest.component-missing @ full_system_20251208_050000.tar.gz"}},
    {"dump_truncated_inside_the_full_archive_with_all_checksums_right",
     R"sh(mkdir x; tar -xzf $FULL -C x; f=$(ls x/*/ner11_db_*.sql.gz); gunzip -c $f | head -c 400000 | gzip -n > m; mv m $f
        (cd x/*/ && sha256sum *.gz *.bundle > checksums.txt); tar -czf new -C x $(ls x); rm -r x; chmod 600 new; mv -f new $FULL)sh",
     "dump.unterminated-copy @ full_system_20251208_050000.tar.gz", {"dump.unterminated-statement @ full_system_20251208_050000.tar.gz"}},
    {"full_archive_without_its_checksums",
     R"sh(mkdir x; tar -xzf $FULL -C x; rm x/*/checksums.txt; tar -czf new -C x $(ls x); rm -r x; chmod 600 new; mv -f new $FULL)sh",
     "checksum.sidecar-missing @ full_system_20251208_050000.tar.gz"},
    {"yesterdays_dump_only", "rm $DB $DB.sha256", "presence.stale @ database"},
    {"no_dump_at_all", "rm database/*", "presence.missing @ database"},
    {"directory_missing", "rm -r database", "presence.directory @ database", {"presence.missing @ database"}},
    {"one_volume_missing", "rm $PGDATA", "presence.stale @ volumes"},
    {"dump_dated_tomorrow",
     "cp -l $DB database/ner11_db_20251209_020000.sql.gz; (cd database && sha256sum ner11_db_20251209_020000.sql.gz > ner11_db_20251209_020000.sql.gz.sha256)",
     "presence.future @ database", {"presence.identical @ ner11_db_20251209_020000.sql.gz"}},
    {"name_without_a_date", "mv $DB database/ner11_db_20251308_020000.sql.gz; mv $DB.sha256 database/ner11_db_20251308_020000.sql.gz.sha256",
     "presence.timestamp @ database", {"presence.stale @ database", "checksum.other-file @ ner11_db_20251308_020000.sql.gz"}},
    {"dump_of_three_kibibytes",
     R"sh(regzip $DB "sed -n '1,/^CREATE SCHEMA/p;/^-- PostgreSQL database dump complete/,\$p' | sed 's/^-- PostgreSQL database dump complete/--\n&/'"; reseal $DB)sh",
     "size.minimum @ database", {"size.drift @ database"}},
    {"today_identical_to_yesterday",
     "cp -f --remove-destination database/ner11_db_20251207_020000.sql.gz $DB; reseal $DB",
     "presence.identical @ ner11_db_20251208_020000.sql.gz"},
    {"manifest_names_a_model_that_is_not_there",
     R"sh(sed 's/"models": \[/&\n    {"name": "ghost.pkl", "size": 1, "modified": 1.0},/' $MANIFEST > new; mv -f new $MANIFEST)sh",
     "manifest.missing-member @ models_20251208_100000.tar.gz"},
    {"manifest_lacks_a_model_that_is_there",
     R"sh(/usr/bin/python3 -c 'import json, sys; m = json.load(open(sys.argv[1])); m["models"].pop(); json.dump(m, open("new", "w"))' $MANIFEST; mv -f new $MANIFEST)sh",
     "manifest.unlisted-member @ models_20251208_100000.tar.gz"},
    {"manifest_with_another_size",
     R"sh(/usr/bin/python3 -c 'import json, sys; m = json.load(open(sys.argv[1])); m["models"][0]["size"] += 1; json.dump(m, open("new", "w"))' $MANIFEST; mv -f new $MANIFEST)sh",
     "manifest.size @ models_20251208_100000.tar.gz"},
    {"manifest_that_is_no_json", "echo 'Traceback (most recent call last):' > new; mv -f new $MANIFEST",
     "manifest.malformed @ models_20251208_100000.tar.gz"},
    {"manifest_missing", "rm $MANIFEST", "manifest.missing @ models_20251208_100000.tar.gz"},
    {"configuration_without_a_listed_file",
     R"sh(mkdir x; tar -xzf $CONFIG -C x; rm x/api/config.py; (cd x && tar -czf ../new docker-compose.yml .env frontend scripts); rm -r x; chmod 600 new; mv -f new $CONFIG)sh",
     "manifest.missing-member @ config_20251208_013000.tar.gz"},
    {"running_data_directory",
     R"sh(mkdir x; tar -xzpf $PGDATA -C x; printf '\006' | dd of=x/global/pg_control bs=1 seek=16 conv=notrunc status=none; tar -czf new -C x .; rm -rf x; mv -f new $PGDATA)sh",
     "pgdata.inconsistent @ ner11_postgres_data_20251208_030000.tar.gz", {"pgdata.control-crc @ ner11_postgres_data_20251208_030000.tar.gz"}},
    {"dump_under_another_name", "mv -f $DB x; mv -f $BUNDLE $DB; mv -f x $BUNDLE; reseal $DB",
     "file.kind @ ner11_db_20251208_020000.sql.gz",
     {"file.kind @ ner11_repo_20251208.bundle", "gzip.header @ ner11_db_20251208_020000.sql.gz",
      "file.name-disagrees @ ner11_db_20251208_020000.sql.gz", "file.name-disagrees @ ner11_repo_20251208.bundle",
      "size.minimum @ database", "size.drift @ database"}},
};

// Warnings only: exit 0, and 1 under --strict.
const std::vector<scenario> warnings{
    {"secrets_readable_by_everybody", "chmod 644 $CONFIG", "tar.secret-readable @ config_20251208_013000.tar.gz", {}, 0},
    {"size_far_from_the_median",
     R"sh(regzip $DB "/usr/bin/python3 -c 'import sys, os; b = sys.stdin.buffer.read(); at = b.index(b\"\\n--\\n-- PostgreSQL database dump complete\"); sys.stdout.buffer.write(b[:at] + b\"\\n-- \" + os.urandom(6000000).hex().encode() + b[at:])'"; reseal $DB)sh",
     "size.drift @ database", {}, 0},
};

// Nothing is wrong, whatever it looks like.
const std::vector<scenario> harmless{
    {"sidecar_in_bsd_style", R"sh((cd database && sha256sum --tag $(basename $DB) > new && mv -f new $(basename $DB).sha256))sh", "", {}, 0},
    {"sidecar_with_carriage_returns", "sed 's/$/\\r/' $DB.sha256 > new; mv -f new $DB.sha256", "", {}, 0},
    {"gzip_in_two_members", "replace $DB bash -c 'gunzip | (head -c 100000 | gzip -n; cat | gzip -n)'; gunzip -t $DB; reseal $DB", "", {}, 0},
    {"zeros_behind_the_gzip", "replace $DB bash -c 'cat; head -c 10240 /dev/zero'; reseal $DB", "", {}, 0},
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
  const tool_run valid = copy.scratch().run("/usr/bin/python3 '" + source_directory + "/tests/audit/validate.py' '" + source_directory +
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

}  // namespace
