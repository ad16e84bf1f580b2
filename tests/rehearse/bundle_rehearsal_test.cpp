#include "knowngood/rehearse/bundle_rehearsal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "git/git_world.hpp"

namespace git_rehearsal_test {

using namespace knowngood;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class rehearsal_of_a_bundle : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return (git_.scratch().path() / name).string(); }

  bundle_result rehearse(const std::string& bundle, bundle_request request = {}) const {
    (void)git_.scratch().run("chmod -R u+rwx into 2>/dev/null; rm -rf into && mkdir into");
    request.bundle = path(bundle);
    request.directory = path("into");
    request.now = moment{std::chrono::seconds{1'700'000'000 + 7200}};
    return rehearse_bundle(request);
  }

  static std::string text(const bundle_result& of) {
    std::string all;
    for (const auto& one : of.findings)
      all += fmt::format("{} {}: {} | {} | {}\n", to_string(one.severity), one.check, one.message, one.expected,
                         one.actual);
    for (const auto& one : of.unchecked) all += fmt::format("unchecked {}: {}\n", one.message, one.advice);
    return all;
  }
  static std::string property(const bundle_result& of, std::string_view name) {
    for (const auto& [key, value] : of.properties) {
      if (key == name) return value;
    }
    return "none such";
  }

  void make(int commits = 3) const {
    git_.make_repository("repo", commits);
    git_.must("git -C repo bundle create -q ../x.bundle --all");
  }

  git_world git_;
};

TEST_F(rehearsal_of_a_bundle, restores_a_repository) {
  make(5);
  git_.must(
      "git -C repo notes add -m note HEAD; git -C repo update-ref refs/remotes/origin/main HEAD~2; echo stashed >> "
      "repo/d/log; git -C repo stash -q; "
      "git -C repo bundle create -q ../x.bundle --all");
  bundle_request asked;
  asked.required_refs = {"refs/heads/main", "refs/tags/v1", "HEAD"};
  const auto done = rehearse("x.bundle", asked);
  EXPECT_EQ(text(done), "");
  EXPECT_EQ(property(done, "branches"), "2");
  EXPECT_EQ(property(done, "tags"), "2");
  EXPECT_EQ(property(done, "refs"), "7");
  EXPECT_EQ(property(done, "head"), "refs/heads/main");
  EXPECT_EQ(property(done, "commits"), "8") << "five, a note, and a stash's two";
  EXPECT_EQ(property(done, "newest_commit"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(property(done, "newest_commit_age"), "2h");
  EXPECT_EQ(property(done, "files"), "2");
  EXPECT_EQ(done.newest_commit, moment{std::chrono::seconds{1'700'000'000}});
  EXPECT_GT(done.seconds, 0);
  EXPECT_EQ(git_.must("cmp repo/numbers into/checkout/numbers && cmp repo/d/log into/checkout/d/log && echo same"),
            "same\n");
}

TEST_F(rehearsal_of_a_bundle, holds_refs_against_those_that_were_verified) {
  make();
  const auto id = git_.must("git -C repo rev-parse HEAD").substr(0, 40);
  const auto refs_of = [&] {
    std::vector<ref_fact> refs;
    std::istringstream lines{git_.must("git -C repo bundle list-heads ../x.bundle")};
    for (std::string object, name; lines >> object >> name;) refs.push_back({location{"x"}, name, object});
    return refs;
  };
  std::vector<ref_fact> refs = refs_of();
  bundle_request asked;
  asked.refs = &refs;
  EXPECT_EQ(text(rehearse("x.bundle", asked)), "");
  refs.push_back({location{"x"}, "refs/heads/lost", id});
  EXPECT_THAT(text(rehearse("x.bundle", asked)),
              HasSubstr("error clone.refs: refs/heads/lost of the clone is not the bundle's | " + id + " | none"));
  refs = refs_of();
  for (auto& ref : refs) ref.object = std::string(40, 'a');
  EXPECT_THAT(text(rehearse("x.bundle", asked)), HasSubstr("HEAD of the clone is not the bundle's | aaaa"));
  refs = refs_of();
  std::erase_if(refs, [](const ref_fact& one) { return one.name == "refs/heads/side"; });
  EXPECT_THAT(text(rehearse("x.bundle", asked)),
              HasSubstr("refs/heads/side of the clone is not the bundle's | none | "));
  asked.refs = nullptr;
  asked.required_refs = {"refs/heads/main", "refs/heads/release", "main"};
  const auto missing = rehearse("x.bundle", asked);
  EXPECT_EQ(missing.findings.size(), 2U) << text(missing);
  EXPECT_THAT(text(missing),
              HasSubstr("error clone.missing-ref: refs/heads/release is required, and not in the bundle"));
}

TEST_F(rehearsal_of_a_bundle, takes_the_bundles_that_git_makes) {
  make();
  struct variant {
    const char* what;
    const char* command;
    const char* head;
    const char* expected;  // beginning of the findings
  };
  for (const auto& one : std::vector<variant>{
           {"a detached HEAD", "git checkout -q HEAD~1 && git bundle create -q ../y.bundle --all", "", ""},
           {"no HEAD", "git checkout -q main && git bundle create -q ../y.bundle main side", "none",
            "note clone.refs: the bundle has no HEAD"},
           {"tags alone", "git bundle create -q ../y.bundle --tags", "none", "note clone.refs"},
           {"version 3", "git bundle create -q --version=3 ../y.bundle --all", "refs/heads/main", ""},
           {"an odd branch",
            "git checkout -q -b \"w$(printf '\\303\\244')ird-name#1\" && git bundle create -q ../y.bundle --all && git "
            "checkout -q main",
            "", ""},
           {"an empty commit alone",
            "git checkout -q --orphan void && git rm -rfq . && git commit -q --allow-empty -m void && git bundle "
            "create -q ../y.bundle void HEAD && git checkout -q main",
            "refs/heads/void", ""},
       }) {
    git_.must(std::string{"cd repo && rm -f ../y.bundle && { "} + one.command + "; }");
    const auto done = rehearse("y.bundle");
    if (*one.expected == '\0') {
      EXPECT_EQ(text(done), "") << one.what;
    } else {
      EXPECT_THAT(text(done), testing::StartsWith(one.expected)) << one.what;
      EXPECT_EQ(
          std::count_if(done.findings.begin(), done.findings.end(),
                        [](const finding& each) { return each.severity == severity::note; }),
          static_cast<std::ptrdiff_t>(done.findings.size()) - (std::string_view{one.what} == "tags alone" ? 1 : 0))
          << text(done);
    }
    if (*one.head != '\0') {
      EXPECT_EQ(property(done, "head"), one.head) << one.what;
    }
  }
  git_.must(
      "git init -q -b main --object-format=sha256 other && cd other && echo x > x && git add x && git commit -qm x && "
      "git bundle create -q ../z.bundle --all");
  EXPECT_EQ(text(rehearse("z.bundle")), "");
}

TEST_F(rehearsal_of_a_bundle, finds_what_git_cannot_clone) {
  make(6);
  git_.must("cd repo && git bundle create -q ../part.bundle main ^main~2");
  EXPECT_THAT(text(rehearse("part.bundle")), HasSubstr("error clone.failed: git clone fails | a clone | "))
      << "a bundle with prerequisites";
  const std::string whole = git_.scratch().read("x.bundle");
  for (std::size_t part = 0; part < 10; ++part) {
    git_.scratch().write("cut.bundle", whole.substr(0, whole.size() * part / 10));
    EXPECT_THAT(text(rehearse("cut.bundle")), HasSubstr("error clone.failed")) << part;
  }
  for (std::size_t at = whole.find("PACK"); at < whole.size(); at += 331) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    git_.scratch().write("flipped.bundle", bytes);
    const auto done = rehearse("flipped.bundle");
    EXPECT_THAT(text(done), HasSubstr("error clone.")) << at;
    EXPECT_THAT(done.unchecked, IsEmpty()) << text(done);
  }
  git_.scratch().write("text.bundle", "no bundle at all\n");
  EXPECT_THAT(text(rehearse("text.bundle")), HasSubstr("error clone.failed"));
  EXPECT_THAT(text(rehearse("gone.bundle")), HasSubstr("unchecked cannot open"));
}

TEST_F(rehearsal_of_a_bundle, finds_a_ref_without_its_objects) {
  make();
  const std::string lone = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nparent " + std::string(40, '1') +
                           "\nauthor a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\nx\n";
  pack_builder pack;
  pack.whole(git_type::commit, lone);
  git_.scratch().write("lone.bundle", "# v2 git bundle\n" +
                                          pack_builder::hex(pack_builder::id_of(git_type::commit, lone)) +
                                          " refs/heads/main\n\n" + pack.build());
  EXPECT_THAT(text(rehearse("lone.bundle")), HasSubstr("error clone.")) << "its parent and its tree are nowhere";
  const std::string whole = git_.scratch().read("x.bundle");
  const std::string main = git_.must("git -C repo rev-parse main").substr(0, 40);
  std::string other = whole;
  other.replace(other.find(main + " refs/heads/main"), 40, std::string(40, 'b'));
  git_.scratch().write("other.bundle", other);
  EXPECT_THAT(text(rehearse("other.bundle")), HasSubstr("error clone.failed"));
}

TEST_F(rehearsal_of_a_bundle, warns_of_the_form_of_old_objects_and_no_more) {
  make();
  // A tree with a zero-padded mode, as tools of old wrote them.
  git_.must(
      "cd repo && b=$(git hash-object -w numbers) && t=$({ printf '0100644 old\\0'; python3 -c 'import sys; "
      "sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))' $b; } | git "
      "hash-object -w -t tree --literally --stdin) && "
      "c=$(git commit-tree $t -p HEAD -m odd) && git update-ref refs/heads/odd $c && git bundle create -q "
      "../odd.bundle --all");
  const auto done = rehearse("odd.bundle");
  ASSERT_EQ(done.findings.size(), 1U) << text(done);
  EXPECT_THAT(text(done), HasSubstr("warning clone.fsck: git fsck --strict objects to the form of old objects, which "
                                    "were restored as they are | none | 1 objects, first error in tree"));
}

TEST_F(rehearsal_of_a_bundle, runs_no_program_of_the_bundle) {
  make();
  git_.must(
      "cd repo && mkdir hooks && printf '#!/bin/sh\\ntouch %s\\n' \"$PWD/../ran\" > hooks/post-checkout && chmod +x "
      "hooks/post-checkout && "
      "printf '* filter=evil diff=evil merge=evil\\n' > .gitattributes && printf '[submodule \"s\"]\\n\\tpath = "
      "s\\n\\turl = ssh://127.0.0.1:9/x\\n\\tupdate = !touch ran\\n' > .gitmodules && "
      "printf '[filter \"evil\"]\\n\\tsmudge = touch ../../ran\\n\\tclean = touch ../../ran\\n[core]\\n\\tfsmonitor = "
      "touch ../../ran\\n' > .gitconfig && "
      "ln -s /etc/passwd absolute && ln -s ../../../repo up && git add -A && git update-index --add --cacheinfo "
      "160000,$(git rev-parse HEAD),s && git commit -qm evil && "
      "git bundle create -q ../evil.bundle --all");
  const auto done = rehearse("evil.bundle");
  EXPECT_THAT(text(done), HasSubstr("note clone.checkout: submodules are not in the bundle"));
  EXPECT_THAT(text(done), HasSubstr("warning clone.fsck")) << "git does not like that submodule";
  EXPECT_EQ(done.findings.size(), 2U) << text(done);
  EXPECT_FALSE(std::filesystem::exists(path("ran")));
  EXPECT_TRUE(std::filesystem::is_symlink(path("into/checkout/up")));
}

TEST_F(rehearsal_of_a_bundle, writes_nothing_where_git_keeps_its_own_files) {
  make();
  // git mktree refuses such names, a crafted pack does not.
  const std::string blob = "[core]\n\tfsmonitor = touch ran\n";
  pack_builder pack;
  pack.whole(git_type::blob, blob);
  const std::string inner = "100644 config" + std::string(1, '\0') + pack_builder::id_of(git_type::blob, blob);
  pack.whole(git_type::tree, inner);
  for (const std::string name : {".git", "..", ".GIT"}) {
    pack_builder crafted = pack;
    const std::string tree = "40000 " + name + std::string(1, '\0') + pack_builder::id_of(git_type::tree, inner);
    crafted.whole(git_type::tree, tree);
    const std::string commit = "tree " + pack_builder::hex(pack_builder::id_of(git_type::tree, tree)) +
                               "\nauthor a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\nx\n";
    crafted.whole(git_type::commit, commit);
    const std::string id = pack_builder::hex(pack_builder::id_of(git_type::commit, commit));
    git_.scratch().write("crafted.bundle",
                         "# v2 git bundle\n" + id + " refs/heads/main\n" + id + " HEAD\n\n" + crafted.build());
    const auto done = rehearse("crafted.bundle");
    EXPECT_THAT(text(done), HasSubstr("clone.fsck")) << name;
    EXPECT_THAT(text(done), HasSubstr("error clone.checkout: " + id + " cannot be checked out")) << name << "\n"
                                                                                                 << text(done);
    EXPECT_FALSE(std::filesystem::exists(path("into/config"))) << name;
  }
}

TEST_F(rehearsal_of_a_bundle, says_what_git_lfs_keeps_elsewhere) {
  make();
  git_.must(
      "cd repo && printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:%064d\\nsize 12345\\n' 7 > model.pkl "
      "&& echo 'model.pkl filter=lfs -text' > .gitattributes && "
      "printf 'see\\nversion https://git-lfs.github.com/spec/v1\\n' > readme && git add -A && git commit -qm lfs && "
      "git bundle create -q ../lfs.bundle --all");
  const auto done = rehearse("lfs.bundle");
  EXPECT_THAT(text(done),
              HasSubstr("warning clone.checkout: files are kept by Git LFS, and their content is not in the bundle: "
                        "back up the LFS store too | in the bundle | 1 files, first model.pkl"));
  EXPECT_EQ(done.findings.size(), 1U);
}

TEST_F(rehearsal_of_a_bundle, does_not_mind_how_lines_end) {
  make();
  git_.must(
      "cd repo && printf 'a\\r\\nb\\r\\n' > windows.txt && git add -A && git commit -qm crlf && echo '* text=auto "
      "eol=lf' > .gitattributes && git add .gitattributes && git commit -qm attributes && "
      "git bundle create -q ../crlf.bundle --all");
  EXPECT_EQ(text(rehearse("crlf.bundle")), "");
}

TEST_F(rehearsal_of_a_bundle, compares_with_the_live_repository) {
  make();
  bundle_request asked;
  asked.repository = path("repo");
  EXPECT_EQ(text(rehearse("x.bundle", asked)), "") << "in step";
  git_.must(
      "cd repo && echo a >> numbers && git commit -qam one && echo b >> numbers && git commit -qam two && git branch "
      "fresh && git tag new");
  const auto behind = rehearse("x.bundle", asked);
  EXPECT_THAT(text(behind), HasSubstr("warning clone.behind: refs/heads/main has 2 commits that the bundle lacks | "));
  EXPECT_THAT(text(behind), HasSubstr("warning clone.behind: refs/heads/fresh is not in the bundle"));
  EXPECT_THAT(text(behind), HasSubstr("warning clone.behind: refs/tags/new is not in the bundle"));
  EXPECT_EQ(behind.findings.size(), 3U) << text(behind);
  git_.must("cd repo && git branch -D fresh && git tag -d new && git reset -q --hard HEAD~3");
  EXPECT_THAT(text(rehearse("x.bundle", asked)), HasSubstr("refs/heads/main was moved: the bundle has it elsewhere"));
  git_.must(
      "cd repo && git checkout -q --orphan again && git commit -qm again && git branch -M again main && git branch -D "
      "side && git tag -d light v1 && git reflog expire --expire=now --all && git gc -q --prune=now");
  EXPECT_THAT(text(rehearse("x.bundle", asked)), HasSubstr("refs/heads/main was rewritten"));
}

TEST_F(rehearsal_of_a_bundle, says_what_was_neither_pushed_nor_committed) {
  git_.make_repository("repo", 3);
  git_.must(
      "git init -q --bare origin.git && cd repo && git remote add origin ../origin.git && git push -q -u origin main "
      "&& git push -q origin side && "
      "git bundle create -q ../x.bundle --all");
  bundle_request asked;
  asked.repository = path("repo");
  EXPECT_EQ(text(rehearse("x.bundle", asked)), "");
  git_.must(
      "cd repo && echo a >> numbers && git commit -qam one && git checkout -q side && echo b >> d/log && git commit "
      "-qam two && git checkout -q main && "
      "git bundle create -q ../x.bundle --all && echo changed >> numbers && echo new > untracked && mkdir many && "
      "touch many/1 many/2 && git rm -q d/log");
  const std::string before = git_.must(
      "cd repo && git rev-parse HEAD && find .git -type f ! -path '*/objects/*' -printf '%p %T@ %s\\n' | sort");
  const auto done = rehearse("x.bundle", asked);
  EXPECT_EQ(
      git_.must(
          "cd repo && git rev-parse HEAD && find .git -type f ! -path '*/objects/*' -printf '%p %T@ %s\\n' | sort"),
      before)
      << "not even its index is refreshed";
  EXPECT_THAT(text(done), HasSubstr("warning clone.unpushed: branch main has 1 commit that were not pushed | "
                                    "refs/remotes/origin/main | 1 ahead"));
  EXPECT_THAT(text(done),
              HasSubstr("warning clone.unpushed: branch side has 1 commit that no remote has | pushed | no upstream"));
  EXPECT_THAT(text(done), HasSubstr("warning clone.uncommitted: 2 files changed and 2 files untracked, first"));
  EXPECT_EQ(done.findings.size(), 3U) << text(done);
}

TEST_F(rehearsal_of_a_bundle, takes_bare_and_foreign_live_repositories) {
  make();
  git_.must("git clone -q --mirror repo bare.git");
  bundle_request asked;
  asked.repository = path("bare.git");
  EXPECT_EQ(text(rehearse("x.bundle", asked)), "");
  asked.repository = path("repo/d");
  EXPECT_EQ(text(rehearse("x.bundle", asked)), "") << "any directory of it";
  if (::geteuid() == 0) {
    git_.must("chmod 755 . && chown -R 65534:65534 repo");
    asked.repository = path("repo");
    EXPECT_EQ(text(rehearse("x.bundle", asked)), "") << "another user's, looked at as that user";
  }
}

TEST_F(rehearsal_of_a_bundle, says_when_the_live_repository_cannot_be_read) {
  make();
  bundle_request asked;
  asked.repository = path("gone");
  EXPECT_THAT(text(rehearse("x.bundle", asked)),
              HasSubstr("unchecked cannot look at the live repository: No such file"));
  git_.must("mkdir plain");
  asked.repository = path("plain");
  EXPECT_THAT(text(rehearse("x.bundle", asked)),
              HasSubstr("unchecked git does not read the live repository: fatal: not a git repository"));
}

// Whose configuration somebody else could write: it names programs, and git runs them.
TEST_F(rehearsal_of_a_bundle, runs_nothing_of_a_live_repository_of_two_users) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, whom somebody else may lead astray";
  make();
  const std::string ran = path("ran");
  git_.must("chmod 711 . && cp -r repo mixed && cd mixed && git config filter.x.clean 'touch " + ran +
            "; cat' && git config core.fsmonitor 'touch " + ran +
            "; false' && echo '* filter=x' > .gitattributes && echo changed >> numbers && git status");
  ASSERT_TRUE(std::filesystem::exists(ran)) << "the trap works";
  std::filesystem::remove(ran);
  for (const char* part : {"mixed/.git/config", "mixed/.git", "mixed"}) {
    git_.must("chown -R 0:0 mixed && chown nobody " + std::string{part} + " && touch mixed/numbers");
    bundle_request asked;
    asked.repository = path("mixed");
    const auto looked = rehearse("x.bundle", asked);
    EXPECT_THAT(text(looked), HasSubstr("unchecked")) << part;
    EXPECT_FALSE(std::filesystem::exists(ran)) << part;
  }
}

TEST_F(rehearsal_of_a_bundle, is_not_led_by_the_environment) {
  make();
  git_.must(
      "mkdir home && printf '[core]\\n\\thooksPath = /nowhere\\n[url \"file:///nowhere\"]\\n\\tinsteadOf = "
      "/\\n[transfer]\\n\\tfsckObjects = true\\n' > home/.gitconfig");
  ::setenv("GIT_DIR", "/nowhere", 1);
  ::setenv("GIT_CONFIG_COUNT", "x", 1);
  const char* home = std::getenv("HOME");
  const std::string before = home != nullptr ? home : "";
  ::setenv("HOME", path("home").c_str(), 1);
  const std::string got = text(rehearse("x.bundle"));
  ::unsetenv("GIT_DIR");
  ::unsetenv("GIT_CONFIG_COUNT");
  if (home != nullptr) ::setenv("HOME", before.c_str(), 1);
  EXPECT_EQ(got, "");
}

TEST_F(rehearsal_of_a_bundle, stops_when_told_to) {
  make();
  std::atomic<bool> stop{true};
  bundle_request asked;
  asked.stop = stop;
  EXPECT_THROW(rehearse("x.bundle", asked), interrupted);
}

TEST_F(rehearsal_of_a_bundle, says_when_there_is_no_git) {
  make();
  const std::string before = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  (void)::mkdir(path("into").c_str(), 0700);
  bundle_request asked;
  asked.bundle = path("x.bundle");
  asked.directory = path("into");
  const auto done = rehearse_bundle(asked);
  ::setenv("PATH", before.c_str(), 1);
  EXPECT_THAT(text(done), HasSubstr("unchecked there is no program git here"));
}

}  // namespace git_rehearsal_test
