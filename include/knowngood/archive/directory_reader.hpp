// directory_reader: a directory's files, links and directories as the members that a tar of it would have.
//
// Layer: archive. A backup that is stored as a directory is judged as an archive of it is. No link is followed.
// Example:
//   directory_reader inside{"/backups/base", [&](const std::string& name, byte_view chunk) { … }};
//   while (const tar_member* member = inside.next()) drain(inside.body());
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "knowngood/archive/member_reader.hpp"
#include "knowngood/archive/tar_member.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/io/file_source.hpp"
#include "knowngood/io/memory_source.hpp"
#include "knowngood/io/observed.hpp"

namespace knowngood {

class directory_reader final : public member_reader {
 public:
  /// `on_bytes(name, chunk)` hears of every chunk of a member as it is read. Of each directory an entry named `first`,
  /// which the others hang on, comes first. Throws `environment_error`, from `next()` and bodies too, where something
  /// cannot be looked at, and beyond the limit `entries`.
  directory_reader(std::filesystem::path root, location where, const limits& bounds,
                   std::function<void(const std::string& name, byte_view chunk)> on_bytes, std::string first = {})
      : root_{std::move(root)},
        where_{std::move(where)},
        bounds_{bounds},
        on_bytes_{std::move(on_bytes)},
        first_{std::move(first)} {
    push(root_);
  }

  const tar_member* next() override {
    body_.reset();
    while (!open_.empty()) {
      if (open_.back().empty()) {
        open_.pop_back();
        continue;
      }
      const std::filesystem::directory_entry entry = std::move(open_.back().back());
      open_.back().pop_back();
      describe(entry);
      require_within(bounds_, member_, ++count_, where_);
      if (member_.type == entry_type::directory) push(entry.path());
      return &member_;
    }
    return nullptr;
  }

  [[nodiscard]] source& body() override {
    if (body_) return *body_;
    if (member_.type != entry_type::file) {
      body_ = std::make_unique<memory_source>(std::string{});
    } else {
      body_ = observe(std::make_unique<file_source>((root_ / member_.name).string(), where_ / member_.name),
                      [this](byte_view chunk) { on_bytes_(member_.name, chunk); });
    }
    return *body_;
  }

 private:
  void push(const std::filesystem::path& folder) {
    std::error_code error;
    std::vector<std::filesystem::directory_entry> entries;
    auto walk = std::filesystem::directory_iterator{folder, error};
    for (; !error && walk != std::filesystem::directory_iterator{}; walk.increment(error)) entries.push_back(*walk);
    if (error) throw system_error(location{folder.string()}, "list the directory", error.value());
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return b < a; });  // taken from behind
    const auto before = std::find_if(entries.begin(), entries.end(),
                                     [&](const auto& entry) { return entry.path().filename() == first_; });
    if (before != entries.end()) std::rotate(before, before + 1, entries.end());
    open_.push_back(std::move(entries));
  }

  void describe(const std::filesystem::directory_entry& entry) {
    std::error_code error;
    const auto status = entry.symlink_status(error);
    if (error) throw system_error(location{entry.path().string()}, "look at it", error.value());
    member_ = {};
    member_.name = entry.path().lexically_relative(root_).string();
    member_.mode = static_cast<unsigned>(status.permissions()) & 07777U;
    member_.type = type_of(status.type());
    if (member_.type == entry_type::symlink) {
      member_.link_target = std::filesystem::read_symlink(entry.path(), error).string();
    } else if (member_.type == entry_type::file) {
      member_.size = entry.file_size(error);
      const auto written = entry.last_write_time(error);
      if (!error) {
        member_.modified =
            std::chrono::duration<double>(std::chrono::file_clock::to_sys(written).time_since_epoch()).count();
      }
    }
    if (error) throw system_error(location{entry.path().string()}, "look at it", error.value());
  }

  static entry_type type_of(std::filesystem::file_type type) noexcept {
    switch (type) {
      case std::filesystem::file_type::regular: return entry_type::file;
      case std::filesystem::file_type::directory: return entry_type::directory;
      case std::filesystem::file_type::symlink: return entry_type::symlink;
      case std::filesystem::file_type::block: return entry_type::block_device;
      case std::filesystem::file_type::character: return entry_type::character_device;
      case std::filesystem::file_type::fifo: return entry_type::fifo;
      default: return entry_type::other;
    }
  }

  std::filesystem::path root_;
  location where_;
  limits bounds_;
  std::function<void(const std::string& name, byte_view chunk)> on_bytes_;
  std::string first_;
  std::vector<std::vector<std::filesystem::directory_entry>> open_;  // of each directory on the way, what is left
  tar_member member_;
  std::unique_ptr<source> body_;
  std::uint64_t count_ = 0;
};

}  // namespace knowngood
