#include "restorable/audit/document_version.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace restorable;
using testing::AllOf;
using testing::HasSubstr;

std::string read(const nlohmann::ordered_json& document) {
  try {
    return require_version(json_reader{document, "line"}, "restorable/ledger-line/1");
  } catch (const usage_error& error) {
    return std::string{"refused: "} + error.what();
  }
}

TEST(document_version, reads_its_major_version_with_any_minor_one) {
  for (const char* schema : {"restorable/ledger-line/1", "restorable/ledger-line/1.0", "restorable/ledger-line/1.12",
                             "restorable/ledger-line/1.2.3"}) {
    EXPECT_EQ(read({{"schema", schema}}), schema);
  }
}

TEST(document_version, says_what_reads_another_major_version) {
  for (const char* schema : {"restorable/ledger-line/2", "restorable/ledger-line/11", "restorable/ledger-line/10.1",
                             "restorable/ledger-line/", "restorable/ledger-line/1.", "restorable/ledger-line/1..2",
                             "restorable/ledger-line/1.x", "restorable/ledger-line/1 ", "restorable/ledger-line/1.2."}) {
    EXPECT_THAT(read({{"schema", schema}}), AllOf(HasSubstr(fmt::format("refused: is a {}", schema)), HasSubstr("newer")));
  }
}

TEST(document_version, refuses_another_document) {
  EXPECT_THAT(read({{"schema", "restorable/audit-report/1"}}), HasSubstr("\"restorable/ledger-line/1\" is expected"));
  EXPECT_THAT(read({{"schema", 1}}), HasSubstr("text is expected"));
  EXPECT_THAT(read(nlohmann::ordered_json::object()), HasSubstr("/schema: is missing"));
}

}  // namespace
