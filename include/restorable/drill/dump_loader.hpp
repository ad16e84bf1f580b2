// load_dump: loads an SQL dump into a database, as a role that is no superuser: COPY data over several connections at a
// time, indexes and foreign keys side by side, everything else in order. What fails is a finding with its line, and the
// rest goes on.
//
// Layer: drill. No psql: nothing but SQL is sent, of meta-commands only \connect and \encoding are obeyed, and no statement
// of the dump ever reaches a superuser's session.
//   load_outcome loaded = load_dump(open_sql(), where, server.create_database("UTF8"), {.jobs = 2});
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
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
#include "restorable/drill/dump_databases.hpp"
#include "restorable/drill/dump_extensions.hpp"
#include "restorable/drill/dump_preamble.hpp"
#include "restorable/drill/dump_roles.hpp"
#include "restorable/drill/dump_statement.hpp"
#include "restorable/drill/index_builder.hpp"
#include "restorable/drill/load_failure.hpp"
#include "restorable/drill/load_findings.hpp"
#include "restorable/drill/load_result.hpp"
#include "restorable/drill/session_setup.hpp"
#include "restorable/io/source.hpp"
#include "restorable/postgres/plain_dump.hpp"
#include "restorable/verify/artifact_verifier.hpp"

namespace restorable {

namespace detail {

class dump_loader {
 public:
  dump_loader(std::unique_ptr<source> sql, const location& where, const load_target& target, const load_options& options)
      : dump_{std::move(sql), where, statement_bytes}, where_{where}, target_{target}, options_{options}, databases_{target, where} {
    lanes_.connections = std::max(options.jobs, 1U);
    lanes_.time_limit = options.statement_limit;
    lanes_.stop = options.stop;
    use_database("", target.database);
  }

  load_outcome run() {
    try {
      while (take(dump_.next())) {
        if (lanes_.stopped()) throw interrupted{};
      }
    } catch (const stream_error& error) {
      break_off_copy();
      found_.add(error.as_finding());
    }
    finish_database();
    tell_rest();
    std::tie(outcome_.findings, outcome_.unchecked) = found_.take(where_);
    return std::move(outcome_);
  }

 private:
  static constexpr std::size_t statement_bytes = std::size_t{256} << 20;  ///< longer ones are not run
  static constexpr std::size_t index_batch = 256;

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
  struct insert_statement {
    std::size_t begin;
    statement_place at;
    std::optional<std::size_t> object;
  };
  static constexpr std::size_t inserts_bytes = std::size_t{256} << 10;
  static constexpr std::size_t inserts_most = 1000;

  bool take(const dump_event& event) {
    switch (event.type) {
      case dump_event_type::comment: note_comment(event); break;
      case dump_event_type::statement: on_statement(event); break;
      case dump_event_type::copy_begin: begin_copy(event); break;
      case dump_event_type::copy_rows: on_rows(event); break;
      case dump_event_type::copy_end: end_copy(event); break;
      case dump_event_type::meta_command: on_meta_command(event); break;
      case dump_event_type::end: return false;
    }
    return true;
  }

  // --- databases

  void use_database(const std::string& name, const std::string& database) {
    finish_database();
    const std::string loader = conninfo_with(target_.loader, "dbname", database);
    const std::string admin = conninfo_with(target_.admin, "dbname", database);
    main_ = std::make_unique<connection>(loader, where_);
    main_->set_stop(options_.stop);
    main_->set_time_limit(options_.statement_limit);
    copies_ = std::make_unique<copy_fan_out>(loader, where_, lanes_);
    indexes_ = std::make_unique<index_builder>(loader, where_, lanes_);
    roles_ = std::make_unique<dump_roles>(admin, where_, target_.loader_role, target_.throw_away);
    extensions_ = std::make_unique<dump_extensions>(admin, where_, target_.loader_role, options_.extensions);
    setup_ = {};
    acting_.clear();
    table_bytes_.clear();
    tables_.clear();
    copied_.clear();
    header_.clear();
    object_.reset();
    in_order_.reset();
    context_.own_server = target_.throw_away;
    context_.wanting = false;
    unlogged_ = target_.throw_away && main_->server_version() < 180000;  // later ones refuse unlogged partitioned tables
    current_ = loaded_database{};
    current_.name = name;
    current_.database = database;
  }

  void finish_database() {
    if (!main_) return;
    catch_up();
    current_.encoding = dump_.encoding();
    for (auto& [key, table] : tables_) current_.tables.push_back(std::move(table));
    tables_.clear();
    if (!current_.tables.empty() || !current_.objects.empty()) outcome_.databases.push_back(std::move(current_));
    for (const auto& role : roles_->made()) roles_made_.insert(role);
    roles_->take_back();
    main_.reset();
  }

  // Everything that was put off is done.
  void catch_up() {
    flush_inserts();
    build_indexes();
    finish_copies();
  }

  // --- what comes

  void note_comment(const dump_event& event) {
    note_version(event.text, "Dumped from database version ", outcome_.server_version);
    note_version(event.text, "Dumped by pg_dump version ", dump_version_);
    if (outcome_.server_version.empty() || dump_version_.empty() || version_told_) return;
    version_told_ = true;
    const auto major = [](const std::string& version) {
      unsigned number = 0;
      std::from_chars(version.data(), version.data() + version.size(), number);
      return number;
    };
    const unsigned ours = static_cast<unsigned>(main_->server_version()) / 10'000;
    const unsigned dumped = std::max(major(outcome_.server_version), major(dump_version_));
    context_.newer_dump = dumped > ours;
    if (!context_.newer_dump) return;
    found_.add(checks::load_server_version, where_,
               fmt::format("the dump was made of PostgreSQL {} by pg_dump {}, newer than the server that it is restored into",
                           printable(outcome_.server_version, 40), printable(dump_version_, 40)),
               fmt::format("PostgreSQL {} or newer", dumped), fmt::format("PostgreSQL {}", ours));
  }

  // Every object that the dump declares is expected to be there afterwards.
  void note_object(const dump_event& event) {
    context_.first_part = event.header.empty();
    if (event.header == header_) return;
    header_ = event.header;
    object_.reset();
    if (!header_.starts_with("Name: ")) return;
    const std::string type = header_part(header_, "Type");
    if (type.empty() || type == "COMMENT" || type.find("ACL") != std::string::npos || type == "SEQUENCE SET" || type == "DATABASE" ||
        type == "DATABASE PROPERTIES") {
      return;
    }
    const std::string schema = header_part(header_, "Schema");
    object_ = current_.objects.size();
    current_.objects.push_back({type, schema == "-" ? "" : schema, header_part(header_, "Name"), false});
  }

  void on_statement(const dump_event& event) {
    ++outcome_.statements;
    note_object(event);
    if (event.truncated_text) {
      catch_up();
      found_.leave_unchecked(at_object(), fmt::format("the statement at line {} is longer than 256 MiB, and was not run", event.line),
                             "restore it by hand");
      return object_failed();
    }
    if (is_keyword(event.text.substr(0, 6), "insert")) return on_insert(event);
    flush_inserts();
    const auto words = first_words(event.text, 12);
    if (words.empty() || words.front() == ";") return;
    if (const auto why = refusal_of(event.text)) {
      found_.add(checks::load_refused, at_object(), fmt::format("line {}: {}; it was not run", event.line, *why), "SQL that restores data",
                 printable(event.text, 120));
      return object_failed();
    }
    if (begins(words, {"create", "extension"})) return create_extension(event);
    if (begins(words, {"comment", "on", "extension"})) return;  // belongs to whoever owns the extension
    if (is_about_cluster(first_words(event.text, 40))) return on_cluster_statement(words, event);
    if (!main_->in_transaction() && put_off(event, words)) return;
    if (const auto name = session_setup::name_of(words)) return on_setting(*name, event, words);
    catch_up();
    in_order_.reset();
    execute(event.text, words, place_of(event));
  }

  void execute(std::string_view statement, const std::vector<std::string>& words, const statement_place& at) {
    const std::string text = without_log(statement, words);
    std::optional<sql_error> error = main_->try_execute(text);
    for (int tries = 0; error && tries < 100 && !main_->in_transaction() && roles_->mend(*error, text, acting_); ++tries) {
      error = main_->try_execute(text);
    }
    if (error && unlogged_ && error->is("22023") && begins(words, {"alter", "publication"}) && log_table_of(text)) error = main_->try_execute(text);
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
    return !main_->try_execute("ALTER TABLE " + qualified_name(words, word, next) + " SET LOGGED");
  }

  // --- what a session works under

  void on_setting(const std::string& name, const dump_event& event, const std::vector<std::string>& words) {
    if (name == "statement_timeout" || name == "lock_timeout" || name == "idle_in_transaction_session_timeout" || name == "transaction_timeout") return;
    std::string text{event.text};
    if (name == "role") {
      // Only a superuser may become somebody else, and whom he becomes may lack the rights that he had: objects then belong
      // to the role that loads.
      if (std::find(words.begin(), words.end(), "authorization") != words.end()) {
        ++authorizations_;
        return;
      }
      catch_up();
      acting_ = words.front() == "set" && words.size() > 2 && words[2] != "none" ? unquoted(words[2]) : "";
      if (!acting_.empty()) roles_->make(acting_);
    } else if (name == "default_tablespace" && target_.throw_away && words.size() > 3 && words.front() == "set" && !unquoted(words[3]).empty()) {
      tablespaces_.insert(printable(unquoted(words[3])));
      text = "SET default_tablespace = '';";
    }
    // what waits was written under the old settings
    const auto before = setup_.sql();
    session_setup after = setup_;
    after.note(name, text);
    if (after.sql() == before && !main_->in_transaction()) return;
    build_indexes();
    if (const auto error = main_->try_execute(text)) return judge(*error, words, place_of(event));
    if (!main_->in_transaction()) setup_ = std::move(after);
  }

  // --- statements that are about more than the database

  static bool is_about_cluster(const std::vector<std::string>& words) {
    constexpr std::array<std::string_view, 5> kinds{"role", "user", "group", "database", "tablespace"};
    const auto is_kind = [&](const std::string& word) { return std::find(kinds.begin(), kinds.end(), word) != kinds.end(); };
    if (words.size() < 3) return false;
    if (begins(words, {"update", "pg_catalog", ".", "pg_database"})) return true;  // pg_dumpall --clean
    const bool verb = words[0] == "create" || words[0] == "alter" || words[0] == "drop";
    if (verb && is_kind(words[1])) return !(words[1] == "user" && words[2] == "mapping");
    if (begins(words, {"comment", "on"})) return is_kind(words[2]);
    if (begins(words, {"security", "label"})) {
      const auto on = std::find(words.begin(), words.end(), "on");
      return words.end() - on > 1 && is_kind(*(on + 1));
    }
    if (words[0] != "grant" && words[0] != "revoke") return false;
    // GRANT … ON DATABASE …, and GRANT role TO role
    for (std::size_t i = 1; i + 1 < words.size(); ++i) {
      if (words[i] == "on") return is_kind(words[i + 1]);
      if (words[i] == "to" || words[i] == "from") return true;
    }
    return false;
  }

  void on_cluster_statement(const std::vector<std::string>& words, const dump_event& event) {
    if (words[0] == "create" && (words[1] == "role" || words[1] == "user")) {
      created_.insert(unquoted(words[2]));
      roles_->make(unquoted(words[2]));
    } else if (!databases_.declare(event.text)) {
      ++cluster_statements_;
    }
  }

  void create_extension(const dump_event& event) {
    const auto wanted = parse_create_extension(event.text);
    if (!wanted) return;
    catch_up();
    const std::string why = extensions_->create(*wanted);
    if (why.empty()) return;
    object_failed();
    context_.wanting = true;
    found_.add(checks::load_extension, at_object(), fmt::format("line {}: extension {} was not created", event.line, printable(wanted->name)),
               "the extension", why);
    found_.leave_unchecked(at_object(), fmt::format("extension {} was not created: {}", printable(wanted->name), why),
                           std::string{checks::load_extension.advice});
  }

  void on_meta_command(const dump_event& event) {
    if (event.text.starts_with("\\restrict ") || event.text.starts_with("\\unrestrict ")) return;
    catch_up();
    if (const auto encoding = parse_encoding(event.text)) {
      const std::string text = "SET client_encoding TO " + quote_literal(*encoding) + ";";
      if (const auto error = main_->try_execute(text)) return judge(*error, {"set", "client_encoding"}, place_of(event));
      return setup_.note("client_encoding", text);
    }
    const auto database = parse_connect(event.text);
    if (!database) {
      return found_.add(checks::load_refused, where_, fmt::format("line {}: a psql command, which was not run", event.line), "SQL",
                        printable(event.text, 120));
    }
    const made_database made = databases_.make(*database);
    if (!made.missing_locale.empty()) {
      remark(fmt::format("database {} was made without its locale {}, which this host does not have: texts may be in another order",
                         printable(*database), printable(made.missing_locale)));
    }
    use_database(*database, made.name);
  }

  // --- rows

  void begin_copy(const dump_event& event) {
    ++outcome_.statements;
    note_object(event);
    flush_inserts();
    build_indexes();
    copy_ = copy_in_progress{event.copy->table, event.copy->columns, event.copy->plain_text, event.line, {}, false};
    copy_->on_main = main_->in_transaction() || !event.copy->plain_text || lanes_.connections < 2 || must_keep_order();
    if (!copy_->on_main) return copies_->begin(std::string{event.text}, copy_->table, event.line, setup_.sql());
    finish_copies();
    try {
      main_->begin_copy_in(std::string{event.text});
    } catch (const sql_error& error) {
      copy_->error = error;
    }
  }

  // Rows that look at other rows, by foreign keys, triggers or functions in checks, must find what came before them.
  bool must_keep_order() {
    if (!in_order_) {
      finish_copies();
      in_order_ = main_->value(
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

  void on_rows(const dump_event& event) {
    outcome_.bytes += event.text.size();
    table_bytes_[copy_->table] += event.text.size();
    if (!copy_->on_main) {
      copies_->put(event.text, event.rows);
    } else if (!copy_->error) {
      main_->put(event.text);
    }
  }

  void end_copy(const dump_event& event) {
    if (!copy_->on_main) {
      copies_->end();
      copies_sent_ = true;
    } else if (!copy_->error) {
      try {
        main_->finish_copy();
      } catch (const sql_error& error) {
        copy_->error = error;
      }
    }
    const auto block = std::exchange(copy_, std::nullopt);
    count_rows(*block, dump_.block().rows());
    if (block->error) copy_failed({block->table, line_of(*block->error, event.line), *block->error});
  }

  // The script ended in the middle of a block: what came is counted, and kept as far as it is whole.
  void break_off_copy() {
    if (!copy_) return;
    const auto block = std::exchange(copy_, std::nullopt);
    count_rows(*block, dump_.block().rows());
    if (!block->on_main) {
      copies_->break_off();
      copies_sent_ = true;
    } else if (!block->error) {
      try {
        if (dump_.block().inside_row()) {
          main_->abort_copy("the dump ends inside a row");
        } else {
          main_->finish_copy();
        }
      } catch (const sql_error& error) {
        copy_failed({block->table, line_of(error, block->line), error});
      }
    }
  }

  void count_rows(const copy_in_progress& block, const row_set& rows) {
    outcome_.rows += rows.rows();
    const std::string key = key_of(block.table, block.columns);
    row_set& sum = copied_[key];
    sum += rows;
    tables_[key] = {block.table, block.columns, rows_fact{sum.rows(), block.plain_text ? std::optional{sum.fingerprint()} : std::nullopt}};
  }

  static std::string key_of(const std::string& table, const std::optional<std::vector<std::string>>& columns) {
    return columns ? fmt::format("{}({})", table, fmt::join(*columns, ",")) : table;
  }

  static std::uint64_t line_of(const sql_error& error, std::uint64_t statement_line) {
    return statement_line + copy_line_of(error).value_or(0);
  }

  void finish_copies() {
    if (!copies_sent_) return;
    copies_sent_ = false;
    for (const auto& failure : copies_->wait()) copy_failed(failure);
  }

  void copy_failed(const copy_failure& failure) {
    check_environment(failure.error);
    const location table = in_database() / failure.table;
    found_.refused(classify_failure(failure.error, {"copy"}, context_),
                   {table, failure.line, "COPY " + printable(failure.table)}, failure.error);
  }

  // --- INSERT statements, many at a time

  void on_insert(const dump_event& event) {
    if (const auto name = parse_insert_target(event.text)) {
      // INSERT INTO t DEFAULT VALUES has no parentheses: a row without columns
      const std::uint64_t rows = std::max<std::uint64_t>(event.rows, 1);
      dumped_table& table = tables_[*name];
      table.name = *name;
      table.rows.rows += rows;
      outcome_.rows += rows;
      table_bytes_[*name] += event.text.size();
    }
    if (inserts_.empty()) {
      build_indexes();
      finish_copies();
    }
    if (main_->in_transaction()) return execute(event.text, {"insert"}, place_of(event));
    inserts_.push_back({inserts_text_.size(), place_of(event), object_});
    inserts_text_.append(event.text).push_back('\n');
    if (inserts_text_.size() >= inserts_bytes || inserts_.size() >= inserts_most) flush_inserts();
  }

  // Together they are one transaction; when it fails, each is run by itself, to see which.
  void flush_inserts() {
    if (inserts_.empty()) return;
    const auto inserts = std::exchange(inserts_, {});
    const std::string text = std::exchange(inserts_text_, {});
    if (inserts.size() > 1) {
      try {
        main_->query(text);
        return;
      } catch (const sql_error& error) {
        check_environment(error);
      }
    }
    const auto object = object_;
    for (std::size_t i = 0; i < inserts.size(); ++i) {
      const std::size_t end = i + 1 < inserts.size() ? inserts[i + 1].begin : text.size();
      object_ = inserts[i].object;
      execute(std::string_view{text}.substr(inserts[i].begin, end - inserts[i].begin), {"insert"}, inserts[i].at);
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
      tasks_.push_back({std::string{event.text}, *index, table_bytes_[index->table], {}});
      tasks_at_.push_back(at);
      if (tasks_.size() >= index_batch) build_indexes();
    } else {
      attaches_ |= attaches_index(words);
      afterthoughts_.push_back({std::string{event.text}, at});
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
    indexes_->build(tasks, setup_.sql());
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
    check_environment(error);
    const load_failure failure = classify_failure(error, words, context_);
    object_failed();
    if (failure == load_failure::extension) context_.wanting = true;
    found_.refused(failure, at, error);
  }

  // Goes for all that follows, and says nothing about the dump.
  void check_environment(const sql_error& error) const {
    if (lanes_.stopped()) throw interrupted{};
    if (classify_failure(error, {}, context_) != load_failure::environment) return;
    throw environment_error{where_, fmt::format("the server cannot go on: {} ({})", printable(error.message, 300), error.sqlstate),
                            "give it more space or memory (--scratch DIR), and run the drill again"};
  }

  [[nodiscard]] location in_database() const { return current_.name.empty() ? where_ : where_ / current_.name; }

  [[nodiscard]] location at_object() const {
    if (!object_) return in_database();
    const object_declaration& object = current_.objects[*object_];
    return in_database() / (object.schema.empty() ? object.name : object.schema + "." + object.name);
  }

  [[nodiscard]] statement_place place_of(const dump_event& event) const { return {at_object(), event.line, printable(event.text.substr(0, 200), 80)}; }

  void object_failed() {
    if (object_) current_.objects[*object_].failed = true;
  }

  void remark(std::string message) {
    finding what = make_finding(checks::load_sql, where_, std::move(message));
    what.severity = severity::note;
    found_.add(std::move(what));
  }

  void tell_rest() {
    std::set<std::string> roles;
    for (const auto& role : roles_made_) {
      if (!created_.contains(role)) roles.insert(printable(role));
    }
    if (!roles.empty()) found_.add(checks::load_role, where_, fmt::format("roles were made for the rehearsal: {}", fmt::join(roles, ", ")));
    if (!tablespaces_.empty()) {
      remark(fmt::format("what belongs into other tablespaces was put into the default one: {}", fmt::join(tablespaces_, ", ")));
    }
    if (authorizations_ > 0) {
      found_.add(checks::load_role, where_,
                 fmt::format("{} statements that act as another role were run as the one that loads, to whom what they make belongs", authorizations_));
    }
    if (cluster_statements_ > 0) {
      found_.add(checks::load_role, where_,
                 fmt::format("{} statements about roles, databases and tablespaces were not rehearsed", cluster_statements_));
    }
  }

  plain_dump dump_;
  location where_;
  load_target target_;
  const load_options& options_;
  lane_options lanes_;
  dump_databases databases_;
  load_outcome outcome_;
  load_findings found_;
  load_context context_;
  std::string dump_version_;
  bool version_told_ = false;

  loaded_database current_;
  std::unique_ptr<connection> main_;
  std::unique_ptr<copy_fan_out> copies_;
  std::unique_ptr<index_builder> indexes_;
  std::unique_ptr<dump_roles> roles_;
  std::unique_ptr<dump_extensions> extensions_;
  session_setup setup_;
  std::string acting_;                                // the role that the dump has set
  bool unlogged_ = false;

  std::string header_;
  std::optional<std::size_t> object_;                 // that the statement belongs to
  std::map<std::string, dumped_table> tables_;
  std::map<std::string, row_set> copied_;
  std::map<std::string, std::uint64_t> table_bytes_;
  std::optional<copy_in_progress> copy_;
  bool copies_sent_ = false;
  std::optional<bool> in_order_;                      // whether rows must come in order; not known: the schema has changed
  std::vector<insert_statement> inserts_;
  std::string inserts_text_;
  std::vector<index_task> tasks_;
  std::vector<put_off_place> tasks_at_;
  std::vector<std::pair<std::string, put_off_place>> afterthoughts_;
  bool attaches_ = false;                             // one of them attaches an index to that of a partitioned table

  std::set<std::string> roles_made_;
  std::set<std::string> created_;
  std::set<std::string> tablespaces_;
  std::uint64_t authorizations_ = 0;
  std::uint64_t cluster_statements_ = 0;
};

}  // namespace detail

/// `sql` is the script itself, unpacked. Throws `environment_error` when the server goes away or cannot go on,
/// `interrupted` when it is to stop; damage of the script is among the findings, and what came before it stays loaded.
inline load_outcome load_dump(std::unique_ptr<source> sql, const location& where, const load_target& target, const load_options& options) {
  return detail::dump_loader{std::move(sql), where, target, options}.run();
}

}  // namespace restorable
