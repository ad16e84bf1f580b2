#include "knowngood/postgres/created_objects.hpp"

#include <gtest/gtest.h>

namespace created_objects_test {

using namespace knowngood;
using novelty = created_objects::novelty;

TEST(created_objects, tells_what_is_made_twice) {
  created_objects made;
  EXPECT_EQ(made.take_create("CREATE TABLE public.t (a integer);", true), novelty::fresh);
  EXPECT_EQ(made.take_create("CREATE TABLE other.t (a integer);", true), novelty::fresh);
  EXPECT_EQ(made.take_create("CREATE TABLE public.t (b text);", true), novelty::again);
  EXPECT_EQ(made.take_create("CREATE FUNCTION f(integer) RETURNS integer;", true), novelty::fresh);
  EXPECT_EQ(made.take_create("CREATE FUNCTION f(text) RETURNS integer;", true), novelty::fresh) << "overloaded";
  EXPECT_EQ(made.take_create("CREATE FUNCTION f(text) RETURNS integer;", true), novelty::again);
  EXPECT_EQ(made.take_create("CREATE TYPE public.y;", true), novelty::fresh) << "its shell";
  EXPECT_EQ(made.take_create("CREATE TYPE public.y (INPUT = i);", true), novelty::fresh);
  EXPECT_EQ(made.take_create("CREATE VIEW public.v AS SELECT NULL;", true), novelty::fresh);
  EXPECT_EQ(made.take_create("CREATE OR REPLACE VIEW public.v AS SELECT 1;", true), novelty::fresh);
  EXPECT_EQ(made.take_create("CREATE EXTENSION IF NOT EXISTS x;", true), novelty::fresh);
  EXPECT_EQ(made.take_create("CREATE EXTENSION IF NOT EXISTS x;", true), novelty::fresh);
  made.set_search_path("SET search_path = a, pg_catalog;");
  EXPECT_EQ(made.take_create("CREATE TABLE t (a integer);", true), novelty::fresh);
  made.set_search_path("SET search_path = b, pg_catalog;");
  EXPECT_EQ(made.take_create("CREATE TABLE t (a integer);", true), novelty::fresh) << "of an old pg_dump";
  EXPECT_TRUE(made.take_data("Data for Name: t"));
  EXPECT_FALSE(made.take_data("Data for Name: t"));
}

TEST(created_objects, begins_anew_in_another_database_and_after_drops) {
  created_objects made;
  const auto table = [&](const char* name) {
    return made.take_create(std::string{"CREATE TABLE "} + name + " (a integer);", true);
  };
  made.use_database("a");
  EXPECT_EQ(table("t"), novelty::fresh);
  made.use_database("b");
  EXPECT_EQ(table("t"), novelty::fresh);
  made.use_database("a");
  EXPECT_EQ(table("t"), novelty::again);
  made.begin_dump();
  made.take_drop();
  EXPECT_EQ(table("t"), novelty::fresh);
}

TEST(created_objects, tells_a_second_dump_of_a_database_once) {
  created_objects made;
  EXPECT_EQ(made.take_create("CREATE TABLE one (a integer);", true), novelty::fresh);
  made.begin_dump();  // its data, and what comes after that
  EXPECT_TRUE(made.take_data("Data for Name: one"));
  EXPECT_EQ(made.take_create("CREATE INDEX i ON one USING btree (a);", true), novelty::fresh);
  made.begin_dump();
  EXPECT_EQ(made.take_create("CREATE TABLE two (a integer);", true), novelty::second);
  EXPECT_EQ(made.take_create("CREATE TABLE three (a integer);", true), novelty::fresh) << "said already";
}

}  // namespace created_objects_test
