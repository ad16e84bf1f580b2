// One thing that knowngood can find, with its stable id. The catalogue of all of them is base/checks.hpp.
//
// Layer: base.
#pragma once

#include <string_view>

#include "knowngood/base/severity.hpp"

namespace knowngood {

/// An entry of the catalogue. All of it has static storage duration.
struct check {
  std::string_view id;       ///< stable, kebab-case with a dotted family; never reused for something else
  severity usual;            ///< the severity of its findings unless a layer has a reason to differ
  std::string_view meaning;  ///< what is the case when this is found, one clause
  std::string_view advice;   ///< what to do next, for a person at 3 AM
};

}  // namespace knowngood
