#include "knowngood/catalog/policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "catalog/estate.hpp"
#include "knowngood_source.hpp"

namespace policy_test {

using namespace catalog_test;

std::filesystem::path docs() { return std::filesystem::path{knowngood_source()} / "docs"; }

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::runtime_error{"cannot read " + path.string()};
  return {std::istreambuf_iterator<char>{file}, {}};
}

const std::string head = "version = 1\n[estate]\nroot = \"/backups/ner11\"\n";

/// The mistakes in `text`, a line each, without the file's name.
std::vector<std::string> mistakes(const std::string& text) {
  const std::string all = mistake([&] { static_cast<void>(parse_policy(text, "p.toml")); });
  std::vector<std::string> lines;
  for (const std::string_view line : detail::split(all, '\n')) {
    if (all.empty()) break;
    EXPECT_TRUE(line.starts_with("p.toml:")) << line;
    lines.emplace_back(line.substr(std::min<std::size_t>(7, line.size())));
  }
  return lines;
}

TEST(policy, reads_the_smallest_one_with_its_defaults) {
  const policy plan = parse_policy(head + "[component.database]\nname = \"db_{timestamp}.gz\"\n", "p.toml");
  EXPECT_EQ(plan.estate.name, "ner11");
  EXPECT_EQ(plan.estate.zone.name(), "UTC");
  ASSERT_EQ(plan.components.size(), 1U);
  const component_policy& database = plan.components[0];
  EXPECT_EQ(database.name, "database");
  EXPECT_EQ(database.path, "database");
  EXPECT_EQ(database.kind, component_kind::any);
  EXPECT_FALSE(database.schedule.periodic());
  EXPECT_FALSE(database.max_age);
  EXPECT_EQ(database.grace, std::chrono::hours{2});
  EXPECT_TRUE(database.required);
  EXPECT_FALSE(database.verify_newest);
  EXPECT_FALSE(database.drill);
}

TEST(policy, reads_every_key) {
  const policy plan = parse_policy(R"(
version = 1
[estate]
name = "big"
root = "/srv"
time_zone = "Europe/Berlin"
ignore = "notes*"
[component.vol_1]
kind = "archive"
path = "/mnt/other"
name = ["a_{series}_{timestamp}.tar.gz", "a_{series}_{timestamp}.tar.zst"]
time_zone = "America/New_York"
schedule = "weekly sat 04:00"
max_age = "1w2d"
grace = "90m"
late_after = "30m"
early = "0s"
series = ["x", "y"]
min_size = "1 MiB"
size_drift = "12.5%"
size_history = 9
checksum = "{name}.sha256"
manifest = "{stem}.json"
manifest_kind = "models"
required = false
verify = 3
identical = "error"
ignore = ["x*", "y/"]
[component.vol_1.drill]
rto = "1h"
rpo = "1d"
source = "service=x"
capture = "{stem}_rows.json"
tolerance = { "public.a" = "2%", "public.b" = 10, "*" = 0 }
required_tables = ["public.a"]
required_files = [".env"]
required_refs = ["refs/heads/main"]
extensions = ["pgcrypto"]
repository = "/srv/git"
probe = "true"
probe_timeout = "10s"
allow_skip = ["amcheck"]
[[component.vol_1.drill.assertions]]
name = "one"
sql = "SELECT 1"
expect = "1"
)",
                                   "p.toml");
  EXPECT_EQ(plan.estate.name, "big");
  ASSERT_EQ(plan.estate.ignore.size(), 1U);
  const component_policy& all = plan.components.at(0);
  EXPECT_EQ(all.kind, component_kind::archive);
  EXPECT_EQ(all.names.size(), 2U);
  EXPECT_EQ(all.zone.name(), "America/New_York");
  EXPECT_EQ(all.schedule.zone().name(), "America/New_York");
  EXPECT_EQ(all.max_age, std::chrono::hours{9 * 24});
  EXPECT_EQ(all.grace, std::chrono::minutes{90});
  EXPECT_EQ(all.late_after, std::chrono::minutes{30});
  EXPECT_EQ(all.early, std::chrono::seconds{0});
  EXPECT_EQ(all.series, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(all.min_size, 1048576U);
  EXPECT_EQ(all.size_drift, 0.125);
  EXPECT_EQ(all.size_history, 9U);
  EXPECT_EQ(all.manifest_format, manifest_kind::models);
  EXPECT_FALSE(all.required);
  EXPECT_EQ(all.verify_newest, 3U);
  EXPECT_EQ(all.identical(), identical_content::error);
  EXPECT_EQ(all.ignore.size(), 2U);
  ASSERT_TRUE(all.drill);
  EXPECT_EQ(all.drill->rto, std::chrono::hours{1});
  EXPECT_EQ(all.drill->tolerance.at("public.a"), (row_tolerance{0, 0.02}));
  EXPECT_EQ(all.drill->tolerance.at("public.b"), (row_tolerance{10, 0}));
  EXPECT_EQ(all.drill->assertions, (std::vector<sql_assertion>{{"one", "SELECT 1", "1"}}));
  EXPECT_EQ(all.drill->probe_timeout, std::chrono::seconds{10});
}

TEST(policy, keeps_components_in_the_order_of_the_file) {
  const policy plan = parse_policy(
      head +
          "[component.b.drill]\nrto = \"1h\"\n[component.c]\nname = \"c_*\"\n[component.a]\nname = \"a_*\"\n"
          "[component.b]\nname = \"b_*\"\n",
      "p.toml");
  std::string order;
  for (const auto& component : plan.components) order += component.name;
  EXPECT_EQ(order, "bca");
}

TEST(policy, lists_ten_mistakes_in_ten_lines) {
  const auto found = mistakes(R"(version = 1
colour = "red"
[estate]
root = "/backups"
time_zone = "Europe/Berln"
[component.database]
kind = "postgres-dmp"
name = "ner11_db_{timestmp}.sql.gz"
schedule = "dayly 02:00"
max_aeg = "26h"
grace = "26 hours"
min_size = "1 megabyte"
size_drift = 50
verify = "newst"
)");
  const std::vector<std::string> expected{
      "2:1: unknown key `colour`: there are estate, component, gate, version",
      "5:13: estate.time_zone: unknown time zone `Europe/Berln`: did you mean `Europe/Berlin`?",
      "7:8: component.database.kind: `postgres-dmp` is unknown: did you mean \"postgres-dump\"?",
      "8:8: component.database.name: the pattern `ner11_db_{timestmp}.sql.gz` has the unknown placeholder "
      "`{timestmp}`: did you mean "
      "`{timestamp}`?",
      "9:12: component.database.schedule: `dayly 02:00` is no schedule: did you mean `daily 02:00`?",
      "10:1: unknown key `component.database.max_aeg`: did you mean `max_age`?",
      "11:9: component.database.grace: `26 hours` is no length of time: did you mean \"26h\"?",
      "12:12: component.database.min_size: `1 megabyte` is no size: did you mean \"1 MiB\"?",
      "13:14: component.database.size_drift: must be a share such as \"50%\", not the number 50: did you mean \"50%\"?",
      "14:10: component.database.verify: `newst` is unknown: did you mean \"newest\"?"};
  EXPECT_EQ(found, expected);
}

struct mistaken {
  std::string text;
  std::string expected;
};

TEST(policy, reports_each_mistake_once_with_its_line) {
  const std::string named = head + "[component.x]\nname = \"x_{timestamp}.gz\"\n";
  const std::string daily = named + "schedule = \"daily 02:00\"\n";
  const std::vector<mistaken> cases{
      {"", "the policy lacks `version`"},
      {"version = 2\n" + head.substr(12) + "[component.x]\nname = \"x\"\n",
       "1:11: version: this program reads version 1, not 2"},
      {"version = \"1\"\n" + head.substr(12) + "[component.x]\nname = \"x\"\n",
       "1:11: version: must be a whole number from 1, not the text `1`"},
      {"version = 1\n[component.x]\nname = \"x\"\n", "the policy lacks [estate]"},
      {"version = 1\nestate = 3\n[component.x]\nname = \"x\"\n", "2:10: the policy lacks [estate]"},
      {"version = 1\n[estate]\n[component.x]\nname = \"x\"\n", "2:1: [estate] lacks `root`"},
      {head, "the policy names no component"},
      {head + "[component]\n", "the policy names no component"},
      {head + "[component]\nname = \"x\"\n", "5:8: component.name: must be a table, not the text `x`"},
      {head + "[component.x]\n", "4:1: [component.x] lacks `name`"},
      {head + "[component.\"a b\"]\nname = \"x\"\n", "component name `a b`"},
      {head + "[component.x]\nname = []\n", "5:8: component.x.name: must not be empty"},
      {head + "[component.x]\nname = \"\"\n", "component.x.name: must not be empty"},
      {head + "[component.x]\nname = [\n\"ok_*\",\n3,\n]\n", "7:1: component.x.name: must be a text, not the number 3"},
      {head + "[components.x]\nname = \"x\"\n[component.y]\nname = \"y\"\n",
       "unknown key `components`: did you mean `component`?"},
      {head + "max_age = \"2h\"\n[component.x]\nname = \"x\"\n",
       "4:1: unknown key `estate.max_age`: `max_age` belongs in [component.NAME]"},
      {named + "rto = \"1h\"\n", "`rto` belongs in [component.NAME.drill]"},
      {named + "Max_Age = \"1h\"\n", "did you mean `max_age`?"},
      {named + "max_age = 26\n", "not the number 26: did you mean \"26h\"?"},
      {named + "max_age = \"\"\n", "must be a length of time"},
      {named + "max_age = \"0h\"\n", "must be longer than nothing"},
      {named + "max_age = \"-3h\"\n", "must be a length of time"},
      {named + "max_age = 2025-12-04\n", "not a date or time"},
      {named + "required = \"yes\"\n", "must be true or false"},
      {named + "min_size = -1\n", "must be a size"},
      {named + "min_size = []\n", "must be a size such as \"1 MiB\", \"250 MB\" or 4096, not a list"},
      {named + "size_drift = \"-5%\"\n", "must be a share"},
      {named + "size_drift = nan\n", "must be a share"},
      {named + "size_drift = \"50%\"\nsize_history = 0\n", "whole number from 1"},
      {named + "size_drift = \"50%\"\nsize_history = 2\n", "must be at least 3, not 2"},
      {named + "verify = 0\n", "whole number from 1"},
      {named + "verify = true\n", "\"all\", \"newest\" or a number"},
      {named + "identical = \"eror\"\n", "did you mean \"error\"?"},
      {named + "path = \"../elsewhere\"\n", "holds `..`"},
      {named + "path = \"~/backups\"\n", "not expanded"},
      {named + "manifest = \"list.txt\"\n", "the same for every artifact"},
      {named + "checksum = \"{series}{name}\"\n", "no {series} in `name`"},
      {named + "manifest = \"{stem}.json\"\n", "kind `any` has no usual manifest"},
      {named + "manifest_kind = \"models\"\n", "there is no `manifest`"},
      {named + "series = [\"a\"]\n", "no {series} in `name`"},
      {named + "late_after = \"1h\"\n", "means nothing without a `schedule`"},
      {named + "early = \"1h\"\n", "means nothing without a `schedule`"},
      {daily + "late_after = \"3h\"\n", "3h is longer than the grace of 2h"},
      {daily + "max_age = \"12h\"\n", "shorter than the 24h between two runs of the schedule `daily 02:00`"},
      {daily + "time_zone = \"Europe/Berlin\"\nmax_age = \"24h\"\n", "at least \"25h\""},
      {head + "[component.x]\nname = \"x_*\"\nmax_age = \"1h\"\n", "cannot be judged without a {timestamp}"},
      {head + "[component.x]\nname = \"x_*\"\ntime_zone = \"UTC\"\n",
       "time_zone: means nothing without a {timestamp} in `name` or a `schedule`"},
      {head + "[component.x]\nname = [\"x_{timestamp}\", \"y\"]\nschedule = \"hourly\"\n",
       "cannot be judged without a {timestamp} in every"},
      {head + "[component.x]\nname = \"{series}_{timestamp}\"\nseries = [\"a\", \"a\"]\n", "`a` stands there twice"},
      {head + "[component.x]\nname = \"{series}_{timestamp}\"\nchecksum = \"{timestamp}.sum\"\n",
       "the same for every series"},
      {named + "[component.y]\npath = \"x\"\nname = \"x_{timestamp}.gz\"\n",
       "8:8: component.y.name: `x_{timestamp}.gz` in `x` belongs to component.x already"},
      {named + "drill = 3\n", "component.x.drill: must be a table"},
      {named + "[component.x.drill]\nrt = \"1h\"\n", "unknown key `component.x.drill.rt`: did you mean `rto`?"},
      {named + "[component.x.drill]\ntolerance = \"many\"\n", "must be a share"},
      {named + "[component.x.drill]\ntolerance = { \"a.b\" = true }\n", "must be a number of rows or a share"},
      {named + "[component.x.drill]\nassertions = \"x\"\n", "must be a list of tables"},
      {named + "[component.x.drill]\nassertions = [{ name = \"a\" }]\n", "assertions[0]] lacks `sql`"},
      {head + "[component.x\nname = \"x\"\n", "4:"},
      {head + "[component.x]\nname = \"x\"\nname = \"y\"\n", "6:"},
      {head + "[component.x]\nname = \"\xff\"\n", "5:"},
  };
  for (const auto& one : cases) {
    const auto found = mistakes(one.text);
    const bool several = one.text.empty();
    EXPECT_TRUE(several || found.size() == 1) << found.size() << " mistakes in:\n"
                                              << one.text << "\n"
                                              << fmt::format("{}", fmt::join(found, "\n"));
    const bool said = std::any_of(found.begin(), found.end(),
                                  [&](const auto& line) { return line.find(one.expected) != std::string::npos; });
    EXPECT_TRUE(said) << one.expected << " is not said of:\n"
                      << one.text << "\nbut: " << fmt::format("{}", fmt::join(found, "\n"));
  }
}

TEST(policy, cut_anywhere_is_read_or_refused_and_never_anything_else) {
  const std::string whole = content_of(docs() / "examples" / "ner11.toml");
  const policy plan = parse_policy(whole, "p.toml");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    try {
      const policy cut = parse_policy(whole.substr(0, size), "p.toml");
      ASSERT_LE(cut.components.size(), plan.components.size());
    } catch (const usage_error& error) {
      ASSERT_TRUE(std::string{error.what()}.starts_with("p.toml:")) << error.what();
    }
  }
}

TEST(policy, the_example_is_the_estate_of_the_procedures) {
  const policy plan = load_policy((docs() / "examples" / "ner11.toml").string());
  EXPECT_EQ(plan.estate.root, "/backups/ner11");
  EXPECT_EQ(plan.text, content_of(docs() / "examples" / "ner11.toml"));
  const std::vector<std::pair<std::string, std::string>> names{
      {"database", "ner11_db_20251204_020000.sql.gz"},
      {"models", "models_20251204_100000.tar.gz"},
      {"repository", "ner11_repo_20251204.bundle"},
      {"configuration", "config_20251204_020000.tar.gz"},
      {"volumes", "ner11_postgres_data_20251204_030000.tar.gz"},
      {"logs", "logs_20251207_040000.tar.gz"},
      {"full-system", "full_system_20251207_050000.tar.gz"}};
  ASSERT_EQ(plan.components.size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(plan.components[i].name, names[i].first);
    const auto said = plan.components[i].names.at(0).match(names[i].second);
    ASSERT_TRUE(said && said->timestamp) << names[i].second;
  }
  const auto database = plan.components[0].names[0].match(names[0].second);
  EXPECT_EQ(plan.components[0].checksum->expand(names[0].second, *database), "ner11_db_20251204_020000.sql.gz.sha256");
  const auto models = plan.components[1].names[0].match(names[1].second);
  EXPECT_EQ(plan.components[1].checksum->expand(names[1].second, *models), "models_20251204_100000.sha256");
  EXPECT_EQ(plan.components[1].manifest->expand(names[1].second, *models), "models_20251204_100000_manifest.json");
  const auto configuration = plan.components[3].names[0].match(names[3].second);
  EXPECT_EQ(plan.components[3].manifest->expand(names[3].second, *configuration),
            "config_20251204_020000_manifest.txt");
  EXPECT_LT(plan.components[0].schedule.last_due(at("2025-12-04T03:00:00Z")).value() + plan.components[0].grace,
            at("2025-12-04T03:00:00Z"))
      << "the check at 03:00 judges the dump of 02:00";
}

TEST(policy, takes_a_relative_root_from_the_directory_of_its_file) {
  const estate scratch;
  std::ofstream{scratch.path("p.toml")} << "version = 1\n[estate]\nroot = \"backups\"\n[component.x]\nname = \"x\"\n";
  const policy plan = load_policy(scratch.path("p.toml"));
  EXPECT_EQ(plan.estate.root, scratch.path("backups"));
  EXPECT_EQ(plan.estate.name, "backups");
}

TEST(policy, that_cannot_be_read_is_a_mistake_of_the_caller) {
  const estate scratch;
  EXPECT_NE(mistake([&] { static_cast<void>(load_policy(scratch.path("none.toml"))); }).find("No such file"),
            std::string::npos);
  EXPECT_NE(mistake([&] { static_cast<void>(load_policy(scratch.root().string())); }).find("is a directory"),
            std::string::npos);
}

TEST(policy, identical_content_is_an_error_only_where_content_always_changes) {
  for (const auto& [word, kind] : component_kinds) {
    const policy plan =
        parse_policy(head + fmt::format("[component.x]\nname = \"x\"\nkind = \"{}\"\n", word), "p.toml");
    const bool changes = word == "postgres-dump" || word == "logs" || word == "full-system";
    EXPECT_EQ(plan.components[0].identical(), changes ? identical_content::error : identical_content::allow) << word;
  }
}

TEST(policy, refuses_to_accept_a_check_that_there_is_not) {
  const auto said = [](const std::string& id) {
    return mistake([&] {
      static_cast<void>(
          parse_policy(head + "[component.database]\nname = \"db_{timestamp}.gz\"\n[gate]\naccepted = [{ check = \"" +
                           id + "\", reason = \"r\", until = \"2026-12-31\" }]\n",
                       "p.toml"));
    });
  };
  EXPECT_EQ(said("gzip.crc32"), "");
  EXPECT_THAT(said("gzip.crc23"), testing::HasSubstr("there is no check `gzip.crc23`: did you mean `gzip.crc32`?"));
  EXPECT_THAT(said("GZIP.CRC32"), testing::HasSubstr("did you mean `gzip.crc32`?"));
  EXPECT_THAT(said("something else entirely"), testing::HasSubstr("docs/checks.md lists them"));
}

// The tables of keys against what they document: every default that is TOML is the default, every example is accepted.
template <typename Target, std::size_t Count>
void expect_documented(const std::array<detail::policy_key<Target>, Count>& keys) {
  for (const auto& key : keys) {
    SCOPED_TRACE(std::string{key.name});
    EXPECT_FALSE(key.meaning.empty());
    const auto read = [&](std::string_view toml) {
      const auto document = toml::parse(fmt::format("{} = {}", key.name, toml));
      detail::policy_reader reader{"documentation"};
      Target target;
      reader.attempt(*document.get(key.name), [&] { key.read(*document.get(key.name), target, reader); });
      EXPECT_EQ(mistake([&] { reader.finish(); }), "");
      return target;
    };
    static_cast<void>(read(key.example));
    if (key.usual == "required" || key.usual.starts_with('(') || key.name == "tolerance") continue;
    EXPECT_EQ(read(key.usual), Target{}) << "the documented default is another than the real one";
  }
}

TEST(policy_keys, have_the_defaults_and_accept_the_examples_that_they_document) {
  expect_documented(detail::estate_keys);
  expect_documented(detail::component_keys);
  expect_documented(detail::drill_keys);
  expect_documented(detail::assertion_keys);
  expect_documented(detail::gate_keys);
  expect_documented(detail::accepted_keys);
}

TEST(policy_keys, are_documented_as_they_are) {
  const std::string page = content_of(docs() / "policy.md");
  EXPECT_NE(page.find(policy_reference()), std::string::npos) << "docs/policy.md lacks what policy_reference() makes:\n"
                                                              << policy_reference();
}

TEST(policy_keys, every_toml_block_of_the_documentation_is_a_policy) {
  const std::string page = content_of(docs() / "policy.md");
  std::size_t blocks = 0;
  for (std::size_t begin = page.find("```toml\n"); begin != std::string::npos;
       begin = page.find("```toml\n", begin + 1)) {
    const std::size_t end = page.find("```", begin + 8);
    EXPECT_EQ(mistake([&] { static_cast<void>(parse_policy(page.substr(begin + 8, end - begin - 8), "policy.md")); }),
              "");
    ++blocks;
  }
  EXPECT_GE(blocks, 1U);
}

}  // namespace policy_test
