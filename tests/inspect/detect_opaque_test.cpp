#include "knowngood/inspect/detect_opaque.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "knowngood/testing/scratch_directory.hpp"

namespace detect_opaque_test {

using namespace knowngood;

std::optional<std::string_view> opaque(std::string_view bytes) {
  return detect_opaque(std::as_bytes(std::span{bytes}));
}

class opaque_files : public ::testing::Test {
 protected:
  std::string made_by(const std::string& command) const {
    const tool_run run =
        here.run("export GNUPGHOME=$PWD/keys; rm -f out; mkdir -p keys; chmod 700 keys; seq 5000 > plain; " + command +
                 " 2>errors");
    EXPECT_EQ(run.status, 0) << here.read("errors");
    return here.read("out").substr(0, 1536);
  }
  scratch_directory here;
};

TEST_F(opaque_files, of_real_programs_are_recognised) {
  const std::string gpg = "gpg --batch --quiet --yes --pinentry-mode loopback --passphrase xyzzy ";
  for (const std::string options :
       {"", "--compress-algo none ", "--cipher-algo AES128 ", "--s2k-mode 1 ", "--rfc2440 --force-mdc ", "--armor "}) {
    EXPECT_EQ(opaque(made_by(gpg + options + "-c -o out plain")), "openpgp") << options;
  }
  EXPECT_EQ(opaque(made_by("cat plain | " + gpg + "-c > out")), "openpgp") << "from a pipe, in parts";
  for (const std::string algorithm : {"default", "future-default"}) {
    EXPECT_EQ(
        opaque(made_by("gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-gen-key a@b " + algorithm +
                       " default never; gpg --batch --quiet --yes --trust-model always -r a@b -o out -e plain; "
                       "rm -rf keys")),
        "openpgp")
        << algorithm;
  }
  EXPECT_EQ(opaque(made_by("openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -in plain -out out")), "openssl-enc");
  EXPECT_EQ(opaque(made_by("openssl enc -a -aes-256-cbc -pbkdf2 -pass pass:x -in plain -out out")), "openssl-enc");
  EXPECT_EQ(opaque(made_by("age-keygen -o key; age -r $(age-keygen -y key) -o out plain")), "age");
  EXPECT_EQ(opaque(made_by("age-keygen -o key2; age -a -r $(age-keygen -y key2) -o out plain")), "age");
}

TEST_F(opaque_files, are_not_those_that_are_merely_signed_or_no_messages) {
  EXPECT_EQ(opaque(made_by("cp plain out")), std::nullopt);
  EXPECT_EQ(opaque(made_by("gzip -c plain > out")), std::nullopt);
  EXPECT_EQ(
      opaque(made_by("gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-gen-key a@b default default "
                     "never; gpg --batch --quiet --yes --detach-sign -o out plain")),
      std::nullopt);
}

TEST(detect_opaque, knows_other_beginnings) {
  EXPECT_EQ(opaque(std::string("SecureTar\x02", 10) + std::string(100, 'x')), "securetar");
  EXPECT_EQ(opaque(std::string("LUKS\xBA\xBE\0\2", 8) + std::string(100, 'x')), "luks");
  EXPECT_EQ(opaque("\n-----BEGIN PGP MESSAGE-----\n\nhQ"), "openpgp");
  EXPECT_EQ(opaque("$ANSIBLE_VAULT;1.1;AES256\n"), "ansible-vault");
  EXPECT_EQ(opaque(""), std::nullopt);
  EXPECT_EQ(opaque("Salted"), std::nullopt);
}

TEST(detect_opaque, is_not_taken_in_by_noise_that_begins_alike) {
  std::mt19937_64 random{11};
  unsigned taken = 0;
  for (unsigned i = 0; i < 60'000; ++i) {
    std::string bytes(1536, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    constexpr std::string_view firsts = "\x84\x85\x8C\xC1\xC3\xD2";
    bytes[0] = firsts[i % firsts.size()];
    taken += opaque(bytes) ? 1U : 0U;
  }
  // A stream that has neither key nor length before it is one by two bytes only: 0xd2, a length in parts, version 1.
  EXPECT_LT(taken, 60U);
}

}  // namespace detect_opaque_test
