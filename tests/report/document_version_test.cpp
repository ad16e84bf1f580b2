#include "knowngood/report/document_version.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace document_version_test {

using namespace knowngood;
using testing::AllOf;
using testing::HasSubstr;

std::string read(const nlohmann::ordered_json& document) {
  try {
    return require_version(json_reader{document, "line"}, "knowngood/ledger-line/1");
  } catch (const usage_error& error) {
    return std::string{"refused: "} + error.what();
  }
}

TEST(document_version, reads_its_major_version_with_any_minor_one) {
  for (const char* schema : {"knowngood/ledger-line/1", "knowngood/ledger-line/1.0", "knowngood/ledger-line/1.12",
                             "knowngood/ledger-line/1.2.3"}) {
    EXPECT_EQ(read({{"schema", schema}}), schema);
  }
}

TEST(document_version, says_what_reads_another_major_version) {
  for (const char* schema : {"knowngood/ledger-line/2", "knowngood/ledger-line/11", "knowngood/ledger-line/10.1",
                             "knowngood/ledger-line/", "knowngood/ledger-line/1.", "knowngood/ledger-line/1..2",
                             "knowngood/ledger-line/1.x", "knowngood/ledger-line/1 ", "knowngood/ledger-line/1.2."}) {
    EXPECT_THAT(read({{"schema", schema}}),
                AllOf(HasSubstr(fmt::format("refused: is a {}", schema)), HasSubstr("newer")));
  }
}

TEST(document_version, refuses_another_document) {
  EXPECT_THAT(read({{"schema", "knowngood/audit-report/1"}}), HasSubstr("\"knowngood/ledger-line/1\" is expected"));
  EXPECT_THAT(read({{"schema", 1}}), HasSubstr("text is expected"));
  EXPECT_THAT(read(nlohmann::ordered_json::object()), HasSubstr("/schema: is missing"));
}

}  // namespace document_version_test
