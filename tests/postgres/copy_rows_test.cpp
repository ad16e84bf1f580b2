#include "restorable/postgres/copy_rows.hpp"

#include <gtest/gtest.h>

#include <random>

namespace {

using namespace restorable;

struct outcome {
  std::string data;
  std::uint64_t rows = 0;
  bool ended = false;
  std::size_t consumed = 0;
};

outcome scan_all(copy_rows& rows, std::string_view input, std::size_t chunk) {
  outcome result;
  while (!input.empty() && !result.ended) {
    std::string_view now = input.substr(0, chunk);
    input.remove_prefix(now.size());
    while (!now.empty() && !result.ended) {
      const copy_rows::step step = rows.scan(now);
      result.data += step.data;
      result.rows += step.rows;
      result.ended = step.ended;
      result.consumed += step.consumed;
      now.remove_prefix(step.consumed);
    }
  }
  return result;
}

// The plain way: split at newlines, hash each row.
row_set reference(std::string_view data) {
  row_set rows;
  while (!data.empty()) {
    const std::size_t newline = data.find('\n');
    rows.add(data.substr(0, newline));
    data.remove_prefix(newline + 1);
  }
  return rows;
}

std::string random_rows(std::uint32_t seed, std::size_t rows, std::size_t columns) {
  std::mt19937 random{seed};
  std::string data;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      if (c > 0) data += '\t';
      for (std::size_t n = random() % 40; n > 0; --n) data += static_cast<char>('a' + random() % 26);
    }
    data += '\n';
  }
  return data;
}

TEST(copy_rows, gives_the_same_row_set_however_the_data_is_cut) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    const std::string data = random_rows(seed, 50, 1 + seed % 4);
    const row_set expected = reference(data);
    for (const std::size_t chunk : std::vector<std::size_t>{1, 2, 3, 63, 64, 65, 127, 128, 1000, data.size() + 3}) {
      copy_rows rows{1 + seed % 4, true};
      const outcome got = scan_all(rows, data + "\\.\n", chunk);
      EXPECT_TRUE(got.ended);
      EXPECT_EQ(got.consumed, data.size() + 3);
      EXPECT_EQ(got.data, data) << "handed on unchanged";
      EXPECT_EQ(got.rows, 50U);
      EXPECT_TRUE(rows.rows() == expected) << "seed " << seed << ", chunk " << chunk;
      EXPECT_EQ(rows.wrong_columns().rows, 0U);
    }
  }
}

TEST(copy_rows, ends_only_at_a_line_that_is_exactly_the_marker) {
  const std::string data = "\\\\.\n\\.x\n.\n\\N\n\\\\\n";
  for (const std::size_t chunk : std::vector<std::size_t>{1, 2, 5, 100}) {
    copy_rows rows{1, true};
    const outcome got = scan_all(rows, data + "\\.\nrest;\n", chunk);
    EXPECT_TRUE(got.ended);
    EXPECT_EQ(got.consumed, data.size() + 3) << "what follows the marker is left alone";
    EXPECT_EQ(got.rows, 5U);
  }
}

TEST(copy_rows, counts_the_columns_of_every_row) {
  copy_rows rows{3, true};
  scan_all(rows, "1\t2\t3\n1\t2\n1\t2\t3\t4\n\t\t\n\\.\n", 7);
  EXPECT_EQ(rows.wrong_columns().rows, 2U);
  EXPECT_EQ(rows.wrong_columns().first_row, 2U);
  EXPECT_EQ(rows.wrong_columns().detail, 2U);
}

TEST(copy_rows, takes_blank_lines_as_the_rows_of_a_table_without_columns) {
  copy_rows rows{0, true};
  scan_all(rows, "\n\n\nx\n\\.\n", 2);
  EXPECT_EQ(rows.rows().rows(), 4U);
  EXPECT_EQ(rows.wrong_columns().rows, 1U);
  EXPECT_EQ(rows.wrong_columns().first_row, 4U);
}

TEST(copy_rows, finds_ill_formed_utf8_wherever_the_row_is_cut) {
  const std::string good = "Größe ✓ 😀\t1\n";
  for (const std::string bad : {"\xC3\t1\n", "\xFF\t1\n", "\xE2\x82\t1\n", "\xED\xA0\x80\t1\n", "\xC0\xAF\t1\n"}) {
    for (const std::size_t chunk : std::vector<std::size_t>{1, 2, 3, 64, 1000}) {
      copy_rows intact{2, true};
      scan_all(intact, good + good + "\\.\n", chunk);
      EXPECT_EQ(intact.ill_formed().rows, 0U);
      copy_rows damaged{2, true};
      scan_all(damaged, good + bad + good + "\\.\n", chunk);
      EXPECT_EQ(damaged.ill_formed().rows, 1U);
      EXPECT_EQ(damaged.ill_formed().first_row, 2U);
      copy_rows other_encoding{2, false};
      scan_all(other_encoding, good + bad + good + "\\.\n", chunk);
      EXPECT_EQ(other_encoding.ill_formed().rows, 0U) << "only UTF8 dumps are held to UTF-8";
    }
  }
}

TEST(copy_rows, tells_an_escaped_backslash_from_an_escaped_newline) {
  copy_rows rows{1, true};
  scan_all(rows, "a\\\\\na\\\nb\\\\\\\n\\.\n", 100);
  EXPECT_EQ(rows.open_escapes().rows, 2U);
  EXPECT_EQ(rows.open_escapes().first_row, 2U);
}

TEST(copy_rows, hashes_a_row_longer_than_its_buffer_like_any_other) {
  std::string giant(copy_rows::row_buffer * 3 + 17, 'x');
  giant[5] = '\t';
  giant += "ü\\\\";
  const std::string data = "1\tshort\n" + giant + "\n2\tshort\n";
  for (const std::size_t chunk : std::vector<std::size_t>{1000, 65'536, copy_rows::row_buffer + 5, data.size() + 3}) {
    copy_rows rows{2, true};
    const outcome got = scan_all(rows, data + "\\.\n", chunk);
    EXPECT_TRUE(got.ended);
    EXPECT_TRUE(got.data == data);
    EXPECT_EQ(got.rows, 3U);
    EXPECT_TRUE(rows.rows() == reference(data));
    EXPECT_EQ(rows.wrong_columns().rows, 0U);
    EXPECT_EQ(rows.ill_formed().rows, 0U);
    EXPECT_EQ(rows.open_escapes().rows, 0U);
  }
}

}  // namespace
