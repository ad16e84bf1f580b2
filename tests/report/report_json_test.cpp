#include "knowngood/report/report_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <tuple>

#include "knowngood/report/read_report.hpp"
#include "knowngood_source.hpp"
#include "report/sample_reports.hpp"

// The facts have no equality of their own. Taking them apart by name makes a new field an error here, not a field that
// the document silently lacks.
namespace knowngood {

template <typename Fact>
auto parts(const Fact& fact) {
  if constexpr (std::is_same_v<Fact, property_fact> || std::is_same_v<Fact, ref_fact>) {
    const auto& [a, b, c] = fact;
    return std::tuple{a, b, c};
  } else if constexpr (std::is_same_v<Fact, step_report>) {
    const auto& [a, b, c, d, e, f, g, h, i, properties, j, k, l] = fact;
    std::vector<std::tuple<location, std::string, std::string>> facts;
    for (const auto& one : properties) facts.push_back(parts(one));
    return std::tuple{a, b, c, d, e, f, g, h, i, facts, j, k, l};
  } else if constexpr (std::is_same_v<Fact, recovery_report>) {
    const auto& [a, b, c, d, e, f] = fact;
    return std::tuple{a, b, c, d, e, f};
  } else if constexpr (std::is_same_v<Fact, table_fact>) {
    const auto& [a, b, c, d] = fact;
    return std::tuple{a, b, c, d};
  } else if constexpr (std::is_same_v<Fact, table_comparison>) {
    const auto& [a, b, c, d, e, f, g, h] = fact;
    return std::tuple{a, b, c, d, e, f, g, h};
  } else if constexpr (std::is_same_v<Fact, member_fact>) {
    // the last two are for whoever verifies, and not in the document
    const auto& [a, b, c, d, e, f, g, h, link_target, undigested] = fact;
    return std::tuple{a, b, c, d, e, f, g, h};
  } else if constexpr (std::is_same_v<Fact, component_report>) {
    const auto& [a, b, c, d, e, f, g, h] = fact;
    return std::tuple{a, b, c, d, e, f, g, h};
  }
}

template <typename Fact>
bool same(const std::vector<Fact>& one, const std::vector<Fact>& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const Fact& x, const Fact& y) { return parts(x) == parts(y); });
}

void expect_same(const artifact_report& one, const artifact_report& other) {
  const auto& [path, component, kind, timestamp, modified, size, read, expanded, seconds, verdict, digests, sums,
               manifest, properties, tables, refs, member_count, members, findings, unchecked] = one;
  EXPECT_EQ(std::tie(path, component, kind, timestamp, modified, size, read, expanded, seconds, verdict),
            std::tie(other.path, other.component, other.kind, other.timestamp, other.modified, other.size,
                     other.bytes_read, other.bytes_expanded, other.seconds, other.verdict));
  EXPECT_EQ(std::tie(digests, sums, manifest, member_count),
            std::tie(other.digests, other.checksum_file, other.manifest, other.member_count));
  EXPECT_TRUE(findings == other.findings);
  EXPECT_TRUE(unchecked == other.unchecked);
  EXPECT_TRUE(same(properties, other.properties));
  EXPECT_TRUE(same(tables, other.tables));
  EXPECT_TRUE(same(refs, other.refs));
  EXPECT_TRUE(same(members, other.members));
}

void expect_same(const report& one, const report& other) {
  const auto& [tool, version, host, command, policy, policy_sha256, estate, strict, limited_to, simulated, confinement,
               started, finished, complete, verdict, exit_code, components, artifacts, steps, comparisons, recoveries,
               findings, unchecked] = one;
  EXPECT_EQ(std::tie(estate, strict, limited_to, simulated, confinement),
            std::tie(other.estate, other.strict, other.limited_to, other.simulated, other.confinement));
  EXPECT_EQ(std::tie(tool, version, host, command, policy, policy_sha256),
            std::tie(other.tool, other.version, other.host, other.command, other.policy, other.policy_sha256));
  EXPECT_EQ(std::tie(started, finished, complete, verdict, exit_code),
            std::tie(other.started, other.finished, other.complete, other.verdict, other.exit_code));
  EXPECT_TRUE(findings == other.findings);
  EXPECT_TRUE(unchecked == other.unchecked);
  EXPECT_TRUE(same(components, other.components));
  EXPECT_TRUE(same(steps, other.steps));
  EXPECT_TRUE(same(comparisons, other.comparisons));
  EXPECT_TRUE(same(recoveries, other.recoveries));
  ASSERT_EQ(artifacts.size(), other.artifacts.size());
  for (std::size_t i = 0; i < artifacts.size(); ++i) expect_same(artifacts[i], other.artifacts[i]);
}

}  // namespace knowngood

namespace report_json_test {

using namespace knowngood;
using testing::HasSubstr;
using json = nlohmann::ordered_json;
namespace fs = std::filesystem;

std::string refusal_of(std::string_view document) {
  try {
    static_cast<void>(parse_report(document, "report.json"));
  } catch (const usage_error& error) {
    return error.what();
  }
  return "read";
}

/// `samples::full()` as JSON with something changed.
std::string changed(const std::function<void(json&)>& change) {
  json document = json::parse(to_json(samples::full()));
  change(document);
  return document.dump();
}

TEST(report_json, gives_every_report_back_as_it_was) {
  report simulated = samples::sound(1);
  simulated.simulated = true;
  for (const auto& original : {samples::empty(), samples::sound(3), samples::full(), samples::interrupted(),
                               samples::hostile(), simulated, report{}}) {
    const std::string document = to_json(original);
    const report read = parse_report(document, "report.json");
    expect_same(original, read);
    EXPECT_TRUE(to_json(read) == document);
  }
}

TEST(report_json, has_every_field_in_one_order_even_where_there_is_nothing) {
  const json document = json::parse(to_json(report{}));
  std::vector<std::string> keys;
  for (const auto& [key, value] : document.items()) keys.push_back(key);
  EXPECT_THAT(keys, testing::ElementsAre("schema", "tool", "host", "command", "policy", "estate", "strict",
                                         "limited_to", "simulated", "started", "finished", "seconds", "complete",
                                         "verdict", "exit_code", "summary", "findings", "unchecked", "recoveries",
                                         "comparisons", "components", "steps", "artifacts"));
  EXPECT_EQ(document["schema"], "knowngood/audit-report/1.1");
  EXPECT_EQ(document["estate"], nullptr);
  EXPECT_EQ(document["policy"].dump(), R"({"path":null,"sha256":null})");
  EXPECT_EQ(document["started"], "1970-01-01T00:00:00Z");
  EXPECT_EQ(document["complete"], false);
  report of_a_server;
  of_a_server.confinement = "seccomp";
  EXPECT_EQ(json::parse(to_json(of_a_server)).size(), keys.size() + 1) << "only where a drill ran one";
}

TEST(report_json, counts_in_the_summary_what_the_report_holds) {
  const json summary = json::parse(to_json(samples::full()))["summary"];
  EXPECT_EQ(
      summary.dump(),
      R"({"artifacts":4,"sound":1,"unprotected":1,"unchecked":1,"unsound":1,"steps":3,"steps_skipped":1,"tables_compared":2,"errors":3,)"
      R"("warnings":1,"notes":2,"bytes_read":780140544,"bytes_expanded":2592079872})");
}

TEST(report_json, adds_the_catalogue_s_advice_to_findings) {
  report r = samples::full();
  r.findings.push_back({"family.unheard-of", severity::note, location{}, "from a newer version", "", ""});
  const json document = json::parse(to_json(r));
  EXPECT_EQ(document["artifacts"][1]["findings"][1]["advice"], std::string{checks::gzip_crc32.advice});
  EXPECT_EQ(document["artifacts"][1]["findings"][1]["where"].dump(),
            R"({"chain":["/backups/ner11/database/ner11_db_20251203_020000.sql.gz"],"offset":260046840})");
  EXPECT_EQ(document["artifacts"][3]["unchecked"][0]["advice"], "run as a user who may read it");
  EXPECT_EQ(document["findings"][1]["advice"], nullptr);
}

TEST(report_json, puts_a_finding_on_one_line) {
  const std::string document = to_json(samples::full());
  const std::size_t at = document.find("\"check\":\"gzip.crc32\"");
  ASSERT_NE(at, std::string::npos);
  const std::size_t begin = document.rfind('\n', at) + 1;
  const std::string line = document.substr(begin, document.find('\n', at) - begin);
  EXPECT_THAT(line, HasSubstr("\"actual\":\"0x9a8b7c6d\""));
  EXPECT_TRUE(document.ends_with("]\n}\n"));
}

TEST(report_json, holds_no_control_character_but_newlines_whatever_the_names) {
  const std::string document = to_json(samples::hostile());
  for (std::size_t i = 0; i < document.size(); ++i) {
    const auto byte = static_cast<unsigned char>(document[i]);
    ASSERT_TRUE(byte == '\n' || (byte >= 0x20 && byte != 0x7F)) << "byte " << i;
  }
  EXPECT_EQ(document.find("\xc2\x9b"), std::string::npos);
  EXPECT_EQ(document.find("\xe2\x80\xae"), std::string::npos);
}

TEST(report_json, writes_null_for_what_json_or_rfc_3339_cannot_say) {
  report r = samples::full();
  r.artifacts[0].modified = moment{std::chrono::seconds{std::numeric_limits<std::int64_t>::max()}};
  r.artifacts[1].modified = moment{std::chrono::seconds{std::numeric_limits<std::int64_t>::min()}};
  r.artifacts[2].members[0].modified = std::numeric_limits<double>::infinity();
  r.artifacts[2].members[1].modified = std::numeric_limits<double>::quiet_NaN();
  r.artifacts[2].seconds = std::numeric_limits<double>::quiet_NaN();
  const json document = json::parse(to_json(r));
  EXPECT_EQ(document["artifacts"][0]["modified"], nullptr);
  EXPECT_EQ(document["artifacts"][1]["modified"], nullptr);
  EXPECT_EQ(document["artifacts"][2]["members"][0]["modified_seconds"], nullptr);
  EXPECT_EQ(document["artifacts"][2]["members"][1]["modified_seconds"], nullptr);
  EXPECT_EQ(document["artifacts"][2]["seconds"], 0.0);
}

TEST(report_json, never_goes_back_in_time) {
  report r = samples::sound(1);
  r.finished = r.started - std::chrono::seconds{5};
  EXPECT_EQ(json::parse(to_json(r))["seconds"], 0);
}

TEST(parse_report, reads_fields_and_minor_versions_that_came_later) {
  const std::string newer = changed([](json& d) {
    d["schema"] = "knowngood/audit-report/1.7";
    d["signed_by"] = {{"key", "x"}};
    d["artifacts"][0]["copies"] = {1, 2};
    d["artifacts"][0]["findings"] = json::array();
    d["summary"]["errors"] = 9;
    d["findings"][0]["check"] = "family.unheard-of";
  });
  const report r = parse_report(newer, "report.json");
  EXPECT_EQ(r.artifacts.size(), 4U);
  EXPECT_EQ(r.findings[0].check, "family.unheard-of");
}

TEST(parse_report, reads_the_first_version_which_knew_less_of_the_run) {
  for (const char* schema : {"knowngood/audit-report/1", "knowngood/audit-report/1.0"}) {
    const report r = parse_report(changed([&](json& d) {
                                    d["schema"] = schema;
                                    for (const char* key : {"estate", "strict", "limited_to", "simulated"})
                                      d.erase(key);
                                  }),
                                  "report.json");
    EXPECT_EQ(r.artifacts.size(), 4U);
    EXPECT_FALSE(r.strict);
    EXPECT_FALSE(r.simulated);
    EXPECT_TRUE(r.limited_to.empty());
    EXPECT_TRUE(r.estate.empty());
  }
  for (const char* key : {"estate", "strict", "limited_to", "simulated"}) {
    EXPECT_THAT(refusal_of(changed([&](json& d) { d.erase(key); })), HasSubstr(fmt::format("/{}: is missing", key)));
  }
}

TEST(parse_report, takes_an_outcome_that_it_does_not_know_for_no_proof) {
  const report r = parse_report(changed([](json& d) { d["comparisons"][0]["outcome"] = "surpassed"; }), "report.json");
  EXPECT_EQ(r.comparisons[0].outcome, row_outcome::unknown);
  EXPECT_EQ(r.comparisons[1].outcome, row_outcome::missing);
}

TEST(parse_report, refuses_another_major_version_and_other_documents) {
  EXPECT_EQ(refusal_of(changed([](json& d) { d["schema"] = "knowngood/audit-report/2"; })),
            "report.json: is a knowngood/audit-report/2, knowngood 0.1.0 reads knowngood/audit-report/1: read it "
            "with the version that wrote it, or a newer one");
  for (const char* schema : {"knowngood/audit-report/10", "knowngood/audit-report/0.1", "knowngood/audit-report/",
                             "knowngood/audit-report/1x", "knowngood/audit-report/.1"}) {
    EXPECT_THAT(refusal_of(changed([&](json& d) { d["schema"] = schema; })), HasSubstr("is a knowngood"));
  }
  EXPECT_THAT(refusal_of(changed([](json& d) { d["schema"] = "in-toto"; })), HasSubstr("is no audit report"));
  EXPECT_THAT(refusal_of("{}"), HasSubstr("/schema: is missing"));
  EXPECT_THAT(refusal_of("[]"), HasSubstr("an object is expected"));
  EXPECT_THAT(refusal_of("{\"schema\": 1}"), HasSubstr("text is expected"));
}

TEST(parse_report, refuses_a_document_cut_anywhere) {
  for (const auto& [r, step] : {std::pair{samples::sound(1), std::size_t{1}}, {samples::full(), std::size_t{41}}}) {
    const std::string document = to_json(r);
    for (std::size_t size = 0; size + 1 < document.size(); size += step) {
      ASSERT_THAT(refusal_of(std::string_view{document}.substr(0, size)), HasSubstr("cut short")) << size;
    }
  }
}

/// Calls `use` with a JSON pointer to every member of every object in `value`.
void each_pointer(const json& value, const json::json_pointer& at,
                  const std::function<void(const json::json_pointer&)>& use) {
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) each_pointer(value[i], at / i, use);
  } else if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      use(at / key);
      each_pointer(member, at / key, use);
    }
  }
}

TEST(parse_report, refuses_a_document_that_lacks_any_field_or_has_one_of_another_type) {
  const json whole = json::parse(to_json(samples::full()));
  int fields = 0;
  each_pointer(whole, json::json_pointer{}, [&](const json::json_pointer& at) {
    if (at.to_string().find("/digests/") != std::string::npos) return;  // whose members are data
    SCOPED_TRACE(at.to_string());
    json lacking = whole;
    lacking[at.parent_pointer()].erase(at.back());
    if (at.to_string() == "/confinement") {  // older documents of this version have none
      EXPECT_EQ(parse_report(lacking.dump(), "r").confinement, "");
    } else {
      EXPECT_THAT(refusal_of(lacking.dump()), HasSubstr(at.to_string() + ": is missing"));
    }
    json other = whole;
    other[at] = whole[at].is_structured() ? json("text") : json::array();
    EXPECT_THAT(refusal_of(other.dump()), HasSubstr("is expected"));
    ++fields;
  });
  EXPECT_GT(fields, 200);
}

TEST(parse_report, refuses_words_and_numbers_that_are_none) {
  const auto refused = [](const char* pointer, const json& value) {
    return refusal_of(changed([&](json& d) { d[json::json_pointer{pointer}] = value; }));
  };
  EXPECT_EQ(refused("/verdict", "fine"), "report.json: /verdict: a verdict is expected, found \"fine\"");
  EXPECT_THAT(refused("/artifacts/1/findings/0/severity", "fatal"), HasSubstr("a severity is expected"));
  EXPECT_THAT(refused("/artifacts/2/members/0/type", "hard_link"), HasSubstr("a type of member"));
  EXPECT_THAT(refused("/artifacts/2/members/0/mode", "0999"), HasSubstr("octal"));
  EXPECT_THAT(refused("/artifacts/2/members/0/mode", "77777"), HasSubstr("octal"));
  EXPECT_THAT(refused("/artifacts/2/members/0/mode", ""), HasSubstr("octal"));
  EXPECT_THAT(refused("/exit_code", 256), HasSubstr("an exit code"));
  EXPECT_THAT(refused("/started", "yesterday"), HasSubstr("a moment"));
  EXPECT_THAT(refused("/artifacts/0/size", -1), HasSubstr("/artifacts/0/size: a whole number from 0"));
}

TEST(parse_report, refuses_a_summary_that_was_made_to_look_better) {
  for (const char* key : {"errors", "unsound", "artifacts", "bytes_read"}) {
    EXPECT_THAT(refusal_of(changed([&](json& d) { d["summary"][key] = 0; })),
                HasSubstr(fmt::format("/summary/{}: at least", key)));
  }
}

// What follows asks an independent judge: python3-jsonschema, through tests/report/validate.py.
class report_schema_test : public testing::Test {
 protected:
  report_schema_test() {
    std::string name = (fs::temp_directory_path() / "report_schema.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
    folder_ = name;
  }
  ~report_schema_test() override { fs::remove_all(folder_); }

  std::string add(const std::string& document) {
    const fs::path path = folder_ / fmt::format("{:04}.json", files_++);
    std::ofstream{path, std::ios::binary} << document;
    return path.string();
  }

  /// Exit code and output of validating all that was added.
  std::pair<int, std::string> validate() {
    const fs::path here = fs::path{knowngood_source()} / "tests/report";
    const std::string command =
        fmt::format("/usr/bin/python3 '{}' '{}' '{}'/*.json 2>&1", (here / "validate.py").string(),
                    (here / "../../docs/schema/audit-report-1.schema.json").string(), folder_.string());
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error{"popen"};
    std::string output;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) output += static_cast<char>(c);
    const int status = ::pclose(pipe);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
  }

  /// Each document is refused, and for a reason that names `pointer`.
  void expect_refused(const std::vector<std::pair<std::string, std::string>>& documents_and_pointers) {
    std::vector<std::string> reasons;
    for (const auto& [document, pointer] : documents_and_pointers) reasons.push_back(add(document) + ": " + pointer);
    const auto [code, output] = validate();
    EXPECT_EQ(code, 1) << output;
    for (const auto& reason : reasons) EXPECT_THAT(output, HasSubstr(reason));
  }

  fs::path folder_;
  int files_ = 0;
};

TEST_F(report_schema_test, accepts_every_kind_of_report) {
  report dated = samples::full();
  dated.artifacts[0].modified = moment{std::chrono::seconds{std::numeric_limits<std::int64_t>::max()}};
  dated.artifacts[2].members[0].modified = std::numeric_limits<double>::infinity();
  dated.components[0].age_seconds = -5;
  for (const auto& r : {samples::empty(), samples::sound(1), samples::sound(40), samples::full(), samples::hostile(),
                        samples::interrupted(), dated}) {
    add(to_json(r));
  }
  add(changed([](json& d) {  // the first version
    d["schema"] = "knowngood/audit-report/1";
    for (const char* key : {"estate", "strict", "limited_to", "simulated"}) d.erase(key);
  }));
  add(changed([](json& d) {  // a minor version to come
    d["schema"] = "knowngood/audit-report/1.3";
    d["signed_by"] = "x";
    d["artifacts"][0]["copies"] = json::array();
  }));
  const auto [code, output] = validate();
  EXPECT_EQ(code, 0) << output;
  EXPECT_EQ(output, "");
}

TEST_F(report_schema_test, refuses_a_document_that_lacks_any_field) {
  const json whole = json::parse(to_json(samples::full()));
  std::vector<std::pair<std::string, std::string>> documents;
  each_pointer(whole, json::json_pointer{}, [&](const json::json_pointer& at) {
    if (at.to_string().find("/digests/") != std::string::npos) return;
    if (at.to_string() == "/confinement") return;  // older documents of this version have none
    json lacking = whole;
    lacking[at.parent_pointer()].erase(at.back());
    const std::string inside = at.parent_pointer().empty() ? "/" : at.parent_pointer().to_string();
    documents.emplace_back(lacking.dump(), fmt::format("{}: '{}' is a required property", inside, at.back()));
  });
  ASSERT_GT(documents.size(), 200U);
  expect_refused(documents);
}

TEST_F(report_schema_test, refuses_what_no_report_may_say) {
  std::vector<std::pair<std::string, std::string>> documents;
  const auto with = [&](const std::string& pointer, const json& value, const std::string& named = {}) {
    documents.emplace_back(changed([&](json& d) { d[json::json_pointer{pointer}] = value; }),
                           named.empty() ? pointer : named);
  };
  with("/schema", "knowngood/audit-report/2");
  with("/schema", "knowngood/audit-report/11");
  with("/verdict", "fine");
  with("/exit_code", 7);
  with("/started", "2025-12-04 03:00:00");
  with("/started", "2025-13-04T03:00:00Z");
  with("/complete", "yes");
  with("/policy/sha256", "ABC");
  with("/strict", 1);
  with("/simulated", nullptr);
  with("/limited_to", "logs");
  with("/estate", "");
  with("/summary/errors", -1);
  with("/findings/0/check", "Gzip CRC");
  with("/findings/0/severity", "fatal");
  with("/findings/0/expected", "", "/findings/0/expected");
  with("/findings/0/extra", 1, "/findings/0");
  with("/artifacts/0/size", "248 MiB");
  with("/artifacts/0/seconds", -1);
  with("/artifacts/0/digests/SHA256", "abc");
  with("/artifacts/0/digests/MD5", "XYZ");
  with("/artifacts/0/tables/0/fingerprint", "12");
  with("/artifacts/0/tables/0/rows", 1.5);
  with("/artifacts/2/members/0/mode", "rw-r--r--");
  with("/artifacts/2/members/0/type", "hard_link");
  with("/artifacts/2/refs/0/object", "main");
  with("/artifacts/0/findings/0/where/offset", -1, "/artifacts/0/findings/0");
  expect_refused(documents);
}

TEST_F(report_schema_test, refuses_a_silent_pass) {
  const json error = json::parse(to_json(samples::full()))["artifacts"][1]["findings"][1];
  const auto of = [](const report& r, const std::function<void(json&)>& change) {
    json document = json::parse(to_json(r));
    change(document);
    return document.dump();
  };
  report none = samples::empty();
  none.exit_code = 0;
  none.verdict = verdict::sound;
  const auto add_error = [&](json& d) { d["artifacts"][0]["findings"].push_back(error); };
  expect_refused({
      {of(samples::sound(2), add_error), "/artifacts/0/findings"},
      {of(samples::sound(2), [&](json& d) { d["findings"].push_back(error); }), "/findings"},
      {of(samples::sound(2), [](json& d) { d["complete"] = false; }), "/complete"},
      {of(samples::sound(2), [](json& d) { d["verdict"] = "unchecked"; }), "/verdict"},
      {of(samples::sound(2), [](json& d) { d["summary"]["errors"] = 1; }), "/summary/errors"},
      {of(samples::full(), [](json& d) { d["artifacts"][3]["verdict"] = "sound"; }), "/artifacts/3/unchecked"},
      {of(samples::full(), [](json& d) { d["components"][1]["verdict"] = "sound"; }), "/components/1/findings"},
      {of(samples::full(), [](json& d) { d["verdict"] = "sound"; }), "/summary/errors"},
      {to_json(none), "/artifacts"},
  });
}

TEST_F(report_schema_test, refuses_what_is_not_json) {
  const std::string document = to_json(samples::sound(1));
  expect_refused({{document.substr(0, document.size() / 2), ""},
                  {"", ""},
                  {R"({"verdict": "unsound", "verdict": "sound"})", "a key is there twice"},
                  {R"({"seconds": NaN})", "NaN is not JSON"},
                  {"\"\xff\"", ""}});
}

}  // namespace report_json_test
