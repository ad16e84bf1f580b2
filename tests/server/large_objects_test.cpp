#include "knowngood/server/large_objects.hpp"

#include <gtest/gtest.h>

namespace large_objects_test {

using namespace knowngood;

row_set rows_of(std::initializer_list<std::string_view> statements) {
  dumped_large_objects objects;
  for (const std::string_view statement : statements) objects.take(statement);
  return objects.rows();
}

row_set expected(std::initializer_list<std::string_view> rows) {
  row_set set;
  for (const std::string_view row : rows) set.add(row);
  return set;
}

// printf abc | sha256sum; printf '' | sha256sum
constexpr std::string_view abc = "16410\tba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr std::string_view nothing = "16411\te3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(dumped_large_objects, are_digested_however_their_bytes_are_dealt_out) {
  EXPECT_EQ(rows_of({"SELECT pg_catalog.lo_create('16410');", "SELECT pg_catalog.lo_open('16410', 131072);",
                     "SELECT pg_catalog.lowrite(0, '\\x616263');", "SELECT pg_catalog.lo_close(0);"}),
            expected({abc}));
  EXPECT_EQ(rows_of({"SELECT pg_catalog.lo_create('16410');", "BEGIN;", "SELECT pg_catalog.lo_open('16410', 131072);",
                     "SELECT pg_catalog.lowrite(0, '\\x61');", "SELECT pg_catalog.lowrite(0, '\\x6263');",
                     "SELECT pg_catalog.lo_close(0);", "COMMIT;"}),
            expected({abc}));
}

TEST(dumped_large_objects, count_where_nothing_was_written_into_them) {
  EXPECT_EQ(rows_of({"SELECT pg_catalog.lo_create('16411');"}), expected({nothing}));
  EXPECT_EQ(rows_of({"SELECT pg_catalog.lo_create('16410');", "SELECT pg_catalog.lo_create('16411');",
                     "SELECT pg_catalog.lo_open('16410', 131072);", "SELECT pg_catalog.lowrite(0, '\\x616263');",
                     "SELECT pg_catalog.lo_close(0);"}),
            expected({abc, nothing}));
}

TEST(dumped_large_objects, are_nothing_else_than_what_is_written_so) {
  EXPECT_EQ(rows_of({"SELECT pg_catalog.setval('s', 1);", "SELECT pg_catalog.lowrite(0, '\\x616263');",
                     "SELECT pg_catalog.lo_close(0);", "SELECT lo_create(1);", "SELECT pg_catalog.lo_unlink('16410');",
                     "SELECT pg_catalog.lo_create('16410"}),
            row_set{});
}

}  // namespace large_objects_test
