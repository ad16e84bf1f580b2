#include "knowngood/verify/artifact_collector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace artifact_collector_test {

using namespace knowngood;
using testing::ElementsAre;

finding at(const check& what, const std::string& member, severity worth, std::optional<std::uint64_t> offset = {}) {
  location where = location{"a.tar"} / member;
  finding one = make_finding(what, offset ? where.at(*offset) : where, "it is wrong");
  one.severity = worth;
  return one;
}

std::vector<std::string> delivered(artifact_collector& all) {
  artifact_report report;
  all.deliver(report);
  std::vector<std::string> text;
  for (const auto& one : report.findings) {
    text.push_back(fmt::format("{} {} {}", to_string(one.severity), one.check, one.where.to_string()));
  }
  return text;
}

TEST(artifact_collector, delivers_the_worst_first_and_each_kind_by_place) {
  artifact_collector all{10};
  all.report(at(checks::tar_header, "b", severity::note));
  all.report(at(checks::gzip_crc32, "b", severity::error, 10));
  all.report(at(checks::gzip_crc32, "b", severity::error, 9));
  all.report(at(checks::gzip_length, "a", severity::warning));
  all.report(at(checks::gzip_crc32, "a", severity::error));
  EXPECT_TRUE(all.has_error());
  EXPECT_THAT(delivered(all), ElementsAre("error gzip.crc32 a.tar » a", "error gzip.crc32 a.tar » b at byte 9",
                                          "error gzip.crc32 a.tar » b at byte 10", "warning gzip.length a.tar » a",
                                          "note tar.header a.tar » b"));
}

TEST(artifact_collector, keeps_what_is_said_twice_once) {
  artifact_collector all{10};
  for (int i = 0; i < 2; ++i) {
    all.report(at(checks::tar_header, "b", severity::error));
    all.unchecked(location{"a.tar"}, "encrypted", "decrypt it");
  }
  artifact_report report;
  all.deliver(report);
  EXPECT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.unchecked.size(), 1U);
}

TEST(artifact_collector, bounds_what_is_alike_and_says_so_at_the_outermost_place) {
  artifact_collector all{10};
  for (std::size_t i = 0; i < artifact_collector::most_alike + 30; ++i) {
    all.report(at(checks::tar_header, fmt::format("{:03}", i), severity::error));
    if (i + 1 == artifact_collector::most_alike) {
      EXPECT_FALSE(all.any([](const finding& one) { return one.message.starts_with("and more"); }));
    }
  }
  artifact_report report;
  all.deliver(report);
  ASSERT_EQ(report.findings.size(), artifact_collector::most_alike + 1);
  EXPECT_EQ(report.findings.front().message, "and more of the same, not shown");
  EXPECT_EQ(report.findings.front().where.to_string(), "a.tar");
  EXPECT_EQ(report.findings.front().severity, severity::error);
}

TEST(artifact_collector, loses_no_error_among_notes_of_the_same_check) {
  artifact_collector all{10};
  for (std::size_t i = 0; i < 2 * artifact_collector::most_alike; ++i) {
    all.report(at(checks::tar_header, fmt::format("{:03}", i), severity::note));
  }
  ASSERT_FALSE(all.has_error());
  all.report(at(checks::tar_header, "x", severity::error));
  EXPECT_TRUE(all.has_error());
  EXPECT_EQ(delivered(all).front(), "error tar.header a.tar » x");
}

TEST(artifact_collector, bounds_members_and_facts_and_tells) {
  artifact_collector all{2};
  for (const char* name : {"a", "b"}) {
    member_fact member;
    member.name = name;
    all.learn(member);
  }
  EXPECT_TRUE(all.members_complete());
  all.learn(member_fact{});
  EXPECT_FALSE(all.members_complete());
  EXPECT_EQ(all.members().size(), 2U);
  for (std::size_t i = 0; i < artifact_collector::most_facts + 3; ++i) all.learn(ref_fact{});
  artifact_report report;
  report.path = "a.tar";
  all.deliver(report);
  EXPECT_EQ(report.refs.size(), artifact_collector::most_facts);
  ASSERT_EQ(report.properties.size(), 1U);
  EXPECT_EQ(report.properties[0].name, "facts_not_kept");
  EXPECT_EQ(report.properties[0].value, "3");
}

TEST(artifact_collector, makes_notes_of_an_applications_content_and_not_of_how_it_was_stored) {
  artifact_collector all{10};
  all.report(at(checks::gzip_crc32, "a", severity::error));
  all.report(at(checks::checksum_mismatch, "a", severity::error));
  all.report(at(checks::file_changed, "a", severity::error));
  all.unchecked(location{"a"}, "encrypted", "decrypt it");
  all.make_notes_of_content();
  artifact_report report;
  all.deliver(report);
  EXPECT_TRUE(report.unchecked.empty());
  ASSERT_EQ(report.findings.size(), 3U);
  EXPECT_EQ(report.findings[0].severity, severity::error);
  EXPECT_EQ(report.findings[1].severity, severity::error);
  EXPECT_EQ(report.findings[2].check, "gzip.crc32");
  EXPECT_EQ(report.findings[2].severity, severity::note);
}

}  // namespace artifact_collector_test
