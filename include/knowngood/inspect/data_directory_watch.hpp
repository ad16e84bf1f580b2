// data_directory_watch: recognises PostgreSQL data directories among an archive's members as they pass, and judges at
// the end of the archive whether each is whole and of one moment.
//
// Layer: inspect. A data directory copied while its server ran, without a backup label, may boot and still hold tuples
// from the future: neither page checksums nor "it starts" would tell. Example:
//   const auto asked = watch.member(name, type, size, target); …; auto parts = watch.finish(where, out);
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/archive/plain_member_name.hpp"
#include "knowngood/archive/tar_member.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/inspect/backup_part.hpp"
#include "knowngood/inspect/data_directory.hpp"
#include "knowngood/inspect/judge_data_directory.hpp"
#include "knowngood/postgres/wal_segment.hpp"

namespace knowngood {

class data_directory_watch {
 public:
  using interest = data_directory::interest;

  /// To be called with every member. What it returns is what of the member's content is to be given to `content`.
  interest member(std::string_view archive_name, entry_type type, std::uint64_t size, std::string_view target) {
    const std::string name = plain_member_name(archive_name);
    note_place(name, size);
    const bool linked = type == entry_type::hard_link && size == 0;
    interest asked = interest::none;
    for (std::size_t begin = 0; begin < name.size();) {
      const std::size_t slash = std::min(name.find('/', begin), name.size());
      const std::string_view rest = std::string_view{name}.substr(begin);
      if (const auto root = root_at(name, begin, rest)) {
        const auto wanted = (*root)->second.see(rest, type, linked ? std::nullopt : std::optional{size}, target);
        if (wanted != interest::none && !linked) {
          asked_ = {&(*root)->second, std::string{rest}};
          asked = wanted;
        } else if (wanted != interest::none) {
          shared_.push_back({(*root)->first, plain_member_name(target), std::string{rest}, wanted});
        }
      }
      begin = slash + 1;
    }
    return asked;
  }

  /// The content of the member that `member` asked for last.
  void content(interest what, std::string_view bytes) {
    if (asked_.directory != nullptr) asked_.directory->content(asked_.rest, what, bytes);
  }

  /// To be called at the archive's proved end. Returns the parts of data directories that another archive may hold.
  [[nodiscard]] std::vector<missing_part> finish(const location& where, sink& out) {
    share_hard_links();
    std::vector<missing_part> parts;
    for (const auto& [root, found] : roots_) {
      if (!found.is_one()) continue;
      const auto leads_inside = [&, &root = root](std::string_view target, std::string_view prefix) {
        return holds_place(root, target, prefix);
      };
      std::vector<missing_part> missing =
          judge_data_directory(found.seen(), root.empty() ? where : where / root, leads_inside, out);
      std::move(missing.begin(), missing.end(), std::back_inserter(parts));
    }
    if (roots_not_followed_) {
      out.unchecked(where, "more places than are followed look like PostgreSQL data directories",
                    "put fewer into one archive");
    }
    return parts;
  }

  /// What stands at the archive's root of parts that belong to data directories elsewhere.
  [[nodiscard]] const held_parts& held() const noexcept { return held_; }

 private:
  using roots = std::map<std::string, data_directory, std::less<>>;
  struct asked_member {
    data_directory* directory = nullptr;
    std::string rest;
  };
  struct shared_member {
    std::string root;
    std::string target;
    std::string rest;
    interest what = interest::none;
  };

  static constexpr std::size_t most_roots = 4096;
  static constexpr std::size_t most_places = 4096;

  // The data directory of which `rest` may be a member, if its name says anything about one.
  std::optional<roots::iterator> root_at(std::string_view name, std::size_t begin, std::string_view rest) {
    if (!data_directory::may_belong_to_one(rest)) return std::nullopt;
    const std::string_view first = rest.substr(0, rest.find('/'));
    const std::string_view root = begin == 0 ? std::string_view{} : name.substr(0, begin - 1);
    if (const auto known = roots_.find(root); known != roots_.end()) return known;
    // every database's directory has a PG_VERSION too
    const std::string_view above = file_name_of(folder_of(root));
    if (first == "PG_VERSION" && detail::parse_object_number(file_name_of(root)) &&
        (above == "base" || above.starts_with("PG_"))) {
      return std::nullopt;
    }
    if (roots_.size() >= most_roots) {
      roots_not_followed_ = roots_not_followed_ || data_directory::speaks_for_one(rest);
      return std::nullopt;
    }
    return roots_.try_emplace(std::string{root}).first;
  }

  // Directories that hold tablespaces or write-ahead log, wherever they lie.
  void note_place(std::string_view name, std::uint64_t size) {
    if (const std::string_view file = file_name_of(name); is_wal_segment_name(file)) {
      note(folder_of(name), file);
      if (file.size() == name.size()) held_.segments[std::string{name}] = size;
      return;
    }
    for (std::size_t at = name.starts_with("PG_") ? 0 : name.find("/PG_"); at != std::string_view::npos;) {
      if (at > 0) ++at;
      const std::string_view part = name.substr(at, std::min(name.find('/', at), name.size()) - at);
      if (part.size() > 3 && part[3] >= '1' && part[3] <= '9') {
        note(at == 0 ? std::string_view{} : name.substr(0, at - 1), part);
        if (at == 0 && held_.version_directories.size() < 16) held_.version_directories.emplace(part);
        return;
      }
      at = name.find("/PG_", at);
    }
  }

  void note(std::string_view folder, std::string_view name) {
    const auto known = places_.find(folder);
    if (known != places_.end()) {
      if (known->second.size() < 65'536) known->second.emplace(name);
    } else if (places_.size() < most_places) {
      places_[std::string{folder}].emplace(name);
    }
  }

  // A link's target is a place of the machine that was backed up, and the archive one of any directory on the way.
  [[nodiscard]] bool holds_place(std::string_view root, std::string_view target, std::string_view prefix) const {
    const std::string place = target.starts_with('/')
                                  ? plain_member_name(target)
                                  : plain_member_name(std::string{root} + "/pg_tblspc/" + std::string{target});
    return std::any_of(places_.begin(), places_.end(), [&](const auto& one) {
      const std::string& folder = one.first;
      const auto ends_with = [](std::string_view whole, std::string_view end) {
        return whole == end || (whole.ends_with(end) && whole[whole.size() - end.size() - 1] == '/');
      };
      if (folder.empty() || (!ends_with(place, folder) && !ends_with(folder, place))) return false;
      const auto name = one.second.lower_bound(prefix);
      return name != one.second.end() && name->starts_with(prefix);
    });
  }

  void share_hard_links() {
    for (const auto& one : shared_) {
      if (!one.target.ends_with(one.rest)) continue;
      std::string_view other = std::string_view{one.target}.substr(0, one.target.size() - one.rest.size());
      while (other.ends_with('/')) other.remove_suffix(1);
      const auto from = roots_.find(other);
      const auto to = roots_.find(one.root);
      if (from != roots_.end() && to != roots_.end()) to->second.share(from->second, one.rest, one.what);
    }
    shared_.clear();
  }

  roots roots_;
  bool roots_not_followed_ = false;
  asked_member asked_;
  std::vector<shared_member> shared_;
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> places_;
  held_parts held_;
};

}  // namespace knowngood
