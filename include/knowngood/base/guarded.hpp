// guarded: the boundary of an artifact or a step, at which what is thrown becomes a finding or an unchecked item.
//
// Layer: base. One place catches, so that damage is data and the run goes on with the next thing. Example:
//   guarded(where, [&](const finding& one) { findings.report(one); },
//           [&](unchecked_item item) { result.unchecked.push_back(std::move(item)); }, [&] { restore(); });
#pragma once

#include <filesystem>
#include <new>
#include <system_error>
#include <utility>

#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/unchecked_item.hpp"

namespace knowngood {

/// What is said of a place that the memory did not suffice for.
inline unchecked_item out_of_memory(const location& where) {
  return {where, "the memory does not suffice", "free some memory, allow more (ulimit -v, MemoryMax), or lower --jobs"};
}

/// Runs `action`. A `stream_error` goes to `report` as the finding it amounts to; an `environment_error`, or an error
/// of the system or its memory, which names no place in a backup and so gets `where`, goes to `unchecked`. Anything
/// else is passed on. True when nothing was caught.
template <typename Report, typename Unchecked, typename Action>
bool guarded(const location& where, Report&& report, Unchecked&& unchecked, Action&& action) {
  try {
    std::forward<Action>(action)();
    return true;
  } catch (const stream_error& error) {
    report(error.as_finding());
  } catch (const environment_error& error) {
    unchecked(as_unchecked(error));
  } catch (const std::filesystem::filesystem_error& error) {
    unchecked(unchecked_item{where, error.what(), "check the file system and the system's log"});
  } catch (const std::system_error& error) {
    unchecked(unchecked_item{where, error.what(), "check the limits of this user (ulimit -a) and the system's log"});
  } catch (const std::bad_alloc&) {
    unchecked(out_of_memory(where));
  }
  return false;
}

}  // namespace knowngood
