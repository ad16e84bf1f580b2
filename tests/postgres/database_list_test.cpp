#include "knowngood/postgres/database_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

namespace database_list_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::IsEmpty;

byte_view bytes_of(const std::string& text) { return std::as_bytes(std::span{text}); }

void put(std::string& bytes, std::size_t at, std::uint32_t value, std::size_t size = 4) {
  for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i) & 0xFFU);
}

struct row {
  std::uint32_t oid;
  std::string name;
  std::uint32_t flags = 0x0900;  // made by a transaction that committed, ended by none
  std::uint32_t made_by = 700;
  std::uint32_t gone_by = 0;
  std::uint32_t connection_limit = 0xFFFF'FFFFU;
};

/// As PostgreSQL 15 has it: 17 columns behind a header of 24 bytes.
std::string tuple(const row& of) {
  std::string bytes(24 + 120, '\0');
  put(bytes, 0, of.made_by);
  put(bytes, 4, of.gone_by);
  put(bytes, 18, 17, 2);
  put(bytes, 20, of.flags, 2);
  bytes[22] = 24;
  put(bytes, 24, of.oid);
  bytes.replace(28, of.name.size(), of.name);
  put(bytes, 24 + 80, of.connection_limit);
  put(bytes, 24 + 92, 1663);
  return bytes;
}

std::string page(const std::vector<row>& rows, std::size_t size = 8192) {
  std::string bytes(size, '\0');
  std::size_t upper = size;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string one = tuple(rows[i]);
    upper -= one.size();
    bytes.replace(upper, one.size(), one);
    put(bytes, 24 + 4 * i, static_cast<std::uint32_t>(upper | 1U << 15U | one.size() << 17U));
  }
  put(bytes, 12, static_cast<std::uint32_t>(24 + 4 * rows.size()), 2);
  put(bytes, 14, static_cast<std::uint32_t>(upper), 2);
  put(bytes, 18, static_cast<std::uint32_t>(size) | 4U, 2);
  return bytes;
}

const auto nobody_knows = [](std::uint32_t) { return transaction_status::unknown; };

std::vector<std::string> names(const database_list& of,
                               const std::function<transaction_status(std::uint32_t)>& status = nobody_knows) {
  std::vector<std::string> found;
  for (const auto& [oid, one] : of.existing(status)) found.push_back(one->name);
  return found;
}

TEST(database_list, is_read_from_pages_of_any_size) {
  for (const std::size_t size : {1024U, 8192U, 32'768U}) {
    const auto found = parse_database_list(
        bytes_of(page({{1, "template1"}, {5, "postgres"}}, size) + page({{16'384, "ner11_db"}}, size)));
    EXPECT_THAT(names(found), ElementsAre("template1", "postgres", "ner11_db"));
    EXPECT_EQ(found.pages, 2U);
    EXPECT_EQ(found.damaged_pages + found.damaged_rows, 0U);
    EXPECT_EQ(found.databases[0].tablespace, database_row::default_tablespace);
  }
}

TEST(database_list, counts_what_is_damaged_and_reads_the_rest) {
  const std::string good = page({{5, "postgres"}});
  std::string bad = good;
  put(bad, 12, 9'000, 2);
  auto found = parse_database_list(bytes_of(good + bad + std::string(8192, '\0') + good.substr(0, 100)));
  EXPECT_THAT(names(found), ElementsAre("postgres"));
  EXPECT_EQ(found.pages, 4U);
  EXPECT_EQ(found.damaged_pages, 2U) << "a page that was not used yet is none";
  std::string cut = page({{5, "postgres"}, {6, "other"}});
  put(cut, 24, 8'100U | 1U << 15U | 144U << 17U);  // beyond the page's end
  found = parse_database_list(bytes_of(cut));
  EXPECT_THAT(names(found), ElementsAre("other"));
  EXPECT_EQ(found.damaged_rows, 1U);
  EXPECT_EQ(parse_database_list(bytes_of(page({{0, "nobody"}, {7, ""}, {8, std::string(70, 'x')}}))).damaged_rows, 3U);
  EXPECT_EQ(parse_database_list({}).pages, 0U);
}

TEST(database_list, holds_the_databases_that_certainly_exist) {
  constexpr std::uint32_t open = 0x0800;  // who made it, nobody has looked at yet
  const auto list = parse_database_list(bytes_of(page({{5, "sure"},
                                                       {6, "never made", 0x0A00},
                                                       {7, "dropped", 0x0500, 700, 701},
                                                       {8, "half dropped", 0x0900, 700, 0, 0xFFFF'FFFEU},
                                                       {9, "open", open, 702},
                                                       {10, "locked alone", 0x0180, 700, 703},
                                                       {11, "drop given up", 0x0100, 700, 704},
                                                       {12, "frozen", 0x0B00, 700}})));
  EXPECT_EQ(list.databases.size(), 8U);
  EXPECT_THAT(names(list), ElementsAre("sure", "locked alone", "frozen"));
  const auto log = [](std::uint32_t transaction) {
    return transaction == 702   ? transaction_status::committed
           : transaction == 704 ? transaction_status::aborted
                                : transaction_status::unknown;
  };
  EXPECT_THAT(names(list, log), ElementsAre("sure", "open", "locked alone", "drop given up", "frozen"));
}

TEST(database_list, takes_a_row_that_was_changed_for_there_whatever_became_of_the_change) {
  const auto list = parse_database_list(bytes_of(page({{5, "before", 0x0100, 700, 710}, {5, "after", 0x0800, 710}})));
  EXPECT_EQ(names(list).size(), 1U);
  const auto dropped =
      parse_database_list(bytes_of(page({{5, "before", 0x0100, 700, 710}, {6, "other", 0x0800, 710}})));
  EXPECT_THAT(names(dropped), IsEmpty()) << "the other is not its successor";
}

TEST(filenode_map, is_read_when_its_checksum_holds) {
  for (const auto& [size, places] : {std::pair{512U, 62U}, std::pair{524U, 64U}}) {
    std::string bytes(size, '\0');
    put(bytes, 0, 0x592717);
    put(bytes, 4, 2);
    put(bytes, 8, 1262);
    put(bytes, 12, 16'500);
    put(bytes, 16, 1260);
    put(bytes, 20, 1260);
    const std::size_t crc = 8 + std::size_t{places} * 8;
    put(bytes, crc, crc32c(bytes_of(bytes).first(crc)));
    const auto map = parse_filenode_map(bytes_of(bytes));
    ASSERT_TRUE(map) << size;
    EXPECT_EQ(map->size(), 2U);
    EXPECT_EQ(map->at(pg_database_catalogue), 16'500U);
    for (const std::size_t at : {std::size_t{0}, std::size_t{12}, crc}) {
      std::string altered = bytes;
      altered[at] = static_cast<char>(altered[at] ^ 1);
      EXPECT_FALSE(parse_filenode_map(bytes_of(altered))) << at;
    }
    EXPECT_FALSE(parse_filenode_map(bytes_of(bytes).first(size - 1)));
    put(bytes, 4, places + 1);
    put(bytes, crc, crc32c(bytes_of(bytes).first(crc)));
    EXPECT_FALSE(parse_filenode_map(bytes_of(bytes))) << "more than it has places for";
  }
}

TEST(transaction_log, says_what_became_of_each) {
  transaction_log log;
  EXPECT_EQ(log.of(0), transaction_status::unknown);
  EXPECT_EQ(log.of(2), transaction_status::committed) << "of those that made the cluster";
  EXPECT_EQ(log.of(700), transaction_status::unknown);
  std::string segment(transaction_log::segment_bytes, '\0');
  segment[700 / 4] = '\x39';  // 01 committed, 10 aborted, 11 of a subtransaction, 00 in progress
  log.add(0, segment);
  EXPECT_EQ(log.of(700), transaction_status::committed);
  EXPECT_EQ(log.of(701), transaction_status::aborted);
  EXPECT_EQ(log.of(702), transaction_status::unknown);
  EXPECT_EQ(log.of(703), transaction_status::in_progress);
  EXPECT_EQ(log.of(transaction_log::transactions_per_segment), transaction_status::unknown);
  log.add(0, segment.substr(0, 100));
  EXPECT_EQ(log.of(700), transaction_status::unknown) << "the segment ends before it";
  for (std::uint32_t number = 1; number < 5; ++number) log.add(number, segment);
  EXPECT_EQ(log.of(5), transaction_status::unknown) << "only the newest are held";
  EXPECT_EQ(log.of(4 * transaction_log::transactions_per_segment + 700), transaction_status::committed);
}

}  // namespace database_list_test
