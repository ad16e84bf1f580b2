// inflate_step: what one call of a DEFLATE decoder came to.
//
// Layer: codec.
#pragma once

#include <cstddef>
#include <string_view>

namespace knowngood {

enum class inflate_status : unsigned char {
  running,  ///< neither ended nor failed
  ended,    ///< the final block is complete and all of it was produced
  failed,   ///< the data is no DEFLATE stream; only `reset()` may follow
};

struct inflate_step {
  std::size_t consumed = 0;  ///< bytes taken from the front of the input
  std::size_t produced = 0;  ///< bytes written to the front of the output
  inflate_status status = inflate_status::running;
  std::string_view reason;  ///< why it failed; static storage
};

}  // namespace knowngood
