// declared_objects: the objects that a dump's comments announce, and what became of their statements.
//
// Layer: load. `-- Name: incidents_pkey; Type: CONSTRAINT; Schema: public; Owner: -` stands before the statements of
// one object, and all that follow up to the next such comment belong to it.
//   declared_objects objects;  objects.declare(event.header);  if (refused) objects.fail();
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/base/location.hpp"
#include "knowngood/load/dump_statement.hpp"
#include "knowngood/server/database_objects.hpp"
#include "knowngood/server/table_name.hpp"

namespace knowngood {

class declared_objects {
 public:
  static constexpr std::size_t most = 1'000'000;

  /// Statements now belong to the object that `header` is the comment of, or to none. False when there are too many to
  /// keep this one.
  bool declare(std::string_view header) {
    if (header == header_) return true;
    header_ = header;
    current_.reset();
    if (!header_.starts_with("Name: ") || header_.size() > longest_header) return true;
    if (all_.size() == most) return false;
    const std::string type = header_part(header_, "Type");
    if (type.empty() || type == "COMMENT" || type.find("ACL") != std::string::npos || type == "SEQUENCE SET" ||
        type.starts_with("DATABASE"))
      return true;
    const std::string schema = header_part(header_, "Schema");
    current_ = all_.size();
    all_.push_back({type, schema == "-" ? "" : schema, header_part(header_, "Name"), false});
    return true;
  }

  /// Which one statements belong to, for statements that are run later.
  [[nodiscard]] std::optional<std::size_t> current() const noexcept { return current_; }
  void return_to(std::optional<std::size_t> one) noexcept { current_ = one; }

  /// The current object within a database, or the database itself.
  [[nodiscard]] location place_in(const location& database) const {
    if (!current_) return database;
    const object_declaration& object = all_[*current_];
    return database / (object.schema.empty() ? object.name : object.schema + "." + object.name);
  }

  /// The current object's statement was refused.
  void fail() {
    if (current_) all_[*current_].failed = true;
  }

  /// It was not run, or refused, for no fault of the dump. Returns the object's bare name, for what is built on it and
  /// cannot be made either; empty when there is none.
  std::string leave_unchecked() {
    fail();
    if (!current_) return {};
    object_declaration& object = all_[*current_];
    object.unchecked = true;
    return object.name.substr(0, object.name.find('('));
  }

  /// Whether the table that is `written` so in a statement is one of those.
  [[nodiscard]] bool left_unchecked(const std::string& written) const {
    const auto name = parse_table_name(written);
    return name && std::any_of(all_.begin(), all_.end(), [&](const object_declaration& one) {
             return one.unchecked && one.name == name->name && (one.schema == name->schema || name->schema.empty());
           });
  }

  [[nodiscard]] bool empty() const noexcept { return all_.empty(); }
  [[nodiscard]] std::vector<object_declaration> take() { return std::exchange(all_, {}); }

 private:
  static constexpr std::size_t longest_header = 65'536;  ///< an identifier has 63 bytes, a function a hundred arguments

  std::string header_;
  std::optional<std::size_t> current_;
  std::vector<object_declaration> all_;
};

}  // namespace knowngood
