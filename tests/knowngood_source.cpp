#include "knowngood_source.hpp"

const std::string& knowngood_source() {
  static const std::string directory = KNOWNGOOD_SOURCE;
  return directory;
}
