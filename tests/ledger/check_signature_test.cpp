#include "knowngood/ledger/check_signature.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ledger/sample_keys.hpp"
#include "report/sample_reports.hpp"

namespace check_signature_test {

using namespace knowngood;
using json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const location where{"report.json.dsse"};

const verification_key& public_key(std::size_t number = 0) {
  static const std::array keys{samples::key(0).public_key(), samples::key(1).public_key(),
                               samples::key(2).public_key()};
  return keys.at(number);
}

std::vector<std::string> checks_of(const signature_result& result) {
  std::vector<std::string> ids;
  for (const auto& one : result.findings) ids.push_back(one.check + " " + std::string{to_string(one.severity)});
  return ids;
}

bool holds(const signature_result& result) {
  for (const auto& one : result.findings) {
    if (one.severity == severity::error) return false;
  }
  return !result.signed_by.empty();
}

class check_signature_test : public testing::Test {
 protected:
  [[nodiscard]] signature_result check(const std::string& document, const std::string& envelope) const {
    return check_signature(document, envelope, {public_key()}, where);
  }
  const std::string text_ = to_json(samples::full());
  const std::string envelope_ = to_json(sign_report(text_, "report.json", samples::key(0)));
};

TEST_F(check_signature_test, holds_for_what_was_signed) {
  for (const auto& of : {samples::empty(), samples::sound(3), samples::hostile(), samples::interrupted()}) {
    const std::string text = to_json(of);
    const auto result = check(text, to_json(sign_report(text, "r.json", samples::key(0))));
    EXPECT_THAT(result.findings, IsEmpty());
    EXPECT_THAT(result.signed_by, ElementsAre(public_key().id()));
  }
}

TEST_F(check_signature_test, needs_a_key) {
  EXPECT_THROW((void)check_signature(text_, envelope_, {}, where), usage_error);
}

TEST_F(check_signature_test, finds_every_single_byte_edit_of_report_and_envelope) {
  const std::string text = to_json(samples::empty());
  const std::string envelope = to_json(sign_report(text, "r.json", samples::key(0)));
  ASSERT_TRUE(holds(check(text, envelope)));
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const int change : {1, 32, 128}) {
      std::string edited = text;
      edited[at] = static_cast<char>(edited[at] ^ change);
      ASSERT_THAT(checks_of(check(edited, envelope)), ElementsAre("signature.other error")) << at;
    }
  }
  int notes = 0;
  for (std::size_t at = 0; at < envelope.size(); ++at) {
    for (const char other : {'A', '-', '_', ' ', '"', '0', '\0', '\xff'}) {
      std::string edited = envelope;
      if (edited[at] == other) continue;
      edited[at] = other;
      const auto result = check(text, edited);
      ASSERT_FALSE(result.findings.empty()) << at << other;
      notes += holds(result) ? 1 : 0;
    }
  }
  // What is not signed, the key id, is told as rewritten; the newline at the end likewise.
  EXPECT_LE(notes, (64 + 10) * 8);
}

TEST_F(check_signature_test, does_not_hold_with_another_key_or_another_report) {
  const auto stranger = check_signature(text_, envelope_, {public_key(1), public_key(2)}, where);
  EXPECT_THAT(checks_of(stranger), ElementsAre("signature.invalid error"));
  EXPECT_THAT(stranger.signed_by, IsEmpty());
  EXPECT_THAT(stranger.findings[0].expected, HasSubstr(public_key(2).id()));
  EXPECT_EQ(stranger.findings[0].actual, public_key(0).id());
  EXPECT_THAT(checks_of(check(to_json(samples::sound(1)), envelope_)), ElementsAre("signature.other error"));
}

TEST_F(check_signature_test, says_more_about_a_signature_that_names_a_known_key) {
  json document = json::parse(envelope_);
  const std::string signature = samples::key(0).sign("something else");
  document["signatures"][0]["sig"] = encode_base64(signature);
  const auto result = check(text_, document.dump());
  EXPECT_THAT(checks_of(result), ElementsAre("signature.invalid error"));
  EXPECT_THAT(result.findings[0].message, HasSubstr("key that it names"));
}

TEST_F(check_signature_test, takes_one_good_signature_among_several) {
  auto envelope = sign_report(text_, "r.json", samples::key(1));
  add_signature(envelope, samples::key(0));
  const auto result = check(text_, to_json(envelope));
  EXPECT_TRUE(holds(result));
  EXPECT_THAT(checks_of(result), ElementsAre("signature.invalid note")) << "the other key is told";
  EXPECT_THAT(result.signed_by, ElementsAre(public_key(0).id()));
  const auto both = check_signature(text_, to_json(envelope), {public_key(0), public_key(1)}, where);
  EXPECT_THAT(both.findings, IsEmpty());
  EXPECT_EQ(both.signed_by.size(), 2U);
  envelope.signatures[0].key_id = public_key(0).id();
  EXPECT_FALSE(holds(check(text_, to_json(envelope))))
      << "one that names a known key and does not verify is no stranger's";
}

TEST_F(check_signature_test, takes_envelopes_of_other_tools_and_says_so) {
  json document = json::parse(envelope_);
  document["signatures"][0]["keyid"] = "SHA256:something-else";
  const auto renamed = check(text_, document.dump(2));
  EXPECT_TRUE(holds(renamed)) << "key ids are hints";
  EXPECT_THAT(checks_of(renamed), ElementsAre("signature.malformed note"));
}

TEST_F(check_signature_test, never_takes_an_artifact_for_the_signed_report) {
  // A backup may hold a forged report. Its digest is among the subjects of the statement about the true one.
  report forged = samples::sound(1);
  const std::string forged_text = to_json(forged);
  report genuine = samples::full();
  genuine.artifacts[0].digests["SHA256"] = sha256_of(forged_text);
  const std::string text = to_json(genuine);
  const std::string envelope = to_json(sign_report(text, "report.json", samples::key(0)));
  ASSERT_TRUE(holds(check(text, envelope)));
  EXPECT_THAT(checks_of(check(forged_text, envelope)), ElementsAre("signature.other error"));
}

TEST_F(check_signature_test, refuses_other_statements_of_the_same_key) {
  const ledger_head head{1, sha256_of(text_), {}};
  const auto of_head = sign_payload(in_toto_payload_type, make_head_statement(head), samples::key(0));
  EXPECT_THAT(checks_of(check(text_, to_json(of_head))), ElementsAre("signature.other error"));
  const auto statement = make_report_statement(samples::full(), text_, "r.json");
  EXPECT_THAT(checks_of(check(text_, to_json(sign_payload("text/plain", statement, samples::key(0))))),
              ElementsAre("signature.other error"));
  EXPECT_THAT(checks_of(check(text_, to_json(sign_payload(in_toto_payload_type, "{}", samples::key(0))))),
              ElementsAre("signature.malformed error"));
  json better = json::parse(statement);
  better["predicate"]["configuration"][0]["annotations"][report_annotation]["verdict"] = "sound";
  const auto result = check(text_, to_json(sign_payload(in_toto_payload_type, better.dump(), samples::key(0))));
  EXPECT_THAT(checks_of(result), ElementsAre("signature.other error"));
  EXPECT_THAT(result.findings[0].message, HasSubstr("does not say what the report says"));
}

TEST_F(check_signature_test, refuses_to_judge_a_signed_document_that_it_cannot_read) {
  std::string newer = text_;
  newer.replace(newer.find("audit-report/1"), 14, "audit-report/2");
  const auto statement = make_report_statement(samples::full(), newer, "r");
  const auto envelope = sign_payload(in_toto_payload_type, statement, samples::key(0));
  EXPECT_THROW((void)check(newer, to_json(envelope)), usage_error);
  EXPECT_THAT(checks_of(check(newer, envelope_)), ElementsAre("signature.other error"));
  EXPECT_THAT(checks_of(check("", envelope_)), ElementsAre("signature.other error"));
  EXPECT_THAT(checks_of(check(text_, "")), ElementsAre("signature.malformed error"));
}

TEST(names_document, tells_whether_an_envelope_is_about_these_bytes_whoever_signed_it) {
  const std::string text = to_json(samples::full());
  for (const std::size_t number : {0U, 1U}) {
    const std::string envelope = to_json(sign_report(text, "report.json", samples::key(number)));
    EXPECT_TRUE(names_document(envelope, text, location{"x.dsse"}));
    EXPECT_FALSE(names_document(envelope, text + " ", location{"x.dsse"}));
  }
  EXPECT_THROW((void)names_document("{}", text, location{"x.dsse"}), stream_error);
  EXPECT_THROW((void)names_document(to_json(sign_payload(in_toto_payload_type, "{}", samples::key(0))), text,
                                    location{"x.dsse"}),
               stream_error);
}

}  // namespace check_signature_test
