// dump_mutations SEEDS SECONDS [SEED]: damages small dumps at random and verifies each twice, cut into different
// chunks. Both have to end, with the same findings and the same rows; whatever sanitizers the program is built with
// have to be silent. What fails is written to mutation.sql, and the program ends with status 1.

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "knowngood/inspect/detect_content.hpp"
#include "knowngood/io/memory_source.hpp"
#include "knowngood/postgres/dump_check.hpp"

namespace {

using namespace knowngood;

std::string outcome_of(const std::string& script, std::size_t chunk) {
  finding_list findings;
  std::string outcome;
  try {
    const dump_summary summary =
        check_plain_dump(std::make_unique<memory_source>(script, chunk), location{"dump.sql"}, findings);
    for (const auto& table : summary.tables) {
      outcome += fmt::format("{} {} {} {}\n", table.name, table.rows.rows(), table.rows.fingerprint(), table.inserted);
    }
  } catch (const stream_error& error) {
    findings.report(error.as_finding());
  }
  for (const auto& one : findings.snapshot()) {
    outcome += fmt::format("{} {} {}\n", one.check, one.where.to_string(), one.message);
  }
  return outcome;
}

class mutator {
 public:
  mutator(std::vector<std::string> seeds, std::uint64_t seed) : seeds_{std::move(seeds)}, random_{seed} {}

  std::string next() {
    std::string text = seeds_[below(seeds_.size())];
    for (std::size_t times = 1 + below(4); times > 0 && !text.empty(); --times) mutate(text);
    return text;
  }

  std::size_t below(std::size_t count) { return static_cast<std::size_t>(random_() % count); }

 private:
  void mutate(std::string& text) {
    static const std::vector<std::string> pieces{std::string(1, '\0'),
                                                 "\r",
                                                 "\r\n",
                                                 "\n",
                                                 "\\",
                                                 "\\.",
                                                 "\n\\.\n",
                                                 "\\N",
                                                 "\\q",
                                                 "'",
                                                 "\"",
                                                 "$$",
                                                 "$a$",
                                                 "--",
                                                 "/*",
                                                 "*/",
                                                 ";",
                                                 "(",
                                                 ")",
                                                 "\t",
                                                 "\x80",
                                                 "\xFF",
                                                 "\xC3",
                                                 "\x95\x5C",
                                                 "\xED\xA0\x80",
                                                 "\xEF\xBB\xBF",
                                                 "--\n-- PostgreSQL database dump\n--\n",
                                                 "--\n-- PostgreSQL database dump complete\n--\n",
                                                 "\nCOPY t (a, b) FROM stdin;\n",
                                                 "\\connect a\n",
                                                 "\\restrict K\n",
                                                 "\\unrestrict K\n",
                                                 "SET client_encoding = 'SJIS';\n",
                                                 "SET client_encoding = 'GB18030';\n",
                                                 "it's a notice\n",
                                                 "BEGIN;\n",
                                                 "COMMIT;\n",
                                                 "SET standard_conforming_strings = off;\n",
                                                 "INSERT INTO t VALUES (1, E'\\'');\n",
                                                 std::string(512, '\0')};
    const std::size_t at = below(text.size());
    switch (below(7)) {
      case 0: text[at] = static_cast<char>(text[at] ^ (1U << below(8))); break;
      case 1: text.insert(at, pieces[below(pieces.size())]); break;
      case 2: text.erase(at, 1 + below(64)); break;
      case 3: text.resize(at); break;
      case 4: text.insert(at, text.substr(below(text.size()), below(300))); break;
      case 5: {  // a line twice, or one less
        const std::size_t line = text.rfind('\n', at) + 1;
        const std::size_t end = std::min(text.find('\n', line), text.size() - 1) + 1;
        if (below(2) == 0) {
          text.insert(line, text.substr(line, end - line));
        } else {
          text.erase(line, end - line);
        }
        break;
      }
      default: text += seeds_[below(seeds_.size())]; break;
    }
  }

  std::vector<std::string> seeds_;
  std::mt19937_64 random_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::cerr << "usage: dump_mutations SEEDS SECONDS [SEED]\n";
    return 2;
  }
  std::vector<std::string> seeds;
  for (const auto& entry : std::filesystem::directory_iterator{arguments[1]}) {
    std::ifstream file{entry.path(), std::ios::binary};
    seeds.emplace_back(std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{});
  }
  const std::uint64_t seed = count > 3 ? std::strtoull(arguments[3], nullptr, 10) : std::random_device{}();
  mutator mutations{std::move(seeds), seed};
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{std::atoi(arguments[2])};
  std::uint64_t made = 0;
  for (; std::chrono::steady_clock::now() < end; ++made) {
    const std::string text = mutations.next();
    std::ofstream{"mutation.sql", std::ios::binary} << text;  // of a crash, too
    detect_content(std::as_bytes(std::span{text}));
    const std::string whole = outcome_of(text, text.size() + 1);
    const std::string cut = outcome_of(text, 1 + mutations.below(300));
    if (whole == cut) continue;
    std::cerr << fmt::format("seed {}, mutation {}: not the same in other chunks\n--- whole\n{}--- cut\n{}", seed, made,
                             whole, cut);
    return 1;
  }
  std::filesystem::remove("mutation.sql");
  std::cout << fmt::format("{} mutations with seed {}: nothing found\n", made, seed);
}
