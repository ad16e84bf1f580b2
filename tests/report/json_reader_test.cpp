#include "knowngood/report/json_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "knowngood/base/severity.hpp"

namespace json_reader_test {

using namespace knowngood;
using testing::HasSubstr;

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const usage_error& error) {
    return error.what();
  }
  return "not refused";
}

std::string refusal_of(std::string_view json) {
  return refusal([&] { static_cast<void>(parse_json(json, "r.json")); });
}

TEST(parse_json, takes_json_and_nothing_else) {
  EXPECT_EQ(parse_json(R"( {"a": [1, {"a": null}], "b": {"a": 1}} )", "r.json")["a"][0], 1);
  EXPECT_EQ(refusal_of(""), "r.json: not JSON, or cut short, at byte 0 of 0");
  EXPECT_THAT(refusal_of(R"({"a": 1)"), HasSubstr("cut short"));
  EXPECT_THAT(refusal_of(R"({"a": 1} x)"), HasSubstr("at byte 9"));
  EXPECT_THAT(refusal_of(R"({"a": 01})"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal_of("{\"a\": \"\xff\"}"), HasSubstr("not JSON")) << "JSON is UTF-8";
  EXPECT_THAT(refusal_of("{\"a\": \"\x1b\"}"), HasSubstr("not JSON")) << "control characters are escaped in JSON";
  EXPECT_THAT(refusal_of(R"({"a": NaN})"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal_of(R"({"a": 1e999})"), HasSubstr("out of range"));
}

TEST(parse_json, refuses_a_key_that_is_there_twice) {
  EXPECT_EQ(refusal_of(R"({"verdict": "unsound", "verdict": "sound"})"),
            "r.json: the key \"verdict\" is there twice in one object");
  EXPECT_THAT(refusal_of(R"([{"x": {"b": 1, "c": [{"d": 1}], "b": 2}}])"), HasSubstr("\"b\" is there twice"));
  EXPECT_THAT(refusal_of(R"({"a": 1, "\u0061": 2})"), HasSubstr("twice")) << "however it is spelt";
}

TEST(parse_json, does_not_fall_over_depth) {
  const std::string deep = std::string(500'000, '[') + std::string(500'000, ']');
  EXPECT_NO_THROW((void)parse_json(deep, "deep"));
  EXPECT_THAT(refusal_of(std::string(500'000, '[')), HasSubstr("cut short"));
}

class json_reader_test : public testing::Test {
 protected:
  const nlohmann::ordered_json document_ = nlohmann::ordered_json::parse(R"({
    "text": "caf\ufffd\\xe9", "empty": "", "null": null, "yes": true, "zero": 0, "minus": -5, "float": 5.0,
    "fraction": 5.5, "large": 18446744073709551615, "huge": 1e300, "moment": "2025-12-04T02:00:00Z", "at": "@5",
    "date": "2025-12-04", "verdict": "unsound", "array": [1, "x"], "object": {"a": 1}})");
  const json_reader in_{document_, "r.json"};
};

TEST_F(json_reader_test, reads_what_is_there) {
  EXPECT_EQ(in_["text"].text(), "caf\xe9");
  EXPECT_EQ(in_["null"].text_or_null(), "");
  EXPECT_EQ(in_["text"].text_or_null(), "caf\xe9");
  EXPECT_TRUE(in_["yes"].truth());
  EXPECT_EQ(in_["zero"].count(), 0U);
  EXPECT_EQ(in_["large"].count(), 18446744073709551615U);
  EXPECT_EQ(in_["float"].count(), 5U);
  EXPECT_EQ(in_["minus"].whole(), -5);
  EXPECT_EQ(in_["float"].whole(), 5);
  EXPECT_EQ(in_["fraction"].number(), 5.5);
  EXPECT_EQ(to_rfc3339(in_["moment"].at()), "2025-12-04T02:00:00Z");
  EXPECT_EQ(in_["verdict"].word(parse_verdict, "a verdict"), verdict::unsound);
  EXPECT_EQ(in_["null"].optional([](const json_reader& v) { return v.count(); }), std::nullopt);
  EXPECT_EQ(in_["zero"].optional([](const json_reader& v) { return v.count(); }), 0U);
}

TEST_F(json_reader_test, says_what_is_wrong_and_where) {
  const auto refused = [&](auto read) { return refusal([&] { static_cast<void>(read()); }); };
  EXPECT_EQ(refused([&] { return in_["missing"].text(); }), "r.json: /missing: is missing");
  EXPECT_EQ(refused([&] { return in_["object"]["b"].text(); }), "r.json: /object/b: is missing");
  EXPECT_EQ(refused([&] { return in_["object"]["a"].text(); }), "r.json: /object/a: text is expected, found 1");
  EXPECT_EQ(refused([&] { return in_["array"]["a"].text(); }), "r.json: /array: an object is expected, found an array");
  EXPECT_EQ(refused([&] { return in_["null"].text(); }), "r.json: /null: text is expected, found null");
  EXPECT_THAT(refused([&] { return in_["yes"].count(); }), HasSubstr("a whole number from 0 is expected, found true"));
  EXPECT_THAT(refused([&] { return in_["zero"].truth(); }), HasSubstr("true or false is expected, found 0"));
  EXPECT_THAT(refused([&] { return in_["minus"].count(); }), HasSubstr("found -5"));
  EXPECT_THAT(refused([&] { return in_["fraction"].count(); }), HasSubstr("found 5.5"));
  EXPECT_THAT(refused([&] { return in_["huge"].count(); }), HasSubstr("1e+300"));
  EXPECT_THAT(refused([&] { return in_["large"].whole(); }), HasSubstr("smaller"));
  EXPECT_THAT(refused([&] { return in_["at"].at(); }), HasSubstr("a moment such as"));
  EXPECT_THAT(refused([&] { return in_["date"].at(); }), HasSubstr("found \"2025-12-04\""));
  EXPECT_THAT(refused([&] { return in_["text"].word(parse_verdict, "a verdict"); }), HasSubstr("a verdict is exp"));
  EXPECT_EQ(refused([&] {
              in_["array"].each([](const json_reader& v) { static_cast<void>(v.count()); });
              return 0;
            }),
            "r.json: /array/1: a whole number from 0 is expected, found \"x\"");
}

TEST(json_reader, never_prints_what_a_terminal_would_obey) {
  const auto document = nlohmann::ordered_json::parse(R"({"a": "\u001b[2J\u009b"})");
  const std::string message = refusal([&] { static_cast<void>(json_reader{document, "\x1b"}["a"].count()); });
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
  EXPECT_EQ(message.find("\xc2\x9b"), std::string::npos);
}

}  // namespace json_reader_test
