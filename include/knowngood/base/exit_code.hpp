// exit_code: what the programs exit with, and what each code says.
//
// Layer: base. A report states its run's code; whoever reads it judges by these. Example:
//   if (stored.exit_code == exit_code::left_behind) ...
#pragma once

namespace knowngood::exit_code {

inline constexpr int sound = 0;        ///< everything was checked, and holds
inline constexpr int unsound = 1;      ///< a defect; a gate that is closed; warnings, where they count
inline constexpr int usage = 2;        ///< a mistake in arguments or policy: nothing was checked
inline constexpr int unchecked = 3;    ///< something could not be checked, or not be written
inline constexpr int left_behind = 4;  ///< a drill could not remove what it made

/// Of a run that a signal ended: 130 for SIGINT, 143 for SIGTERM, as a shell has it.
constexpr int interrupted_by(int signal) noexcept { return 128 + signal; }

/// `code`, unless that says that all is well although something is not: a defect found weighs more than what could not
/// be written.
constexpr int unchecked_unless(int code) noexcept { return code == sound ? unchecked : code; }

}  // namespace knowngood::exit_code
