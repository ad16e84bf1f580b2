#include "knowngood/base/masked_passwords.hpp"

#include <gtest/gtest.h>

#include <string>

namespace masked_passwords_test {

using namespace knowngood;

TEST(mask_passwords, leaves_what_holds_none_as_it_is) {
  for (const std::string text :
       {"", "dbname=ner11_db", "postgresql://app@db:5432/ner11?sslmode=require", "postgresql://db:5432/x?a=b@c",
        "service=ner11", "passfile=/root/.pgpass user=app", "postgresql:///x?host=/tmp", "--passphrase-file=k", "a:b@c",
        "postgresql://h1:5432,h2:5433/x?user=a@b", "https://example.org/a:b"}) {
    EXPECT_EQ(mask_passwords(text), text);
  }
}

TEST(mask_passwords, masks_them_in_every_form_that_libpq_reads) {
  const auto masked = [](const std::string& text) {
    const std::string result = mask_passwords(text);
    EXPECT_EQ(result.find("unter"), std::string::npos) << result;
    EXPECT_NE(result.find("***"), std::string::npos) << result;
    return result;
  };
  EXPECT_EQ(masked("postgresql://app:hunter2@db/ner11"), "postgresql://app:***@db/ner11");
  EXPECT_EQ(masked("--source=postgres://app:hunter%402@db"), "--source=postgres://app:***@db");
  EXPECT_EQ(masked("postgresql:///x?user=a&password=hunter2&sslmode=require"),
            "postgresql:///x?user=a&password=***&sslmode=require");
  EXPECT_EQ(masked("postgresql:///x?%70assword=hunter2"), "postgresql:///x?%70assword=***");
  EXPECT_EQ(masked("postgresql:///x?p%61ssw%4Frd=hunter2&a=b"), "postgresql:///x?p%61ssw%4Frd=***&a=b");
  EXPECT_EQ(masked("host=db password=hunter2 user=app"), "host=db password=*** user=app");
  EXPECT_EQ(masked("password = 'hunter 2 \\' hunter' user=app"), "password = '***' user=app");
  EXPECT_EQ(masked("password=hunter\\ hunter user=app"), "password=*** user=app");
  EXPECT_EQ(masked("sslpassword=hunter2"), "sslpassword=***");
  EXPECT_EQ(masked("PGPASSWORD=hunter2 pg_dump -h db"), "PGPASSWORD=*** pg_dump -h db");
  EXPECT_EQ(masked("password=hunter&2?unter"), "password=***");
}

TEST(mask_passwords, masks_more_rather_than_less_where_they_are_not_encoded) {
  EXPECT_EQ(mask_passwords("postgresql://app:hun@ter2@db/x"), "postgresql://app:***@db/x");
  EXPECT_EQ(mask_passwords("postgresql://app:hun/ter2@db/x"), "postgresql://app:***@db/x");
  EXPECT_EQ(mask_passwords("postgresql://app:hun?ter2@db/x"), "postgresql://app:***@db/x");
  EXPECT_EQ(mask_passwords("host=db password='hunter2"), "host=db password='***");
  EXPECT_EQ(mask_passwords("host=db password=hunter 2 user=app"), "host=db password=*** user=app");
  EXPECT_EQ(mask_passwords("host=db password=the hunter"), "host=db password=***");
  EXPECT_EQ(mask_passwords("a postgresql://u:p@x b postgresql://v:q@y"),
            "a postgresql://u:***@x b postgresql://v:***@y");
}

}  // namespace masked_passwords_test
