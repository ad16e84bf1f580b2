// dumped_large_objects, read_large_objects: the large objects of a dump and of a database as row sets, so that they are
// compared as tables are: one row each, `id TAB SHA-256 of its bytes in hex`.
//
// Layer: server. pg_dump writes them as calls of lo_create, lo_open, lowrite and lo_close, bytes in hex. A database
// computes the digests itself, which takes PostgreSQL 11 and objects below 1 GiB.
//   dumped_large_objects objects; objects.take("SELECT pg_catalog.lo_create('16410');"); … objects.rows()
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/hash/digest.hpp"
#include "knowngood/hash/row_set.hpp"
#include "knowngood/server/catalog_session.hpp"
#include "knowngood/server/connection.hpp"
#include "knowngood/server/copy_session.hpp"
#include "knowngood/server/read_row_sets.hpp"
#include "knowngood/server/sql_error.hpp"

namespace knowngood {

/// What they are called among tables, in reports and captures.
inline constexpr std::string_view large_objects_name = "pg_catalog.pg_largeobject";

class dumped_large_objects {
 public:
  /// A statement of the dump, of whatever kind; as pg_dump writes them, those about large objects are followed.
  void take(std::string_view statement) {
    constexpr std::string_view head = "SELECT pg_catalog.lo";
    if (!statement.starts_with(head)) return;
    statement.remove_prefix(head.size());
    if (const auto id = argument_of(statement, "_create('")) {
      if (empty_.size() < most) empty_.emplace(*id);
    } else if (const auto opened = argument_of(statement, "_open('")) {
      open_.emplace(open_object{std::string{*opened}, digest{digest_algorithm::sha256()}});
    } else if (const auto bytes = argument_of(statement, "write(0, '\\x"); bytes && open_) {
      add_hex(*bytes);
    } else if (statement.starts_with("_close(") && open_) {
      empty_.erase(open_->id);
      add(rows_, open_->id, open_->content.finish());
      open_.reset();
    }
  }

  /// All that were created, those without bytes too.
  [[nodiscard]] row_set rows() const {
    row_set all = rows_;
    for (const auto& id : empty_) add(all, id, digest{digest_algorithm::sha256()}.finish());
    return all;
  }

 private:
  static constexpr std::size_t most = 10'000'000;

  struct open_object {
    std::string id;
    digest content;
  };

  // What stands between `call` and the next quote.
  static std::optional<std::string_view> argument_of(std::string_view statement, std::string_view call) {
    if (!statement.starts_with(call)) return std::nullopt;
    statement.remove_prefix(call.size());
    const std::size_t end = statement.find('\'');
    return end == std::string_view::npos ? std::nullopt : std::optional{statement.substr(0, end)};
  }

  static void add(row_set& to, std::string_view id, std::string_view sha256) {
    to.add(fmt::format("{}\t{}", id, sha256));
  }

  void add_hex(std::string_view hex) {
    const auto value = [](char c) {
      return static_cast<unsigned char>(c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    };
    bytes_.clear();
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
      bytes_ += static_cast<char>(value(hex[i]) << 4U | value(hex[i + 1]));
    open_->content.update(std::as_bytes(std::span{bytes_}));
  }

  row_set rows_;
  std::set<std::string, std::less<>> empty_;  // created, and no bytes of them seen
  std::optional<open_object> open_;
  std::string bytes_;
};

/// Those of a database, in `snapshot` (of pg_export_snapshot) or, where it is empty, now. What keeps them from being
/// read is the `problem`. Throws `environment_error` when the server cannot be reached, `interrupted` when it is to
/// stop.
inline rows_read read_large_objects(const std::string& conninfo, const location& where, const std::string& snapshot,
                                    stop_flag stop) {
  rows_read result;
  try {
    catalog_session session{conninfo, where, stop, snapshot};
    if (!session.holds("SELECT EXISTS (SELECT FROM pg_largeobject_metadata)")) return result;
    if (session.server_version() < 110'000) {
      result.problem = "PostgreSQL before 11 cannot compute their digests";
      return result;
    }
    const std::string same_moment = snapshot.empty() ? session.export_snapshot() : snapshot;
    open_copy_session(conninfo, where, stop, same_moment)
        .copy_out(
            "COPY (SELECT oid, pg_catalog.encode(pg_catalog.sha256(pg_catalog.lo_get(oid)), 'hex') FROM "
            "pg_catalog.pg_largeobject_metadata) TO STDOUT",
            [&](std::string_view rows) {
              result.bytes += rows.size();
              detail::add_rows(result.rows, rows, nullptr);
            });
  } catch (const sql_error& error) {
    stop.throw_if_requested();
    result.problem = printable(error.message);
  }
  return result;
}

}  // namespace knowngood
