// render_text: a report for people. A line for what is sound; for the rest what is wrong, where, and what to do.
//
// Layer: audit. The last lines say it all, as they are what a terminal shows: counts, then the verdict in one line.
// Nothing in it acts on a terminal, whatever names a backup holds. Example:
//   fmt::print("{}", render_text(report, text_style{.colour = true, .width = 120}));
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/drill_text.hpp"
#include "knowngood/audit/finding_text.hpp"
#include "knowngood/audit/quantity_text.hpp"
#include "knowngood/base/byte_size.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/report/headline.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_verdict.hpp"
#include "knowngood/report/text_layout.hpp"

namespace knowngood {

namespace detail {

class report_text : finding_text {
 public:
  report_text(const report& of, const text_style& style)
      : finding_text{style, common_directory(of.artifacts)}, report_{of} {
    for (const auto& artifact : of.artifacts) {
      // One outlier must not push everybody's columns to the right; it gets a longer line.
      const std::size_t path = display_width(layout_.name(relative(artifact.path)));
      const std::size_t kind = display_width(layout_.name(artifact.kind));
      if (path <= widest_path) path_columns_ = std::max(path_columns_, path);
      if (kind <= widest_kind) kind_columns_ = std::max(kind_columns_, kind);
    }
  }

  using finding_text::show;

  [[nodiscard]] std::string render() {
    header();
    std::set<std::string_view> known;
    for (const auto& component : report_.components) {
      known.insert(component.name);
      show(component);
    }
    bool others = false;
    for (const auto& artifact : report_.artifacts) {
      if (known.contains(artifact.component)) continue;
      if (!others) line(known.empty() ? "" : "\n" + layout_.paint("of no component", ink::bold));
      others = true;
      show(artifact, known.empty() ? 0 : 2);
    }
    drill_.show_other_steps(known);
    drill_.show_comparisons();
    drill_.show_recoveries();
    run();
    attention();
    totals();
    return std::move(out_);
  }

 private:
  static constexpr std::size_t widest_path = 56;
  static constexpr std::size_t widest_kind = 32;
  static constexpr std::ptrdiff_t screen_lines = 40;
  static constexpr std::size_t attention_lines = 20;

  /// The deepest directory that all artifacts are in, with its slash; empty for fewer than two, or where that is `/`.
  static std::string common_directory(const std::vector<artifact_report>& artifacts) {
    if (artifacts.size() < 2) return {};
    std::string_view common = artifacts.front().path;
    for (const auto& artifact : artifacts) {
      const auto [end, _] = std::mismatch(common.begin(), common.end(), artifact.path.begin(), artifact.path.end());
      common = common.substr(0, static_cast<std::size_t>(end - common.begin()));
    }
    common = common.substr(0, common.rfind('/') + 1);
    return common == "/" ? std::string{} : std::string{common};
  }

  [[nodiscard]] std::chrono::seconds since(moment when) const {
    constexpr std::chrono::seconds far{std::chrono::days{100'000'000}};
    return report_.started - std::clamp(when, moment{-far}, moment{far});
  }

  void header() {
    std::string text = layout_.paint(
        fmt::format("knowngood {} {}", layout_.name(report_.tool), layout_.name(report_.version)), ink::bold);
    std::string when = to_rfc3339(report_.started);
    when.replace(10, 1, " ");
    for (const auto& part : {layout_.name(report_.estate), layout_.name(report_.host), when,
                             report_.policy.empty() ? std::string{} : "policy " + layout_.name(report_.policy)}) {
      if (!part.empty()) text += layout_.own(" · ") + part;
    }
    line(text);
    if (!root_.empty()) line("paths are below " + layout_.name(root_));
    if (!report_.confinement.empty()) line("servers confined by: " + layout_.name(report_.confinement));
  }

  void show(const component_report& component) {
    const auto [mark, colour] = look_of(component.verdict);
    std::vector<std::string> details;
    if (!component.kind.empty()) details.push_back(layout_.name(component.kind));
    details.push_back(counted(component.artifacts, "artifact"));
    if (component.age_seconds) details.push_back("newest " + age_text(component, report_.started));
    std::string text = fmt::format("\n{} {}   {}", layout_.paint(layout_.own(mark), colour),
                                   layout_.paint(layout_.name(component.name), ink::bold), fmt::join(details, ", "));
    if (component.verdict != verdict::sound) text += "   " + layout_.paint(upper(to_string(component.verdict)), colour);
    line(text);
    show(component.findings, component.name, 4);
    for (const auto& artifact : report_.artifacts) {
      if (artifact.component == component.name) show(artifact, 2);
    }
    drill_.show_steps(component.name, 2);
  }

  void show(const artifact_report& artifact, std::size_t indent) {
    const auto [mark, colour] = look_of(artifact.verdict);
    const auto when = artifact.timestamp ? artifact.timestamp : artifact.modified;
    std::string text(indent, ' ');
    text += layout_.paint(layout_.own(mark), colour) + " ";
    text += text_layout::fill(layout_.name(relative(artifact.path)), path_columns_);
    text += "  " + text_layout::fill(layout_.name(artifact.kind), kind_columns_);
    text += fmt::format("  {:>8}", artifact.size ? format_byte_size(*artifact.size) : "");
    text += fmt::format("  {:>11}", when ? age_text(since(*when).count()) : "");
    if (artifact.verdict != verdict::sound) text += "  " + layout_.paint(upper(to_string(artifact.verdict)), colour);
    line(text);
    show(artifact.findings, artifact.path, indent + 4);
    show(artifact.unchecked, artifact.path, indent + 4);
    if (layout_.style().verbose) facts(artifact, indent + 4);
    if (layout_.style().tables) tables(artifact, indent + 4);
  }

  void facts(const artifact_report& artifact, std::size_t indent) {
    const auto fact = [&](std::string_view label, std::string_view value) {
      if (!value.empty()) {
        line(fmt::format("{}{}  {}", std::string(indent, ' '), text_layout::fill(std::string{label}, 14), value));
      }
    };
    for (const auto& [algorithm, hex] : artifact.digests) fact(layout_.name(algorithm), layout_.name(hex));
    fact("checksum file", layout_.name(relative(artifact.checksum_file)));
    fact("manifest", layout_.name(relative(artifact.manifest)));
    if (artifact.timestamp) fact("timestamp", to_rfc3339(*artifact.timestamp));
    fact("read", fmt::format("{}, {} with all layers, in {}", format_byte_size(artifact.bytes_read),
                             format_byte_size(artifact.bytes_expanded), artifact.seconds));
    if (artifact.member_count > 0) fact("members", grouped(artifact.member_count));
    for (const auto& one : artifact.properties) {
      const std::string where = place(one.where, artifact.path);
      fact(layout_.name(one.name), layout_.name(one.value) + (where.empty() ? "" : "  in " + where));
    }
    for (const auto& one : artifact.refs) fact("ref", layout_.name(one.object) + "  " + layout_.name(one.name));
  }

  void tables(const artifact_report& artifact, std::size_t indent) {
    std::map<std::string, std::vector<const table_fact*>> by_dump;
    std::vector<std::string> order;
    std::size_t names = 0;
    for (const auto& table : artifact.tables) {
      auto& dump = by_dump[place(table.where, artifact.path)];
      if (dump.empty()) order.push_back(place(table.where, artifact.path));
      dump.push_back(&table);
      const std::size_t columns = display_width(layout_.name(table.name));
      if (columns <= widest_path) names = std::max(names, columns);
    }
    const std::string margin(indent, ' ');
    for (const auto& place : order) {
      std::uint64_t rows = 0;
      for (const auto* table : by_dump[place]) rows += table->rows;
      line(fmt::format("{}{}, {}{}", margin, counted(by_dump[place].size(), "table"), counted(rows, "row"),
                       place.empty() ? "" : " in " + place));
      for (const auto* table : by_dump[place]) {
        std::string text = fmt::format("{}  {}  {:>{}}", margin, text_layout::fill(layout_.name(table->name), names),
                                       grouped(table->rows), grouped(rows).size());
        if (layout_.style().verbose) text += "  " + layout_.name(table->fingerprint.value_or("no fingerprint"));
        line(text);
      }
    }
  }

  void run() {
    const bool any = !report_.unchecked.empty() ||
                     std::any_of(report_.findings.begin(), report_.findings.end(),
                                 [this](const finding& one) { return notes_ || one.severity != severity::note; });
    if (!any) return;
    line("\n" + layout_.paint("the run as a whole", ink::bold));
    show(report_.findings, "", 4);
    show(report_.unchecked, "", 4);
  }

  /// What is not sound, once more and on a line each, where the list above has scrolled off.
  void attention() {
    std::vector<std::string> lines;
    const auto add = [&](verdict value, std::string_view what, const std::vector<finding>& findings,
                         std::string_view otherwise) {
      std::vector<std::string> checks;
      for (const auto& one : findings) {
        const std::string check = layout_.name(one.check);
        if (one.severity != severity::note && std::find(checks.begin(), checks.end(), check) == checks.end()) {
          checks.push_back(check);
        }
      }
      const auto [mark, colour] = look_of(value);
      lines.push_back(
          fmt::format("  {} {}  {}", layout_.paint(layout_.own(mark), colour), layout_.name(what),
                      checks.empty() ? layout_.name(otherwise) : fmt::format("{}", fmt::join(checks, ", "))));
    };
    for (const auto value : {verdict::unsound, verdict::unchecked, verdict::unprotected}) {
      for (const auto& component : report_.components) {
        const bool own = std::any_of(component.findings.begin(), component.findings.end(),
                                     [](const finding& one) { return one.severity != severity::note; });
        if (component.verdict == value && own) add(value, component.name, component.findings, "");
      }
      for (const auto& artifact : report_.artifacts) {
        if (artifact.verdict != value) continue;
        add(value, relative(artifact.path), artifact.findings,
            artifact.unchecked.empty() ? "" : std::string_view{artifact.unchecked.front().message});
      }
      for (const auto& step : report_.steps) {
        if (step.verdict != value) continue;
        add(value, step.component.empty() ? step.name : step.component + ": " + step.name, step.findings,
            step.unchecked.empty() ? "" : std::string_view{step.unchecked.front().message});
      }
    }
    if (lines.empty() || std::count(out_.begin(), out_.end(), '\n') <= screen_lines) return;
    line("\n" + layout_.paint("needs attention", ink::bold));
    for (std::size_t i = 0; i < std::min(lines.size(), attention_lines); ++i) line(lines[i]);
    if (lines.size() > attention_lines) {
      line(layout_.own(fmt::format("    … and {} more", grouped(lines.size() - attention_lines))));
    }
  }

  void totals() {
    const report_summary sum = summarise(report_);
    std::vector<std::string> parts;
    const auto part = [&](std::uint64_t number, verdict value) {
      if (number == 0) return;
      parts.push_back(layout_.paint(fmt::format("{} {}", grouped(number), to_string(value)), look_of(value).colour));
    };
    part(sum.sound, verdict::sound);
    part(sum.unprotected, verdict::unprotected);
    part(sum.unchecked, verdict::unchecked);
    part(sum.unsound, verdict::unsound);
    line(
        fmt::format("\n{}{}{}", counted(sum.artifacts, "artifact"), parts.empty() ? "" : ": ", fmt::join(parts, ", ")));
    line(fmt::format("{}, {}, {}{}", counted(sum.findings.errors, "error"), counted(sum.findings.warnings, "warning"),
                     counted(sum.findings.notes, "note"), sum.findings.notes > 0 && !notes_ ? " (not shown)" : ""));
    const std::uint64_t seconds = elapsed_seconds(report_);
    line(fmt::format(
        "{} read, {} with all that is inside, in {}{}", format_byte_size(sum.bytes_read),
        format_byte_size(sum.bytes_expanded),
        seconds == 0 ? "less than a second" : format_duration(std::chrono::seconds{static_cast<std::int64_t>(seconds)}),
        seconds == 0 ? "" : fmt::format(" ({}/s)", format_byte_size(sum.bytes_read / seconds))));
    report_headline last = headline(report_);
    for (auto& reason : last.reasons) reason = layout_.name(reason);
    const verdict overall = overall_verdict(report_);
    const bool clear = overall != verdict::sound || (last.word == "SOUND" && report_.exit_code == exit_code::sound);
    line(fmt::format("{} {}; exit {}", layout_.paint(last.word + ":", clear ? look_of(overall).colour : ink::magenta),
                     fmt::join(last.reasons, "; "), report_.exit_code));
  }

  const report& report_;
  drill_text drill_{report_, *this};
  std::size_t path_columns_ = 0;
  std::size_t kind_columns_ = 0;
};

}  // namespace detail

/// The report as text, ended by a newline. Without `colour` there is no control character in it but the newline.
inline std::string render_text(const report& of, const text_style& style) {
  return detail::report_text{of, style}.render();
}

}  // namespace knowngood
