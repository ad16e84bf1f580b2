#include "knowngood/git/detect_bundle.hpp"

#include <gtest/gtest.h>

#include <span>

namespace detect_bundle_test {

using namespace knowngood;

bool detected(std::string_view text) { return is_git_bundle(std::as_bytes(std::span{text})); }

TEST(is_git_bundle, knows_every_version_and_what_became_of_one) {
  EXPECT_TRUE(detected("# v2 git bundle\n0123"));
  EXPECT_TRUE(detected("# v3 git bundle\n@object-format=sha256\n"));
  EXPECT_TRUE(detected("# v4 git bundle\n")) << "read_bundle says that it is not known";
  EXPECT_TRUE(detected("# v2 git bundle\r\n")) << "a text-mode transfer is damage, not another format";
  EXPECT_TRUE(detected("# v2 git bun")) << "all there is of a file that was cut short";
}

TEST(is_git_bundle, takes_nothing_else_for_one) {
  for (const std::string_view text : {"", "#", "# v", "# v2", "# v2 g", "# version 2 git bundle\n", "v2 git bundle\n",
                                      "# v2 git bundel\n", "# v git bundle\n", "#!/bin/sh\n", "# v2 release notes\n",
                                      "PACK", "# v99999 git bundle\n", "# v2 gitignore\n"}) {
    EXPECT_FALSE(detected(text)) << text;
  }
}

}  // namespace detect_bundle_test
