// For tests of readers other than tar's: what reading an archive through came to.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "archive/tar_bytes.hpp"
#include "knowngood/archive/member_reader.hpp"

namespace tar_bytes {

struct archive_reading {
  std::map<std::string, std::string> files;
  std::vector<std::string> unreadable;
  std::vector<std::string> checks;  // what was reported, then what failed members, then what was thrown
  bool errors = false;
  bool thrown = false;
  bool carries_checksum = false;
  std::optional<std::string> unchecked;

  [[nodiscard]] bool unsound() const { return errors; }
};

/// Reads on behind a member whose content is damaged, as the inspector does.
inline archive_reading read_through(member_reader& reader, finding_list& findings) {
  archive_reading result;
  std::vector<std::string> failed;
  try {
    while (const tar_member* member = reader.next()) {
      if (!member->unreadable.empty()) {
        result.unreadable.push_back(member->name);
        continue;
      }
      if (member->type != entry_type::file) continue;
      std::string& content = result.files[member->name];
      try {
        source& body = reader.body();
        for (byte_view chunk = body.next(); !chunk.empty(); chunk = body.next()) {
          content.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
        }
      } catch (const stream_error& error) {
        failed.push_back("member " + error.as_finding().check);
      }
    }
    EXPECT_EQ(reader.next(), nullptr) << "an end stays an end";
    result.carries_checksum = reader.carries_checksum();
  } catch (const stream_error& error) {
    failed.push_back("thrown " + error.as_finding().check);
    result.thrown = true;
    EXPECT_THROW((void)reader.next(), stream_error) << "a failure stays one";
  } catch (const environment_error& error) {
    result.unchecked = error.what();
  }
  for (const auto& one : findings.snapshot()) {
    result.checks.push_back(one.check);
    result.errors |= one.severity == severity::error;
  }
  result.errors |= !failed.empty();
  result.checks.insert(result.checks.end(), failed.begin(), failed.end());
  return result;
}

/// A tree of a few small files for the tools to archive, in `t`.
inline constexpr const char* make_small_tree =
    "mkdir -p t/d; printf 'one\\n' > t/a; seq 1 300 > t/numbers; head -c 700 /dev/urandom > t/noise; : > t/nothing; "
    "echo deep > t/d/deep; ";

}  // namespace tar_bytes
