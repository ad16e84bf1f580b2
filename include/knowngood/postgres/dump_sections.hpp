// dump_sections: follows the banners of a script: where a dump begins and ends, of one database or of a cluster with
// databases in it, and what lies between dumps.
//
// Layer: postgres. pg_dump writes `-- PostgreSQL database dump` between two lines `--` first, and the same with
// ` complete` last; pg_dumpall the same of a `database cluster dump`. Other vendors put their own name there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace knowngood {

enum class dump_banner : unsigned char { none, database, cluster, database_complete, cluster_complete };

/// What a comment says, which comes without its `--` and the blanks around.
constexpr dump_banner banner_of(std::string_view comment) noexcept {
  constexpr std::string_view complete = " complete";
  constexpr std::string_view cluster = " database cluster dump";
  constexpr std::string_view database = " database dump";
  const bool ends = comment.ends_with(complete);
  if (ends) comment.remove_suffix(complete.size());
  const bool of_cluster = comment.ends_with(cluster);
  if (!of_cluster && !comment.ends_with(database)) return dump_banner::none;
  comment.remove_suffix(of_cluster ? cluster.size() : database.size());
  if (comment.empty() || comment.size() > 40 || comment.front() < 'A' || comment.front() > 'Z')
    return dump_banner::none;
  for (const char c : comment) {
    const bool of_name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ';
    if (!of_name) return dump_banner::none;
  }
  if (ends) return of_cluster ? dump_banner::cluster_complete : dump_banner::database_complete;
  return of_cluster ? dump_banner::cluster : dump_banner::database;
}

class dump_sections {
 public:
  /// Takes a comment between statements; returns the banner that it is.
  dump_banner take_comment(std::string_view comment) noexcept {
    if (closing_) {  // the line that closes the trailer's box
      closing_ = false;
      if (comment.empty()) {
        (closing_cluster_ ? cluster_ : database_) = false;
        return dump_banner::none;
      }
    }
    const dump_banner banner = banner_of(comment);
    switch (banner) {
      case dump_banner::database:
        database_ = true;
        ++headers_;
        break;
      case dump_banner::cluster:
        cluster_ = true;
        ++headers_;
        break;
      case dump_banner::database_complete:
      case dump_banner::cluster_complete:
        closing_ = true;
        closing_cluster_ = banner == dump_banner::cluster_complete;
        break;
      case dump_banner::none: break;
    }
    return banner;
  }

  /// Takes note that something else than a comment came.
  void take_content() noexcept { closing_ = false; }

  /// True between a header and its trailer.
  [[nodiscard]] bool open() const noexcept { return database_ || cluster_; }
  /// True inside a dump of one database, one of a cluster's too.
  [[nodiscard]] bool in_database() const noexcept { return database_; }
  [[nodiscard]] bool in_cluster() const noexcept { return cluster_; }
  [[nodiscard]] std::uint64_t headers() const noexcept { return headers_; }

 private:
  std::uint64_t headers_ = 0;
  bool database_ = false;
  bool cluster_ = false;
  bool closing_ = false;
  bool closing_cluster_ = false;
};

}  // namespace knowngood
