#include "knowngood/ledger/signing_key.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <filesystem>
#include <functional>
#include <thread>

#include "knowngood/testing/scratch_directory.hpp"
#include "ledger/sample_keys.hpp"

namespace signing_key_test {

using namespace knowngood;
using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const usage_error& error) {
    return error.what();
  } catch (const environment_error& error) {
    return std::string{"environment: "} + error.what();
  }
  return "not refused";
}

unsigned mode(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 07777U;
}

class signing_key_test : public testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const { return (here_.path() / name).string(); }
  void write(const std::string& name, const std::string& content, unsigned permissions = 0600) const {
    here_.write(name, content);
    ASSERT_EQ(::chmod(at(name).c_str(), permissions), 0);
  }
  scratch_directory here_;
};

TEST_F(signing_key_test, signs_and_verifies_the_vectors_of_rfc_8032) {
  for (std::size_t i = 0; i < samples::ed25519_vectors.size(); ++i) {
    const auto& vector = samples::ed25519_vectors.at(i);
    const signing_key key = samples::key(i);
    const std::string message = samples::from_hex(vector.message);
    const std::string signature = samples::from_hex(vector.signature);
    EXPECT_EQ(key.sign(message), signature);
    const auto known = verification_key::parse(samples::public_pem(vector.point), "known.pub");
    EXPECT_EQ(known.id(), key.id());
    EXPECT_EQ(known.pem(), key.public_key().pem());
    EXPECT_TRUE(known.verifies(message, signature));
    EXPECT_FALSE(known.verifies(message + "x", signature));
    for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
      std::string altered = signature;
      altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_FALSE(known.verifies(message, altered)) << bit;
    }
    for (const std::string_view cut : {"", "x"}) EXPECT_FALSE(known.verifies(message, cut));
    EXPECT_FALSE(known.verifies(message, signature.substr(0, 63)));
    EXPECT_FALSE(known.verifies(message, signature + '\0'));
    EXPECT_FALSE(samples::key((i + 1) % 3).public_key().verifies(message, signature));
  }
}

TEST_F(signing_key_test, names_a_key_as_openssl_and_sha256sum_do) {
  make_key_files(at("k"));
  const auto run = here_.run("openssl pkey -pubin -in k.pub -outform DER | sha256sum | cut -d' ' -f1");
  ASSERT_EQ(run.status, 0);
  EXPECT_EQ(run.output, load_verification_key(at("k.pub")).id() + "\n");
}

TEST_F(signing_key_test, makes_two_files_that_openssl_reads_and_overwrites_neither) {
  const signing_key made = make_key_files(at("backup01"));
  EXPECT_EQ(mode(at("backup01.key")), 0600U);
  EXPECT_EQ(mode(at("backup01.pub")), 0644U);
  EXPECT_EQ(load_signing_key(at("backup01.key")).id(), made.id());
  EXPECT_EQ(load_verification_key(at("backup01.pub")).id(), made.id());
  EXPECT_EQ(here_.run("openssl pkey -in backup01.key -pubout | cmp - backup01.pub").status, 0);
  EXPECT_THAT(here_.read("backup01.key"), testing::StartsWith("-----BEGIN PRIVATE KEY-----"));

  const std::string before = here_.read("backup01.key");
  EXPECT_THAT(refusal([&] { make_key_files(at("backup01")); }), HasSubstr("never overwritten"));
  EXPECT_EQ(here_.read("backup01.key"), before);
  here_.write("other.pub", "in the way");
  EXPECT_THAT(refusal([&] { make_key_files(at("other")); }), HasSubstr("other.pub"));
  EXPECT_FALSE(fs::exists(at("other.key"))) << "half a pair is no pair";
  EXPECT_EQ(here_.read("other.pub"), "in the way");
  fs::create_symlink("target", at("link.key"));
  EXPECT_THAT(refusal([&] { make_key_files(at("link")); }), HasSubstr("never overwritten"));
  EXPECT_FALSE(fs::exists(at("target")));
  EXPECT_THAT(refusal([&] { make_key_files(at("missing/key")); }), HasSubstr("environment: cannot create"));
  EXPECT_NE(refusal([&] { make_key_files(""); }), "not refused");
}

TEST_F(signing_key_test, makes_a_private_file_whatever_the_umask) {
  const mode_t before = ::umask(0);
  make_key_files(at("open"));
  ::umask(0777);
  make_key_files(at("shut"));
  ::umask(before);
  for (const char* name : {"open", "shut"}) {
    EXPECT_EQ(mode(at(name) + ".key"), 0600U);
    EXPECT_EQ(mode(at(name) + ".pub"), 0644U);
  }
}

TEST_F(signing_key_test, refuses_a_key_that_others_may_read_or_change) {
  make_key_files(at("k"));
  for (const unsigned fine : {0600U, 0400U, 0700U}) {
    ASSERT_EQ(::chmod(at("k.key").c_str(), fine), 0);
    EXPECT_NO_THROW((void)load_signing_key(at("k.key"))) << fine;
  }
  for (unsigned bit = 1; bit <= 040U; bit <<= 1U) {
    ASSERT_EQ(::chmod(at("k.key").c_str(), 0600U | bit), 0);
    EXPECT_THAT(refusal([&] { (void)load_signing_key(at("k.key")); }),
                AllOf(HasSubstr("chmod 600"), HasSubstr(fmt::format("{:04o}", 0600U | bit)), HasSubstr("k.key")));
  }
  ASSERT_EQ(::chmod(at("k.pub").c_str(), 0666), 0);
  EXPECT_NO_THROW((void)load_verification_key(at("k.pub"))) << "a public key is public";
}

TEST_F(signing_key_test, refuses_a_key_of_another_user_unless_root_asks) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root, to be somebody else";
  make_key_files(at("k"));
  ASSERT_EQ(::chown(at("k.key").c_str(), 12345, 12345), 0);
  EXPECT_NO_THROW((void)load_signing_key(at("k.key")));
  ASSERT_EQ(::chmod(here_.path().c_str(), 0755), 0);
  // Mode 0400 keeps another user out anyway; what can differ is the owner of a file that one may open.
  const pid_t child = ::fork();
  if (child == 0) {
    const int opened = ::open(at("k.key").c_str(), O_RDONLY);
    if (opened < 0 || ::setuid(54321) != 0) ::_exit(9);
    const std::string said = refusal([&] { (void)load_signing_key(fmt::format("/proc/self/fd/{}", opened)); });
    ::_exit(said == "not refused" ? 1 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(signing_key_test, reads_an_encrypted_key_with_a_passphrase_from_a_private_file_only) {
  write("phrase", "correct horse\nsecond line\n");
  const signing_key made = make_key_files(at("k"), at("phrase"));
  EXPECT_THAT(here_.read("k.key"), testing::StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
  EXPECT_EQ(load_signing_key(at("k.key"), at("phrase")).id(), made.id());
  EXPECT_EQ(here_.run("openssl pkey -in k.key -passin pass:'correct horse' -pubout | cmp - k.pub").status, 0);

  EXPECT_THAT(refusal([&] { (void)load_signing_key(at("k.key")); }), HasSubstr("encrypted"))
      << "a night job must not wait for somebody to type";
  write("wrong", "incorrect horse");
  EXPECT_THAT(refusal([&] { (void)load_signing_key(at("k.key"), at("wrong")); }), HasSubstr("does not open"));
  write("empty", "\nsecond");
  EXPECT_THAT(refusal([&] { (void)load_signing_key(at("k.key"), at("empty")); }), HasSubstr("no passphrase"));
  write("long", std::string(5000, 'x'));
  EXPECT_THAT(refusal([&] { (void)load_signing_key(at("k.key"), at("long")); }), HasSubstr("does not open"));
  ASSERT_EQ(::chmod(at("phrase").c_str(), 0640), 0);
  EXPECT_THAT(refusal([&] { (void)load_signing_key(at("k.key"), at("phrase")); }),
              AllOf(HasSubstr("phrase: "), HasSubstr("chmod 600")));
  EXPECT_THAT(refusal([&] { (void)load_signing_key(at("k.key"), at("none")); }), HasSubstr("environment: cannot open"));
}

TEST_F(signing_key_test, refuses_every_other_key_by_name) {
  const std::vector<std::pair<std::string, std::string>> kinds{
      {"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048", "RSA"},
      {"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", "EC"},
      {"openssl genpkey -algorithm ED448", "ED448"},
      {"openssl genpkey -algorithm X25519", "X25519"}};
  for (const auto& [command, type] : kinds) {
    const std::string and_public = " -out other.key 2>/dev/null && openssl pkey -in other.key -pubout -out other.pub";
    ASSERT_EQ(here_.run(command + and_public).status, 0);
    ASSERT_EQ(::chmod(at("other.key").c_str(), 0600), 0);
    const auto names = AllOf(HasSubstr("type " + type), HasSubstr("ED25519 is expected"));
    EXPECT_THAT(refusal([&] { (void)load_signing_key(at("other.key")); }), names);
    EXPECT_THAT(refusal([&] { (void)load_verification_key(at("other.pub")); }), names);
  }
}

TEST_F(signing_key_test, says_what_a_file_is_instead_of_a_key) {
  make_key_files(at("k"));
  write("public", here_.read("k.pub"));
  EXPECT_THAT(refusal([&] { (void)load_signing_key(at("public")); }), HasSubstr("holds a public key"));
  EXPECT_THAT(refusal([&] { (void)load_verification_key(at("k.key")); }), HasSubstr("holds a private key"));
  write("both", here_.read("k.pub") + here_.read("k.pub"));
  EXPECT_THAT(refusal([&] { (void)load_verification_key(at("both")); }), HasSubstr("several"));
  write("empty", "");
  EXPECT_THAT(refusal([&] { (void)load_verification_key(at("empty")); }), HasSubstr("no PEM"));
  EXPECT_THAT(refusal([&] { (void)load_signing_key(at("empty")); }), HasSubstr("no PEM"));
  write("certificate", samples::pem("CERTIFICATE", "xyz"));
  EXPECT_THAT(refusal([&] { (void)load_verification_key(at("certificate")); }), HasSubstr("\"CERTIFICATE\""));
  write("garbage", std::string(60'000, '\xff'));
  EXPECT_NE(refusal([&] { (void)load_verification_key(at("garbage")); }), "not refused");
  write("large", std::string(70'000, 'x'));
  EXPECT_THAT(refusal([&] { (void)load_verification_key(at("large")); }), HasSubstr("too large"));
  EXPECT_THAT(refusal([&] { (void)load_verification_key("/dev/zero"); }), HasSubstr("neither a regular file"));
  EXPECT_THAT(refusal([&] { (void)load_verification_key(here_.path().string()); }),
              HasSubstr("neither a regular file"));
  EXPECT_THAT(refusal([&] { (void)load_signing_key(at("absent")); }),
              HasSubstr("environment: cannot open the key file"));
  const std::string whole = here_.read("k.key");
  for (std::size_t length = 0; length + 1 < whole.size(); ++length) {
    EXPECT_NE(refusal([&] { (void)signing_key::parse(whole.substr(0, length), "cut"); }), "not refused") << length;
  }
}

TEST_F(signing_key_test, reads_a_key_from_a_pipe_and_through_a_link) {
  const signing_key made = make_key_files(at("k"));
  fs::create_symlink("k.key", at("link"));
  EXPECT_EQ(load_signing_key(at("link")).id(), made.id());
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  std::thread writer{[&] { here_.write("pipe", here_.read("k.key")); }};
  EXPECT_EQ(load_signing_key(at("pipe")).id(), made.id());
  writer.join();
}

TEST_F(signing_key_test, makes_another_key_each_time) {
  EXPECT_NE(signing_key::generate().id(), signing_key::generate().id());
}

}  // namespace signing_key_test
