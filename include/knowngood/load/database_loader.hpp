// database_loader: loads what a dump holds of one database: pre-data in order, rows over several connections, indexes
// and foreign keys side by side, the rest in order.
//
// Layer: load. Driven by dump_loader, event by event. Above 400 lines: one state machine, whose parts (copies, inserts,
// indexes, objects, rows, roles, extensions, findings) have headers of their own.
//   database_loader loader{run, "", "restored"}; loader.take_statement(event); …; loader.finish("UTF8");
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/hash/row_set.hpp"
#include "knowngood/load/copy_blocks.hpp"
#include "knowngood/load/copy_fan_out.hpp"
#include "knowngood/load/declared_objects.hpp"
#include "knowngood/load/dump_extensions.hpp"
#include "knowngood/load/dump_statement.hpp"
#include "knowngood/load/front_matter.hpp"
#include "knowngood/load/index_builder.hpp"
#include "knowngood/load/insert_batch.hpp"
#include "knowngood/load/load_failure.hpp"
#include "knowngood/load/load_findings.hpp"
#include "knowngood/load/load_questions.hpp"
#include "knowngood/load/load_result.hpp"
#include "knowngood/load/load_run.hpp"
#include "knowngood/load/put_off_statements.hpp"
#include "knowngood/load/row_tally.hpp"
#include "knowngood/load/session_setup.hpp"
#include "knowngood/load/statement_runner.hpp"
#include "knowngood/postgres/dump_event.hpp"
#include "knowngood/postgres/sql_words.hpp"
#include "knowngood/server/connection.hpp"
#include "knowngood/server/conninfo.hpp"
#include "knowngood/server/large_objects.hpp"
#include "knowngood/server/sql_error.hpp"

namespace knowngood::detail {

class database_loader {
 public:
  /// Connects to `database`, which the dump calls `name`. `run` outlives this object.
  database_loader(load_run& run, const std::string& name, const std::string& database)
      : run_{run},
        main_{conninfo_with(run.target.loader, "dbname", database), run.where},
        copies_{main_, conninfo_with(run.target.loader, "dbname", database), run.where, run.lanes},
        indexes_{conninfo_with(run.target.loader, "dbname", database), run.where, run.lanes},
        runner_{run, main_},
        extensions_{conninfo_with(run.target.admin, "dbname", database), run.where, run.target.loader_role,
                    run.options.extensions} {
    main_.set_stop(run.lanes.stop);
    main_.set_time_limit(run.lanes.time_limit);
    run.context.wanting = false;
    current_.name = name;
    current_.database = database;
  }

  [[nodiscard]] unsigned server_major() const { return static_cast<unsigned>(main_.server_version()) / 10'000; }

  /// A comment of the dump. pg_dump's on an object declares it: it is expected to be there afterwards.
  void take_comment(const dump_event& event) {
    if (!event.text.starts_with("Name: ") || front_.holds(event)) return;
    release_front();
    declare(event.text);
  }

  void take_statement(const dump_event& event) {
    if (front_.holds(event)) return;
    release_front();
    run_statement(event);
  }

  void begin_copy(const dump_event& event) {
    release_front();
    note_object(event);
    flush_inserts();
    build_indexes();
    const bool on_main =
        main_.in_transaction() || !event.copy->plain_text || run_.lanes.connections < 2 || must_keep_order();
    if (on_main) finish_copies();
    copies_.begin(event, on_main, setup_.sql());
  }

  void take_rows(const dump_event& event) {
    run_.result.bytes += event.text.size();
    rows_.add_bytes(copies_.open()->table, event.text.size());
    copies_.put(event);
  }

  /// `rows`: of the whole block.
  void end_copy(const row_set& rows) {
    count_rows(*copies_.open(), rows);
    if (const auto failure = copies_.end()) copy_failed(*failure);
  }

  /// The script ended in the middle of a block, if it did: what came is counted, and kept as far as it is whole.
  void break_off_copy(const row_set& rows) {
    if (!copying()) return;
    count_rows(*copies_.open(), rows);
    if (const auto failure = copies_.break_off()) copy_failed(*failure);
  }

  /// True while a COPY block is open.
  [[nodiscard]] bool copying() const noexcept { return copies_.open() != nullptr; }

  /// psql's \encoding.
  void set_encoding(const std::string& encoding, std::uint64_t line) {
    release_front();
    catch_up();
    const std::string text = "SET client_encoding TO " + quote_literal(encoding) + ";";
    if (const auto error = main_.try_execute(text))
      return judge(*error, {"set", "client_encoding"}, {at_object(), line, text});
    setup_.note("client_encoding", text);
  }

  /// Everything that was put off is done. `encoding`: the client_encoding that the dump has set last.
  void finish(const std::string& encoding) {
    release_front();
    catch_up();
    runner_.roles().take_back(main_);
    current_.encoding = encoding;
    current_.tables = rows_.take(
        [&](const std::string& table) { return !run_.context.unrehearsed.empty() && objects_.left_unchecked(table); });
    current_.objects = objects_.take();
    current_.large_objects = to_fact(large_objects_.rows());
    for (const auto& role : runner_.roles().made()) run_.roles_made.insert(role);
    if (!current_.tables.empty() || !current_.objects.empty()) run_.result.databases.push_back(std::move(current_));
  }

 private:
  static constexpr std::size_t most_kept = 1'000'000;  ///< names

  void catch_up() {
    flush_inserts();
    build_indexes();
    finish_copies();
  }

  void note_object(const dump_event& event) {
    run_.context.first_part = event.header.empty();
    declare(event.header);
  }

  void declare(std::string_view header) {
    if (!objects_.declare(header)) too_many("objects", declared_objects::most);
  }

  // The extensions first, while nothing of the dump is there.
  void release_front() {
    if (!front_.open()) return;
    const std::vector<kept_event> kept = front_.release();
    for (const auto& one : kept) {
      const auto wanted = parse_create_extension(one.event().text);
      if (wanted && one.event().type == dump_event_type::statement) extensions_.create(*wanted);
    }
    for (const auto& one : kept) {
      const dump_event event = one.event();
      event.type == dump_event_type::comment ? declare(event.text) : run_statement(event);
    }
  }

  // --- statements in order

  void run_statement(const dump_event& event) {
    note_object(event);
    large_objects_.take(event.text);
    if (event.truncated_text) {
      catch_up();
      run_.found.leave_unchecked(
          at_object(), fmt::format("the statement at line {} is longer than 256 MiB, and was not run", event.line),
          "restore it by hand");
      return object_unchecked();
    }
    if (is_keyword(event.text.substr(0, 6), "insert")) return on_insert(event);
    flush_inserts();
    const auto words = first_words(event.text, 12);
    if (words.empty() || words.front() == ";") return;
    if (const auto module = module_of_function(event.text)) return leave_out_module(*module, event);
    if (const auto why = refusal_of(event.text)) {
      run_.found.add(checks::load_refused, at_object(), fmt::format("line {}: {}; it was not run", event.line, *why),
                     "SQL that restores data", printable(event.text, 120));
      return objects_.fail();
    }
    if (begins(words, {"create", "extension"})) return create_extension(event);
    if (extensions_.stand_for(words)) return;  // which is not the dump's, nor the schema that it is in
    if (is_about_cluster(first_words(event.text, 40))) return on_cluster_statement(words, event);
    if (!main_.in_transaction() && put_off(event, words)) return;
    if (const auto name = session_setup::name_of(words)) return on_setting(*name, event, words);
    catch_up();
    in_order_.reset();
    execute(event.text, words, place_of(event));
  }

  void execute(std::string_view statement, const std::vector<std::string>& words, const statement_place& at) {
    if (const auto error = runner_.run(statement, words, at)) judge(*error, words, at);
  }

  // A function of a module that lies loose in the database.
  void leave_out_module(const std::string& module, const dump_event& event) {
    catch_up();
    run_.found.module_left_out(place_of(event), module);
    object_unchecked();
  }

  void on_setting(const std::string& name, const dump_event& event, const std::vector<std::string>& words) {
    // the limits are the loader's own
    if (name.ends_with("_timeout")) return;
    std::string text{event.text};
    if (name == "role") {
      // Only a superuser may become somebody else, and whom he becomes may lack the rights that he had: objects then
      // belong to the role that loads.
      if (std::find(words.begin(), words.end(), "authorization") != words.end()) {
        ++run_.authorizations;
        return;
      }
      catch_up();
      runner_.act_as(words.front() == "set" && words.size() > 2 && words[2] != "none" ? unquoted(words[2]) : "");
    } else if (name == "default_tablespace" && run_.target.throw_away && words.size() > 3 && words.front() == "set" &&
               !unquoted(words[3]).empty()) {
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
      runner_.roles().make(unquoted(words[2]));
    } else if (words[0] == "alter" && (words[1] == "role" || words[1] == "user") &&
               std::find(words.begin(), words.end(), "superuser") != words.end()) {
      ++run_.cluster_statements;
      runner_.roles().stand_in_for_superuser(unquoted(words[2]));
    } else if (!run_.databases.declare(event.text)) {
      ++run_.cluster_statements;
    }
  }

  void create_extension(const dump_event& event) {
    const auto wanted = parse_create_extension(event.text);
    if (!wanted) return;
    catch_up();
    const std::string why = extensions_.why_not(wanted->name);
    if (why.empty()) return;
    object_unchecked();
    run_.context.wanting = true;
    run_.found.extension_not_made(place_of(event), wanted->name, why);
  }

  // --- rows

  bool must_keep_order() {
    if (!in_order_) {
      finish_copies();
      in_order_ = rows_need_order(main_);
    }
    return *in_order_;
  }

  void count_rows(const copy_target& block, const row_set& rows) {
    run_.result.rows += rows.rows();
    if (!rows_.add(block.table, block.columns, block.plain_text, rows)) too_many("tables", row_tally::most);
  }

  void finish_copies() {
    for (const auto& failure : copies_.wait()) copy_failed(failure);
  }

  void copy_failed(const copy_failure& failure) {
    run_.check_environment(failure.error);
    load_failure what = classify_failure(failure.error, {"copy"}, run_.context);
    if (what == load_failure::broken && hangs_on_locale(failure.error)) what = load_failure::extension;
    if (is_no_defect(what)) rows_.leave_unrehearsed(failure.table);
    run_.found.refused(what, {in_database() / failure.table, failure.line, "COPY " + printable(failure.table)},
                       failure.error);
  }

  // A row that fits none of the partitions that it was dealt out to elsewhere.
  bool hangs_on_locale(const sql_error& error) {
    return error.is("23514") && error.message.find("partition") != std::string::npos && orders_unlike_its_source(main_);
  }

  void on_insert(const dump_event& event) {
    if (const auto name = parse_insert_target(event.text)) {
      // INSERT INTO t DEFAULT VALUES has no parentheses: a row without columns
      const std::uint64_t rows = std::max<std::uint64_t>(event.rows, 1);
      run_.result.rows += rows;
      rows_.add_bytes(*name, event.text.size());
      if (!rows_.add_inserted(*name, rows)) too_many("tables", row_tally::most);
    }
    if (inserts_.empty()) {
      build_indexes();
      finish_copies();
    }
    if (main_.in_transaction()) return execute(event.text, {"insert"}, place_of(event));
    inserts_.add(event.text, place_of(event), objects_.current());
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
    const auto object = objects_.current();
    for (std::size_t i = 0; i < batch.items().size(); ++i) {
      objects_.return_to(batch.items()[i].object);
      execute(batch.text_of(i), {"insert"}, batch.items()[i].at);
    }
    objects_.return_to(object);
  }

  // --- indexes

  // Puts off what can be done beside other things; false when the statement is none of that.
  bool put_off(const dump_event& event, const std::vector<std::string>& words) {
    const auto index = parse_index(event.text);
    if (!index && (put_off_.empty() || !is_afterthought(words))) return false;
    if (index && put_off_.precedes(*index)) build_indexes();
    if (!index) {
      put_off_.add_afterthought(event.text, words, {place_of(event), objects_.current()});
      return true;
    }
    finish_copies();
    put_off_.add_index(event.text, *index, rows_.bytes_of(index->table), {place_of(event), objects_.current()});
    if (put_off_.full()) build_indexes();
    return true;
  }

  void build_indexes() {
    if (put_off_.empty()) return;
    finish_copies();
    in_order_.reset();
    put_off_statements::batch batch = put_off_.take();
    indexes_.build(batch.tasks, setup_.sql());
    const auto object = objects_.current();
    for (std::size_t i = 0; i < batch.tasks.size(); ++i) {
      objects_.return_to(batch.places[i].object);
      const index_task& task = batch.tasks[i];
      if (!task.error) continue;
      const auto words = first_words(task.statement, 12);
      if (task.error->is("42501")) {
        execute(task.statement, words, batch.places[i].at);  // in order, where rights may be lent
      } else {
        judge(*task.error, words, batch.places[i].at);
      }
    }
    for (const auto& [text, place] : batch.afterthoughts) {
      objects_.return_to(place.object);
      execute(text, first_words(text, 12), place.at);
    }
    objects_.return_to(object);
  }

  // --- what is reported

  void judge(const sql_error& error, const std::vector<std::string>& words, const statement_place& at) {
    run_.check_environment(error);
    const load_failure failure = classify_failure(error, words, run_.context);
    if (failure != load_failure::none || error.is("25P02")) objects_.fail();
    if (is_no_defect(failure)) object_unchecked();
    run_.found.refused(failure, at, error);
  }

  void too_many(std::string_view what, std::size_t most) {
    if (std::exchange(too_many_reported_, true)) return;
    run_.found.leave_unchecked(
        in_database(), fmt::format("the dump has more than {} {}, of which the rest is not compared", most, what),
        "compare it by hand");
  }

  [[nodiscard]] location in_database() const { return current_.name.empty() ? run_.where : run_.where / current_.name; }
  [[nodiscard]] location at_object() const { return objects_.place_in(in_database()); }

  [[nodiscard]] statement_place place_of(const dump_event& event) const {
    return {at_object(), event.line, printable(event.text.substr(0, 200), 80)};
  }

  // What is built on it cannot be made either, and that says as little.
  void object_unchecked() {
    std::string name = objects_.leave_unchecked();
    if (!name.empty() && run_.context.unrehearsed.size() < most_kept) run_.context.unrehearsed.insert(std::move(name));
  }

  load_run& run_;
  loaded_database current_;
  connection main_;
  copy_blocks copies_;
  index_builder indexes_;
  statement_runner runner_;
  dump_extensions extensions_;
  session_setup setup_;

  front_matter front_;
  declared_objects objects_;
  row_tally rows_;
  dumped_large_objects large_objects_;
  std::optional<bool> in_order_;  // whether rows must come in order; not known: the schema has changed
  insert_batch inserts_;
  put_off_statements put_off_;
  bool too_many_reported_ = false;
};

}  // namespace knowngood::detail
