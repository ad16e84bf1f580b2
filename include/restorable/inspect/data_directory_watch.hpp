// data_directory_watch: recognises PostgreSQL data directories among an archive's members as they pass, and judges at the
// end of the archive whether each is of one moment.
//
// Layer: inspect. A data directory copied while its server ran, without a backup label, may boot and still hold tuples
// from the future: neither page checksums nor "it starts" would tell.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "restorable/base/checks.hpp"
#include "restorable/inspect/facts.hpp"
#include "restorable/postgres/control_file.hpp"

namespace restorable {

class data_directory_watch {
 public:
  /// What of a member's content the watch wants to see, if anything.
  enum class interest : unsigned char { none, control_file, version };

  /// To be called with every regular file's name. At most a few directories are followed.
  interest member(std::string_view name) {
    if (const auto root = root_of(name, "global/pg_control")) {
      if (roots_.size() >= most_roots && !roots_.contains(*root)) return interest::none;
      roots_[*root].has_control = true;
      return interest::control_file;
    }
    if (const auto root = root_of(name, "PG_VERSION")) {
      // every database's directory has one too; only those beside a control file count in the end
      if (roots_.size() >= most_roots && !roots_.contains(*root)) return interest::none;
      roots_[*root].has_version = true;
      return interest::version;
    }
    if (const auto root = root_of(name, "backup_label")) labels_.insert(*root);
    return interest::none;
  }

  /// The content of a member that `member` asked for.
  void content(std::string_view name, interest what, std::string_view bytes) {
    if (what == interest::control_file) {
      directory& found = roots_[*root_of(name, "global/pg_control")];
      found.control_size = bytes.size();
      found.control = parse_control_file(std::as_bytes(std::span{bytes}));
    } else if (what == interest::version) {
      std::string version{bytes.substr(0, bytes.find('\n'))};
      roots_[*root_of(name, "PG_VERSION")].version = std::move(version);
    }
  }

  /// To be called at the archive's proved end.
  void finish(const location& where, sink& out) const {
    for (const auto& [root, found] : roots_) {
      if (!found.has_control) continue;
      const location at = root.empty() ? where : where / root;
      if (!found.control || found.control_size != control_file::file_bytes) {
        out.report(make_finding(checks::pgdata_control_malformed, at, "global/pg_control is not a control file",
                                fmt::format("{} bytes of one", control_file::file_bytes),
                                fmt::format("{} bytes", found.control_size)));
        continue;
      }
      out.learn(property_fact{at, "data_directory_version", found.version});
      out.learn(property_fact{at, "data_directory_state", std::string{found.control->state_name()}});
      if (found.control->crc_matches == false) {
        out.report(make_finding(checks::pgdata_control_crc, at, "global/pg_control does not match its CRC-32C",
                                "its CRC", "another"));
      }
      if (!found.has_version) {
        out.report(make_finding(checks::pgdata_incomplete, at, "a data directory without PG_VERSION", "PG_VERSION",
                                "none"));
      }
      if (!found.control->shut_down() && !labels_.contains(root)) {
        out.report(make_finding(checks::pgdata_inconsistent, at,
                                "the server ran while its files were copied, and there is no backup_label",
                                "state \"shut down\", or a backup_label",
                                fmt::format("state \"{}\", no backup_label", found.control->state_name())));
      }
    }
  }

 private:
  struct directory {
    bool has_control = false;
    bool has_version = false;
    std::size_t control_size = 0;
    std::optional<control_file> control;
    std::string version;
  };

  static constexpr std::size_t most_roots = 256;

  // `name` is ROOT/tail: the root without `./` and slashes at its end; nothing when the tail is another.
  static std::optional<std::string> root_of(std::string_view name, std::string_view tail) {
    if (!name.ends_with(tail)) return std::nullopt;
    name.remove_suffix(tail.size());
    if (!name.empty() && name.back() != '/') return std::nullopt;
    while (!name.empty() && name.back() == '/') name.remove_suffix(1);
    while (name.starts_with("./")) name.remove_prefix(2);
    if (name == ".") name = {};
    return std::string{name};
  }

  std::map<std::string, directory> roots_;
  std::set<std::string> labels_;
};

}  // namespace restorable
