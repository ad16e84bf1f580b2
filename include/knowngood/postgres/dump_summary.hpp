// dump_summary: what a plain dump holds, as checking it taught.
//
// Layer: postgres. Made by check_plain_dump in dump_check.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "knowngood/hash/row_set.hpp"

namespace knowngood {

/// A table with rows in a dump.
struct dump_table {
  std::string database;        ///< as `\connect` names it; empty before any
  std::string name;            ///< as the dump writes it: `public.incidents`
  row_set rows;                ///< of COPY data
  std::uint64_t inserted = 0;  ///< rows of INSERT statements, whose fingerprint cannot be had
};

struct dump_summary {
  bool cluster = false;        ///< written by pg_dumpall
  std::string server_version;  ///< `15.18 (Debian …)`; empty when the dump does not say
  std::string dump_version;    ///< of pg_dump
  std::string encoding;        ///< the last client_encoding
  std::string line_endings;    ///< `LF` or `CR LF`
  bool end_proved = true;      ///< false for a dump whose comments were stripped, its trailer with them
  std::uint64_t statements = 0;
  std::uint64_t objects = 0;       ///< statements that make something, large objects and constraints too
  std::vector<dump_table> tables;  ///< in order of first appearance
};

}  // namespace knowngood
