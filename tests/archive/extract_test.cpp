#include "knowngood/archive/extract.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "archive/tar_bytes.hpp"

namespace extract_test {

using namespace tar_bytes;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

/// A directory to restore into, and beside it what a hostile archive would like to reach.
class world {
 public:
  world() {
    (void)scratch_.run(
        "mkdir target outside outside/sub && echo precious > outside/victim && chmod 600 outside/victim && "
        "echo deep > outside/sub/file && ln -s ../outside target-link");
    before_ = state();
  }

  struct result {
    extract_result outcome;
    std::vector<finding> findings;
    std::optional<std::string> unchecked;

    [[nodiscard]] std::vector<std::string> checks() const {
      std::vector<std::string> ids;
      for (const auto& one : findings) ids.push_back(one.check);
      return ids;
    }
    [[nodiscard]] std::vector<std::string> errors() const {
      std::vector<std::string> ids;
      for (const auto& one : findings) {
        if (one.severity == severity::error) ids.push_back(one.check);
      }
      return ids;
    }
    [[nodiscard]] std::string messages() const {
      std::string all;
      for (const auto& one : findings)
        all += one.check + ": " + one.message + " [" + one.expected + "|" + one.actual + "]\n";
      return all;
    }
  };

  result restore(std::unique_ptr<source> from, const extract_options& options = {}) const {
    result got;
    finding_list findings;
    try {
      got.outcome = extract(std::move(from), location{"a.tar"}, confined_directory{target()}, options, findings);
    } catch (const environment_error& error) {
      got.unchecked = error.what();
    }
    got.findings = findings.snapshot();
    return got;
  }
  result restore(const std::string& bytes, const extract_options& options = {}, std::size_t chunk = 65'536) const {
    return restore(std::make_unique<memory_source>(bytes, chunk), options);
  }

  /// Names, types, modes, targets and content of everything that is not in the target.
  [[nodiscard]] std::string state() const {
    return scratch_.run(
        "find . -path ./target -prune -o ! -name errors ! -name '*.tar*' ! -path . "
        "-printf '%p %y %m %l %n %s ' \\( -type f -exec cat {} \\; -o -printf '\\n' \\) | sort; "
        "stat -c '%Y %Z' outside/victim outside outside/sub");
  }
  void expect_nothing_outside(const std::string& what) const { EXPECT_EQ(state(), before_) << what; }

  [[nodiscard]] std::string list() const {
    return scratch_.run("cd target && find . -mindepth 1 -printf '%P %y %l\\n' | sed 's/ $//' | LC_ALL=C sort");
  }
  [[nodiscard]] std::string read(const std::string& name) const { return scratch_.read("target/" + name); }
  [[nodiscard]] std::filesystem::path target() const { return scratch_.path() / "target"; }
  [[nodiscard]] const archive_directory& scratch() const { return scratch_; }
  [[nodiscard]] struct stat status(const std::string& name) const {
    struct stat found {};
    EXPECT_EQ(::lstat((target() / name).c_str(), &found), 0) << name;
    return found;
  }

 private:
  archive_directory scratch_;
  std::string before_;
};

std::string with_mode(std::string member, std::string_view octal) {
  member.replace(100, 7, octal);
  seal(member);
  return member;
}

TEST(extract, restores_what_tar_restores) {
  for (const char* format : {"gnu", "pax", "ustar", "v7", "oldgnu"}) {
    const world here;
    (void)here.scratch().run(R"sh(
mkdir -p tree/empty tree/sub/deep && : > tree/nothing
for n in 1 511 512 513 1024 100000 300000; do head -c $n /dev/urandom > tree/size_$n; done
ln tree/size_513 tree/sub/second_name; ln -s ../size_1 tree/sub/soft; ln -s nowhere tree/dangling; ln -s /etc/passwd tree/absolute
chmod 600 tree/size_1; chmod 755 tree/size_511; chmod 750 tree/sub; chmod 500 tree/sub/deep
touch -d '2025-12-04 02:00:00' tree/size_512 tree/sub tree/empty; touch -h -d '2001-01-01' tree/dangling
printf x > "tree/$(printf 'caf\351')"; printf z > "tree/two
lines"; mkdir reference)sh");
    (void)here.scratch().run(fmt::format("tar -cf a.tar --format={} -C tree . && tar -xpf a.tar -C reference", format));
    const auto got = here.restore(here.scratch().read("a.tar"));
    EXPECT_TRUE(got.outcome.complete);
    EXPECT_THAT(got.errors(), IsEmpty()) << got.messages();
    const std::string list =
        "find . -mindepth 1 -printf '%P %y %s %m %l %n %T@\\n' | sed 's/\\(\\.[0-9]*\\)$//; s/ d [0-9]*/ d/' | sort";
    EXPECT_EQ(here.scratch().run("cd target && " + list),
              here.scratch().run("cd reference && { " + list + "; } | sed 's/^\\(sub.deep d\\) 500/\\1 700/'"));
    EXPECT_EQ(here.scratch().run("diff -r --no-dereference target reference"), "");
    EXPECT_EQ(got.outcome.files, 10U);
    EXPECT_EQ(got.outcome.links, 4U);
    EXPECT_EQ(got.outcome.directories, 4U);
    EXPECT_EQ(got.outcome.skipped, 0U);
    EXPECT_EQ(got.outcome.bytes, 1U + 511 + 512 + 513 + 1024 + 100'000 + 300'000 + 1 + 1);
    for (const auto& member : got.outcome.members) {
      if (member.type != entry_type::file) continue;
      digest sha256{digest_algorithm::sha256()};
      const std::string bytes = here.read(member.path);
      sha256.update(std::as_bytes(std::span{bytes}));
      EXPECT_EQ(member.sha256, sha256.finish()) << member.name;
    }
  }
}

TEST(extract, writes_nothing_outside_whatever_the_archive_says) {
  struct hostile {
    const char* what;
    std::string bytes;
    std::vector<std::string> expected;  // among the errors
  };
  const std::string through = "restore.refused";
  const std::vector<hostile> cases{
      {"a name that leads up", file("../outside/victim", "evil"), {through}},
      {"a name that leads up and down", file("a/../../outside/victim", "evil"), {through}},
      {"a name that leads up within", directory("a") + file("a/../b", "x"), {through}},
      {"a bare ..", file("..", "x"), {through}},
      {"a directory ..", directory("../outside"), {through}},
      {"a symbolic link, then a file beneath it", soft_link("a", "../outside") + file("a/victim", "evil"), {through}},
      {"an absolute one", soft_link("a", "/tmp") + file("a/knowngood-evil", "evil"), {through}},
      {"a link to ..", soft_link("a", "..") + file("a/outside/victim", "evil"), {through}},
      {"a link, then a file of its name", soft_link("a", "../outside/victim") + file("a", "mine"), {}},
      {"a link, then a directory of its name, then a file in it",
       soft_link("a", "../outside") + directory("a") + file("a/victim", "mine"),
       {}},
      {"a directory, replaced by a link",
       directory("a") + soft_link("a", "../outside") + file("a/victim", "evil"),
       {through}},
      {"a directory with a file, replaced by a link",
       directory("a") + file("a/x", "x") + soft_link("a", "../outside") + file("a/victim", "mine"),
       {"restore.content"}},
      {"links in a chain", soft_link("a", "b") + soft_link("b", "../outside") + file("a/victim", "evil"), {through}},
      {"a link to a link's directory",
       directory("d") + soft_link("d/up", "../..") + file("d/up/outside/victim", "evil"),
       {through}},
      {"a hard link out", hard_link("a", "../outside/victim") + file("a", "evil"), {through}},
      {"a hard link to an absolute name", hard_link("a", "/etc/passwd"), {"restore.content"}},
      {"a hard link through a link",
       soft_link("l", "../outside") + hard_link("a", "l/victim") + file("a", "evil"),
       {"restore.content"}},
      {"a hard link to a link, then a file of its name",
       soft_link("l", "../outside/victim") + hard_link("a", "l") + file("a", "mine"),
       {}},
      {"a hard link into a link",
       soft_link("l", "../outside") + file("x", "x") + hard_link("l/victim", "x"),
       {through}},
      {"a link into a link", soft_link("l", "../outside") + soft_link("l/new", "x"), {through}},
      {"a directory into a link", soft_link("l", "../outside") + directory("l/new"), {through}},
      {"a directory with its slash over a link",
       soft_link("l", "../outside") + directory("l/") + with_mode(directory("l/"), "0000777"),
       {}},
      {"a file as the root", file(".", "x"), {through}},
      {"a file as the root, spelled oddly", file(".//.", "x"), {through}},
      {"a link as the root", soft_link("./", "../outside") + file("victim", "mine"), {through}},
      {"a file with no name", file("", "x"), {through}},
      {"an absolute name", file("/outside/victim", "mine"), {}},
      {"an absolute name with slashes", file("///tmp/knowngood-evil", "mine"), {}},
      {"a device", header("dev", '3') + header("disk", '4') + header("pipe", '6'), {}},
      {"a PAX name that leads up", extended(pax_record("path", "../outside/victim")) + file("x", "evil"), {through}},
      {"a PAX link out",
       extended(pax_record("linkpath", "../outside")) + soft_link("a", "b") + file("a/victim", "evil"),
       {through}},
      {"a link over a link, back and forth",
       soft_link("a", "../outside") + directory("a") + soft_link("a", "../outside") + file("a/sub/file", "evil"),
       {through}},
  };
  for (const auto& one : cases) {
    const world here;
    const auto got = here.restore(one.bytes + end_blocks());
    here.expect_nothing_outside(one.what);
    EXPECT_THAT(got.errors(), IsSupersetOf(one.expected)) << one.what << "\n" << got.messages();
    EXPECT_TRUE(got.outcome.complete) << one.what;
    EXPECT_FALSE(std::filesystem::exists("/tmp/knowngood-evil")) << one.what;
    if (one.expected.empty()) {
      EXPECT_THAT(got.errors(), Not(Contains("restore.refused"))) << one.what << "\n" << got.messages();
    }
  }
}

TEST(extract, keeps_within_whatever_lies_there_already) {
  const world here;
  (void)here.scratch().run("ln -s ../outside target/old; ln -s ../outside/victim target/file");
  const auto got = here.restore(file("old/victim", "evil") + file("file", "mine") + end_blocks());
  here.expect_nothing_outside("links that were there before");
  EXPECT_THAT(got.errors(), ElementsAre("restore.refused")) << got.messages();
  EXPECT_EQ(here.list(), "file f\nold l ../outside\n");
  EXPECT_EQ(here.read("file"), "mine");
}

TEST(extract, survives_random_orders_of_hostile_members) {
  const std::vector<std::string> parts{"a", "b", "c", "..", ".", "outside", "victim", "sub", ""};
  const std::vector<std::string> targets{"..", "../outside", "/",     "../outside/victim", "a", "b/..",
                                         "c",  ".",          "../..", "../target"};
  std::mt19937 random{20251204};
  const auto pick = [&](const auto& from) { return from[random() % from.size()]; };
  const world here;
  for (int round = 0; round < 60; ++round) {
    std::string bytes;
    for (int members = 0; members < 30; ++members) {
      std::string name = pick(parts);
      while (random() % 2 == 0) name += "/" + pick(parts);
      switch (random() % 5) {
        case 0: bytes += file(name, "evil"); break;
        case 1: bytes += with_mode(directory(name), "0000777"); break;
        case 2: bytes += soft_link(name, pick(targets)); break;
        case 3: bytes += hard_link(name, random() % 2 == 0 ? pick(targets) : pick(parts) + "/" + pick(parts)); break;
        default: bytes += extended(pax_record("path", name)) + file("x", "evil"); break;
      }
    }
    const auto got = here.restore(bytes + end_blocks());
    ASSERT_FALSE(got.unchecked) << *got.unchecked;
    ASSERT_TRUE(got.outcome.complete);
    here.expect_nothing_outside(fmt::format("round {}", round));
    if (HasFailure()) return;
    if (round % 7 == 0) (void)here.scratch().run("rm -rf target && mkdir target");
  }
}

TEST(extract, lets_the_later_of_two_members_stand) {
  const world here;
  const auto got =
      here.restore(file("a", "first") + file("a", "2nd") + directory("d") + file("d", "file now") + file("f", "x") +
                   directory("f") + file("f/y", "in it") + soft_link("l", "a") + file("l", "no link") + end_blocks());
  EXPECT_THAT(got.errors(), IsEmpty()) << got.messages();
  EXPECT_EQ(here.list(), "a f\nd f\nf d\nf/y f\nl f\n");
  EXPECT_EQ(here.read("a"), "2nd");
  EXPECT_EQ(here.read("l"), "no link");
}

TEST(extract, does_not_write_into_the_other_names_of_a_replaced_file) {
  const world here;
  const auto got =
      here.restore(file("a", "first") + hard_link("b", "a") + file("a", "second") + hard_link("b", "b") + end_blocks());
  EXPECT_THAT(got.errors(), IsEmpty()) << got.messages();
  EXPECT_EQ(here.read("a"), "second");
  EXPECT_EQ(here.read("b"), "first") << "a link to itself leaves the file";
}

TEST(extract, restores_hard_links) {
  const world here;
  const auto got =
      here.restore(file("d/a", "content") + hard_link("b", "./d//a") + soft_link("s", "d/a") + hard_link("t", "s") +
                   hard_link("own", "nowhere").replace(124, 11, "00000000004") + end_blocks());
  EXPECT_THAT(got.outcome.links, 3U);
  EXPECT_EQ(here.status("b").st_ino, here.status("d/a").st_ino);
  EXPECT_TRUE(S_ISLNK(here.status("t").st_mode));
}

TEST(extract, says_which_hard_links_have_no_target) {
  const world here;
  const auto got = here.restore(hard_link("a", "later") + file("later", "x") + directory("d") + hard_link("b", "d") +
                                hard_link("c", "later/below") + hard_link("e", ".") + end_blocks());
  EXPECT_EQ(got.outcome.skipped, 4U);
  EXPECT_THAT(got.errors(), IsSupersetOf({"restore.content", "restore.content", "restore.content", "restore.content"}));
  EXPECT_EQ(here.list(), "d d\nlater f\n");
}

TEST(extract, says_what_of_a_mode_it_does_not_restore) {
  const world here;
  const auto got = here.restore(with_mode(file("sudo", "x"), "0004755") + with_mode(directory("tmp"), "0001777") +
                                with_mode(file("none", "x"), "0000000") + with_mode(directory("closed"), "0000000") +
                                file("closed/in", "x") + header("null", '3') + header("q", '6') + end_blocks());
  EXPECT_THAT(got.errors(), IsEmpty()) << got.messages();
  EXPECT_EQ(here.status("sudo").st_mode & 07777U, 0755U);
  EXPECT_EQ(here.status("tmp").st_mode & 07777U, 0777U);
  EXPECT_EQ(here.status("none").st_mode & 07777U, 0600U);
  EXPECT_EQ(here.status("closed").st_mode & 07777U, 0700U);
  EXPECT_EQ(here.read("closed/in"), "x");
  EXPECT_EQ(got.outcome.skipped, 2U);
  EXPECT_THAT(got.messages(),
              HasSubstr("devices, fifos and the like are not made in a rehearsal [as archived|2 members, first null]"));
  EXPECT_THAT(got.messages(), HasSubstr("are dropped in a rehearsal [as archived|2 members, first sudo]"));
}

TEST(extract, gives_owners_only_when_asked) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root";
  const std::string bytes = directory("d") + file("d/f", "x") + soft_link("d/l", "f") + end_blocks();
  for (const bool keep : {false, true}) {
    const world here;
    extract_options options;
    options.keep_owner = keep;
    EXPECT_THAT(here.restore(bytes, options).checks(), IsEmpty());
    for (const char* name : {"d", "d/f", "d/l"}) EXPECT_EQ(here.status(name).st_uid, keep ? 01750U : 0U) << name;
  }
  const world here;
  extract_options options;
  options.keep_owner = true;
  const auto got = here.restore(extended(pax_record("uid", "99999999999")) + file("f", "x") + end_blocks(), options);
  EXPECT_THAT(got.checks(), ElementsAre("restore.mode"));
}

TEST(extract, keeps_holes) {
  const world here;
  (void)here.scratch().run(
      "truncate -s 3000000 big; printf abc | dd of=big bs=1 seek=1000000 conv=notrunc status=none; "
      "truncate -s 5000000 empty; head -c 2000000 /dev/zero > zeros; tar -cSf s.tar big empty; tar -cf n.tar zeros");
  for (const char* name : {"s.tar", "n.tar"}) {
    const auto got = here.restore(here.scratch().read(name));
    EXPECT_THAT(got.errors(), IsEmpty()) << got.messages();
  }
  EXPECT_EQ(here.scratch().run("cmp big target/big && cmp empty target/empty && cmp zeros target/zeros && echo same"),
            "same\n");
  EXPECT_LT(here.status("empty").st_blocks, 100);
  EXPECT_LT(here.status("zeros").st_blocks, 600);
}

TEST(extract, leaves_no_member_that_is_not_whole) {
  const std::string bytes = file("first", "one") + directory("d") + file("d/second", std::string(200'000, 'x')) +
                            file("third", "3") + end_blocks();
  {
    const world here;
    EXPECT_THAT(here.restore(bytes).errors(), IsEmpty());
  }
  const world here;
  for (std::size_t cut = 0; cut < bytes.size(); cut += cut < 3000 ? 128 : 30'011) {
    (void)here.scratch().run("rm -rf target && mkdir target");
    const auto got = here.restore(bytes.substr(0, cut), {}, 10'000);
    EXPECT_THAT(got.errors(), Not(IsEmpty())) << cut;
    const std::string left = here.list();
    EXPECT_EQ(left.find("second") != std::string::npos, cut >= 2048U + 200'192) << "cut at " << cut << "\n" << left;
    const bool first = left.find("first f") != std::string::npos;
    if (first) {
      EXPECT_EQ(here.read("first"), "one");
    }
    EXPECT_EQ(got.outcome.files > 0, first) << left;
  }
}

TEST(extract, is_complete_only_at_a_proved_end) {
  class failing final : public source {
    byte_view produce() override {
      if (++calls_ == 1) return std::as_bytes(std::span{bytes_});
      throw stream_error{checks::gzip_crc32, location{"a.tar"}, "the CRC-32 differs"};
    }
    std::string bytes_ = file("a", "x") + end_blocks();
    int calls_ = 0;
  };
  const world here;
  const auto got = here.restore(std::make_unique<failing>());
  EXPECT_FALSE(got.outcome.complete);
  EXPECT_THAT(got.errors(), ElementsAre("gzip.crc32"));
}

TEST(extract, is_bounded) {
  limits bounds;
  bounds.entries = 3;
  bounds.expanded_bytes = 10;
  bounds.compared_members = 2;
  extract_options options;
  options.bounds = bounds;
  {
    const world here;
    const auto got = here.restore(file("a", "12345") + file("b", "12345") + directory("c") + end_blocks(), options);
    EXPECT_FALSE(got.unchecked);
    EXPECT_TRUE(got.outcome.complete);
    EXPECT_FALSE(got.outcome.members_complete);
    EXPECT_EQ(got.outcome.members.size(), 2U);
    EXPECT_EQ(got.outcome.files, 2U);
  }
  const world here;
  EXPECT_THAT(here.restore(file("a", "12345") + file("b", "123456") + end_blocks(), options).unchecked.value_or(""),
              HasSubstr("expanded_bytes"));
  EXPECT_EQ(here.list(), "a f\n");
  EXPECT_THAT(here.restore(directory("a") + directory("b") + directory("c") + directory("d") + end_blocks(), options)
                  .unchecked.value_or(""),
              HasSubstr("entries"));
  std::string deep;
  for (int i = 0; i < 513; ++i) deep += "d/";
  EXPECT_THAT(here.restore(extended(pax_record("path", deep)) + directory("x") + end_blocks()).unchecked.value_or(""),
              HasSubstr("513 directories deep"));
  std::string longest;
  for (int i = 0; i < 20; ++i) longest += std::string(249, 'n') + "/";
  const auto too_long =
      here.restore(extended(pax_record("path", longest + "end")) + file("x", "x") +
                   extended(pax_record("path", std::string(256, 'n'))) + file("x", "x") +
                   extended(pax_record("path", std::string(256, 'n') + "/in")) + file("x", "x") +
                   extended(pax_record("path", std::string(256, 'n'))) + directory("x") +
                   extended(pax_record("path", std::string(255, 'n'))) + file("x", "x") + end_blocks());
  EXPECT_EQ(too_long.outcome.skipped, 4U) << too_long.messages();
  EXPECT_EQ(too_long.outcome.files, 1U);
}

TEST(extract, lists_some_refusals_and_counts_the_rest) {
  std::string bytes;
  for (int i = 0; i < 50; ++i) bytes += file(fmt::format("../x{}", i), "x");
  const world here;
  const auto got = here.restore(bytes + end_blocks());
  EXPECT_EQ(std::count_if(got.findings.begin(), got.findings.end(),
                          [](const finding& one) { return one.check == "restore.refused"; }),
            21);
  EXPECT_THAT(got.messages(), HasSubstr("30 further members like those listed [20 listed|50 found]"));
  EXPECT_EQ(got.outcome.skipped, 50U);
}

TEST(extract, restores_only_what_is_wanted) {
  const world here;
  extract_options options;
  options.wanted = [](const tar_member& member) { return member.name == "b"; };
  options.digests = false;
  std::uint64_t heard = 0;
  options.on_bytes = [&](std::uint64_t bytes) { heard += bytes; };
  const std::string bytes = file("a", "x") + file("b", "y") + file("../c", "z") + end_blocks();
  const auto got = here.restore(bytes, options);
  EXPECT_THAT(got.outcome.members, testing::SizeIs(1));
  EXPECT_EQ(got.outcome.members.front().sha256, "");
  EXPECT_EQ(got.outcome.skipped, 0U);
  EXPECT_EQ(here.list(), "b f\n");
  EXPECT_EQ(heard, bytes.size());
}

TEST(extract, stops_when_told_to) {
  const world here;
  std::atomic<bool> stop{false};
  extract_options options;
  options.stop = stop;
  options.on_bytes = [&](std::uint64_t) { stop = true; };
  EXPECT_THROW(here.restore(file("a", std::string(100'000, 'x')) + file("b", "y") + end_blocks(), options, 20'000),
               interrupted);
  EXPECT_EQ(here.list(), "");
}

TEST(extract, says_when_the_file_system_takes_no_more) {
  const world here;
  const std::string bytes = file("a", std::string(100'000, 'x')) + end_blocks();
  EXPECT_THAT(here.restore(bytes).errors(), IsEmpty());
  struct rlimit before {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  struct rlimit now = before;
  now.rlim_cur = 50'000;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &now);
  const auto got = here.restore(bytes);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(got.unchecked.value_or("nothing"), HasSubstr("cannot write: File too large"));
  EXPECT_EQ(here.list(), "") << "half a file is no file";
}

TEST(extract, keeps_times_even_odd_ones) {
  const world here;
  const auto got = here.restore(extended(pax_record("mtime", "-14182940")) + file("old", "x") +
                                extended(pax_record("mtime", "1764813600.5")) + directory("d") + file("d/in", "x") +
                                extended(pax_record("mtime", "1e300")) + file("odd", "x") + end_blocks());
  EXPECT_THAT(got.errors(), IsEmpty()) << got.messages();
  EXPECT_EQ(here.status("old").st_mtim.tv_sec, -14'182'940);
  EXPECT_EQ(here.status("d").st_mtim.tv_sec, 1'764'813'600) << "set after what was written into it";
}

}  // namespace extract_test
