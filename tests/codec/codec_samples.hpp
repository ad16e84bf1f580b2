// Contents that tests compress: what compressors find easy, hard and awkward. Seeded, so that a failure comes again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace knowngood {

inline std::string random_bytes(std::size_t size, std::uint32_t seed) {
  std::mt19937 engine{seed};
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(engine() & 0xFFU);
  return bytes;
}

/// Lines as a dump has them: words, numbers, hexadecimal.
inline std::string dump_text(std::size_t size, std::uint32_t seed) {
  static const std::vector<std::string> words{"incident", "valve", "open", "closed", "pressure", "edge", "\\N", "node"};
  std::mt19937 engine{seed};
  std::string text;
  while (text.size() < size) {
    text += std::to_string(engine() % 100000) + '\t' + words[engine() % words.size()] + '\t';
    for (int i = 0; i < 8; ++i) text += "0123456789abcdef"[engine() % 16];
    text += '\t' + words[engine() % words.size()] + ' ' + words[engine() % words.size()] + '\n';
  }
  text.resize(size);
  return text;
}

struct named_content {
  std::string name;
  std::string bytes;
};

inline std::vector<named_content> contents() {
  return {{"nothing", ""},
          {"one byte", "x"},
          {"a line", "hello, knowngood\n"},
          {"zeros", std::string(300'000, '\0')},
          {"text", dump_text(280'000, 1)},
          {"random", random_bytes(70'000, 2)},
          {"mixed", dump_text(40'000, 3) + random_bytes(40'000, 4) + std::string(70'000, 'a') + dump_text(9'000, 5)}};
}

}  // namespace knowngood
