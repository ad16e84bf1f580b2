// borrowed: lends a source to a stack that wants to own its upstream; the lender keeps it, and may go on reading after.
//
// Layer: io. Example: inspecting a file, then draining what the inspection left so that the outer digest is whole.
#pragma once

#include <memory>

#include "knowngood/io/source.hpp"

namespace knowngood {

class borrowed final : public source {
 public:
  /// `lender` outlives this object.
  explicit borrowed(source& lender) : lender_{lender} {}

 private:
  bool grant_retention(std::size_t chunks) override { return lender_.retain(chunks); }
  byte_view produce() override { return lender_.next(); }

  source& lender_;
};

inline std::unique_ptr<source> borrow(source& lender) { return std::make_unique<borrowed>(lender); }

}  // namespace knowngood
