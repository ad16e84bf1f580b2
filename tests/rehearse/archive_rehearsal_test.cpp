#include "knowngood/rehearse/archive_rehearsal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"

namespace archive_rehearsal_test {

using namespace knowngood;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class rehearsal : public ::testing::Test {
 protected:
  void make(const std::string& command) const {
    const tool_run done = here_.run("{ " + command + "; } 2>&1");
    ASSERT_EQ(done.status, 0) << done.output;
  }

  archive_result restore(const std::string& artifact, archive_request request = {}) const {
    (void)here_.run("rm -rf into && mkdir into");
    request.artifact = (here_.path() / artifact).string();
    request.directory = here_.path() / "into";
    if (request.manifest) request.manifest = (here_.path() / *request.manifest).string();
    return rehearse_archive(request);
  }

  static std::string text(const archive_result& of) {
    std::string all;
    for (const auto& one : of.findings) {
      all += fmt::format("{} {} {}: {} | {} | {}\n", to_string(one.severity), one.check,
                         one.where.chain().size() > 1 ? one.where.chain().back() : "", one.message, one.expected,
                         one.actual);
    }
    for (const auto& one : of.unchecked) all += fmt::format("unchecked {}: {}\n", one.message, one.advice);
    return all;
  }
  static std::vector<std::string> checks(const archive_result& of) {
    std::vector<std::string> ids;
    for (const auto& one : of.findings) ids.push_back(one.check);
    return ids;
  }

  // As the backup procedures make them.
  void make_configuration() const {
    make(
        "mkdir -p c/api c/frontend c/scripts && cd c && printf 'services:\\n  a: {image: \"x:$TAG\", env_file: "
        ".env}\\n' > docker-compose.yml && "
        "echo TAG=1 > .env && echo x > api/config.py && echo '{}' > frontend/package.json && echo 'echo' > "
        "scripts/a.sh && "
        "tar -czf ../config_1.tar.gz docker-compose.yml .env api/config.py frontend/package.json scripts/ && cd .. && "
        "printf 'Backup Date: x\\nFiles Backed Up:\\n- docker-compose.yml\\n- .env (environment variables)\\n- "
        "api/config.py\\n- frontend/package.json\\n- scripts/\\n' > config_1_manifest.txt");
  }

  scratch_directory here_;
};

TEST_F(rehearsal, restores_a_configuration) {
  make_configuration();
  const archive_request asked{.artifact = {},
                              .directory = {},
                              .required_files = {"docker-compose.yml", "./.env", "api/*.py", "scripts/"},
                              .manifest = "config_1_manifest.txt",
                              .manifest_format = {},
                              .configuration = true};
  const auto done = restore("config_1.tar.gz", asked);
  EXPECT_EQ(text(done), "");
  EXPECT_TRUE(done.restored.complete);
  EXPECT_EQ(done.restored.files, 5U);
  EXPECT_GT(done.seconds, 0);
  EXPECT_THAT(done.properties, testing::Contains(std::pair<std::string, std::string>{"services", "1"}));
  EXPECT_EQ(here_.run("cd into && for f in $(find . -type f); do cmp $f ../c/$f || echo differs; done").output, "");
}

TEST_F(rehearsal, says_which_required_files_are_missing) {
  make_configuration();
  make(
      "cd c && : > empty && mkdir void && ln -s ../outside.txt dangling && ln -s .env link && tar -czf ../c.tar.gz . "
      "&& echo x > ../outside.txt");
  archive_request asked;
  asked.required_files = {"gone",   "empty", "void", "void/", "api/",           "dangling", "link",
                          "*.toml", "api/*", "*.py", "e*y",   "../outside.txt", "scripts"};
  const auto done = restore("c.tar.gz", asked);
  EXPECT_EQ(text(done).find("note"), 0U) << "the link that points out: " << text(done);
  for (const char* expected :
       {"gone is required, and was not restored | a file with content | nothing",
        "empty is required, and was not restored | a file with content | an empty file",
        "void is required, and was not restored | a file with content | a directory",
        "void/ is required, and was not restored | a directory that holds something",
        "dangling is required, and was not restored | a file with content | a symbolic link to no such file",
        "*.toml is required", "*.py is required",
        "e*y is required, and was not restored | a file with content | an empty file", "../outside.txt is required",
        "scripts is required"}) {
    EXPECT_THAT(text(done), HasSubstr(expected));
  }
  const std::string all = text(done);
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 11) << all;
}

TEST_F(rehearsal, compares_what_stands_there_with_the_models_manifest) {
  make(
      "mkdir -p m/sub && echo 1 > m/a.pkl && echo 22 > m/sub/b.pkl && touch -d @1000 m/a.pkl m/sub/b.pkl && tar -czf "
      "models.tar.gz -C m .");
  const std::string a = R"({"name": "a.pkl", "size": 2, "modified": 1000.5})";
  const std::string b = R"({"name": "sub/b.pkl", "size": 3, "modified": 1000.5})";
  archive_request asked;
  asked.manifest = "models_manifest.json";
  here_.write("models_manifest.json", R"({"timestamp": "x", "models": [)" + a + "," + b + "]}");
  EXPECT_EQ(text(restore("models.tar.gz", asked)), "");
  here_.write("models_manifest.json", R"({"timestamp": "x", "models": [)" + a + "]}");
  EXPECT_THAT(checks(restore("models.tar.gz", asked)), ElementsAre("manifest.unlisted-member"));
  here_.write("models_manifest.json",
              R"({"models": [{"name": "a.pkl", "size": 3, "modified": 99},)" + b + R"(, {"name": "c.pkl"}]})");
  EXPECT_THAT(checks(restore("models.tar.gz", asked)),
              testing::UnorderedElementsAre("manifest.size", "manifest.time", "manifest.missing-member"));
  asked.manifest = "gone.json";
  const auto gone = restore("models.tar.gz", asked);
  EXPECT_THAT(text(gone), HasSubstr("unchecked cannot open"));
}

TEST_F(rehearsal, holds_restored_content_against_what_was_verified) {
  make("echo 1 > a && echo 2 > b && tar -cf x.tar a b && sha256sum a | cut -d' ' -f1 > digest");
  const std::string digest = here_.read("digest").substr(0, 64);
  std::vector<member_fact> verified{{location{"x"}, "a", member_type::file, 2, {}, 0644, digest, ""}};
  archive_request asked;
  asked.verified = &verified;
  EXPECT_EQ(text(restore("x.tar", asked)), "");
  verified.push_back({location{"x"}, "b", member_type::file, 2, {}, 0644, digest, ""});
  EXPECT_THAT(text(restore("x.tar", asked)),
              HasSubstr("error restore.content b: the restored content is not what was verified | " + digest));
}

TEST_F(rehearsal, takes_every_compression) {
  make(
      "echo 1 > a && tar -cf x.tar a && gzip -k x.tar && xz -k x.tar && bzip2 -k x.tar && zstd -q x.tar && lz4 -q "
      "x.tar 2>/dev/null; cp x.tar.gz unnamed; gzip -c x.tar.gz > twice.gz");
  for (const char* name : {"x.tar", "x.tar.gz", "x.tar.xz", "x.tar.bz2", "x.tar.zst", "unnamed", "twice.gz"}) {
    const auto done = restore(name);
    EXPECT_EQ(text(done), "") << name;
    EXPECT_TRUE(done.restored.complete) << name;
    EXPECT_EQ(here_.read("into/a"), "1\n") << name;
  }
}

TEST_F(rehearsal, finds_a_truncated_archive) {
  make_configuration();
  make("head -c 300000 /dev/urandom > c/noise && tar -czf big.tar.gz -C c . && tar -cf big.tar -C c .");
  archive_request asked;
  asked.required_files = {".env"};
  asked.configuration = true;
  EXPECT_EQ(text(restore("big.tar.gz", asked)), "");
  for (const char* name : {"big.tar.gz", "big.tar"}) {
    const std::string whole = here_.read(name);
    for (std::size_t part = 0; part < 12; ++part) {
      here_.write(std::string{"cut."} + name, whole.substr(0, whole.size() * part / 12));
      const auto done = restore(std::string{"cut."} + name, asked);
      EXPECT_THAT(text(done), HasSubstr("error ")) << name << " " << part;
      EXPECT_THAT(text(done), Not(HasSubstr("restore.missing-file"))) << "one cause, one finding";
    }
  }
  const std::string whole = here_.read("big.tar.gz");
  here_.write("cut.tar.gz", whole.substr(0, whole.size() - 1));
  EXPECT_THAT(text(restore("cut.tar.gz", asked)), HasSubstr("error gzip.truncated"));
}

TEST_F(rehearsal, says_what_is_no_archive) {
  make("seq 100000 > text && gzip -c text > text.gz && : > empty && seq 10000 > claims.tar && mkdir directory");
  EXPECT_THAT(text(restore("text")),
              HasSubstr("error file.kind : the artifact is no archive that can be restored | a tar archive | text"));
  EXPECT_THAT(text(restore("text.gz")), HasSubstr("error file.kind"));
  EXPECT_THAT(text(restore("claims.tar")), HasSubstr("error tar."));
  EXPECT_THAT(checks(restore("empty")), ElementsAre("file.empty"));
  EXPECT_THAT(text(restore("gone.tar")), HasSubstr("unchecked cannot open: No such file"));
  EXPECT_THAT(text(restore("directory")), HasSubstr("unchecked "));
  archive_request nowhere;
  nowhere.artifact = (here_.path() / "text").string();
  nowhere.directory = here_.path() / "nowhere";
  EXPECT_THAT(text(rehearse_archive(nowhere)), HasSubstr("unchecked cannot open the directory"));
}

TEST_F(rehearsal, of_a_hostile_archive_touches_nothing_outside) {
  make(
      "mkdir outside && echo precious > outside/victim && mkdir t && cd t && ln -s ../outside link && tar -cf ../h.tar "
      "link && rm link && mkdir link && "
      "echo evil > link/victim && tar -rf ../h.tar link/victim && echo evil > up && tar -rf ../h.tar --transform "
      "'s,up,../outside/victim,' -P up && "
      "printf 'services: {a: {image: x, env_file: ../../outside/victim}}' > docker-compose.yml && tar -rf ../h.tar "
      "docker-compose.yml");
  archive_request asked;
  asked.configuration = true;
  asked.required_files = {"link/victim"};
  const auto done = restore("h.tar", asked);
  EXPECT_EQ(here_.run("find outside | sort; cat outside/victim").output, "outside\noutside/victim\nprecious\n");
  EXPECT_THAT(
      text(done),
      HasSubstr("error restore.refused link/victim: not extracted: it would be written through a symbolic link"));
  EXPECT_THAT(text(done), HasSubstr("error restore.refused ../outside/victim"));
  EXPECT_THAT(text(done), HasSubstr("link/victim is required, and was not restored"));
  EXPECT_THAT(text(done), HasSubstr("env_file of service a is not among what was restored"));
  EXPECT_EQ(done.restored.skipped, 2U);
}

TEST_F(rehearsal, says_which_directories_of_a_volume_have_no_entry) {
  make(
      "mkdir -p v/a/b && echo 1 > v/a/b/f && echo 2 > v/g && tar -cf whole.tar v && tar -cf list.tar v/a/b/f v/g && "
      "tar "
      "-cf beneath.tar v/a/b && tar -cf inside.tar -C v ./a g");
  archive_request asked;
  asked.volume = true;
  for (const char* sound : {"whole.tar", "beneath.tar", "inside.tar"})
    EXPECT_EQ(text(restore(sound, asked)), "") << sound << ": what only leads to the volume is there already";
  const std::string said = text(restore("list.tar", asked));
  EXPECT_THAT(said, HasSubstr("warning restore.implied-directory"));
  EXPECT_THAT(said, HasSubstr("2 without, first v"));
  asked.volume = false;
  EXPECT_EQ(text(restore("list.tar", asked)), "");
}

TEST_F(rehearsal, stops_when_told_to) {
  make("echo 1 > a && tar -cf x.tar a");
  std::atomic<bool> stop{true};
  archive_request asked;
  asked.stop = stop;
  EXPECT_THROW(restore("x.tar", asked), interrupted);
}

TEST_F(rehearsal, does_not_believe_a_bomb) {
  make("mkdir z && truncate -s 300M z/zeros && tar -cf - -C z . | gzip -1 > bomb.tar.gz && rm -r z");
  archive_request asked;
  asked.bounds.expanded_bytes = 100'000'000;
  const auto done = restore("bomb.tar.gz", asked);
  EXPECT_THAT(text(done), HasSubstr("unchecked limit expanded_bytes of 100000000 exceeded"));
  EXPECT_FALSE(done.restored.complete);
}

}  // namespace archive_rehearsal_test
