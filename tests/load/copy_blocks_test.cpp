#include "knowngood/load/copy_blocks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/postgres/copy_rows.hpp"
#include "load/load_world.hpp"

namespace copy_blocks_test {

using namespace knowngood;

/// The blocks of a dump, sent to a table `t` of a database made anew; on the main connection, or over two others.
class sent_blocks {
 public:
  sent_blocks(connection main, std::string conninfo, bool on_main)
      : main_{std::move(main)}, copies_{main_, std::move(conninfo), location{"test.sql"}, {}}, on_main_{on_main} {
    main_.query("CREATE TABLE t (a integer PRIMARY KEY, b text NOT NULL)");
  }

  void begin(const std::string& statement = "COPY t (a, b) FROM stdin;", std::uint64_t line = 10) {
    event_ = {};
    event_.type = dump_event_type::copy_begin;
    event_.text = statement;
    event_.line = line;
    event_.copy = &target_;
    copies_.begin(event_, on_main_, std::make_shared<const std::string>());
  }
  void put(std::string_view data) {
    event_.text = data;
    event_.rows = static_cast<std::uint64_t>(std::count(data.begin(), data.end(), '\n'));
    copies_.put(event_);
  }
  /// What failed, however late it is known.
  std::vector<copy_failure> ended(std::optional<copy_failure> at_once) {
    std::vector<copy_failure> failures = copies_.wait();
    if (at_once) failures.push_back(*at_once);
    return failures;
  }
  std::vector<copy_failure> end() { return ended(copies_.end()); }
  std::vector<copy_failure> break_off() { return ended(copies_.break_off()); }
  std::string rows() { return main_.value("SELECT count(*) || ' rows, ' || coalesce(sum(a), 0) FROM t"); }
  copy_blocks& blocks() { return copies_; }

 private:
  connection main_;
  copy_blocks copies_;
  bool on_main_;
  copy_target target_{"public.t", {{"a", "b"}}, true};
  dump_event event_;
};

sent_blocks open(bool on_main) {
  const std::string database = on_main ? "on_main" : "on_others";
  return {load_parts::loader_session(database), load_parts::loader_conninfo(database), on_main};
}

TEST_F(load_parts, copy_blocks_arrive_whichever_connections_they_take) {
  for (const bool on_main : {true, false}) {
    sent_blocks sent = open(on_main);
    EXPECT_EQ(sent.blocks().open(), nullptr);
    sent.begin();
    ASSERT_NE(sent.blocks().open(), nullptr);
    EXPECT_EQ(sent.blocks().open()->table, "public.t");
    sent.put("1\tone\n2\tt");
    sent.put("wo\n");
    EXPECT_TRUE(sent.end().empty());
    EXPECT_EQ(sent.blocks().open(), nullptr);
    sent.begin();
    sent.put("4\tfour\n");
    EXPECT_TRUE(sent.end().empty());
    EXPECT_EQ(sent.rows(), "3 rows, 7") << on_main;
    EXPECT_TRUE(sent.blocks().wait().empty()) << "nothing was sent since";
  }
}

TEST_F(load_parts, copy_blocks_that_are_refused_name_their_table_and_line) {
  for (const bool on_main : {true, false}) {
    sent_blocks sent = open(on_main);
    sent.begin();
    sent.put("1\tone\n2\ttwo\n3\t\\N\n");
    std::vector<copy_failure> failures = sent.end();
    ASSERT_EQ(failures.size(), 1U) << on_main;
    EXPECT_EQ(failures[0].table, "public.t");
    EXPECT_EQ(failures[0].line, 13U) << "the third line after the statement";
    EXPECT_EQ(failures[0].error.sqlstate, "23502");
    sent.begin("COPY gone (a) FROM stdin;", 20);
    sent.put("1\n");
    failures = sent.end();
    ASSERT_EQ(failures.size(), 1U) << on_main;
    EXPECT_EQ(failures[0].line, 20U);
    EXPECT_EQ(failures[0].error.sqlstate, "42P01");
    sent.begin();
    sent.put("5\tfive\n");
    EXPECT_TRUE(sent.end().empty()) << "the next block is none the worse";
    EXPECT_EQ(sent.rows(), "1 rows, 5");
  }
}

TEST_F(load_parts, copy_blocks_that_break_off_keep_their_whole_rows) {
  for (const bool on_main : {true, false}) {
    sent_blocks sent = open(on_main);
    sent.begin();
    sent.put("1\tone\n2\ttwo\n");
    EXPECT_TRUE(sent.break_off().empty());
    EXPECT_EQ(sent.blocks().open(), nullptr);
    EXPECT_EQ(sent.rows(), "2 rows, 3") << on_main;
  }
}

// Of a row longer than the scanner holds, parts are sent before its end was seen.
TEST_F(load_parts, copy_blocks_that_break_off_inside_a_long_row_keep_no_part_of_it) {
  const std::string part(copy_rows::row_buffer, 'x');
  for (const bool on_main : {true, false}) {
    sent_blocks sent = open(on_main);
    sent.begin();
    sent.put("1\tone\n2\ttwo\n");
    sent.put("3\t" + part);
    sent.put(part);
    sent.put(part + "\n4\t" + part);
    sent.put(part);
    EXPECT_TRUE(sent.break_off().empty());
    EXPECT_EQ(sent.rows(), on_main ? "0 rows, 0" : "3 rows, 6");
    sent.begin();
    sent.put("4\t" + part);
    sent.put("\n5\tx");
    sent.put("\n");
    EXPECT_TRUE(sent.end().empty());
    EXPECT_EQ(sent.rows(), on_main ? "2 rows, 9" : "5 rows, 15") << "as always, when nothing is cut";
  }
}

TEST(copy_line, is_read_from_what_the_server_says) {
  sql_error error{"22P02", "invalid"};
  EXPECT_EQ(copy_line_of(error), std::nullopt);
  error.context = "COPY t, line 12, column a: \"x\"";
  EXPECT_EQ(copy_line_of(error), 12U);
  for (const char* context :
       {"COPY t, line 0", "COPY t, line x", "COPY t, line ", "COPY t, line 99999999999999999999"}) {
    error.context = context;
    EXPECT_EQ(copy_line_of(error), std::nullopt) << context;
  }
}

}  // namespace copy_blocks_test
