// database_loader: loads what a dump holds of one database: pre-data in order, rows over several connections, indexes and
// foreign keys side by side, the rest in order.
//
// Layer: drill. Driven by dump_loader, event by event. Above 400 lines: one state machine, whose parts (copies, inserts,
// indexes, roles, extensions, findings) have headers of their own.
//   database_loader loader{run, "", "restored"}; loader.take_statement(event); …; loader.finish("UTF8");
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/base/checks.hpp"
#include "restorable/base/printable.hpp"
#include "restorable/drill/connection.hpp"
#include "restorable/drill/copy_fan_out.hpp"
#include "restorable/drill/dump_extensions.hpp"
#include "restorable/drill/dump_roles.hpp"
#include "restorable/drill/dump_statement.hpp"
#include "restorable/drill/index_builder.hpp"
#include "restorable/drill/insert_batch.hpp"
#include "restorable/drill/large_objects.hpp"
#include "restorable/drill/load_run.hpp"
#include "restorable/drill/session_setup.hpp"
#include "restorable/drill/table_name.hpp"
#include "restorable/hash/row_set.hpp"
#include "restorable/postgres/dump_event.hpp"

namespace restorable::detail {

class database_loader {
 public:
  /// Connects to `database`, which the dump calls `name`. `run` outlives this object.
  database_loader(load_run& run, const std::string& name, const std::string& database)
      : run_{run},
        main_{conninfo_with(run.target.loader, "dbname", database), run.where},
        copies_{conninfo_with(run.target.loader, "dbname", database), run.where, run.lanes},
        indexes_{conninfo_with(run.target.loader, "dbname", database), run.where, run.lanes},
        roles_{conninfo_with(run.target.admin, "dbname", database), run.where, run.target.loader_role, run.target.throw_away},
        extensions_{conninfo_with(run.target.admin, "dbname", database), run.where, run.target.loader_role, run.options.extensions} {
    main_.set_stop(run.lanes.stop);
    main_.set_time_limit(run.lanes.time_limit);
    unlogged_ = run.target.throw_away && main_.server_version() < 180000;  // later ones refuse unlogged partitioned tables
    run.context.wanting = false;
    current_.name = name;
    current_.database = database;
  }

  [[nodiscard]] unsigned server_major() const { return static_cast<unsigned>(main_.server_version()) / 10'000; }

  /// pg_dump's comment on an object: whatever the dump declares is expected to be there afterwards.
  void declare(std::string_view header) {
    if (header == header_) return;
    header_ = header;
    object_.reset();
    if (!header_.starts_with("Name: ") || header_.size() > longest_header) return;
    const std::string type = header_part(header_, "Type");
    if (current_.objects.size() == most_kept) return too_many("objects");
    if (type.empty() || type == "COMMENT" || type.find("ACL") != std::string::npos || type == "SEQUENCE SET" || type.starts_with("DATABASE")) return;
    const std::string schema = header_part(header_, "Schema");
    object_ = current_.objects.size();
    current_.objects.push_back({type, schema == "-" ? "" : schema, header_part(header_, "Name"), false});
  }

  void take_statement(const dump_event& event) {
    note_object(event);
    large_objects_.take(event.text);
    if (event.truncated_text) {
      catch_up();
      run_.found.leave_unchecked(at_object(), fmt::format("the statement at line {} is longer than 256 MiB, and was not run", event.line),
                                 "restore it by hand");
      return object_unchecked();
    }
    if (is_keyword(event.text.substr(0, 6), "insert")) return on_insert(event);
    flush_inserts();
    const auto words = first_words(event.text, 12);
    if (words.empty() || words.front() == ";") return;
    if (const auto why = refusal_of(event.text)) {
      run_.found.add(checks::load_refused, at_object(), fmt::format("line {}: {}; it was not run", event.line, *why), "SQL that restores data",
                     printable(event.text, 120));
      return object_failed();
    }
    if (begins(words, {"create", "extension"})) return create_extension(event);
    if (begins(words, {"comment", "on", "extension"})) return;  // belongs to whoever owns the extension
    if (is_about_cluster(first_words(event.text, 40))) return on_cluster_statement(words, event);
    if (!main_.in_transaction() && put_off(event, words)) return;
    if (const auto name = session_setup::name_of(words)) return on_setting(*name, event, words);
    catch_up();
    in_order_.reset();
    execute(event.text, words, place_of(event));
  }

  void begin_copy(const dump_event& event) {
    note_object(event);
    flush_inserts();
    build_indexes();
    copy_ = copy_in_progress{event.copy->table, event.copy->columns, event.copy->plain_text, event.line, {}, false};
    copy_->on_main = main_.in_transaction() || !event.copy->plain_text || run_.lanes.connections < 2 || must_keep_order();
    if (!copy_->on_main) return copies_.begin(std::string{event.text}, copy_->table, event.line, setup_.sql());
    finish_copies();
    try {
      main_.begin_copy_in(std::string{event.text});
    } catch (const sql_error& error) {
      copy_->error = error;
    }
  }

  void take_rows(const dump_event& event) {
    run_.outcome.bytes += event.text.size();
    if (table_bytes_.size() < most_kept) table_bytes_[copy_->table] += event.text.size();
    if (!copy_->on_main) {
      copies_.put(event.text, event.rows);
    } else if (!copy_->error) {
      main_.put(event.text);
    }
  }

  /// `rows`: of the whole block.
  void end_copy(const row_set& rows) {
    const auto block = std::exchange(copy_, std::nullopt);
    count_rows(*block, rows);
    if (!block->on_main) {
      copies_.end();
      copies_sent_ = true;
    } else if (!block->error) {
      finish_on_main(*block);
    } else {
      copy_failed({block->table, block->line, *block->error});
    }
  }

  /// The script ended in the middle of a block, if it did: what came is counted, and kept as far as it is whole.
  void break_off_copy(const row_set& rows, bool inside_row) {
    if (!copy_) return;
    const auto block = std::exchange(copy_, std::nullopt);
    count_rows(*block, rows);
    if (!block->on_main) {
      copies_.break_off();
      copies_sent_ = true;
    } else if (!block->error && !inside_row) {
      finish_on_main(*block);
    } else if (!block->error) {
      main_.abort_copy("the dump ends inside a row");
    }
  }

  /// True while a COPY block is open.
  [[nodiscard]] bool copying() const noexcept { return copy_.has_value(); }

  /// psql's \encoding.
  void set_encoding(const std::string& encoding, std::uint64_t line) {
    catch_up();
    const std::string text = "SET client_encoding TO " + quote_literal(encoding) + ";";
    if (const auto error = main_.try_execute(text)) return judge(*error, {"set", "client_encoding"}, {at_object(), line, text});
    setup_.note("client_encoding", text);
  }

  /// Everything that was put off is done. `encoding`: the client_encoding that the dump has set last.
  void finish(const std::string& encoding) {
    catch_up();
    roles_.take_back();
    current_.encoding = encoding;
    for (auto& [key, table] : tables_) {
      table.unrehearsed = unread_.contains(table.name) || is_unrehearsed(table.name);
      current_.tables.push_back(std::move(table));
    }
    current_.large_objects = to_fact(large_objects_.rows());
    for (const auto& role : roles_.made()) run_.roles_made.insert(role);
    if (!current_.tables.empty() || !current_.objects.empty()) run_.outcome.databases.push_back(std::move(current_));
  }

 private:
  static constexpr std::size_t index_batch = 256;
  static constexpr std::size_t most_kept = 1'000'000;     ///< objects, and tables: more are not in the outcome
  static constexpr std::size_t longest_header = 65'536;   ///< an identifier has 63 bytes, a function a hundred arguments

  struct copy_in_progress {
    std::string table;
    std::optional<std::vector<std::string>> columns;
    bool plain_text;
    std::uint64_t line;
    std::optional<sql_error> error;
    bool on_main;
  };
  struct put_off_place {
    statement_place at;
    std::optional<std::size_t> object;
  };

  void catch_up() {
    flush_inserts();
    build_indexes();
    finish_copies();
  }

  void note_object(const dump_event& event) {
    run_.context.first_part = event.header.empty();
    declare(event.header);
  }

  // --- statements in order

  void execute(std::string_view statement, const std::vector<std::string>& words, const statement_place& at) {
    const std::string text = without_log(statement, words);
    std::optional<sql_error> error = main_.try_execute(text);
    for (int tries = 0; error && tries < 100 && !main_.in_transaction() && roles_.mend(*error, text, acting_); ++tries) {
      error = main_.try_execute(text);
    }
    if (error && unlogged_ && error->is("22023") && begins(words, {"alter", "publication"}) && log_table_of(text)) error = main_.try_execute(text);
    if (error) judge(*error, words, at);
  }

  // A table of a server that is thrown away needs no write-ahead log.
  [[nodiscard]] std::string without_log(std::string_view statement, const std::vector<std::string>& words) const {
    constexpr std::string_view head = "CREATE TABLE ";
    if (!unlogged_ || !statement.starts_with(head) || !begins(words, {"create", "table"})) return std::string{statement};
    return fmt::format("CREATE UNLOGGED TABLE {}", statement.substr(head.size()));
  }

  // ALTER PUBLICATION … ADD TABLE takes only a table with a log.
  bool log_table_of(std::string_view statement) {
    sql_words words{statement};
    std::string_view word = words.next();
    while (!word.empty() && !is_keyword(word, "table")) word = words.next();
    word = words.next();
    if (is_keyword(word, "only")) word = words.next();
    if (word.empty()) return false;
    std::string_view next;
    return !main_.try_execute("ALTER TABLE " + qualified_name(words, word, next) + " SET LOGGED");
  }

  void on_setting(const std::string& name, const dump_event& event, const std::vector<std::string>& words) {
    // the limits are the loader's own
    if (name.ends_with("_timeout")) return;
    std::string text{event.text};
    if (name == "role") {
      // Only a superuser may become somebody else, and whom he becomes may lack the rights that he had: objects then belong
      // to the role that loads.
      if (std::find(words.begin(), words.end(), "authorization") != words.end()) {
        ++run_.authorizations;
        return;
      }
      catch_up();
      acting_ = words.front() == "set" && words.size() > 2 && words[2] != "none" ? unquoted(words[2]) : "";
      if (!acting_.empty()) roles_.make(acting_);
    } else if (name == "default_tablespace" && run_.target.throw_away && words.size() > 3 && words.front() == "set" && !unquoted(words[3]).empty()) {
      if (run_.tablespaces.size() < 1000) run_.tablespaces.insert(printable(unquoted(words[3])));
      text = "SET default_tablespace = '';";
    }
    const bool in_transaction = main_.in_transaction();
    session_setup after = setup_;
    after.note(name, text);
    if (after.sql() == setup_.sql() && !in_transaction) return;
    build_indexes();  // what waits was written under the old settings
    if (const auto error = main_.try_execute(text)) return judge(*error, words, place_of(event));
    if (!in_transaction) setup_ = std::move(after);
  }

  void on_cluster_statement(const std::vector<std::string>& words, const dump_event& event) {
    if (words[0] == "create" && (words[1] == "role" || words[1] == "user")) {
      if (run_.roles_declared.size() < most_kept) run_.roles_declared.insert(unquoted(words[2]));
      roles_.make(unquoted(words[2]));
    } else if (!run_.databases.declare(event.text)) {
      ++run_.cluster_statements;
    }
  }

  void create_extension(const dump_event& event) {
    const auto wanted = parse_create_extension(event.text);
    if (!wanted) return;
    catch_up();
    const std::string why = extensions_.create(*wanted);
    if (why.empty()) return;
    object_unchecked();
    run_.context.wanting = true;
    const std::string name = printable(wanted->name);
    run_.found.add(checks::load_extension, at_object(), fmt::format("line {}: extension {} was not created", event.line, name), "the extension", why);
    run_.found.leave_unchecked(at_object(), fmt::format("extension {} was not created: {}", name, why), std::string{checks::load_extension.advice});
  }

  // --- rows

  // Rows that look at other rows, by foreign keys, triggers, rules, or functions in checks, must find what came before them.
  bool must_keep_order() {
    if (!in_order_) {
      finish_copies();
      in_order_ = main_.value(
          "SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE contype = 'f')"
          " OR EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE NOT tgisinternal)"
          " OR EXISTS (SELECT FROM pg_catalog.pg_class WHERE relkind = 'r' AND relhasrules AND oid >= 16384)"
          " OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype = 'n'"
          "  AND d.classid IN ('pg_catalog.pg_constraint'::pg_catalog.regclass, 'pg_catalog.pg_attrdef'::pg_catalog.regclass)"
          "  AND d.objid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.refclassid"
          "   AND e.objid = d.refobjid AND e.deptype = 'e'))") == "t";
    }
    return *in_order_;
  }

  void count_rows(const copy_in_progress& block, const row_set& rows) {
    run_.outcome.rows += rows.rows();
    const std::string key = block.columns ? fmt::format("{}({})", block.table, fmt::join(*block.columns, ",")) : block.table;
    if (tables_.size() == most_kept && !tables_.contains(key)) return too_many("tables");
    row_set& sum = copied_[key];
    sum += rows;
    tables_[key] = {block.table, block.columns, rows_fact{sum.rows(), block.plain_text ? std::optional{sum.fingerprint()} : std::nullopt}};
  }

  void finish_on_main(const copy_in_progress& block) {
    try {
      main_.finish_copy();
    } catch (const sql_error& error) {
      copy_failed({block.table, block.line + copy_line_of(error).value_or(0), error});
    }
  }

  void finish_copies() {
    if (!copies_sent_) return;
    copies_sent_ = false;
    for (const auto& failure : copies_.wait()) copy_failed(failure);
  }

  void copy_failed(const copy_failure& failure) {
    run_.check_environment(failure.error);
    load_failure what = classify_failure(failure.error, {"copy"}, run_.context);
    if (what == load_failure::broken && hangs_on_locale(failure.error)) what = load_failure::extension;
    if (is_no_defect(what) && unread_.size() < most_kept) unread_.insert(failure.table);
    run_.found.refused(what, {in_database() / failure.table, failure.line, "COPY " + printable(failure.table)}, failure.error);
  }

  // Of an ordinary dump nobody knows the locale of its database, in whose order texts were dealt out to partitions.
  bool hangs_on_locale(const sql_error& error) {
    if (!error.is("23514") || error.message.find("partition") == std::string::npos) return false;
    return main_.value("SELECT datcollate = 'C' AND EXISTS (SELECT FROM pg_catalog.pg_partitioned_table WHERE partstrat = 'r' AND 100 = ANY (partcollation::pg_catalog.oid[]))"
                       " FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()") == "t";
  }

  void on_insert(const dump_event& event) {
    if (const auto name = parse_insert_target(event.text)) {
      // INSERT INTO t DEFAULT VALUES has no parentheses: a row without columns
      const std::uint64_t rows = std::max<std::uint64_t>(event.rows, 1);
      run_.outcome.rows += rows;
      if (tables_.size() == most_kept && !tables_.contains(*name)) {
        too_many("tables");
      } else {
        dumped_table& table = tables_[*name];
        table.name = *name;
        table.rows.rows += rows;
        table_bytes_[*name] += event.text.size();
      }
    }
    if (inserts_.empty()) {
      build_indexes();
      finish_copies();
    }
    if (main_.in_transaction()) return execute(event.text, {"insert"}, place_of(event));
    inserts_.add(event.text, place_of(event), object_);
    if (inserts_.full()) flush_inserts();
  }

  void flush_inserts() {
    if (inserts_.empty()) return;
    const insert_batch batch = std::exchange(inserts_, {});
    if (batch.items().size() > 1) {
      try {
        main_.query(batch.text());
        return;
      } catch (const sql_error& error) {
        run_.check_environment(error);
      }
    }
    const auto object = object_;
    for (std::size_t i = 0; i < batch.items().size(); ++i) {
      object_ = batch.items()[i].object;
      execute(batch.text_of(i), {"insert"}, batch.items()[i].at);
    }
    object_ = object;
  }

  // --- indexes

  // Puts off what can be done beside other things; false when the statement is none of that.
  bool put_off(const dump_event& event, const std::vector<std::string>& words) {
    const auto index = parse_index(event.text);
    if (!index && (tasks_.empty() || !is_afterthought(words))) return false;
    if (index && index->what == index_statement::kind::foreign_key && attaches_) build_indexes();
    const put_off_place at{place_of(event), object_};
    if (index) {
      finish_copies();
      const auto bytes = table_bytes_.find(index->table);
      tasks_.push_back({std::string{event.text}, *index, bytes == table_bytes_.end() ? 0 : bytes->second, {}});
      tasks_at_.push_back(at);
      if (tasks_.size() >= index_batch) build_indexes();
    } else {
      attaches_ |= attaches_index(words);
      afterthoughts_.emplace_back(event.text, at);
    }
    return true;
  }

  void build_indexes() {
    if (tasks_.empty()) return;
    finish_copies();
    in_order_.reset();
    auto tasks = std::exchange(tasks_, {});
    const auto places = std::exchange(tasks_at_, {});
    const auto afterthoughts = std::exchange(afterthoughts_, {});
    attaches_ = false;
    indexes_.build(tasks, setup_.sql());
    const auto object = object_;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      object_ = places[i].object;
      if (tasks[i].error) judge(*tasks[i].error, first_words(tasks[i].statement, 12), places[i].at);
    }
    for (const auto& [text, place] : afterthoughts) {
      object_ = place.object;
      execute(text, first_words(text, 12), place.at);
    }
    object_ = object;
  }

  // --- what is told

  void judge(const sql_error& error, const std::vector<std::string>& words, const statement_place& at) {
    run_.check_environment(error);
    const load_failure failure = classify_failure(error, words, run_.context);
    if (failure != load_failure::none || error.is("25P02")) object_failed();
    if (is_no_defect(failure)) object_unchecked();
    run_.found.refused(failure, at, error);
  }

  void too_many(std::string_view what) {
    if (std::exchange(too_many_told_, true)) return;
    run_.found.leave_unchecked(in_database(), fmt::format("the dump has more than {} {}, of which the rest is not compared", most_kept, what),
                               "compare it by hand");
  }

  [[nodiscard]] location in_database() const { return current_.name.empty() ? run_.where : run_.where / current_.name; }

  [[nodiscard]] location at_object() const {
    if (!object_) return in_database();
    const object_declaration& object = current_.objects[*object_];
    return in_database() / (object.schema.empty() ? object.name : object.schema + "." + object.name);
  }

  [[nodiscard]] statement_place place_of(const dump_event& event) const {
    return {at_object(), event.line, printable(event.text.substr(0, 200), 80)};
  }

  void object_failed() {
    if (object_) current_.objects[*object_].failed = true;
  }

  // What is built on it cannot be made either, and that says as little.
  void object_unchecked() {
    object_failed();
    if (!object_) return;
    object_declaration& object = current_.objects[*object_];
    object.unchecked = true;
    const std::string name = object.name.substr(0, object.name.find('('));
    if (!name.empty() && run_.context.unrehearsed.size() < most_kept) run_.context.unrehearsed.insert(name);
  }

  [[nodiscard]] bool is_unrehearsed(const std::string& written) const {
    const auto name = run_.context.unrehearsed.empty() ? std::nullopt : parse_table_name(written);
    return name && std::any_of(current_.objects.begin(), current_.objects.end(), [&](const object_declaration& one) {
      return one.unchecked && one.name == name->name && (one.schema == name->schema || name->schema.empty());
    });
  }

  load_run& run_;
  loaded_database current_;
  connection main_;
  copy_fan_out copies_;
  index_builder indexes_;
  dump_roles roles_;
  dump_extensions extensions_;
  session_setup setup_;
  std::string acting_;                         // the role that the dump has set
  bool unlogged_ = false;

  std::string header_;
  std::optional<std::size_t> object_;          // that the statement belongs to
  std::map<std::string, dumped_table> tables_;
  std::map<std::string, row_set> copied_;
  std::map<std::string, std::uint64_t> table_bytes_;
  std::set<std::string> unread_;               // tables whose rows were not taken, for no fault of the dump
  dumped_large_objects large_objects_;
  std::optional<copy_in_progress> copy_;
  bool copies_sent_ = false;
  std::optional<bool> in_order_;               // whether rows must come in order; not known: the schema has changed
  insert_batch inserts_;
  std::vector<index_task> tasks_;
  std::vector<put_off_place> tasks_at_;
  std::vector<std::pair<std::string, put_off_place>> afterthoughts_;
  bool too_many_told_ = false;
  bool attaches_ = false;                      // one of them attaches an index to that of a partitioned table
};

}  // namespace restorable::detail
