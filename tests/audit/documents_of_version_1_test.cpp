// What the programs wrote when version 1 of the documents was new (fixtures/documents/1) is read, shown and checked by
// today's code; a newer minor version is read, a newer major one refused with a word about what reads it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "knowngood/audit/junit_xml.hpp"
#include "knowngood/audit/prometheus_text.hpp"
#include "knowngood/audit/report_html.hpp"
#include "knowngood/audit/report_markdown.hpp"
#include "knowngood/audit/report_text.hpp"
#include "knowngood/ledger/check_signature.hpp"
#include "knowngood/ledger/ledger_check.hpp"
#include "knowngood/report/read_report.hpp"
#include "knowngood/report/report_json.hpp"
#include "knowngood/testing/scratch_directory.hpp"
#include "knowngood_source.hpp"
#include "ledger/sample_keys.hpp"

namespace documents_of_version_1_test {

using namespace knowngood;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

const fs::path documents = fs::path{knowngood_source()} / "fixtures/documents/1";
const std::string frozen_ledger = (documents / "ledger").string();

std::string content_of(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>{in}, {}};
}

verification_key frozen_key() {
  return verification_key::parse(content_of(documents / "backup01.pub"), "backup01.pub");
}

/// The line of that number and the report that it lists.
ledger_entry entry(std::size_t number) { return read_ledger(frozen_ledger).lines.at(number - 1).entry; }
std::string report_text_of(std::size_t number) { return content_of(documents / "ledger" / entry(number).report); }

/// `text` with the version of that document replaced.
std::string with_version(std::string text, const std::string& document, const std::string& version) {
  const std::size_t at = text.find('"' + document + "/1");
  EXPECT_NE(at, std::string::npos) << document;
  if (at == std::string::npos) return text;
  const std::size_t begin = at + document.size() + 2;
  return text.replace(begin, text.find('"', begin) - begin, version);
}

template <typename Read>
std::string refusal_of(Read read) {
  try {
    read();
  } catch (const usage_error& error) {
    return error.what();
  } catch (const stream_error& error) {
    return error.what();
  }
  return "read";
}

const auto says_what_reads_it = [](const std::string& document) {
  return AllOf(HasSubstr("is a " + document + "/2"), HasSubstr("newer"));
};

TEST(documents_of_version_1, hold_a_ledger_that_is_sound_with_its_key) {
  const ledger_check checked = check_ledger(frozen_ledger, {.keys = {frozen_key()}});
  EXPECT_THAT(checked.findings, IsEmpty());
  EXPECT_THAT(checked.unchecked, IsEmpty());
  EXPECT_EQ(checked.line_count, 2U);
  EXPECT_EQ(checked.reports_checked, 2U);
  EXPECT_EQ(checked.signatures_verified, 2U);
  EXPECT_TRUE(checked.head_signed);
  ASSERT_TRUE(checked.head);
  EXPECT_EQ(checked.head->sequence, 2U);
  const ledger_anchor anchor =
      anchor_of_head(content_of(documents / "ledger/head.dsse"), {frozen_key()}, location{"head.dsse"});
  EXPECT_THAT(check_ledger(frozen_ledger, {.keys = {frozen_key()}, .anchors = {anchor}}).findings, IsEmpty());
  EXPECT_FALSE(check_ledger(frozen_ledger, {.keys = {samples::key(0).public_key()}}).head_signed);
}

TEST(documents_of_version_1, hold_reports_that_are_read_and_shown) {
  evidence shown;
  for (const std::size_t number : {1U, 2U}) {
    const report of = load_report(frozen_ledger, entry(number));
    EXPECT_EQ(of.host, "backup01");
    EXPECT_EQ(of.estate, "ner11");
    EXPECT_FALSE(of.simulated);
    EXPECT_EQ(of.verdict, verdict::sound);
    EXPECT_EQ(of.exit_code, 0);
    EXPECT_EQ(to_json(of), report_text_of(number)) << "the same document is written today";
    EXPECT_THAT(render_text(of, {}), HasSubstr("SOUND"));
    shown.add(of);
  }
  ASSERT_TRUE(shown.verify && shown.drill);
  EXPECT_EQ(shown.verify->artifacts.at(0).tables.size(), 2U);
  EXPECT_EQ(shown.drill->comparisons.size(), 2U);
  EXPECT_THAT(render_html(shown, {.now = shown.drill->finished}), HasSubstr("public.incidents"));
  EXPECT_THAT(render_junit(shown), HasSubstr("failures=\"0\" errors=\"0\""));
  EXPECT_THAT(render_junit(shown), HasSubstr("<property name=\"estate\" value=\"ner11\"/>"));
  EXPECT_THAT(render_prometheus(shown),
              HasSubstr("knowngood_drill_verified{component=\"database\",estate=\"ner11\"} 1\n"));
  EXPECT_THAT(render_markdown(shown), HasSubstr("verify of ner11: sound"));
}

TEST(documents_of_version_1, hold_signatures_of_their_reports) {
  const std::string envelope = content_of(documents / "ledger" / (entry(1).report + ".dsse"));
  const signature_result good = check_signature(report_text_of(1), envelope, {frozen_key()}, location{"x"});
  EXPECT_THAT(good.findings, IsEmpty());
  EXPECT_EQ(good.signed_by.size(), 1U);
  EXPECT_THAT(parse_envelope(envelope, location{"x"}).payload, HasSubstr("\"result\":\"PASSED\""));
  EXPECT_FALSE(check_signature(report_text_of(2), envelope, {frozen_key()}, location{"x"}).findings.empty());
}

TEST(report_of_another_version, is_read_when_it_is_minor_and_refused_when_it_is_major) {
  for (const std::size_t number : {1U, 2U}) {
    const std::string text = report_text_of(number);
    EXPECT_EQ(parse_report(with_version(text, "knowngood/audit-report", "1.7"), "r").host, "backup01");
    EXPECT_THAT(refusal_of([&] { (void)parse_report(with_version(text, "knowngood/audit-report", "2"), "r"); }),
                says_what_reads_it("knowngood/audit-report"));
    for (const char* no_version : {"1.", "1..2", ".1", "01"}) {
      EXPECT_NE(refusal_of([&] { (void)parse_report(with_version(text, "knowngood/audit-report", no_version), "r"); }),
                "read")
          << no_version;
    }
  }
}

TEST(ledger_line_of_another_version, is_read_when_it_is_minor_and_refused_when_it_is_major) {
  const std::string all = content_of(documents / "ledger/ledger.jsonl");
  const std::string line = all.substr(0, all.find('\n'));
  EXPECT_EQ(parse_ledger_line(with_version(line, "knowngood/ledger-line", "1.7"), location{"line"}), entry(1));
  EXPECT_THAT(
      refusal_of([&] { (void)parse_ledger_line(with_version(line, "knowngood/ledger-line", "2"), location{"line"}); }),
      says_what_reads_it("knowngood/ledger-line"));
}

/// The ledger with its head, or the signature of its first report, of another version, signed by somebody who is known.
struct re_signed : testing::Test {
  void SetUp() override { fs::copy(frozen_ledger, here_.path() / "ledger", fs::copy_options::recursive); }

  /// What checking says of an envelope whose statement is of that version.
  [[nodiscard]] ledger_check check_with(const std::string& envelope, const std::string& document,
                                        const std::string& version) const {
    const fs::path file = here_.path() / "ledger" / envelope;
    const std::string payload = with_version(
        parse_envelope(content_of(documents / "ledger" / envelope), location{"x"}).payload, document, version);
    fs::remove(file);
    std::ofstream{file, std::ios::binary} << to_json(sign_payload(in_toto_payload_type, payload, samples::key(0)));
    return check_ledger((here_.path() / "ledger").string(), {.keys = {frozen_key(), samples::key(0).public_key()}});
  }

  scratch_directory here_;
};

TEST_F(re_signed, head_of_another_version_is_read_when_it_is_minor_and_refused_when_it_is_major) {
  const ledger_check minor = check_with("head.dsse", "knowngood/ledger-head", "1.7");
  EXPECT_THAT(minor.findings, IsEmpty());
  ASSERT_TRUE(minor.head);
  EXPECT_EQ(minor.head->sequence, 2U);
  const ledger_check major = check_with("head.dsse", "knowngood/ledger-head", "2");
  ASSERT_EQ(major.findings.size(), 1U);
  EXPECT_THAT(major.findings[0].message, says_what_reads_it("knowngood/ledger-head"));
  EXPECT_FALSE(major.head);
}

TEST_F(re_signed, signature_of_another_version_is_read_when_it_is_minor_and_refused_when_it_is_major) {
  const std::string text = report_text_of(1);
  const auto check_with = [&](const std::string& version) {
    const std::string envelope = content_of(documents / "ledger" / (entry(1).report + ".dsse"));
    const std::string payload =
        with_version(parse_envelope(envelope, location{"x"}).payload, "knowngood/report-annotation", version);
    return check_signature(text, to_json(sign_payload(in_toto_payload_type, payload, samples::key(0))),
                           {samples::key(0).public_key()}, location{"x"});
  };
  EXPECT_THAT(check_with("1.7").findings, IsEmpty());
  const signature_result major = check_with("2");
  ASSERT_EQ(major.findings.size(), 1U);
  EXPECT_THAT(major.findings[0].message, says_what_reads_it("knowngood/report-annotation"));
}

}  // namespace documents_of_version_1_test
