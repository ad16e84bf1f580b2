// Dumps that a real pg_dump and pg_dumpall write, in every style: none of them raises an alarm, every cut short is
// found, and the row sets are those of the live database.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "knowngood/io/memory_source.hpp"
#include "knowngood/postgres/dump_archive_script.hpp"
#include "knowngood/postgres/dump_check.hpp"
#include "scenarios/estate_copy.hpp"

namespace real_dumps_test {

using namespace knowngood;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class real_dumps : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    here_ = std::make_unique<scratch_directory>();
    const tool_run made =
        here_->run("bash '" + source_directory + "/tests/scenarios/dump_in_every_style' \"$PWD\" 2>&1");
    ASSERT_EQ(made.status, 0) << made.output;
  }
  static void TearDownTestSuite() { here_.reset(); }

  struct checked {
    dump_summary summary;
    std::vector<std::string> checks;
    std::string text;
  };
  static checked check(const std::string& dump) {
    checked result;
    finding_list findings;
    try {
      std::unique_ptr<source> script = std::make_unique<memory_source>(dump, 65'536);
      if (dump.starts_with("PGDMP")) {
        script = std::make_unique<dump_archive_script>(std::move(script), location{"dump"}, limits{}, findings);
      }
      result.summary = check_plain_dump(std::move(script), location{"dump"}, findings);
    } catch (const stream_error& error) {
      findings.report(error.as_finding());
    }
    for (const auto& one : findings.snapshot()) {
      result.checks.push_back(one.check);
      result.text += fmt::format("{}: {} ({} / {})\n", one.check, one.message, one.expected, one.actual);
    }
    return result;
  }
  static row_set rows_of_copy(std::string_view data) {
    row_set rows;
    while (!data.empty()) {
      const std::size_t newline = data.find('\n');
      rows.add(data.substr(0, newline));
      data.remove_prefix(newline == std::string_view::npos ? data.size() : newline + 1);
    }
    return rows;
  }
  static std::map<std::string, row_set> live_rows() {
    std::map<std::string, row_set> tables;
    for (int n = 1; std::filesystem::exists(here_->path() / fmt::format("rows/{}.statement", n)); ++n) {
      tables[parse_copy(here_->read(fmt::format("rows/{}.statement", n)))->table] =
          rows_of_copy(here_->read(fmt::format("rows/{}.copy", n)));
    }
    return tables;
  }

  static inline std::unique_ptr<scratch_directory> here_;
};

TEST_F(real_dumps, raise_no_alarm_in_any_style) {
  for (const std::string name :
       {"plain",          "create",         "one_table", "inserts",       "column_inserts",  "no_owner",
        "quoted",         "partition_root", "sections",  "berlin",        "old_strings",     "latin1",
        "utf8_of_latin1", "sjis",           "eucjp",     "eucjp_inserts", "authorization",   "cluster",
        "cluster_clean",  "globals",        "roles",     "joined",        "joined_sections", "joined_data",
        "joined_clean",   "marked"}) {
    const checked got = check(here_->read(name + ".sql"));
    EXPECT_THAT(got.checks, IsEmpty()) << name << "\n" << got.text;
  }
  EXPECT_THAT(check(here_->read("schema_only.sql")).checks, ElementsAre("dump.no-rows"));
  EXPECT_THAT(check(here_->read("nothing.sql")).checks, ElementsAre("dump.empty"));
}

TEST_F(real_dumps, say_what_is_not_in_them) {
  const std::map<std::string, std::string> said{
      {"schema_only", "dump.no-rows"},
      {"cluster_schema", "dump.no-rows"},
      {"section_pre-data", "dump.no-rows"},
      {"section_post-data", "dump.no-rows"},
      {"section_data", "dump.data-only"},
      {"data_only", "dump.data-only"},
      {"triggers", "dump.data-only"},
      {"tablespaces", "dump.empty"},
      {"row_security", "dump.row-security"},
      {"terminal", "dump.line-endings"},
      {"behind_a_notice", "dump.foreign-lines"},
      {"stripped", "dump.end-unproved"},
      {"twice", "dump.joined"},
      {"data_twice", "dump.joined"},
  };
  for (const auto& [name, id] : said) {
    const checked got = check(here_->read(name + ".sql"));
    EXPECT_THAT(got.checks, ElementsAre(id)) << name << "\n" << got.text;
  }
}

// What pg_dump writes into a directory or a tar is one artifact: all of its files there, whole, and rows as pg_dump
// writes them, or an error. In a tar of a directory the table of contents may stand anywhere.
TEST_F(real_dumps, of_many_files_are_one_artifact) {
  const auto verify = [&](const std::string& path) {
    return here_->run(fmt::format("'{}' --color never {} 2>&1", verify_program, path));
  };
  const std::string fresh = "rm -rf d d.tar; cp -a directory d; ";
  const std::string plain = "rm -rf d d.tar; cp -a directory_plain d; ";
  const std::string largest = "\"$(ls -S d/*.dat* | head -1)\"";
  struct damage {
    std::string script;
    int status;
    std::string check;
  };
  const std::vector<damage> table{
      {fresh, 0, "1 artifact: 1 unprotected"},
      {plain, 0, "1 artifact: 1 unprotected"},
      {fresh + "(cd d; sha256sum * > SHA256SUMS)", 0, "0 errors, 0 warnings"},
      {fresh + "rm " + largest, 1, "dump.archive-data"},
      {fresh + ": > " + largest, 1, "dump.archive-data"},
      {plain + ": > " + largest, 1, "dump.archive-data"},
      {fresh + "rm d/blobs.toc", 1, "dump.archive-data"},
      {fresh + "printf '\\377\\0\\377\\0' | dd of=" + largest + " bs=1 seek=500 conv=notrunc status=none", 1, "gzip."},
      {fresh + "truncate -s -9 " + largest, 1, "gzip.truncated"},
      {fresh + "truncate -s -9 d/toc.dat", 1, "dump.truncated"},
      {fresh + "echo more >> d/toc.dat", 1, "dump.archive"},
      {fresh + "rm \"$(ls d/blob_*.dat* | head -1)\"", 1, "dump.archive-data"},
      {fresh + "echo 'no list' > d/blobs.toc", 1, "dump.archive"},
      {fresh + "for f in d/*.dat.gz; do gunzip \"$f\"; done; lz4 -q -m --rm d/[0-9]*.dat", 0, "0 errors"},
      {fresh + "for f in d/*.dat.gz; do gunzip \"$f\"; done; zstd -q --rm d/*[0-9].dat", 0, "0 errors"},
      {plain + "truncate -s -300 " + largest, 1, "dump.unterminated-copy"},
      {plain + "head -n -4 " + largest + " > cut; mv cut " + largest, 1, "dump.unterminated-copy"},
      {plain + "printf '\\0' | dd of=" + largest + " bs=1 seek=900 conv=notrunc status=none", 1, "dump.bytes"},
      {plain + "sed -i '3s/\\t/ /' " + largest, 1, "dump.columns"},
      {plain + "sed -i '5s/^/\\\\.\\n/' " + largest, 1, "dump"},
      {plain + "(cd d; sha256sum * > SHA256SUMS); printf x | dd of=" + largest +
           " bs=1 seek=9 conv=notrunc status=none",
       1, "checksum.mismatch"},
  };
  for (const auto& one : table) {
    SCOPED_TRACE(one.script);
    ASSERT_EQ(here_->run(one.script + " 2>&1").status, 0);
    const tool_run directory = verify("d");
    EXPECT_EQ(directory.status, one.status) << directory.output;
    EXPECT_THAT(directory.output, testing::HasSubstr(one.check)) << directory.output;
    if (one.script.find("SHA256SUMS") != std::string::npos) continue;
    ASSERT_EQ(here_->run("tar -cf d.tar d").status, 0);
    EXPECT_EQ(verify("d.tar").status, one.status) << verify("d.tar").output;
    ASSERT_EQ(here_
                  ->run("cd d; tar -czf ../d.tar.gz --exclude=toc.dat .; cd ..; gunzip -f d.tar.gz; tar -rf d.tar -C d "
                        "toc.dat; "
                        "gzip -nf d.tar")
                  .status,
              0);
    EXPECT_EQ(verify("d.tar.gz").status, one.status)
        << "the table of contents stands last: " << verify("d.tar.gz").output;
  }
  for (const std::string format : {"directory", "tar"}) {
    for (const std::string style : {"_of_inserts", "_of_roots", "_quoted"}) {
      const tool_run sound = verify(format + style);
      EXPECT_EQ(sound.status, 0) << format << style << sound.output;
      EXPECT_THAT(sound.output, testing::HasSubstr("0 errors")) << format << style;
    }
  }
  EXPECT_EQ(verify("directory/toc.dat").status, 3) << "what belongs to it is not known";
  const tool_run tar = verify("tar_of_pg_dump.tar");
  EXPECT_EQ(tar.status, 0) << tar.output;
  ASSERT_EQ(here_
                ->run("cp tar_of_pg_dump.tar t.tar; tar --delete -f t.tar \"$(tar -tf t.tar | grep -m1 dat$)\"; tar "
                      "--delete -f t.tar \"$(tar -tf t.tar | grep '[0-9].dat$' | tail -1)\" 2>&1")
                .status,
            0);
  EXPECT_NE(verify("t.tar").status, 0);
}

// The same rows in every format, verified and restored; in an archive of backups too.
TEST_F(real_dumps, of_many_files_are_restored_to_the_last_row) {
  const auto tables_of = [](const nlohmann::json& report) {
    std::set<std::string> tables;
    for (const auto& artifact : report.at("artifacts")) {
      for (const auto& table : artifact.at("tables"))
        tables.insert(table.at("name").dump() + table.at("fingerprint").dump());
    }
    return tables;
  };
  ASSERT_EQ(here_->run(fmt::format("'{}' plain.sql --report r.json", verify_program)).status, 0);
  const std::set<std::string> expected = tables_of(read_json(here_->path() / "r.json"));
  EXPECT_GT(expected.size(), 15U);
  ASSERT_EQ(here_
                ->run("mkdir -p s all; chmod 711 . s; tar -cf late.tar --exclude=toc.dat directory; tar -rf late.tar "
                      "directory/toc.dat; gzip -nkf late.tar; cp tar_of_pg_dump.tar all/db.tar; cp -a directory all/; "
                      "(cd all; sha256sum db.tar > SHA256SUMS); tar -cf all.tar all")
                .status,
            0);
  for (const std::string dump : {"directory", "directory_plain", "tar_of_pg_dump.tar", "late.tar.gz"}) {
    const tool_run drill =
        here_->run(fmt::format("'{}' {} --scratch s --color never --report r.json 2>&1", drill_program, dump));
    EXPECT_EQ(drill.status, 0) << drill.output;
    const nlohmann::json report = read_json(here_->path() / "r.json");
    EXPECT_EQ(tables_of(report), expected) << dump;
    std::size_t equal = 0;
    for (const auto& table : report.at("comparisons"))
      equal += table.at("outcome") == "equal" || table.at("outcome") == "empty" ? 1U : 0U;
    EXPECT_EQ(equal, report.at("comparisons").size()) << drill.output;
    EXPECT_GT(equal, 15U) << drill.output;
  }
  const tool_run inside = here_->run(fmt::format("'{}' all.tar --report r.json --color never 2>&1", verify_program));
  EXPECT_EQ(inside.status, 0) << inside.output;
  EXPECT_EQ(tables_of(read_json(here_->path() / "r.json")), expected) << inside.output;
  EXPECT_EQ(here_->run("ls -A s").output, "");
}

TEST_F(real_dumps, are_the_same_in_the_custom_format) {
  const auto live = live_rows();
  for (const std::string name : {"file_0", "file_1", "file_9", "piped", "data_only"}) {
    const checked got = check(here_->read("custom_" + name + ".dump"));
    EXPECT_EQ(got.checks, name == "data_only" ? std::vector<std::string>{"dump.data-only"} : std::vector<std::string>{})
        << name << "\n"
        << got.text;
    EXPECT_EQ(got.summary.tables.size(), live.size()) << name;
    for (const auto& table : got.summary.tables) {
      ASSERT_TRUE(live.contains(table.name)) << name << ": " << table.name;
      EXPECT_EQ(table.rows, live.at(table.name)) << name << ": " << table.name;
    }
  }
  const checked plain = check(here_->read("plain.sql"));
  EXPECT_EQ(check(here_->read("custom_piped.dump")).summary.objects, plain.summary.objects);
  EXPECT_THAT(check(here_->read("custom_inserts.dump")).checks, IsEmpty());
  EXPECT_THAT(check(here_->read("custom_schema_only.dump")).checks, ElementsAre("dump.no-rows"));
  const auto rooted = [](const checked& dump) {
    std::map<std::string, row_set> rows;
    for (const auto& table : dump.summary.tables) rows[table.name] = table.rows;
    return rows;
  };
  EXPECT_EQ(rooted(check(here_->read("custom_partition_root.dump"))), rooted(check(here_->read("partition_root.sql"))));
}

TEST_F(real_dumps, hold_the_rows_of_the_live_database) {
  const auto live = live_rows();
  ASSERT_GE(live.size(), 15U);
  for (const std::string name :
       {"plain", "create", "data_only", "no_owner", "sections", "old_strings", "joined", "joined_sections",
        "joined_data", "terminal", "marked", "behind_a_notice", "stripped"}) {
    const checked got = check(here_->read(name + ".sql"));
    EXPECT_EQ(got.summary.tables.size(), live.size()) << name;
    for (const auto& table : got.summary.tables) {
      ASSERT_TRUE(live.contains(table.name)) << name << ": " << table.name;
      EXPECT_EQ(table.rows.rows(), live.at(table.name).rows()) << name << ": " << table.name;
      EXPECT_EQ(table.rows.fingerprint(), live.at(table.name).fingerprint()) << name << ": " << table.name;
    }
  }
}

TEST_F(real_dumps, count_the_same_rows_as_inserts) {
  const auto live = live_rows();
  for (const std::string name : {"inserts", "column_inserts"}) {
    for (const auto& table : check(here_->read(name + ".sql")).summary.tables) {
      EXPECT_EQ(table.inserted, live.at(table.name).rows()) << name << ": " << table.name;
    }
  }
}

TEST_F(real_dumps, of_a_cluster_keep_its_databases_apart) {
  const checked got = check(here_->read("cluster.sql"));
  EXPECT_TRUE(got.summary.cluster);
  std::map<std::string, std::uint64_t> rows;
  for (const auto& table : got.summary.tables) rows[table.database] += table.rows.rows();
  EXPECT_EQ(rows.at("na me"), 3U);
  EXPECT_EQ(rows.at("latin"), 3U);
  EXPECT_GT(rows.at("ner11_db"), 8'000U);
}

TEST_F(real_dumps, cut_anywhere_are_found_out) {
  for (const std::string name : {"plain", "cluster", "inserts"}) {
    const std::string script = here_->read(name + ".sql");
    const std::size_t whole = script.find_last_not_of('\n') + 1;
    for (std::size_t i = 0; i < 150; ++i) {
      const std::size_t size = i < 60 ? whole - 1 - i : whole / 91 * (i - 59) % whole;
      EXPECT_FALSE(check(script.substr(0, size)).checks.empty()) << name << " cut at byte " << size << " of " << whole;
    }
  }
}

}  // namespace real_dumps_test
