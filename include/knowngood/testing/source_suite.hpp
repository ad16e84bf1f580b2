// The conformance suite that every source passes: any chunking gives the same bytes, the end and a failure stay,
// nothing is an end that was not proved.
//
// Layer: testing (GoogleTest). Example:
//   expect_conforming([](auto up) { return std::make_unique<gunzip>(std::move(up), ...); }, compressed, plain);
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/io/memory_source.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/testing/damage.hpp"

namespace knowngood {

/// Builds the layer under test on an upstream that it takes over.
using layer_factory = std::function<std::unique_ptr<source>(std::unique_ptr<source>)>;

/// What reading a source to its end came to: the bytes before the end or failure, and the failure.
struct reading {
  std::string bytes;
  std::optional<finding> failure;
};

inline reading read_through(source& from) {
  reading result;
  try {
    for (byte_view chunk = from.next(); !chunk.empty(); chunk = from.next()) {
      result.bytes.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
    }
  } catch (const stream_error& error) {
    result.failure = error.as_finding();
  }
  return result;
}

/// An upstream that delivers `bytes` in chunks of `chunk` and then fails with `file.unreadable`.
class failing_source final : public source {
 public:
  failing_source(std::string bytes, std::size_t chunk) : inner_{std::move(bytes), chunk} {}
  static constexpr std::string_view check_id = "file.unreadable";

 private:
  byte_view produce() override {
    const byte_view chunk = inner_.next();
    if (chunk.empty()) throw stream_error{checks::file_unreadable, location{}.at(delivered()), "injected failure"};
    return chunk;
  }
  memory_source inner_;
};

/// `make` over `encoded` yields exactly `decoded`, whatever the chunking; end and failure are sticky; an upstream's
/// failure comes through as it is.
inline void expect_conforming(const layer_factory& make, const std::string& encoded, const std::string& decoded) {
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{511},
                                  std::size_t{512}, std::size_t{513}, std::size_t{65'536}, encoded.size() + 1}) {
    SCOPED_TRACE(fmt::format("chunks of {} bytes", chunk));
    const auto layer = make(std::make_unique<memory_source>(encoded, chunk));
    const reading got = read_through(*layer);
    ASSERT_FALSE(got.failure) << got.failure->message;
    ASSERT_EQ(got.bytes.size(), decoded.size());
    ASSERT_TRUE(got.bytes == decoded) << "content differs";
    EXPECT_TRUE(layer->ended());
    EXPECT_EQ(layer->delivered(), decoded.size());
    EXPECT_TRUE(layer->next().empty()) << "an end stays an end";
    EXPECT_TRUE(layer->next().empty()) << "an end stays an end";
  }
  for (const std::size_t kept : {std::size_t{0}, encoded.size() / 2, encoded.size()}) {
    SCOPED_TRACE(fmt::format("upstream fails after {} bytes", kept));
    const auto layer = make(std::make_unique<failing_source>(encoded.substr(0, kept), 5));
    const reading got = read_through(*layer);
    ASSERT_TRUE(got.failure);
    EXPECT_EQ(got.failure->check, failing_source::check_id);
    EXPECT_TRUE(decoded.starts_with(got.bytes)) << "what came before the failure is a prefix";
    for (int again = 0; again < 2; ++again) EXPECT_THROW((void)layer->next(), stream_error) << "a failure stays one";
  }
}

/// Every proper prefix of `encoded` for which `whole` does not say that it is complete in itself fails with a
/// `stream_error`, and what was delivered before is a prefix of `decoded`.
inline void expect_every_cut_found(
    const layer_factory& make, const std::string& encoded, const std::string& decoded,
    const std::function<bool(std::size_t)>& whole = [](std::size_t) { return false; }) {
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    if (whole(size)) continue;
    const auto layer = make(std::make_unique<memory_source>(encoded.substr(0, size), 64));
    const reading got = read_through(*layer);
    ASSERT_TRUE(got.failure) << "cut at byte " << size << " of " << encoded.size() << " passed silently";
    ASSERT_TRUE(decoded.starts_with(got.bytes)) << "cut at byte " << size;
    ASSERT_THROW((void)layer->next(), stream_error) << "cut at byte " << size;
  }
}

}  // namespace knowngood
