#include "knowngood/inspect/promise.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace promise_test {

using namespace knowngood;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

inspection seen_as(std::string kind, content innermost, std::string beginning = {}) {
  inspection seen;
  seen.kind = std::move(kind);
  seen.innermost = innermost;
  seen.beginning = std::move(beginning);
  return seen;
}

std::vector<std::string> judged(const promise& promised, const inspection& seen) {
  finding_list found;
  judge_promise(promised, seen, location{"x"}, found);
  std::vector<std::string> ids;
  for (const auto& one : found.snapshot()) ids.push_back(one.check);
  return ids;
}

TEST(promise, of_a_name_is_kept_by_every_format_of_a_dump) {
  const inspection plain = seen_as("postgres-plain-dump", content::plain_dump);
  const inspection custom = seen_as("postgres-dump-archive", content::dump_archive);
  inspection in_tar = seen_as("tar", content::tar);
  in_tar.dump_in_tar = true;
  for (const std::string name : {"d.sql", "d.dump", "d.pgdump"}) {
    for (const auto& seen : {plain, custom, in_tar})
      EXPECT_THAT(judged(promise_of_name(name), seen), IsEmpty()) << name;
  }
  EXPECT_THAT(judged(promise_of_name("d.dump"), seen_as("tar", content::tar)), ElementsAre("file.kind"));
}

TEST(promise, is_broken_by_whatever_else_is_found) {
  for (const content other : {content::binary, content::tar, content::git_bundle}) {
    EXPECT_THAT(judged(promise_of_name("d.sql.gz"), seen_as("gzip > x", other)), ElementsAre("file.kind"));
  }
  EXPECT_THAT(judged(promise_of_name("d.tar"), seen_as("git-bundle", content::git_bundle)), ElementsAre("file.kind"));
  EXPECT_THAT(judged({promised_content::bundle, compression::none, "the policy"}, seen_as("text", content::text)),
              ElementsAre("file.kind"));
}

TEST(promise, of_a_compression_alone_is_a_warning) {
  EXPECT_THAT(judged(promise_of_name("d.sql.gz"), seen_as("postgres-plain-dump", content::plain_dump)),
              ElementsAre("file.name-disagrees"));
  EXPECT_THAT(judged(promise_of_name("x.log.gz"), seen_as("xz > text", content::text)),
              ElementsAre("file.name-disagrees"));
  EXPECT_THAT(judged(promise_of_name("x.log.gz"), seen_as("gzip > text", content::text)), IsEmpty());
}

TEST(promise, is_none_in_names_that_others_have_too) {
  for (const std::string name : {"a.bundle", "a.txt", "a.log", "a", "a.zip.txt", "model.pkl"}) {
    EXPECT_THAT(judged(promise_of_name(name), seen_as("binary", content::binary)), IsEmpty()) << name;
  }
}

TEST(promise, says_what_was_found_instead) {
  finding_list found;
  judge_promise(promise_of_name("d.tar"), seen_as("text", content::text, "Permission denied"), location{"d.tar"},
                found);
  EXPECT_THAT(found.snapshot().at(0).expected, HasSubstr("tar"));
  EXPECT_EQ(found.snapshot().at(0).actual, "text, \"Permission denied\"");
}

}  // namespace promise_test
