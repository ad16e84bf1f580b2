// read_preamble: what a dump says of itself before its first object: encoding, server, whether it makes its own
// database.
//
// Layer: load. Example: const dump_preamble said = read_preamble(open_sql(), where); create a database in said.encoding
#pragma once

#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "knowngood/base/error.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/load/dump_statement.hpp"
#include "knowngood/postgres/plain_dump.hpp"

namespace knowngood {

struct dump_preamble {
  std::string encoding;        ///< client_encoding; empty: the dump sets none
  std::string server_version;  ///< `15.18`, of the server that was dumped; empty: it does not say
  std::string dump_version;    ///< of pg_dump
  unsigned server_major = 0;   ///< 0: not known
};

namespace detail {

// `Dumped from database version 15.18 (Debian 15.18-0+deb12u1)`
inline void note_version(std::string_view comment, std::string_view head, std::string& version) {
  if (!comment.starts_with(head) || !version.empty()) return;
  comment.remove_prefix(head.size());
  version = comment.substr(0, comment.find_first_of(" (\r"));
}

}  // namespace detail

/// Reads from the beginning of a script up to its first object. Throws what the source throws.
inline dump_preamble read_preamble(std::unique_ptr<source> sql, const location& where) {
  constexpr int most_events = 2000;  // of roles, in a script of pg_dumpall
  plain_dump dump{std::move(sql), where};
  dump_preamble said;
  for (int i = 0; i < most_events && (said.encoding.empty() || said.server_version.empty()); ++i) {
    const dump_event& event = dump.next();
    if (event.type == dump_event_type::end || event.type == dump_event_type::copy_begin) break;
    if (event.type != dump_event_type::comment) continue;
    detail::note_version(event.text, "Dumped from database version ", said.server_version);
    detail::note_version(event.text, "Dumped by pg_dump version ", said.dump_version);
    if (!dump.encoding().empty()) said.encoding = dump.encoding();
  }
  said.encoding = dump.encoding();
  std::from_chars(said.server_version.data(), said.server_version.data() + said.server_version.size(),
                  said.server_major);
  return said;
}

}  // namespace knowngood
