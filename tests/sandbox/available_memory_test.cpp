#include "knowngood/sandbox/available_memory.hpp"

#include <sys/sysinfo.h>

#include <cstdint>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"

namespace knowngood {
namespace available_memory_test {

TEST(available_memory, is_some_of_what_the_machine_has) {
  struct sysinfo machine {};
  ASSERT_EQ(::sysinfo(&machine), 0);
  EXPECT_GT(available_memory(), std::uint64_t{1} << 20U);
  EXPECT_LE(available_memory(), std::uint64_t{machine.totalram} * machine.mem_unit);
}

TEST(available_memory, reads_the_kernels_files_and_nothing_into_them) {
  const scratch_directory here;
  here.write("meminfo", "MemTotal:       24684084 kB\nMemAvailable:   22999000 kB\n");
  here.write("limit", "536870912\n");
  here.write("unlimited", "max\n");
  here.write("empty", "");
  const auto path = [&](const char* name) { return (here.path() / name).string(); };
  EXPECT_EQ(detail::number_in(path("meminfo"), "MemAvailable:"), std::uint64_t{22'999'000});
  EXPECT_EQ(detail::number_in(path("meminfo"), "MemFree:"), std::nullopt);
  EXPECT_EQ(detail::number_in(path("limit"), ""), std::uint64_t{536'870'912});
  EXPECT_EQ(detail::number_in(path("unlimited"), ""), std::nullopt);
  EXPECT_EQ(detail::number_in(path("empty"), ""), std::nullopt);
  EXPECT_EQ(detail::number_in(path("missing"), ""), std::nullopt);
}

}  // namespace available_memory_test
}  // namespace knowngood
