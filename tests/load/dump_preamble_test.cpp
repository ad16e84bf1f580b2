#include "knowngood/load/dump_preamble.hpp"

#include <gtest/gtest.h>

#include "knowngood/io/memory_source.hpp"

namespace dump_preamble_test {

using namespace knowngood;

dump_preamble read(const std::string& script) {
  return read_preamble(std::make_unique<memory_source>(script, 7), location{"dump.sql"});
}

TEST(dump_preamble, is_what_pg_dump_says_before_the_first_object) {
  const dump_preamble said = read(
      "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)\n"
      "-- Dumped by pg_dump version 16.4\n\nSET client_encoding = 'LATIN1';\nCREATE TABLE t (a integer);\n");
  EXPECT_EQ(said.encoding, "LATIN1");
  EXPECT_EQ(said.server_version, "15.18");
  EXPECT_EQ(said.server_major, 15U);
  EXPECT_EQ(said.dump_version, "16.4");
}

TEST(dump_preamble, of_a_cluster_is_behind_its_roles) {
  std::string script = "-- PostgreSQL database cluster dump\n\n";
  for (int i = 0; i < 500; ++i) script += "CREATE ROLE r" + std::to_string(i) + ";\n";
  script += "-- Dumped from database version 9.6.24\nSET client_encoding = 'UTF8';\n";
  EXPECT_EQ(read(script).server_version, "9.6.24");
  EXPECT_EQ(read(script).server_major, 9U);
  EXPECT_EQ(read(script).encoding, "UTF8");
}

TEST(dump_preamble, ends_with_the_first_rows_and_believes_none_of_them) {
  const dump_preamble said = read(
      "SET client_encoding = 'UTF8';\nCOPY t (a) FROM stdin;\n-- Dumped from database version 99.1\n\\.\n"
      "-- Dumped from database version 99.1\n");
  EXPECT_EQ(said.server_version, "");
  EXPECT_EQ(said.server_major, 0U);
  EXPECT_EQ(said.encoding, "UTF8");
  EXPECT_EQ(read("").encoding, "");
  EXPECT_EQ(read("-- Dumped from database version devel\nSELECT 1;\n").server_major, 0U);
}

}  // namespace dump_preamble_test
