// mutate: small artifacts of every kind, damaged at random and inspected, for as long as one likes. Built with the
// sanitizers of a preset that has them.
//
//   fuzz/make_seeds seeds
//   mutate seeds 600            600 seconds, from a number that it prints
//   mutate seeds 600 42         the same from 42
//   mutate seeds 0 42           the one input that 42 makes, written to `mutated` and inspected
// What it looks for: a crash, an exception that is none of knowngood's own, an input that takes more than ten
// seconds of the processor. Memory is bounded from outside: ASAN_OPTIONS=hard_rss_limit_mb=1024.
#include <sys/time.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/catalog/split_parts.hpp"
#include "knowngood/hash/checksum_file.hpp"
#include "knowngood/inspect/component_list.hpp"
#include "knowngood/inspect/inspector.hpp"
#include "knowngood/io/memory_source.hpp"
#include "knowngood/postgres/backup_label.hpp"
#include "knowngood/postgres/control_file.hpp"
#include "knowngood/postgres/database_list.hpp"
#include "knowngood/testing/scratch_directory.hpp"
#include "knowngood/verify/artifact_verifier.hpp"

namespace {

using namespace knowngood;

std::uint64_t current = 0;

extern "C" void say_which() { std::fprintf(stderr, "mutation %llu\n", static_cast<unsigned long long>(current)); }

extern "C" void too_long(int /*signal*/) {
  say_which();
  std::abort();
}

class counting_sink final : public sink {
 public:
  void report(finding what) override { worst = std::max(worst, what.severity); }
  void learn(property_fact) override {}
  void learn(table_fact) override {}
  void learn(ref_fact) override {}
  void learn(member_fact) override {}
  void learn(embedded_text_fact) override {}
  void learn(nested_backup_fact) override {}
  void unchecked(location, std::string, std::string) override { left_unchecked = true; }

  severity worst = severity::note;
  bool left_unchecked = false;
};

struct seed {
  std::string name;
  std::string bytes;
};

std::string mutated(const std::vector<seed>& seeds, std::uint64_t number, std::string& name) {
  std::mt19937_64 random{number};
  const auto below = [&](std::size_t limit) {
    return limit == 0 ? std::size_t{0} : static_cast<std::size_t>(random() % limit);
  };
  const seed& chosen = seeds[below(seeds.size())];
  name = chosen.name;
  std::string bytes = chosen.bytes;
  // Headers are where it matters: half of all places lie in the first blocks.
  const auto place = [&] {
    return below(random() % 2 == 0 ? std::min<std::size_t>(bytes.size(), 1536) : bytes.size());
  };
  for (std::size_t left = 1 + below(4); left > 0 && !bytes.empty(); --left) {
    const std::size_t at = place();
    const std::size_t size = std::min(bytes.size() - at, std::size_t{1} << below(11));
    switch (below(9)) {
      case 0: bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8))); break;
      case 1: bytes[at] = static_cast<char>(random()); break;
      case 2: bytes.replace(at, size, size, '\0'); break;
      case 3: bytes.replace(at, size, size, '\xFF'); break;
      case 4: bytes.erase(at, size); break;
      case 5: bytes.insert(at, bytes.substr(place(), size)); break;
      case 6: bytes.resize(std::max<std::size_t>(at, 1)); break;
      case 7: {
        const std::string& other = seeds[below(seeds.size())].bytes;
        bytes.insert(at, other.substr(below(other.size()), size));
        break;
      }
      default: {  // a number, in the form in which tar has them
        const std::string digits = fmt::format("{:011o}", random() >> below(64));
        bytes.replace(at, std::min(digits.size(), bytes.size() - at), digits);
      }
    }
  }
  return bytes;
}

// As a file, or as parts of one, beside nothing.
const char* verify(const std::string& bytes, const std::string& name, const limits& bounds,
                   const std::filesystem::path& directory, std::uint64_t number) {
  verify_options options;
  options.bounds = bounds;
  options.overlap_from = number % 2 == 0 ? std::uint64_t{1} << 20U : 0;
  artifact_task task;
  task.path = (directory / name).string();
  if (number % 3 == 0) task.kind = component_kind::full_system;
  const std::size_t parts = number % 4 == 0 ? 3 : 1;
  for (std::size_t i = 0; i < parts; ++i) {
    const std::size_t from = bytes.size() * i / parts;
    const std::string path = parts == 1 ? task.path : fmt::format("{}.part-a{}", task.path, "abc"[i]);
    std::ofstream{path, std::ios::binary} << bytes.substr(from, bytes.size() * (i + 1) / parts - from);
    if (parts > 1) task.parts.push_back(path);
  }
  task.size = bytes.size();
  const artifact_report report = verify_artifact(task, options);
  std::filesystem::remove(task.path);
  for (const auto& part : task.parts) std::filesystem::remove(part);
  switch (report.verdict) {
    case verdict::unsound: return "verified: unsound";
    case verdict::unchecked: return "verified: unchecked";
    default: return "verified: passed";
  }
}

const char* inspect(const std::string& bytes, const std::string& name, std::size_t chunk,
                    const std::filesystem::path& directory, std::uint64_t number) {
  static_cast<void>(parse_checksum_list(bytes, name));
  static_cast<void>(ticks_off_components(bytes));
  static_cast<void>(parse_database_list(std::as_bytes(std::span{bytes})));
  static_cast<void>(parse_filenode_map(std::as_bytes(std::span{bytes})));
  static_cast<void>(parse_control_file(std::as_bytes(std::span{bytes})));
  static_cast<void>(parse_backup_label(bytes));
  static_cast<void>(split_name_of(name + bytes.substr(0, 8)));
  limits bounds;
  bounds.expanded_bytes = std::uint64_t{64} << 20;
  bounds.list_bytes = std::uint64_t{1} << 20;
  if (number % 5 < 2) return verify(bytes, name, bounds, directory, number / 5);
  counting_sink heard;
  inspector look{bounds, heard, {}};
  try {
    const location where{name};
    auto from = std::make_unique<memory_source>(bytes, chunk);
    if (name.starts_with("directory")) {
      tar_reader members{std::move(from), where, bounds, heard};
      look.inspect_directory(members, where);
    } else {
      look.inspect(std::move(from), where, bytes.size(), claims_of(name));
    }
  } catch (const stream_error&) {
    return "failed";
  } catch (const environment_error&) {
    return "could not be checked";
  }
  if (heard.worst == severity::error) return "found damaged";
  return heard.left_unchecked ? "left unchecked" : "passed";
}

}  // namespace

#if defined(__SANITIZE_ADDRESS__)
extern "C" void __sanitizer_set_death_callback(void (*callback)());
#endif

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: mutate DIRECTORY-OF-SEEDS SECONDS [NUMBER]\n", stderr);
    return 2;
  }
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_set_death_callback(&say_which);
#endif
  std::signal(SIGPROF, &too_long);
  std::set_terminate([] {
    say_which();
    std::abort();
  });
  std::vector<seed> seeds;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator{argv[1]}) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    std::ifstream file{path, std::ios::binary};
    seeds.push_back(
        {path.filename().string(), {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}}});
  }
  const scratch_directory scratch;
  const auto seconds = std::chrono::seconds{std::strtol(argv[2], nullptr, 10)};
  current = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : std::random_device{}();
  std::printf("from mutation %llu, %zu seeds\n", static_cast<unsigned long long>(current), seeds.size());
  constexpr std::size_t chunks[] = {1, 511, 4096, 65'536};
  std::map<std::string, std::uint64_t> outcomes;
  const auto end = std::chrono::steady_clock::now() + seconds;
  do {
    std::string name;
    const std::string bytes = mutated(seeds, current, name);
    if (seconds.count() == 0) std::ofstream{"mutated", std::ios::binary} << bytes;
    constexpr itimerval most{{0, 0}, {10, 0}};  // of the processor: a busy machine is no fault
    ::setitimer(ITIMER_PROF, &most, nullptr);
    ++outcomes[inspect(bytes, name, chunks[current % std::size(chunks)], scratch.path(), current)];
    ++current;
  } while (std::chrono::steady_clock::now() < end);
  for (const auto& [outcome, times] : outcomes) {
    std::printf("%s: %llu\n", outcome.c_str(), static_cast<unsigned long long>(times));
  }
  return 0;
}
