// Two private servers: one with a database to dump, one to load into, with the role that does; and what loading comes
// to.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "knowngood/io/memory_source.hpp"
#include "knowngood/load/dump_loader.hpp"
#include "server/private_server.hpp"

namespace knowngood {

class load_world {
 public:
  static constexpr const char* loader = "knowngood_loader";

  load_world() { server_.sql("postgres", std::string{"CREATE ROLE "} + loader + " LOGIN;"); }

  [[nodiscard]] private_server& server() { return server_; }
  /// Started when it is first asked for.
  [[nodiscard]] private_server& source() {
    if (!source_) source_ = std::make_unique<private_server>();
    return *source_;
  }

  /// An empty database for the loader.
  load_target target(const std::string& database, const std::string& options = "") {
    server_.create(database, std::string{"OWNER "} + loader + " TEMPLATE template0 " + options);
    load_target made;
    made.admin = server_.conninfo("postgres");
    made.loader = server_.conninfo("postgres", loader);
    made.loader_role = loader;
    made.database = database;
    return made;
  }

  /// Loads `script` into a database made anew.
  load_result load(const std::string& script, const std::string& database = "restored",
                   const load_options& options = {}) {
    return load_into(target(database), script, options);
  }
  static load_result load_into(const load_target& into, const std::string& script, const load_options& options = {}) {
    return load_dump(std::make_unique<memory_source>(script, 100'000), location{"test.sql"}, into, options);
  }

  std::string value(const std::string& database, const std::string& sql) {
    return connection{server_.conninfo(database), location{"server"}}.value(sql);
  }

  /// pg_dump's output of a source database, or of a restored one, without what differs from one run to the next.
  std::string dump(const std::string& database, const std::string& options = "") {
    return dump_of(source(), database, options);
  }
  std::string dump_restored(const std::string& database, const std::string& options = "") {
    return dump_of(server_, database, options);
  }

  /// A dump of a restored database, as it would be had it not been made without a log.
  static std::string logged(std::string dump) {
    constexpr std::string_view unlogged = "CREATE UNLOGGED TABLE";
    for (std::size_t at = 0; (at = dump.find(unlogged, at)) != std::string::npos;)
      dump.replace(at, unlogged.size(), "CREATE TABLE");
    return dump;
  }

  /// A script as pg_dump writes it, of the statements in `body`.
  static std::string script(const std::string& body) {
    return "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.1\n-- Dumped by pg_dump version "
           "15.1\n\n"
           "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n"
           "SELECT pg_catalog.set_config('search_path', '', false);\n\n" +
           body + "\n--\n-- PostgreSQL database dump complete\n--\n\n";
  }

  /// The line of `text` in a script, from 1.
  static std::uint64_t line_of(const std::string& script, const std::string& text) {
    const std::size_t at = script.find(text);
    EXPECT_NE(at, std::string::npos) << text;
    return 1 + static_cast<std::uint64_t>(std::count(
                   script.begin(), script.begin() + static_cast<std::ptrdiff_t>(std::min(at, script.size())), '\n'));
  }

 private:
  static std::string dump_of(const private_server& server, const std::string& database, const std::string& options) {
    return server.must("pg_dump " + options + " " + database +
                       " 2>/dev/null | grep -v -a -e '^.restrict' -e '^.unrestrict'");
  }

  std::unique_ptr<private_server> source_;
  private_server server_;
};

/// What was found, a line each: `warning load.role [test.sql] roles were made … | actual`.
inline std::string text_of(const load_result& outcome, severity least = severity::note) {
  std::string text;
  for (const auto& one : outcome.findings) {
    if (one.severity < least) continue;
    text += fmt::format("{} {} [{}] {} | {}\n", to_string(one.severity), one.check, one.where.to_string(), one.message,
                        one.actual);
  }
  for (const auto& one : outcome.unchecked)
    text += fmt::format("unchecked [{}] {}\n", one.where.to_string(), one.message);
  return text;
}

/// The same without notes.
inline std::string alarms(const load_result& outcome) { return text_of(outcome, severity::warning); }

/// The tests of a file share one world.
class load_test : public testing::Test {
 protected:
  static void TearDownTestSuite() { world_.reset(); }
  static load_world& world() {
    if (!world_) world_ = std::make_unique<load_world>();
    return *world_;
  }

 private:
  inline static std::unique_ptr<load_world> world_;
};

/// Tests of the loader's parts, which share one world whatever file they are in.
class load_parts : public load_test {
 public:
  using load_test::world;
  /// A session with a database made anew, as the role that loads.
  static connection loader_session(const std::string& database) {
    world().server().create(database, std::string{"OWNER "} + load_world::loader + " TEMPLATE template0");
    return connection{loader_conninfo(database), location{"server"}};
  }
  static std::string loader_conninfo(const std::string& database) {
    return world().server().conninfo(database, load_world::loader);
  }
};

inline std::string file_text(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace knowngood
