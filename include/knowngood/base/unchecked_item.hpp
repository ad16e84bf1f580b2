// unchecked_item: something that could not be checked, and what to do about it.
//
// Layer: base. What was asked and could not be looked at is neither sound nor unsound. Example:
//   report.unchecked.push_back({location{path}, "cannot be opened: permission denied", "run as a user who may read
//   it"});
#pragma once

#include <string>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"

namespace knowngood {

struct unchecked_item {
  location where;
  std::string message;
  std::string advice;

  friend bool operator==(const unchecked_item&, const unchecked_item&) = default;
};

/// What an error of the environment amounts to in a report.
inline unchecked_item as_unchecked(const environment_error& error) {
  return {error.where(), error.what(), error.advice()};
}

}  // namespace knowngood
