// corruption_report: what pg_amcheck prints about a database, line by line, brought down to one entry for each
// relation.
//
// Layer: rehearse. A badly damaged database makes it print millions of lines; this stays small. Example:
//   corruption_report found; found.add("heap table \"db.public.t\", block 3, offset 4:\n    xmin 9 …\n");
//   found.finish(); found.relations().front().name == "heap table \"db.public.t\""
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace knowngood {

class corruption_report {
 public:
  /// What may be wrong with a relation.
  enum class kind {
    damage,      ///< what is stored contradicts itself
    order,       ///< an index is out of order, which another C library's collations do as well
    no_library,  ///< it cannot be judged: an extension's library is not on this host
  };
  struct relation {
    std::string name;   ///< `heap table "db.public.t"`
    std::string first;  ///< the first problem of the worst kind
    std::uint64_t problems = 0;
    kind what = kind::damage;
  };
  static constexpr std::size_t most_relations = 20;

  /// A piece of pg_amcheck's standard output, cut anywhere.
  void add(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      line_ += text.substr(0, std::min(end, longest_line - std::min(longest_line, line_.size())));
      if (end == std::string_view::npos) return;
      take_line();
      text.remove_prefix(end + 1);
    }
  }
  /// After the last.
  void finish() {
    take_line();
    take_problem();
  }

  /// In the order in which they came, `most_relations` at most.
  [[nodiscard]] const std::vector<relation>& relations() const noexcept { return relations_; }
  /// How many there are besides those.
  [[nodiscard]] std::size_t left_out() const noexcept { return names_.size() - relations_.size(); }

  /// What kind of problem a message of PostgreSQL's is about.
  static kind kind_of(std::string_view message) {
    for (const std::string_view sign :
         {"could not access file", "could not load library", "must be preloaded", "must be loaded via"}) {
      if (message.find(sign) != std::string_view::npos) return kind::no_library;
    }
    return message.find("invariant violated for index") != std::string_view::npos ? kind::order : kind::damage;
  }

 private:
  static constexpr std::size_t longest_line = 4096;
  static constexpr std::size_t most_names = 100'000;

  void take_line() {
    if (!line_.empty() && line_.front() != ' ') {
      take_problem();
      // `heap table "db.schema.name", block 3, offset 4:`
      const std::size_t quote = line_.find('"');
      const std::size_t end =
          quote == std::string::npos ? quote : std::min(line_.find("\", block ", quote), line_.rfind("\":"));
      subject_ = end == std::string::npos ? line_ : line_.substr(0, end + 1);
      place_ = end == std::string::npos ? std::string{} : line_.substr(end + 1);
    } else if (!subject_.empty() && message_.size() < longest_line) {
      const std::size_t begin = line_.find_first_not_of(' ');
      if (begin != std::string::npos) message_ += (message_.empty() ? "" : "; ") + line_.substr(begin);
    }
    line_.clear();
  }

  void take_problem() {
    if (subject_.empty()) return;
    std::string place = std::exchange(place_, {});
    if (place.starts_with(", ")) place.erase(0, 2);
    if (place.ends_with(':')) place.pop_back();
    const kind what = kind_of(message_);
    const std::string text = place.empty() ? message_ : place + ": " + message_;
    const std::size_t hash = std::hash<std::string>{}(subject_);
    const bool first = names_.size() < most_names && names_.insert(hash).second;
    const auto known =
        std::find_if(relations_.begin(), relations_.end(), [&](const relation& one) { return one.name == subject_; });
    if (known != relations_.end()) {
      ++known->problems;
      if (what < known->what) {
        known->what = what;
        known->first = text;
      }
    } else if (first && relations_.size() < most_relations) {
      relations_.push_back({subject_, text, 1, what});
    }
    subject_.clear();
    message_.clear();
  }

  std::string line_;
  std::string subject_;
  std::string place_;
  std::string message_;
  std::vector<relation> relations_;
  std::set<std::size_t> names_;
};

}  // namespace knowngood
