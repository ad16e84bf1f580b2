#include "knowngood/inspect/inspector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "knowngood/io/memory_source.hpp"
#include "knowngood/testing/damage.hpp"
#include "knowngood/testing/scratch_directory.hpp"
#include "postgres/sample_dump.hpp"

namespace inspector_test {

using namespace knowngood;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class recorder final : public sink {
 public:
  void report(finding what) override {
    const std::lock_guard lock{mutex};
    findings.push_back(std::move(what));
  }
  void learn(property_fact fact) override { keep(properties, std::move(fact)); }
  void learn(table_fact fact) override { keep(tables, std::move(fact)); }
  void learn(ref_fact fact) override { keep(refs, std::move(fact)); }
  void learn(member_fact fact) override { keep(members, std::move(fact)); }
  void learn(embedded_text_fact fact) override { keep(texts, std::move(fact)); }
  void learn(nested_backup_fact fact) override { keep(nested, std::move(fact)); }
  void unchecked(location where, std::string message, std::string) override {
    const std::lock_guard lock{mutex};
    not_checked.push_back(where.to_string() + ": " + message);
  }

  [[nodiscard]] std::vector<std::string> checks() const {
    std::vector<std::string> ids;
    for (const auto& one : findings)
      ids.push_back(fmt::format("{} {} @ {}", to_string(one.severity), one.check, one.where.to_string()));
    return ids;
  }

  template <typename Fact>
  void keep(std::vector<Fact>& facts, Fact fact) {
    const std::lock_guard lock{mutex};
    facts.push_back(std::move(fact));
  }

  std::mutex mutex;
  std::vector<finding> findings;
  std::vector<property_fact> properties;
  std::vector<table_fact> tables;
  std::vector<ref_fact> refs;
  std::vector<member_fact> members;
  std::vector<embedded_text_fact> texts;
  std::vector<nested_backup_fact> nested;
  std::vector<std::string> not_checked;
};

struct inspected {
  std::unique_ptr<recorder> recorded = std::make_unique<recorder>();
  std::optional<inspection> result;
  std::optional<finding> failure;
  std::uint64_t expanded = 0;
};

inspected inspect(const std::string& bytes, const std::string& name, inspection_options options = {},
                  limits bounds = {}, std::size_t chunk = 4096) {
  inspected got;
  inspector look{bounds, *got.recorded, std::move(options)};
  try {
    got.result =
        look.inspect(std::make_unique<memory_source>(bytes, chunk), location{name}, bytes.size(), claims_of(name));
  } catch (const stream_error& error) {
    got.failure = error.as_finding();
  }
  got.expanded = look.expanded_bytes();
  return got;
}

class inspector_of_real_files : public ::testing::Test {
 protected:
  // Bytes that a shell command writes to `out`, with the sample dump in `dump.sql`.
  std::string made_by(const std::string& command) {
    here.write("dump.sql", sample_dump);
    const tool_run run = here.run(command + " 2>&1");
    EXPECT_EQ(run.status, 0) << run.output;
    return here.read("out");
  }
  scratch_directory here;
};

TEST_F(inspector_of_real_files, tells_what_a_stream_is_from_its_content) {
  EXPECT_EQ(inspect(sample_dump, "x").result->kind, "postgres-plain-dump");
  EXPECT_EQ(inspect(made_by("gzip -c dump.sql > out"), "x").result->kind, "gzip > postgres-plain-dump");
  EXPECT_EQ(inspect(made_by("gzip -c dump.sql | xz > out"), "x").result->kind, "xz > gzip > postgres-plain-dump");
  EXPECT_EQ(inspect(made_by("tar -cf out dump.sql"), "x").result->kind, "tar");
  EXPECT_EQ(inspect("{\"a\": 1}", "x").result->kind, "json");
  EXPECT_EQ(inspect("hello\n", "x").result->kind, "text");
  EXPECT_EQ(inspect(std::string("\0\1\2\3", 4), "x").result->kind, "binary");
  EXPECT_EQ(inspect(std::string(64, 'a') + "  name\n", "x").result->kind, "checksum-list");
}

TEST_F(inspector_of_real_files, hands_on_tables_of_a_dump_wherever_it_nests) {
  const std::string direct = inspect(sample_dump, "dump.sql").recorded->tables.front().fingerprint.value();
  const std::string nested = made_by("gzip dump.sql; tar -cf in.tar dump.sql.gz; gzip in.tar; tar -czf out in.tar.gz");
  for (const std::size_t chunk : std::vector<std::size_t>{1, 511, 1 << 20}) {
    const inspected got = inspect(nested, "out.tar.gz", {nullptr, 1}, {}, chunk);
    ASSERT_TRUE(got.result);
    EXPECT_THAT(got.recorded->checks(), IsEmpty());
    ASSERT_EQ(got.recorded->tables.size(), 4U);
    EXPECT_EQ(got.recorded->tables.front().fingerprint, direct);
    EXPECT_EQ(got.recorded->tables.front().where.to_string(), "out.tar.gz » in.tar.gz » dump.sql.gz");
  }
}

TEST_F(inspector_of_real_files, reads_on_after_a_damaged_member) {
  const std::string archive = made_by(
      "gzip -c dump.sql > a.sql.gz; head -c 500 a.sql.gz > cut.sql.gz; cp a.sql.gz z.sql.gz; tar -cf out a.sql.gz "
      "cut.sql.gz z.sql.gz");
  const inspected got = inspect(archive, "x.tar");
  ASSERT_TRUE(got.result) << "the archive itself is whole";
  EXPECT_THAT(got.recorded->checks(), ElementsAre("error gzip.truncated @ x.tar » cut.sql.gz at byte 500"));
  EXPECT_EQ(got.recorded->tables.size(), 8U) << "both whole members were read, before and behind the cut one";
  ASSERT_EQ(got.recorded->members.size(), 3U);
  EXPECT_EQ(got.recorded->members[1].size, 500U);
  EXPECT_TRUE(got.recorded->members[1].sha256) << "its bytes are all there";
}

TEST_F(inspector_of_real_files, blames_the_container_for_what_the_container_lost) {
  const std::string archive = made_by("gzip -c dump.sql > a.sql.gz; tar -cf - a.sql.gz | gzip > out");
  const inspected got = inspect(cut_at(archive.size() / 2).apply(archive), "x.tar.gz");
  ASSERT_TRUE(got.failure);
  EXPECT_EQ(got.failure->check, "gzip.truncated");
  EXPECT_EQ(got.failure->where.chain(), std::vector<std::string>{"x.tar.gz"});
  for (const auto& one : got.recorded->findings) EXPECT_EQ(one.where.chain().size(), 1U) << one.check;
}

TEST_F(inspector_of_real_files, digests_members_as_sha256sum_does) {
  const std::string archive = made_by("seq 100000 > numbers; : > nothing; tar -cf out numbers nothing dump.sql");
  const inspected got = inspect(archive, "x.tar");
  for (const auto& member : got.recorded->members) {
    EXPECT_EQ(here.run("sha256sum " + member.name).output.substr(0, 64), member.sha256) << member.name;
  }
  EXPECT_EQ(got.recorded->members.size(), 3U);
}

TEST_F(inspector_of_real_files, takes_zero_pages_for_what_they_are) {
  const std::string archive = made_by("head -c 262144 /dev/zero > 0000; tar -cf out 0000");
  EXPECT_THAT(inspect(archive, "x.tar").recorded->checks(), IsEmpty());
  EXPECT_THAT(
      inspect(made_by("head -c 10240 /dev/zero > empty.tar; tar -cf out empty.tar"), "x.tar").recorded->checks(),
      ElementsAre("error tar.empty @ x.tar » empty.tar"));
}

TEST_F(inspector_of_real_files, reads_unrecognised_content_as_what_its_name_claims) {
  const std::string gz = made_by("gzip -c dump.sql > out");
  EXPECT_EQ(inspect(flip_bit(0, 3).apply(gz), "d.sql.gz").failure->check, "gzip.header");
  EXPECT_EQ(inspect(flip_bit(0, 3).apply(gz), "d.bin").result->kind, "binary");
  EXPECT_EQ(inspect("<html>404 Not Found</html>\n", "models.tar.gz").failure->check, "gzip.header");
  EXPECT_EQ(inspect("CREATE TABLE t (a int);\n", "by_hand.sql").result->kind, "sql-script")
      << "not every script is pg_dump's";
  const std::string archive = made_by("echo '<html>' > d.sql.gz; tar -cf out d.sql.gz");
  EXPECT_THAT(inspect(archive, "x.tar").recorded->checks(),
              ElementsAre("error gzip.header @ x.tar » d.sql.gz at byte 0"));
}

TEST_F(inspector_of_real_files, takes_nothing_for_a_dump_that_is_none) {
  EXPECT_THAT(inspect(sample_dump, "d.sql").recorded->checks(), IsEmpty());
  for (const std::string text : {"Permission denied\n", "Traceback (most recent call last):\n  File \"x\"\n",
                                 "<html>502</html>\n", "{\"error\": \"denied\"}\n", "<?xml version=\"1.0\"?>\n",
                                 "unknown flag: --clean\n", "x", "\n", "Create failed: no space left\n"}) {
    EXPECT_THAT(inspect(text, "d.sql").recorded->checks(), ElementsAre("error dump.error-text @ d.sql")) << text;
    EXPECT_THAT(inspect(text, "notes").recorded->checks(), IsEmpty()) << "nobody called it a dump: " << text;
  }
  const std::string nested = made_by("echo 'Permission denied' | gzip > d.sql.gz; tar -cf out d.sql.gz");
  EXPECT_THAT(inspect(nested, "x.tar").recorded->checks(), ElementsAre("error dump.error-text @ x.tar » d.sql.gz"));
}

TEST_F(inspector_of_real_files, finds_a_dump_behind_foreign_lines) {
  const std::string notice = "WARN[0000] it's obsolete\n" + sample_dump;
  EXPECT_EQ(inspect(notice, "d.sql").result->kind, "postgres-plain-dump");
  EXPECT_EQ(inspect(notice, "without_an_ending").result->kind, "postgres-plain-dump");
  const std::string far = std::string(200'000, '.') + "\n" + sample_dump;
  EXPECT_THAT(inspect(far, "d.sql").recorded->checks(), ElementsAre("warning dump.foreign-lines @ d.sql at byte 0"));
  const std::string archive =
      made_by("{ echo '# How to restore'; cat dump.sql | head -20; } > README.md; tar -cf out README.md");
  EXPECT_THAT(inspect(archive, "x.tar").recorded->checks(), IsEmpty()) << "a text about dumps";
}

TEST_F(inspector_of_real_files, says_that_a_dump_is_utf_16) {
  const std::string dump = made_by("iconv -f UTF-8 -t UTF-16 dump.sql > out");
  EXPECT_THAT(inspect(dump, "d.sql").recorded->checks(), ElementsAre("error dump.utf-16 @ d.sql"));
  EXPECT_THAT(inspect(dump, "d").recorded->checks(), ElementsAre("error dump.utf-16 @ d")) << "whatever its name";
  const std::string gz = made_by("iconv -f UTF-8 -t UTF-16BE dump.sql | gzip > out");
  EXPECT_THAT(inspect(gz, "d.sql.gz").recorded->checks(), ElementsAre("error dump.utf-16 @ d.sql.gz"));
  const std::string letter = made_by("echo 'Dear all, good morning' | iconv -f UTF-8 -t UTF-16 > out");
  EXPECT_EQ(inspect(letter, "letter.txt").result->kind, "utf-16-text");
  EXPECT_THAT(inspect(letter, "letter.txt").recorded->checks(), IsEmpty());
  EXPECT_THAT(inspect(letter, "d.sql").recorded->checks(), ElementsAre("error dump.utf-16 @ d.sql"));
}

TEST_F(inspector_of_real_files, takes_damage_among_somebodys_files_for_content) {
  const std::string files = made_by(
      "mkdir f; seq 9 > f/n; seq 999 | gzip | head -c 300 > f/old.log.gz; echo x > f/a.tar.gz; : > f/b.tgz; echo "
      "'select 1' > f/q.sql; tar -cf out f");
  const inspected got = inspect(files, "v.tar");
  EXPECT_THAT(got.recorded->checks(), ElementsAre("note gzip.truncated @ v.tar » f/old.log.gz at byte 300"));
  EXPECT_FALSE(got.result->full_backup);
  const std::string backups = made_by(
      "rm -r f; mkdir f; gzip -c dump.sql | head -c 300 > f/d.sql.gz; gzip -c dump.sql > f/e.sql.gz; tar -cf out f");
  EXPECT_THAT(inspect(backups, "v.tar").recorded->checks(),
              ElementsAre("error gzip.truncated @ v.tar » f/d.sql.gz at byte 300"));
  EXPECT_TRUE(inspect(backups, "v.tar").result->full_backup);
  EXPECT_THAT(inspect(backups, "v.tar", {[](const location&) { return true; }}).recorded->checks(),
              ElementsAre("note gzip.truncated @ v.tar » f/d.sql.gz at byte 300"))
      << "the policy knows that it is a volume";
}

TEST_F(inspector_of_real_files, holds_members_of_a_full_backup_to_what_their_names_promise) {
  const auto in_full_backup = [&](const std::string& member, const std::string& making) {
    const std::string archive = made_by("rm -rf f; mkdir f; gzip -c dump.sql > f/good.sql.gz; (cd f; " + making +
                                        " > " + member + "; sha256sum * > checksums.txt); tar -cf out f");
    return inspect(archive, "full.tar").recorded->checks();
  };
  EXPECT_THAT(in_full_backup("d.sql.gz", "gzip -c ../dump.sql"), IsEmpty());
  EXPECT_THAT(in_full_backup("d.sql", "cat ../dump.sql"), IsEmpty());
  EXPECT_THAT(in_full_backup("mac.bundle", "printf '\\312\\376\\272\\276\\0\\0'"), IsEmpty());
  EXPECT_THAT(in_full_backup("notes.txt", "echo hello"), IsEmpty());
  EXPECT_THAT(in_full_backup("nothing.log", "true"), IsEmpty());
  EXPECT_THAT(in_full_backup("d.sql.gz", "echo 'Permission denied' | gzip"),
              ElementsAre("error dump.error-text @ full.tar » f/d.sql.gz"));
  EXPECT_THAT(in_full_backup("d.sql", "echo Traceback"), ElementsAre("error dump.error-text @ full.tar » f/d.sql"));
  EXPECT_THAT(in_full_backup("d.dump", "echo Traceback"), ElementsAre("error dump.error-text @ full.tar » f/d.dump"));
  EXPECT_THAT(in_full_backup("d.sql.gz", "true"), ElementsAre("error file.empty @ full.tar » f/d.sql.gz"));
  EXPECT_THAT(in_full_backup("m.tgz", "gzip -c ../dump.sql"), ElementsAre("error file.kind @ full.tar » f/m.tgz"));
  EXPECT_THAT(in_full_backup("m.tar.gz", "tar -c ../dump.sql"),
              ElementsAre("warning file.name-disagrees @ full.tar » f/m.tar.gz"));
}

TEST_F(inspector_of_real_files, keeps_lists_and_manifests_of_the_outermost_archive) {
  const std::string archive = made_by(
      "mkdir sub; sha256sum dump.sql > checksums.txt; echo '✅ PostgreSQL Database' > MANIFEST.txt; cp *.txt sub; tar "
      "-cf out *");
  const inspected got = inspect(archive, "x.tar");
  ASSERT_EQ(got.recorded->texts.size(), 2U) << "those at its top";
  EXPECT_THAT(got.recorded->texts[0].text + got.recorded->texts[1].text, HasSubstr("PostgreSQL"));
}

TEST_F(inspector_of_real_files, tells_of_full_backups_within_with_what_stands_at_their_top) {
  const std::string list =
      "rm -rf f; mkdir f f/sub; gzip -c dump.sql > f/d.sql.gz; echo x > f/sub/settings; (cd f; "
      "sha256sum d.sql.gz > checksums.txt; cp checksums.txt sub); tar -cf f.tar f; ";
  const inspected once = inspect(made_by(list + "tar -cf out f.tar dump.sql"), "x.tar");
  ASSERT_EQ(once.recorded->nested.size(), 1U);
  const nested_backup_fact& inner = once.recorded->nested.front();
  EXPECT_EQ(inner.where.to_string(), "x.tar » f.tar");
  ASSERT_EQ(inner.texts.size(), 1U);
  EXPECT_EQ(inner.texts.front().name, "f/checksums.txt");
  EXPECT_EQ(inner.members.size(), 6U) << "all but those of the outer archive";
  for (const auto& member : inner.members) {
    EXPECT_EQ(member.where.to_string(), "x.tar » f.tar » " + member.name);
    EXPECT_EQ(member.sha256.has_value(), member.name == "f/d.sql.gz" || member.name == "f/checksums.txt");
  }
  EXPECT_EQ(once.recorded->members.size(), 2U);
  EXPECT_THAT(inspect(made_by(list + "mkdir v; mv f.tar v; head -c 99 /dev/zero > v/photo; tar -cf out v"), "x.tar")
                  .recorded->nested,
              IsEmpty())
      << "content";
  limits few;
  few.compared_members = 5;
  const inspected many = inspect(made_by(list + "tar -cf out f.tar dump.sql"), "x.tar", {}, few);
  ASSERT_EQ(many.recorded->nested.size(), 1U);
  EXPECT_FALSE(many.recorded->nested.front().complete);
  EXPECT_THAT(many.recorded->nested.front().members, IsEmpty());
}

TEST_F(inspector_of_real_files, calls_emptiness_an_error_at_every_depth) {
  EXPECT_THAT(inspect("", "x").recorded->checks(), ElementsAre("error file.empty @ x"));
  EXPECT_THAT(inspect(made_by("gzip -c < /dev/null > out"), "x.gz").recorded->checks(),
              ElementsAre("error file.empty @ x.gz"));
}

TEST_F(inspector_of_real_files, stops_at_its_limits_and_says_which) {
  const std::string deep = made_by("cp dump.sql a; for i in 1 2 3 4; do gzip -c a > b; mv b a; done; mv a out");
  limits shallow;
  shallow.nesting_depth = 2;
  EXPECT_EQ(inspect(deep, "x").result->kind, "gzip > gzip > gzip > gzip > postgres-plain-dump");
  EXPECT_THROW(inspect(deep, "x", {}, shallow), environment_error);
  limits small;
  small.expanded_bytes = 1000;
  try {
    inspect(made_by("gzip -c dump.sql > out"), "x", {}, small);
    ADD_FAILURE() << "no limit met";
  } catch (const environment_error& error) {
    EXPECT_THAT(std::string{error.what()}, HasSubstr("expanded_bytes"));
    EXPECT_THAT(error.advice(), HasSubstr("--limit expanded_bytes="));
  }
}

TEST_F(inspector_of_real_files, does_not_pass_a_custom_format_dump_over_in_silence) {
  const inspected got = inspect("PGDMP\1\16\0\4\10\1", "x.dump");
  EXPECT_FALSE(got.result) << "cut behind its header";
  const std::string newer{"PGDMP\1\77\0\4\10\1", 11};
  EXPECT_THROW((void)inspect(newer, "x.dump"), environment_error) << "of a version that nobody knows yet";
}

TEST_F(inspector_of_real_files, finds_every_cut_of_a_nested_archive) {
  const std::string archive = made_by("gzip -c dump.sql > a.sql.gz; tar -cf - a.sql.gz | gzip -n > out");
  ASSERT_TRUE(inspect(archive, "x.tar.gz").result);
  for (std::size_t size = 0; size < archive.size(); ++size) {
    const inspected got = inspect(archive.substr(0, size), "x.tar.gz");
    EXPECT_TRUE(got.failure || !got.recorded->findings.empty()) << "cut at byte " << size;
  }
}

TEST_F(inspector_of_real_files, reads_members_of_other_archives_as_it_does_those_of_a_tar) {
  for (const std::string command : {"zip -q out.zip dump.sql.gz config; mv out.zip out",
                                    "7z a -bd out.7z dump.sql.gz config >/dev/null; mv out.7z out",
                                    "printf 'dump.sql.gz\\nconfig\\n' | cpio -o -H newc > out"}) {
    SCOPED_TRACE(command);
    const std::string archive = made_by("rm -f out*; gzip -f dump.sql; echo x > config; " + command);
    const inspected got = inspect(archive, "x");
    ASSERT_TRUE(got.result);
    EXPECT_THAT(got.recorded->checks(), IsEmpty());
    EXPECT_THAT(got.recorded->not_checked, IsEmpty());
    EXPECT_EQ(got.recorded->tables.size(), 4U);
    ASSERT_EQ(got.recorded->members.size(), 2U);
    for (const auto& member : got.recorded->members) {
      EXPECT_EQ(here.run("sha256sum " + member.name).output.substr(0, 64), member.sha256) << member.name;
    }
  }
  const std::string damaged = made_by(
      "rm -f out*; head -c 500 dump.sql.gz > cut.sql.gz; zip -q0 out.zip cut.sql.gz config; tar -cf out out.zip");
  EXPECT_THAT(inspect(damaged, "x.tar").recorded->checks(),
              ElementsAre("error gzip.truncated @ x.tar » out.zip » cut.sql.gz at byte 500"));
}

TEST_F(inspector_of_real_files, does_not_call_encrypted_content_damaged_nor_sound) {
  const std::string encrypt = "openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -in dump.sql ";
  for (const std::string name : {"d.sql.gz", "d.tar.gz", "d.sql.gz.enc", "d"}) {
    const inspected got = inspect(made_by(encrypt + "-out out"), name);
    ASSERT_TRUE(got.result) << name;
    EXPECT_THAT(got.recorded->checks(), IsEmpty());
    EXPECT_THAT(got.recorded->not_checked, ElementsAre(HasSubstr("encrypted (openssl-enc)")));
    EXPECT_FALSE(got.result->carries_checksum);
  }
  EXPECT_THAT(inspect(made_by(encrypt + "| gzip > out"), "d.sql.gz").recorded->not_checked,
              ElementsAre(HasSubstr("encrypted")));
  const std::string full = made_by(encrypt + "-out d.sql.gz; cp d.sql.gz diary.enc; tar -cf out d.sql.gz diary.enc");
  EXPECT_THAT(inspect(full, "full.tar").recorded->not_checked, ElementsAre(HasSubstr("full.tar » d.sql.gz")))
      << "what a user encrypted is the user's";
  const std::string zip = made_by("zip -q -P x out.zip dump.sql; mv out.zip out");
  EXPECT_THAT(inspect(zip, "d.zip").recorded->not_checked,
              ElementsAre(HasSubstr("1 of 1 members cannot be looked into")));

  inspection_options accepting;
  accepting.opaque_accepted = true;
  const inspected accepted = inspect(made_by(encrypt + "-out out"), "d.sql.gz", accepting);
  EXPECT_THAT(accepted.recorded->checks(), ElementsAre("note file.opaque @ d.sql.gz"));
  EXPECT_THAT(accepted.recorded->not_checked, IsEmpty());
}

TEST_F(inspector_of_real_files, finds_nothing_where_a_backup_was_promised_at_every_depth) {
  const std::string empty_tar = "error tar.empty @ ";
  EXPECT_THAT(inspect(made_by("mkdir -p t/a/b; tar -cf out t"), "x.tar").recorded->checks(),
              ElementsAre(empty_tar + "x.tar"));
  EXPECT_THAT(
      inspect(made_by("rm -rf t; mkdir t; ln -s nowhere t/a; ln -s /etc t/b; mkfifo t/c; tar -cf out t"), "x.tar")
          .recorded->checks(),
      Contains(empty_tar + "x.tar"));
  EXPECT_THAT(inspect(made_by("rm -rf t; mkdir t; : > t/a; tar -cf out t"), "x.tar").recorded->checks(),
              ElementsAre("warning tar.no-bytes @ x.tar"));
  EXPECT_THAT(inspect(made_by("rm -rf t; mkdir t; echo a > t/a; : > t/b; tar -cf out t"), "x.tar").recorded->checks(),
              IsEmpty());

  const std::string inside = made_by(
      "rm -rf t; mkdir -p t/d; : > db.sql.gz; gzip -c < /dev/null > nothing.sql.gz; tar -czf config.tar.gz t; "
      "tar -cf out db.sql.gz nothing.sql.gz config.tar.gz");
  EXPECT_THAT(inspect(inside, "full.tar").recorded->checks(),
              ::testing::UnorderedElementsAre("error file.empty @ full.tar » db.sql.gz",
                                              "error file.empty @ full.tar » nothing.sql.gz",
                                              empty_tar + "full.tar » config.tar.gz"));
  const std::string image = made_by(
      "head -c 10240 /dev/zero > layer.tar; : > lock; gzip -c < /dev/null > app.log.1.gz; echo x > manifest; "
      "tar -cf out layer.tar lock app.log.1.gz manifest");
  EXPECT_THAT(inspect(image, "v.tar").recorded->checks(), IsEmpty()) << "an application's empty files are no backups";
}

TEST_F(inspector_of_real_files, does_not_let_a_name_decide_against_content) {
  EXPECT_EQ(inspect("-----BEGIN CERTIFICATE-----\nMIIB\n", "ca.bundle").result->kind, "text");
  EXPECT_EQ(inspect(std::string("\xCF\xFA\xED\xFE\x07\0\0\1\3\0\0\0", 12) + std::string(500, '\1'), "plugin.bundle")
                .result->kind,
            "binary");
  const std::string archive = made_by("echo 'var a = 1;' > app.bundle; tar -cf out app.bundle");
  EXPECT_THAT(inspect(archive, "x.tar").recorded->checks(), IsEmpty());
  EXPECT_TRUE(inspect("! v2 git bundle\n" + std::string(40, 'a') + " refs/heads/main\n\nPACK", "r.bundle").failure);
}

TEST_F(inspector_of_real_files, looks_into_databases_inside_volumes) {
  const std::string archive =
      made_by("sqlite3 a.db \"CREATE TABLE t (a); INSERT INTO t VALUES (1);\"; tar -cf out a.db");
  const inspected whole = inspect(archive, "v.tar");
  EXPECT_THAT(whole.recorded->checks(), IsEmpty());
  EXPECT_EQ(whole.recorded->members.front().kind, "sqlite");
  EXPECT_THAT(inspect(made_by("head -c 6000 a.db > b.db; tar -cf out b.db"), "v.tar").recorded->checks(),
              ElementsAre("error sqlite.truncated @ v.tar » b.db at byte 6000"));
  EXPECT_THAT(inspect(made_by("printf 'REDIS0011abc' > dump.rdb; tar -cf out dump.rdb"), "v.tar").recorded->checks(),
              ElementsAre("error redis.truncated @ v.tar » dump.rdb at byte 12"));
}

TEST_F(inspector_of_real_files, counts_holes_and_does_not_read_them) {
  const std::string archive = made_by("truncate -s 1T big; echo x >> big; tar --sparse -cf out big");
  ASSERT_LT(archive.size(), 100'000U);
  EXPECT_THROW(inspect(archive, "x.tar"), environment_error) << "they count as what they expand to";
  limits wide;
  wide.expansion_ratio = 1'000'000'000'000;
  const inspected got = inspect(archive, "x.tar", {}, wide);
  EXPECT_THAT(got.recorded->checks(), ElementsAre("note tar.holes @ x.tar » big"));
  EXPECT_GT(got.expanded, 1'000'000'000'000U);
  EXPECT_TRUE(got.recorded->members.front().undigested);
}

TEST_F(inspector_of_real_files, stops_when_it_is_told_to) {
  const std::atomic<bool> asked{true};
  inspection_options stopped;
  stopped.stop = asked;
  EXPECT_THROW(inspect(made_by("tar -cf out dump.sql"), "x.tar", stopped), interrupted);
  EXPECT_THROW(inspect(made_by("gzip -c dump.sql > out"), "x.gz", stopped), interrupted);
}

TEST(name_claims, are_read_from_endings_only) {
  EXPECT_EQ(claims_of("a/b.sql.gz").how, compression::gzip);
  EXPECT_EQ(claims_of("a/b.sql.gz").inner, content::plain_dump);
  EXPECT_EQ(claims_of("b.TGZ").inner, content::tar);
  EXPECT_EQ(claims_of("b.tar.zst").how, compression::zstd);
  EXPECT_EQ(claims_of("b.bundle").inner, content::git_bundle);
  EXPECT_EQ(claims_of("b.bundle").what, promised_content::nothing) << "macOS, authorities and web applications";
  EXPECT_EQ(claims_of("b.dump").what, promised_content::dump);
  EXPECT_EQ(claims_of(".gz").how, compression::none);
  EXPECT_EQ(claims_of("gz/readme").how, compression::none);
  EXPECT_FALSE(claims_of("b.gz").inner);
  EXPECT_FALSE(claims_of("b.txt").any());
}

}  // namespace inspector_test
