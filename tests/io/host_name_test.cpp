#include "knowngood/io/host_name.hpp"

#include <gtest/gtest.h>
#include <sys/utsname.h>

namespace host_name_test {

TEST(host_name, is_what_the_kernel_says) {
  struct utsname system {};
  ASSERT_EQ(::uname(&system), 0);
  EXPECT_EQ(knowngood::host_name(), system.nodename);
}

}  // namespace host_name_test
