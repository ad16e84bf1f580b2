#include "knowngood/ledger/ledger_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ledger/ledger_world.hpp"

namespace ledger_check_test {

using namespace knowngood;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

class ledger_check_test : public ledger_world {};

TEST_F(ledger_check_test, finds_nothing_in_what_was_written) {
  fill(1, 5);
  const auto result = check();
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_THAT(result.unchecked, IsEmpty());
  EXPECT_EQ(result.line_count, 5U);
  EXPECT_EQ(result.reports_checked, 5U);
  EXPECT_EQ(result.signatures_verified, 0U);
  EXPECT_FALSE(result.head);
}

TEST_F(ledger_check_test, finds_nothing_in_what_was_written_and_signed) {
  fill(1, 5, &key_);
  for (const auto& result : {check(), check_signed(), check({samples::key(1).public_key(), key_.public_key()})}) {
    EXPECT_THAT(result.findings, IsEmpty());
    EXPECT_EQ(result.line_count, 5U);
    ASSERT_TRUE(result.head);
    EXPECT_EQ(result.head->sequence, 5U);
  }
  EXPECT_EQ(check_signed().signatures_verified, 5U);
  EXPECT_TRUE(check_signed().head_signed);
  EXPECT_FALSE(check().head_signed);
}

TEST_F(ledger_check_test, refuses_a_directory_without_a_ledger) {
  EXPECT_THROW((void)check(), environment_error);
  fs::create_directory(path());
  EXPECT_THROW((void)check(), environment_error);
  write("ledger.jsonl", "");
  const auto result = check();
  EXPECT_THAT(ids(result.findings), ElementsAre("ledger.line error")) << "no lines prove nothing";
}

TEST_F(ledger_check_test, names_a_report_that_was_removed) {
  fill(1, 3);
  fs::remove(at(entry(2).report));
  const auto result = check();
  EXPECT_THAT(ids(result.findings), ElementsAre("ledger.report-missing error"));
  EXPECT_THAT(result.findings[0].message, HasSubstr("line 2"));
  EXPECT_THAT(result.findings[0].where.to_string(), HasSubstr(entry(2).report));
  EXPECT_EQ(result.reports_checked, 2U);
}

TEST_F(ledger_check_test, names_a_report_that_was_edited_or_replaced) {
  fill(1, 3);
  const std::string good = read(entry(2).report);
  std::string edited = good;
  edited.replace(edited.find("backup01"), 8, "backup02");
  write(entry(2).report, edited);
  EXPECT_THAT(ids(check().findings), ElementsAre("ledger.report-altered error"));
  EXPECT_EQ(check().findings[0].expected, sha256_of(good));
  EXPECT_EQ(check().findings[0].actual, sha256_of(edited));
  write(entry(2).report, good + "\n");
  EXPECT_THAT(check().findings[0].message, HasSubstr("another size"));
  write(entry(2).report, read(entry(3).report));
  EXPECT_THAT(ids(check().findings), ElementsAre("ledger.report-altered error"));
  write(entry(2).report, good);
  EXPECT_THAT(check().findings, IsEmpty());
}

TEST_F(ledger_check_test, follows_no_link_and_waits_for_no_pipe) {
  fill(1, 2, &key_);
  const std::string report = entry(2).report;
  fs::rename(at(report), at("moved.json"));
  fs::create_symlink(at("moved.json"), at(report));
  EXPECT_THAT(ids(check().findings), ElementsAre("ledger.report-altered error"));
  fs::remove(at(report));
  ASSERT_EQ(::mkfifo(at(report).c_str(), 0600), 0);
  EXPECT_THAT(ids(check().findings), ElementsAre("ledger.report-altered error"));
  fs::remove(at(report));
  fs::create_directory(at(report));
  EXPECT_THAT(ids(check().findings), Contains("ledger.report-altered error"));
  fs::remove(at(report));
  fs::rename(at("moved.json"), at(report));
  EXPECT_THAT(check().findings, IsEmpty());

  fs::rename(at(report + ".dsse"), at("moved.dsse"));
  fs::create_symlink(at("moved.dsse"), at(report + ".dsse"));
  EXPECT_THAT(ids(check().findings), ElementsAre("signature.invalid error"));
  fs::remove(at(report + ".dsse"));
  fs::rename(at("moved.dsse"), at(report + ".dsse"));

  fs::rename(at("reports"), at("elsewhere"));
  fs::create_directory_symlink("elsewhere", at("reports"));
  EXPECT_TRUE(broken(check())) << "a link in place of a directory";
  EXPECT_EQ(check().reports_checked, 0U);
  fs::remove(at("reports"));
  fs::rename(at("elsewhere"), at("reports"));

  fs::rename(at("ledger.jsonl"), at("moved"));
  fs::create_symlink("moved", at("ledger.jsonl"));
  EXPECT_THROW((void)check(), environment_error);
  fs::remove(at("ledger.jsonl"));
  fs::rename(at("moved"), at("ledger.jsonl"));
  fs::rename(at("head.dsse"), at("moved"));
  fs::create_symlink("moved", at("head.dsse"));
  EXPECT_TRUE(broken(check_signed()));
}

TEST_F(ledger_check_test, reads_a_ledger_through_a_link_to_its_directory) {
  fill(1, 2);
  fs::create_directory_symlink("ledger", scratch_.path() / "link");
  EXPECT_THAT(check_ledger((scratch_.path() / "link").string()).findings, IsEmpty());
  EXPECT_THAT(check_ledger(path() + "/").findings, IsEmpty());
}

TEST_F(ledger_check_test, names_a_line_that_was_removed_repeated_or_moved) {
  fill(1, 6);
  const auto good = lines();
  for (std::size_t at_line = 0; at_line + 1 < good.size(); ++at_line) {
    auto all = good;
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(at_line));
    write_lines(all);
    const auto result = check();
    EXPECT_THAT(ids(result.findings), ElementsAre("ledger.chain error", "ledger.report-unlisted error")) << at_line;
    EXPECT_EQ(result.findings[0].expected, fmt::format("sequence {}", at_line + 1));
    EXPECT_THAT(result.findings[0].where.to_string(), HasSubstr(fmt::format("line {}", at_line + 1)));
  }
  for (std::size_t at_line = 0; at_line < good.size(); ++at_line) {
    auto all = good;
    all.insert(all.begin() + static_cast<std::ptrdiff_t>(at_line), good[at_line]);
    write_lines(all);
    EXPECT_THAT(ids(check().findings), ElementsAre("ledger.chain error")) << at_line;
  }
  for (std::size_t one = 0; one < good.size(); ++one) {
    for (std::size_t other = one + 1; other < good.size(); ++other) {
      auto all = good;
      std::swap(all[one], all[other]);
      write_lines(all);
      EXPECT_THAT(ids(check().findings), Contains("ledger.chain error"));
    }
  }
}

TEST_F(ledger_check_test, finds_lines_removed_from_the_end_with_a_signed_head) {
  fill(1, 4, &key_);
  auto all = lines();
  const std::string removed = entry(4).report;
  all.pop_back();
  write_lines(all);
  fs::remove(at(removed));
  fs::remove(at(removed + ".dsse"));
  for (const auto& result : {check(), check_signed()}) {
    EXPECT_THAT(ids(result.findings), ElementsAre("ledger.head error"));
    EXPECT_EQ(result.findings[0].expected, "4 lines at least");
    EXPECT_EQ(result.findings[0].actual, "3 lines");
    EXPECT_FALSE(result.head);
  }
  write_lines({});
  EXPECT_TRUE(broken(check_signed()));
  fs::remove(at("head.dsse"));
  write_lines(all);
  EXPECT_THAT(ids(check_signed().findings), ElementsAre("signature.missing error"));
}

TEST_F(ledger_check_test, finds_an_earlier_state_that_was_put_back_with_an_anchor) {
  fill(1, 2, &key_);
  const fs::path copy = scratch_.path() / "copy";
  fs::copy(path(), copy, fs::copy_options::recursive);
  const auto receipt = append(3, &key_);
  const ledger_anchor anchor{receipt.entry.sequence, receipt.line_sha256};
  EXPECT_THAT(check_signed({anchor}).findings, IsEmpty());
  fs::remove_all(path());
  fs::rename(copy, path());
  EXPECT_THAT(check_signed().findings, IsEmpty()) << "the directory alone cannot tell";
  EXPECT_THAT(ids(check_signed({anchor}).findings), ElementsAre("ledger.head error"));
  fill(3, 3);
  EXPECT_THAT(ids(check({}, {anchor}).findings), Contains("ledger.head error")) << "another line 3 is not that line 3";
}

TEST_F(ledger_check_test, finds_a_line_added_without_the_key) {
  fill(1, 2, &key_);
  fill(3, 3);
  EXPECT_THAT(ids(check().findings), ElementsAre("ledger.head error"));
  EXPECT_THAT(ids(check_signed().findings), ElementsAre("signature.missing error", "ledger.head error"));
  fill(4, 4, &key_);
  EXPECT_THAT(ids(check_signed().findings), ElementsAre("signature.missing error"))
      << "a head signed later does not hide what was added in between";
}

TEST_F(ledger_check_test, does_not_cry_over_lines_from_before_the_ledger_was_signed) {
  fill(1, 3);
  fill(4, 5, &key_);
  const auto result = check_signed();
  EXPECT_THAT(ids(result.findings), ElementsAre("signature.missing warning"));
  EXPECT_THAT(result.findings[0].message, HasSubstr("3 lines are"));
  EXPECT_EQ(result.signatures_verified, 2U);
  fill(6, 6);
  EXPECT_TRUE(broken(check_signed()));
}

TEST_F(ledger_check_test, finds_an_unsigned_ledger_when_a_key_is_named) {
  fill(1, 2);
  EXPECT_THAT(check().findings, IsEmpty());
  EXPECT_TRUE(broken(check_signed()));
}

TEST_F(ledger_check_test, takes_a_signature_that_was_added_later) {
  fill(1, 1, &key_);
  fill(2, 2);
  fill(3, 3, &key_);
  ASSERT_THAT(ids(check_signed().findings), ElementsAre("signature.missing error"));
  const std::string report = entry(2).report;
  write(report + ".dsse", to_json(sign_report(read(report), "r.json", key_)));
  EXPECT_THAT(check_signed().findings, IsEmpty());
  EXPECT_EQ(check_signed().signatures_verified, 3U);
  write(report + ".dsse", read(entry(1).report + ".dsse"));
  EXPECT_THAT(ids(check_signed().findings), ElementsAre("signature.other error"));
}

TEST_F(ledger_check_test, finds_signatures_that_are_gone_altered_or_anothers) {
  fill(1, 3, &key_);
  const std::string envelope = entry(2).report + ".dsse";
  const std::string good = read(envelope);
  fs::remove(at(envelope));
  EXPECT_THAT(ids(check().findings), ElementsAre("signature.missing error"));
  write(envelope, read(entry(1).report + ".dsse"));
  EXPECT_THAT(ids(check().findings), ElementsAre("signature.invalid error"));
  write(envelope, good);
  EXPECT_THAT(check_signed().findings, IsEmpty());
  EXPECT_THAT(ids(check({samples::key(1).public_key()}).findings),
              ElementsAre("signature.invalid error", "signature.invalid error", "signature.invalid error",
                          "signature.invalid error"));
}

TEST_F(ledger_check_test, finds_a_chain_that_was_computed_anew) {
  // Whoever can write may recompute every digest; without the key the head gives it away.
  fill(1, 3, &key_);
  const std::string old_report = entry(2).report;
  std::vector<std::string> all = lines();
  ledger_entry second = entry(2);
  report better = parse_report(read(old_report), "r");
  better.host = "elsewhere";
  const std::string text = to_json(better);
  second.about = make_claim(better, text);
  second.report = ledger_report_path(second.about);
  second.signature.reset();
  write(second.report, text);
  fs::remove(at(old_report));
  fs::remove(at(old_report + ".dsse"));
  all[1] = to_json(second);
  ledger_entry third = entry(3);
  third.previous = sha256_of(all[1]);
  all[2] = to_json(third);
  write_lines(all);
  EXPECT_THAT(ids(check().findings), ElementsAre("ledger.head error"));
  fs::remove(at("head.dsse"));
  EXPECT_THAT(check().findings, IsEmpty()) << "which is why there are signatures";
  EXPECT_TRUE(broken(check_signed()));
}

TEST_F(ledger_check_test, holds_a_line_to_its_report) {
  fill(1, 1);
  const ledger_entry good = entry(1);
  const auto with = [&](auto change) {
    ledger_entry other = good;
    change(other);
    other.report = ledger_report_path(other.about);
    if (other.report != good.report) fs::copy(at(good.report), at(other.report), fs::copy_options::overwrite_existing);
    write_lines({to_json(other)});
    return ids(check().findings);
  };
  ASSERT_THAT(with([](auto&) {}), IsEmpty());
  EXPECT_THAT(with([](auto& e) { e.about.verdict = verdict::sound; }), ElementsAre("ledger.line error"));
  EXPECT_THAT(with([](auto& e) { e.about.exit_code = 0; }), ElementsAre("ledger.line error"));
  EXPECT_THAT(with([](auto& e) { e.about.complete = false; }), ElementsAre("ledger.line error"));
  EXPECT_THAT(with([](auto& e) { e.about.finished += std::chrono::seconds{1}; }), ElementsAre("ledger.line error"));
  EXPECT_THAT(with([](auto& e) { e.about.started += std::chrono::seconds{1}; }), Contains("ledger.line error"));
  EXPECT_THAT(with([](auto& e) { e.about.tool = "drill"; }), Contains("ledger.line error"));
  EXPECT_THAT(with([](auto& e) { e.about.bytes += 1; }), Contains("ledger.report-altered error"));
  EXPECT_THAT(with([](auto& e) { e.previous = std::string(64, 'a'); }), Contains("ledger.chain error"));
}

TEST_F(ledger_check_test, finds_every_single_byte_edit_of_a_signed_ledger) {
  fill(1, 2, &key_);
  ASSERT_THAT(check_signed().findings, IsEmpty());
  std::size_t edits = 0;
  for (const auto& [name, good] : everything()) {
    if (name == "ledger.lock" || name.starts_with(entry(1).report)) continue;
    for (std::size_t position = 0; position < good.size(); ++position) {
      std::string edited = good;
      edited[position] =
          static_cast<char>(static_cast<unsigned char>(edited[position]) ^ (position % 2 == 0 ? 1U : 128U));
      write(name, edited);
      ASSERT_TRUE(broken(check_signed())) << name << " at byte " << position;
      ++edits;
    }
    for (const auto& other :
         {good + "\n", good + " ", good.substr(0, good.size() - 1), good.substr(1), std::string{}}) {
      write(name, other);
      ASSERT_TRUE(broken(check_signed())) << name;
    }
    write(name, good);
  }
  EXPECT_GT(edits, 3000U);
  EXPECT_THAT(check_signed().findings, IsEmpty());
}

TEST_F(ledger_check_test, finds_every_single_byte_edit_of_an_unsigned_ledger_but_of_when_the_last_line_was_recorded) {
  fill(1, 2);
  const std::string good = read("ledger.jsonl");
  const std::size_t last = good.rfind('\n', good.size() - 2) + 1;
  const std::size_t recorded = good.find("\"recorded\":\"", last) + 12;
  for (std::size_t position = 0; position < good.size(); ++position) {
    if (position >= recorded && position < recorded + 20) continue;
    for (const unsigned change : {1U, 2U, 128U}) {
      std::string edited = good;
      edited[position] = static_cast<char>(static_cast<unsigned char>(edited[position]) ^ change);
      write("ledger.jsonl", edited);
      ASSERT_TRUE(broken(check())) << "byte " << position;
    }
  }
}

TEST_F(ledger_check_test, tells_what_no_line_lists) {
  fill(1, 2, &key_);
  const std::string stray = "reports/2025/12/05/verify-20251205T030000Z-000000000000.json";
  write(stray, "{}");
  write(stray + ".dsse", "{}");
  fs::create_directories(at("reports/2025/12/05/folder/deeper"));
  fs::create_directories(at("reports/empty"));
  fs::create_symlink("/etc/passwd", at("reports/2025/link"));
  const auto result = check_signed();
  EXPECT_THAT(ids(result.findings), ElementsAre("ledger.report-unlisted warning", "ledger.report-unlisted error",
                                                "ledger.report-unlisted warning", "ledger.report-unlisted warning"));
  EXPECT_THAT(result.findings[0].where.to_string(), HasSubstr("folder"));
  EXPECT_THAT(result.findings[1].message, HasSubstr("its line was removed"));
  EXPECT_TRUE(result.is_damaged()) << "a report that no line lists had one";
  EXPECT_EQ(result.pending, "");
  write("ledger.pending", stray + "\n");
  const auto pending = check_signed();
  EXPECT_THAT(pending.findings[1].message, HasSubstr("the next run"));
  EXPECT_THAT(pending.findings[2].message, HasSubstr("the next run"));
  EXPECT_FALSE(broken(pending));
  EXPECT_EQ(pending.pending, stray);
  fs::remove(at(stray));
  EXPECT_EQ(check_signed().pending, "") << "it named what is not there";
}

TEST_F(ledger_check_test, finds_the_last_line_removed_even_where_nothing_is_signed) {
  fill(1, 3);
  auto all = lines();
  all.pop_back();
  write_lines(all);
  EXPECT_THAT(ids(check().findings), ElementsAre("ledger.report-unlisted error"));
}

TEST_F(ledger_check_test, lets_no_crowd_of_remarks_hide_an_error) {
  // A forger who has no key adds lines, each recorded before the one above it, and takes a signed one away at the end.
  fill(1, 3, &key_);
  auto all = lines();
  all.pop_back();
  for (std::uint64_t number = 0; number < 1'200; ++number) {
    ledger_entry forged = parse_ledger_line(all.back(), location{"line"});
    forged.previous = sha256_of(all.back());
    forged.sequence = all.size() + 1;
    forged.recorded -= std::chrono::seconds{1};
    forged.signature.reset();
    all.push_back(to_json(forged));
  }
  write_lines(all);
  const auto result = check_signed();
  EXPECT_GT(result.others_left_out, 0U);
  EXPECT_TRUE(result.is_damaged());
  EXPECT_THAT(ids(result.findings), Contains("ledger.head error"));
  EXPECT_THAT(ids(result.findings), Contains("ledger.report-unlisted error"));
}

TEST_F(ledger_check_test, lets_no_crowd_of_other_files_hide_a_report_that_lost_its_line) {
  fill(1, 2);
  write_lines({lines().front()});
  for (int number = 0; number < 1'500; ++number) write(fmt::format("reports/2025/12/05/stray-{}", number), "");
  const auto result = check();
  EXPECT_EQ(result.others_left_out, 500U);
  EXPECT_THAT(ids(result.findings), Contains("ledger.report-unlisted error"));
}

TEST(bounded_findings, keeps_errors_and_others_apart_and_in_order) {
  bounded_findings all;
  finding note = make_finding(checks::ledger_line, location{"note"}, "");
  note.severity = severity::note;
  for (int i = 0; i < 1'500; ++i) all.add(note);
  for (int i = 0; i < 1'100; ++i) all.add(make_finding(checks::ledger_line, location{"error"}, ""));
  all.add(note);
  EXPECT_EQ(all.findings.size(), 2 * bounded_findings::most);
  EXPECT_EQ(all.findings.front().severity, severity::note);
  EXPECT_EQ(all.findings.back().severity, severity::error);
  EXPECT_EQ(all.others_left_out, 501U);
  EXPECT_EQ(all.errors_left_out, 100U);
}

TEST_F(ledger_check_test, holds_a_copy_of_the_head_against_a_ledger_that_was_put_back) {
  fill(1, 2, &key_);
  ASSERT_EQ(fs::exists(scratch_.path() / "old"), false);
  fs::copy(path(), scratch_.path() / "old", fs::copy_options::recursive);
  fill(3, 3, &key_);
  const ledger_anchor copied = anchor_of_head(read("head.dsse"), {key_.public_key()}, location{"copy"});
  const ledger_anchor noted =
      parse_anchor(fmt::format("{}:{}", check().lines.back().entry.sequence, check().lines.back().sha256));
  EXPECT_THAT(check_signed({copied, noted}).findings, IsEmpty());
  fs::remove_all(path());
  fs::rename(scratch_.path() / "old", path());
  EXPECT_THAT(check_signed().findings, IsEmpty()) << "no directory can show that by itself";
  for (const auto& anchor : {copied, noted})
    EXPECT_THAT(ids(check_signed({anchor}).findings), ElementsAre("ledger.head error"));
}

TEST_F(ledger_check_test, takes_no_anchor_from_a_head_that_nobody_known_has_signed) {
  fill(1, 1, &key_);
  const std::string head = read("head.dsse");
  EXPECT_EQ(anchor_of_head(head, {}, location{"copy"}).sequence, 1U);
  EXPECT_THROW((void)anchor_of_head(head, {samples::key(1).public_key()}, location{"copy"}), stream_error);
  EXPECT_THROW((void)anchor_of_head("{}", {}, location{"copy"}), stream_error);
  EXPECT_THROW((void)anchor_of_head(read(entry(1).report + ".dsse"), {}, location{"copy"}), stream_error);
}

TEST(parse_anchor, reads_what_a_check_prints_and_nothing_else) {
  const std::string digest = samples::sha256;
  EXPECT_EQ(parse_anchor("34:" + digest).sequence, 34U);
  EXPECT_EQ(parse_anchor("34:" + digest).sha256, digest);
  for (const std::string& text :
       {std::string{}, digest, ":" + digest, "0:" + digest, "-1:" + digest, "1 :" + digest, "1:" + digest + "0",
        "1:" + digest.substr(1), "1:" + std::string(64, 'Z'), "99999999999999999999:" + digest}) {
    EXPECT_THROW((void)parse_anchor(text), usage_error) << text;
  }
}

TEST_F(ledger_check_test, says_that_a_torn_line_is_torn) {
  fill(1, 2, &key_);
  const std::string good = read("ledger.jsonl");
  write("ledger.jsonl", good + R"({"schema":"knowngood/led)");
  EXPECT_THAT(ids(check().findings), ElementsAre("ledger.torn error", "ledger.head error"));
  EXPECT_EQ(check().findings[0].where.offset(), good.size());
  write("ledger.jsonl", good.substr(0, good.size() - 1));
  EXPECT_THAT(ids(check().findings), Contains("ledger.torn error"));
}

TEST_F(ledger_check_test, stays_small_on_a_ledger_of_rubbish) {
  fs::create_directory(path());
  write("ledger.jsonl", std::string(50'000, '\n'));
  const auto blank = check();
  EXPECT_EQ(blank.findings.size(), bounded_findings::most);
  EXPECT_EQ(blank.errors_left_out + blank.findings.size(), 50'000U);
  EXPECT_EQ(blank.line_count, 50'000U);
  write("ledger.jsonl", std::string(30'000'000, 'x') + "\n" + std::string(20'000'000, '['));
  EXPECT_THAT(ids(check().findings), ElementsAre("ledger.line error", "ledger.line error"));
  write("ledger.jsonl", std::string(16'000, '[') + "\n" + std::string{"\0\xff\x1b[2J\n", 7});
  EXPECT_THAT(ids(check().findings), Each("ledger.line error"));
  write("head.dsse", std::string(100'000, '['));
  EXPECT_EQ(check().unchecked.size(), 1U);
}

TEST_F(ledger_check_test, tells_a_clock_that_was_set_back_as_a_note) {
  append(5);
  append(1);
  const auto result = check();
  EXPECT_THAT(ids(result.findings), ElementsAre("ledger.line note"));
  EXPECT_FALSE(broken(result));
}

TEST_F(ledger_check_test, says_that_it_cannot_read_a_report_of_a_newer_version) {
  fill(1, 1);
  make_first_report_newer();
  const auto result = check();
  EXPECT_THAT(result.findings, IsEmpty());
  ASSERT_EQ(result.unchecked.size(), 1U);
  EXPECT_THAT(result.unchecked[0].message, HasSubstr("audit-report/2"));
  EXPECT_TRUE(broken(result)) << "not checked is no pass";
}

TEST_F(ledger_check_test, loads_the_reports_that_lines_list) {
  fill(1, 2);
  const auto listing = read_ledger(path());
  ASSERT_EQ(listing.lines.size(), 2U);
  EXPECT_THAT(listing.problems.findings, IsEmpty());
  EXPECT_EQ(to_json(load_report(path(), listing.lines[1].entry)), night(2));
  write(listing.lines[1].entry.report, "{}");
  EXPECT_THROW((void)load_report(path(), listing.lines[1].entry), stream_error);
  fs::remove(at(listing.lines[1].entry.report));
  EXPECT_THROW((void)load_report(path(), listing.lines[1].entry), stream_error);
}

}  // namespace ledger_check_test
