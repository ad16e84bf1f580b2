// What a user of the checksum layer alone writes: one header, one target, OpenSSL and nothing else of restorable's.
#include <cstdio>

#include <restorable/hash/digest.hpp>
#include <restorable/io/memory_source.hpp>

int main() {
  restorable::memory_source bytes{"abc"};
  restorable::digest sha256{restorable::digest_algorithm::sha256()};
  for (auto chunk = bytes.next(); !chunk.empty(); chunk = bytes.next()) sha256.update(chunk);
  std::puts(sha256.finish().c_str());
}
