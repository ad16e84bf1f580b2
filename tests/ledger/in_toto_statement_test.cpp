#include "knowngood/ledger/in_toto_statement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"
#include "knowngood_source.hpp"
#include "report/sample_reports.hpp"

namespace in_toto_statement_test {

using namespace knowngood;
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
  const json& said = statement["predicate"]["configuration"][0]["annotations"][report_annotation];
  EXPECT_EQ(said["bytes"], text.size());
  EXPECT_EQ(said["verdict"], "unsound");
  EXPECT_EQ(said["artifacts"][0]["verdict"], to_string(of.artifacts[0].verdict))
      << "a signed digest must not vouch for a damaged artifact";
  EXPECT_EQ(said["artifacts"].size(), 1U);
}

TEST(in_toto_statement, is_a_test_result_with_report_and_policy_as_its_configuration) {
  const std::string text = to_json(samples::full());
  const json predicate = json::parse(make_report_statement(samples::full(), text, "r.json"))["predicate"];
  EXPECT_EQ(predicate["result"], "FAILED");
  ASSERT_EQ(predicate["configuration"].size(), 2U);
  EXPECT_EQ(predicate["configuration"][0]["name"], "r.json");
  EXPECT_EQ(predicate["configuration"][0]["digest"]["sha256"], sha256_of(text));
  EXPECT_EQ(predicate["configuration"][1]["name"], "/etc/my policy.toml");
  EXPECT_EQ(predicate["configuration"][1]["digest"]["sha256"], samples::sha256);
  EXPECT_THAT(
      predicate["failedTests"].get<std::vector<std::string>>(),
      testing::IsSupersetOf({"run", "component logs", "/backups/ner11/config/config_20251203.tar.gz", "step probe"}));
  EXPECT_THAT(predicate["warnedTests"].get<std::vector<std::string>>(),
              testing::ElementsAre("/backups/ner11/full/full_20251130.tar.gz", "step boot-volume of volumes"));
  const json sound = json::parse(statement_of(samples::sound(2)))["predicate"];
  EXPECT_EQ(sound["result"], "PASSED");
  EXPECT_EQ(sound["configuration"].size(), 1U) << "there was no policy";
  EXPECT_EQ(sound["passedTests"].size(), 3U);
  EXPECT_EQ(sound["failedTests"], json::array());
}

/// What in-toto's specification of the predicate requires, and its ResourceDescriptor: `uri`, `digest` or `content`.
void expect_published_predicate(const json& statement) {
  EXPECT_EQ(statement["_type"], "https://in-toto.io/Statement/v1");
  EXPECT_EQ(statement["predicateType"], "https://in-toto.io/attestation/test-result/v0.1");
  const json& predicate = statement["predicate"];
  EXPECT_TRUE(predicate["result"] == "PASSED" || predicate["result"] == "WARNED" || predicate["result"] == "FAILED");
  ASSERT_TRUE(predicate["configuration"].is_array());
  for (const auto* list : {&predicate["configuration"], &statement["subject"]}) {
    for (const auto& descriptor : *list) {
      EXPECT_TRUE(descriptor["name"].is_string());
      ASSERT_TRUE(descriptor["digest"].is_object());
      for (const auto& [algorithm, hex] : descriptor["digest"].items()) {
        EXPECT_EQ(algorithm, "sha256");
        EXPECT_TRUE(hex.is_string());
      }
      EXPECT_TRUE(!descriptor.contains("annotations") || descriptor["annotations"].is_object());
    }
  }
  std::size_t tests = 0;
  for (const char* names : {"passedTests", "warnedTests", "failedTests"}) {
    ASSERT_TRUE(predicate[names].is_array());
    for (const auto& name : predicate[names]) EXPECT_TRUE(name.is_string());
    tests += predicate[names].size();
  }
  EXPECT_GT(tests, 0U);
  EXPECT_EQ(predicate["failedTests"].empty(), predicate["result"] != "FAILED");
  EXPECT_EQ(predicate.size(), 5U) << "nothing besides what is published";
}

TEST(in_toto_statement, follows_the_published_predicate) {
  for (const auto& of :
       {samples::empty(), samples::sound(3), samples::full(), samples::interrupted(), samples::hostile(), report{}}) {
    expect_published_predicate(json::parse(statement_of(of)));
  }
}

TEST(in_toto_statement, gives_the_claim_back_that_was_made) {
  for (const auto& of :
       {samples::empty(), samples::sound(3), samples::full(), samples::interrupted(), samples::hostile()}) {
    const std::string text = to_json(of);
    EXPECT_EQ(read_report_statement(make_report_statement(of, text, samples::hostile_name), where),
              make_claim(of, text));
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
  const finding of_others = refusal_with("/predicate/configuration/0/annotations", {{"twoPartyReview", true}});
  EXPECT_EQ(of_others.check, "signature.other") << "another program's results of tests";
  EXPECT_EQ(refusal_with("/predicate/configuration", json::array()).check, "signature.other");
}

TEST(in_toto_statement, refuses_what_it_cannot_understand) {
  ASSERT_EQ(refusal(statement_of(samples::full())).message, "read");
  const std::string said = std::string{"/predicate/configuration/0/annotations/"} + report_annotation;
  const std::string digest = "/predicate/configuration/0/digest/sha256";
  EXPECT_EQ(refusal_with(said + "/schema", "knowngood/report-annotation/1.4").message, "read");
  EXPECT_EQ(refusal_with(said + "/more", 1).message, "read");
  EXPECT_EQ(refusal_with("/predicate/url", "https://example.org").message, "read");
  const std::vector<std::tuple<std::string, json, std::string>> wrong{
      {"/_type", "https://in-toto.io/Statement/v0.1", "Statement/v1"},
      {said + "/schema", "knowngood/report-annotation/2", "newer"},
      {said + "/verdict", "fine", said + "/verdict"},
      {said + "/exit_code", 256, said + "/exit_code"},
      {said + "/started", "yesterday", said + "/started"},
      {said + "/complete", 1, said + "/complete"},
      {digest, "abc", digest},
      {digest, std::string(64, 'A'), "lower-case"},
      {digest, other_sha256, "/subject"},
      {said + "/bytes", -1, said + "/bytes"},
      {"/subject/0/digest/sha256", other_sha256, "/subject"},
      {"/subject/0/name", 1, "/subject/0/name"},
      {"/subject", json::array(), "/subject"},
      {"/predicate/result", "PASSED", "/predicate/result"},
      {"/predicate/result", "WARNED", "/predicate/result"},
      {"/predicate/result", nullptr, "/predicate/result"},
      {"/predicate/configuration", nullptr, "/predicate/configuration"},
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
  const std::string folder = knowngood_source();
  const auto validate = [&](const std::string& schema, const std::string& names) {
    return here.run("python3 '" + folder + "/tests/report/validate.py' '" + folder + "/docs/schema/" + schema + "' " +
                    names + " 2>&1");
  };
  if (here.run("python3 -c 'import jsonschema'").status != 0) GTEST_SKIP() << "takes python3-jsonschema";
  const auto annotation = [](const report& of) {
    return json::parse(statement_of(of))["predicate"]["configuration"][0]["annotations"][report_annotation];
  };
  std::string names;
  for (const auto& of :
       {samples::empty(), samples::sound(2), samples::full(), samples::interrupted(), samples::hostile()}) {
    const std::string name = fmt::format("p{}.json", names.size());
    here.write(name, annotation(of).dump());
    names += " " + name;
  }
  const auto run = validate("report-annotation-1.schema.json", names);
  EXPECT_EQ(run.status, 0) << run.output;
  here.write("head.json", json::parse(make_head_statement({7, other_sha256, {}}))["predicate"].dump());
  const auto head = validate("ledger-head-1.schema.json", "head.json");
  EXPECT_EQ(head.status, 0) << head.output;

  const json whole = annotation(samples::full());
  names.clear();
  for (const auto& [key, value] : whole.items()) {
    json lacking = whole;
    lacking.erase(key);
    here.write("no-" + key, lacking.dump());
    names += " no-" + key;
  }
  const std::string said = validate("report-annotation-1.schema.json", names).output;
  for (const auto& [key, value] : whole.items()) {
    EXPECT_THAT(said, HasSubstr("no-" + key + ": /: '" + key + "' is a required"));
  }
  json newer = whole;
  newer["schema"] = "knowngood/report-annotation/2";
  here.write("newer.json", newer.dump());
  EXPECT_EQ(validate("report-annotation-1.schema.json", "newer.json").status, 1);
}

}  // namespace in_toto_statement_test
