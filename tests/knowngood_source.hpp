// Where the source tree lies that the tests were built from: fixtures and schemas are read from there.
#pragma once

#include <string>

const std::string& knowngood_source();
