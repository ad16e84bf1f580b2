// name_template: the name of what belongs to an artifact (its checksum file, its manifest), made from the artifact's
// own.
//
// Layer: catalog. `{stem}_manifest.json` for `models_20251204_100000.tar.gz` is `models_20251204_100000_manifest.json`.
// Placeholders: {name}, {stem}, {timestamp} (as the name spells it), {series}.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/nearest.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/catalog/name_pattern.hpp"

namespace knowngood {

class name_template {
 public:
  static constexpr std::array<std::string_view, 4> placeholders{"name", "stem", "timestamp", "series"};

  /// Throws `usage_error` for an unknown placeholder, an absolute name or one with `..`, and for a template that would
  /// give every artifact the same name, unless `shared` says that one file may stand for all of them.
  explicit name_template(std::string_view text, bool shared = false) : text_{text} {
    if (text.empty()) throw usage_error{"a name must not be empty"};
    if (text.starts_with('/') || text == ".." || text.starts_with("../") ||
        text.find("/../") != std::string_view::npos || text.ends_with("/..")) {
      throw usage_error{fmt::format("the name `{}` leads out of the component's directory", printable(text))};
    }
    bool varies = false;
    for (std::size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
      const auto end = text.find('}', at);
      if (end == std::string_view::npos) {
        throw usage_error{fmt::format("the name `{}` has a `{{` without its `}}`", printable(text))};
      }
      const std::string_view word = text.substr(at + 1, end - at - 1);
      if (!is_known(word)) {
        const std::string_view meant = nearest(word, placeholders);
        throw usage_error{
            meant.empty()
                ? fmt::format("the name `{}` has the unknown placeholder `{{{}}}`: there are {{name}}, {{stem}}, "
                              "{{timestamp}} and {{series}}",
                              printable(text), printable(word))
                : fmt::format("the name `{}` has the unknown placeholder `{{{}}}`: did you mean `{{{}}}`?",
                              printable(text), printable(word), meant)};
      }
      varies = varies || word != "series";
    }
    varies_ = varies;
    if (!varies && !shared) {
      throw usage_error{
          fmt::format("the name `{}` is the same for every artifact: it needs {{name}}, {{stem}} or {{timestamp}}",
                      printable(text))};
    }
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// Whether it gives every artifact the same name: a directory's list.
  [[nodiscard]] bool shared() const noexcept { return !varies_; }
  [[nodiscard]] bool uses(std::string_view placeholder) const {
    return text_.find(fmt::format("{{{}}}", placeholder)) != std::string::npos;
  }

  /// The name that belongs to the artifact called `name`, of which its pattern says `said`; relative to its directory.
  [[nodiscard]] std::string expand(std::string_view name, const name_match& said) const {
    const std::array<std::string_view, 4> values{name, said.stem, said.timestamp_text, said.series};
    std::string out;
    std::string_view rest = text_;
    while (!rest.empty()) {
      const auto open = rest.find('{');
      out += rest.substr(0, open);
      if (open == std::string_view::npos) break;
      const auto close = rest.find('}', open);
      const std::string_view word = rest.substr(open + 1, close - open - 1);
      for (std::size_t i = 0; i < placeholders.size(); ++i) {
        if (word == placeholders[i]) out += values[i];
      }
      rest.remove_prefix(close + 1);
    }
    return out;
  }

  friend bool operator==(const name_template& a, const name_template& b) noexcept { return a.text_ == b.text_; }

 private:
  static bool is_known(std::string_view word) {
    for (const auto known : placeholders) {
      if (known == word) return true;
    }
    return false;
  }

  std::string text_;
  bool varies_ = false;
};

}  // namespace knowngood
