#include "knowngood/report/json_lines.hpp"

#include <gtest/gtest.h>

namespace json_lines_test {

using namespace knowngood;
using json = nlohmann::ordered_json;

TEST(json_lines, stand_one_for_a_member_and_one_for_an_element) {
  const json document = {{"a", 1}, {"list", {{{"x", 1}}, {{"x", 2}}}}, {"none", json::array()}, {"object", {{"y", 3}}}};
  EXPECT_EQ(print_members(document, "  "),
            "  \"a\": 1,\n"
            "  \"list\": [\n"
            "    {\"x\":1},\n"
            "    {\"x\":2}\n"
            "  ],\n"
            "  \"none\": [],\n"
            "  \"object\": {\"y\":3}");
}

TEST(json_lines, mean_the_same_as_the_document) {
  const json document = {{"text", "quote \" and \\ and\nline"}, {"list", {"a", nullptr, true, 1.5}}};
  EXPECT_EQ(json::parse("{\n" + print_members(document, "") + "\n}"), document);
  EXPECT_EQ(print_members(json::object(), "  "), "");
}

}  // namespace json_lines_test
