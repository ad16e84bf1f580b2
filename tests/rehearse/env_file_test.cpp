#include "knowngood/rehearse/env_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace env_file_test {

using namespace knowngood;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct reading {
  std::set<std::string> names;
  std::vector<finding> findings;

  [[nodiscard]] std::vector<severity> severities() const {
    std::vector<severity> all;
    for (const auto& one : findings) all.push_back(one.severity);
    return all;
  }
  [[nodiscard]] std::string text() const {
    std::string all;
    for (const auto& one : findings)
      all += one.where.to_string() + ": " + one.message + " | " + one.expected + " | " + one.actual + "\n";
    return all;
  }
};

reading read(std::string_view text) {
  finding_list findings;
  reading got{read_env_file(text, location{"c.tar.gz"} / ".env", findings), {}};
  got.findings = findings.snapshot();
  return got;
}

TEST(env_file, reads_what_docker_compose_reads) {
  const reading got = read(
      "# a comment\n\nPLAIN=value with blanks # and a comment\nEMPTY=\nexport EXPORTED=1\n  INDENTED = x\nYAML: style\n"
      "SINGLE='it''s $HOME'\nESCAPED='it\\'s'\nDOUBLE=\"a \\\" b\\\\\" # "
      "c\nLINES=\"one\ntwo=2\n\"\nURL=postgres://u:p@h/d?x=y#z\n"
      "dotted.name-x=1\nLAST=no newline");
  EXPECT_THAT(got.names, ElementsAre("DOUBLE", "EMPTY", "ESCAPED", "EXPORTED", "INDENTED", "LAST", "LINES", "PLAIN",
                                     "SINGLE", "URL", "YAML", "dotted.name-x"));
  EXPECT_THAT(got.severities(), ElementsAre(severity::warning)) << "'it''s' is one value and something more\n"
                                                                << got.text();
  EXPECT_THAT(read("\xEF\xBB\xBF"
                   "A=1\r\nB=\"2\r\n3\"\r\n\r\n")
                  .names,
              ElementsAre("A", "B"))
      << "byte order mark, lines as Windows ends them";
  EXPECT_THAT(read("").findings, IsEmpty());
  EXPECT_THAT(read("#").findings, IsEmpty());
  EXPECT_THAT(read("exporter=1\nexport=2\n").names, ElementsAre("export", "exporter"));
}

TEST(env_file, finds_what_docker_compose_refuses) {
  const reading open = read("A=1\nSECRET=\"hunter2\nB=2\n");
  EXPECT_THAT(open.severities(), ElementsAre(severity::error));
  EXPECT_THAT(open.text(), HasSubstr("c.tar.gz » .env: line 2, column 8: a quote that is not closed"));
  EXPECT_THAT(read("A='x\\'").severities(), ElementsAre(severity::error));
  EXPECT_THAT(read("A=1\nB C=2\n").text(), HasSubstr("line 2, column 2: a character that no variable's name has"));
  EXPECT_THAT(read("  =2\n").text(), HasSubstr("line 1, column 3: a line that begins without a name"));
  EXPECT_THAT(read("export \nA=1").text(), HasSubstr("export of nothing"));
  EXPECT_THAT(read(std::string_view{"A=1\0B", 5}).text(), HasSubstr("column 4: a zero byte"));
  EXPECT_THAT(read("<<<<<<< HEAD\nA=1\n").severities(), ElementsAre(severity::error));
  EXPECT_THAT(read("INHERITED\nA=1\n").severities(), ElementsAre(severity::note));
}

TEST(env_file, never_shows_a_value) {
  const reading got = read(
      "KEY=-----BEGIN hunter2-----\nhunter2hunter2/hunter2+\nhunter2\nhunter2 hunter2=hunter2\nX=\"hunter2\" "
      "hunter2\nY='hunter2\n");
  EXPECT_EQ(got.findings.size(), 5U);
  EXPECT_THAT(got.text(), Not(HasSubstr("hunter2")));
}

TEST(env_file, lists_some_lines_and_counts_the_rest) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "a b\n";
  const reading got = read(text);
  EXPECT_EQ(got.findings.size(), 21U);
  EXPECT_EQ(got.findings.back().actual, "100000 found");
}

}  // namespace env_file_test
