// load_dump: loads an SQL dump into a database, as a role that is no superuser: COPY data over several connections at a
// time, indexes side by side, everything else in order. What fails is a finding with its line, and the rest goes on.
//
// Layer: drill. No psql: nothing but SQL is sent, of meta-commands only \connect is obeyed, and no statement of the dump
// ever reaches a superuser's session.
//   load_outcome loaded = load_dump(open_sql(), where, server.create_database("UTF8"), {.jobs = 2});
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
#include "restorable/drill/dump_preamble.hpp"
#include "restorable/drill/dump_roles.hpp"
#include "restorable/drill/dump_statement.hpp"
#include "restorable/drill/index_builder.hpp"
#include "restorable/drill/load_result.hpp"
#include "restorable/io/source.hpp"
#include "restorable/postgres/plain_dump.hpp"
#include "restorable/verify/artifact_verifier.hpp"

namespace restorable {

namespace detail {

class dump_loader {
 public:
  dump_loader(std::unique_ptr<source> sql, location where, const load_target& target, const load_options& options)
      : dump_{std::move(sql), where, std::size_t{256} << 20}, where_{std::move(where)}, target_{target}, options_{options} {
    use_database("", target.database);
  }

  load_outcome run() {
    try {
      while (take(dump_.next())) {
        if (options_.stop != nullptr && options_.stop->load()) throw interrupted{};
      }
    } catch (const stream_error& error) {
      copies_->break_off();
      add(error.as_finding());
    }
    finish_database();
    tell_rest();
    return std::move(outcome_);
  }

 private:
  static constexpr std::size_t findings_shown = 100;  ///< of one check

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
    copies_ = std::make_unique<copy_fan_out>(loader, where_, options_.jobs, options_.stop);
    indexes_ = std::make_unique<index_builder>(loader, where_, options_.jobs, options_.stop);
    roles_ = std::make_unique<dump_roles>(admin, where_, target_.loader_role, target_.throw_away);
    extensions_ = std::make_unique<dump_extensions>(admin, where_, target_.loader_role, options_.extensions);
    settings_.clear();
    table_bytes_.clear();
    tables_.clear();
    copied_.clear();
    header_.clear();
    object_.reset();
    unlogged_ = target_.throw_away && main_->server_version() < 180000;  // later ones refuse unlogged partitioned tables
    current_ = loaded_database{};
    current_.name = name;
    current_.database = database;
  }

  void finish_database() {
    if (!main_) return;
    build_indexes();
    finish_copies();
    current_.encoding = dump_.encoding();
    for (auto& [key, table] : tables_) current_.tables.push_back(std::move(table));
    tables_.clear();
    if (!current_.tables.empty() || !current_.objects.empty()) outcome_.databases.push_back(std::move(current_));
    for (const auto& role : roles_->made()) roles_made_.insert(role);
    main_.reset();
  }

  // --- what comes

  void note_comment(const dump_event& event) {
    note_version(event.text, "Dumped from database version ", outcome_.server_version);
    if (outcome_.server_version.empty() || version_told_) return;
    version_told_ = true;
    unsigned dumped = 0;
    std::from_chars(outcome_.server_version.data(), outcome_.server_version.data() + outcome_.server_version.size(), dumped);
    const unsigned ours = static_cast<unsigned>(main_->server_version()) / 10'000;
    if (dumped > ours) {
      add(make_finding(checks::load_server_version, where_, "the dump was made on a newer server than the one it is restored into",
                       fmt::format("PostgreSQL {} or newer", dumped), fmt::format("PostgreSQL {}", ours)));
    }
  }

  // Every object that the dump declares is expected to be there afterwards.
  void note_object(const dump_event& event) {
    if (event.header == header_) return;
    header_ = event.header;
    object_.reset();
    if (!header_.starts_with("Name: ")) return;
    const std::string type = header_part(header_, "Type");
    if (type.empty() || type == "COMMENT" || type.find("ACL") != std::string::npos || type == "SEQUENCE SET") return;
    const std::string schema = header_part(header_, "Schema");
    object_ = current_.objects.size();
    current_.objects.push_back({type, schema == "-" ? "" : schema, header_part(header_, "Name"), false});
  }

  void on_statement(const dump_event& event) {
    ++outcome_.statements;
    note_object(event);
    if (event.truncated_text) {
      outcome_.unchecked.push_back({at_object(), fmt::format("the statement at line {} is longer than 256 MiB, and was not run", event.line),
                                    "restore it by hand"});
      object_failed();
      return;
    }
    if (const auto why = refusal_of(event.text)) {
      add(make_finding(checks::load_refused, at_object(), fmt::format("line {}: {}; it was not run", event.line, *why), "SQL that restores data",
                       printable(event.text, 120)));
      object_failed();
      return;
    }
    const auto words = first_words(event.text, 6);
    if (words.empty() || words.front() == ";") return;
    if (begins(words, {"create", "extension"})) return create_extension(event);
    if (begins(words, {"comment", "on", "extension"})) return;  // belongs to whoever owns the extension
    if (is_about_cluster(words)) return on_cluster_statement(words, event);
    if (const auto index = parse_index(event.text); index && !main_->in_transaction()) {
      finish_copies();
      pending_.push_back({std::string{event.text}, *index, table_bytes_[index->table]});
      pending_at_.push_back({event.line, object_});
      return;
    }
    finish_copies();
    build_indexes();
    if (words.front() == "insert") count_insert(event);
    execute(event, words);
  }

  void execute(const dump_event& event, const std::vector<std::string>& words) {
    const std::string text = without_log(event.text, words);
    std::optional<sql_error> error = main_->try_execute(text);
    for (int tries = 0; error && tries < 8 && !main_->in_transaction() && roles_->mend(*error, text); ++tries) error = main_->try_execute(text);
    if (!error) {
      if (!main_->in_transaction() && (words.front() == "set" || event.text.starts_with("SELECT pg_catalog.set_config("))) {
        settings_.push_back(text);
        copies_->add_setting(text);
      }
      return;
    }
    judge(*error, words, event.line);
  }

  // A table of a server that is thrown away needs no write-ahead log.
  [[nodiscard]] std::string without_log(std::string_view statement, const std::vector<std::string>& words) const {
    if (!unlogged_ || !begins(words, {"create", "table"})) return std::string{statement};
    return "CREATE UNLOGGED TABLE" + std::string{statement.substr(std::string_view{"CREATE TABLE"}.size())};
  }

  void judge(const sql_error& error, const std::vector<std::string>& words, std::uint64_t line) {
    object_failed();
    if (options_.stop != nullptr && options_.stop->load()) throw interrupted{};
    if (error.is("25P02")) return;  // the transaction failed before, which was told
    const bool missing = error.is("42704") || error.is("42P01") || error.is("3F000") || error.is("42883") || error.is("42703");
    if (words.front() == "drop" && missing) return;  // --clean, into an empty database
    if (missing && begins(words, {"alter", "table"}) && std::find(words.begin(), words.end(), "drop") != words.end()) return;
    if (error.is("42P06") && begins(words, {"create", "schema", "public"})) return;
    if (error.is("42710") && words.size() > 2 && words[words.size() - 1] == "plpgsql") return;
    const bool setting = words.front() == "set" && (error.is("42704") || error.is("22023"));
    const bool replicated = begins(words, {"alter", "publication"}) && error.is("22023");
    if (error.is("42501")) {
      add(make_finding(checks::load_superuser, at_object(), fmt::format("line {}: {} ({})", line, printable(error.message), error.sqlstate)));
      outcome_.unchecked.push_back({at_object(), fmt::format("the statement at line {} takes a superuser, and was not rehearsed", line),
                                    "look at it, and run it by hand as a superuser after a real restore"});
      return;
    }
    finding what = make_finding(checks::load_sql, at_object(), fmt::format("line {} fails: {} ({})", line, printable(error.message, 500), error.sqlstate), {},
                                error.detail.empty() ? std::string{} : printable(error.detail, 300));
    // a setting of a newer server, and replication of tables without a log, change no row
    if (setting || replicated) what.severity = severity::note;
    add(std::move(what));
  }

  // --- statements that are about more than the database

  static bool is_about_cluster(const std::vector<std::string>& words) {
    constexpr std::array<std::string_view, 5> kinds{"role", "user", "group", "database", "tablespace"};
    if (words.size() < 2) return false;
    const bool verb = words[0] == "create" || words[0] == "alter" || words[0] == "drop";
    if (verb && std::find(kinds.begin(), kinds.end(), words[1]) != kinds.end()) {
      return !(words[0] != "drop" && words[1] == "user" && words.size() > 2 && words[2] == "mapping");
    }
    if (begins(words, {"comment", "on"}) && words.size() > 2) return std::find(kinds.begin(), kinds.end(), words[2]) != kinds.end();
    const bool grant = words[0] == "grant" || words[0] == "revoke";
    if (!grant) return false;
    // GRANT … ON DATABASE …, and GRANT role TO role
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (words[i] == "on") return i + 1 < words.size() && (words[i + 1] == "database" || words[i + 1] == "tablespace");
      if (words[i] == "to" || words[i] == "from") return true;
    }
    return false;
  }

  void on_cluster_statement(const std::vector<std::string>& words, const dump_event& event) {
    if (words[0] == "create" && (words[1] == "role" || words[1] == "user") && words.size() > 2) {
      roles_->make(unquoted(words[2]));
    } else if (begins(words, {"create", "database"}) && words.size() > 2) {
      created_.insert(unquoted(words[2]));
      object_.reset();
      if (!current_.objects.empty() && current_.objects.back().type == "DATABASE") current_.objects.pop_back();
    } else {
      static_cast<void>(event);
      ++cluster_statements_;
    }
  }

  void create_extension(const dump_event& event) {
    const auto wanted = parse_create_extension(event.text);
    if (!wanted) return;
    finish_copies();
    const std::string why = extensions_->create(*wanted);
    if (why.empty()) return;
    object_failed();
    add(make_finding(checks::load_extension, at_object(), fmt::format("line {}: extension {} was not created", event.line, printable(wanted->name)),
                     "the extension", why));
    outcome_.unchecked.push_back({at_object(), fmt::format("extension {} was not created: {}", printable(wanted->name), why),
                                  std::string{checks::load_extension.advice}});
  }

  void on_meta_command(const dump_event& event) {
    if (event.text.starts_with("\\restrict") || event.text.starts_with("\\unrestrict")) return;
    const auto database = parse_connect(event.text);
    if (!database) {
      add(make_finding(checks::load_refused, where_, fmt::format("line {}: a psql command, which was not run", event.line), "SQL",
                       printable(event.text, 120)));
      return;
    }
    const bool anything = !current_.objects.empty() || !current_.tables.empty() || !tables_.empty() || !settings_.empty();
    if (!anything && current_.name.empty()) {  // pg_dump --create: the database that was made for it will do
      current_.name = *database;
      return;
    }
    make_database(*database);
  }

  // Another database of a script of pg_dumpall, made by the administrator under a name of the drill's own.
  void make_database(const std::string& name) {
    finish_copies();
    build_indexes();
    const std::string database = fmt::format("{}_{}", target_.database, ++databases_made_);
    connection admin{conninfo_with(target_.admin, "dbname", target_.database), where_};
    const std::string encoding = admin.value("SELECT pg_catalog.pg_encoding_to_char(encoding) FROM pg_catalog.pg_database WHERE datname = current_database()");
    admin.query(fmt::format("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING {} LC_COLLATE 'C' LC_CTYPE {}", quote_identifier(database),
                            quote_identifier(target_.loader_role), quote_literal(encoding),
                            quote_literal(admin.value("SELECT datctype FROM pg_catalog.pg_database WHERE datname = current_database()"))));
    use_database(name, database);
  }

  // --- rows

  void begin_copy(const dump_event& event) {
    ++outcome_.statements;
    note_object(event);
    build_indexes();
    copy_table_ = event.copy->table;
    copy_columns_ = event.copy->columns;
    const bool divisible = event.copy->plain_text;
    copy_on_main_ = main_->in_transaction();
    if (!copy_on_main_) {
      copies_->begin(std::string{event.text}, copy_table_, event.line, divisible);
      return;
    }
    copy_error_.reset();
    try {
      main_->begin_copy_in(std::string{event.text});
    } catch (const sql_error& error) {
      copy_error_ = error;
    }
  }

  void on_rows(const dump_event& event) {
    outcome_.bytes += event.text.size();
    table_bytes_[copy_table_] += event.text.size();
    if (!copy_on_main_) {
      copies_->put(event.text, event.rows);
    } else if (!copy_error_) {
      main_->put(event.text);
    }
  }

  void end_copy(const dump_event& event) {
    if (!copy_on_main_) {
      copies_->end();
      copies_sent_ = true;
    } else {
      if (!copy_error_) {
        try {
          main_->finish_copy();
        } catch (const sql_error& error) {
          copy_error_ = error;
        }
      }
      if (copy_error_) copy_failed({copy_table_, event.line, *copy_error_});
    }
    const row_set rows = dump_.block().rows();
    outcome_.rows += rows.rows();
    row_set& sum = copied_[key_of(copy_table_, copy_columns_)];
    sum += rows;
    dumped_table& table = tables_[key_of(copy_table_, copy_columns_)];
    table.name = copy_table_;
    table.columns = copy_columns_;
    table.rows = rows_fact{sum.rows(), event.copy->plain_text ? std::optional{sum.fingerprint()} : std::nullopt};
  }

  void count_insert(const dump_event& event) {
    const auto name = parse_insert_target(event.text);
    if (!name) return;
    dumped_table& table = tables_[*name];
    table.name = *name;
    table.rows.rows += event.rows;
    outcome_.rows += event.rows;
  }

  static std::string key_of(const std::string& table, const std::optional<std::vector<std::string>>& columns) {
    return columns ? fmt::format("{}({})", table, fmt::join(*columns, ",")) : table;
  }

  void finish_copies() {
    if (!copies_sent_) return;
    copies_sent_ = false;
    for (const auto& failure : copies_->wait()) copy_failed(failure);
  }

  void copy_failed(const copy_failure& failure) {
    if (options_.stop != nullptr && options_.stop->load()) throw interrupted{};
    const std::string context = failure.error.context.substr(0, failure.error.context.find('\n'));
    add(make_finding(failure.error.is("42501") ? checks::load_superuser : checks::load_sql, where_ / failure.table,
                     fmt::format("line {}: the rows of {} were not all taken: {} ({})", failure.line, printable(failure.table),
                                 printable(failure.error.message, 500), failure.error.sqlstate),
                     {}, printable(context, 300)));
  }

  // --- indexes

  void build_indexes() {
    if (pending_.empty()) return;
    finish_copies();
    for (int round = 0; round < 2; ++round) {
      indexes_->build(pending_, settings_);
      if (round == 0 && !mend_indexes()) break;
    }
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      if (!pending_[i].error) continue;
      object_ = pending_at_[i].object;
      judge(*pending_[i].error, first_words(pending_[i].statement, 6), pending_at_[i].line);
    }
    pending_.clear();
    pending_at_.clear();
  }

  // Keeps for a second round what failed for want of a role. False when nothing did.
  bool mend_indexes() {
    bool mended = false;
    std::vector<index_task> again;
    std::vector<index_place> at;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      if (pending_[i].error && roles_->mend(*pending_[i].error, pending_[i].statement)) {
        mended = true;
        pending_[i].error.reset();
        again.push_back(std::move(pending_[i]));
        at.push_back(pending_at_[i]);
      } else if (pending_[i].error) {
        object_ = pending_at_[i].object;
        judge(*pending_[i].error, first_words(pending_[i].statement, 6), pending_at_[i].line);
      }
    }
    pending_ = std::move(again);
    pending_at_ = std::move(at);
    return mended;
  }

  // --- what is told

  [[nodiscard]] location at_object() const {
    const location database = current_.name.empty() ? where_ : where_ / current_.name;
    if (!object_) return database;
    const object_declaration& object = current_.objects[*object_];
    return database / (object.schema.empty() ? object.name : object.schema + "." + object.name);
  }

  void object_failed() {
    if (object_) current_.objects[*object_].failed = true;
  }

  void add(finding what) {
    if (++told_[what.check] <= findings_shown) outcome_.findings.push_back(std::move(what));
  }

  void tell_rest() {
    for (const auto& [check, number] : told_) {
      if (number <= findings_shown) continue;
      const class check* known = checks::find(check);
      if (known != nullptr) outcome_.findings.push_back(make_finding(*known, where_, fmt::format("{} more of these", number - findings_shown)));
    }
    std::set<std::string> roles;
    for (const auto& role : roles_made_) {
      if (!created_.contains(role)) roles.insert(printable(role));
    }
    if (!roles.empty()) {
      outcome_.findings.push_back(make_finding(checks::load_role, where_, fmt::format("roles were made for the rehearsal: {}", fmt::join(roles, ", "))));
    }
    if (cluster_statements_ > 0) {
      outcome_.findings.push_back(make_finding(checks::load_role, where_, fmt::format("{} statements about roles, databases and tablespaces were not rehearsed",
                                                                                      cluster_statements_)));
    }
  }

  struct index_place {
    std::uint64_t line;
    std::optional<std::size_t> object;
  };

  plain_dump dump_;
  location where_;
  load_target target_;
  const load_options& options_;
  load_outcome outcome_;
  bool version_told_ = false;

  loaded_database current_;
  std::unique_ptr<connection> main_;
  std::unique_ptr<copy_fan_out> copies_;
  std::unique_ptr<index_builder> indexes_;
  std::unique_ptr<dump_roles> roles_;
  std::unique_ptr<dump_extensions> extensions_;
  std::vector<std::string> settings_;
  bool unlogged_ = false;
  unsigned databases_made_ = 0;

  std::string header_;
  std::optional<std::size_t> object_;                 // that the statement belongs to
  std::map<std::string, dumped_table> tables_;
  std::map<std::string, row_set> copied_;
  std::map<std::string, std::uint64_t> table_bytes_;
  std::string copy_table_;
  std::optional<std::vector<std::string>> copy_columns_;
  std::optional<sql_error> copy_error_;
  bool copy_on_main_ = false;
  bool copies_sent_ = false;
  std::vector<index_task> pending_;
  std::vector<index_place> pending_at_;

  std::map<std::string, std::size_t> told_;
  std::set<std::string> roles_made_;
  std::set<std::string> created_;
  std::uint64_t cluster_statements_ = 0;
};

}  // namespace detail

/// `sql` is the script itself, unpacked. Throws `environment_error` when the server goes away, `interrupted` when it is to
/// stop; damage of the script is among the findings, and what came before it stays loaded.
inline load_outcome load_dump(std::unique_ptr<source> sql, const location& where, const load_target& target, const load_options& options) {
  return detail::dump_loader{std::move(sql), where, target, options}.run();
}

}  // namespace restorable
