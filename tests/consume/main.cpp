// What a user of the checksum layer alone writes: one header, one target, OpenSSL and nothing else of knowngood's.
#include <cstdio>

#include <knowngood/hash/digest.hpp>
#include <knowngood/io/memory_source.hpp>

int main() {
  knowngood::memory_source bytes{"abc"};
  knowngood::digest sha256{knowngood::digest_algorithm::sha256()};
  for (auto chunk = bytes.next(); !chunk.empty(); chunk = bytes.next()) sha256.update(chunk);
  std::puts(sha256.finish().c_str());
}
