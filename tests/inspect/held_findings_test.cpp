#include "knowngood/inspect/held_findings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/base/checks.hpp"

namespace held_findings_test {

using namespace knowngood;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct listener final : sink {
  std::vector<std::string> recorded;
  void report(finding what) override {
    recorded.push_back(std::string{to_string(what.severity)} + " " + what.check + " @ " + what.where.to_string());
  }
  void unchecked(location where, std::string, std::string) override {
    recorded.push_back("unchecked " + where.to_string());
  }
  void learn(property_fact fact) override { recorded.push_back("property " + fact.name); }
  void learn(table_fact) override {}
  void learn(ref_fact) override {}
  void learn(member_fact) override {}
  void learn(embedded_text_fact) override {}
  void learn(nested_backup_fact fact) override { recorded.push_back("full backup " + fact.where.to_string()); }
};

TEST(held_findings, wait_until_it_is_known_whose_they_are) {
  listener out;
  held_findings held{out};
  for (const std::string member : {"mine", "theirs"}) {
    auto inside = held.within(member, false);
    inside.report(make_finding(checks::gzip_truncated, location{member}, ""));
    inside.unchecked(location{member}, "", "");
    inside.learn(property_fact{location{member}, "p", "v"});
    inside.learn(nested_backup_fact{location{member}, {}, {}});
    held.broken_promise(member, false, make_finding(checks::file_kind, location{member}, ""));
  }
  EXPECT_THAT(out.recorded, ElementsAre("property p", "property p")) << "facts do not wait";
  out.recorded.clear();
  held.release([](std::string_view member) { return member == "mine"; });
  EXPECT_THAT(out.recorded, ElementsAre("error gzip.truncated @ mine", "unchecked mine", "full backup mine",
                                        "error file.kind @ mine", "note gzip.truncated @ theirs"));
  out.recorded.clear();
  held.release([](std::string_view) { return true; });
  EXPECT_THAT(out.recorded, IsEmpty()) << "once";
}

TEST(held_findings, of_what_is_known_to_be_content_are_notes_whoever_owns_it) {
  listener out;
  held_findings held{out};
  held.within("m", true).report(make_finding(checks::gzip_truncated, location{"m"}, ""));
  held.within("m", true, true).report(make_finding(checks::gzip_header, location{"m"}, ""));
  held.release([](std::string_view) { return true; });
  EXPECT_THAT(out.recorded, ElementsAre("note gzip.truncated @ m"));
}

TEST(held_findings, beyond_what_is_kept_are_said_to_be_more) {
  listener out;
  held_findings held{out};
  auto inside = held.within("m", false);
  for (std::uint64_t i = 0; i < 30'000; ++i)
    inside.report(make_finding(checks::gzip_truncated, location{"m"}.at(i), ""));
  held.release([](std::string_view) { return false; });
  EXPECT_EQ(out.recorded.size(), 20'001U);
  EXPECT_EQ(out.recorded.back(), "unchecked ");
}

}  // namespace held_findings_test
