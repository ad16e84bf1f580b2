// load_target, load_options, load_result: what the loader is given, and what it leaves.
//
// Layer: load. See load/dump_loader.hpp.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "knowngood/base/finding.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/report/drill_report.hpp"
#include "knowngood/server/database_objects.hpp"
#include "knowngood/server/dumped_table.hpp"

namespace knowngood {

struct load_target {
  std::string admin;        ///< conninfo, its dbname replaced: of a superuser, or of whoever may create databases
  std::string loader;       ///< the same: of the role that runs the dump, which is no superuser
  std::string loader_role;  ///< its name
  std::string database;     ///< exists, is empty, belongs to the loader's role
  bool throw_away = true;   ///< the server is the drill's own: roles may be made, and tables need not survive it
  std::function<void(const std::string&)> made = {};  ///< is told the name of each further database, once it is made
};

struct load_options {
  std::vector<std::string> extensions;  ///< that the dump may create besides trusted ones
  unsigned jobs = 2;                    ///< connections
  stop_flag stop = {};
  std::chrono::seconds statement_limit = std::chrono::hours{6};  ///< for one statement
};

/// One database of a dump, as loaded.
struct loaded_database {
  std::string name;                              ///< in the dump; empty for a dump of one that does not say
  std::string database;                          ///< on the server
  std::string encoding;                          ///< client_encoding of the dump
  std::vector<dumped_table> tables;              ///< with the rows that the dump holds
  rows_fact large_objects = to_fact(row_set{});  ///< see large_objects.hpp
  std::vector<object_declaration> objects;
};

struct load_result {
  std::vector<loaded_database> databases;  ///< those with anything in them
  std::vector<finding> findings;
  std::vector<unchecked_item> unchecked;
  std::string server_version;  ///< of the server that was dumped
  std::uint64_t statements = 0;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  ///< of COPY data
};

}  // namespace knowngood
