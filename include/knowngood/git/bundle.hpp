// read_bundle: a git bundle's header and every object of its pack (gitformat-bundle, versions 2 and 3); in one pass and
// bounded memory.
//
// Layer: git. `git bundle verify` reads the header only; this says what `git clone` would. The header is under no
// digest: a ref's name that was altered into another good one cannot be known.
//   const bundle_summary bundle = read_bundle(file, location{"repo.bundle"}, limits{}, findings);
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/git/pack_input.hpp"
#include "knowngood/git/pack_reader.hpp"
#include "knowngood/git/pack_summary.hpp"
#include "knowngood/git/ref_name.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

struct bundle_prerequisite {
  std::string object;   ///< hex
  std::string comment;  ///< raw; the commit's subject
};

struct bundle_ref {
  std::string name;    ///< raw: `refs/heads/main`
  std::string object;  ///< hex
  /// Of the object, which is then proved to be in the pack; unknown: it was not seen, see `unproven_refs`.
  git_type type = git_type::unknown;
};

struct bundle_summary {
  int version = 0;
  object_format format = object_format::sha1;
  std::vector<std::string> capabilities;  ///< as written, without `@`
  std::vector<bundle_prerequisite> prerequisites;
  std::vector<bundle_ref> refs;
  pack_summary pack;                  ///< objects by type, deltas, sizes, digest
  bool all_objects_resolved = false;  ///< the names of all objects are known
  std::uint64_t unproven_refs = 0;    ///< refs whose object may be one of those that are not
};

/// How to read, beyond what the bundle says.
struct bundle_options {
  std::size_t held_bytes = pack_request{}.held_bytes;
  random_access* stored = nullptr;  ///< see pack_request
  stop_flag stop = {};
  std::function<void(const packed_object&)> observer;
};

namespace detail {

class bundle_reader {
 public:
  bundle_reader(source& from, const location& where, const limits& bounds, finding_sink& findings)
      : in_{from}, where_{where}, bounds_{bounds}, findings_{findings} {}

  bundle_summary read(const bundle_options& options) {
    signature();
    while (header_line()) {
    }
    judge_header();
    pack_request request;
    request.format = summary_.format;
    for (const auto& ref : summary_.refs) request.wanted.push_back(*object_id::from_hex(ref.object, summary_.format));
    request.thin = !summary_.prerequisites.empty();
    request.filtered = filtered_;
    request.held_bytes = options.held_bytes;
    request.observer = options.observer;
    request.stored = options.stored;
    request.stop = options.stop;
    summary_.pack = pack_reader{in_, where_, request, bounds_, findings_}.read();
    judge_refs();
    return std::move(summary_);
  }

 private:
  static constexpr std::uint64_t findings_at_most = 16;

  [[noreturn]] void fail(const check& what, std::uint64_t at, std::string message, std::string expected = {},
                         std::string actual = {}) const {
    throw stream_error{what, where_.at(at), std::move(message), std::move(expected), std::move(actual)};
  }

  void report(const check& what, const location& where, std::string message, std::string expected = {},
              std::string actual = {}) {
    findings_.report(make_finding(what, where, std::move(message), std::move(expected), std::move(actual)));
  }

  /// The next line without its line feed. Throws at the input's end: a header ends with an empty line.
  std::string line() {
    std::string text;
    for (;;) {
      if (!in_.want(1)) {
        fail(checks::bundle_truncated, in_.offset(), "the bundle ends inside its header", "an empty line", "the end");
      }
      const byte_view some = in_.available();
      const std::string_view chars{reinterpret_cast<const char*>(some.data()), some.size()};
      const auto feed = chars.find('\n');
      text += chars.substr(0, feed);
      in_.consume(feed == std::string_view::npos ? some.size() : feed + 1);
      if (text.size() > bounds_.name_bytes) throw_limit_exceeded(where_, "name_bytes", bounds_.name_bytes, text.size());
      if (in_.offset() > bounds_.list_bytes) {
        throw_limit_exceeded(where_, "list_bytes", bounds_.list_bytes, in_.offset());
      }
      if (feed != std::string_view::npos) return text;
    }
  }

  void signature() {
    static constexpr std::string_view known = "# v2 git bundle";
    for (std::size_t i = 0; i < known.size() + 1; ++i) {
      if (in_.want(i + 1)) continue;
      fail(checks::bundle_truncated, in_.available().size(), "the bundle ends inside its signature", std::string{known},
           fmt::format("{} bytes", in_.available().size()));
    }
    // Not `line`: what is no bundle may have no line feed for long.
    const std::string first{reinterpret_cast<const char*>(in_.available().data()), known.size() + 1};
    if (first == "# v2 git bundle\n") {
      summary_.version = 2;
    } else if (first == "# v3 git bundle\n") {
      summary_.version = 3;
    } else {
      fail(checks::bundle_header, 0, "the bundle's signature differs", "# v2 git bundle or # v3 git bundle",
           printable(first));
    }
    in_.consume(first.size());
  }

  /// False after the empty line that ends the header.
  bool header_line() {
    const std::uint64_t at = in_.offset();
    std::string text = line();
    if (text.empty()) return false;
    const auto malformed = [&] {
      fail(checks::bundle_header, at, "a line of the header is none that git knows", "capability, prerequisite or ref",
           printable(text, 128));
    };
    if (text.find('\0') != std::string::npos) malformed();
    while (!text.empty() && is_space(text.back())) text.pop_back();  // as git does
    if (summary_.version == 3 && text.starts_with('@')) {
      capability(at, text.substr(1));
      return true;
    }
    const bool prerequisite = text.starts_with('-');
    const std::string_view rest = std::string_view{text}.substr(prerequisite ? 1 : 0);
    const std::size_t digits = 2 * id_bytes(summary_.format);
    const auto id = object_id::from_hex(rest.substr(0, digits), summary_.format);
    const bool bare = rest.size() == digits;
    if (!id || (!bare && !is_space(rest[digits])) || (bare && !prerequisite)) malformed();
    const std::string_view words = rest.substr(std::min(rest.size(), digits + 1));
    if (prerequisite) {
      summary_.prerequisites.push_back({id->hex(), std::string{words}});
    } else {
      summary_.refs.push_back({std::string{words}, id->hex(), git_type::unknown});
      if (!is_ref_name(words)) {
        report(checks::bundle_header, where_.at(at), "a ref has a name that git does not restore", "refs/…",
               printable(words, 128));
      }
    }
    return true;
  }

  // The order of isspace in the C locale, which git uses here.
  static bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  void capability(std::uint64_t at, std::string text) {
    constexpr std::string_view format = "object-format=";
    if (text.starts_with(format)) {
      const std::string_view value = std::string_view{text}.substr(format.size());
      if (value != "sha1" && value != "sha256") {
        fail(checks::bundle_header, at, "the bundle's object format is unknown", "sha1 or sha256",
             printable(value, 128));
      }
      summary_.format = value == "sha1" ? object_format::sha1 : object_format::sha256;
    } else if (text.starts_with("filter=")) {
      filtered_ = true;
      report(checks::bundle_filtered, where_.at(at), "objects were filtered out of the bundle", "no filter",
             printable(text.substr(text.find('=') + 1), 128));
    } else {
      fail(checks::bundle_header, at, "the bundle asks for a capability that git does not know",
           "object-format or filter", printable(text, 128));
    }
    summary_.capabilities.push_back(std::move(text));
  }

  void judge_header() {
    const auto& needed = summary_.prerequisites;
    if (!needed.empty()) {
      report(checks::bundle_prerequisites, where_, "the bundle needs commits that it does not hold", "0 commits",
             fmt::format("{} commits, first {} {}", needed.size(), needed.front().object,
                         printable(needed.front().comment, 80)));
    }
    if (summary_.refs.empty()) report(checks::bundle_no_refs, where_, "the bundle records no ref", "1 or more", "0");
    judge_names();
  }

  // A ref listed twice, which `git bundle create FILE main --all` does, or as another's directory. HEAD may be.
  void judge_names() {
    std::vector<std::pair<std::string_view, std::string_view>> refs;
    for (const auto& ref : summary_.refs) {
      if (ref.name.starts_with("refs/")) refs.emplace_back(ref.name, ref.object);
    }
    std::sort(refs.begin(), refs.end());
    const auto listed = [&refs](std::string_view name) {
      const auto found = std::lower_bound(refs.begin(), refs.end(), std::pair{name, std::string_view{}});
      return found != refs.end() && found->first == name;
    };
    std::uint64_t reported = 0;
    const auto clash = [&](severity level, std::string message, std::string_view expected, std::string_view actual) {
      if (++reported > findings_at_most) return;
      finding found = make_finding(checks::bundle_duplicate_ref, where_, std::move(message), std::string{expected},
                                   std::string{actual});
      found.severity = level;
      findings_.report(std::move(found));
    };
    for (std::size_t i = 0; i < refs.size(); ++i) {
      const auto [name, object] = refs[i];
      if (i != 0 && refs[i - 1].first == name) {
        const bool same = refs[i - 1].second == object;
        clash(same ? checks::bundle_duplicate_ref.usual : severity::error,
              fmt::format("{} is listed twice, and git clone refuses that", printable(name)), refs[i - 1].second,
              object);
      }
      for (auto slash = name.find('/', 5); slash != std::string_view::npos; slash = name.find('/', slash + 1)) {
        const std::string_view outer = name.substr(0, slash);
        if (!listed(outer)) continue;
        clash(severity::error, fmt::format("{} cannot be there together with {}", printable(name), printable(outer)),
              "one of them", "both");
      }
    }
  }

  void judge_refs() {
    const pack_summary& pack = summary_.pack;
    const auto unresolved = [&pack](git_type type) { return pack.unresolved[static_cast<std::size_t>(type)]; };
    summary_.all_objects_resolved = pack.unresolved_objects() == 0;
    const bool all_commits = unresolved(git_type::commit) + unresolved(git_type::unknown) == 0;
    std::uint64_t missing = 0;
    for (std::size_t i = 0; i < summary_.refs.size(); ++i) {
      bundle_ref& ref = summary_.refs[i];
      ref.type = pack.wanted_types[i];
      const bool branch = ref.name.starts_with("refs/heads/") || ref.name == "HEAD";
      if (ref.type != git_type::unknown) {
        if (branch && ref.type != git_type::commit && ++missing <= findings_at_most) {
          report(checks::bundle_ref_missing, where_, fmt::format("{} is no commit", printable(ref.name)), "commit",
                 std::string{to_string(ref.type)});
        }
      } else if (is_prerequisite(ref.object)) {
        // Whoever has the prerequisites has it.
      } else if (!summary_.all_objects_resolved && !(branch && all_commits)) {
        ++summary_.unproven_refs;
      } else if (++missing <= findings_at_most) {
        report(checks::bundle_ref_missing, where_,
               fmt::format("the object of {} is not in the pack", printable(ref.name)), ref.object,
               fmt::format("{} other objects", pack.objects));
      }
    }
    if (missing > findings_at_most) {
      report(checks::bundle_ref_missing, where_, "more refs are without their object than are listed here", "0 refs",
             fmt::format("{} refs", missing));
    }
  }

  [[nodiscard]] bool is_prerequisite(std::string_view object) const {
    return std::any_of(summary_.prerequisites.begin(), summary_.prerequisites.end(),
                       [&](const bundle_prerequisite& each) { return each.object == object; });
  }

  pack_input in_;
  const location& where_;
  const limits& bounds_;
  finding_sink& findings_;
  bundle_summary summary_;
  bool filtered_ = false;
};

}  // namespace detail

/// Reads a bundle to its end and the source's. Throws `stream_error` for what stops reading: `bundle.header`,
/// `bundle.truncated`, `bundle.pack-header`, `bundle.object` where a stream cannot be inflated, and what the source
/// throws. Reports the rest: `bundle.prerequisites`, `bundle.filtered`, `bundle.no-refs`, `bundle.ref-missing` for
/// objects that are provably not in the pack, and what `read_pack` reports. Throws `environment_error` for a header
/// beyond `bounds.list_bytes`, a line beyond `bounds.name_bytes`, contents beyond `bounds.expanded_bytes`. `where`: of
/// the stream.
inline bundle_summary read_bundle(source& from, const location& where, const limits& bounds, finding_sink& findings,
                                  const bundle_options& options = {}) {
  return detail::bundle_reader{from, where, bounds, findings}.read(options);
}

}  // namespace knowngood
