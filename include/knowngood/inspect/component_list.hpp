// ticked_off: the components that a full backup's MANIFEST.txt says it holds, a check mark before each.
//
// Layer: inspect. Example: ticked_off("✅ PostgreSQL Database") == "PostgreSQL Database".
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace knowngood {

/// What stands behind the mark of a line of a check list: `✅ Database`, `- [x] Database`; nothing for other lines.
inline std::string ticked_off(std::string_view line) {
  const auto drop = [&line](std::string_view head) {
    const bool there = line.starts_with(head);
    if (there) line.remove_prefix(head.size());
    return there;
  };
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  static_cast<void>(drop("- ") || drop("* "));
  for (const std::string_view mark : {"✅", "☑", "✔️", "✔", "✓", "[x]", "[X]"}) {
    if (!drop(mark)) continue;
    if (!drop(" ") && !drop("\t")) return {};
    return std::string{line};
  }
  return {};
}

/// Whether `text` ticks off anything: a MANIFEST of Python, of Java or of a web application does not.
inline bool ticks_off_components(std::string_view text) {
  while (!text.empty()) {
    const std::size_t feed = text.find('\n');
    if (!ticked_off(text.substr(0, feed)).empty()) return true;
    text.remove_prefix(feed == std::string_view::npos ? text.size() : feed + 1);
  }
  return false;
}

}  // namespace knowngood
