#include "knowngood/rehearse/configuration_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "knowngood/testing/scratch_directory.hpp"

namespace configuration_files_test {

using namespace knowngood;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct looked {
  configuration_result summary;
  std::vector<finding> findings;
  std::string unchecked;

  [[nodiscard]] std::string text() const {
    std::string all;
    for (const auto& one : findings) {
      all += fmt::format("{} {} {}: {} | {} | {}\n", to_string(one.severity), one.check, one.where.to_string(),
                         one.message, one.expected, one.actual);
    }
    return all;
  }
};

looked look(const scratch_directory& here) {
  looked got;
  finding_list findings;
  try {
    got.summary = check_configuration_files(confined_directory{here.path()}, location{"c"}, limits{}, findings);
  } catch (const environment_error& error) {
    got.unchecked = error.what();
  }
  got.findings = findings.snapshot();
  return got;
}

looked look(const std::string& compose, const std::string& env = "A=1\n") {
  const scratch_directory here;
  here.write("docker-compose.yml", compose);
  here.write(".env", env);
  return look(here);
}

const std::string sound = R"(version: '3.8'
x-common: &common
  restart: always
  env_file: [.env, ./more.env]
services:
  postgres:
    image: postgres:15
    environment:
      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}
      PATTERN: "^a$$"
    volumes:
      - postgres_data:/var/lib/postgresql/data
      - ./init:/docker-entrypoint-initdb.d:ro
      - /var/log
      - ${DATA_DIR:-./data}:/data
      - type: volume
        source: models
        target: /models
    healthcheck: {test: [CMD, pg_isready]}
  api:
    <<: *common
    build:
      context: ./api
    ports:
      - "8000:8000"
      - 9000
      - target: 80
        published: 8080
    depends_on:
      postgres:
        condition: service_healthy
    networks: [backend, default]
    secrets:
      - token
      - source: token
        target: t
    command: python -m api --key "${API_KEY:?}"
  front:
    extends: {service: api}
    depends_on: [api, postgres]
    environment:
      - A=b
      - C
volumes:
  postgres_data:
  models: {external: true}
networks:
  backend: {driver: bridge}
secrets:
  token: {file: ./token}
)";

TEST(configuration_files, find_nothing_wrong_with_sound_ones) {
  const scratch_directory here;
  here.write("docker-compose.yml", sound);
  here.write("docker-compose.override.yml",
             "services:\n  api:\n    environment: {DEBUG: 1}\n    volumes: [cache:/cache]\n  late: {image: "
             "x}\nvolumes: {cache: }\n");
  here.write(".env", "POSTGRES_PASSWORD=hunter2\nAPI_KEY='x'\n");
  here.write("more.env", "");
  const looked got = look(here);
  EXPECT_THAT(got.findings, IsEmpty()) << got.text();
  EXPECT_EQ(got.summary.compose_files, 2U);
  EXPECT_EQ(got.summary.env_files, 1U);
  EXPECT_EQ(got.summary.services, 4U);
}

TEST(configuration_files, are_found_one_directory_below_too) {
  const scratch_directory here;
  (void)here.run("mkdir -p config/deeper");
  here.write("config/compose.yaml", "services: {a: {image: x, env_file: e}}\n");
  here.write("config/e", "");
  here.write("config/deeper/docker-compose.yml", "broken: [");
  EXPECT_THAT(look(here).findings, IsEmpty()) << look(here).text();
  here.write("config/compose.yaml", "services: [\n");
  EXPECT_THAT(look(here).text(),
              HasSubstr("error restore.syntax c » config/compose.yaml: line 3, column 1: the file is not YAML"));
}

TEST(configuration_files, say_what_docker_compose_would_refuse) {
  struct wrong {
    const char* text;
    const char* expected;
  };
  for (const auto& one : std::vector<wrong>{
           {"", "the file holds nothing"},
           {"---\n", "the file holds nothing"},
           {"services:\n\tweb: x\n", "line 2, column 5: the file is not YAML"},
           {"services:\n  web:\n    image: \"x\n", "the file is not YAML"},
           {"services: {web: {image: x}}\n}\n", "the file is not YAML"},
           {"services: {web: {image: *nowhere}}\n", "the file is not YAML"},
           {"- a\n", "the file is no mapping | a mapping with services | a list"},
           {"just text\n", "the file is no mapping"},
           {"services:\n", "the file has no services"},
           {"version: '3'\nvolumes: {a: }\n", "the file has no services"},
           {"services: [web]\n", "services is no mapping"},
           {"services:\n  web:\n", "service web is no mapping"},
           {"services:\n  web:\n    ports: ['80']\n", "line 3, column 5: service web has neither image nor build"},
           {"services: {web: {image: x, ports: '80'}}\n",
            "ports of service web has the wrong form | a list | a single value"},
           {"services: {web: {image: x, ports: [[80]]}}\n", "an entry under ports of service web has the wrong form"},
           {"services: {web: {image: [x]}}\n", "image of service web has the wrong form"},
           {"services: {web: {image: x, volumes: {a: b}}}\n", "volumes of service web has the wrong form"},
           {"services: {web: {image: x, volumes: ['data:/d']}}\n",
            "volumes of service web names data, which is not declared | data under volumes"},
           {"services: {web: {image: x, volumes: [{type: volume, source: data, target: /d}]}}\nvolumes: {other: }\n",
            "names data"},
           {"services: {web: {image: x, depends_on: [db]}}\n",
            "depends_on of service web names db, which is not declared"},
           {"services: {web: {image: x, depends_on: {db: {condition: service_started}}}}\n",
            "depends_on of service web names db"},
           {"services: {web: {image: x, networks: {back: {aliases: [a]}}}}\n", "networks of service web names back"},
           {"services: {web: {image: x, secrets: [s]}}\n", "secrets of service web names s"},
           {"services: {web: {image: x}}\nvolumes: [a]\n", "volumes is no mapping"},
           {"services: {web: {image: x, environment: {P: 'a$'}}}\n",
            "a value with a dollar that docker compose does not understand"},
           {"services: {web: {image: 'x:${TAG:?}'}}\n", "the variable TAG is required, and .env does not set it"},
           {"services: {web: {image: x, env_file: gone.env}}\n",
            "env_file of service web is not among what was restored | gone.env"},
           {"services: {web: {image: x, env_file: [{path: ../out.env}]}}\n", "env_file of service web is not among"},
           {"services: {web: {image: caf\xe9}}\n", "line 1, column 28: bytes that are not UTF-8"},
           {"# a\nservices: {web: {image: \x01}}\n", "line 2, column 25: a control character"},
       }) {
    const looked got = look(one.text);
    EXPECT_THAT(got.text(), HasSubstr("error restore.")) << one.text;
    EXPECT_THAT(got.text(), HasSubstr(one.expected)) << one.text;
  }
}

TEST(configuration_files, are_not_taken_for_whole_when_cut_inside_a_key_or_a_quote) {
  EXPECT_THAT(look("services:\n  web: {image: x}\nvolumes:\n  data:\n  mod").text(),
              HasSubstr("line 5, column 3: a key without its colon"));
  EXPECT_THAT(look("services:\n  web:\n    image: x\n    restart").text(), HasSubstr("error restore.syntax"));
  EXPECT_THAT(look("services:\n  web:\n    image: x\n    restart: \"al\n").text(), HasSubstr("error restore.syntax"));
  std::size_t words = 0;
  for (std::size_t cut = 1; cut < sound.size(); ++cut) {
    const std::string last = sound.substr(0, cut).substr(sound.substr(0, cut).rfind('\n') + 1);
    const std::size_t word = last.find_first_not_of(" ");
    if (word == std::string::npos || last.find_first_of(":-", word) != std::string::npos) continue;
    ++words;
    EXPECT_THAT(look(sound.substr(0, cut)).text(), HasSubstr("error restore.syntax")) << sound.substr(0, cut);
  }
  EXPECT_GT(words, 150U);
}

TEST(configuration_files, do_not_cry_wolf) {
  for (const char* text : {
           "services: {web: {image: x, volumes: ['~/a:/a', '../b:/b', '/c', 'C:\\d:/d', '$V:/v'], depends_on: {db: "
           "{required: false}}}}\n",
           "services: {web: {image: x, env_file: [{path: gone, required: false}]}}\n",
           "include: [other.yml]\nservices: {web: {image: x, depends_on: [elsewhere], volumes: ['far:/x']}}\n",
           "include:\n  - other.yml\n",
           "\xEF\xBB\xBFservices:\r\n  web:\r\n    image: x\r\n",
           "x-a: &a {image: x}\nx-b: &b {ports: ['1']}\nservices: {web: {<<: [*a, *b]}, other: *a}\n",
           "services:\n  web:\n    image: x\n    command: |\n      a\n      b\n    ports: !reset []\n",
           "services: {web: {image: x}}\n---\nservices: {web: {ports: ['1']}}\n",
           "services:\n  web:\n    image: x\n    ? labels\n    ? [a, b]\n    environment: {A, B: , ? C}\nvolumes:\n  "
           "data:\n  'more': \n",
           "name: caf\u00e9\nservices: {web: {image: \"${A}\", labels: [\"x=$$1\"]}}\nx-note: 'costs 5$'\n",
       }) {
    const looked got = look(text);
    EXPECT_THAT(got.text(), Not(HasSubstr("error"))) << text;
    EXPECT_THAT(got.text(), Not(HasSubstr("warning"))) << text;
    EXPECT_EQ(got.unchecked, "");
  }
}

TEST(configuration_files, say_which_variables_nothing_sets) {
  const looked got = look("services: {a: {image: '$A $B ${C:-c} ${B:-b}', labels: {B: '$B'}}}\n");
  EXPECT_THAT(got.text(),
              "note restore.syntax c » docker-compose.yml: line 1, column 23: the variable B has no default, and .env "
              "does not set it | B in .env | does not set it\n");
  const scratch_directory here;
  here.write("compose.yml", "services: {a: {image: '${A:?}'}}\n");
  EXPECT_THAT(look(here).text(), HasSubstr("warning restore.syntax"))
      << "where there is no .env, variables come from elsewhere";
}

TEST(configuration_files, warn_of_old_and_doubtful_ones) {
  EXPECT_THAT(
      look("web:\n  image: x\n  ports: ['1:1']\n").text(),
      HasSubstr("warning restore.syntax c » docker-compose.yml: line 1, column 1: a compose file of the first format"));
  EXPECT_THAT(
      look("services:\n  a: {image: x}\n  a: {image: y}\n").text(),
      HasSubstr("line 3, column 3: a key stands twice in one mapping, which docker compose refuses | once | a"));
}

TEST(configuration_files, never_show_a_value) {
  const looked got = look(
      "services:\n  web:\n    environment: {PASSWORD: 'hunter2$', K: '${X:?hunter2}', L: \"${Y:-hunter2}\"}\n    "
      "command: [hunter2\n",
      "A=hunter2\nhunter2\nB='hunter2\n");
  EXPECT_THAT(got.text(), Not(HasSubstr("hunter2")));
  EXPECT_GE(got.findings.size(), 3U);
}

TEST(configuration_files, do_not_follow_links_out) {
  const scratch_directory here;
  (void)here.run(
      "mkdir in; ln -s /etc/hostname in/.env; ln -s real.yml in/docker-compose.yml; printf 'services: {a: {image: x, "
      "env_file: out}}' > in/real.yml; "
      "ln -s ../secret in/out; echo A=1 > secret");
  looked got;
  finding_list findings;
  check_configuration_files(confined_directory{here.path() / "in"}, location{"c"}, limits{}, findings);
  got.findings = findings.snapshot();
  EXPECT_THAT(got.text(), HasSubstr("restore.missing-file c » .env: the file leads to nothing that was restored"));
  EXPECT_THAT(got.text(), HasSubstr("env_file of service a is not among what was restored"));
  EXPECT_EQ(got.findings.size(), 2U) << got.text();
}

TEST(configuration_files, withstand_hostile_ones) {
  const auto repeated = [](std::string_view part, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += part;
    return all;
  };
  std::string bomb = "x0: &x0 [a]\n";
  for (int i = 1; i < 60; ++i) bomb += fmt::format("x{}: &x{} [*x{}, *x{}]\n", i, i, i - 1, i - 1);
  std::string product = "x: &x {image: i, ports: [" + repeated("1,", 20'000) + "1]}\nservices:\n";
  for (int i = 0; i < 20'000; ++i) product += fmt::format("  s{}: *x\n", i);
  std::string merges = "x0: &x0 {a: 1}\n";
  for (int i = 1; i < 60; ++i) merges += fmt::format("x{}: &x{} {{<<: [*x{}, *x{}]}}\n", i, i, i - 1, i - 1);
  struct hostile {
    const char* what;
    std::string text;
  };
  for (const auto& one : std::vector<hostile>{
           {"flow nesting", repeated("[", 1'000'000)},
           {"flow maps", repeated("{a: ", 300'000)},
           {"block nesting", repeated("- ", 500'000)},
           {"question marks", repeated("? ", 500'000)},
           {"indentation",
            [&] {
              std::string t;
              for (std::size_t i = 0; i < 1000; ++i) t += std::string(i, ' ') + "a:\n";
              return t;
            }()},
           {"aliases", bomb + "services: {a: {image: x, ports: *x59, volumes: *x59, env_file: *x59}}\n"},
           {"a product of aliases", product},
           {"merges", merges + "services: {a: *x59}\n"},
           {"a node in itself", "services: &s {a: *s, b: {image: x, ports: &p [*p], <<: *s}}\n"},
           {"a long scalar", "services: {a: {image: " + std::string(2'000'000, 'x') + "}}\n"},
           {"many keys", "services: {" + repeated("a: b, ", 200'000) + "}\n"},
           {"many dollars", "services: {a: {image: '" + repeated("${A:-", 300'000) + "'}}\n"},
           {"many tags", repeated("!!str ", 200'000)},
           {"many anchors", repeated("&a ", 200'000)},
           {"many documents", repeated("---\n", 300'000)},
           {"many commas", "a: [" + repeated(",", 500'000)},
           {"many quotes", repeated("'", 1'000'000)},
           {"many colons", repeated("a: ", 300'000)},
       }) {
    const auto started = std::chrono::steady_clock::now();
    const looked got = look(one.text);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    EXPECT_LT(seconds, 10) << one.what;
    EXPECT_LE(got.findings.size(), 45U) << one.what;
  }
}

}  // namespace configuration_files_test
