// Archives of all kinds, encrypted and empty ones, databases, split and incremental artifacts: as real programs make
// them, through the program. Each kind's intact control first, then its damages with what is said of them, then what is
// odd and sound.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/estate_copy.hpp"

namespace archives_test {

using namespace knowngood;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct archive_scenario {
  const char* name;
  const char* make;  // in a directory of its own, with a tree `t` and a dump `db.sql`
  const char* path;  // that is verified
  int status;
  const char* said;  // a check's id or a word; empty: nothing above a note but that nothing protects it
};

constexpr const char* prepare =
    "mkdir -p t/d; printf 'one\\n' > t/a; seq 1 5000 > t/numbers; head -c 20000 /dev/urandom > t/noise; echo deep > "
    "t/d/deep; "
    "printf '%s\\n' '--' '-- PostgreSQL database dump' '--' '' '-- Dumped from database version 15.10' "
    "'-- Dumped by pg_dump version 15.10' '' \"SET client_encoding = 'UTF8';\" 'SET standard_conforming_strings = on;' "
    "'' "
    "'CREATE TABLE public.notes (' '    id integer NOT NULL' ');' '' 'COPY public.notes (id) FROM stdin;' 1 2 '\\.' '' "
    "'' '--' "
    "'-- PostgreSQL database dump complete' '--' '' > db.sql; ";

const archive_scenario scenarios[] = {
    {"zip", "zip -qr x.zip t", "x.zip", 0, ""},
    {"zip_cut", "zip -qr x.zip t; truncate -s 15000 x.zip", "x.zip", 1, "archive.truncated"},
    {"zip_zeroed_behind_a_cut", "zip -qr x.zip t; s=$(stat -c %s x.zip); truncate -s 15000 x.zip; truncate -s $s x.zip",
     "x.zip", 1, "archive."},
    {"zip_altered", "zip -q0r x.zip t; printf X | dd of=x.zip bs=1 seek=9000 conv=notrunc status=none", "x.zip", 1,
     "archive.crc"},
    {"zip_without_its_directory", "zip -qr x.zip t; truncate -s -200 x.zip", "x.zip", 1, "archive."},
    {"zip_from_a_pipe", "zip -qr - t > x.zip", "x.zip", 0, ""},
    {"zip_empty", "mkdir e; zip -qr x.zip e", "x.zip", 1, "archive.empty"},
    {"zip_encrypted", "zip -qr -P x x.zip t", "x.zip", 3, "encrypted"},
    {"zip_in_a_tar", "zip -qr x.zip t; tar -czf x.tar.gz x.zip", "x.tar.gz", 0, ""},
    {"zip_cut_in_a_tar", "zip -qr x.zip t; truncate -s 15000 x.zip; tar -czf x.tar.gz x.zip", "x.tar.gz", 1,
     "archive.truncated"},
    {"zip_of_a_cut_dump", "gzip -c db.sql | head -c 150 > db.sql.gz; zip -q0 x.zip db.sql.gz", "x.zip", 1,
     "gzip.truncated"},
    {"seven_zip", "7z a -bd x.7z t > log", "x.7z", 0, ""},
    {"seven_zip_cut", "7z a -bd x.7z t > log; truncate -s -100 x.7z", "x.7z", 1, "archive."},
    {"seven_zip_altered", "7z a -bd x.7z t > log; printf XXX | dd of=x.7z bs=1 seek=9000 conv=notrunc status=none",
     "x.7z", 1, "archive."},
    {"seven_zip_encrypted", "7z a -bd -px x.7z t > log", "x.7z", 3, "encrypted"},
    {"seven_zip_all_encrypted", "7z a -bd -px -mhe=on x.7z t > log", "x.7z", 3, "encrypted"},
    {"seven_zip_in_a_tar", "7z a -bd x.7z t > log; tar -czf x.tar.gz x.7z", "x.tar.gz", 0, ""},
    {"cpio", "find t | cpio -o -H newc > x.cpio 2> log", "x.cpio", 0, ""},
    {"cpio_cut", "find t | cpio -o -H newc > x.cpio 2> log; truncate -s 20000 x.cpio", "x.cpio", 1,
     "archive.truncated"},
    {"cpio_compressed", "find t | cpio -o -H newc 2> log | gzip > x.cpio.gz", "x.cpio.gz", 0, ""},
    {"iso", "bsdtar --format=iso9660 -cf x.iso t", "x.iso", 0, ""},

    {"busybox_tar", "busybox tar -cf x.tar t", "x.tar", 0, ""},
    {"tar_with_one_closing_block",
     "tar -cf x.tar t; b=$(tar -tRf x.tar | grep 'Block of NULs' | tr -dc 0-9); truncate -s $(( (b + 1) * 512 )) x.tar",
     "x.tar", 0, "tar.end-missing"},
    {"tar_with_none",
     "tar -cf x.tar t; b=$(tar -tRf x.tar | grep 'Block of NULs' | tr -dc 0-9); truncate -s $(( b * 512 )) x.tar",
     "x.tar", 1, "tar.end-missing"},
    {"tar_with_garbage_in_its_padding",
     "tar -cf x.tar t/a; printf garbage | dd of=x.tar bs=1 seek=9000 conv=notrunc status=none", "x.tar", 0,
     "tar.padding"},
    {"tar_behind_a_tar", "tar -cf x.tar t; tar -cf y.tar t; cat y.tar >> x.tar", "x.tar", 1, "tar.data-after-end"},
    {"tar_of_directories", "mkdir -p e/f/g; tar -czf x.tar.gz e", "x.tar.gz", 1, "tar.empty"},
    {"tar_of_links", "mkdir e; ln -s /etc e/a; ln -s gone e/b; tar -czf x.tar.gz e", "x.tar.gz", 1, "tar.empty"},
    {"tar_of_empty_files", "mkdir e; : > e/a; tar -czf x.tar.gz e", "x.tar.gz", 0, "tar.no-bytes"},
    {"tar_of_nothing_in_a_full_one", "mkdir e; tar -czf config.tar.gz e; tar -czf x.tar.gz config.tar.gz db.sql",
     "x.tar.gz", 1, "tar.empty"},
    {"dump_of_nothing_in_a_full_one", ": > db.sql.gz; tar -czf x.tar.gz t db.sql.gz", "x.tar.gz", 1, "file.empty"},
    {"empty_layer_of_an_image", "head -c 1024 /dev/zero > layer.tar; : > lock; tar -czf x.tar.gz t layer.tar lock",
     "x.tar.gz", 0, ""},
    {"sparse", "truncate -s 20M t/hole; tar --sparse -czf x.tar.gz t", "x.tar.gz", 0, ""},
    {"sparse_of_a_tebibyte", "truncate -s 1T t/hole; echo x >> t/hole; tar --sparse -czf x.tar.gz t", "x.tar.gz", 3,
     "expansion_ratio"},
    {"incremental_full", "tar -g s -czf x.tar.gz t", "x.tar.gz", 0, ""},
    {"incremental_alone",
     "tar -g s -czf full.tar.gz t; sleep 1.1; echo b > t/b; mkdir alone; tar -g s -czf alone/x.tar.gz t",
     "alone/x.tar.gz", 1, "tar.incremental"},
    {"incremental_with_its_chain", "tar -g s -czf full.tar.gz t; sleep 1.1; echo b > t/b; tar -g s -czf x.tar.gz t",
     "x.tar.gz", 0, ""},

    {"openssl_under_gz", "openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -in db.sql -out db.sql.gz", "db.sql.gz", 3,
     "encrypted"},
    {"openssl_with_its_sum",
     "openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -in db.sql -out db.sql.gz; sha256sum db.sql.gz > db.sql.gz.sha256",
     "db.sql.gz", 3, "encrypted"},
    {"openssl_with_a_wrong_sum",
     "openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -in db.sql -out db.sql.gz; sha256sum db.sql.gz > db.sql.gz.sha256; "
     "printf x >> db.sql.gz",
     "db.sql.gz", 1, "checksum.mismatch"},
    {"age_in_gzip", "age-keygen -o k 2> log; age -r $(age-keygen -y k) db.sql | gzip > db.sql.gz", "db.sql.gz", 3,
     "encrypted"},
    {"age_in_a_full_backup",
     "age-keygen -o k 2> log; age -r $(age-keygen -y k) -o db.sql.gz.age db.sql; tar -czf x.tar.gz t db.sql.gz.age",
     "x.tar.gz", 3, "encrypted"},
    {"users_own_secret", "age-keygen -o k 2> log; age -r $(age-keygen -y k) -o t/diary.age db.sql; tar -czf x.tar.gz t",
     "x.tar.gz", 0, ""},
    {"bundle_that_is_a_certificate", "printf -- '-----BEGIN CERTIFICATE-----\\nMIIB\\n' > ca.bundle", "ca.bundle", 0,
     ""},

    {"sqlite", "sqlite3 x.db 'CREATE TABLE t (a); INSERT INTO t VALUES (1);'", "x.db", 0, ""},
    {"sqlite_cut", "sqlite3 x.db 'CREATE TABLE t (a); INSERT INTO t VALUES (randomblob(9000));'; truncate -s 8192 x.db",
     "x.db", 1, "sqlite.truncated"},
    {"sqlite_zeroed",
     "sqlite3 x.db 'CREATE TABLE t (a); INSERT INTO t VALUES (1);'; dd if=/dev/zero of=x.db bs=4096 seek=1 count=1 "
     "conv=notrunc status=none",
     "x.db", 1, "sqlite.page"},
    {"sqlite_cut_in_a_volume",
     "sqlite3 t/x.db 'CREATE TABLE t (a); INSERT INTO t VALUES (randomblob(9000));'; truncate -s 8192 t/x.db; tar -czf "
     "x.tar.gz t",
     "x.tar.gz", 1, "sqlite.truncated"},
    {"redis", "printf 'REDIS0011\\376\\000\\377\\000\\000\\000\\000\\000\\000\\000\\000' > dump.rdb", "dump.rdb", 0,
     ""},
    {"redis_cut", "printf 'REDIS0011\\376\\000\\377' > dump.rdb", "dump.rdb", 1, "redis.truncated"},

    {"split", "tar -cz t | split -b 9000 - x.tar.gz.part-", "x.tar.gz.part-ab", 0, ""},
    {"split_as_a_directory", "mkdir s; tar -cz t | split -d -b 9000 - s/x.tar.gz.", "s", 0, ""},
    {"split_without_its_middle", "mkdir s; tar -cz t | split -b 9000 - s/x.tar.gz.part-; rm s/*ab", "s", 1,
     "split.missing"},
    {"split_without_its_first", "mkdir s; tar -cz t | split -b 9000 - s/x.tar.gz.part-; rm s/*aa", "s", 1,
     "split.missing"},
    {"split_without_its_last", "mkdir s; tar -cz t | split -b 9000 - s/x.tar.gz.part-; rm $(ls s/* | tail -n 1)", "s",
     1, "split.missing"},
    {"split_with_the_sum_of_the_whole",
     "mkdir s; tar -czf x.tar.gz t; split -b 9000 x.tar.gz s/x.tar.gz.; sha256sum x.tar.gz > s/x.tar.gz.sha256", "s", 0,
     ""},
    {"split_with_a_wrong_sum_of_a_part",
     "mkdir s; tar -cz t | split -b 9000 - s/x.tar.gz.part-; cd s; for f in *; do sha256sum $f > $f.sha256; done; sed "
     "-i 's/^..../0000/' x.tar.gz.part-ab.sha256; cd ..",
     "s", 1, "checksum.mismatch"},
    {"rotated_and_not_split", "mkdir s; for i in 1 2; do tar -czf s/x.tar.gz.$i t; done", "s", 0, ""},
    {"unfinished_downloads",
     "mkdir s; tar -czf s/x.tar.gz t; for e in .filepart .crdownload '~' .partial~; do head -c 500 s/x.tar.gz > "
     "s/y.tar.gz$e; done",
     "s", 0, ""},
};

class archives_through_verify : public ::testing::TestWithParam<archive_scenario> {};

TEST_P(archives_through_verify, are_judged_as_they_are) {
  const archive_scenario& now = GetParam();
  const scratch_directory here;
  const tool_run made = here.run("{ " + std::string{prepare} + now.make + "; } 2>&1");
  ASSERT_EQ(made.status, 0) << made.output;
  const tool_run run =
      here.run(fmt::format("'{}' --color never --report report.json '{}' 2>&1", verify_program, now.path));
  EXPECT_EQ(run.status, now.status) << run.output;
  if (*now.said != '\0') {
    EXPECT_THAT(run.output, HasSubstr(now.said));
    return;
  }
  const nlohmann::json report = read_json(here.path() / "report.json");
  for (const auto& artifact : report.at("artifacts")) {
    for (const auto& one : artifact.at("findings")) {
      if (one.at("severity") != "note") {
        EXPECT_EQ(one.at("check"), "file.unprotected") << run.output;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(of, archives_through_verify, ::testing::ValuesIn(scenarios),
                         [](const auto& one) { return std::string{one.param.name}; });

TEST(opaque_artifacts, are_accepted_by_a_policy_that_says_so_and_their_digest_is_the_proof) {
  const scratch_directory here;
  ASSERT_EQ(
      here.run(std::string{prepare} +
               "mkdir e; openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -in db.sql -out e/db_20251208_020000.sql.gz; "
               "cd e; sha256sum * > db_20251208_020000.sql.gz.sha256")
          .status,
      0);
  const auto verify = [&](const std::string& content) {
    here.write("policy.toml",
               "version = 1\n[estate]\nroot = \"" + (here.path() / "e").string() +
                   "\"\n[component.database]\nkind = \"postgres-dump\"\npath = \".\"\nchecksum = \"{name}.sha256\"\n"
                   "name = \"db_{timestamp}.sql.gz\"\n" +
                   content);
    return here.run(
        fmt::format("'{}' --color never --notes --policy policy.toml --now {} 2>&1", verify_program, estate_now));
  };
  const tool_run strict = verify("");
  EXPECT_EQ(strict.status, 3) << strict.output;
  const tool_run accepted = verify("content = \"opaque\"\n");
  EXPECT_EQ(accepted.status, 0) << accepted.output;
  EXPECT_THAT(accepted.output, HasSubstr("file.opaque"));
  ASSERT_EQ(here.run("printf x >> e/db_20251208_020000.sql.gz").status, 0);
  EXPECT_EQ(verify("content = \"opaque\"\n").status, 1);
}

TEST(holes, do_not_keep_a_run_from_being_interrupted) {
  const scratch_directory here;
  // 3 GiB of hole in a MiB: within the limits, and read.
  ASSERT_EQ(here.run("head -c 1000000 /dev/urandom > noise; truncate -s 3G hole; echo x >> hole; tar --sparse -cf "
                     "x.tar noise hole")
                .status,
            0);
  const tool_run run = here.run(
      fmt::format("timeout -s TERM --preserve-status -k 10 0.3 '{}' x.tar > out 2>&1; echo $?", verify_program));
  EXPECT_THAT(run.output, ::testing::AnyOf("143\n", "0\n")) << "not killed ten seconds later";
}

}  // namespace archives_test
