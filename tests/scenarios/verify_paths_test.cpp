// verify without a policy: paths, directories, checksum files, standard input; the program's edges: exit codes, a full
// disk, a broken pipe, an interruption, a file that may not be read.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "scenarios/estate_copy.hpp"

namespace verify_paths_test {

using namespace knowngood;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class verify_paths : public ::testing::Test {
 protected:
  // Runs `verify ARGUMENTS` in the scratch directory, where `estate` is a copy of the estate.
  verify_run verify(const std::string& arguments, const std::string& prefix = {}) const {
    verify_run result;
    const tool_run run = copy_.scratch().run(fmt::format(
        "rm -f report.json; {} '{}' --report report.json --color never {} 2>&1", prefix, verify_program, arguments));
    result.status = run.status;
    result.output = run.output;
    result.report = read_json(copy_.scratch().path() / "report.json");
    return result;
  }
  tool_run sh(const std::string& command) const { return copy_.scratch().run(command); }

  estate_copy copy_;
};

TEST_F(verify_paths, a_whole_estate_is_sound_without_any_policy) {
  const verify_run run = verify("estate");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.alarms(), IsEmpty()) << run.output;
}

TEST_F(verify_paths, a_single_artifact_takes_its_sidecar_along) {
  const verify_run run = verify("estate/database/ner11_db_20251208_020000.sql.gz");
  EXPECT_EQ(run.status, 0) << run.output;
  const auto artifact = run.artifact("ner11_db_20251208_020000.sql.gz");
  EXPECT_THAT(artifact.at("checksum_file").dump(), HasSubstr(".sha256"));
  EXPECT_GE(artifact.at("tables").size(), 15U);
  ASSERT_EQ(sh("sed -i 's/^..../0000/' estate/database/ner11_db_20251208_020000.sql.gz.sha256").status, 0);
  EXPECT_THAT(verify("estate/database/ner11_db_20251208_020000.sql.gz").alarms(),
              Contains("checksum.mismatch @ ner11_db_20251208_020000.sql.gz"));
}

TEST_F(verify_paths, tables_are_shown_with_their_rows_when_asked) {
  const std::string path = "estate/database/ner11_db_20251208_020000.sql.gz";
  const tool_run rows =
      sh("gunzip -c " + path + " | awk '/^COPY public.incidents /{f=1;next} f&&/^\\\\\\.$/{exit} f' | wc -l");
  const verify_run run = verify(path + " --tables");
  for (const auto& table : run.artifact(path).at("tables")) {
    if (table.at("name") != "public.incidents") continue;
    EXPECT_EQ(table.at("rows").get<int>(), std::stoi(rows.output));
  }
  EXPECT_THAT(run.output, HasSubstr("public.incidents"));
  EXPECT_THAT(verify(path).output, Not(HasSubstr("public.incidents")));
}

TEST_F(verify_paths, standard_input_is_an_artifact_too) {
  EXPECT_EQ(verify("-", "cat estate/database/ner11_db_20251208_020000.sql.gz |").status, 0);
  const verify_run cut = verify("-", "head -c 900000 estate/database/ner11_db_20251208_020000.sql.gz |");
  EXPECT_EQ(cut.status, 1);
  EXPECT_THAT(cut.output, HasSubstr("gzip.truncated"));
  EXPECT_EQ(verify("-", "cat /dev/null |").status, 1);
}

TEST_F(verify_paths, a_checksum_file_is_checked_with_all_it_lists) {
  for (const std::string tool :
       {"md5sum", "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "b2sum", "b2sum -l 256",
        "sha256sum --tag", "md5sum --tag", "b2sum --tag -l 128", "openssl dgst -sha256", "openssl dgst -sha512"}) {
    SCOPED_TRACE(tool);
    ASSERT_EQ(sh("mkdir -p lists; cd lists; cp ../estate/git/*.bundle .; rm -f *SUMS *.b2; " + tool + " *.bundle > " +
                 (tool.starts_with("b2sum") ? "list.b2" : "listSUMS"))
                  .status,
              0);
    const std::string list = tool.starts_with("b2sum") ? "lists/list.b2" : "lists/listSUMS";
    const verify_run intact = verify(list);
    EXPECT_EQ(intact.status, 0) << intact.output;
    EXPECT_EQ(intact.report.at("artifacts").size(), 9U) << "eight bundles and the list";
    ASSERT_EQ(sh("rm lists/ner11_repo_20251201.bundle; echo garbage >> " + list +
                 "; cp lists/ner11_repo_20251202.bundle x; cat x > lists/ner11_repo_20251203.bundle")
                  .status,
              0);
    const verify_run run = verify(list);
    EXPECT_EQ(run.status, 1);
    const std::string name = std::filesystem::path{list}.filename();
    EXPECT_THAT(run.alarms(),
                ::testing::UnorderedElementsAre("checksum.missing-file @ " + name, "checksum.malformed @ " + name,
                                                "checksum.mismatch @ ner11_repo_20251203.bundle"));
  }
}

TEST_F(verify_paths, a_models_archive_that_moved_is_proved_by_its_absolute_sidecar) {
  ASSERT_EQ(sh("cp -r estate/models moved").status, 0);
  const verify_run run = verify("moved --notes");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr("checksum.moved"));
  ASSERT_EQ(
      sh("cd moved; gunzip -c models_20251208_100000.tar.gz | gzip -n1 > new; mv new models_20251208_100000.tar.gz")
          .status,
      0);
  EXPECT_THAT(verify("moved").alarms(), Contains("checksum.mismatch @ models_20251208_100000.tar.gz"));
}

TEST_F(verify_paths, nothing_is_not_sound) {
  ASSERT_EQ(
      sh("mkdir empty; : > zero; tar -cf nothing.tar --files-from /dev/null; gzip -n < zero > zero.gz; : > none.sha256")
          .status,
      0);
  EXPECT_EQ(verify("empty").status, 1);
  for (const std::string path : {"zero", "nothing.tar", "zero.gz", "none.sha256"})
    EXPECT_EQ(verify(path).status, 1) << path;
  EXPECT_EQ(verify("not-there").status, 3);
  EXPECT_EQ(verify("not-there estate/git").status, 3);
  EXPECT_EQ(verify("not-there zero").status, 1) << "what is unsound outweighs what could not be checked";
}

TEST_F(verify_paths, what_nothing_protects_is_said_to_be_unprotected) {
  ASSERT_EQ(sh("gunzip -c estate/database/ner11_db_20251208_020000.sql.gz > plain.sql").status, 0);
  const verify_run bare = verify("plain.sql");
  EXPECT_EQ(bare.status, 0) << bare.output;
  EXPECT_EQ(bare.artifact("plain.sql").at("verdict"), "unprotected");
  EXPECT_EQ(verify("plain.sql --strict").status, 1);
  ASSERT_EQ(sh("sha256sum plain.sql > plain.sql.sha256").status, 0);
  EXPECT_EQ(verify("plain.sql --strict").artifact("plain.sql").at("verdict"), "sound");
}

TEST_F(verify_paths, other_compressors_are_read_as_well) {
  for (const std::string tool : {"zstd -q", "xz -0", "bzip2 -1", "lz4 -q"}) {
    SCOPED_TRACE(tool);
    const std::string ending = tool.starts_with("zstd")    ? "zst"
                               : tool.starts_with("xz")    ? "xz"
                               : tool.starts_with("bzip2") ? "bz2"
                                                           : "lz4";
    ASSERT_EQ(
        sh("gunzip -c estate/database/ner11_db_20251208_020000.sql.gz | " + tool + " -c > d.sql." + ending).status, 0);
    const verify_run intact = verify("d.sql." + ending);
    EXPECT_EQ(intact.status, 0) << intact.output;
    EXPECT_GE(intact.artifact("d.sql." + ending).at("tables").size(), 15U);
    ASSERT_EQ(sh("head -c 1000000 d.sql." + ending + " > cut.sql." + ending).status, 0);
    EXPECT_EQ(verify("cut.sql." + ending).status, 1);
  }
}

TEST_F(verify_paths, a_list_of_another_digest_inside_an_archive_takes_a_second_reading) {
  ASSERT_EQ(sh("mkdir full; cp estate/git/*.bundle full; (cd full && sha512sum *.bundle > SHA512SUMS); tar -czf "
               "full.tar.gz full")
                .status,
            0);
  EXPECT_EQ(verify("full.tar.gz --strict").status, 0);
  ASSERT_EQ(sh("cp full/ner11_repo_20251202.bundle full/ner11_repo_20251203.bundle; tar -czf full.tar.gz full").status,
            0);
  EXPECT_THAT(verify("full.tar.gz").alarms(), Contains("checksum.mismatch @ full.tar.gz"));
}

TEST_F(verify_paths, mistakes_in_the_arguments_name_the_nearest_right_one) {
  const auto complaint = [&](const std::string& arguments) {
    const tool_run run = sh(fmt::format("'{}' {} 2>&1", verify_program, arguments));
    EXPECT_EQ(run.status, 2) << arguments << run.output;
    return run.output;
  };
  EXPECT_THAT(complaint("--polcy x"), HasSubstr("--policy"));
  EXPECT_THAT(complaint("--table estate"), HasSubstr("--tables"));
  EXPECT_THAT(complaint(""), HasSubstr("--policy FILE"));
  EXPECT_THAT(complaint("--now yesterday estate"), HasSubstr("2025-12-04T03:00:00Z"));
  EXPECT_THAT(complaint("--limit entires=5 estate"), HasSubstr("entries"));
  EXPECT_THAT(complaint("--policy /nonexistent.toml"), HasSubstr("/nonexistent.toml"));
  EXPECT_THAT(complaint("--policy '" + source_directory + "/docs/examples/ner11.toml' --component databse"),
              HasSubstr("database"));
  ASSERT_EQ(sh("printf 'version = 1\\n[estate]\\nroot = \".\"\\n[component.db]\\nname = \"a_{timestamp}.gz\"\\nmax_aeg "
               "= \"1h\"\\n' > p.toml")
                .status,
            0);
  const std::string unknown_key = complaint("--policy p.toml");
  EXPECT_THAT(unknown_key, HasSubstr("p.toml:6"));
  EXPECT_THAT(unknown_key, HasSubstr("max_age"));
}

TEST_F(verify_paths, a_report_that_cannot_be_written_is_no_success_and_the_text_still_comes) {
  const std::string bundle = "estate/git/ner11_repo_20251208.bundle";
  const tool_run full = sh(fmt::format("'{}' {} --report /dev/full 2>&1", verify_program, bundle));
  EXPECT_EQ(full.status, 3) << full.output;
  EXPECT_THAT(full.output, HasSubstr("No space left"));
  EXPECT_THAT(full.output, AllOf(HasSubstr("1 artifact: 1 sound"), EndsWith("; exit 3\n")));
  const tool_run nowhere = sh(fmt::format("'{}' {} --report no/such/dir/r.json 2>&1", verify_program, bundle));
  EXPECT_EQ(nowhere.status, 3) << nowhere.output;
}

TEST_F(verify_paths, a_reader_that_goes_away_changes_nothing) {
  const tool_run run = sh(fmt::format(
      "bash -c \"'{}' estate --tables --report report.json | head -1; echo \\${{PIPESTATUS[0]}}\"", verify_program));
  EXPECT_THAT(run.output, ::testing::EndsWith("0\n"));
  EXPECT_EQ(read_json(copy_.scratch().path() / "report.json").at("verdict"), "sound");
}

TEST_F(verify_paths, an_interruption_leaves_a_report_that_says_so) {
  for (const auto& [signal, status] : {std::pair{"INT", 130}, std::pair{"TERM", 143}}) {
    const verify_run run = verify("-", fmt::format("(cat estate/git/ner11_repo_20251208.bundle; sleep 2; cat "
                                                   "estate/database/*.gz) | timeout --preserve-status -s {} 1",
                                                   signal));
    EXPECT_EQ(run.status, status) << run.output;
    EXPECT_EQ(run.report.at("complete"), false);
    EXPECT_NE(run.report.at("verdict"), "sound");
  }
}

TEST_F(verify_paths, what_may_not_be_read_is_unchecked_and_the_rest_is_verified) {
  // As another user, for root may read everything.
  const std::string as_user = ::getuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups " : "";
  ASSERT_EQ(sh("chmod 755 . ; mkdir out; chmod 777 out; cp -r estate/git git; chmod 000 "
               "git/ner11_repo_20251208.bundle; mkdir git/locked; chmod 000 git/locked")
                .status,
            0);
  const tool_run run = sh(
      fmt::format("{}'{}' git --report out/r.json 2>&1; s=$?; chmod 755 git/locked; exit $s", as_user, verify_program));
  EXPECT_EQ(run.status, 3) << run.output;
  EXPECT_THAT(run.output, HasSubstr("Permission denied"));
  const auto report = read_json(copy_.scratch().path() / "out/r.json");
  EXPECT_EQ(report.at("summary").at("sound"), 7);
  EXPECT_EQ(report.at("summary").at("unchecked"), 1);
}

TEST_F(verify_paths, nagios_gets_one_line_and_its_own_codes) {
  const tool_run ok = sh(fmt::format("'{}' estate/git --nagios", verify_program));
  EXPECT_EQ(ok.status, 0);
  EXPECT_THAT(ok.output, HasSubstr("|"));
  EXPECT_EQ(std::count(ok.output.begin(), ok.output.end(), '\n'), 1);
  ASSERT_EQ(sh(": > zero").status, 0);
  EXPECT_EQ(sh(fmt::format("'{}' zero --nagios", verify_program)).status, 2);
  EXPECT_EQ(sh(fmt::format("'{}' not-there --nagios", verify_program)).status, 3);
  EXPECT_EQ(sh(fmt::format("'{}' estate/git --nagios --report /dev/full 2>&1", verify_program)).status, 3);
  EXPECT_EQ(sh(fmt::format("'{}' --nagios --polcy x 2>&1", verify_program)).status, 3) << "no verdict on the backups";
}

TEST_F(verify_paths, progress_is_drawn_only_where_somebody_looks) {
  EXPECT_THAT(sh(fmt::format("'{}' estate 2>&1 >/dev/null", verify_program)).output, IsEmpty());
  EXPECT_THAT(verify("estate").output, Not(HasSubstr("\x1b[")));
}

TEST_F(verify_paths, memory_stays_small_whatever_the_size_and_nothing_is_written_to_disk) {
  // Two dumps of 200 MB each at a time, one of them in an archive, and an archive of 20,000 members.
  ASSERT_EQ(sh("{ printf -- '--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE t (a int, b text);\nCOPY t (a, b) "
               "FROM stdin;\n';"
               "  seq 6000000 | sed 's/$/\tsome text that makes the row longer/'; printf '\\\\.\n\n--\n-- PostgreSQL "
               "database dump complete\n--\n\n'; }"
               " | gzip -1 > big.sql.gz; tar -czf nested.tar.gz big.sql.gz; mkdir many; (cd many; seq 20000 | xargs "
               "touch; echo x > 1);"
               " tar -czf many.tar.gz many; mkdir tmp")
                .status,
            0);
  const tool_run run =
      sh(fmt::format("TMPDIR=$PWD/tmp /usr/bin/python3 -c 'import resource, subprocess, sys; s = "
                     "subprocess.call(sys.argv[1:], stdout=sys.stderr);"
                     " print(s, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' '{}' --jobs 2 big.sql.gz "
                     "nested.tar.gz many.tar.gz",
                     verify_program));
  std::istringstream figures{run.output};
  int status = -1;
  long kibibytes = 0;
  figures >> status >> kibibytes;
  EXPECT_EQ(status, 0) << run.output;
  EXPECT_GT(kibibytes, 1000);
  EXPECT_LT(kibibytes, 64 * 1024);
  EXPECT_EQ(sh("ls -A tmp").output, "");
}

TEST_F(verify_paths, hostile_names_reach_neither_the_terminal_nor_the_json_raw) {
  ASSERT_EQ(
      sh("mkdir h; printf x > \"h/$(printf 'a\\033[2Jb\\nc\\377')\"; tar -cf h.tar h; sha256sum h.tar > h.tar.sha256")
          .status,
      0);
  const verify_run run = verify("h.tar -v");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.output, Not(HasSubstr("\x1b")));
  EXPECT_TRUE(run.report.is_object()) << "valid UTF-8 JSON";
}

}  // namespace verify_paths_test
