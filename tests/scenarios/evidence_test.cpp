// Evidence says what happened: no password in anything that a run leaves, the exit code that the process has in the
// last line, what cannot be written found out before the reading, and no fault of the host without a word.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "postgres/sample_dump.hpp"
#include "scenarios/estate_copy.hpp"

namespace evidence_test {

using namespace knowngood;
using ::testing::AnyOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string audit_program = KNOWNGOOD_AUDIT_PROGRAM;

class evidence : public ::testing::Test {
 protected:
  evidence() {
    here.write("d_20251208.sql", sample_dump);
    sh("chmod 711 .; gzip -n d_20251208.sql; sha256sum d_20251208.sql.gz > d_20251208.sql.gz.sha256");
  }
  void sh(const std::string& script) const {
    const tool_run run = here.run("set -e; " + script + " 2>&1");
    ASSERT_EQ(run.status, 0) << script << "\n" << run.output;
  }
  [[nodiscard]] tool_run verify(const std::string& arguments) const {
    return here.run(fmt::format("'{}' --color never {}", verify_program, arguments));
  }
  [[nodiscard]] tool_run audit(const std::string& arguments) const {
    return here.run(fmt::format("'{}' {}", audit_program, arguments));
  }

  scratch_directory here;
};

// What all processes were called while process ARGUMENT was there, from when it had made its scratch directory on.
constexpr const char* watcher = R"py(
import os, sys, time
seen = set()
while os.path.exists("/proc/" + sys.argv[1] + "/exe") or os.path.exists("/proc/" + sys.argv[1] + "/cwd"):
    if not os.listdir("s"):
        time.sleep(0.01)
        continue
    for one in os.listdir("/proc"):
        if one.isdigit():
            try:
                with open("/proc/" + one + "/cmdline", "rb") as file:
                    seen.add(file.read())
            except OSError:
                pass
    time.sleep(0.01)
sys.stdout.buffer.write(b"\n".join(seen).replace(b"\0", b" "))
)py";

// Runs the script that says `arguments` to drill, writes down what others see of it meanwhile, and gives what it left.
std::string left_by_drill(const scratch_directory& here, const std::string& environment, const std::string& arguments) {
  here.write("pattern", "gehe[a-z]*[0-9]*\nunverkennbar\n");  // no argument, which would be seen among the processes
  here.write("watch.py", watcher);
  here.write("run.sh", fmt::format("{} exec '{}' --color never --now 2025-12-09T00:00:00Z --scratch s --ledger kept "
                                   "--report r.json -v {}\n",
                                   environment, drill_program, arguments));
  const tool_run run = here.run(fmt::format(
      "rm -rf left s kept; mkdir left s; chmod 711 s; bash run.sh > left/said 2>&1 & drill=$!\n"
      "python3 watch.py $drill > left/processes\n"
      "wait $drill; echo $? > left/code; mv r.json kept left/ 2>/dev/null\n"
      "'{0}' export left/kept --html left/h.html --junit left/j.xml --prometheus left/m.prom --markdown left/m.md "
      "> left/exported 2>&1\n"
      "'{0}' show left/r.json -v > left/shown 2>&1; '{0}' gate --ledger left/kept --junit left/g.xml > left/gate 2>&1\n"
      "grep -rhoaE -f pattern left || true",
      audit_program));
  return run.output;
}

TEST_F(evidence, holds_no_password_in_whatever_form_it_was_given) {
  // nobody listens there: what libpq says of it is in the report
  const std::vector<std::pair<std::string, std::string>> given{
      {"", "d_20251208.sql.gz --source 'postgresql://unverkennbar:geheim1@127.0.0.1:1/x'"},
      {"",
       "d_20251208.sql.gz --source='postgresql://unverkennbar@127.0.0.1:1/x?p%61ssword=geheim2&sslpassword=geheim3'"},
      {"",
       "d_20251208.sql.gz --source 'postgresql://unverkennbar:gehe%69m6@127.0.0.1:1/x' --server "
       "'postgresql://unverkennbar:geheim7@127.0.0.1:1/postgres'"},
      {"PGPASSWORD=geheim8 PGHOST=127.0.0.1 PGPORT=1 PGUSER=unverkennbar", "d_20251208.sql.gz --source dbname=x"},
      {"", "--policy p.toml"},
      {"", "--policy q.toml"},
      {"", "d_20251208.sql.gz --sorce='postgresql://unverkennbar:geheim14@127.0.0.1:1/x'"}};
  const std::string policy =
      "version = 1\n[estate]\nroot = \".\"\n[component.db]\nkind = \"postgres-dump\"\npath = \".\"\n"
      "name = \"d_{timestamp:%Y%m%d}.sql.gz\"\n[component.db.drill]\nsource = ";
  here.write("p.toml", policy + "\"postgresql://unverkennbar:geheim12@127.0.0.1:1/x\"\n");
  here.write("q.toml", policy + "\"host=127.0.0.1 password='geheim13\"\n");
  for (const auto& [environment, arguments] : given) {
    SCOPED_TRACE(arguments);
    const std::string found = left_by_drill(here, environment, arguments);
    EXPECT_THAT(found, Not(HasSubstr("gehe")));
    if (arguments.find("--source '") != std::string::npos) {
      EXPECT_THAT(found, HasSubstr("unverkennbar")) << "the control: the rest of it is there";
    }
  }
}

TEST_F(evidence, is_not_written_into_a_file_that_took_a_closed_stream) {
  EXPECT_EQ(verify("d_20251208.sql.gz --report r.json").status, 0);
  for (const std::string closed : {">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"}) {
    const tool_run run = verify("--progress d_20251208.sql.gz --report r.json " + closed);
    EXPECT_EQ(run.status, closed.find('>') == 0 || closed[0] == '<' ? (closed == "<&-" ? 0 : 3) : 0) << closed;
    EXPECT_EQ(read_json(here.path() / "r.json").value("verdict", ""), "sound") << closed;
  }
}

TEST_F(evidence, ends_with_the_exit_code_that_the_process_has) {
  sh(fmt::format("'{}' -q d_20251208.sql.gz --ledger kept", verify_program));
  for (const std::string stream : {"/dev/full", "&-"}) {
    const tool_run text = verify("d_20251208.sql.gz 2>&1 >" + stream);
    EXPECT_EQ(text.status, 3);
    EXPECT_THAT(text.output, EndsWith("exit 3\n"));
    for (const std::string command : {"show kept", "ledger list kept", "ledger check kept", "export kept --html -",
                                      "gate --ledger kept --no-drill --allow-unprotected"}) {
      EXPECT_THAT(audit(command + " > out 2>&1").status, AnyOf(0, 1)) << command << here.read("out");
      const tool_run full = audit(command + " 2>&1 >" + stream);
      EXPECT_EQ(full.status, 3) << command;
      EXPECT_THAT(full.output, EndsWith("exit 3\n")) << command;
    }
  }
  EXPECT_EQ(verify("--list-checks").status, 0);
  EXPECT_EQ(verify("--list-checks >/dev/full").status, 3);
  const tool_run report = verify("d_20251208.sql.gz --report /dev/full 2>/dev/null");
  EXPECT_EQ(report.status, 3);
  EXPECT_THAT(report.output, EndsWith("; exit 3\n"));
  EXPECT_THAT(report.output, HasSubstr("UNCHECKED"));
  EXPECT_EQ(verify("d_20251208.sql.gz nothing_there 2>/dev/full").status, 3);
  EXPECT_EQ(verify("--polcy 2>/dev/full").status, 2);
}

TEST_F(evidence, that_cannot_be_written_is_found_out_before_the_reading) {
  // nothing comes through the pipe: whoever reads first waits for ever
  sh("mkfifo pipe; mkdir dir locked; : > file; echo x > locked/ledger.jsonl");
  const std::string waiting = "exec 3<>pipe; timeout 20 ";
  for (const std::string target : {"--report no/r.json", "--report dir", "--report file/r.json", "--report dir/",
                                   "--ledger no/kept", "--ledger file", "--ledger file/kept"}) {
    const tool_run run = here.run(fmt::format("{}'{}' - {} <&3 2>&1", waiting, verify_program, target));
    EXPECT_EQ(run.status, 3) << target << run.output;
    EXPECT_THAT(run.output, EndsWith("exit 3\n")) << target;
    const tool_run nagios =
        here.run(fmt::format("{}'{}' - --nagios {} <&3 2>/dev/null", waiting, verify_program, target));
    EXPECT_EQ(nagios.status, 3);
    EXPECT_THAT(nagios.output, HasSubstr("KNOWNGOOD UNKNOWN - "));
  }
  EXPECT_EQ(
      here.run(fmt::format("{}'{}' - --report dir/r.json <&3 2>&1", "exec 3<>pipe; timeout -s KILL 1 ", verify_program))
          .status,
      137)
      << "the control waits for what is to be read";
  sh(fmt::format("'{}' -q d_20251208.sql.gz --ledger kept", verify_program));
  for (const std::string target : {"export kept --html no/x.html", "export kept --junit dir --prometheus ok.prom",
                                   "gate --ledger kept --junit no/x.xml"}) {
    const tool_run run = audit(target + " 2>&1");
    EXPECT_EQ(run.status, 3) << run.output;
    EXPECT_THAT(run.output, EndsWith("exit 3\n"));
  }
  EXPECT_EQ(here.run("ls ok.prom 2>&1").status, 2) << "none of them was written";
}

TEST_F(evidence, is_there_when_a_pipe_that_stalled_was_given_up) {
  sh("mkfifo pipe");
  const tool_run run = here.run(
      fmt::format("exec 3<>pipe; gunzip < d_20251208.sql.gz | head -c 500 >&3; '{}' - --report r.json <&3 >said 2>&1 & "
                  "verify=$!; sleep 0.5; kill $verify; for i in $(seq 50); do kill -0 $verify 2>/dev/null || break; "
                  "sleep 0.1; done; kill -KILL $verify 2>/dev/null && echo 'it did not hear'; wait $verify",
                  verify_program));
  EXPECT_EQ(run.status, 143) << run.output << here.read("said");
  const nlohmann::json report = read_json(here.path() / "r.json");
  ASSERT_TRUE(report.is_object());
  EXPECT_EQ(report.at("complete"), false);
}

TEST_F(evidence, is_there_of_a_run_that_could_not_be_planned) {
  // who reads the policy's files, and who the ledger's: neither is there to be read
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become who may not read";
  here.write("p.toml",
             "version = 1\n[estate]\nroot = \"estate\"\n[component.db]\nname = \"d_{timestamp:%Y%m%d}.sql.gz\"\n"
             "verify = \"newest\"\n");
  sh("mkdir estate out; cp d_20251208.sql.gz* estate/; chmod 644 p.toml; chmod 755 . estate; chmod 777 out");
  const std::string as_user = "setpriv --reuid=65534 --regid=65534 --clear-groups ";
  for (const auto& [program, damage] : std::vector<std::pair<std::string, std::string>>{
           {verify_program, "chmod 700 estate"}, {drill_program, "chmod 700 estate"}}) {
    sh("chmod 755 estate; rm -f out/r.json");
    const std::string command =
        fmt::format("{}'{}' --policy p.toml --now 2025-12-08T12:00:00Z --report out/r.json{} 2>&1", as_user, program,
                    program == drill_program ? " --scratch out" : "");
    EXPECT_FALSE(std::filesystem::exists(here.path() / "out/r.json"));
    sh(damage);
    const tool_run run = here.run(command);
    EXPECT_EQ(run.status, 3) << run.output;
    const nlohmann::json report = read_json(here.path() / "out/r.json");
    ASSERT_TRUE(report.is_object()) << run.output;
    EXPECT_EQ(report.at("exit_code"), 3);
    EXPECT_THAT(report.at("unchecked").dump(), HasSubstr("ermission denied"));
  }
}

TEST_F(evidence, of_connections_begins_with_what_they_are_called) {
  for (const std::string option : {"--server", "--source"}) {
    // the scratch is not even looked at
    const tool_run run =
        here.run(fmt::format("'{}' d_20251208.sql.gz --scratch nothing {} 'host=x port' 2>&1", drill_program, option));
    EXPECT_EQ(run.status, 2) << run.output;
    EXPECT_THAT(run.output, HasSubstr(option + ": not a description of a PostgreSQL connection"));
  }
  here.write("p.toml",
             "version = 1\n[estate]\nroot = \".\"\n[component.db]\nkind = \"postgres-dump\"\n"
             "name = \"d_{timestamp:%Y%m%d}.sql.gz\"\n[component.db.drill]\nsource = \"host=x port\"\n");
  const tool_run run = here.run(fmt::format("'{}' --policy p.toml --scratch nothing 2>&1", drill_program));
  EXPECT_EQ(run.status, 2) << run.output;
  EXPECT_THAT(run.output, HasSubstr("[component.db.drill] source: not a description of a PostgreSQL connection"));
}

TEST_F(evidence, is_kept_where_the_host_gives_no_more_threads_or_memory) {
  sh("seq 400000 | gzip > big.gz; mkdir many; for i in 1 2 3 4 5; do cp big.gz many/$i.gz; done");
  const std::string as_user = ::getuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups " : "";
  sh("chmod 755 . many; mkdir out; chmod 777 out");
  const tool_run few = here.run(fmt::format(
      "{}prlimit --nproc=1:1 '{}' many --report out/r.json --progress 2>/dev/null", as_user, verify_program));
  EXPECT_EQ(few.status, 0) << few.output;
  EXPECT_EQ(read_json(here.path() / "out/r.json").value("exit_code", -1), 0);
  int starved = 0;
  int whole = 0;
  for (int mebibytes = 30; mebibytes <= 230; mebibytes += 10) {
    const tool_run run = here.run(fmt::format("rm -f r.json; ulimit -v {}; '{}' many -j 2 --report r.json 2>&1",
                                              mebibytes * 1024, verify_program));
    if (run.status == 127 && run.output.find("shared libraries") != std::string::npos) continue;
    EXPECT_THAT(run.status, AnyOf(0, 3)) << mebibytes << run.output;
    if (run.status == 3) {
      EXPECT_THAT(run.output, Not(IsEmpty())) << mebibytes;
    }
    (run.status == 0 ? whole : starved) += 1;
  }
  EXPECT_GT(whole, 0);
  EXPECT_GT(starved, 0);
}

TEST(drills_of_directories, restore_what_each_must_hold_and_let_older_ones_stand_in) {
  const scratch_directory here;
  here.write(
      "dump.sql",
      "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.t (a integer);\nCOPY public.t (a) FROM stdin;\n"
      "1\n\\.\n\n--\n-- PostgreSQL database dump complete\n--\n\n");
  const auto sh = [&](const std::string& script) {
    const tool_run run = here.run("set -e; " + script + " 2>&1");
    ASSERT_EQ(run.status, 0) << script << "\n" << run.output;
  };
  sh("chmod 711 .; mkdir s files; chmod 711 s; seq 2000 > files/n\n"
     "for day in 07 08; do mkdir -p e/2025-12-$day; cd e/2025-12-$day; seq $day > ../../files/day; "
     "tar -C ../.. -czf files_1.tar.gz files; gzip -nc ../../dump.sql > db.sql.gz; echo log > run.log; "
     "sha256sum *.gz > SHA256SUMS; cd ../..; done");
  here.write("p.toml",
             "version = 1\n[estate]\nroot = \"e\"\n[component.all]\npath = \".\"\nname = \"{timestamp:%F}/\"\n"
             "contains = [\"db.sql.gz\", \"files_*.tar.gz\"]\nidentical = \"allow\"\n");
  const auto drill = [&] {
    return here.run(
        fmt::format("rm -f r.json; '{}' --policy p.toml --now 2025-12-08T12:00:00Z --scratch s --color never "
                    "--report r.json 2>&1",
                    drill_program));
  };
  const tool_run whole = drill();
  EXPECT_EQ(whole.status, 0) << whole.output;
  const nlohmann::json report = read_json(here.path() / "r.json");
  EXPECT_THAT(report.at("steps").dump(), HasSubstr("load-dump"));
  EXPECT_THAT(report.at("steps").dump(), HasSubstr("restore-archive"));
  EXPECT_THAT(report.at("steps").dump(), Not(HasSubstr("2025-12-07")));
  sh("cd e/2025-12-08; rm db.sql.gz; sha256sum *.gz > SHA256SUMS");
  const tool_run without = drill();
  EXPECT_EQ(without.status, 1) << without.output;
  EXPECT_THAT(without.output, HasSubstr("presence.incomplete"));
  sh("cd e/2025-12-08; head -c 60 ../2025-12-07/db.sql.gz > db.sql.gz; sha256sum *.gz > SHA256SUMS");
  const tool_run cut = drill();
  EXPECT_EQ(cut.status, 1) << cut.output;
  EXPECT_THAT(cut.output, HasSubstr("drill.older-artifact"));
  EXPECT_THAT(cut.output, HasSubstr("2025-12-07/db.sql.gz"));
}

TEST(drills_of_directories, ask_the_dump_that_holds_it_for_what_the_policy_requires) {
  const scratch_directory here;
  const std::string end = "\n--\n-- PostgreSQL database dump complete\n--\n\n";
  for (const char table : {'t', 'o'}) {
    here.write(table == 't' ? "db.sql" : "other.sql",
               fmt::format("--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.{0} (a integer);\nCOPY "
                           "public.{0} (a) FROM stdin;\n1\n\\.\n\n{1}",
                           table, end));
  }
  here.write("globals.sql",
             "--\n-- PostgreSQL database cluster dump\n--\n\nSET default_transaction_read_only = off;\n\nSET "
             "client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\n--\n-- Roles\n--\n\nCREATE ROLE "
             "app;\nALTER ROLE app WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION "
             "NOBYPASSRLS;\n\n--\n-- PostgreSQL database cluster dump complete\n--\n\n");
  const auto drill = [&](const std::string& asked, const std::string& files) {
    const std::string table = asked.substr(0, asked.find(' '));
    here.write("p.toml", fmt::format(R"(version = 1
[estate]
root = "e"
[component.db]
kind = "postgres-dump"
path = "."
name = "{{timestamp:%F}}/"
[component.db.drill]
required_tables = ["{0}"]
assertions = [{{ name = "some", sql = "SELECT count(*) > 0 FROM {1}" }}]
)",
                                     table, asked));
    return here.run(
        fmt::format("rm -rf s e; mkdir -p s e/2025-12-08; chmod 711 . s; for f in {}; do gzip -nc $f > "
                    "e/2025-12-08/$f.gz; done; (cd e/2025-12-08; sha256sum *.gz > SHA256SUMS); '{}' --policy p.toml "
                    "--now 2025-12-08T12:00:00Z --scratch s --color never --report r.json 2>&1",
                    files, drill_program));
  };
  const tool_run alone = drill("public.t", "db.sql");
  EXPECT_EQ(alone.status, 0) << alone.output;
  const tool_run both = drill("public.t", "db.sql globals.sql");
  EXPECT_EQ(both.status, 0) << both.output;
  EXPECT_THAT(read_json(here.path() / "r.json").at("steps").dump(), HasSubstr("check-assertions"));
  const tool_run lacking = drill("public.u", "db.sql globals.sql");
  EXPECT_EQ(lacking.status, 1) << lacking.output;
  EXPECT_THAT(lacking.output, HasSubstr("public.u, which the policy requires, is not there"));
  const tool_run globals = drill("public.t", "globals.sql");
  EXPECT_EQ(globals.status, 1) << "roles are no database: " << globals.output;
  for (const std::string table : {"public.t", "public.o"}) {
    const tool_run two = drill(table, "db.sql other.sql");
    EXPECT_EQ(two.status, 0) << table << " is in one of them: " << two.output;
  }
  const tool_run neither = drill("public.t WHERE a > 1", "db.sql other.sql");
  EXPECT_EQ(neither.status, 1) << neither.output;
  EXPECT_THAT(neither.output, HasSubstr("the assertion some does not hold"));
}

TEST(drill_of_an_archive, says_that_a_dump_in_it_was_unpacked_only) {
  const scratch_directory here;
  here.write("dump.sql", sample_dump);
  ASSERT_EQ(here.run("chmod 711 .; mkdir s v; chmod 711 s; echo x > v/readme; tar -czf plain.tar.gz v; "
                     "gzip -nc dump.sql > v/db.sql.gz; tar -czf with.tar.gz v")
                .status,
            0);
  const auto drill = [&](const std::string& file) {
    return here.run(
        fmt::format("'{}' {} --scratch s --color never --report r.json --ledger kept 2>&1", drill_program, file));
  };
  EXPECT_THAT(drill("plain.tar.gz").output, Not(HasSubstr("unpacked only")));
  EXPECT_THAT(drill("with.tar.gz").output, HasSubstr("unpacked only"));
  EXPECT_THAT(read_json(here.path() / "r.json").dump(), HasSubstr("drill.unpacked-only"));
  EXPECT_EQ(here.run(fmt::format("'{}' export r.json --html x.html --junit x.xml --markdown x.md && grep -l "
                                 "'unpacked only' x.html x.xml x.md | wc -l",
                                 audit_program))
                .output,
            "3\n");
}

TEST(drill_of_a_full_backup, in_another_holds_it_to_its_list) {
  const scratch_directory here;
  ASSERT_EQ(here.run("chmod 711 .; mkdir s v full; chmod 711 s; seq 999 > v/n; tar -czf full/a.tar.gz v; cp "
                     "full/a.tar.gz full/b.tar.gz; (cd full; sha256sum * > SHA256SUMS)")
                .status,
            0);
  const auto drill = [&](const std::string& damage) {
    EXPECT_EQ(here.run("(cd full; " + damage +
                       "); tar -czf inner.tar.gz full; tar -czf outer.tar.gz inner.tar.gz "
                       "-C full a.tar.gz")
                  .status,
              0);
    return here.run(fmt::format("'{}' outer.tar.gz --scratch s --color never --report r.json 2>&1", drill_program));
  };
  const tool_run whole = drill("true");
  EXPECT_EQ(whole.status, 0) << whole.output;
  const tool_run altered = drill("printf x | dd of=b.tar.gz bs=1 seek=4 conv=notrunc status=none");
  EXPECT_EQ(altered.status, 1) << altered.output;
  EXPECT_THAT(read_json(here.path() / "r.json").dump(), HasSubstr("checksum.mismatch"));
  const tool_run missing = drill("rm b.tar.gz");
  EXPECT_EQ(missing.status, 1) << missing.output;
  EXPECT_THAT(read_json(here.path() / "r.json").dump(), HasSubstr("checksum.missing-file"));
}

}  // namespace evidence_test
