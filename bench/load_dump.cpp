// Loads a compressed dump with the drill's loader, for bench/compare_load: the loader alone, on a server that all peers
// share.
//
//   load_dump serve DIRECTORY
//     starts the drill's server in it; says where its socket is; ends with its standard input
//   load_dump load SOCKETS DATABASE FILE [JOBS]
//     loads FILE, compressed or not, into DATABASE as the role knowngood_loader; exits 1 on any finding

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "knowngood/archive/open_archive.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/load/dump_loader.hpp"
#include "knowngood/sandbox/process.hpp"
#include "knowngood/server/postgres_programs.hpp"
#include "knowngood/server/postgres_server.hpp"
#include "knowngood/server/server_session.hpp"

namespace {

using namespace knowngood;

constexpr const char* loader_role = "knowngood_loader";

int serve(const std::filesystem::path& directory) {
  const auto programs = find_postgres();
  if (programs.empty()) throw usage_error{"no PostgreSQL server found"};
  const auto server = postgres_server::create({programs.front(), directory / "server", unprivileged_user()});
  server_session admin{server->dsn("postgres", server->superuser()), location{"server"}};
  admin.query(fmt::format("CREATE ROLE {} LOGIN", loader_role));
  admin.query("CREATE ROLE postgres");  // the benchmark's owner, whom the peers do not make themselves
  admin.query(fmt::format("GRANT postgres TO {}", loader_role));
  fmt::print("{}\n", server->sockets().string());
  std::fflush(stdout);
  for (char byte = 0; ::read(STDIN_FILENO, &byte, 1) > 0;) {
  }
  server->stop();
  return 0;
}

int load(const std::string& sockets, const std::string& database, const std::string& file, unsigned jobs) {
  const location where{file};
  const std::string base = conninfo_with("", "host", sockets);
  load_target target;
  target.admin = conninfo_with(conninfo_with(base, "user", postgres_server::own_superuser), "dbname", "postgres");
  target.loader = conninfo_with(base, "user", loader_role);
  target.loader_role = loader_role;
  target.database = database;
  load_options options;
  options.jobs = jobs;
  finding_list found;
  const load_result outcome = load_dump(open_archive(file, where, limits{}, found), where, target, options);
  for (const auto& one : outcome.findings)
    fmt::print("{} [{}] {} {}\n", one.check, one.where.to_string(), one.message, one.actual);
  for (const auto& one : outcome.unchecked) fmt::print("unchecked [{}] {}\n", one.where.to_string(), one.message);
  fmt::print("{} rows\n", outcome.rows);
  for (const auto& one : outcome.findings) {
    if (one.severity != severity::note) return 1;
  }
  return outcome.unchecked.empty() && found.snapshot().empty() ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count == 3 && std::string{arguments[1]} == "serve") return serve(arguments[2]);
    if ((count == 5 || count == 6) && std::string{arguments[1]} == "load") {
      return load(arguments[2], arguments[3], arguments[4],
                  count == 6 ? static_cast<unsigned>(std::stoul(arguments[5])) : 2);
    }
    fmt::print(stderr, "usage: load_dump serve DIRECTORY | load SOCKETS DATABASE FILE [JOBS]\n");
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "load_dump: {}\n", error.what());
    return 3;
  }
}
