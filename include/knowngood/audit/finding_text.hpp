// finding_text: findings and what could not be checked, as text for people, with where they lie and what to do.
//
// Layer: audit. What audit/report_text.hpp and audit/drill_text.hpp share. Example:
//   finding_text page{style, "/backups/"}; page.show(artifact.findings, artifact.path, 4); page.text();
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/counted.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/text_layout.hpp"

namespace knowngood::detail {

class finding_text {
 public:
  /// `root`: a directory with its slash that paths are shown without; empty for none.
  finding_text(const text_style& style, std::string root)
      : layout_{style}, notes_{style.notes || style.verbose}, root_{std::move(root)} {}

  [[nodiscard]] const text_layout& layout() const noexcept { return layout_; }
  [[nodiscard]] bool notes() const noexcept { return notes_; }

  struct look {
    std::string_view mark;
    ink colour;
  };
  static look look_of(verdict value) {
    switch (value) {
      case verdict::sound: return {"✓", ink::green};
      case verdict::unprotected: return {"!", ink::yellow};
      case verdict::unchecked: return {"?", ink::magenta};
      case verdict::unsound: return {"✗", ink::red};
    }
    return {"✗", ink::red};
  }
  static ink colour_of(severity level) {
    return level == severity::error ? ink::red : level == severity::warning ? ink::yellow : ink::dim;
  }
  static std::string upper(std::string_view word) {
    std::string text{word};
    for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return text;
  }

  [[nodiscard]] std::string_view relative(std::string_view path) const {
    return !root_.empty() && path.starts_with(root_) && path.size() > root_.size() ? path.substr(root_.size()) : path;
  }

  /// What a location adds to the artifact that it is shown under.
  [[nodiscard]] std::string place(const location& where, std::string_view artifact) const {
    std::string text;
    bool first = true;
    for (const auto& name : where.chain()) {
      const bool is_artifact = first && !artifact.empty() && (name == artifact || name == file_name_of(artifact));
      if (!is_artifact) text += (text.empty() ? "" : layout_.own(" » ")) + layout_.name(first ? relative(name) : name);
      first = false;
    }
    if (where.offset()) text += fmt::format("{}at byte {}", text.empty() ? "" : " ", *where.offset());
    return text;
  }

  void line(std::string_view text) {
    while (text.ends_with(' ')) text.remove_suffix(1);
    out_ += text;
    out_ += '\n';
  }

  /// The gravest first, those of one check together, with their advice once.
  void show(const std::vector<finding>& findings, std::string_view artifact, std::size_t indent) {
    for (const severity level : {severity::error, severity::warning, severity::note}) {
      if (level == severity::note && !notes_) continue;
      std::vector<std::string_view> order;
      std::map<std::string_view, std::vector<const finding*>> by_check;
      for (const auto& one : findings) {
        if (one.severity != level) continue;
        auto& group = by_check[one.check];
        if (group.empty()) order.push_back(one.check);
        group.push_back(&one);
      }
      for (const auto check : order) show_group(by_check[check], artifact, indent);
    }
  }

  void show(const std::vector<unchecked_item>& items, std::string_view artifact, std::size_t indent) {
    const std::size_t shown =
        layout_.style().verbose || items.size() <= unchecked_items ? items.size() : unchecked_items;
    for (std::size_t i = 0; i < shown; ++i) {
      const std::string where = place(items[i].where, artifact);
      const std::string text = layout_.name(items[i].message);
      out_ += std::string(indent, ' ') + layout_.paint("unchecked", ink::magenta) + "  ";
      out_ += layout_.paragraph(indent + 11, "", where.empty() ? text : where + ": " + text).substr(indent + 11);
      if (i + 1 == shown || items[i].advice != items[i + 1].advice) advise(items[i].advice, indent + 11);
    }
    if (shown < items.size()) more(items.size() - shown, indent + 11);
  }

 protected:
  text_layout layout_;
  bool notes_;
  std::string root_;
  std::string out_;

 private:
  static constexpr std::size_t repeated_findings = 3;  ///< of one check in one artifact, unless verbose
  static constexpr std::size_t unchecked_items = 10;   ///< of one artifact, unless verbose

  void show_group(const std::vector<const finding*>& group, std::string_view artifact, std::size_t indent) {
    const std::size_t shown =
        layout_.style().verbose || group.size() <= repeated_findings + 1 ? group.size() : repeated_findings;
    const std::size_t inner = indent + 9;
    for (std::size_t i = 0; i < shown; ++i) {
      const finding& one = *group[i];
      std::string title = text_layout::fill(std::string{to_string(one.severity)}, 9);
      title.resize(std::min<std::size_t>(title.size(), title.find(' ')));
      const std::string where = place(one.where, artifact);
      line(fmt::format("{}{}{}{}{}{}", std::string(indent, ' '), layout_.paint(title, colour_of(one.severity)),
                       std::string(9 - title.size(), ' '), layout_.paint(layout_.name(one.check), ink::bold),
                       where.empty() ? "" : "  ", where));
      if (i == 0 || one.message != group[i - 1]->message) {
        out_ += layout_.paragraph(inner, "", layout_.name(one.message));
      }
      if (!one.expected.empty()) out_ += layout_.paragraph(inner, "expected  ", layout_.name(one.expected));
      if (!one.actual.empty()) out_ += layout_.paragraph(inner, "actual    ", layout_.name(one.actual));
    }
    if (shown < group.size()) {
      more(group.size() - shown, inner);
    }
    advise(advice_for(group.front()->check), inner);
  }

  void more(std::size_t number, std::size_t indent) {
    line(std::string(indent, ' ') + layout_.own(fmt::format("… and {} more (--verbose lists them)", grouped(number))));
  }

  void advise(std::string_view advice, std::size_t indent) {
    if (!advice.empty()) out_ += layout_.paragraph(indent, layout_.own("→ "), layout_.name(advice));
  }
};

}  // namespace knowngood::detail
