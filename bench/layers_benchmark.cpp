// How fast single layers are, on bytes in memory: what limits a verification, and whether a change moved it.
//   build/release/bin/layers_benchmark

#include <benchmark/benchmark.h>
#include <zlib.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "knowngood/codec/gunzip.hpp"
#include "knowngood/codec/inflate_zlib.hpp"
#include "knowngood/hash/digest.hpp"
#include "knowngood/io/drain.hpp"
#include "knowngood/io/memory_source.hpp"
#include "knowngood/postgres/dump_check.hpp"

namespace {

using namespace knowngood;

/// A dump of about `bytes`, its rows like those of a parts list: numbers, hex digests, words, timestamps.
std::string make_dump(std::size_t bytes) {
  std::string dump =
      "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n"
      "COPY public.parts (id, digest, name, made) FROM stdin;\n";
  std::uint64_t state = 88172645463325252U;
  const auto random = [&state] {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    return state;
  };
  for (std::uint64_t id = 1; dump.size() < bytes; ++id) {
    dump += fmt::format("{}\t{:016x}{:016x}\tpart number {}\t2025-12-{:02} {:02}:{:02}:00+00\n", id, random(), random(),
                        id % 997, id % 28 + 1, id % 24, id % 60);
  }
  return dump + "\\.\n\n--\n-- PostgreSQL database dump complete\n--\n\n";
}

std::string gzip(const std::string& plain) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::runtime_error{"zlib"};
  std::string packed(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error{"zlib"};
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

const std::string& dump() {
  static const std::string bytes = make_dump(std::size_t{64} << 20);
  return bytes;
}

const std::string& packed_dump() {
  static const std::string bytes = gzip(dump());
  return bytes;
}

constexpr std::size_t chunk = std::size_t{256} << 10;

void check_dump(benchmark::State& state) {
  for (auto _ : state) {
    finding_list findings;
    benchmark::DoNotOptimize(
        check_plain_dump(std::make_unique<memory_source>(dump(), chunk), location{"dump"}, findings));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(dump().size()));
}
BENCHMARK(check_dump)->Unit(benchmark::kMillisecond);

void scan_copy_rows(benchmark::State& state) {
  const std::size_t begin = dump().find("stdin;\n") + 7;
  const std::string_view data = std::string_view{dump()}.substr(begin);
  for (auto _ : state) {
    copy_rows rows{4, text_encoding::utf8};
    for (std::string_view rest = data; !rest.empty();) {
      std::string_view now = rest.substr(0, chunk);
      rest.remove_prefix(now.size());
      while (!now.empty()) {
        const auto step = rows.scan(now);
        now.remove_prefix(step.consumed);
        if (step.ended) rest = now = {};
      }
    }
    benchmark::DoNotOptimize(rows.rows().rows());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(data.size()));
}
BENCHMARK(scan_copy_rows)->Unit(benchmark::kMillisecond);

template <typename Engine>
void inflate(benchmark::State& state) {
  for (auto _ : state) {
    finding_list findings;
    gunzip<Engine> plain{std::make_unique<memory_source>(packed_dump(), chunk), location{"dump"}, findings};
    benchmark::DoNotOptimize(drain(plain));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(dump().size()));
}
BENCHMARK(inflate<default_inflate_engine>)->Unit(benchmark::kMillisecond);
BENCHMARK(inflate<zlib_inflate_engine>)->Unit(benchmark::kMillisecond);

void sha256(benchmark::State& state) {
  for (auto _ : state) {
    digest sum{digest_algorithm::sha256()};
    sum.update(std::as_bytes(std::span{packed_dump()}));
    benchmark::DoNotOptimize(sum.finish());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(packed_dump().size()));
}
BENCHMARK(sha256)->Unit(benchmark::kMillisecond);

}  // namespace
