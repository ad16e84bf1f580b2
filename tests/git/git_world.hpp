// Real git in a scratch directory, cut off from the machine's own configuration; and packs built by hand.
#pragma once

#include <zlib.h>

#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "knowngood/base/error.hpp"
#include "knowngood/git/bundle.hpp"
#include "knowngood/git/pack.hpp"
#include "knowngood/io/memory_source.hpp"
#include "knowngood/testing/scratch_directory.hpp"

namespace knowngood {

class git_world {
 public:
  [[nodiscard]] tool_run run(const std::string& command) const {
    return scratch_.run(
        "unset $(git rev-parse --local-env-vars); "
        "export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 HOME=. GIT_TERMINAL_PROMPT=0 "
        "GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_AUTHOR_DATE='1700000000 +0100' "
        "GIT_COMMITTER_NAME=c GIT_COMMITTER_EMAIL=c@example.org GIT_COMMITTER_DATE='1700000000 +0100'; " +
        command);
  }

  /// Output of a command that has to succeed.
  std::string must(const std::string& command) const {
    const tool_run done = run("{ " + command + "; } 2>errors");
    if (done.status != 0) throw std::runtime_error{command + ": " + scratch_.read("errors")};
    return done.output;
  }

  [[nodiscard]] bool succeeds(const std::string& command) const {
    return run("{ " + command + "; } >/dev/null 2>&1").status == 0;
  }

  [[nodiscard]] std::string bundle(const std::string& repository, const std::string& revisions,
                                   const std::string& options = {}) const {
    must("git -C " + repository + " bundle create -q " + options + " ../made.bundle " + revisions);
    return scratch_.read("made.bundle");
  }

  /// Whether git gets a repository out of it, and every object that its refs reach.
  [[nodiscard]] bool clones(const std::string& bytes) const {
    scratch_.write("asked.bundle", bytes);
    return succeeds("rm -rf asked && git clone -q --mirror asked.bundle asked && git -C asked fsck --strict");
  }

  /// Whether `git index-pack` takes the pack.
  [[nodiscard]] bool indexes(const std::string& pack, const std::string& format = "sha1") const {
    scratch_.write("asked.pack", pack);
    return succeeds("rm -f asked.idx && git index-pack --strict --object-format=" + format + " asked.pack");
  }

  /// After `indexes`: offset to object id, as git's index has them.
  [[nodiscard]] std::map<std::uint64_t, std::string> index(const std::string& format = "sha1") const {
    std::istringstream lines{must("git show-index --object-format=" + format + " < asked.idx")};
    std::map<std::uint64_t, std::string> ids;
    std::uint64_t offset = 0;
    std::string id;
    std::string crc;
    while (lines >> offset >> id >> crc) ids[offset] = id;
    return ids;
  }

  /// A repository with `commits` versions of two growing files, tags of both kinds, and a branch.
  void make_repository(const std::string& name, int commits, const std::string& init_options = {}) const {
    must("git init -q -b main " + init_options + " " + name + " && cd " + name + " && mkdir d && for i in $(seq " +
         std::to_string(commits) +
         "); do seq $((i * 20)) > numbers; echo version $i >> d/log; git add -A; git commit -qm \"commit $i\"; done && "
         "git tag light && git tag -a -m annotated v1 && git branch side HEAD~1");
  }

  [[nodiscard]] const scratch_directory& scratch() const noexcept { return scratch_; }

 private:
  scratch_directory scratch_;
};

/// What reading came to.
struct bundle_reading {
  std::optional<bundle_summary> summary;
  std::vector<finding> findings;  // what was thrown comes last

  [[nodiscard]] std::vector<std::string> checks() const {
    std::vector<std::string> ids;
    for (const auto& each : findings) ids.push_back(each.check);
    return ids;
  }
  [[nodiscard]] bool sound() const { return summary && findings.empty(); }
};

inline bundle_reading read_bytes(std::string bytes, const bundle_options& options = {}, std::size_t chunk = 1U << 20U,
                                 const limits& bounds = {}) {
  memory_source from{std::move(bytes), chunk};
  finding_list findings;
  bundle_reading reading;
  std::optional<finding> thrown;
  try {
    reading.summary = read_bundle(from, location{"repo.bundle"}, bounds, findings, options);
  } catch (const stream_error& error) {
    thrown = error.as_finding();
  }
  reading.findings = findings.snapshot();
  if (thrown) reading.findings.push_back(*thrown);
  return reading;
}

struct pack_reading {
  std::optional<pack_summary> summary;
  std::vector<finding> findings;

  [[nodiscard]] std::vector<std::string> checks() const {
    std::vector<std::string> ids;
    for (const auto& each : findings) ids.push_back(each.check);
    return ids;
  }
  [[nodiscard]] bool sound() const { return summary && findings.empty(); }
};

inline pack_reading read_pack_bytes(std::string bytes, const pack_request& request = {}, std::size_t chunk = 1U << 20U,
                                    const limits& bounds = {}) {
  memory_source from{std::move(bytes), chunk};
  finding_list findings;
  pack_reading reading;
  std::optional<finding> thrown;
  try {
    reading.summary = read_pack(from, location{"x.pack"}, request, bounds, findings);
  } catch (const stream_error& error) {
    thrown = error.as_finding();
  }
  reading.findings = findings.snapshot();
  if (thrown) reading.findings.push_back(*thrown);
  return reading;
}

/// The pack that a bundle holds.
inline std::string pack_of(const std::string& bundle) { return bundle.substr(bundle.find("\n\nPACK") + 2); }

inline std::string deflated(std::string_view bytes) {
  std::string out(compressBound(bytes.size()), '\0');
  auto size = static_cast<uLongf>(out.size());
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  out.resize(size);
  return out;
}

/// Puts a pack together entry by entry, sound or not.
class pack_builder {
 public:
  explicit pack_builder(std::uint32_t version = 2) : version_{version} {}

  static std::string entry_header(unsigned type, std::uint64_t size) {
    std::string out;
    unsigned byte = type << 4U | static_cast<unsigned>(size & 15U);
    for (size >>= 4U; size != 0; size >>= 7U) {
      out += static_cast<char>(byte | 0x80U);
      byte = static_cast<unsigned>(size & 0x7FU);
    }
    return out + static_cast<char>(byte);
  }

  static std::string distance(std::uint64_t value) {
    std::string out{static_cast<char>(value & 0x7FU)};
    while ((value >>= 7U) != 0) out.insert(out.begin(), static_cast<char>(0x80U | (--value & 0x7FU)));
    return out;
  }

  /// Appends raw bytes as one entry; returns its offset in the pack.
  std::uint64_t raw(const std::string& bytes) {
    const std::uint64_t at = 12 + body_.size();
    body_ += bytes;
    ++count_;
    return at;
  }

  std::uint64_t whole(git_type type, const std::string& content) {
    return raw(entry_header(static_cast<unsigned>(type), content.size()) + deflated(content));
  }

  std::uint64_t ofs_delta(std::uint64_t base, const std::string& delta) {
    return raw(entry_header(6, delta.size()) + distance(12 + body_.size() - base) + deflated(delta));
  }

  std::uint64_t ref_delta(const std::string& base, const std::string& delta) {
    return raw(entry_header(7, delta.size()) + base + deflated(delta));
  }

  /// `declared`: the number of objects in the header, when it shall not be the right one.
  [[nodiscard]] std::string build(std::optional<std::uint32_t> declared = {}) const {
    std::string out = "PACK" + word(version_) + word(declared.value_or(count_)) + body_;
    object_hasher hasher{object_format::sha1};
    hasher.update(std::as_bytes(std::span{out}));
    return out + raw_bytes(hasher.finish());
  }

  static std::string id_of(git_type type, const std::string& content) {
    object_hasher hasher{object_format::sha1};
    hasher.begin_object(type, content.size());
    hasher.update(std::as_bytes(std::span{content}));
    return raw_bytes(hasher.finish());
  }

  static std::string hex(std::string_view raw) { return to_hex(std::as_bytes(std::span{raw})); }

 private:
  static std::string raw_bytes(const object_id& id) {
    const std::string hex = id.hex();
    std::string out;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
      out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    return out;
  }

  static std::string word(std::uint32_t value) {
    std::string out;
    for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>(value >> shift & 0xFFU);
    return out;
  }

  std::uint32_t version_;
  std::uint32_t count_ = 0;
  std::string body_;
};

}  // namespace knowngood
