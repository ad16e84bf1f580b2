#include "knowngood/io/read_ahead.hpp"

#include <gtest/gtest.h>

#include "knowngood/io/file_source.hpp"
#include "knowngood/io/lookahead.hpp"
#include "knowngood/io/observed.hpp"
#include "knowngood/testing/source_suite.hpp"

namespace read_ahead_test {

using namespace knowngood;

std::string sample(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 2654435761U) >> 13U);
  return bytes;
}

TEST(read_ahead, passes_the_suite_over_an_upstream_that_retains) {
  const std::string bytes = sample(5000);
  expect_conforming([](auto up) { return std::make_unique<read_ahead>(std::move(up)); }, bytes, bytes);
}

TEST(read_ahead, passes_the_suite_over_an_upstream_that_does_not_retain) {
  const std::string bytes = sample(5000);
  for (const std::size_t buffer : {std::size_t{1}, std::size_t{3}, std::size_t{100}, std::size_t{8192}}) {
    expect_conforming(
        [buffer](auto up) {
          struct no_retention final : source {
            explicit no_retention(std::unique_ptr<source> inner) : upstream{std::move(inner)} {}
            byte_view produce() override { return upstream->next(); }
            std::unique_ptr<source> upstream;
          };
          return std::make_unique<read_ahead>(std::make_unique<no_retention>(std::move(up)), 2, buffer);
        },
        bytes, bytes);
  }
}

TEST(read_ahead, can_be_dropped_at_any_moment) {
  const std::string bytes = sample(100'000);
  for (int chunks = 0; chunks < 12; ++chunks) {
    read_ahead ahead{std::make_unique<memory_source>(bytes, 1000), 3};
    for (int i = 0; i < chunks; ++i) static_cast<void>(ahead.next());
  }
}

TEST(lookahead, passes_the_suite_and_shows_the_first_bytes_without_consuming_them) {
  const std::string bytes = sample(3000);
  for (const std::size_t peeked : std::vector<std::size_t>{0, 1, 2, 512, 1024, 2999, 3000, 9999}) {
    expect_conforming(
        [&](auto up) {
          auto layer = std::make_unique<lookahead>(std::move(up));
          const byte_view head = layer->peek(peeked);
          EXPECT_LE(head.size(), peeked);
          EXPECT_TRUE(bytes.starts_with(std::string_view{reinterpret_cast<const char*>(head.data()), head.size()}));
          return layer;
        },
        bytes, bytes);
    lookahead layer{std::make_unique<memory_source>(bytes, 10)};
    EXPECT_EQ(layer.peek(peeked).size(), std::min(peeked, bytes.size()));
    EXPECT_EQ(layer.peek(peeked / 2).size(), std::min(peeked / 2, bytes.size()));
  }
}

TEST(observed, shows_every_byte_once) {
  const std::string bytes = sample(3000);
  std::string seen;
  expect_conforming(
      [&](auto up) {
        seen.clear();
        return observe(std::move(up), [&](byte_view chunk) {
          seen.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
        });
      },
      bytes, bytes);
}

}  // namespace read_ahead_test
