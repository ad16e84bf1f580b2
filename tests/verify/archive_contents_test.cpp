#include "knowngood/verify/archive_contents.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace archive_contents_test {

using namespace knowngood;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

member_fact file(const std::string& name, std::uint64_t size = 1, double modified = 1000, std::string kind = "binary") {
  return {location{"x.tar"} / name, name,           member_type::file, size, modified, 0644,
          std::string(64, 'a'),     std::move(kind)};
}

template <typename Check>
std::vector<std::string> checks(const std::vector<member_fact>& members, Check&& check) {
  finding_list findings;
  archive_contents contents{members, location{"x.tar"}, findings};
  check(contents);
  std::vector<std::string> ids;
  for (const auto& one : findings.snapshot()) ids.push_back(one.check);
  return ids;
}

std::vector<std::string> models(const std::vector<member_fact>& members, const std::string& json,
                                const std::string& timestamp = "20251204_100000") {
  return checks(members,
                [&](archive_contents& contents) { contents.check_models_manifest("m.json", json, timestamp); });
}

member_fact linked(const std::string& name, member_type type, const std::string& target) {
  member_fact fact{location{"x.tar"} / name, name, type, 0, 1000, 0777, std::nullopt, {}};
  fact.link_target = target;
  return fact;
}

TEST(archive_contents, takes_for_a_listed_file_only_what_restores_as_one) {
  const std::string manifest = R"({"models": [{"name": "m/a.pkl", "size": 5, "modified": 1000.5},
                                              {"name": "m/b.pkl", "size": 5, "modified": 1000.5}]})";
  const member_fact a = file("m/a.pkl", 5, 1000);
  EXPECT_THAT(models({a, file("m/b.pkl", 5, 1000)}, manifest), IsEmpty());
  EXPECT_THAT(models({a, linked("m/b.pkl", member_type::hard_link, "m/a.pkl")}, manifest), IsEmpty());
  EXPECT_THAT(models({a, linked("m/b.pkl", member_type::symlink, "../m/a.pkl")}, manifest), IsEmpty());
  EXPECT_THAT(models({file("m/a.pkl", 6, 1000), linked("m/b.pkl", member_type::hard_link, "m/a.pkl")}, manifest),
              ElementsAre("manifest.size", "manifest.size"));
  for (const auto& none :
       {linked("m/b.pkl", member_type::symlink, "nowhere"), linked("m/b.pkl", member_type::symlink, "/m/a.pkl"),
        linked("m/b.pkl", member_type::symlink, "b.pkl"), linked("m/b.pkl", member_type::other, ""),
        linked("m/b.pkl", member_type::directory, ""), linked("m/b.pkl", member_type::hard_link, "gone")}) {
    EXPECT_THAT(models({a, none}, manifest), ElementsAre("manifest.missing-member"));
    const std::string list = std::string(64, 'a') + "  m/a.pkl\n" + std::string(64, 'a') + "  m/b.pkl\n";
    EXPECT_THAT(checks({a, none}, [&](archive_contents& contents) { contents.check_list("SHA256SUMS", list, {}); }),
                ElementsAre("checksum.missing-file"));
  }
  const auto listed = [&](const member_fact& env) {
    return checks({file("x"), env},
                  [&](archive_contents& contents) { contents.check_file_list("m.txt", "- x\n- .env\n"); });
  };
  EXPECT_THAT(listed(file(".env")), IsEmpty());
  EXPECT_THAT(listed(linked(".env", member_type::symlink, "x")), IsEmpty());
  EXPECT_THAT(listed(linked(".env", member_type::symlink, "/run/secrets/env")), ElementsAre("manifest.missing-member"));
}

TEST(archive_contents, holds_models_against_their_manifest) {
  const std::vector<member_fact> members{file("./a.pkl", 5, 1000), file("./sub/b.pkl", 7, 2000), file("./config.json")};
  const std::string a = R"({"name": "a.pkl", "size": 5, "modified": 1000.987})";
  const std::string b = R"({"name": "sub/b.pkl", "size": 7, "modified": 2000.0})";
  const auto document = [](const std::string& list) {
    return R"({"timestamp": "20251204_100000", "models": [)" + list + "]}";
  };
  EXPECT_THAT(models(members, document(a + "," + b)), IsEmpty());
  EXPECT_THAT(models(members, document(a)), ElementsAre("manifest.unlisted-member"));
  EXPECT_THAT(models(members, document(a + "," + b + R"(,{"name": "ghost.pkl", "size": 1, "modified": 1})")),
              ElementsAre("manifest.missing-member"));
  EXPECT_THAT(models(members, document(R"({"name": "a.pkl", "size": 6, "modified": 1000.9},)" + b)),
              ElementsAre("manifest.size"));
  EXPECT_THAT(models(members, document(R"({"name": "a.pkl", "size": 5, "modified": 1003},)" + b)),
              ElementsAre("manifest.time"));
  EXPECT_THAT(models(members, document(a + "," + b), "20251205_100000"), ElementsAre("manifest.timestamp"));
  EXPECT_THAT(models(members, document("")),
              UnorderedElementsAre("manifest.empty", "manifest.unlisted-member", "manifest.unlisted-member",
                                   "manifest.unlisted-member"));
}

TEST(archive_contents, says_when_a_manifest_cannot_be_understood) {
  for (const std::string text : {"", "Traceback", "[]", "{}", R"({"models": 3})", "{\"models\": [", "\xff\xfe"}) {
    EXPECT_THAT(models({file("a.pkl")}, text), ElementsAre("manifest.malformed")) << text;
  }
  EXPECT_THAT(models({file("a.pkl")}, R"({"models": [{"size": 1}, {"name": "a.pkl"}]})"),
              ElementsAre("manifest.malformed"));
}

TEST(archive_contents, holds_files_against_a_list_of_them) {
  const auto list = [](const std::vector<member_fact>& members, const std::string& text) {
    return checks(members, [&](archive_contents& contents) { contents.check_file_list("m.txt", text); });
  };
  const std::string text =
      "Backup Date: Thu\nFiles Backed Up:\n- docker-compose.yml\n- .env (environment variables)\n- scripts/\n";
  const std::vector<member_fact> members{file("docker-compose.yml"), file(".env"), file("scripts/a.sh")};
  EXPECT_THAT(list(members, text), IsEmpty());
  EXPECT_THAT(list({file("docker-compose.yml"), file("scripts/a.sh")}, text), ElementsAre("manifest.missing-member"));
  EXPECT_THAT(list({file("docker-compose.yml"), file(".env")}, text), ElementsAre("manifest.missing-member"));
  EXPECT_THAT(list({file("docker-compose.yml"), file(".env"), file("scripts.txt"), file("scripts/x")}, text),
              ElementsAre("manifest.unlisted-member"))
      << "scripts.txt does not lie in scripts/";
  EXPECT_THAT(list(members, "Files Backed Up:\n"), ElementsAre("manifest.empty"));
}

TEST(archive_contents, holds_members_against_the_list_inside) {
  const std::string good(64, 'a');
  const auto list = [&](const std::vector<member_fact>& members, const std::string& text) {
    return checks(members, [&](archive_contents& contents) { contents.check_list("full/checksums.txt", text, {}); });
  };
  const std::vector<member_fact> members{file("full/a.gz"), file("full/b.gz"), file("full/checksums.txt"),
                                         file("full/MANIFEST.txt", 1, 1, "text")};
  const std::string both = good + "  a.gz\n" + good + "  ./b.gz\n";
  EXPECT_THAT(list(members, both), IsEmpty());
  EXPECT_THAT(list(members, good + "  a.gz\n"), ElementsAre("checksum.unlisted"));
  EXPECT_THAT(list(members, both + good + "  c.gz\n"), ElementsAre("checksum.missing-file"));
  EXPECT_THAT(list(members, std::string(64, 'b') + "  a.gz\n" + good + "  b.gz\n"), ElementsAre("checksum.mismatch"));
  EXPECT_THAT(list(members, good + "  /backups/full/a.gz\n" + good + "  b.gz\n"), ElementsAre("checksum.moved"));
  EXPECT_THAT(list(members, std::string(32, 'b') + "  a.gz\n" + good + "  b.gz\n"), ElementsAre("checksum.unsupported"))
      << "a digest that nobody computed vouches for nothing";
  EXPECT_THAT(list(members, both + good + "  checksums.txt\n"), ElementsAre("checksum.itself"));
  EXPECT_THAT(list(members, good + "  release/a.gz\n" + good + "  b.gz\n"), ElementsAre("checksum.moved"));
}

TEST(archive_contents, takes_the_checksum_file_of_one_member_for_that_member) {
  const auto list = [&](const std::string& text) {
    return checks({file("full/a.gz"), file("full/b.gz"), file("full/a.gz.sha256")},
                  [&](archive_contents& contents) { contents.check_list("full/a.gz.sha256", text, {}); });
  };
  const std::string good(64, 'a');
  for (const std::string line : {"", "  -", "  a.gz"}) EXPECT_THAT(list(good + line), IsEmpty()) << line;
  for (const std::string line : {"", "  -", "  a.gz"}) {
    EXPECT_THAT(list(std::string(64, 'b') + line), ElementsAre("checksum.mismatch")) << line;
  }
}

TEST(archive_contents, holds_a_list_against_files_and_nothing_else) {
  member_fact link = file("full/link");
  link.type = member_type::symlink;
  link.sha256.reset();
  const member_fact second = linked("full/second", member_type::hard_link, "full/a.gz");
  const auto list = [&](const std::string& name) {
    return checks({file("full/a.gz"), link, second}, [&](archive_contents& contents) {
      contents.check_list("full/checksums.txt", std::string(64, 'a') + "  a.gz\n" + std::string(64, 'a') + "  " + name,
                          {});
    });
  };
  EXPECT_THAT(list("second"), IsEmpty()) << "it is the same file";
  EXPECT_THAT(list("link"), ElementsAre("checksum.missing-file"));
}

TEST(archive_contents, holds_members_against_the_components_that_a_manifest_promises) {
  const auto promised = [](const std::vector<member_fact>& members) {
    return checks(members, [&](archive_contents& contents) {
      contents.check_component_manifest("MANIFEST.txt",
                                        "✅ PostgreSQL Database\n✅ ML Models & Weights\n✅ Configuration Files\n"
                                        "✅ Docker Volumes\n✅ Git Repository\n✅ Something Else\n");
    });
  };
  const std::vector<member_fact> all{
      file("f/db.sql.gz", 1, 1, "gzip > postgres-plain-dump"), file("f/models_1.tar.gz", 1, 1, "gzip > tar"),
      file("f/config_1.tar.gz", 1, 1, "gzip > tar"), file("f/vol_1.tar.gz", 1, 1, "gzip > tar"),
      file("f/git_repo.bundle", 1, 1, "git-bundle")};
  EXPECT_THAT(promised(all), IsEmpty());
  for (std::size_t gone = 0; gone < all.size(); ++gone) {
    auto rest = all;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(gone));
    EXPECT_THAT(promised(rest), ElementsAre("manifest.component-missing")) << all[gone].name;
  }
}

TEST(archive_contents, reads_a_check_list_whatever_its_marks) {
  const auto ticked = [](const std::string& text) {
    return checks({file("f/db.sql.gz", 1, 1, "gzip > postgres-plain-dump")},
                  [&](archive_contents& contents) { contents.check_component_manifest("MANIFEST.txt", text); });
  };
  for (const std::string mark : {"✅", "✓", "✔", "☑", "[x]", "- [x]", "  * [X]"}) {
    EXPECT_THAT(ticked(mark + " Database\n"), IsEmpty()) << mark;
    EXPECT_THAT(ticked(mark + " Git repository\n"), ElementsAre("manifest.component-missing")) << mark;
  }
  EXPECT_THAT(ticked("- [ ] Git repository\n[x] Database\n"), IsEmpty()) << "what is not ticked off is not promised";
  EXPECT_THAT(ticked("- [ ] Database\n"), ElementsAre("manifest.empty"));
}

}  // namespace archive_contents_test
