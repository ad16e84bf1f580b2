// Drills by a user who is not root: over a dump and over a volume, with namespaces of users and where the kernel grants
// none, as in many containers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "scenarios/estate_copy.hpp"

namespace unprivileged_drill_test {

using namespace knowngood;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// Check, severity and what it says of each finding about confinement.
std::vector<std::string> about_confinement(const nlohmann::json& report) {
  std::vector<std::string> found;
  for (const auto& step : report.at("steps")) {
    for (const auto& one : step.at("findings")) {
      if (one.at("check") == "drill.unconfined")
        found.push_back(one.at("severity").get<std::string>() + ": " + one.at("actual").get<std::string>());
    }
  }
  return found;
}

class unprivileged_drill : public testing::Test {
 protected:
  unprivileged_drill() {
    // what is only root's to pass through would be a reason of its own
    const tool_run made = estate_.scratch().run(fmt::format(
        "chmod 711 . && cp '{}' drill && cp '{}/docs/examples/ner11.toml' p.toml && chmod -R go+rX estate "
        "drill p.toml && mkdir drills && chmod 700 drills && {{ [ $(id -u) != 0 ] || chown 65534 drills; }}",
        drill_program, source_directory));
    if (made.status != 0) throw std::runtime_error{made.output};
  }

  // As nobody when we are root. `through`: a command that runs the rest of its line.
  verify_run drill(const std::string& through, const std::string& arguments) {
    const std::string who =
        ::geteuid() == 0 ? "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all " : "";
    verify_run result;
    const tool_run run = estate_.scratch().run(
        fmt::format("{}{} ./drill --policy p.toml --root estate --now {} --scratch drills --report drills/r.json "
                    "--color never {} 2>&1; code=$?; mv drills/r.json . ; ls -A drills; exit $code",
                    who, through, estate_now, arguments));
    result.status = run.status;
    result.output = run.output;
    result.report = read_json(estate_.scratch().path() / "r.json");
    return result;
  }

  estate_copy estate_;
};

TEST_F(unprivileged_drill, restores_dumps_and_volumes_and_says_how_it_is_confined) {
  const verify_run sound = drill("", "--component database --component volumes");
  EXPECT_EQ(sound.status, 0) << sound.output;
  EXPECT_EQ(sound.output.substr(sound.output.rfind("exit ")), "exit 0\n") << "nothing is left behind";
  ASSERT_TRUE(sound.report.is_object());
  const std::string confinement = sound.report.at("confinement");
  EXPECT_THAT(confinement, HasSubstr("the user who runs the drill"));
  EXPECT_THAT(confinement, HasSubstr("of memory"));
  const bool spaces = confinement.find("namespaces of") != std::string::npos;
  EXPECT_EQ(about_confinement(sound.report).empty(), spaces) << confinement;
}

// A namespace of users in which no further one may be made, as the kernel has it where that is switched off.
TEST_F(unprivileged_drill, without_namespaces_is_unconfined_and_says_so) {
  constexpr const char* no_more =
      "unshare --user --map-root-user /bin/sh -c 'echo 1 > /proc/sys/user/max_user_namespaces && exec unshare --user "
      "--map-user=65534 --map-group=65534 \"$@\"' sh ";
  const bool granted = estate_.scratch().run(std::string{no_more} + "true").status == 0;
  const verify_run sound = drill(granted ? no_more : "", "--component database --component volumes");
  EXPECT_EQ(sound.status, 0) << sound.output;
  ASSERT_TRUE(sound.report.is_object());
  EXPECT_THAT(sound.report.at("confinement").get<std::string>(), Not(HasSubstr("namespaces of"))) << sound.output;
  const std::vector<std::string> found = about_confinement(sound.report);
  ASSERT_EQ(found.size(), 1U) << "once";
  const bool landlock = sound.report.at("confinement").get<std::string>().find("Landlock") != std::string::npos;
  EXPECT_THAT(found.front(), HasSubstr(landlock ? "note: without a namespace of mounts" : "warning: without"));
}

}  // namespace unprivileged_drill_test
