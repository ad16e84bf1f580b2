// dump_archive_writer: archives of pg_dump's custom format, byte by byte, whole or with the damage that a test asks
// for.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace knowngood::samples {

struct archive_object {
  int id = 0;
  std::string description = {};
  std::string tag = {};
  std::string definition = {};
  std::string drop = {};
  std::string copy = {};
  std::optional<std::string> data = {};                         ///< of a data block, not yet compressed
  std::vector<std::pair<int, std::string>> large_objects = {};  ///< of BLOBS
  std::string schema = "public";
  std::string owner = "postgres";
  int section = 2;
};

struct archive_settings {
  unsigned minor = 14;
  int level = -1;          ///< before 1.15
  unsigned algorithm = 1;  ///< from 1.15 on
  unsigned format = 1;
  unsigned integer_bytes = 4;
  bool offsets = true;                                           ///< known, as in a file; unknown, as in a pipe
  std::function<std::string(const std::string&)> compress = {};  ///< in place of zlib
  std::size_t piece = 4096;                                      ///< the most bytes of a piece of a block
  std::vector<int> order = {};  ///< ids of the blocks; empty: as in the table of contents
  int offset_error = 0;         ///< added to every offset
};

inline std::string zlib_of(const std::string& text) {
  uLongf size = ::compressBound(text.size());
  std::string out(size, '\0');
  ::compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(text.data()), text.size(), 6);
  out.resize(size);
  return out;
}

class archive_writer {
 public:
  archive_writer(archive_settings how, std::vector<archive_object> objects)
      : how_{std::move(how)}, objects_{std::move(objects)} {}

  std::string write() {
    std::vector<std::uint64_t> offsets(objects_.size(), 0);
    // The table of contents is as long whatever the offsets are.
    std::string head = contents(offsets);
    std::string blocks;
    const auto block_of = [&](std::size_t i) {
      offsets[i] = head.size() + blocks.size();
      blocks += block(objects_[i]);
    };
    if (how_.order.empty()) {
      for (std::size_t i = 0; i < objects_.size(); ++i) {
        if (has_data(objects_[i])) block_of(i);
      }
    }
    for (const int id : how_.order) {
      for (std::size_t i = 0; i < objects_.size(); ++i) {
        if (objects_[i].id == id) block_of(i);
      }
    }
    for (auto& offset : offsets) offset += static_cast<std::uint64_t>(static_cast<std::int64_t>(how_.offset_error));
    return contents(offsets) + blocks;
  }

  std::string integer(std::int64_t value) const {
    std::string text(1, value < 0 ? '\1' : '\0');
    auto magnitude = static_cast<std::uint64_t>(value < 0 ? -value : value);
    for (unsigned i = 0; i < how_.integer_bytes; ++i, magnitude >>= 8U) text += static_cast<char>(magnitude & 0xFFU);
    return text;
  }

  std::string block(const archive_object& one) const {
    std::string text(1, one.large_objects.empty() ? '\1' : '\3');
    text += integer(one.id);
    if (one.large_objects.empty()) return text + pieces(one.data.value_or(""));
    for (const auto& [id, content] : one.large_objects) text += integer(id) + pieces(content);
    return text + integer(0);
  }

 private:
  static bool has_data(const archive_object& one) { return one.data || !one.large_objects.empty(); }

  std::string string(const std::optional<std::string>& text) const {
    if (!text) return integer(-1);
    return integer(static_cast<std::int64_t>(text->size())) + *text;
  }

  std::string pieces(const std::string& content) const {
    const bool plain = how_.minor < 15 ? how_.level == 0 : how_.algorithm == 0;
    const std::string stored = how_.compress ? how_.compress(content) : plain ? content : zlib_of(content);
    std::string text;
    for (std::size_t at = 0; at < stored.size(); at += how_.piece) {
      const std::string piece = stored.substr(at, how_.piece);
      text += integer(static_cast<std::int64_t>(piece.size())) + piece;
    }
    return text + integer(0);
  }

  std::string contents(const std::vector<std::uint64_t>& offsets) const {
    std::string text = "PGDMP";
    for (const unsigned byte : {1U, how_.minor, 0U, how_.integer_bytes, 8U, how_.format})
      text += static_cast<char>(byte);
    text += how_.minor < 15 ? integer(how_.level) : std::string(1, static_cast<char>(how_.algorithm));
    for (const int part : {0, 0, 2, 4, 11, 125, 0}) text += integer(part);
    text += string("shop") + string("15.18") + string("15.18");
    text += integer(static_cast<std::int64_t>(objects_.size()));
    for (std::size_t i = 0; i < objects_.size(); ++i) {
      const auto& one = objects_[i];
      text += integer(one.id) + integer(has_data(one) ? 1 : 0) + string("0") + string("0") + string(one.tag) +
              string(one.description) + integer(one.section) + string(one.definition) + string(one.drop) +
              string(one.copy) + string(one.schema) + string(std::nullopt);
      if (how_.minor >= 14) text += string(std::nullopt);
      if (how_.minor >= 16) text += integer(114);
      text += string(one.owner) + string("false") + string(std::nullopt);
      if (how_.format != 1) {  // the file with its data
        text += string(has_data(one) ? std::to_string(one.id) + ".dat" : "");
        continue;
      }
      text += static_cast<char>(!has_data(one) ? 3 : how_.offsets ? 2 : 1);
      for (unsigned byte = 0; byte < 8; ++byte) text += static_cast<char>((offsets[i] >> (8 * byte)) & 0xFFU);
    }
    return text;
  }

  archive_settings how_;
  std::vector<archive_object> objects_;
};

/// Two tables, an index, a large object; `UTF8`.
inline std::vector<archive_object> shop_objects() {
  return {
      {.id = 1,
       .description = "ENCODING",
       .tag = "ENCODING",
       .definition = "SET client_encoding = 'UTF8';\n",
       .section = 2},
      {.id = 2,
       .description = "STDSTRINGS",
       .tag = "STDSTRINGS",
       .definition = "SET standard_conforming_strings = 'on';\n",
       .section = 2},
      {.id = 3, .description = "DATABASE", .tag = "shop", .definition = "CREATE DATABASE shop;\n", .section = 2},
      {.id = 4,
       .description = "TABLE",
       .tag = "orders",
       .definition = "CREATE TABLE public.orders (\n    id integer,\n    what text\n);\n",
       .drop = "DROP TABLE public.orders;\n"},
      {.id = 5,
       .description = "TABLE",
       .tag = "empty",
       .definition = "CREATE TABLE public.empty (\n    x integer\n);\n",
       .drop = "DROP TABLE public.empty;\n"},
      {.id = 6,
       .description = "BLOB",
       .tag = "77",
       .definition = "SELECT pg_catalog.lo_create('77');\n",
       .drop = "SELECT pg_catalog.lo_unlink('77');\n",
       .schema = ""},
      {.id = 10,
       .description = "TABLE DATA",
       .tag = "orders",
       .copy = "COPY public.orders (id, what) FROM stdin;\n",
       .data = "1\tbolt\n2\tnut \\\\ and \\t tab\n3\t\\N\n\\.\n\n\n",
       .section = 3},
      {.id = 11,
       .description = "TABLE DATA",
       .tag = "empty",
       .copy = "COPY public.empty (x) FROM stdin;\n",
       .data = "\\.\n\n\n",
       .section = 3},
      {.id = 12,
       .description = "BLOBS",
       .tag = "BLOBS",
       .large_objects = {{77, "hello large object"}},
       .schema = "",
       .section = 3},
      {.id = 20,
       .description = "INDEX",
       .tag = "orders_id_idx",
       .definition = "CREATE INDEX orders_id_idx ON public.orders USING btree (id);\n",
       .drop = "DROP INDEX public.orders_id_idx;\n",
       .section = 4},
  };
}

}  // namespace knowngood::samples
