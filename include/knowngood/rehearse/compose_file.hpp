// compose_file: a docker compose file, parsed and judged: its form, what it refers to, the variables that it asks for.
//
// Layer: rehearse. Judged is what would keep `docker compose up` from working with the restored files. Values are not
// shown in findings: passwords stand in such files too.
//   compose_file file{text, where, findings};
//   file.check(surroundings, findings);
#pragma once

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/utf8.hpp"
#include "knowngood/rehearse/compose_events.hpp"
#include "knowngood/rehearse/compose_variables.hpp"

namespace knowngood {

/// The names that compose files of one directory declare: services, volumes, networks, secrets, configs.
struct compose_names {
  std::map<std::string, std::set<std::string>> by_section;
  bool others = false;  ///< more may be declared in files that `include` names

  void add(const compose_names& more) {
    for (const auto& [section, names] : more.by_section) by_section[section].insert(names.begin(), names.end());
    others |= more.others;
  }
};

/// What a compose file is judged against.
struct compose_surroundings {
  compose_names names;                                  ///< of all compose files beside it, itself included
  std::set<std::string> variables;                      ///< that `.env` sets
  bool has_env = false;                                 ///< there is an `.env`
  bool alone = true;                                    ///< it is used by itself, not to override another
  std::function<bool(std::string_view path)> has_file;  ///< relative to the compose file
};

class compose_file {
 public:
  /// Parses `text`. Reports `restore.syntax` where it is no YAML that docker compose reads; `parsed` is false then.
  /// `findings` outlives this object.
  compose_file(std::string_view text, const location& where, finding_sink& findings)
      : where_{where}, findings_{where_, findings}, events_{findings_} {
    try {
      // With a comment at the end the library sees what is cut short: without it, it lets an open quote or a lone
      // word on the last line pass.
      parsed_ = acceptable(text) && parse(std::string{text} + "\n#");
    } catch (const detail::compose_events::too_deep& deep) {
      findings_.wrong(deep.mark, "nested deeper than any compose file", "100 levels at most", "more");
    } catch (const YAML::Exception& error) {  // its text is the library's own, without the file's
      findings_.wrong(error.mark, "the file is not YAML: " + printable(error.msg, 200), "YAML", "an error");
    }
  }

  [[nodiscard]] bool parsed() const noexcept { return parsed_; }

  /// What it declares; for files that belong together.
  [[nodiscard]] compose_names names() const {
    compose_names names;
    for (const auto& document : documents_) {
      for (const std::string section : {"services", "volumes", "networks", "secrets", "configs"}) {
        for (const auto& [name, value] : members(find(document, section))) names.by_section[section].insert(name);
      }
      names.others |= find(document, "include").IsDefined();
    }
    return names;
  }

  /// Judges a file that was parsed. Paths that `env_file` names are reported as `restore.missing-file` where they are
  /// not. Throws `environment_error` where aliases multiply the file beyond bounds.
  void check(const compose_surroundings& around) {
    around_ = &around;
    if (documents_.empty()) return findings_.wrong({}, "the file holds nothing", "services", "nothing");
    const bool complete = around.alone && documents_.size() == 1;
    for (const auto& document : documents_) check_document(document, complete);
    check_variables();
  }

 private:
  using member_list = std::vector<std::pair<std::string, YAML::Node>>;

  bool acceptable(std::string_view text) {
    std::size_t line = 1;
    const auto wrong = [&](std::size_t position, std::string_view what) {
      line += static_cast<std::size_t>(
          std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
      YAML::Mark mark;
      mark.line = static_cast<int>(line) - 1;
      mark.column = static_cast<int>(
          position - (text.rfind('\n', position) == std::string_view::npos ? 0 : text.rfind('\n', position) + 1));
      findings_.wrong(mark, what, "text in UTF-8", "other bytes");
      return false;
    };
    if (const auto bad = find_ill_formed_utf8(text)) return wrong(*bad, "bytes that are not UTF-8");
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      if (c < 0x20 && c != '\n' && c != '\r' && c != '\t') return wrong(i, "a control character");
    }
    return true;
  }

  bool parse(const std::string& text) {
    std::istringstream stream{text};
    YAML::Parser parser{stream};
    events_.begin(text);
    while (parser.HandleNextDocument(events_)) {
    }
    documents_ = YAML::LoadAll(text);
    std::erase_if(documents_, [](const YAML::Node& each) { return !each.IsDefined() || each.IsNull(); });
    return true;
  }

  void spend() const {
    constexpr std::uint64_t most = 2'000'000;
    if (++spent_ > most) {
      throw environment_error{where_, fmt::format("the compose file's aliases make it larger than {} values", most),
                              "look at it by hand: no compose file needs that"};
    }
  }

  // A mapping's members, then those of `<<`, which its own outweigh; none for anything else.
  [[nodiscard]] member_list members(const YAML::Node& node, unsigned depth = 0) const {
    constexpr unsigned most_merges = 16;
    member_list found;
    member_list merged;
    if (!node.IsDefined() || !node.IsMap() || depth > most_merges) return found;
    for (const auto& each : node) {
      spend();
      if (!each.first.IsScalar()) continue;
      if (each.first.Scalar() != "<<") {
        found.emplace_back(each.first.Scalar(), each.second);
        continue;
      }
      const auto merge = [&](const YAML::Node& from) {
        for (auto& one : members(from, depth + 1)) merged.push_back(std::move(one));
      };
      if (each.second.IsSequence()) {
        for (const auto& from : each.second) merge(from);
      } else {
        merge(each.second);
      }
    }
    for (auto& one : merged) found.push_back(std::move(one));
    return found;
  }

  // Undefined where there is none.
  [[nodiscard]] static YAML::Node find(const member_list& all, std::string_view name) {
    for (const auto& [key, value] : all) {
      if (key == name) return value;
    }
    return YAML::Node{YAML::NodeType::Undefined};
  }
  [[nodiscard]] YAML::Node find(const YAML::Node& node, std::string_view name) const {
    return find(members(node), name);
  }

  static std::string kind_of(const YAML::Node& node) {
    if (!node.IsDefined() || node.IsNull()) return "nothing";
    return node.IsMap() ? "a mapping" : node.IsSequence() ? "a list" : "a single value";
  }

  void check_document(const YAML::Node& document, bool complete) {
    if (!document.IsMap())
      return findings_.wrong(document.Mark(), "the file is no mapping", "a mapping with services", kind_of(document));
    const member_list top = members(document);
    const YAML::Node services = find(top, "services");
    for (const std::string section : {"volumes", "networks", "secrets", "configs"}) {
      const YAML::Node node = find(top, section);
      if (node.IsDefined() && !node.IsNull() && !node.IsMap()) {
        findings_.wrong(node.Mark(), fmt::format("{} is no mapping", section), "a mapping", kind_of(node));
      }
    }
    if (!services.IsDefined() || services.IsNull() || (services.IsMap() && services.size() == 0)) {
      if (complete && !find(top, "include").IsDefined()) without_services(document, top);
      return;
    }
    if (!services.IsMap())
      return findings_.wrong(services.Mark(), "services is no mapping", "a mapping of services", kind_of(services));
    for (const auto& [name, service] : members(services)) check_service(name, service, complete);
  }

  // A file of the first format has its services at the top.
  void without_services(const YAML::Node& document, const member_list& top) {
    const bool first_format = !top.empty() && std::all_of(top.begin(), top.end(), [&](const auto& each) {
      return find(each.second, "image").IsDefined() || find(each.second, "build").IsDefined();
    });
    if (first_format) {
      return findings_.report(checks::restore_syntax, severity::warning, document.Mark(),
                              "a compose file of the first format, which docker compose no longer reads", "services",
                              "none");
    }
    findings_.wrong(document.Mark(), "the file has no services", "at least one service", "none");
  }

  void check_service(const std::string& name, const YAML::Node& service, bool complete) {
    const std::string shown = printable(name, 80);
    if (!service.IsMap()) {
      if (!complete && service.IsNull()) return;
      return findings_.wrong(service.Mark(), fmt::format("service {} is no mapping", shown), "a mapping",
                             kind_of(service));
    }
    const member_list all = members(service);
    const auto given = [&](std::string_view key) {
      const YAML::Node node = find(all, key);
      return node.IsDefined() && !node.IsNull() && !(node.IsScalar() && node.Scalar().empty());
    };
    if (complete && !given("image") && !given("build") && !given("extends") && !given("provider")) {
      findings_.wrong(service.Mark(), fmt::format("service {} has neither image nor build", shown), "image or build",
                      "neither");
    }
    const auto expect = [&](std::string_view key, bool scalar, bool list, bool map) {
      const YAML::Node node = find(all, key);
      if (!node.IsDefined() || node.IsNull() || (scalar && node.IsScalar()) || (list && node.IsSequence()) ||
          (map && node.IsMap()))
        return;
      std::string wanted;
      for (const auto& [allowed, word] :
           {std::pair{scalar, "a single value"}, std::pair{list, "a list"}, std::pair{map, "a mapping"}}) {
        if (allowed) wanted += (wanted.empty() ? "" : " or ") + std::string{word};
      }
      findings_.wrong(node.Mark(), fmt::format("{} of service {} has the wrong form", key, shown), std::move(wanted),
                      kind_of(node));
    };
    expect("image", true, false, false);
    expect("build", true, false, true);
    expect("extends", true, false, true);
    expect("ports", false, true, false);
    expect("expose", false, true, false);
    expect("volumes", false, true, false);
    expect("secrets", false, true, false);
    expect("configs", false, true, false);
    expect("depends_on", false, true, true);
    expect("networks", false, true, true);
    expect("environment", false, true, true);
    expect("labels", false, true, true);
    expect("env_file", true, true, true);
    expect("command", true, true, false);
    expect("entrypoint", true, true, false);
    expect("healthcheck", false, false, true);
    check_elements("ports", shown, find(all, "ports"));
    check_env_files(shown, find(all, "env_file"));
    if (!complete || around_->names.others) return;
    check_references("depends_on", "services", shown, find(all, "depends_on"));
    check_references("networks", "networks", shown, find(all, "networks"));
    check_references("secrets", "secrets", shown, find(all, "secrets"));
    check_references("configs", "configs", shown, find(all, "configs"));
    check_volumes(shown, find(all, "volumes"));
  }

  void check_elements(std::string_view key, const std::string& service, const YAML::Node& list) {
    if (!list.IsDefined() || !list.IsSequence()) return;
    for (const auto& each : list) {
      spend();
      if (each.IsMap() || (each.IsScalar() && !each.Scalar().empty())) continue;
      findings_.wrong(each.Mark(), fmt::format("an entry under {} of service {} has the wrong form", key, service),
                      "a single value or a mapping", kind_of(each));
    }
  }

  // Names that stand as list elements, as keys, or as `source` of a mapping in a list.
  void check_references(std::string_view key, const std::string& section, const std::string& service,
                        const YAML::Node& node) {
    const auto refer = [&](const std::string& name, const YAML::Mark& mark) {
      require(key, section, service, name, mark);
    };
    if (!node.IsDefined()) return;
    if (node.IsMap()) {
      for (const auto& [name, options] : members(node)) {
        const YAML::Node required = find(options, "required");
        if (required.IsDefined() && required.IsScalar() && required.Scalar() == "false") continue;
        refer(name, node.Mark());
      }
    } else if (node.IsSequence()) {
      for (const auto& each : node) {
        spend();
        const YAML::Node source = each.IsMap() ? find(each, "source") : YAML::Node{each};
        if (source.IsDefined() && source.IsScalar()) refer(source.Scalar(), each.Mark());
      }
    }
  }

  void require(std::string_view key, const std::string& section, const std::string& service, const std::string& name,
               const YAML::Mark& mark) {
    if (name.find('$') != std::string::npos || (section == "networks" && name == "default")) return;
    const auto declared = around_->names.by_section.find(section);
    if (declared != around_->names.by_section.end() && declared->second.contains(name)) return;
    findings_.wrong(mark,
                    fmt::format("{} of service {} names {}, which is not declared", key, service, printable(name, 80)),
                    fmt::format("{} under {}", printable(name, 80), section), "no such name");
  }

  void check_volumes(const std::string& service, const YAML::Node& list) {
    if (!list.IsDefined() || !list.IsSequence()) return;
    for (const auto& each : list) {
      spend();
      if (each.IsScalar()) {
        const std::string& text = each.Scalar();
        const std::string source = text.substr(0, text.find(':'));
        const bool windows = source.size() == 1 && text.size() > 2 && (text[2] == '\\' || text[2] == '/');
        // Without a colon it is a volume without a name; what begins like a path is one.
        if (source.size() == text.size() || source.empty() || windows ||
            std::string_view{"./~\\"}.find(source.front()) != std::string_view::npos)
          continue;
        require("volumes", "volumes", service, source, each.Mark());
      } else if (each.IsMap()) {
        const YAML::Node type = find(each, "type");
        const YAML::Node source = find(each, "source");
        if (type.IsDefined() && type.IsScalar() && type.Scalar() == "volume" && source.IsDefined() &&
            source.IsScalar()) {
          require("volumes", "volumes", service, source.Scalar(), each.Mark());
        }
      } else {
        findings_.wrong(each.Mark(), fmt::format("an entry under volumes of service {} has the wrong form", service),
                        "a single value or a mapping", kind_of(each));
      }
    }
  }

  void check_env_files(const std::string& service, const YAML::Node& node) {
    if (!node.IsDefined()) return;
    const auto need = [&](const YAML::Node& each) {
      spend();
      const YAML::Node path = each.IsMap() ? find(each, "path") : YAML::Node{each};
      const YAML::Node required = each.IsMap() ? find(each, "required") : YAML::Node{YAML::NodeType::Undefined};
      if (!path.IsDefined() || !path.IsScalar() || path.Scalar().find('$') != std::string::npos) return;
      if (required.IsDefined() && required.IsScalar() && required.Scalar() == "false") return;
      const std::string shown = printable(path.Scalar(), 120);
      if (path.Scalar().starts_with('/') || path.Scalar().starts_with('~')) {
        return findings_.report(checks::restore_missing_file, severity::note, each.Mark(),
                                fmt::format("env_file of service {} is absolute, and not looked for", service),
                                "a relative path", shown);
      }
      if (around_->has_file && !around_->has_file(path.Scalar())) {
        findings_.report(checks::restore_missing_file, severity::error, each.Mark(),
                         fmt::format("env_file of service {} is not among what was restored", service), shown,
                         "no such file");
      }
    };
    if (node.IsSequence()) {
      for (const auto& each : node) need(each);
    } else {
      need(node);
    }
  }

  void check_variables() {
    for (const auto& [name, asked] : events_.variables()) {
      if (asked.use == variable_use::optional || around_->variables.contains(name)) continue;
      const std::string env = around_->has_env ? "does not set it" : "there is no .env";
      if (asked.use == variable_use::required) {
        findings_.report(checks::restore_syntax, around_->has_env ? severity::error : severity::warning, asked.mark,
                         fmt::format("the variable {} is required, and .env does not set it", name), name + " in .env",
                         env);
      } else {
        findings_.report(checks::restore_syntax, severity::note, asked.mark,
                         fmt::format("the variable {} has no default, and .env does not set it", name),
                         name + " in .env", env);
      }
    }
  }

  location where_;
  detail::compose_findings findings_;
  detail::compose_events events_;
  bool parsed_ = false;
  std::vector<YAML::Node> documents_;
  const compose_surroundings* around_ = nullptr;
  mutable std::uint64_t spent_ = 0;
};

}  // namespace knowngood
