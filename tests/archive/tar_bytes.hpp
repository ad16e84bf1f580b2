// For the archive layer's tests: tar archives built byte by byte, archives made by real tools, a walker that knows
// nothing of libarchive, and what reading an archive came to.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "knowngood/archive/tar_reader.hpp"
#include "knowngood/io/memory_source.hpp"
#include "knowngood/testing/damage.hpp"

namespace tar_bytes {

using namespace knowngood;

inline std::string padded(std::string bytes) {
  bytes.resize((bytes.size() + 511) / 512 * 512, '\0');
  return bytes;
}

/// Writes the checksum of the header at `at` anew.
inline void seal(std::string& bytes, std::size_t at = 0) {
  bytes.replace(at + 148, 8, 8, ' ');
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(bytes[at + i]);
  bytes.replace(at + 148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
}

/// A ustar header.
inline std::string header(std::string_view name, char type = '0', std::uint64_t size = 0, std::string_view link = {},
                          std::string_view magic = std::string_view{"ustar\0"
                                                                    "00",
                                                                    8}) {
  std::string block(512, '\0');
  block.replace(0, std::min<std::size_t>(name.size(), 100), name.substr(0, 100));
  block.replace(100, 7, "0000644");
  block.replace(108, 7, "0001750");
  block.replace(116, 7, "0001750");
  block.replace(124, 11, fmt::format("{:011o}", size));
  block.replace(136, 11, fmt::format("{:011o}", 1'764'813'600U));
  block[156] = type;
  block.replace(157, std::min<std::size_t>(link.size(), 100), link.substr(0, 100));
  block.replace(257, magic.size(), magic);
  block.replace(265, 4, "root");
  block.replace(297, 4, "root");
  if (type == '3' || type == '4') {
    block.replace(329, 7, "0000010");
    block.replace(337, 7, "0000007");
  }
  seal(block);
  return block;
}

inline std::string file(std::string_view name, const std::string& content) {
  return header(name, '0', content.size()) + padded(content);
}
inline std::string directory(std::string_view name) { return header(name, '5'); }
inline std::string soft_link(std::string_view name, std::string_view target) { return header(name, '2', 0, target); }
inline std::string hard_link(std::string_view name, std::string_view target) { return header(name, '1', 0, target); }

inline std::string pax_record(std::string_view key, std::string_view value) {
  std::size_t size = key.size() + value.size() + 3;
  while (fmt::format("{}", size).size() + key.size() + value.size() + 3 != size) ++size;
  return fmt::format("{} {}={}\n", size, key, value);
}
inline std::string extended(const std::string& records, char type = 'x') {
  return header("PaxHeaders/x", type, records.size()) + padded(records);
}

inline std::string end_blocks() { return std::string(1024, '\0'); }

/// One member as far as a test compares it.
struct seen_member {
  tar_member member;
  std::string content;
};

/// What reading an archive through came to.
struct tar_reading {
  std::vector<seen_member> members;
  std::vector<finding> findings;
  std::optional<finding> failure;
  std::optional<std::string> unchecked;

  [[nodiscard]] bool unsound() const {
    if (failure) return true;
    for (const auto& one : findings) {
      if (one.severity == severity::error) return true;
    }
    return false;
  }
  [[nodiscard]] std::vector<std::string> checks() const {
    std::vector<std::string> ids;
    for (const auto& one : findings) ids.push_back(one.check);
    if (failure) ids.push_back("thrown " + failure->check);
    return ids;
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& one : members) all.push_back(one.member.name);
    return all;
  }
};

inline tar_reading read_tar(std::unique_ptr<source> upstream, bool with_content = true, const limits& bounds = {}) {
  tar_reading result;
  finding_list findings;
  tar_reader reader{std::move(upstream), location{"a.tar"}, bounds, findings};
  try {
    while (const tar_member* member = reader.next()) {
      result.members.push_back({*member, {}});
      if (!with_content) continue;
      source& body = reader.body();
      for (byte_view chunk = body.next(); !chunk.empty(); chunk = body.next()) {
        result.members.back().content.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
      }
      EXPECT_EQ(result.members.back().content.size(), member->size) << member->name;
    }
    EXPECT_EQ(reader.next(), nullptr) << "an end stays an end";
  } catch (const stream_error& error) {
    result.failure = error.as_finding();
    EXPECT_THROW((void)reader.next(), stream_error) << "a failure stays one";
  } catch (const environment_error& error) {
    result.unchecked = error.what();
  }
  result.findings = findings.snapshot();
  return result;
}

inline tar_reading read_tar(const std::string& bytes, std::size_t chunk = 65'536) {
  return read_tar(std::make_unique<memory_source>(bytes, chunk));
}

/// The same members with the same attributes and content.
inline bool same_members(const tar_reading& a, const tar_reading& b) {
  if (a.members.size() != b.members.size()) return false;
  for (std::size_t i = 0; i < a.members.size(); ++i) {
    const tar_member& x = a.members[i].member;
    const tar_member& y = b.members[i].member;
    if (x.name != y.name || x.type != y.type || x.link_target != y.link_target || x.size != y.size ||
        x.modified != y.modified || x.mode != y.mode || x.uid != y.uid || x.gid != y.gid || x.uname != y.uname ||
        x.gname != y.gname || x.device_major != y.device_major || x.device_minor != y.device_minor ||
        a.members[i].content != b.members[i].content) {
      return false;
    }
  }
  return true;
}

/// Headers of an archive, found without libarchive: offset and type of each block that is one, and where the first zero
/// block lies. Knows octal and base-256 sizes, PAX `size`, and the extension blocks of old GNU sparse files.
struct walked {
  struct block {
    std::size_t offset;
    char type;
  };
  std::vector<block> headers;
  std::size_t end = 0;
};

inline walked walk_tar(const std::string& bytes) {
  walked result;
  std::optional<std::size_t> pax_size;
  std::size_t at = 0;
  while (at + 512 <= bytes.size() && bytes.compare(at, 512, std::string(512, '\0')) != 0) {
    const char type = bytes[at + 156];
    result.headers.push_back({at, type});
    std::size_t size = 0;
    if ((static_cast<unsigned char>(bytes[at + 124]) & 0x80U) != 0) {
      for (std::size_t i = 128; i < 136; ++i) size = size * 256 + static_cast<unsigned char>(bytes[at + i]);
    } else {
      size = std::stoul("0" + bytes.substr(at + 124, 11), nullptr, 8);
    }
    const bool special = type == 'x' || type == 'g' || type == 'L' || type == 'K';
    if (!special && pax_size) size = *std::exchange(pax_size, std::nullopt);
    if (type == '1' || type == '2' || type == '3' || type == '4' || type == '5' || type == '6') size = 0;
    const std::size_t head = at;
    at += 512;
    if (type == 'S' && bytes[head + 482] != '\0') {
      bool more = true;
      while (more) {
        more = bytes[at + 504] != '\0';
        at += 512;
      }
    }
    if (type == 'x') {
      const std::string records = bytes.substr(at, size);
      if (const auto found = records.find(" size="); found != std::string::npos) {
        pax_size = std::stoul(records.substr(found + 6));
      }
    }
    at += (size + 511) / 512 * 512;
  }
  result.end = at;
  return result;
}

/// A directory that is removed in the end.
class archive_directory {
 public:
  archive_directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "knowngood-archive-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"mkdtemp failed"};
    path_ = pattern;
  }
  archive_directory(const archive_directory&) = delete;
  archive_directory& operator=(const archive_directory&) = delete;
  ~archive_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Runs a shell command inside; its standard output. A command that fails fails the test.
  [[nodiscard]] std::string run(const std::string& command) const {
    const std::string line =
        fmt::format("cd '{}' && export LC_ALL=C TZ=UTC && {{ {}\n}} 2>errors", path_.string(), command);
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe{::popen(line.c_str(), "r"), [](std::FILE*) { return 0; }};
    std::string output;
    std::array<char, 4096> buffer{};
    for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0;) {
      output.append(buffer.data(), got);
    }
    EXPECT_EQ(::pclose(pipe.release()), 0) << command << "\n" << read("errors");
    return output;
  }

  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream in{path_ / name, std::ios::binary};
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }

 private:
  std::filesystem::path path_;
};

inline bool have(const std::string& tool) {
  return std::system(fmt::format("command -v {} >/dev/null 2>&1", tool).c_str()) == 0;
}

}  // namespace tar_bytes
