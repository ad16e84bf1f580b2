// html_findings: what was found and what could not be checked, the gravest first, those of one check together.
//
// Layer: audit. Part of audit/report_html.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/html_text.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood::detail {

class html_findings {
 public:
  /// Both runs' findings stand together; the reports outlive it.
  void add(const report& of) {
    const auto collect = [&](const auto& owner, std::string_view name) {
      for (const auto& one : owner.findings) found_.push_back({&one, of.tool, name});
    };
    const auto collect_unchecked = [&](const auto& owner, std::string_view name) {
      for (const auto& one : owner.unchecked) unchecked_.push_back({&one, of.tool, name});
    };
    collect(of, "");
    collect_unchecked(of, "");
    for (const auto& component : of.components) collect(component, component.name);
    for (const auto& artifact : of.artifacts) {
      collect(artifact, artifact.path);
      collect_unchecked(artifact, artifact.path);
    }
    for (const auto& step : of.steps) {
      collect(step, step.name);
      collect_unchecked(step, step.name);
    }
  }

  [[nodiscard]] std::string html() const {
    const std::string errors = of_severity(severity::error);
    const std::string open = unchecked();
    const std::string warnings = of_severity(severity::warning);
    const std::string notes = of_severity(severity::note);
    if ((errors + open + warnings + notes).empty()) return "<p>Nothing was found.</p>\n";
    std::string text;
    if (!errors.empty()) text += "<h3>Errors: data lost, altered or unprovable</h3>\n" + errors;
    if (!open.empty()) text += "<h3>Could not be checked</h3>\n" + open;
    if (!warnings.empty()) text += "<h3>Warnings: sound, but someone must act</h3>\n" + warnings;
    if (!notes.empty())
      text +=
          fmt::format("<details><summary>{}</summary>{}</details>\n", counted(count(severity::note), "note"), notes);
    return text;
  }

 private:
  static constexpr std::size_t open_entries = 5;      ///< of one check; the others are folded away
  static constexpr std::size_t listed_entries = 500;  ///< of one check; the report has them all

  template <typename Item>
  struct owned {
    const Item* item;
    std::string_view tool;
    std::string_view owner;
  };

  [[nodiscard]] std::size_t count(severity level) const {
    return static_cast<std::size_t>(
        std::count_if(found_.begin(), found_.end(), [level](const auto& one) { return one.item->severity == level; }));
  }

  [[nodiscard]] std::string of_severity(severity level) const {
    std::vector<std::string_view> order;
    std::map<std::string_view, std::vector<const owned<finding>*>> by_check;
    for (const auto& one : found_) {
      if (one.item->severity != level) continue;
      auto& group = by_check[one.item->check];
      if (group.empty()) order.push_back(one.item->check);
      group.push_back(&one);
    }
    const std::string_view look = level == severity::error     ? "unsound"
                                  : level == severity::warning ? "unprotected"
                                                               : "note";
    std::string text;
    for (const auto id : order) {
      const auto& group = by_check[id];
      const check* known = checks::find(id);
      text += fmt::format(
          "<div class=\"check {}\"><h4><code>{}</code>{}{}</h4>\n", look, escape_markup(id),
          known == nullptr ? "" : fmt::format("<span>{}</span>", escape_markup(known->meaning)),
          group.size() > 1 ? fmt::format("<span class=\"dim small\">{} times</span>", grouped(group.size())) : "");
      text += folded(group.size(), [&](std::size_t i) { return entry(*group[i]); });
      if (known != nullptr && !known->advice.empty())
        text += fmt::format("<p class=\"advice\">→ {}</p>", escape_markup(known->advice));
      text += "</div>\n";
    }
    return text;
  }

  [[nodiscard]] std::string unchecked() const {
    if (unchecked_.empty()) return {};
    return "<div class=\"check unchecked\">" +
           folded(unchecked_.size(),
                  [&](std::size_t i) {
                    const auto& one = unchecked_[i];
                    return fmt::format("<li>{}<dl>{}{}{}</dl></li>\n", escape_markup(one.item->message),
                                       row("where", place(one, one.item->where)), seen_by(one.tool),
                                       row("do", escape_markup(one.item->advice)));
                  }) +
           "</div>\n";
  }

  static std::string entry(const owned<finding>& one) {
    const auto value = [](std::string_view raw) {
      return raw.empty() ? std::string{} : "<code>" + escape_markup(raw) + "</code>";
    };
    const check* known = checks::find(one.item->check);
    const bool said = known != nullptr && known->meaning == one.item->message;
    return fmt::format("<li>{}<dl>{}{}{}{}</dl></li>\n", said ? "" : escape_markup(one.item->message),
                       row("where", place(one, one.item->where)), row("expected", value(one.item->expected)),
                       row("actual", value(one.item->actual)), seen_by(one.tool));
  }

  static std::string seen_by(std::string_view tool) {
    return tool == "verify" ? std::string{} : row("seen by", escape_markup(tool));
  }

  template <typename Item>
  static std::string place(const owned<Item>& one, const location& where) {
    return where.chain().empty() && !one.owner.empty() ? html_name(one.owner) : html_place(where);
  }

  static std::string row(std::string_view label, const std::string& html) {
    return html.empty() ? std::string{} : fmt::format("<dt>{}</dt><dd>{}</dd>", label, html);
  }

  template <typename Entry>
  static std::string folded(std::size_t number, const Entry& entry) {
    const auto list = [&](std::size_t from, std::size_t to) {
      std::string text = "<ul class=\"found\">\n";
      for (std::size_t i = from; i < to; ++i) text += entry(i);
      return text + "</ul>\n";
    };
    const std::size_t open = number <= open_entries + 1 ? number : open_entries;
    const std::size_t listed = std::min(number, listed_entries);
    std::string text = list(0, std::min(open, listed));
    if (open < listed)
      text +=
          fmt::format("<details><summary>{} more</summary>{}</details>\n", grouped(listed - open), list(open, listed));
    if (listed < number)
      text += fmt::format("<p class=\"over\">{} more are not listed here: read the report itself.</p>\n",
                          grouped(number - listed));
    return text;
  }

  std::vector<owned<finding>> found_;
  std::vector<owned<unchecked_item>> unchecked_;
};

}  // namespace knowngood::detail
