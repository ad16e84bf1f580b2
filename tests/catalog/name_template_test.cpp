#include "knowngood/catalog/name_template.hpp"

#include <gtest/gtest.h>

#include "catalog/estate.hpp"

namespace name_template_test {

using namespace catalog_test;

TEST(name_template, makes_the_names_of_the_procedures) {
  const std::string name = "ner11_redis_data_20251204_030000.tar.gz";
  const auto said = name_pattern{"ner11_{series}_{timestamp}.tar.gz"}.match(name);
  ASSERT_TRUE(said);
  EXPECT_EQ(name_template{"{name}.sha256"}.expand(name, *said), name + ".sha256");
  EXPECT_EQ(name_template{"{stem}_manifest.json"}.expand(name, *said),
            "ner11_redis_data_20251204_030000_manifest.json");
  EXPECT_EQ(name_template{"sums/{series}-{timestamp}.txt"}.expand(name, *said), "sums/redis_data-20251204_030000.txt");
}

TEST(name_template, does_not_expand_what_it_has_expanded) {
  const std::string name = "x_{name}_20251204_030000.gz";
  const auto said = name_pattern{"x_{series}_{timestamp}.gz"}.match(name);
  ASSERT_TRUE(said);
  EXPECT_EQ(name_template{"{series}{timestamp}"}.expand(name, *said), "{name}20251204_030000");
}

TEST(name_template, says_what_is_wrong_with_a_name) {
  const std::vector<std::pair<std::string, std::string>> cases{{"", "must not be empty"},
                                                               {"/abs/{name}", "leads out"},
                                                               {"../{name}", "leads out"},
                                                               {"a/../../{name}", "leads out"},
                                                               {"..", "leads out"},
                                                               {"{nme}.sha256", "did you mean `{name}`?"},
                                                               {"{entirely else}", "there are {name}"},
                                                               {"{name", "without its `}`"},
                                                               {"checksums.txt", "the same for every artifact"},
                                                               {"{series}.sha256", "the same for every artifact"}};
  for (const auto& [text, expected] : cases) {
    const std::string message = mistake([&, wrong = text] { static_cast<void>(name_template{wrong}); });
    EXPECT_NE(message.find(expected), std::string::npos) << text << ": " << message;
  }
}

}  // namespace name_template_test
