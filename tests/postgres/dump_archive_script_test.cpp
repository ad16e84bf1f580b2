#include "knowngood/postgres/dump_archive_script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "knowngood/io/memory_source.hpp"
#include "knowngood/postgres/dump_check.hpp"
#include "knowngood/testing/source_suite.hpp"
#include "postgres/dump_archive_writer.hpp"

namespace dump_archive_script_test {

using namespace knowngood;
using samples::archive_object;
using samples::archive_settings;
using samples::archive_writer;
using samples::shop_objects;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string archive(archive_settings how = {}, std::vector<archive_object> objects = shop_objects()) {
  return archive_writer{std::move(how), std::move(objects)}.write();
}

struct judged {
  std::vector<std::string> checks;  // errors and warnings, and what stopped it
  dump_summary summary;
  std::string unchecked;
  std::string text;  // of the first
};

judged read(const std::string& bytes, limits bounds = {}, std::size_t chunk = 1 << 20) {
  judged result;
  finding_list findings;
  const location where{"shop.dump"};
  try {
    result.summary = check_plain_dump(
        std::make_unique<dump_archive_script>(std::make_unique<memory_source>(bytes, chunk), where, bounds, findings),
        where, findings);
  } catch (const stream_error& error) {
    findings.report(error.as_finding());
  } catch (const environment_error& error) {
    result.unchecked = error.what();
  }
  for (const auto& one : findings.snapshot()) {
    if (one.severity == severity::note) continue;
    if (result.checks.empty()) result.text = one.where.to_string() + ": " + one.message;
    result.checks.push_back(one.check);
  }
  return result;
}

std::string script_of(const std::string& bytes) {
  finding_list findings;
  dump_archive_script script{std::make_unique<memory_source>(bytes), location{"shop.dump"}, limits{}, findings};
  std::string text;
  for (auto chunk = script.next(); !chunk.empty(); chunk = script.next()) {
    text.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
  }
  return text;
}

std::map<std::string, row_set> rows_of(const judged& one) {
  std::map<std::string, row_set> rows;
  for (const auto& table : one.summary.tables) rows[table.name] = table.rows;
  return rows;
}

TEST(dump_archive_script, reads_every_version_compression_and_width_to_the_same_rows) {
  const auto expected = rows_of(read(archive()));
  ASSERT_EQ(expected.at("public.orders").rows(), 3U);
  row_set rows;
  for (const std::string_view row : {"1\tbolt", "2\tnut \\\\ and \\t tab", "3\t\\N"}) rows.add(row);
  ASSERT_EQ(expected.at("public.orders"), rows);
  for (const unsigned minor : {12U, 13U, 14U, 15U, 16U}) {
    for (const unsigned width : {4U, 8U}) {
      for (const bool compressed : {false, true}) {
        for (const bool offsets : {false, true}) {
          const auto result = read(archive({.minor = minor,
                                            .level = compressed ? 6 : 0,
                                            .algorithm = compressed ? 1U : 0U,
                                            .integer_bytes = width,
                                            .offsets = offsets,
                                            .piece = 7}));
          EXPECT_THAT(result.checks, IsEmpty()) << minor << " " << width << ": " << result.text;
          EXPECT_EQ(rows_of(result), expected);
          EXPECT_EQ(result.summary.server_version, "15.18");
          EXPECT_EQ(result.summary.encoding, "UTF8");
        }
      }
    }
  }
}

TEST(dump_archive_script, is_the_script_that_pg_dump_would_have_written) {
  const std::string text = script_of(archive());
  EXPECT_TRUE(text.starts_with("--\n-- PostgreSQL database dump\n--\n"));
  EXPECT_TRUE(text.ends_with("--\n-- PostgreSQL database dump complete\n--\n\n"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "--\n-- Name: orders; Type: TABLE; Schema: public; Owner: postgres\n--\n\nCREATE TABLE public.orders ("));
  EXPECT_THAT(text, HasSubstr("ALTER TABLE public.orders OWNER TO \"postgres\";\n"));
  EXPECT_THAT(text, HasSubstr("-- Data for Name: orders; Type: TABLE DATA; Schema: public; Owner: postgres\n--\n\n"
                              "COPY public.orders (id, what) FROM stdin;\n1\tbolt\n"));
  EXPECT_THAT(text, HasSubstr("SELECT pg_catalog.lo_open('77', 131072);\nSELECT pg_catalog.lowrite(0, '\\x68656c6c6f"));
  EXPECT_THAT(text, HasSubstr("ALTER LARGE OBJECT 77 OWNER TO"));
  EXPECT_THAT(text, Not(HasSubstr("CREATE DATABASE")));
  EXPECT_LT(text.find("COPY public.orders"), text.find("CREATE INDEX"));
}

TEST(dump_archive_script, writes_rights_and_what_acts_on_objects_last) {
  auto objects = shop_objects();
  objects.insert(objects.begin() + 3, {.id = 30,
                                       .description = "ACL",
                                       .tag = "TABLE orders",
                                       .definition = "GRANT SELECT ON TABLE public.orders TO PUBLIC;\n"});
  objects.insert(objects.begin() + 3,
                 {.id = 31,
                  .description = "EVENT TRIGGER",
                  .tag = "e",
                  .definition = "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION public.f();\n"});
  const std::string text = script_of(archive({}, objects));
  EXPECT_LT(text.find("CREATE INDEX"), text.find("GRANT SELECT"));
  EXPECT_LT(text.find("GRANT SELECT"), text.find("CREATE EVENT TRIGGER"));
}

TEST(dump_archive_script, reads_large_objects_of_version_1_16) {
  auto objects = shop_objects();
  objects[5] = {.id = 6, .description = "BLOB METADATA", .tag = "77..78", .definition = "77\n78\n", .schema = ""};
  const std::string text = script_of(archive({.minor = 16}, objects));
  EXPECT_THAT(text, HasSubstr("SELECT pg_catalog.lo_create('77');\nALTER LARGE OBJECT 77 OWNER TO \"postgres\";\n"
                              "SELECT pg_catalog.lo_create('78');\n"));
}

TEST(dump_archive_script, counts_rows_of_insert_statements) {
  auto objects = shop_objects();
  objects[6].copy.clear();
  objects[6].data =
      "INSERT INTO public.orders VALUES (1, 'it''s');\nINSERT INTO public.orders VALUES (2, 'b'), (3, 'c');\n\n\n";
  ASSERT_THAT(read(archive()).checks, IsEmpty());
  const auto result = read(archive({}, objects));
  EXPECT_THAT(result.checks, IsEmpty()) << result.text;
  EXPECT_EQ(result.summary.tables.at(0).inserted, 3U);
}

TEST(dump_archive_script, quotes_what_would_leave_a_comment_or_a_name) {
  auto objects = shop_objects();
  objects[3].owner = "o\"; DROP TABLE x; --";
  objects[3].tag = "orders\nDROP TABLE y;";
  const std::string text = script_of(archive({}, objects));
  EXPECT_THAT(text, HasSubstr("OWNER TO \"o\"\"; DROP TABLE x; --\";"));
  EXPECT_THAT(text, Not(HasSubstr("\nDROP TABLE y;")));
}

struct damage_case {
  std::string name;
  std::function<std::string()> bytes;
  std::string check;
};

TEST(dump_archive_script, finds_each_damage) {
  const auto without = [](int id) {
    std::vector<int> order;
    for (const auto& one : shop_objects()) {
      if ((one.data || !one.large_objects.empty()) && one.id != id) order.push_back(one.id);
    }
    return order;
  };
  const auto with_data = [](std::string data, unsigned algorithm = 1) {
    auto objects = shop_objects();
    objects[6].data = std::move(data);
    return archive({.minor = 15, .algorithm = algorithm}, objects);
  };
  const std::vector<damage_case> cases{
      {"a block missing", [&] { return archive({.order = without(10)}); }, "dump.archive-data"},
      {"large objects missing", [&] { return archive({.order = without(12)}); }, "dump.archive-data"},
      {"a block twice",
       [] {
         return archive({.offsets = false, .order = {10, 11, 12, 10}});
       },
       "dump.archive"},
      {"a block of nobody",
       [] {
         return archive() + std::string{"\1\0\x63\0\0\0\0\0\0\0\0", 11};
       },
       "dump.archive"},
      {"bytes behind the last block", [] { return archive() + "junk"; }, "dump.archive"},
      {"another order",
       [] {
         return archive({.order = {11, 10, 12}});
       },
       "dump.archive-order"},
      {"wrong offsets", [] { return archive({.offset_error = 5}); }, "dump.archive-offset"},
      {"data cut at a row", [&] { return with_data("1\tbolt\n"); }, "dump.unterminated-copy"},
      {"data cut in a row, not compressed", [&] { return with_data("1\tbo", 0); }, "dump.unterminated-copy"},
      {"an empty block", [&] { return with_data("", 0); }, "dump.unterminated-copy"},
      {"a column too few", [&] { return with_data("1\n\\.\n\n\n"); }, "dump.columns"},
      {"bytes that are not UTF-8", [&] { return with_data("1\t\xff\n\\.\n\n\n"); }, "dump.encoding"},
      {"no object", [] { return archive({}, {}); }, "dump.empty"},
      {"two entries of one id",
       [] {
         auto objects = shop_objects();
         objects[4].id = 4;
         return archive({}, objects);
       },
       "dump.archive"},
      {"unknown compression", [] { return archive({.minor = 15, .algorithm = 9}); }, "dump.archive"},
  };
  ASSERT_THAT(read(archive()).checks, IsEmpty());
  for (const auto& one : cases) {
    const auto result = read(one.bytes());
    ASSERT_FALSE(result.checks.empty()) << one.name;
    EXPECT_EQ(result.checks.front(), one.check) << one.name << ": " << result.text;
  }
}

TEST(dump_archive_script, finds_every_cut) {
  const std::string whole = archive();
  ASSERT_THAT(read(whole).checks, IsEmpty());
  for (std::size_t size = 5; size < whole.size(); ++size) {
    EXPECT_THAT(read(whole.substr(0, size)).checks, Not(IsEmpty())) << size;
  }
}

TEST(dump_archive_script, finds_every_flipped_bit_of_compressed_data) {
  const std::string whole = archive();
  const std::string block = archive_writer{{}, shop_objects()}.block(shop_objects()[6]);
  const std::size_t begin = whole.find(block);
  ASSERT_NE(begin, std::string::npos);
  const auto rows = rows_of(read(whole));
  std::size_t without_effect = 0;
  for (std::size_t bit = 0; bit < block.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[begin + bit / 8] = static_cast<char>(flipped[begin + bit / 8] ^ (1 << (bit % 8)));
    const auto result = read(flipped);
    if (!result.checks.empty()) continue;
    ++without_effect;
    EXPECT_EQ(rows_of(result), rows) << "bit " << bit;
  }
  EXPECT_LT(without_effect, 8U) << "only what fills the last byte of the DEFLATE data";
}

TEST(dump_archive_script, believes_no_length) {
  const std::string whole = archive();
  const std::size_t name = whole.find("shop");
  ASSERT_NE(name, std::string::npos);
  std::string lying = whole;
  lying.replace(name - 4, 4, "\xff\xff\xff\x7f");  // the database's name is 2 GiB long
  EXPECT_THAT(read(lying).checks, ElementsAre("dump.truncated"));
  limits bounds;
  bounds.toc_bytes = 100;
  EXPECT_THAT(read(whole, bounds).unchecked, HasSubstr("toc_bytes"));
  bounds = {};
  bounds.entries = 3;
  EXPECT_THAT(read(whole, bounds).unchecked, HasSubstr("entries"));
}

TEST(dump_archive_script, leaves_other_versions_and_formats_to_others) {
  EXPECT_THAT(read(archive({.minor = 17})).unchecked, HasSubstr("newer"));
  EXPECT_THAT(read(archive({.minor = 11})).unchecked, HasSubstr("1.11"));
  std::string never = archive({.minor = 14});
  never[5] = 2;
  EXPECT_THAT(read(never).checks, testing::Contains("dump.archive")) << "no pg_dump has written version 2";
  EXPECT_EQ(read(never).unchecked, "");
  EXPECT_THAT(read(archive({.format = 3})).unchecked, HasSubstr("table of contents without"));
}

TEST(dump_archive_script, is_a_source) {
  finding_list findings;
  expect_conforming(
      [&](std::unique_ptr<source> upstream) {
        return std::make_unique<dump_archive_script>(std::move(upstream), location{"shop.dump"}, limits{}, findings);
      },
      archive(), script_of(archive()));
}

}  // namespace dump_archive_script_test
