// policy_keys: every key of a policy, a line each: name, type, default, meaning, and how it is read. Parsing, the
// suggestions for unknown keys and the reference in docs/policy.md come from here.
//
// Layer: catalog. To add a key: a line here, a member in component_policy.hpp, and `policy_reference()` into the docs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/ascii.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/nearest.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/catalog/component_policy.hpp"
#include "knowngood/catalog/gate_policy.hpp"
#include "knowngood/catalog/policy_reader.hpp"

namespace knowngood::detail {

template <typename Target>
struct policy_key {
  std::string_view name;
  std::string_view type;
  std::string_view usual;    ///< its default: TOML, or prose in parentheses, or `required`
  std::string_view example;  ///< TOML
  std::string_view meaning;
  void (*read)(const toml::node&, Target&, policy_reader&);
};

/// What stands outside of all tables; the tables themselves are read by policy.hpp.
struct document_head {
  std::uint64_t version = 0;
};

template <typename Target, auto Member, auto Convert>
void read_member(const toml::node& node, Target& into, policy_reader& reader) {
  into.*Member = Convert(node, reader);
}
template <auto Member, auto Convert>
inline constexpr auto to_estate = &read_member<estate_policy, Member, Convert>;
template <auto Member, auto Convert>
inline constexpr auto to_component = &read_member<component_policy, Member, Convert>;
template <auto Member, auto Convert>
inline constexpr auto to_drill = &read_member<drill_policy, Member, Convert>;
template <auto Member, auto Convert>
inline constexpr auto to_gate = &read_member<gate_policy, Member, Convert>;
template <auto Member, auto Convert>
inline constexpr auto to_accepted = &read_member<accepted_finding, Member, Convert>;
template <auto Member, auto Convert>
inline constexpr auto to_assertion = &read_member<sql_assertion, Member, Convert>;

/// A directory: `~` is the shell's business, and a `..` hides where it leads.
inline std::string as_directory(const toml::node& node, policy_reader& reader) {
  const std::string text = as_text(node, reader);
  if (text.starts_with('~')) {
    throw usage_error{fmt::format("`{}`: `~` is not expanded here, write the directory out", printable(text))};
  }
  if (("/" + text + "/").find("/../") != std::string::npos) {
    throw usage_error{fmt::format("`{}` holds `..`: write the directory it leads to", printable(text))};
  }
  return text;
}

/// A history that is too short to judge by would be a check that never runs.
inline std::uint64_t as_history(const toml::node& node, policy_reader& reader) {
  const std::uint64_t count = as_count(node, reader);
  if (count < least_size_history) {
    throw usage_error{fmt::format("must be at least {}, not {}: fewer are no history", least_size_history, count)};
  }
  return count;
}

inline void read_drill(const toml::node& node, component_policy& into, policy_reader& reader);
inline std::vector<sql_assertion> as_assertions(const toml::node& node, policy_reader& reader);
inline std::vector<accepted_finding> as_accepted(const toml::node& node, policy_reader& reader);

/// The id of a check: a misspelt one would accept nothing, and nobody would know.
inline std::string as_check(const toml::node& node, policy_reader& reader) {
  const std::string id = as_text(node, reader);
  if (checks::find(id) != nullptr) return id;
  std::vector<std::string_view> known;
  for (const check* one : checks::all) known.push_back(one->id);
  const std::string_view meant = nearest(to_lower(id), known);
  throw usage_error{
      fmt::format("there is no check `{}`: {}", printable(id, 80),
                  meant.empty() ? "docs/checks.md lists them" : fmt::format("did you mean `{}`?", meant))};
}

/// A date, meaning its end, or a moment.
inline moment as_deadline(const toml::node& node, policy_reader&) {
  const auto* text = node.as_string();
  const std::string written = text == nullptr ? std::string{} : text->get();
  const auto at = parse_moment(written.size() == 10 ? written + "T23:59:59Z" : written);
  if (!at) wrong_type("a date in quotes, such as \"2026-12-31\"", node);
  return *at;
}

inline constexpr std::array<policy_key<document_head>, 1> head_keys{{
    {"version", "number", "required", "1", "the version of this format: 1",
     &read_member<document_head, &document_head::version, as_count>},
}};

inline constexpr std::array<policy_key<estate_policy>, 5> estate_keys{{
    {"name", "text", "(the last part of `root`)", "\"ner11\"", "what reports call the estate",
     to_estate<&estate_policy::name, as_text>},
    {"root", "directory", "required", "\"/backups/ner11\"",
     "where the backups lie; a relative one is relative to the directory of the policy file",
     to_estate<&estate_policy::root, as_directory>},
    {"time_zone", "zone", "\"UTC\"", "\"Europe/Berlin\"",
     "the zone of the clocks that wrote the timestamps in names, and that the schedules mean: `UTC`, `Europe/Berlin`",
     to_estate<&estate_policy::zone, as_zone>},
    {"ignore", "list of names", "[]", "[\"full_system_*/\", \"manual_*\"]",
     "files (`notes*`) and directories (`full_system_*/`) that are none of knowngood's business, in every directory",
     to_estate<&estate_policy::ignore, as_list<as_pattern>>},
    {"drill_time_limit", "duration", "\"24h\"", "\"8h\"",
     "how long a drill may take; it is ended then, cleans up, and what it did not get to is `unchecked`",
     to_estate<&estate_policy::drill_time_limit, as_positive_duration>},
}};

// In the order in which they are read: a time zone before what is read in it.
inline constexpr std::array<policy_key<component_policy>, 24> component_keys{{
    {"kind", "word", "\"any\"", "\"postgres-dump\"",
     "what the artifacts hold: `postgres-dump`, `models`, `git-bundle`, `configuration`, `volume`, `logs`, "
     "`full-system`, "
     "`archive` or `any`; another content is an error",
     to_component<&component_policy::kind, as_choice<component_kinds>>},
    {"content", "word", "\"readable\"", "\"opaque\"",
     "`opaque`: the artifacts are encrypted, so that a checksum file is all that can prove them; what cannot be looked "
     "into is then no reason for `unchecked`, and the report says what was accepted",
     to_component<&component_policy::content, as_choice<expected_contents>>},
    {"path", "directory", "(the component's name)", "\"database\"",
     "where they lie; relative to `root`, `.` for the root itself, or absolute",
     to_component<&component_policy::path, as_directory>},
    {"name", "pattern or list", "required", "\"ner11_db_{timestamp}.sql.gz\"",
     "what their names look like; see *Names*", to_component<&component_policy::names, as_list<as_pattern>>},
    {"time_zone", "zone", "(the estate's)", "\"UTC\"", "another zone for this component's names and schedule",
     to_component<&component_policy::zone, as_zone>},
    {"schedule", "schedule", "\"on-change\"", "\"daily 02:00\"", "when the backup job runs; see *Schedules*",
     to_component<&component_policy::schedule, as_schedule>},
    {"max_age", "duration", "(none)", "\"26h\"", "how old the newest artifact may be",
     to_component<&component_policy::max_age, as_positive_duration>},
    {"grace", "duration", "\"2h\"", "\"45m\"",
     "how long the job may take: before its scheduled moment plus this, nothing is stale",
     to_component<&component_policy::grace, as_duration>},
    {"late_after", "duration", "(the grace)", "\"20m\"",
     "how long after its scheduled moment a missing artifact becomes a warning; it is an error after `grace`",
     to_component<&component_policy::late_after, as_duration>},
    {"early", "duration", "\"15m\"", "\"5m\"",
     "how long before its scheduled moment an artifact may be dated and still count for it",
     to_component<&component_policy::early, as_duration>},
    {"series", "list of texts", "(those found)", "[\"postgres_data\", \"redis_data\"]",
     "the values of `{series}` that must be there, each fresh on its own",
     to_component<&component_policy::series, as_list<as_text>>},
    {"min_size", "size", "(none)", "\"1 MiB\"", "the least that an artifact has, in stored bytes",
     to_component<&component_policy::min_size, as_size>},
    {"size_drift", "share", "(none)", "\"50%\"", "how far the newest size may be from the median of its predecessors",
     to_component<&component_policy::size_drift, as_share>},
    {"size_history", "number", "7", "14", "how many predecessors the median is of; with fewer than 3 nothing is judged",
     to_component<&component_policy::size_history, as_history>},
    {"checksum", "name", "(none)", "\"{name}.sha256\"",
     "the promised checksum file, made of `{name}`, `{stem}`, `{timestamp}`, `{series}`; without any of them the list "
     "of "
     "the whole directory: `SHA256SUMS`",
     to_component<&component_policy::checksum, as_list_template>},
    {"manifest", "name", "(none)", "\"{stem}_manifest.json\"", "the promised manifest, likewise",
     to_component<&component_policy::manifest, as_template>},
    {"manifest_kind", "word", "(by `kind`)", "\"models\"",
     "what the manifest is: `models` (JSON; for kind `models`) or `file-list` (text; for kind `configuration`)",
     to_component<&component_policy::manifest_format, as_choice<manifest_kinds>>},
    {"held_by", "list of texts", "[]", "[\"wal\", \"tablespaces\"]",
     "the components that hold tablespaces or write-ahead log which its data directories need and do not hold "
     "themselves",
     to_component<&component_policy::held_by, as_list<as_text>>},
    {"contains", "list of names", "[]", "[\"db.sql.gz\", \"files_*.tar.gz\"]",
     "what each directory must hold, where `name` means directories; likewise with `*`, `?` and `{timestamp}`",
     to_component<&component_policy::contains, as_list<as_pattern>>},
    {"required", "true or false", "true", "false", "whether it is an error that there is no artifact at all",
     to_component<&component_policy::required, as_flag>},
    {"verify", "word or number", "\"all\"", "\"newest\"",
     "how many artifacts of each series are read: `all`, `newest`, or the newest N",
     to_component<&component_policy::verify_newest, as_extent>},
    {"identical", "word", "(by `kind`)", "\"allow\"",
     "whether two artifacts may have the same content: `error` (for `postgres-dump`, `logs`, `full-system`) or `allow` "
     "(for "
     "all others: an idle repository, unchanged models)",
     to_component<&component_policy::identical_given, as_choice<identical_contents>>},
    {"ignore", "list of names", "[]", "[\"*.log\"]",
     "files and directories in `path` that are none of knowngood's business",
     to_component<&component_policy::ignore, as_list<as_pattern>>},
    {"drill", "table", "(none)", "{ rto = \"1h\" }", "the rehearsed restore of this component; see its keys below",
     &read_drill},
}};

inline constexpr std::array<policy_key<drill_policy>, 14> drill_keys{{
    {"rto", "duration", "(none)", "\"1h\"", "recovery time objective: how long the restore may take",
     to_drill<&drill_policy::rto, as_positive_duration>},
    {"rpo", "duration", "(none)", "\"26h\"", "recovery point objective: how old the restored state may be",
     to_drill<&drill_policy::rpo, as_positive_duration>},
    {"source", "text", "(none)", "\"service=ner11\"",
     "connection string of the live database to compare with; name a service or use a password file, write no password "
     "here",
     to_drill<&drill_policy::source, as_text>},
    {"capture", "name", "(none)", "\"{stem}_rows.json\"",
     "the row sets captured with the dump, made of `{name}`, `{stem}`, `{timestamp}`, `{series}`",
     to_drill<&drill_policy::capture, as_template>},
    {"tolerance", "number, share or table", "0", "\"1%\"",
     "by how many rows, or what share of them, a table may differ from the live `source`: `\"1%\"`, `100`, or by table "
     "`{ \"public.incidents\" = \"2%\", \"*\" = 0 }`; a dump's own rows and a capture's are always compared exactly",
     to_drill<&drill_policy::tolerance, as_tolerances>},
    {"assertions", "list of tables", "[]", "[{ name = \"owners\", sql = \"SELECT true\" }]",
     "statements that must hold in the restored database: `{ name = \"…\", sql = \"SELECT …\", expect = \"t\" }`",
     to_drill<&drill_policy::assertions, as_assertions>},
    {"required_tables", "list of texts", "[]", "[\"public.incidents\"]",
     "tables that must hold rows, as the dump writes them: `public.incidents`",
     to_drill<&drill_policy::required_tables, as_list<as_text>>},
    {"required_files", "list of texts", "[]", "[\".env\"]", "files that must be there once unpacked",
     to_drill<&drill_policy::required_files, as_list<as_text>>},
    {"required_refs", "list of texts", "[]", "[\"refs/heads/main\"]",
     "refs that the clone must have: `refs/heads/main`", to_drill<&drill_policy::required_refs, as_list<as_text>>},
    {"extensions", "list of texts", "[]", "[\"pgcrypto\"]", "extensions that the dump may create besides `plpgsql`",
     to_drill<&drill_policy::extensions, as_list<as_text>>},
    {"repository", "text", "(none)", "\"/srv/ner11.git\"",
     "the live repository, to tell how far behind it the bundle is", to_drill<&drill_policy::repository, as_text>},
    {"probe", "text", "(none)", "\"scripts/startup_verify.sh\"",
     "a shell command that must succeed against what was restored", to_drill<&drill_policy::probe, as_text>},
    {"probe_timeout", "duration", "\"5m\"", "\"90s\"", "how long the probe may run",
     to_drill<&drill_policy::probe_timeout, as_positive_duration>},
    {"allow_skip", "list of texts", "[]", "[\"boot-volume\"]",
     "steps that may be skipped without failing the drill, by name",
     to_drill<&drill_policy::allow_skip, as_list<as_text>>},
}};

inline constexpr std::array<policy_key<sql_assertion>, 3> assertion_keys{{
    {"name", "text", "required", "\"owners\"", "what reports call it", to_assertion<&sql_assertion::name, as_text>},
    {"sql", "text", "required", "\"SELECT count(*) > 0 FROM public.owners\"", "the statement",
     to_assertion<&sql_assertion::sql, as_text>},
    {"expect", "text", "\"t\"", "\"t\"", "the first column of its first row, as text",
     to_assertion<&sql_assertion::expect, as_text>},
}};

inline constexpr std::array<policy_key<gate_policy>, 5> gate_keys{{
    {"max_age", "duration", "\"26h\"", "\"26h\"", "how old the newest verification may be",
     to_gate<&gate_policy::max_age, as_positive_duration>},
    {"drill_within", "duration", "\"92d\"", "\"92d\"", "how old the newest drill may be",
     to_gate<&gate_policy::drill_within, as_positive_duration>},
    {"allow_unprotected", "true or false", "false", "true", "whether artifacts may be `unprotected`",
     to_gate<&gate_policy::allow_unprotected, as_flag>},
    {"require_drill", "true or false", "true", "false", "whether there has to be a drill at all",
     to_gate<&gate_policy::require_drill, as_flag>},
    {"accepted", "list of tables", "[]",
     "[{ check = \"tar.secret-readable\", reason = \"#42\", until = \"2026-12-31\" }]",
     "findings that somebody has decided to live with for a while; see its keys below",
     to_gate<&gate_policy::accepted, as_accepted>},
}};

inline constexpr std::array<policy_key<accepted_finding>, 4> accepted_keys{{
    {"check", "text", "required", "\"tar.secret-readable\"", "id of the finding's check",
     to_accepted<&accepted_finding::check, as_check>},
    {"where", "text", "(anywhere)", "\"config_\"", "a part of where it lies",
     to_accepted<&accepted_finding::where, as_text>},
    {"reason", "text", "required", "\"ticket 42: the bucket is private\"", "why, for whoever reads the gate's output",
     to_accepted<&accepted_finding::reason, as_text>},
    {"until", "date", "required", "\"2026-12-31\"", "the last day on which it is accepted",
     to_accepted<&accepted_finding::until, as_deadline>},
}};

/// The header of a table whose keys are in `keys`, for "it belongs in …"; empty where `word` is none of them.
template <typename Keys>
std::string_view header_if_known(std::string_view word, const Keys& keys, std::string_view header) {
  for (const auto& key : keys) {
    if (key.name == word) return header;
  }
  return {};
}

inline std::string_view home_of(std::string_view word) {
  for (const std::string_view home :
       {header_if_known(word, head_keys, "the top of the file"), header_if_known(word, estate_keys, "[estate]"),
        header_if_known(word, component_keys, "[component.NAME]"),
        header_if_known(word, drill_keys, "[component.NAME.drill]"), header_if_known(word, gate_keys, "[gate]")}) {
    if (!home.empty()) return home;
  }
  return {};
}

/// What to say about the key `word` that is none of `known`.
inline std::string unknown_key(std::string_view word, const std::string& path,
                               const std::vector<std::string_view>& known) {
  const std::string shown = printable(path.empty() ? std::string{word} : fmt::format("{}.{}", path, word), 120);
  const std::string_view meant = nearest(to_lower(word), known);
  if (!meant.empty()) return fmt::format("unknown key `{}`: did you mean `{}`?", shown, meant);
  const std::string_view home = home_of(word);
  if (!home.empty()) return fmt::format("unknown key `{}`: `{}` belongs in {}", shown, word, home);
  return fmt::format("unknown key `{}`: there are {}", shown, fmt::join(known, ", "));
}

/// Reads `table` into `into`, noting every mistake. `also`: keys that the caller reads itself.
template <typename Target, std::size_t Count>
void read_table(const toml::table& table, const std::array<policy_key<Target>, Count>& keys, Target& into,
                const std::string& path, policy_reader& reader, std::vector<std::string_view> known = {}) {
  for (const auto& key : keys) {
    known.push_back(key.name);
    const toml::node* node = table.get(key.name);
    if (node == nullptr) {
      if (key.usual != "required") continue;
      reader.mistake(table.source(),
                     fmt::format("{} lacks `{}`: {}", path.empty() ? "the policy" : fmt::format("[{}]", path), key.name,
                                 key.meaning));
      continue;
    }
    reader.key = path.empty() ? std::string{key.name} : fmt::format("{}.{}", path, key.name);
    reader.attempt(*node, [&] { key.read(*node, into, reader); });
  }
  for (const auto& [name, value] : table) {
    const std::string_view word = name.str();
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      reader.mistake(name.source(), unknown_key(word, path, known));
    }
  }
}

inline void read_drill(const toml::node& node, component_policy& into, policy_reader& reader) {
  const auto* table = node.as_table();
  if (table == nullptr) wrong_type("a table", node);
  into.drill.emplace();
  read_table(*table, drill_keys, *into.drill, std::string{reader.key}, reader);
}

inline std::vector<sql_assertion> as_assertions(const toml::node& node, policy_reader& reader) {
  const auto* list = node.as_array();
  if (list == nullptr) wrong_type("a list of tables", node);
  std::vector<sql_assertion> assertions;
  const std::string path = reader.key;
  for (const toml::node& one : *list) {
    reader.key = fmt::format("{}[{}]", path, assertions.size());
    reader.attempt(one, [&] {
      if (!one.is_table()) wrong_type("a table", one);
    });
    assertions.emplace_back();
    if (one.is_table()) read_table(*one.as_table(), assertion_keys, assertions.back(), std::string{reader.key}, reader);
  }
  return assertions;
}

inline std::vector<accepted_finding> as_accepted(const toml::node& node, policy_reader& reader) {
  const auto* list = node.as_array();
  if (list == nullptr) wrong_type("a list of tables", node);
  std::vector<accepted_finding> accepted;
  const std::string path = reader.key;
  for (const toml::node& one : *list) {
    reader.key = fmt::format("{}[{}]", path, accepted.size());
    reader.attempt(one, [&] {
      if (!one.is_table()) wrong_type("a table", one);
    });
    accepted.emplace_back();
    if (one.is_table()) read_table(*one.as_table(), accepted_keys, accepted.back(), std::string{reader.key}, reader);
  }
  return accepted;
}

template <typename Keys>
void append_reference(std::string& out, std::string_view header, const Keys& keys) {
  out += fmt::format("### {}\n\n| key | type | default | example | meaning |\n|---|---|---|---|---|\n", header);
  for (const auto& key : keys) {
    const bool prose = key.usual == "required" || key.usual.starts_with('(');
    const std::string_view usual = key.usual.starts_with('(') ? key.usual.substr(1, key.usual.size() - 2) : key.usual;
    const std::string_view quote = prose ? "" : "`";
    out += fmt::format("| `{}` | {} | {}{}{} | `{}` | {} |\n", key.name, key.type, quote, usual, quote, key.example,
                       key.meaning);
  }
  out += '\n';
}

}  // namespace knowngood::detail

namespace knowngood {

/// The reference of all keys in Markdown, as docs/policy.md holds it.
inline std::string policy_reference() {
  std::string out;
  detail::append_reference(out, "At the top", detail::head_keys);
  detail::append_reference(out, "`[estate]`", detail::estate_keys);
  detail::append_reference(out, "`[component.NAME]`", detail::component_keys);
  detail::append_reference(out, "`[component.NAME.drill]`", detail::drill_keys);
  detail::append_reference(out, "`[[component.NAME.drill.assertions]]`", detail::assertion_keys);
  detail::append_reference(out, "`[gate]`", detail::gate_keys);
  detail::append_reference(out, "`[[gate.accepted]]`", detail::accepted_keys);
  return out;
}

}  // namespace knowngood
