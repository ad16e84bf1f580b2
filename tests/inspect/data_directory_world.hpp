// data_directory_world: the members of an archive of a PostgreSQL data directory, as names, sizes and the few contents
// that are looked at; whole by itself, and easily damaged.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "inspect/recording_sink.hpp"
#include "knowngood/inspect/data_directory_watch.hpp"

namespace knowngood {

struct archived_name {
  std::string name;
  entry_type type = entry_type::file;
  std::uint64_t size = 0;
  std::string target = {};
  std::string content = {};
};

struct data_directory_world {
  struct control_values {
    std::uint32_t version = 1300;
    std::uint32_t catalog = 202209061;  // PostgreSQL 15
    std::uint32_t state = 1;
    std::uint64_t redo = 0x5000028;
    std::uint64_t checkpoint = 0x5000028;
    std::uint64_t minimum_recovery = 0;
    std::uint32_t timeline = 1;
    std::uint32_t next_xid = 740;
    std::uint32_t oldest_xid = 716;
    std::uint32_t next_multixact = 1;
    std::uint32_t segment_bytes = 16U << 20U;
    std::uint32_t crc_error = 0;
  };

  explicit data_directory_world(const std::string& root = "./") : root_{root} {
    for (const char* folder :
         {"base", "global", "pg_wal", "pg_wal/archive_status", "pg_xact", "pg_multixact", "pg_multixact/members",
          "pg_multixact/offsets", "pg_notify", "pg_replslot", "pg_snapshots", "pg_stat", "pg_subtrans", "pg_tblspc",
          "pg_twophase", "base/1", "base/5"}) {
      add({folder, entry_type::directory});
    }
    add({"PG_VERSION", entry_type::file, 3, "", "15\n"});
    add({"postgresql.conf", entry_type::file, 29'000});
    add({"global/pg_filenode.map", entry_type::file, 512, "", map_bytes({{1262, 1262}, {1260, 1260}})});
    add({"global/1260", entry_type::file, 8192, "", database_page({}, 11)});
    add({"global/1262", entry_type::file, 8192, "", database_page({{1, "template1"}, {5, "postgres"}})});
    for (const std::string database : {"base/1/", "base/5/"}) {
      add({database + "PG_VERSION", entry_type::file, 3, "", "15\n"});
      add({database + "pg_filenode.map", entry_type::file, 512});
      add({database + "1259", entry_type::file, 114'688});
    }
    add({"pg_xact/0000", entry_type::file, 8192, "", std::string(8192, '\0')});
    add({"pg_multixact/offsets/0000", entry_type::file, 8192});
    add({"pg_multixact/members/0000", entry_type::file, 8192});
    add({"pg_wal/000000010000000000000005", entry_type::file, 16U << 20U});
    add({"global/pg_control", entry_type::file, 8192, "", control_bytes({})});
  }

  static std::string control_bytes(const control_values& of) {
    std::string bytes(control_file::file_bytes, '\0');
    const auto put = [&](std::size_t offset, std::uint64_t value, unsigned size) {
      for (unsigned i = 0; i < size; ++i) bytes[offset + i] = static_cast<char>((value >> (8 * i)) & 0xFFU);
    };
    const std::size_t copy = of.version == 1002 ? 48 : 40;
    const bool old = of.version < 1201;
    put(0, 7'300'000'000'000'000'000, 8);
    put(8, of.version, 4);
    put(12, of.catalog, 4);
    put(16, of.state, 4);
    put(32, of.checkpoint, 8);
    put(copy, of.redo, 8);
    put(copy + 8, of.timeline, 4);
    put(copy + 24, of.next_xid, 4);
    put(copy + (old ? 32 : 36), of.next_multixact, 4);
    put(copy + (old ? 40 : 44), of.oldest_xid, 4);
    put(of.version == 1100 ? 128 : 136, of.minimum_recovery, 8);
    put(of.version == 1100 ? 220 : 228, of.segment_bytes, 4);
    const std::size_t crc = of.version == 1800 ? 292 : of.version == 1100 ? 280 : 288;
    put(crc, crc32c(std::as_bytes(std::span{bytes}).first(crc)) ^ of.crc_error, 4);
    return bytes;
  }

  static void put(std::string& bytes, std::size_t offset, std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) bytes[offset + i] = static_cast<char>((value >> (8 * i)) & 0xFFU);
  }

  static std::string map_bytes(const std::vector<std::pair<std::uint32_t, std::uint32_t>>& mapped,
                               std::size_t size = 512) {
    std::string bytes(size, '\0');
    put(bytes, 0, 0x592717, 4);
    put(bytes, 4, mapped.size(), 4);
    for (std::size_t i = 0; i < mapped.size(); ++i) {
      put(bytes, 8 + i * 8, mapped[i].first, 4);
      put(bytes, 12 + i * 8, mapped[i].second, 4);
    }
    const std::size_t crc = size == 512 ? 504 : 520;
    put(bytes, crc, crc32c(std::as_bytes(std::span{bytes}).first(crc)), 4);
    return bytes;
  }

  struct listed_database {
    std::uint32_t oid = 0;
    std::string name = {};
    std::uint32_t tablespace = 1663;
    std::uint32_t made_by = 700;
    std::uint32_t gone_by = 0;
    std::uint32_t flags = 0x0100 | 0x0800;  // made, for good
    std::uint32_t connection_limit = 0xFFFF'FFFF;
  };

  /// A page of pg_database as PostgreSQL of that version writes it.
  static std::string database_page(const std::vector<listed_database>& rows, unsigned version = 15) {
    std::string page(8192, '\0');
    const bool oid_in_header = version < 12;
    const unsigned columns = version < 12 ? 13 : version < 15 ? 14 : version < 16 ? 16 : version < 17 ? 17 : 18;
    const std::size_t begin = oid_in_header ? 32 : 24;
    const std::size_t name = oid_in_header ? 0 : 4;
    const std::size_t limit = oid_in_header ? 204 : version < 15 ? 208 : 80;
    const std::size_t tablespace = oid_in_header ? 220 : version < 15 ? 224 : 92;
    std::size_t upper = page.size();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const listed_database& row = rows[i];
      std::string tuple(begin + tablespace + 40, '\0');
      put(tuple, 0, row.made_by, 4);
      put(tuple, 4, row.gone_by, 4);
      put(tuple, 18, columns, 2);
      put(tuple, 20, row.flags | (oid_in_header ? 0x0008U : 0U), 2);
      put(tuple, 22, begin, 1);
      put(tuple, oid_in_header ? begin - 4 : begin, row.oid, 4);
      tuple.replace(begin + name, row.name.size(), row.name);
      put(tuple, begin + limit, row.connection_limit, 4);
      put(tuple, begin + tablespace, row.tablespace, 4);
      upper -= (tuple.size() + 7) / 8 * 8;
      page.replace(upper, tuple.size(), tuple);
      put(page, 24 + i * 4, upper | (1U << 15U) | (tuple.size() << 17U), 4);
    }
    put(page, 12, 24 + rows.size() * 4, 2);
    put(page, 14, upper, 2);
    put(page, 16, page.size(), 2);
    put(page, 18, page.size() | 4U, 2);
    return page;
  }

  void databases(const std::vector<listed_database>& rows, unsigned version = 15) {
    at("global/1262").content = database_page(rows, version);
  }

  void control(const control_values& of) { at("global/pg_control").content = control_bytes(of); }

  static std::string label(const std::string& file, const std::string& start, const std::string& checkpoint) {
    return "START WAL LOCATION: " + start + " (file " + file + ")\nCHECKPOINT LOCATION: " + checkpoint +
           "\nBACKUP METHOD: streamed\nBACKUP FROM: primary\nSTART TIME: 2026-11-30 04:20:22 UTC\nLABEL: x\n"
           "START TIMELINE: 1\n";
  }

  archived_name& add(archived_name one) {
    one.name = root_ + one.name;
    members.push_back(std::move(one));
    return members.back();
  }

  archived_name& at(const std::string& name) {
    for (auto& one : members) {
      if (one.name == root_ + name) return one;
    }
    throw std::logic_error{"no member " + name};
  }

  /// Drops the member, and what is beneath it.
  void drop(const std::string& name) {
    const std::string whole = root_ + name;
    std::erase_if(members,
                  [&](const archived_name& one) { return one.name == whole || one.name.starts_with(whole + "/"); });
  }

  struct judged {
    recording_sink recorded;
    std::vector<missing_part> missing;
    held_parts held;

    /// With parts that are nowhere reported as they would be.
    [[nodiscard]] std::vector<std::string> lines() {
      std::vector<std::string> all = recorded.lines();
      for (const auto& part : missing) {
        all.push_back(fmt::format("{}: {} | {}", part.otherwise.check, part.otherwise.expected, part.otherwise.actual));
      }
      return all;
    }
  };

  [[nodiscard]] judged judge() const {
    judged result;
    data_directory_watch watch;
    for (const auto& one : members) {
      const auto asked = watch.member(one.name, one.type, one.size, one.target);
      if (asked != data_directory_watch::interest::none) watch.content(asked, one.content);
    }
    result.missing = watch.finish(location{"v.tar"}, result.recorded);
    result.held = watch.held();
    return result;
  }

  std::vector<archived_name> members;

 private:
  std::string root_;
};

}  // namespace knowngood
