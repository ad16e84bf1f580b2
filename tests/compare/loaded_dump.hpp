// A dump as what loading it would have told: tables with row sets, objects declared; loaded into a database by psql.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/compare/compare_restored.hpp"
#include "knowngood/io/memory_source.hpp"
#include "knowngood/postgres/plain_dump.hpp"
#include "knowngood/server/database_objects.hpp"
#include "server/private_server.hpp"

namespace knowngood {

struct loaded_dump {
  restored_database restored;
  objects_to_check objects;
};

/// Reads `script`, and loads it into `database`, which is made anew, from `file` on the server's directory.
inline loaded_dump load_with_psql(const private_server& server, const std::string& script, const std::string& database,
                                  const std::string& database_options = "") {
  loaded_dump loaded;
  loaded.restored.conninfo = server.conninfo(database);
  loaded.restored.where = location{"test.sql"};
  loaded.restored.artifact = "test.sql";
  loaded.restored.reopen = [script] { return std::make_unique<memory_source>(script, 65'536); };
  std::vector<row_set> sets;
  plain_dump dump{std::make_unique<memory_source>(script, 65'536), location{"test.sql"}};
  for (const dump_event* event = &dump.next(); event->type != dump_event_type::end; event = &dump.next()) {
    if (event->type == dump_event_type::copy_end) {
      const dumped_table table{event->copy->table, event->copy->columns, to_fact(dump.block().rows())};
      const auto known =
          std::find_if(loaded.restored.tables.begin(), loaded.restored.tables.end(),
                       [&](const dumped_table& one) { return one.name == table.name && one.columns == table.columns; });
      if (known == loaded.restored.tables.end()) {
        loaded.restored.tables.push_back(table);
        sets.push_back(dump.block().rows());
      } else {  // --load-via-partition-root
        row_set& sum = sets[static_cast<std::size_t>(known - loaded.restored.tables.begin())];
        sum += dump.block().rows();
        known->rows = to_fact(sum);
      }
    } else if (event->type == dump_event_type::statement && event->text.starts_with("INSERT")) {
      const std::string name = *parse_insert_target(event->text);
      if (loaded.restored.tables.empty() || loaded.restored.tables.back().name != name)
        loaded.restored.tables.push_back({name, {}, {}});
      loaded.restored.tables.back().rows.rows += std::max<std::uint64_t>(event->rows, 1);
    } else if (event->type == dump_event_type::comment && event->text.starts_with("Name: ")) {
      const auto part = [&](std::string_view key, std::string_view stop) {
        const std::size_t at = event->text.rfind(key);
        if (at == std::string_view::npos) return std::string{};
        const std::string_view rest = event->text.substr(at + key.size());
        return std::string{rest.substr(0, rest.find(stop))};
      };
      const std::size_t type = event->text.rfind("; Type: ");
      loaded.objects.declared.push_back(
          {part("; Type: ", ";"), part("; Schema: ", ";"), std::string{event->text.substr(6, type - 6)}});
    }
  }
  loaded.restored.encoding = dump.encoding();
  loaded.objects.conninfo = loaded.restored.conninfo;
  loaded.objects.where = loaded.restored.where;
  loaded.objects.encoding = dump.encoding();
  server.create(database, database_options);
  server.here().write("load.sql", script);
  server.must("psql -X -q -v ON_ERROR_STOP=1 -d " + database + " -f load.sql");
  return loaded;
}

/// What was found, a line each, for messages of failing tests.
inline std::string text_of(const std::vector<finding>& findings, const std::vector<unchecked_item>& unchecked = {}) {
  std::string text;
  for (const auto& one : findings) {
    text += fmt::format("{} {} [{}] {} (expected {}; actual {})\n", to_string(one.severity), one.check,
                        one.where.to_string(), one.message, one.expected, one.actual);
  }
  for (const auto& one : unchecked)
    text += fmt::format("unchecked [{}] {} ({})\n", one.where.to_string(), one.message, one.advice);
  return text;
}

}  // namespace knowngood
