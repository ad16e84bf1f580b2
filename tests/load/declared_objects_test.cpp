#include "knowngood/load/declared_objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace declared_objects_test {

using namespace knowngood;
using testing::ElementsAre;

TEST(declared_objects, are_those_that_comments_announce) {
  declared_objects objects;
  EXPECT_TRUE(objects.empty());
  EXPECT_EQ(objects.place_in(location{"dump"}).to_string(), "dump");
  EXPECT_TRUE(objects.declare("Name: t; Type: TABLE; Schema: public; Owner: -"));
  EXPECT_EQ(objects.place_in(location{"dump"}).to_string(), "dump » public.t");
  for (const char* none :
       {"Name: t; Type: ACL; Schema: public; Owner: -", "Name: s; Type: SEQUENCE SET; Schema: public",
        "Name: d; Type: DATABASE; Schema: -", "Data for Name: t; Type: TABLE DATA; Schema: public"}) {
    EXPECT_TRUE(objects.declare(none));
    EXPECT_FALSE(objects.current()) << none;
  }
  EXPECT_TRUE(objects.declare("Name: s; Type: SCHEMA; Schema: -; Owner: -"));
  EXPECT_TRUE(objects.declare("Name: s; Type: SCHEMA; Schema: -; Owner: -")) << "of its next statement";
  std::vector<std::string> names;
  for (const auto& one : objects.take()) names.push_back(one.type + " " + one.schema + "." + one.name);
  EXPECT_THAT(names, ElementsAre("TABLE public.t", "SCHEMA .s"));
}

TEST(declared_objects, know_what_became_of_their_statements) {
  declared_objects objects;
  objects.declare("Name: f(integer); Type: FUNCTION; Schema: public; Owner: -");
  const auto function = objects.current();
  objects.declare("Name: t; Type: TABLE; Schema: public; Owner: -");
  EXPECT_FALSE(objects.left_unchecked("public.t"));
  EXPECT_EQ(objects.leave_unchecked(), "t");
  EXPECT_TRUE(objects.left_unchecked("public.t"));
  EXPECT_TRUE(objects.left_unchecked("t"));
  EXPECT_FALSE(objects.left_unchecked("other.t"));
  objects.return_to(function);
  EXPECT_EQ(objects.leave_unchecked(), "f");
  objects.return_to(std::nullopt);
  objects.fail();
  EXPECT_EQ(objects.leave_unchecked(), "");
  const auto all = objects.take();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(all[0].failed && all[0].unchecked && all[1].failed && all[1].unchecked);
}

}  // namespace declared_objects_test
