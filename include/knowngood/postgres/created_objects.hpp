// created_objects: tells when a script makes again what it has made before: dumps that were joined, of which the second
// fails or doubles the rows.
//
// Layer: postgres. A set of hashes, of statements or of the names of what is made; at most two million of them. By
// database; a dump made with --clean drops what was there, and begins anew.
#pragma once

#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>

#include "knowngood/postgres/sql_words.hpp"

namespace knowngood {

class created_objects {
 public:
  enum class novelty : unsigned char {
    fresh,
    again,   ///< the same was made before in this database
    second,  ///< objects of a second dump of this database, without drops before them; said once for a dump
  };

  void use_database(const std::string& name) {
    here_ = &databases_[name];
    here_->seed = XXH3_64bits(name.data(), name.size());
  }

  /// A header: what comes is of another dump than what was before.
  void begin_dump() {
    for (auto& [name, one] : databases_) {
      one.earlier |= one.own;
      one.own = false;
      one.dropped = false;
      one.reported = false;
    }
  }

  void take_drop() {
    ++here_->generation;
    here_->dropped = true;
  }

  /// Whether the dump in progress has made objects in this database.
  [[nodiscard]] bool made_here() const noexcept { return here_->own; }

  void set_search_path(std::string_view statement) { path_ = hash(statement, 0); }

  /// A CREATE statement. `whole`: all of its text is there.
  novelty take_create(std::string_view statement, bool whole) {
    sql_words words{statement};
    words.next();
    std::string_view kind = words.next();
    if (is_keyword(kind, {"or", "role", "user", "group", "tablespace"}))
      return novelty::fresh;  // of the cluster, or meant to replace what is there
    while (is_keyword(kind, {"unlogged", "foreign", "materialized", "recursive", "temp", "temporary"})) {
      kind = words.next();
    }
    std::string_view first = words.next();
    if (is_keyword(first, "if") || is_keyword(kind, "extension")) return novelty::fresh;
    if (is_keyword(kind, "database")) return add(statement, 1) ? novelty::fresh : novelty::again;
    const bool late = is_keyword(kind, {"index", "unique", "trigger", "constraint", "rule", "event", "policy",
                                        "statistics", "publication", "subscription"});
    bool fresh = true;
    if (is_keyword(kind, {"table", "view", "sequence", "type", "domain"})) {
      std::string_view next;
      const std::string name = qualified_name(words, first, next);
      const bool shell = is_keyword(kind, "type") && next == ";";
      fresh = shell || add(name, hash(kind, path_));
    } else if (whole) {
      fresh = add(statement, path_);
    }
    if (!fresh) return novelty::again;
    if (late) return novelty::fresh;
    here_->own = true;
    if (!here_->earlier || here_->dropped || here_->reported) return novelty::fresh;
    here_->reported = true;
    return novelty::second;
  }

  /// pg_dump's comment on the rows of a table. False when they came before.
  bool take_data(std::string_view header) { return add(header, 2); }

 private:
  struct database {
    std::uint64_t seed = 0;
    std::uint64_t generation = 0;
    bool own = false;      // the dump in progress has made objects here
    bool earlier = false;  // one before it has
    bool dropped = false;
    bool reported = false;
  };

  static std::uint64_t hash(std::string_view text, std::uint64_t seed) noexcept {
    return XXH3_64bits_withSeed(text.data(), text.size(), seed);
  }

  bool add(std::string_view text, std::uint64_t seed) {
    if (seen_.size() >= most) return true;
    const std::uint64_t mixed = seed ^ (here_->seed + here_->generation * 0x9E3779B97F4A7C15U);
    return seen_.insert(hash(text, mixed)).second;
  }

  static constexpr std::size_t most = 2'000'000;

  std::map<std::string, database> databases_{{std::string{}, {}}};
  database* here_ = &databases_.begin()->second;
  std::unordered_set<std::uint64_t> seen_;
  std::uint64_t path_ = 0;
};

/// Whether the statement makes something that a restored database would have.
inline bool makes_object(std::string_view text) {
  if (text.starts_with("SELECT pg_catalog.lo_create(")) return true;
  sql_words words{text};
  const std::string_view verb = words.next();
  if (is_keyword(verb, "alter")) return text.find(" ADD CONSTRAINT ") != std::string_view::npos;
  if (!is_keyword(verb, "create")) return false;
  const std::string_view kind = words.next();
  std::string_view name = words.next();
  if (is_keyword(kind, "database")) return false;
  if (is_keyword(kind, "schema")) return !is_keyword(name, "public");
  if (is_keyword(kind, "extension")) {
    while (is_keyword(name, "if") || is_keyword(name, "not") || is_keyword(name, "exists")) name = words.next();
    return !is_keyword(name, "plpgsql");
  }
  return true;
}

}  // namespace knowngood
