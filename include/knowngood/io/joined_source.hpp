// joined_source: several files, one after the other, as one stream; what `split` took apart.
//
// Layer: io. Example: joined_source whole{{"x.tar.gz.part-aa", "x.tar.gz.part-ab"}, on_bytes};
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/io/file_source.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

class joined_source final : public source {
 public:
  /// `on_bytes(part, chunk)` hears of every chunk as it is read. Each file is opened when its turn comes, and then
  /// throws `environment_error` where it cannot be.
  explicit joined_source(std::vector<std::string> paths,
                         std::function<void(std::size_t part, byte_view chunk)> on_bytes = {})
      : paths_{std::move(paths)}, on_bytes_{std::move(on_bytes)} {}

 private:
  byte_view produce() override {
    for (;;) {
      if (!now_) {
        if (next_ == paths_.size()) return {};
        now_ = std::make_unique<file_source>(paths_[next_], location{paths_[next_]});
        ++next_;
      }
      const byte_view chunk = now_->next();
      if (!chunk.empty()) {
        if (on_bytes_) on_bytes_(next_ - 1, chunk);
        return chunk;
      }
      now_.reset();
    }
  }

  std::vector<std::string> paths_;
  std::function<void(std::size_t, byte_view)> on_bytes_;
  std::unique_ptr<file_source> now_;
  std::size_t next_ = 0;
};

}  // namespace knowngood
