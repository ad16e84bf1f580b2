#include "restorable/audit/in_toto_statement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restorable/testing/scratch_directory.hpp"
#include "sample_reports.hpp"

namespace {

using namespace restorable;
using json = nlohmann::ordered_json;
using testing::HasSubstr;

const location where{"report.json.dsse"};
const std::string other_sha256 = std::string(64, 'a');

std::string statement_of(const report& of) { return make_report_statement(of, to_json(of), "report.json"); }

finding refusal(const std::string& payload) {
  try {
    static_cast<void>(read_report_statement(payload, where));
  } catch (const stream_error& error) {
    return error.as_finding();
  }
  return make_finding(checks::signature_invalid, where, "read");
}

finding refusal_with(const std::string& pointer, const json& value) {
  json document = json::parse(statement_of(samples::full()));
  document[json::json_pointer{pointer}] = value;
  return refusal(document.dump());
}

TEST(in_toto_statement, names_the_report_first_and_every_artifact_with_a_digest) {
  report of = samples::full();
  of.artifacts.resize(2);
  of.artifacts[1].digests.clear();
  const std::string text = to_json(of);
  const json statement = json::parse(make_report_statement(of, text, "verify-1.json"));
  EXPECT_EQ(statement["_type"], "https://in-toto.io/Statement/v1");
  EXPECT_EQ(statement["predicateType"], report_predicate_type);
  ASSERT_EQ(statement["subject"].size(), 2U);
  EXPECT_EQ(statement["subject"][0]["name"], "verify-1.json");
  EXPECT_EQ(statement["subject"][0]["digest"]["sha256"], sha256_of(text));
  EXPECT_EQ(statement["subject"][1]["name"], of.artifacts[0].path);
  EXPECT_EQ(statement["subject"][1]["digest"]["sha256"], samples::sha256);
  EXPECT_EQ(statement["predicate"]["report"]["bytes"], text.size());
  EXPECT_EQ(statement["predicate"]["verdict"], "unsound");
  EXPECT_EQ(statement["predicate"]["artifacts"][0]["verdict"], to_string(of.artifacts[0].verdict))
      << "a signed digest must not vouch for a damaged artifact";
}

TEST(in_toto_statement, gives_the_claim_back_that_was_made) {
  for (const auto& of : {samples::empty(), samples::sound(3), samples::full(), samples::interrupted(), samples::hostile()}) {
    const std::string text = to_json(of);
    EXPECT_EQ(read_report_statement(make_report_statement(of, text, samples::hostile_name), where), make_claim(of, text));
  }
  const ledger_head head{7, other_sha256, *parse_moment("2025-12-04T03:00:00Z")};
  EXPECT_EQ(read_head_statement(make_head_statement(head), where), head);
}

TEST(in_toto_statement, holds_nothing_that_acts_on_a_terminal) {
  const std::string statement = statement_of(samples::hostile());
  for (const char c : statement) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  EXPECT_EQ(statement.find("\xe2\x80\xae"), std::string::npos);
}

TEST(in_toto_statement, tells_one_kind_from_the_other) {
  const ledger_head head{1, other_sha256, {}};
  EXPECT_EQ(refusal(make_head_statement(head)).check, "signature.other");
  EXPECT_THROW((void)read_head_statement(statement_of(samples::empty()), where), stream_error);
  EXPECT_EQ(refusal_with("/predicateType", "https://slsa.dev/provenance/v1").check, "signature.other");
}

TEST(in_toto_statement, refuses_what_it_cannot_understand) {
  ASSERT_EQ(refusal(statement_of(samples::full())).message, "read");
  EXPECT_EQ(refusal_with("/predicate/schema", "restorable/statement-predicate/1.4").message, "read");
  EXPECT_EQ(refusal_with("/predicate/more", 1).message, "read");
  const std::vector<std::tuple<std::string, json, std::string>> wrong{
      {"/_type", "https://in-toto.io/Statement/v0.1", "Statement/v1"},
      {"/predicate/schema", "restorable/statement-predicate/2", "newer"},
      {"/predicate/verdict", "fine", "/predicate/verdict"},
      {"/predicate/exit_code", 256, "/predicate/exit_code"},
      {"/predicate/started", "yesterday", "/predicate/started"},
      {"/predicate/complete", 1, "/predicate/complete"},
      {"/predicate/report/sha256", "abc", "/predicate/report/sha256"},
      {"/predicate/report/sha256", std::string(64, 'A'), "lower-case"},
      {"/predicate/report/sha256", other_sha256, "/subject"},
      {"/predicate/report/bytes", -1, "/predicate/report/bytes"},
      {"/subject/0/digest/sha256", other_sha256, "/subject"},
      {"/subject/0/name", 1, "/subject/0/name"},
      {"/subject", json::array(), "/subject"},
      {"/predicate", nullptr, "/predicate"}};
  for (const auto& [pointer, value, named] : wrong) {
    const finding found = refusal_with(pointer, value);
    EXPECT_EQ(found.check, "signature.malformed") << pointer;
    EXPECT_THAT(found.message, HasSubstr(named));
  }
  const std::string whole = statement_of(samples::empty());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(refusal(whole.substr(0, length)).check, "signature.malformed");
  }
  EXPECT_THROW((void)read_head_statement(make_head_statement({0, other_sha256, {}}), where), stream_error);
}

TEST(in_toto_statement, is_what_its_schema_says) {
  const scratch_directory here;
  const std::string folder = std::string{RESTORABLE_SOURCE};
  const auto validate = [&](const std::string& schema, const std::string& names) {
    return here.run("python3 '" + folder + "/tests/audit/validate.py' '" + folder + "/docs/schema/" + schema + "' " +
                    names + " 2>&1");
  };
  if (here.run("python3 -c 'import jsonschema'").status != 0) GTEST_SKIP() << "takes python3-jsonschema";
  std::string names;
  for (const auto& of : {samples::empty(), samples::sound(2), samples::full(), samples::interrupted(), samples::hostile()}) {
    const std::string name = fmt::format("p{}.json", names.size());
    here.write(name, json::parse(statement_of(of))["predicate"].dump());
    names += " " + name;
  }
  const auto run = validate("statement-predicate-1.schema.json", names);
  EXPECT_EQ(run.status, 0) << run.output;
  here.write("head.json", json::parse(make_head_statement({7, other_sha256, {}}))["predicate"].dump());
  const auto head = validate("ledger-head-1.schema.json", "head.json");
  EXPECT_EQ(head.status, 0) << head.output;

  const json whole = json::parse(statement_of(samples::full()))["predicate"];
  names.clear();
  for (const auto& [key, value] : whole.items()) {
    json lacking = whole;
    lacking.erase(key);
    here.write("no-" + key, lacking.dump());
    names += " no-" + key;
  }
  const std::string said = validate("statement-predicate-1.schema.json", names).output;
  for (const auto& [key, value] : whole.items()) {
    EXPECT_THAT(said, HasSubstr("no-" + key + ": /: '" + key + "' is a required"));
  }
  json newer = whole;
  newer["schema"] = "restorable/statement-predicate/2";
  here.write("newer.json", newer.dump());
  EXPECT_EQ(validate("statement-predicate-1.schema.json", "newer.json").status, 1);
}

}  // namespace
