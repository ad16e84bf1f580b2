#include "knowngood/rehearse/compose_variables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace compose_variables_test {

using namespace knowngood;

std::string uses(std::string_view value) {
  std::string all;
  const bool good = for_each_variable(value, [&](std::string_view name, variable_use use) {
    all += std::string{name} + (use == variable_use::plain ? "" : use == variable_use::required ? "!" : "?") + " ";
  });
  return good ? all : all + "refused";
}

TEST(compose_variables, are_found_in_every_form) {
  EXPECT_EQ(uses("nothing"), "");
  EXPECT_EQ(uses("$A/${B}:${C_1}x$d"), "A B C_1 d ");
  EXPECT_EQ(uses("${A:-x}${B-}${C:+y}${D+z}"), "A? B? C? D? ");
  EXPECT_EQ(uses("${A:?why}${B?}${C:?{}}"), "A! B! C! ");
  EXPECT_EQ(uses("${A:-${B:-$C}}$D"), "A? B? C D ");
  EXPECT_EQ(uses("a$$b$${c}$$$D"), "D ");
  EXPECT_EQ(uses("${A:-{\"json\": 1}"), "A? ");
}

TEST(compose_variables, are_refused_where_compose_refuses_them) {
  for (const char* text : {"$", "a$", "$ x", "$1", "cost: 5$.", "${", "${A", "${}", "${1}", "${A B}", "${A:}",
                           "${A:=x}", "${A:-${B}", "${A:-$}", "${-x}"}) {
    EXPECT_THAT(uses(text), testing::HasSubstr("refused")) << text;
  }
  std::string deep = "x";
  for (int i = 0; i < 10'000; ++i) deep = "${A:-" + deep + "}";
  EXPECT_THAT(uses(deep), testing::HasSubstr("refused"));
}

}  // namespace compose_variables_test
