#include "knowngood/ledger/ledger_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"
#include "knowngood_source.hpp"
#include "report/sample_reports.hpp"

namespace ledger_line_test {

using namespace knowngood;
using json = nlohmann::ordered_json;
using testing::HasSubstr;

const location where{"ledger.jsonl"};

ledger_entry sample() {
  ledger_entry entry;
  entry.sequence = 7;
  entry.recorded = *parse_moment("2025-12-04T03:01:12Z");
  const report of = samples::sound(2);
  entry.about = make_claim(of, to_json(of));
  entry.report = ledger_report_path(entry.about);
  entry.signature = std::string(64, 'b');
  entry.previous = std::string(64, 'c');
  return entry;
}

// A name for the document: what items() goes through must outlive the loop.
const json& sample_line() {
  static const json line = json::parse(to_json(sample()));
  return line;
}

std::string refusal(const std::string& line) {
  try {
    static_cast<void>(parse_ledger_line(line, where));
  } catch (const stream_error& error) {
    EXPECT_EQ(error.as_finding().check, "ledger.line");
    return error.what();
  }
  return "read";
}

std::string refusal_with(const std::string& key, const json& value) {
  json document = json::parse(to_json(sample()));
  document[key] = value;
  return refusal(document.dump());
}

TEST(ledger_line, gives_an_entry_back_as_it_was) {
  ledger_entry entry = sample();
  EXPECT_EQ(parse_ledger_line(to_json(entry), where), entry);
  entry.signature.reset();
  entry.recovered = true;
  entry.about.complete = false;
  entry.about.exit_code = 143;
  entry.about.verdict = verdict::unsound;
  entry.sequence = UINT64_MAX;
  EXPECT_EQ(parse_ledger_line(to_json(entry), where), entry);
  EXPECT_EQ(to_json(entry).find('\n'), std::string::npos);
  EXPECT_LT(to_json(entry).size(), 1000U);
}

TEST(ledger_line, has_one_order_of_keys) {
  std::string keys;
  for (const auto& [key, value] : sample_line().items()) keys += key + " ";
  EXPECT_EQ(keys,
            "schema sequence recorded tool started finished verdict exit_code complete report bytes sha256 "
            "signature recovered previous ");
}

TEST(ledger_line, keeps_a_report_under_its_date_and_digest) {
  report_claim about = sample().about;
  about.sha256 = "0123456789abcdef" + std::string(48, '0');
  EXPECT_EQ(ledger_report_path(about), "reports/2025/12/04/verify-20251204T030000Z-0123456789ab.json");
}

TEST(ledger_line, knows_the_form_of_its_paths) {
  const std::string path = "reports/2025/12/04/verify-20251204T030000Z-0123456789ab.json";
  EXPECT_TRUE(is_ledger_report_path(path));
  EXPECT_TRUE(is_ledger_report_path(sample().report));
  for (std::size_t at = 0; at < path.size(); ++at) {
    for (const char other : {'/', '.', 'Z', '\0'}) {
      std::string edited = path;
      if (edited[at] == other) continue;
      edited[at] = other;
      EXPECT_FALSE(is_ledger_report_path(edited)) << edited;
    }
    EXPECT_FALSE(is_ledger_report_path(path.substr(0, at)));
    EXPECT_FALSE(is_ledger_report_path(path.substr(at + 1)));
  }
  for (const char* other : {"", "/etc/passwd", "reports/../../../etc/verify-20251204T030000Z-0123456789ab.json",
                            "reports/2025/12/05/verify-20251204T030000Z-0123456789ab.json",
                            "reports/2025/12/04/a/b-20251204T030000Z-0123456789ab.json",
                            "reports/2025/13/04/verify-20251304T030000Z-0123456789ab.json",
                            "reports/2025/12/04/../-20251204T030000Z-0123456789ab.json",
                            "/reports/2025/12/04/verify-20251204T030000Z-0123456789ab.json"}) {
    EXPECT_FALSE(is_ledger_report_path(other)) << other;
  }
}

TEST(ledger_line, refuses_every_line_that_is_cut_or_edited_in_its_form) {
  const std::string line = to_json(sample());
  ASSERT_EQ(refusal(line), "read");
  for (std::size_t length = 0; length < line.size(); ++length) EXPECT_NE(refusal(line.substr(0, length)), "read");
  for (const auto& other :
       {line + " ", " " + line, line + "\r", line + "{}", line + line, std::string{"null"}, std::string{"\0", 1}}) {
    EXPECT_NE(refusal(other), "read") << other;
  }
  json reordered = json::parse(line);
  reordered.erase("tool");
  reordered["tool"] = "verify";
  EXPECT_THAT(refusal(reordered.dump()), HasSubstr("was edited"));
  EXPECT_THAT(refusal_with("more", 1), HasSubstr("was edited")) << "this version has no such field";
  std::string twice = line;
  twice.insert(twice.size() - 1, R"(,"verdict":"sound")");
  EXPECT_THAT(refusal(twice), HasSubstr("twice"));
}

TEST(ledger_line, refuses_what_no_line_says) {
  const std::vector<std::tuple<std::string, json>> wrong{{"sequence", 0},
                                                         {"sequence", -1},
                                                         {"sequence", 7.5},
                                                         {"recorded", "now"},
                                                         {"recorded", "2025-12-04"},
                                                         {"tool", "../x"},
                                                         {"tool", ""},
                                                         {"tool", "Verify"},
                                                         {"started", nullptr},
                                                         {"verdict", "fine"},
                                                         {"exit_code", 256},
                                                         {"complete", "true"},
                                                         {"report", "/etc/passwd"},
                                                         {"report", "reports/../x"},
                                                         {"bytes", "5"},
                                                         {"sha256", "ab"},
                                                         {"sha256", std::string(64, 'g')},
                                                         {"signature", ""},
                                                         {"recovered", nullptr},
                                                         {"previous", nullptr}};
  for (const auto& [key, value] : wrong) EXPECT_THAT(refusal_with(key, value), HasSubstr("/" + key + ": ")) << value;
  for (const auto& [key, value] : sample_line().items()) {
    json lacking = json::parse(to_json(sample()));
    lacking.erase(key);
    EXPECT_THAT(refusal(lacking.dump()), HasSubstr("/" + key + ": is missing"));
  }
  EXPECT_THAT(refusal_with("started", "2025-12-04T03:00:01Z"), HasSubstr("/report: ")) << "the path follows from it";
}

TEST(ledger_line, reads_a_newer_minor_version_and_refuses_a_newer_major_one) {
  json newer = json::parse(to_json(sample()));
  newer["schema"] = "knowngood/ledger-line/1.1";
  newer["witness"] = {{"name", "x"}};
  EXPECT_EQ(parse_ledger_line(newer.dump(), where), sample());
  EXPECT_THAT(refusal_with("schema", "knowngood/ledger-line/2"), HasSubstr("newer"));
}

TEST(ledger_line, is_what_its_schema_says) {
  const scratch_directory here;
  const std::string folder = knowngood_source();
  if (here.run("python3 -c 'import jsonschema'").status != 0) GTEST_SKIP() << "takes python3-jsonschema";
  const auto validate = [&](const std::string& names) {
    return here.run("python3 '" + folder + "/tests/report/validate.py' '" + folder +
                    "/docs/schema/ledger-line-1.schema.json' " + names + " 2>&1");
  };
  ledger_entry entry = sample();
  here.write("a.json", to_json(entry));
  entry.signature.reset();
  entry.recovered = true;
  entry.previous = ledger_beginning;
  entry.sequence = 1;
  here.write("b.json", to_json(entry));
  json newer = json::parse(to_json(sample()));
  newer["schema"] = "knowngood/ledger-line/1.1";
  newer["witness"] = "x";
  here.write("c.json", newer.dump());
  EXPECT_EQ(validate("a.json b.json c.json").output, "");
  const json whole = json::parse(to_json(sample()));
  std::string names;
  for (const auto& [key, value] : whole.items()) {
    json lacking = whole;
    lacking.erase(key);
    here.write("no-" + key, lacking.dump());
    json other = whole;
    other[key] = "no such thing";
    here.write("bad-" + key, other.dump());
    names += " no-" + key + " bad-" + key;
  }
  const std::string said = validate(names).output;
  for (const auto& [key, value] : whole.items()) {
    EXPECT_THAT(said, HasSubstr("no-" + key + ": /: '" + key + "' is a required"));
    EXPECT_THAT(said, HasSubstr("bad-" + key + ": /" + key + ": "));
  }
}

}  // namespace ledger_line_test
