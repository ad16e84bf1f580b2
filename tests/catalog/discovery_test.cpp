#include "knowngood/catalog/discovery.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "catalog/estate.hpp"

namespace discovery_test {

using namespace catalog_test;

std::vector<std::string> names_of(const component_listing& listing) {
  std::vector<std::string> names;
  for (const auto& artifact : listing.artifacts) names.push_back(artifact.name);
  return names;
}

std::vector<std::string> places_of(const std::vector<finding>& findings, const estate& where) {
  std::vector<std::string> places;
  for (const auto& what : findings) {
    const std::string path = what.where.to_string();
    places.push_back(
        what.check + " " +
        (path.size() > where.root().string().size() ? path.substr(where.root().string().size() + 1) : "."));
  }
  return places;
}

const std::string database = R"(
[component.database]
name = "db_{timestamp}.sql.gz"
checksum = "{name}.sha256"
)";

TEST(discovery, finds_artifacts_with_what_their_names_and_files_say) {
  const estate backups;
  backups.file("database/db_20251204_020000.sql.gz", 4321);
  backups.file("database/db_20251204_020000.sql.gz.sha256");
  backups.file("database/db_20251203_020000.sql.gz", 99);
  const auto found = discover(backups.plan(database, "Europe/Berlin"));
  EXPECT_TRUE(found.findings.empty()) << places_of(found.findings, backups).front();
  EXPECT_TRUE(found.unchecked.empty());
  ASSERT_EQ(found.components.size(), 1U);
  EXPECT_TRUE(found.components[0].listed);
  EXPECT_TRUE(found.components[0].findings.empty());
  ASSERT_EQ(names_of(found.components[0]),
            (std::vector<std::string>{"db_20251203_020000.sql.gz", "db_20251204_020000.sql.gz"}));
  const auto& newest = found.components[0].artifacts[1];
  EXPECT_EQ(newest.path, backups.path("database/db_20251204_020000.sql.gz"));
  EXPECT_EQ(newest.timestamp, at("2025-12-04T01:00:00Z"));
  EXPECT_EQ(newest.latest, newest.timestamp);
  EXPECT_EQ(newest.size, 4321U);
  EXPECT_EQ(newest.checksum, (sidecar{backups.path("database/db_20251204_020000.sql.gz.sha256"), true}));
  EXPECT_EQ(newest.manifest, std::nullopt);
  EXPECT_NE(newest.identity, found.components[0].artifacts[0].identity);
  EXPECT_FALSE(newest.symlink);
  EXPECT_EQ(found.components[0].artifacts[0].checksum,
            (sidecar{backups.path("database/db_20251203_020000.sql.gz.sha256"), false}));
}

TEST(discovery, gives_a_name_all_the_moments_that_it_can_mean) {
  const estate backups;
  backups.file("database/db_20251026_023000.sql.gz");
  backups.file("git/r_20251026.bundle");
  const auto found =
      discover(backups.plan(database + "[component.git]\nname = \"r_{timestamp:%Y%m%d}.bundle\"\n", "Europe/Berlin"));
  EXPECT_EQ(found.components[0].artifacts.at(0).timestamp, at("2025-10-26T00:30:00Z"));
  EXPECT_EQ(found.components[0].artifacts.at(0).latest, at("2025-10-26T01:30:00Z"));
  EXPECT_EQ(found.components[1].artifacts.at(0).timestamp, at("2025-10-25T22:00:00Z"));
  EXPECT_EQ(found.components[1].artifacts.at(0).latest, at("2025-10-26T22:59:59Z")) << "a day of 25 hours";
}

TEST(discovery, names_what_belongs_to_nobody) {
  const estate backups;
  backups.file("database/db_20251204_020000.sql.gz");
  backups.file("database/db_20251204_020000.sql.gz.sha256");
  backups.file("database/db_20251201_020000.sql.gz.sha256");
  backups.file("database/db_2025.sql.gz");
  backups.file("database/old/db_20251101_020000.sql.gz");
  backups.file("notes.txt");
  backups.file("stray/x");
  const auto found = discover(backups.plan(database));
  EXPECT_EQ(
      places_of(found.findings, backups),
      (std::vector<std::string>{"presence.unclaimed notes.txt", "presence.unclaimed stray/",
                                "presence.unclaimed database/db_2025.sql.gz", "presence.unclaimed database/old/"}));
  for (const auto& what : found.findings) EXPECT_EQ(what.severity, severity::note);
}

TEST(discovery, does_not_bury_the_rest_under_a_thousand_other_files) {
  const estate backups;
  backups.file("database/db_20251204_020000.sql.gz");
  for (int i = 0; i < 1000; ++i) backups.file(fmt::format("database/x{:04}", i));
  const auto found = discover(backups.plan(database));
  ASSERT_EQ(found.findings.size(), 21U);
  EXPECT_EQ(found.findings.back().message, "980 more in this directory belong to no component of the policy");
}

TEST(discovery, ignores_what_the_rules_and_the_policy_ignore) {
  const estate backups;
  backups.file("database/db_20251204_020000.sql.gz");
  for (const std::string name :
       {".db_20251204_030000.sql.gz", "db_20251205_020000.sql.gz.tmp", "a.partial", "b.part", "manual_1", "x.log"}) {
    backups.file("database/" + name);
  }
  backups.directory("lost+found");
  backups.directory("full_system_20251204_050000");
  backups.directory(".snapshots");
  const auto found =
      discover(backups.plan(database + "ignore = [\"*.log\"]\n", "UTC", "ignore = [\"manual_*\", \"full_system_*/\"]"));
  EXPECT_EQ(places_of(found.findings, backups), std::vector<std::string>{});
  EXPECT_EQ(names_of(found.components[0]), (std::vector<std::string>{"db_20251204_020000.sql.gz"}));
}

TEST(discovery, an_ignored_artifact_is_none) {
  const estate backups;
  backups.file("database/db_20251204_020000.sql.gz");
  const auto found = discover(backups.plan(database, "UTC", "ignore = \"db_*\""));
  EXPECT_TRUE(found.components[0].artifacts.empty());
  EXPECT_TRUE(found.components[0].listed);
}

TEST(discovery, a_pattern_for_directories_means_directories_and_the_others_files) {
  const estate backups;
  backups.file("base/b_20251204_020000/part/data", 100);
  backups.file("base/b_20251204_020000/backup_manifest", 23);
  backups.file("base/b_20251205_020000");
  const auto found = discover(backups.plan("[component.base]\nname = \"b_{timestamp}/\"\n"));
  ASSERT_EQ(names_of(found.components[0]), (std::vector<std::string>{"b_20251204_020000"}));
  EXPECT_TRUE(found.components[0].artifacts[0].directory);
  EXPECT_EQ(found.components[0].artifacts[0].size, 123U);
  EXPECT_EQ(places_of(found.findings, backups),
            (std::vector<std::string>{"presence.unclaimed base/b_20251205_020000"}));
}

TEST(discovery, a_date_that_is_none_is_an_error_of_its_own) {
  const estate backups;
  backups.file("database/db_20251304_020000.sql.gz");
  const auto found = discover(backups.plan(database));
  ASSERT_EQ(shown(found.components[0].findings), (std::vector<std::string>{"error presence.timestamp"}));
  EXPECT_EQ(found.components[0].findings[0].actual, "20251304_020000");
  ASSERT_EQ(found.components[0].artifacts.size(), 1U) << "it is still verified";
  EXPECT_FALSE(found.components[0].artifacts[0].timestamp);
}

TEST(discovery, several_components_share_a_directory) {
  const estate backups;
  backups.file("all/ner11_redis_20251204_030000.tar.gz");
  backups.file("all/ner11_db_20251204_020000.sql.gz");
  backups.file("full_20251204_050000.tar.gz");
  const auto found = discover(backups.plan(R"(
[component.volumes]
path = "all"
name = "ner11_{series}_{timestamp}.tar.gz"
[component.database]
path = "./all/"
name = "ner11_db_{timestamp}.sql.gz"
[component.full]
path = "."
name = "full_{timestamp}.tar.gz"
)"));
  EXPECT_EQ(names_of(found.components[0]), (std::vector<std::string>{"ner11_redis_20251204_030000.tar.gz"}));
  EXPECT_EQ(found.components[0].artifacts[0].series, "redis");
  EXPECT_EQ(names_of(found.components[1]), (std::vector<std::string>{"ner11_db_20251204_020000.sql.gz"}));
  EXPECT_EQ(names_of(found.components[2]), (std::vector<std::string>{"full_20251204_050000.tar.gz"}));
  EXPECT_EQ(places_of(found.findings, backups), std::vector<std::string>{});
}

TEST(discovery, knows_the_directories_above_a_component) {
  const estate backups;
  backups.file("data/deep/er/x_20251204_020000");
  backups.file("data-2/y_20251204_020000");
  backups.file("data.old/z");
  const auto found =
      discover(backups.plan("[component.x]\npath = \"data/deep/er\"\nname = \"x_{timestamp}\"\n[component.y]\npath = "
                            "\"data-2\"\nname = \"y_{timestamp}\"\n"));
  EXPECT_EQ(places_of(found.findings, backups), (std::vector<std::string>{"presence.unclaimed data.old/"}));
}

TEST(discovery, the_first_component_takes_what_fits_two) {
  const estate backups;
  backups.file("all/ner11_db_20251204_020000.gz");
  const auto found =
      discover(backups.plan("[component.z]\npath = \"all\"\nname = \"ner11_db_{timestamp}.gz\"\n[component.a]\npath = "
                            "\"all\"\nname = \"ner11_{series}_{timestamp}.gz\"\n"));
  EXPECT_EQ(found.components[0].artifacts.size(), 1U);
  EXPECT_EQ(found.components[1].artifacts.size(), 0U);
}

TEST(discovery, a_checksum_file_that_fits_the_pattern_is_no_artifact) {
  const estate backups;
  backups.file("database/db_20251204_020000.sql.gz");
  backups.file("database/db_20251204_020000.sql.gz.sha256");
  const auto found =
      discover(backups.plan("[component.database]\nname = \"db_{timestamp}.*\"\nchecksum = \"{name}.sha256\"\n"));
  EXPECT_EQ(names_of(found.components[0]), (std::vector<std::string>{"db_20251204_020000.sql.gz"}));
  EXPECT_TRUE(found.components[0].artifacts[0].checksum->present);
  EXPECT_TRUE(found.findings.empty());
}

TEST(discovery, a_capture_beside_a_dump_belongs_to_it) {
  const estate backups;
  backups.file("database/db_20251204_020000.sql.gz");
  backups.file("database/db_20251204_020000_rows.json");
  backups.file("database/sums/db_20251204_020000.sql.gz.sha256");
  const auto found =
      discover(backups.plan("[component.database]\nname = \"db_{timestamp}.sql.gz\"\nchecksum = "
                            "\"sums/{name}.sha256\"\n[component.database.drill]\ncapture = \"{stem}_rows.json\"\n"));
  EXPECT_EQ(places_of(found.findings, backups), std::vector<std::string>{});
  EXPECT_TRUE(found.components[0].artifacts.at(0).checksum->present);
}

TEST(discovery, a_missing_directory_is_a_finding_and_the_rest_goes_on) {
  const estate backups;
  backups.file("database/db_20251204_020000.sql.gz");
  backups.file("file");
  const auto found = discover(backups.plan(
      database +
      "[component.git]\nname = \"g_{timestamp}\"\n[component.maybe]\nname = \"m_{timestamp}\"\nrequired = false\n"
      "[component.file]\nname = \"f_{timestamp}\"\n"));
  EXPECT_EQ(found.components[0].artifacts.size(), 1U);
  EXPECT_EQ(shown(found.components[1].findings), (std::vector<std::string>{"error presence.directory"}));
  EXPECT_EQ(found.components[1].findings[0].actual, "no such directory");
  EXPECT_FALSE(found.components[1].listed);
  EXPECT_EQ(shown(found.components[2].findings), (std::vector<std::string>{"note presence.directory"}));
  EXPECT_EQ(found.components[3].findings.at(0).actual, "not a directory");
  EXPECT_TRUE(found.unchecked.empty());
}

TEST(discovery, a_missing_root_accuses_every_component) {
  policy plan;
  {
    const estate backups;
    plan = backups.plan(database + "[component.full]\npath = \".\"\nname = \"f_{timestamp}\"\n");
  }
  const auto found = discover(plan);
  for (const auto& component : found.components) {
    ASSERT_EQ(shown(component.findings), (std::vector<std::string>{"error presence.directory"}));
    EXPECT_EQ(component.findings[0].actual, "no such directory, nor is the estate's root there");
  }
}

// Runs a piece of a test as a user who may not read everything.
class unprivileged {
 public:
  unprivileged() {
    if (::geteuid() == 0) switched_ = ::seteuid(65534) == 0;
  }
  ~unprivileged() {
    if (switched_) static_cast<void>(::seteuid(0) == 0);
  }
  unprivileged(const unprivileged&) = delete;
  unprivileged& operator=(const unprivileged&) = delete;

 private:
  bool switched_ = false;
};

TEST(discovery, a_directory_that_may_not_be_read_is_unchecked_and_the_rest_goes_on) {
  const estate backups;
  backups.file("database/db_20251204_020000.sql.gz");
  backups.file("secret/s_20251204_020000");
  std::filesystem::permissions(backups.root() / "secret", std::filesystem::perms::none);
  estate_listing found;
  {
    const policy plan = backups.plan("[component.secret]\nname = \"s_{timestamp}\"\n" + database);
    const unprivileged user;
    found = discover(plan);
  }
  std::filesystem::permissions(backups.root() / "secret", std::filesystem::perms::owner_all);
  ASSERT_EQ(found.unchecked.size(), 1U);
  EXPECT_EQ(found.unchecked[0].where().to_string(), backups.path("secret"));
  EXPECT_EQ(std::string{found.unchecked[0].what()}, "cannot list the directory: Permission denied");
  EXPECT_FALSE(found.components[0].listed);
  EXPECT_TRUE(found.components[0].findings.empty()) << "absence proves nothing there";
  EXPECT_EQ(found.components[1].artifacts.size(), 1U);
}

TEST(discovery, a_directory_whose_files_cannot_be_looked_at_proves_no_absence) {
  const estate backups;
  const estate closed;
  closed.file("inner/db");
  backups.file("database/db_20251203_020000.sql.gz");
  backups.link("database/db_20251204_020000.sql.gz", closed.path("inner/db"));
  backups.file("half/h_20251204_020000");
  ASSERT_EQ(::chmod(backups.path("half").c_str(), 0444), 0);
  std::filesystem::permissions(closed.root() / "inner", std::filesystem::perms::none);
  estate_listing found;
  {
    const policy plan = backups.plan("[component.half]\nname = \"h_{timestamp}\"\n" + database);
    const unprivileged user;
    found = discover(plan);
  }
  std::filesystem::permissions(backups.root() / "half", std::filesystem::perms::owner_all);
  std::filesystem::permissions(closed.root() / "inner", std::filesystem::perms::owner_all);
  ASSERT_EQ(found.unchecked.size(), 2U);
  EXPECT_EQ(found.unchecked[0].where().to_string(), backups.path("database/db_20251204_020000.sql.gz"));
  EXPECT_EQ(std::string{found.unchecked[1].what()}, "cannot look at the files in the directory: Permission denied");
  EXPECT_FALSE(found.components[0].listed);
  EXPECT_FALSE(found.components[1].listed) << "the newest may be behind the link";
  EXPECT_EQ(found.components[1].artifacts.size(), 1U);
}

TEST(discovery, takes_a_root_as_it_is_written) {
  const estate backups;
  backups.file("database/db_20251204_020000.sql.gz");
  backups.file("full_20251204_050000.gz");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(backups.root());
  for (const std::string& root : std::vector<std::string>{
           ".", "./", "database/..", "../" + backups.root().filename().string(), backups.root().string() + "/"}) {
    policy plan = backups.plan(database + "[component.full]\npath = \".\"\nname = \"full_{timestamp}.gz\"\n");
    plan.estate.root = root;
    const auto found = discover(plan);
    EXPECT_EQ(found.components[0].artifacts.size(), 1U) << root;
    EXPECT_EQ(found.components[1].artifacts.size(), 1U) << root;
    EXPECT_TRUE(found.findings.empty()) << root << ": " << found.findings.front().where.to_string();
    EXPECT_TRUE(found.unchecked.empty()) << root;
  }
  std::filesystem::current_path(before);
}

TEST(discovery, looks_at_links_to_files_and_remarks_them) {
  const estate backups;
  const estate elsewhere;
  elsewhere.file("db", 555);
  backups.file("database/db_20251203_020000.sql.gz", 10);
  backups.link("database/db_20251204_020000.sql.gz", elsewhere.path("db"));
  backups.link("database/latest.sql.gz", "db_20251204_020000.sql.gz");
  backups.link("database/db_20251205_020000.sql.gz", "nowhere");
  const auto found = discover(backups.plan(database));
  ASSERT_EQ(names_of(found.components[0]),
            (std::vector<std::string>{"db_20251203_020000.sql.gz", "db_20251204_020000.sql.gz"}));
  EXPECT_TRUE(found.components[0].artifacts[1].symlink);
  EXPECT_EQ(found.components[0].artifacts[1].size, 555U);
  EXPECT_EQ(shown(found.components[0].findings), (std::vector<std::string>{"note file.symlink", "error file.symlink"}));
  EXPECT_EQ(found.components[0].findings[1].actual, "nowhere");
  EXPECT_TRUE(found.findings.empty()) << "latest.sql.gz is an artifact under another name";
}

TEST(discovery, tells_one_file_under_two_names) {
  const estate backups;
  backups.file("database/db_20251203_020000.sql.gz");
  std::filesystem::create_hard_link(backups.path("database/db_20251203_020000.sql.gz"),
                                    backups.path("database/db_20251204_020000.sql.gz"));
  backups.file("database/db_20251205_020000.sql.gz");
  backups.link("database/db_20251206_020000.sql.gz", "db_20251205_020000.sql.gz");
  const auto found = discover(backups.plan(database));
  const auto pairs = same_files(found.components[0]);
  ASSERT_EQ(pairs.size(), 2U);
  EXPECT_EQ(pairs[0].first->name, "db_20251203_020000.sql.gz");
  EXPECT_EQ(pairs[0].second->name, "db_20251204_020000.sql.gz");
  EXPECT_EQ(pairs[1].second->name, "db_20251206_020000.sql.gz");
}

TEST(discovery, does_not_follow_a_link_to_a_directory_out_of_the_estate) {
  const estate backups;
  const estate elsewhere;
  elsewhere.file("db_20251204_020000.sql.gz");
  backups.link("database", elsewhere.root().string());
  backups.file("real/db_20251204_020000.sql.gz");
  backups.link("inside", "real");
  const auto found = discover(
      backups.plan(database + "[component.inside]\nname = \"db_{timestamp}.sql.gz\"\n[component.written]\npath = \"" +
                   elsewhere.root().string() + "\"\nname = \"db_{timestamp}.sql.gz\"\n"));
  ASSERT_EQ(found.unchecked.size(), 1U);
  EXPECT_NE(std::string{found.unchecked[0].what()}.find("out of the estate, to " + elsewhere.root().string()),
            std::string::npos);
  EXPECT_FALSE(found.components[0].listed);
  EXPECT_EQ(found.components[1].artifacts.size(), 1U) << "a link within the estate is followed";
  EXPECT_EQ(found.components[2].artifacts.size(), 1U) << "a directory that the policy writes out is listed";
}

TEST(discovery, an_artifact_that_is_a_link_to_a_directory_is_unchecked) {
  const estate backups;
  const estate elsewhere;
  backups.directory("base");
  backups.link("base/b_20251204_020000", elsewhere.root().string());
  const auto found = discover(backups.plan("[component.base]\nname = \"b_{timestamp}/\"\n"));
  EXPECT_EQ(found.unchecked.size(), 1U);
  EXPECT_TRUE(found.components[0].artifacts.empty());
}

TEST(discovery, a_pipe_is_no_artifact) {
  const estate backups;
  backups.directory("database");
  ASSERT_EQ(::mkfifo(backups.path("database/db_20251204_020000.sql.gz").c_str(), 0600), 0);
  const auto found = discover(backups.plan(database));
  EXPECT_TRUE(found.components[0].artifacts.empty());
  EXPECT_EQ(shown(found.components[0].findings), (std::vector<std::string>{"error file.kind"}));
}

TEST(discovery, chooses_the_newest_of_each_series_for_verification) {
  const estate backups;
  for (const std::string series : {"a", "b"}) {
    for (int day = 1; day <= 4; ++day) backups.file(fmt::format("v/{}_2025120{}_030000.gz", series, day));
  }
  backups.file("v/c_20251201_030000.gz");
  backups.file("v/c_20259901_030000.gz");
  const auto chosen = [&](const std::string& extent) {
    const policy plan = backups.plan("[component.v]\nname = \"{series}_{timestamp}.gz\"\nverify = " + extent + "\n");
    const auto found = discover(plan);
    std::vector<std::string> names;
    for (const auto* artifact : to_verify(plan.components[0], found.components[0]))
      names.push_back(artifact->name.substr(0, 10));
    return names;
  };
  EXPECT_EQ(chosen("\"all\"").size(), 10U);
  EXPECT_EQ(chosen("\"newest\""), (std::vector<std::string>{"c_20259901", "c_20251201", "a_20251204", "b_20251204"}));
  EXPECT_EQ(chosen("2"), (std::vector<std::string>{"c_20259901", "c_20251201", "a_20251203", "b_20251203", "a_20251204",
                                                   "b_20251204"}));
}

}  // namespace discovery_test
