#include "knowngood/postgres/copy_rows.hpp"

#include <gtest/gtest.h>

#include <random>

namespace copy_rows_test {

using namespace knowngood;

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
      copy_rows rows{1 + seed % 4, text_encoding::utf8};
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
    copy_rows rows{1, text_encoding::utf8};
    const outcome got = scan_all(rows, data + "\\.\nrest;\n", chunk);
    EXPECT_TRUE(got.ended);
    EXPECT_EQ(got.consumed, data.size() + 3) << "what follows the marker is left alone";
    EXPECT_EQ(got.rows, 5U);
  }
}

TEST(copy_rows, counts_the_columns_of_every_row) {
  copy_rows rows{3, text_encoding::utf8};
  scan_all(rows, "1\t2\t3\n1\t2\n1\t2\t3\t4\n\t\t\n\\.\n", 7);
  EXPECT_EQ(rows.wrong_columns().rows, 2U);
  EXPECT_EQ(rows.wrong_columns().first_row, 2U);
  EXPECT_EQ(rows.wrong_columns().detail, 2U);
}

TEST(copy_rows, takes_blank_lines_as_the_rows_of_a_table_without_columns) {
  copy_rows rows{0, text_encoding::utf8};
  scan_all(rows, "\n\n\nx\n\\.\n", 2);
  EXPECT_EQ(rows.rows().rows(), 4U);
  EXPECT_EQ(rows.wrong_columns().rows, 1U);
  EXPECT_EQ(rows.wrong_columns().first_row, 4U);
}

TEST(copy_rows, finds_ill_formed_utf8_wherever_the_row_is_cut) {
  const std::string good = "Größe ✓ 😀\t1\n";
  for (const std::string bad : {"\xC3\t1\n", "\xFF\t1\n", "\xE2\x82\t1\n", "\xED\xA0\x80\t1\n", "\xC0\xAF\t1\n"}) {
    for (const std::size_t chunk : std::vector<std::size_t>{1, 2, 3, 64, 1000}) {
      copy_rows intact{2, text_encoding::utf8};
      scan_all(intact, good + good + "\\.\n", chunk);
      EXPECT_EQ(intact.ill_formed().rows, 0U);
      copy_rows damaged{2, text_encoding::utf8};
      scan_all(damaged, good + bad + good + "\\.\n", chunk);
      EXPECT_EQ(damaged.ill_formed().rows, 1U);
      EXPECT_EQ(damaged.ill_formed().first_row, 2U);
      copy_rows other_encoding{2, text_encoding::bytes};
      scan_all(other_encoding, good + bad + good + "\\.\n", chunk);
      EXPECT_EQ(other_encoding.ill_formed().rows, 0U) << "only UTF8 dumps are held to UTF-8";
    }
  }
}

TEST(copy_rows, tells_an_escaped_backslash_from_an_escaped_newline) {
  copy_rows rows{1, text_encoding::utf8};
  scan_all(rows, "a\\\\\na\\\nb\\\\\\\n\\.\n", 100);
  EXPECT_EQ(rows.bad_escapes().rows, 2U);
  EXPECT_EQ(rows.bad_escapes().first_row, 2U);
}

TEST(copy_rows, hashes_a_row_longer_than_its_buffer_like_any_other) {
  std::string giant(copy_rows::row_buffer * 3 + 17, 'x');
  giant[5] = '\t';
  giant += "ü\\\\";
  const std::string data = "1\tshort\n" + giant + "\n2\tshort\n";
  for (const std::size_t chunk : std::vector<std::size_t>{1000, 65'536, copy_rows::row_buffer + 5, data.size() + 3}) {
    copy_rows rows{2, text_encoding::utf8};
    const outcome got = scan_all(rows, data + "\\.\n", chunk);
    EXPECT_TRUE(got.ended);
    EXPECT_TRUE(got.data == data);
    EXPECT_EQ(got.rows, 3U);
    EXPECT_TRUE(rows.rows() == reference(data));
    EXPECT_EQ(rows.wrong_columns().rows, 0U);
    EXPECT_EQ(rows.ill_formed().rows, 0U);
    EXPECT_EQ(rows.bad_escapes().rows, 0U);
  }
}

TEST(copy_rows, tells_rows_with_bytes_and_escapes_that_pg_dump_does_not_write) {
  const std::string good = "1\tplain \\\\ \\t \\n \a\x1A\t\\N\n";
  struct bad_row {
    std::string row;
    bool byte;
  };
  const std::vector<bad_row> bad{{"2\ta\\q\t\\N\n", false}, {"2\ta\\x00\t\n", false},
                                 {"2\ta\\.\t\n", false},    {"2\t\t\\Nx\n", false},
                                 {"2\t\tx\\.\n", false},    {"2\t\tx\\\n", false},
                                 {"2\ta\rb\t\n", true},     {"2\t\ta\r\n", true},
                                 {"2\ta\vb\t\n", true},     {std::string("2\ta\0b\t\n", 7), true}};
  for (const std::size_t chunk : std::vector<std::size_t>{1, 3, 64, 67, 1000}) {
    for (const std::size_t rows_before : std::vector<std::size_t>{1, 2, 3, 4, 5}) {
      std::string before;
      for (std::size_t i = 0; i < rows_before; ++i) before += good;
      copy_rows intact{3, text_encoding::utf8};
      scan_all(intact, before + good + "\\.\n", chunk);
      EXPECT_EQ(intact.bad_bytes().rows + intact.bad_escapes().rows, 0U) << chunk;
      for (const auto& [row, byte] : bad) {
        copy_rows rows{3, text_encoding::utf8};
        EXPECT_TRUE(scan_all(rows, before + row + good + "\\.\n", chunk).ended);
        EXPECT_EQ(rows.bad_bytes().rows, byte ? 1U : 0U) << testing::PrintToString(row) << chunk;
        EXPECT_EQ(rows.bad_escapes().rows, byte ? 0U : 1U) << testing::PrintToString(row) << chunk;
        EXPECT_EQ((byte ? rows.bad_bytes() : rows.bad_escapes()).first_row, rows_before + 1);
        copy_rows other{std::nullopt, text_encoding::bytes, false};
        scan_all(other, before + row + good + "\\.\n", chunk);
        EXPECT_EQ(other.bad_bytes().rows + other.bad_escapes().rows, 0U) << "of another format";
      }
    }
  }
}

TEST(copy_rows, agrees_with_itself_on_rows_that_are_cut) {
  std::mt19937 random{7};
  const std::string alphabet = "ab\\\\\\N\t\t.nq\r\x01\x08\xC3\xA4\x95\x5C";
  for (int round = 0; round < 300; ++round) {
    std::string data;
    for (int i = 0; i < 400; ++i) {
      data += random() % 9 == 0 ? '\n' : alphabet[random() % alphabet.size()];
    }
    data += "\n";
    for (const text_encoding encoding : {text_encoding::bytes, text_encoding::utf8, text_encoding::sjis}) {
      copy_rows whole{3, encoding};
      const outcome expected = scan_all(whole, data, data.size());
      for (const std::size_t chunk : std::vector<std::size_t>{1, 7, 64, 100}) {
        copy_rows cut{3, encoding};
        const outcome got = scan_all(cut, data, chunk);
        EXPECT_EQ(got.data, expected.data);
        EXPECT_TRUE(cut.rows() == whole.rows());
        EXPECT_EQ(cut.bad_bytes().rows, whole.bad_bytes().rows);
        EXPECT_EQ(cut.bad_escapes().rows, whole.bad_escapes().rows) << testing::PrintToString(data);
        EXPECT_EQ(cut.ill_formed().rows, whole.ill_formed().rows);
        EXPECT_EQ(cut.wrong_columns().rows, whole.wrong_columns().rows);
      }
    }
  }
}

TEST(copy_rows, takes_lines_that_end_in_cr_lf_for_the_same_rows) {
  const std::string data = "1\tbolt\n2\t\\N\n3\t\n";
  const std::string returned = "1\tbolt\r\n2\t\\N\r\n3\t\r\n";
  for (const std::size_t chunk : std::vector<std::size_t>{1, 2, 7, 64, 1000}) {
    copy_rows rows{2, text_encoding::utf8};
    const outcome got = scan_all(rows, returned + "\\.\r\n", chunk);
    EXPECT_TRUE(got.ended);
    EXPECT_EQ(got.data, data);
    EXPECT_TRUE(rows.rows() == reference(data));
    EXPECT_TRUE(rows.carriage_returns());
    EXPECT_EQ(rows.bad_bytes().rows + rows.bad_escapes().rows + rows.wrong_columns().rows, 0U);
    copy_rows mixed{2, text_encoding::utf8};
    scan_all(mixed, returned + "4\tbare\n" + "\\.\r\n", chunk);
    EXPECT_EQ(mixed.bad_bytes().rows, 1U) << "the server takes one kind of line end in a block";
    copy_rows twice{2, text_encoding::utf8};
    EXPECT_FALSE(scan_all(twice, "1\ta\r\r\n\\.\r\r\n", chunk).ended) << "psql does not see the end";
    EXPECT_GE(twice.bad_bytes().rows, 1U);
  }
  const std::string giant(copy_rows::row_buffer * 2, 'x');
  for (const std::size_t chunk : std::vector<std::size_t>{65'536, copy_rows::row_buffer + 3}) {
    copy_rows rows{2, text_encoding::utf8};
    const outcome got = scan_all(rows, "1\t" + giant + "\r\n2\t" + giant + "\r\n\\.\r\n", chunk);
    EXPECT_TRUE(got.data == "1\t" + giant + "\n2\t" + giant + "\n");
    EXPECT_TRUE(rows.rows() == reference("1\t" + giant + "\n2\t" + giant + "\n"));
    EXPECT_EQ(rows.bad_bytes().rows, 0U);
    copy_rows bare{2, text_encoding::utf8};
    scan_all(bare, "1\tx\n2\t" + giant + "\r\n3\t\\q" + giant + "\n\\.\n", chunk);
    EXPECT_EQ(bare.bad_bytes().rows, 1U);
    EXPECT_EQ(bare.bad_escapes().rows, 1U);
  }
}

TEST(copy_rows, knows_the_broken_characters_of_other_encodings) {
  copy_rows sjis{2, text_encoding::sjis};
  scan_all(sjis, "1\t\x95\x5C\n2\t\x95\x5C\\n\n3\t\x95 x\n4\t\x95\x5C\\q\n\\.\n", 100);
  EXPECT_EQ(sjis.rows().rows(), 4U);
  EXPECT_EQ(sjis.ill_formed().rows, 1U);
  EXPECT_EQ(sjis.ill_formed().first_row, 3U);
  EXPECT_EQ(sjis.bad_escapes().rows, 1U);
  EXPECT_EQ(sjis.bad_escapes().first_row, 4U);
}

}  // namespace copy_rows_test
