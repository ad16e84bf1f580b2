// session_setup: what a dump has set so far (SET, set_config), for further connections that are to work like its own.
//
// Layer: load. Of each setting only the last statement counts, so that it stays small however long a dump is.
//   if (const auto name = session_setup::name_of(words)) setup.note(*name, statement);  other.query(*setup.sql());
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/load/dump_statement.hpp"

namespace knowngood {

class session_setup {
 public:
  /// Which setting a statement is about, for the whole session; nothing for any other statement. `words`: its first.
  static std::optional<std::string> name_of(const std::vector<std::string>& words) {
    if (begins(words, {"select", "pg_catalog", ".", "set_config", "("}) && words.size() > 5) return unquoted(words[5]);
    if (words.size() < 2 || (words[0] != "set" && words[0] != "reset")) return std::nullopt;
    const std::size_t at = words[1] == "session" && words.size() > 2 ? 2 : 1;
    const std::string& name = words[at];
    if (name == "local" || name == "transaction" || name == "constraints" || name == "characteristics")
      return std::nullopt;
    if (name == "authorization") return "role";
    if (name == "time" || name == "names") return name == "time" ? "timezone" : "client_encoding";
    return at + 2 < words.size() && words[at + 1] == "." ? name + "." + words[at + 2] : name;
  }

  /// `statement`, with its semicolon, was run.
  void note(const std::string& name, std::string statement) {
    const auto known =
        std::find_if(statements_.begin(), statements_.end(), [&](const auto& one) { return one.first == name; });
    if (known != statements_.end()) {
      if (known->second == statement) return;
      statements_.erase(known);
    } else if (statements_.size() == most) {
      statements_.erase(statements_.begin());
    }
    statements_.emplace_back(name, std::move(statement));
    auto all = std::make_shared<std::string>();
    for (const auto& [of, text] : statements_) *all += text + '\n';
    sql_ = std::move(all);
  }

  /// All of them, as one text of statements. The pointer changes when anything in it does, and never otherwise.
  [[nodiscard]] const std::shared_ptr<const std::string>& sql() const noexcept { return sql_; }

 private:
  static constexpr std::size_t most = 500;

  std::vector<std::pair<std::string, std::string>> statements_;  // in the order in which they were last run
  std::shared_ptr<const std::string> sql_ = std::make_shared<std::string>();
};

}  // namespace knowngood
