#include "knowngood/ledger/ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

#include "ledger/ledger_world.hpp"

namespace ledger_test {

using namespace knowngood;
using testing::AnyOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
namespace fs = std::filesystem;

class ledger_test : public ledger_world {
 protected:
  [[nodiscard]] std::string where_of(int number) const {
    return ledger_report_path(make_claim(parse_report(night(number), "night"), night(number)));
  }
  [[nodiscard]] std::string envelope_of(int number) const {
    const std::string report = where_of(number);
    return to_json(sign_report(night(number), report.substr(report.rfind('/') + 1), key_));
  }
  void remember(const std::string& name, const std::string& bytes) const {
    fs::create_directories(fs::path{at(name)}.parent_path());
    write(name, bytes);
  }

  /// Expects that appending is refused with a `what` of that kind, and that not a byte changes.
  template <typename Error>
  std::string refused(int number, const ledger_options& options) const {
    const auto before = everything();
    std::string said = "appended";
    try {
      append_to_ledger(path(), night(number), options);
    } catch (const Error& error) {
      said = error.what();
    }
    EXPECT_NE(said, "appended");
    EXPECT_TRUE(everything() == before) << "refused, and changed something";
    return said;
  }
  [[nodiscard]] ledger_options with_key() const {
    ledger_options options;
    options.key = &key_;
    return options;
  }

  /// Adds night 20 in a child that is killed at its first, second, … system call until it gets through, each time from
  /// the ledger as it is now; and each time expects that adding night 21 afterwards leaves all in order: `whole` lines
  /// that were there or are recovered, night 20 if it was stored, night 21.
  void kill_everywhere(std::size_t whole) const {
    const fs::path start = scratch_.path() / "start";
    fs::copy(path(), start, fs::copy_options::recursive);
    int killed = 0;
    int recovered = 0;
    for (bool finished = false; !finished;) {
      ASSERT_LT(killed, 2000);
      fs::remove_all(path());
      fs::copy(start, path(), fs::copy_options::recursive);
      const pid_t child = ::fork();
      if (child == 0) {
        if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(7);
        ::raise(SIGSTOP);
        append(20, &key_);
        ::_exit(0);
      }
      int status = 0;
      ::waitpid(child, &status, 0);
      if (WIFEXITED(status)) GTEST_SKIP() << "ptrace is not permitted here";
      // It stops before and behind each call; behind one is before the next.
      for (int stops = 0; stops <= 2 * killed && WIFSTOPPED(status); ++stops) {
        ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
        ::waitpid(child, &status, 0);
      }
      finished = !WIFSTOPPED(status);
      if (!finished) {
        ::kill(child, SIGKILL);
        ::waitpid(child, &status, 0);
        ++killed;
      }
      const bool stored = fs::exists(at(where_of(20)));
      const auto after = check_signed();
      ASSERT_TRUE(after.unchecked.empty());
      for (const auto& one : after.findings) {
        ASSERT_THAT(one.check, AnyOf("ledger.report-unlisted", "ledger.head", "ledger.torn")) << killed << one.message;
      }
      append(21, &key_);
      const auto settled = check_signed();
      ASSERT_THAT(ids(settled.findings), IsEmpty()) << killed << ": " << settled.findings[0].message;
      ASSERT_EQ(settled.line_count, whole + (stored ? 2 : 1)) << killed << ": a report that was stored is listed";
      recovered += settled.lines[whole].entry.recovered ? 1 : 0;
      ASSERT_FALSE(fs::exists(at("ledger.pending")));
    }
    EXPECT_GT(killed, 50);
    EXPECT_GT(recovered, 0);
  }

  /// Runs `action` in a process of its own; its exit status, 0 when nothing was thrown.
  static int in_child(const std::function<void()>& action) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        action();
      } catch (const environment_error&) {
        ::_exit(3);
      } catch (const std::exception&) {
        ::_exit(9);
      }
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
};

TEST_F(ledger_test, keeps_reports_under_their_date_and_lists_them) {
  const auto first = append(1);
  const auto second = append(2);
  EXPECT_THAT(first.findings, IsEmpty());
  EXPECT_THAT(second.findings, IsEmpty());
  EXPECT_EQ(first.entry.sequence, 1U);
  EXPECT_EQ(first.entry.previous, ledger_beginning);
  EXPECT_EQ(second.entry.previous, first.line_sha256);
  EXPECT_THAT(lines(), ElementsAre(to_json(first.entry), to_json(second.entry)));
  EXPECT_EQ(sha256_of(lines()[0]), first.line_sha256);
  EXPECT_EQ(first.entry.report, where_of(1));
  EXPECT_THAT(first.entry.report, StartsWith("reports/2025/12/05/verify-20251205T030000Z-"));
  EXPECT_EQ(read(where_of(1)), night(1)) << "byte by byte";
  EXPECT_EQ(fs::status(at(where_of(1))).permissions(), fs::perms{0444});
  EXPECT_EQ(first.entry.recorded, *parse_moment("2025-12-05T04:00:00Z"));
  EXPECT_FALSE(first.entry.signature);
  EXPECT_FALSE(first.entry.recovered);
  EXPECT_FALSE(fs::exists(at("head.dsse")));
  EXPECT_FALSE(fs::exists(at("ledger.pending")));
  EXPECT_EQ(everything().size(), 4U) << "lines, lock, two reports";
}

TEST_F(ledger_test, signs_report_and_head) {
  fill(1, 2, &key_);
  EXPECT_EQ(read(where_of(2) + ".dsse"), envelope_of(2));
  EXPECT_EQ(entry(2).signature, sha256_of(envelope_of(2)));
  const auto envelope = parse_envelope(read("head.dsse"), location{"head"});
  EXPECT_THAT(verify_envelope(envelope, {key_.public_key()}), ElementsAre(key_.id()));
  const auto head = read_head_statement(envelope.payload, location{"head"});
  EXPECT_EQ(head, (ledger_head{2, sha256_of(lines()[1]), entry(2).recorded}));
}

TEST_F(ledger_test, can_be_checked_with_sha256sum_alone) {
  fill(1, 5, &key_);
  const auto run = scratch_.run(
      "cd ledger && previous=$(printf '0%.0s' $(seq 64)) && while IFS= read -r line; do "
      "  case $line in *'\"previous\":\"'$previous'\"}') ;; *) exit 1;; esac; "
      "  report=$(printf %s \"$line\" | sed 's/.*\"report\":\"\\([^\"]*\\)\".*/\\1/'); "
      "  sum=$(printf %s \"$line\" | sed 's/.*\"sha256\":\"\\([^\"]*\\)\".*/\\1/'); "
      "  echo \"$sum  $report\" | sha256sum -c --quiet || exit 2; "
      "  previous=$(printf %s \"$line\" | sha256sum | cut -d' ' -f1); "
      "done < ledger.jsonl && echo $previous");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.output, sha256_of(lines().back()) + "\n");
}

TEST_F(ledger_test, refuses_a_directory_that_everybody_can_write) {
  append_to_ledger(path(), night(1), with_key());
  ASSERT_EQ(::chmod(path().c_str(), 0777), 0);
  EXPECT_THAT(refused<environment_error>(2, with_key()), HasSubstr("everybody may write"));
  ASSERT_EQ(::chmod(path().c_str(), 0775), 0);
  append_to_ledger(path(), night(2), with_key());
}

TEST_F(ledger_test, refuses_what_is_no_report_and_makes_nothing) {
  for (const char* text : {"", "{}", "[]"}) EXPECT_THROW(append_to_ledger(path(), text), usage_error);
  report of = samples::empty();
  of.tool = "../evil";
  EXPECT_THROW(append_to_ledger(path(), to_json(of)), usage_error);
  EXPECT_FALSE(fs::exists(path()));
  EXPECT_THROW(append_to_ledger(path() + "/a/b", night(1)), environment_error);
}

TEST_F(ledger_test, lists_the_same_report_twice_when_two_runs_made_it) {
  append(1);
  append(1);
  append(1, &key_);
  EXPECT_EQ(lines().size(), 3U);
  EXPECT_THAT(check().findings, IsEmpty());
  EXPECT_FALSE(broken(check_signed()));
}

TEST_F(ledger_test, takes_lines_of_two_processes_at_once) {
  const auto run = [&](int first) {
    return ::fork() == 0 ? [&]() -> pid_t {
      int problems = 0;
      try {
        for (int number = 0; number < 50; ++number) append(first + number, &key_);
      } catch (const std::exception&) {
        problems = 1;
      }
      ::_exit(problems);
    }()
                         : 0;
  };
  run(100);
  run(200);
  for (int i = 0; i < 2; ++i) {
    int status = -1;
    ASSERT_GT(::wait(&status), 0);
    EXPECT_EQ(status, 0);
  }
  const auto result = check_signed();
  EXPECT_EQ(result.line_count, 100U);
  EXPECT_EQ(result.signatures_verified, 100U);
  EXPECT_FALSE(broken(result));
  EXPECT_THAT(ids(result.findings), Each("ledger.line note")) << "the nights of both are mixed, and told";
  for (int number = 0; number < 50; ++number) {
    EXPECT_TRUE(fs::exists(at(where_of(100 + number)))) << number;
    EXPECT_TRUE(fs::exists(at(where_of(200 + number)))) << number;
  }
}

TEST_F(ledger_test, says_that_another_run_holds_the_lock) {
  fill(1, 1);
  const auto directory = ledger_directory::open(path());
  const ledger_lock held{directory, ledger_lock::kind::exclusive, std::chrono::seconds{1}};
  ledger_options options;
  options.patience = std::chrono::milliseconds{50};
  EXPECT_THAT(refused<environment_error>(2, options), HasSubstr("lock"));
}

TEST_F(ledger_test, records_when_a_line_was_written_and_not_when_the_run_began_to_wait) {
  fill(1, 1);
  std::atomic<bool> asked{false};
  std::thread other;
  {
    const auto directory = ledger_directory::open(path());
    const ledger_lock held{directory, ledger_lock::kind::exclusive, std::chrono::seconds{1}};
    other = std::thread{[&, this] {
      ledger_options options;
      options.now = [&] {
        asked = true;
        return *parse_moment("2025-12-31T00:00:00Z");
      };
      append_to_ledger(path(), night(2), options);
    }};
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    EXPECT_FALSE(asked) << "the clock is read once the lock is held";
  }
  other.join();
  EXPECT_EQ(to_rfc3339(entry(2).recorded), "2025-12-31T00:00:00Z");
}

TEST_F(ledger_test, lists_the_report_of_a_run_that_was_killed_before_its_line) {
  fill(1, 2, &key_);
  remember("ledger.pending", where_of(3) + "\n");
  remember(where_of(3) + ".dsse", envelope_of(3));
  remember(where_of(3), night(3));
  ASSERT_THAT(ids(check_signed().findings),
              ElementsAre("ledger.report-unlisted warning", "ledger.report-unlisted warning"));
  const auto receipt = append(4, &key_);
  EXPECT_EQ(ids(receipt.findings)[0], "ledger.report-unlisted note");
  EXPECT_THAT(receipt.findings[0].message, HasSubstr("line 3"));
  EXPECT_EQ(receipt.entry.sequence, 4U);
  EXPECT_TRUE(entry(3).recovered);
  EXPECT_EQ(entry(3).report, where_of(3));
  EXPECT_THAT(check_signed().findings, IsEmpty());
  EXPECT_FALSE(fs::exists(at("ledger.pending")));
}

TEST_F(ledger_test, lists_the_very_first_report_of_a_run_that_was_killed) {
  fs::create_directory(path());
  write("ledger.jsonl", "");
  remember("ledger.pending", where_of(1) + "\n");
  remember(where_of(1), night(1));
  fill(2, 2);
  EXPECT_EQ(lines().size(), 2U);
  EXPECT_TRUE(entry(1).recovered);
  EXPECT_THAT(check().findings, IsEmpty());
}

TEST_F(ledger_test, never_signs_what_an_earlier_run_did_not) {
  fill(1, 2, &key_);
  remember("ledger.pending", where_of(3) + "\n");
  remember(where_of(3), night(3));  // anybody who may write could put it there
  append(4, &key_);
  EXPECT_TRUE(entry(3).recovered);
  EXPECT_FALSE(entry(3).signature);
  EXPECT_FALSE(fs::exists(at(where_of(3) + ".dsse")));
  EXPECT_THAT(ids(check_signed().findings), ElementsAre("signature.missing error"));
}

TEST_F(ledger_test, clears_away_what_a_run_left_that_was_killed_before_its_report) {
  fill(1, 2, &key_);
  remember("ledger.pending", where_of(3) + "\n");
  remember(where_of(3) + ".dsse", envelope_of(3));
  remember(ledger_directory::temporary_of(where_of(3)), night(3).substr(0, 100));
  const auto receipt = append(4, &key_);
  EXPECT_THAT(ids(receipt.findings), ElementsAre("ledger.report-unlisted note"));
  EXPECT_EQ(lines().size(), 3U);
  EXPECT_THAT(check_signed().findings, IsEmpty());
}

TEST_F(ledger_test, leaves_and_tells_a_pending_report_that_is_not_what_its_name_says) {
  fill(1, 1);
  for (const std::string& content : {std::string{"{}"}, night(7), std::string{}}) {
    remember("ledger.pending", where_of(3) + "\n");
    remember(where_of(3), content);
    const auto receipt = append(4);
    EXPECT_THAT(ids(receipt.findings), ElementsAre("ledger.report-unlisted warning"));
    EXPECT_EQ(read(where_of(3)), content);
    EXPECT_EQ(ids(check().findings), std::vector<std::string>{"ledger.report-unlisted error"});
  }
  for (const auto& line : {std::string{"/etc/passwd\n"}, std::string{"reports/../../x.json"}, std::string{"\0\n", 2}}) {
    write("ledger.pending", line);
    EXPECT_THAT(ids(append(5).findings), ElementsAre("ledger.report-unlisted warning"));
  }
}

TEST_F(ledger_test, completes_a_run_that_was_killed_behind_its_line) {
  fill(1, 2, &key_);
  const std::string old_head = read("head.dsse");
  fill(3, 3, &key_);
  write("head.dsse", old_head);
  write("ledger.pending", where_of(3) + "\n");
  EXPECT_THAT(ids(check_signed().findings), ElementsAre("ledger.head error"));
  const auto receipt = append(4, &key_);
  EXPECT_THAT(ids(receipt.findings), ElementsAre("ledger.head note"));
  EXPECT_EQ(lines().size(), 4U) << "nothing is listed twice";
  EXPECT_THAT(check_signed().findings, IsEmpty());
}

TEST_F(ledger_test, moves_a_torn_line_aside_wherever_it_was_torn) {
  fill(1, 2);
  const std::string good = read("ledger.jsonl");
  const auto third = append(3);
  const std::string line = to_json(third.entry);
  for (std::size_t length = 1; length < line.size(); length += length < 20 || length > line.size() - 20 ? 1U : 7U) {
    write("ledger.jsonl", good + line.substr(0, length));
    write("ledger.pending", where_of(3) + "\n");
    const auto receipt = append(4);
    ASSERT_THAT(ids(receipt.findings), ElementsAre("ledger.torn warning", "ledger.report-unlisted note")) << length;
    ASSERT_EQ(lines().size(), 4U);
    ASSERT_THAT(check().findings, IsEmpty());
    const std::string kept = "ledger.torn-20251208T040000Z";
    ASSERT_EQ(read(kept), line.substr(0, length)) << "nothing that was written is lost";
    ASSERT_THAT(receipt.findings[0].message, HasSubstr(kept));
    fs::remove(at(kept));
  }
}

TEST_F(ledger_test, gives_a_whole_line_its_newline) {
  fill(1, 3, &key_);
  const std::string good = read("ledger.jsonl");
  write("ledger.jsonl", good.substr(0, good.size() - 1));
  const auto receipt = append(4, &key_);
  EXPECT_THAT(ids(receipt.findings), ElementsAre("ledger.torn note"));
  EXPECT_EQ(lines().size(), 4U);
  EXPECT_THAT(check_signed().findings, IsEmpty());
}

TEST_F(ledger_test, keeps_torn_lines_apart) {
  fill(1, 1);
  for (int i = 0; i < 3; ++i) {
    write("ledger.jsonl", read("ledger.jsonl") + fmt::format("torn {}", i));
    append(2);
  }
  EXPECT_EQ(read("ledger.torn-20251206T040000Z"), "torn 0");
  EXPECT_EQ(read("ledger.torn-20251206T040000Z-2"), "torn 1");
  EXPECT_EQ(read("ledger.torn-20251206T040000Z-3"), "torn 2");
  EXPECT_THAT(check().findings, IsEmpty());
}

TEST_F(ledger_test, mends_what_a_power_failure_leaves) {
  fill(1, 2);
  const std::string good = read("ledger.jsonl");
  for (const auto& end :
       {std::string(700, '\0'), std::string(300, '\0') + "\"previous\":\"00\"}\n", std::string{"\0", 1}}) {
    write("ledger.jsonl", good + end);
    EXPECT_THAT(ids(append(3).findings), ElementsAre("ledger.torn warning"));
    EXPECT_EQ(lines().size(), 3U);
    EXPECT_THAT(check().findings, IsEmpty());
  }
}

TEST_F(ledger_test, refuses_to_add_to_a_last_line_that_was_edited) {
  fill(1, 2);
  const std::string good = read("ledger.jsonl");
  std::string edited = good;
  edited.replace(edited.rfind("unchecked"), 9, "fine     ");
  write("ledger.jsonl", edited);
  EXPECT_THAT(refused<stream_error>(3, {}), HasSubstr("/verdict"));
  write("ledger.jsonl", good + "\n");
  refused<stream_error>(3, {});
  write("ledger.jsonl", good + std::string(100'000, 'x'));
  EXPECT_THAT(refused<stream_error>(3, {}), HasSubstr("no line in its last"));
}

TEST_F(ledger_test, refuses_to_sign_away_that_lines_are_gone) {
  fill(1, 4, &key_);
  const auto all = lines();
  const std::string head = read("head.dsse");
  auto shorter = all;
  shorter.pop_back();
  write_lines(shorter);
  EXPECT_THAT(refused<stream_error>(5, with_key()), HasSubstr("removed from the ledger's end"));
  EXPECT_THAT(refused<stream_error>(5, {}), HasSubstr("removed from the ledger's end"));
  write("ledger.jsonl", read("ledger.jsonl") + all.back().substr(0, 100));
  EXPECT_THAT(refused<stream_error>(5, with_key()), HasSubstr("removed from the ledger's end"))
      << "a line that was signed was not torn by a run that was killed";
  auto other = all;
  ledger_entry last = entry(3);
  other[3] = to_json(parse_ledger_line(all[3], location{"l"}));
  last = parse_ledger_line(all[3], location{"l"});
  last.recorded += std::chrono::seconds{1};
  other[3] = to_json(last);
  write_lines(other);
  EXPECT_THAT(refused<stream_error>(5, with_key()), HasSubstr("line 4 is not the one that was signed"));
  write_lines({});
  refused<stream_error>(5, with_key());
  fs::remove(at("ledger.jsonl"));
  EXPECT_THAT(refused<stream_error>(5, with_key()), HasSubstr("is not there, although reports is"));

  write_lines(all);
  fs::remove(at("head.dsse"));
  EXPECT_THAT(refused<stream_error>(5, with_key()), HasSubstr("is not there, although the ledger was signed"));
  write("head.dsse", head.substr(0, 100));
  refused<stream_error>(5, with_key());
  write("head.dsse", head);
  EXPECT_THAT(append(5, &key_).findings, IsEmpty());
}

TEST_F(ledger_test, refuses_a_head_of_another_key_unless_that_is_trusted) {
  fill(1, 2, &key_);
  const signing_key newer = samples::key(1);
  ledger_options options;
  options.key = &newer;
  EXPECT_THAT(refused<usage_error>(3, options), HasSubstr(key_.id()));
  options.trusted = {key_.public_key()};
  append_to_ledger(path(), night(3), options);
  EXPECT_FALSE(broken(check({key_.public_key(), newer.public_key()})));
  options.trusted = {};
  append_to_ledger(path(), night(4), options);
  EXPECT_EQ(lines().size(), 4U);
}

TEST_F(ledger_test, tells_that_an_unsigned_line_is_added_to_a_signed_ledger) {
  fill(1, 2, &key_);
  EXPECT_THAT(ids(append(3).findings), ElementsAre("signature.missing warning"));
  // Ninety more, so that the signed line is far behind the end.
  fill(4, 93);
  const auto receipt = append(94, &key_);
  EXPECT_THAT(ids(receipt.findings), ElementsAre("ledger.head note"));
  EXPECT_EQ(receipt.findings[0].actual, "line 2");
}

TEST_F(ledger_test, never_overwrites_a_report) {
  fill(1, 1);
  remember(where_of(2), "another content");
  EXPECT_THAT(refused<stream_error>(2, {}), HasSubstr("never overwritten"));
  fs::remove(at(where_of(2)));
  remember(where_of(2) + ".dsse", "another content");
  EXPECT_THAT(refused<stream_error>(2, with_key()), HasSubstr("never overwritten"));
}

TEST_F(ledger_test, follows_no_links) {
  fill(1, 1);
  const fs::path outside = scratch_.path() / "outside";
  fs::create_directory(outside);
  fs::create_directory_symlink(outside, at("reports/2025/12/06"));
  EXPECT_NE(refused<environment_error>(2, {}), "");
  EXPECT_TRUE(fs::is_empty(outside));
  fs::remove(at("reports/2025/12/06"));

  fs::create_symlink(outside / "file", at("ledger.pending"));
  EXPECT_THROW(append(2), environment_error);
  fs::remove(at("ledger.pending"));
  fs::create_symlink(outside / "file", at("head.dsse"));
  EXPECT_THROW(append(2), environment_error);
  fs::remove(at("head.dsse"));
  fs::rename(at("ledger.jsonl"), outside / "ledger.jsonl");
  fs::create_symlink(outside / "ledger.jsonl", at("ledger.jsonl"));
  EXPECT_THROW(append(2), environment_error);
  EXPECT_EQ(std::distance(fs::directory_iterator{outside}, {}), 1);
}

TEST_F(ledger_test, survives_being_killed_at_every_system_call) {
  fill(1, 2, &key_);
  kill_everywhere(2);
}

TEST_F(ledger_test, survives_being_killed_while_it_mends_what_killed_runs_left) {
  fill(1, 2, &key_);
  const std::string old_head = read("head.dsse");
  fill(3, 3, &key_);
  write("head.dsse", old_head);
  write("ledger.jsonl", read("ledger.jsonl") + R"({"schema":"knowngood/ledger-li)");
  remember("ledger.pending", where_of(9) + "\n");
  remember(where_of(9) + ".dsse", envelope_of(9));
  remember(where_of(9), night(9));
  kill_everywhere(4);
  std::size_t times = 0;
  for (const auto& line : lines()) times += line.find(where_of(9)) == std::string::npos ? 0U : 1U;
  EXPECT_EQ(times, 1U);
}

TEST_F(ledger_test, stays_consistent_when_no_file_may_grow_further) {
  fill(1, 3, &key_);
  const fs::path start = scratch_.path() / "start";
  fs::copy(path(), start, fs::copy_options::recursive);
  const auto largest = std::max({read("ledger.jsonl").size() + 700, night(4).size(), envelope_of(4).size()});
  int failures = 0;
  for (std::size_t limit = 0; limit < largest; limit += 37) {
    fs::remove_all(path());
    fs::copy(start, path(), fs::copy_options::recursive);
    const int status = in_child([&] {
      ::signal(SIGXFSZ, SIG_IGN);
      const rlimit small{limit, limit};
      ::setrlimit(RLIMIT_FSIZE, &small);
      append(4, &key_);
    });
    ASSERT_THAT(status, AnyOf(0, 3)) << limit;
    failures += status == 3 ? 1 : 0;
    for (const auto& one : check_signed().findings) {
      ASSERT_THAT(one.check, AnyOf("ledger.report-unlisted", "ledger.head")) << limit << ": " << one.message;
    }
    const bool stored = fs::exists(at(where_of(4)));
    append(5, &key_);
    ASSERT_THAT(check_signed().findings, IsEmpty()) << limit;
    ASSERT_EQ(lines().size(), stored ? 5U : 4U);
  }
  EXPECT_GT(failures, 20);
}

TEST_F(ledger_test, stays_consistent_on_a_full_disk) {
  fs::create_directory(path());
  if (::mount("tmpfs", path().c_str(), "tmpfs", 0, "size=128k,mode=0755") != 0)
    GTEST_SKIP() << "takes the right to mount";
  int appended = 0;
  int failed = 0;
  std::string said;
  for (int filler = 0; filler < 40; ++filler) {
    try {
      append(appended + 1, &key_);
      ++appended;
    } catch (const environment_error& error) {
      ++failed;
      said = error.what();
      EXPECT_THAT(error.advice(), HasSubstr("free space"));
    }
    for (const auto& one : check_signed().findings) {
      EXPECT_THAT(one.check, AnyOf("ledger.report-unlisted", "ledger.head")) << one.message;
    }
  }
  EXPECT_GT(appended, 3);
  EXPECT_GT(failed, 3);
  EXPECT_THAT(said, HasSubstr("No space left on device"));
  EXPECT_EQ(::mount("tmpfs", path().c_str(), "tmpfs", MS_REMOUNT, "size=4m"), 0);
  fill(appended + 1, appended + 3, &key_);
  EXPECT_THAT(check_signed().findings, IsEmpty());
  EXPECT_EQ(::umount(path().c_str()), 0);
}

TEST_F(ledger_test, adds_to_a_long_ledger_without_reading_it) {
  fill(1, 1, &key_);
  std::string text = read("ledger.jsonl");
  ledger_entry one = entry(1);
  std::string line = lines()[0];
  for (int number = 2; number <= 10'000; ++number) {
    one.sequence = static_cast<std::uint64_t>(number);
    one.previous = sha256_of(line);
    line = to_json(one);
    text += line + "\n";
  }
  write("ledger.jsonl", text);
  const ledger_head head{one.sequence, sha256_of(line), one.recorded};
  write("head.dsse", to_json(sign_payload(in_toto_payload_type, make_head_statement(head), key_)));
  const auto before = std::chrono::steady_clock::now();
  for (int number = 2; number <= 11; ++number) EXPECT_THAT(append(number, &key_).findings, IsEmpty());
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - before;
  RecordProperty("milliseconds_for_ten", std::to_string(took.count()));
  const auto listing = read_ledger(path());
  EXPECT_EQ(listing.line_count, 10'010U);
  EXPECT_THAT(listing.problems.findings, IsEmpty());
}

}  // namespace ledger_test
