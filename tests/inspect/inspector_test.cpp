#include "restorable/inspect/inspector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "../postgres/sample_dump.hpp"
#include "restorable/io/memory_source.hpp"
#include "restorable/testing/damage.hpp"
#include "restorable/testing/scratch_directory.hpp"

namespace {

using namespace restorable;
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
  void unchecked(location where, std::string message, std::string) override {
    const std::lock_guard lock{mutex};
    not_checked.push_back(where.to_string() + ": " + message);
  }

  [[nodiscard]] std::vector<std::string> checks() const {
    std::vector<std::string> ids;
    for (const auto& one : findings) ids.push_back(fmt::format("{} {} @ {}", to_string(one.severity), one.check, one.where.to_string()));
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
  std::vector<std::string> not_checked;
};

struct inspected {
  std::unique_ptr<recorder> heard = std::make_unique<recorder>();
  std::optional<inspection> result;
  std::optional<finding> failure;
  std::uint64_t expanded = 0;
};

inspected inspect(const std::string& bytes, const std::string& name, inspection_options options = {}, limits bounds = {},
                  std::size_t chunk = 4096) {
  inspected got;
  inspector look{bounds, *got.heard, std::move(options)};
  try {
    got.result = look.inspect(std::make_unique<memory_source>(bytes, chunk), location{name}, bytes.size(), claims_of(name));
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
  const std::string direct = inspect(sample_dump, "dump.sql").heard->tables.front().fingerprint.value();
  const std::string nested = made_by("gzip dump.sql; tar -cf in.tar dump.sql.gz; gzip in.tar; tar -czf out in.tar.gz");
  for (const std::size_t chunk : std::vector<std::size_t>{1, 511, 1 << 20}) {
    const inspected got = inspect(nested, "out.tar.gz", {nullptr, 1}, {}, chunk);
    ASSERT_TRUE(got.result);
    EXPECT_THAT(got.heard->checks(), IsEmpty());
    ASSERT_EQ(got.heard->tables.size(), 4U);
    EXPECT_EQ(got.heard->tables.front().fingerprint, direct);
    EXPECT_EQ(got.heard->tables.front().where.to_string(), "out.tar.gz » in.tar.gz » dump.sql.gz");
  }
}

TEST_F(inspector_of_real_files, reads_on_after_a_damaged_member) {
  const std::string archive = made_by(
      "gzip -c dump.sql > a.sql.gz; head -c 500 a.sql.gz > cut.sql.gz; cp a.sql.gz z.sql.gz; tar -cf out a.sql.gz cut.sql.gz z.sql.gz");
  const inspected got = inspect(archive, "x.tar");
  ASSERT_TRUE(got.result) << "the archive itself is whole";
  EXPECT_THAT(got.heard->checks(), ElementsAre("error gzip.truncated @ x.tar » cut.sql.gz at byte 500"));
  EXPECT_EQ(got.heard->tables.size(), 8U) << "both whole members were read, before and behind the cut one";
  ASSERT_EQ(got.heard->members.size(), 3U);
  EXPECT_EQ(got.heard->members[1].size, 500U);
  EXPECT_TRUE(got.heard->members[1].sha256) << "its bytes are all there";
}

TEST_F(inspector_of_real_files, blames_the_container_for_what_the_container_lost) {
  const std::string archive = made_by("gzip -c dump.sql > a.sql.gz; tar -cf - a.sql.gz | gzip > out");
  const inspected got = inspect(cut_at(archive.size() / 2).apply(archive), "x.tar.gz");
  ASSERT_TRUE(got.failure);
  EXPECT_EQ(got.failure->check, "gzip.truncated");
  EXPECT_EQ(got.failure->where.chain(), std::vector<std::string>{"x.tar.gz"});
  for (const auto& one : got.heard->findings) EXPECT_EQ(one.where.chain().size(), 1U) << one.check;
}

TEST_F(inspector_of_real_files, digests_members_as_sha256sum_does) {
  const std::string archive = made_by("seq 100000 > numbers; : > nothing; tar -cf out numbers nothing dump.sql");
  const inspected got = inspect(archive, "x.tar");
  for (const auto& member : got.heard->members) {
    EXPECT_EQ(here.run("sha256sum " + member.name).output.substr(0, 64), member.sha256) << member.name;
  }
  EXPECT_EQ(got.heard->members.size(), 3U);
}

TEST_F(inspector_of_real_files, takes_zero_pages_for_what_they_are) {
  const std::string archive = made_by("head -c 262144 /dev/zero > 0000; tar -cf out 0000");
  EXPECT_THAT(inspect(archive, "x.tar").heard->checks(), IsEmpty());
  EXPECT_THAT(inspect(made_by("head -c 10240 /dev/zero > empty.tar; tar -cf out empty.tar"), "x.tar").heard->checks(),
              ElementsAre("error tar.empty @ x.tar » empty.tar"));
}

TEST_F(inspector_of_real_files, reads_unrecognised_content_as_what_its_name_claims) {
  const std::string gz = made_by("gzip -c dump.sql > out");
  EXPECT_EQ(inspect(flip_bit(0, 3).apply(gz), "d.sql.gz").failure->check, "gzip.header");
  EXPECT_EQ(inspect(flip_bit(0, 3).apply(gz), "d.bin").result->kind, "binary");
  EXPECT_EQ(inspect("<html>404 Not Found</html>\n", "models.tar.gz").failure->check, "gzip.header");
  EXPECT_EQ(inspect("CREATE TABLE t (a int);\n", "by_hand.sql").result->kind, "text") << "not every script is pg_dump's";
  const std::string archive = made_by("echo '<html>' > d.sql.gz; tar -cf out d.sql.gz");
  EXPECT_THAT(inspect(archive, "x.tar").heard->checks(), ElementsAre("error gzip.header @ x.tar » d.sql.gz at byte 0"));
}

TEST_F(inspector_of_real_files, softens_damage_inside_an_applications_own_files) {
  const std::string archive = made_by("gzip -c dump.sql | head -c 300 > old.log.gz; tar -cf out old.log.gz");
  EXPECT_THAT(inspect(archive, "v.tar").heard->checks(), ElementsAre("error gzip.truncated @ v.tar » old.log.gz at byte 300"));
  EXPECT_THAT(inspect(archive, "v.tar", {[](const location&) { return true; }}).heard->checks(),
              ElementsAre("warning gzip.truncated @ v.tar » old.log.gz at byte 300"));
}

TEST_F(inspector_of_real_files, keeps_lists_and_manifests_of_the_outermost_archive) {
  const std::string archive = made_by("sha256sum dump.sql > checksums.txt; echo '✅ PostgreSQL Database' > MANIFEST.txt; tar -cf out *");
  const inspected got = inspect(archive, "x.tar");
  ASSERT_EQ(got.heard->texts.size(), 2U);
  EXPECT_THAT(got.heard->texts[0].text + got.heard->texts[1].text, HasSubstr("PostgreSQL"));
}

TEST_F(inspector_of_real_files, calls_emptiness_an_error_at_every_depth) {
  EXPECT_THAT(inspect("", "x").heard->checks(), ElementsAre("error file.empty @ x"));
  EXPECT_THAT(inspect(made_by("gzip -c < /dev/null > out"), "x.gz").heard->checks(), ElementsAre("error file.empty @ x.gz"));
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
  EXPECT_EQ(got.result->kind, "postgres-dump-archive");
  EXPECT_EQ(got.heard->not_checked.size(), 1U);
}

TEST_F(inspector_of_real_files, finds_every_cut_of_a_nested_archive) {
  const std::string archive = made_by("gzip -c dump.sql > a.sql.gz; tar -cf - a.sql.gz | gzip -n > out");
  ASSERT_TRUE(inspect(archive, "x.tar.gz").result);
  for (std::size_t size = 0; size < archive.size(); ++size) {
    const inspected got = inspect(archive.substr(0, size), "x.tar.gz");
    EXPECT_TRUE(got.failure || !got.heard->findings.empty()) << "cut at byte " << size;
  }
}

TEST(data_directory_watch, tells_a_stopped_server_from_a_running_one) {
  std::string control(control_file::file_bytes, '\0');
  const auto put = [&](std::size_t offset, std::uint32_t value) {
    for (unsigned i = 0; i < 4; ++i) control[offset + i] = static_cast<char>((value >> (8 * i)) & 0xFFU);
  };
  const auto judge = [&](std::uint32_t state, bool label, std::uint32_t crc_error) {
    put(8, 1300);
    put(16, state);
    put(288, crc32c(std::as_bytes(std::span{control}).first(288)) ^ crc_error);
    data_directory_watch watch;
    recorder heard;
    watch.content("./data/global/pg_control", watch.member("./data/global/pg_control"), control);
    watch.content("./data/PG_VERSION", watch.member("./data/PG_VERSION"), "15\n");
    watch.member("./data/base/1/PG_VERSION");
    if (label) watch.member("./data/backup_label");
    watch.finish(location{"v.tar"}, heard);
    return heard.checks();
  };
  EXPECT_THAT(judge(1, false, 0), IsEmpty());
  EXPECT_THAT(judge(2, false, 0), IsEmpty());
  EXPECT_THAT(judge(6, true, 0), IsEmpty()) << "a base backup is taken while the server runs";
  EXPECT_THAT(judge(6, false, 0), ElementsAre("error pgdata.inconsistent @ v.tar » data"));
  EXPECT_THAT(judge(1, false, 1), ElementsAre("error pgdata.control-crc @ v.tar » data"));
}

TEST(name_claims, are_read_from_endings_only) {
  EXPECT_EQ(claims_of("a/b.sql.gz").how, compression::gzip);
  EXPECT_EQ(claims_of("a/b.sql.gz").inner, content::plain_dump);
  EXPECT_EQ(claims_of("b.TGZ").inner, content::tar);
  EXPECT_EQ(claims_of("b.tar.zst").how, compression::zstd);
  EXPECT_EQ(claims_of("b.bundle").inner, content::git_bundle);
  EXPECT_EQ(claims_of(".gz").how, compression::none);
  EXPECT_EQ(claims_of("gz/readme").how, compression::none);
  EXPECT_FALSE(claims_of("b.gz").inner);
}

}  // namespace
