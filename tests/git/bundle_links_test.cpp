// Whether everything that a bundle's objects name is in it: bundles of real repositories first, then packs from which
// an object was left out, made by git itself; git's own judgement beside ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "git/git_world.hpp"
#include "knowngood/io/random_access.hpp"

namespace bundle_links_test {

using namespace knowngood;

using ::testing::Contains;
using ::testing::IsEmpty;
using ids = std::vector<std::string>;

struct repository_case {
  const char* name;
  const char* make;  // in an empty directory, leaves the repository r
  const char* options = "";
};

// How a bundle is read: once, or with its bytes at hand for what came too early; and with how much memory.
bundle_reading read_with(const std::string& bytes, bool again, std::size_t held) {
  memory_random_access stored{bytes};
  bundle_options how;
  how.held_bytes = held;
  if (again) how.stored = &stored;
  return read_bytes(bytes, how);
}

class whole_repository : public testing::TestWithParam<repository_case> {};

TEST_P(whole_repository, is_sound_and_proved) {
  const git_world git;
  git.must(GetParam().make);
  const std::string bytes = git.bundle("r", "--all", GetParam().options);
  ASSERT_TRUE(git.clones(bytes)) << "git itself takes it";
  for (const bool again : {false, true}) {
    for (const std::size_t held : {std::size_t{64} << 20U, std::size_t{2000}, std::size_t{0}}) {
      const bundle_reading reading = read_with(bytes, again, held);
      EXPECT_THAT(reading.checks(), IsEmpty()) << again << ' ' << held;
      ASSERT_TRUE(reading.summary);
      if (again || held > 2000) {
        EXPECT_TRUE(reading.summary->pack.links_proven) << again << ' ' << held;
        EXPECT_TRUE(reading.summary->all_objects_resolved) << again << ' ' << held;
        EXPECT_EQ(reading.summary->unproven_refs, 0U);
      }
    }
  }
}

#define MANY_VERSIONS                                                                                   \
  "git init -q -b main r && cd r && mkdir -p d/e && for i in $(seq 12); do seq $((i * 20)) > numbers; " \
  "echo version $i >> d/log; seq 100 $((100 + i)) > d/e/more; git add -A; git commit -qm \"commit $i\"; done"

const repository_case repositories[] = {
    {"small", "git init -q -b main r && cd r && echo x > a && git add a && git commit -qm one"},
    {"many_versions", MANY_VERSIONS},
    {"repacked", MANY_VERSIONS " && git repack -adfq --depth=50 --window=50"},
    {"sha256",
     "git init -q -b main --object-format=sha256 r && cd r && echo x > a && git add a && git commit -qm one && "
     "git tag -a -m t v1",
     "--version=3"},
    {"an_empty_tree", "git init -q -b main r && cd r && git commit -q --allow-empty -m nothing"},
    {"tags_of_tags", MANY_VERSIONS " && git tag -a -m 1 one && git tag -a -m 2 two one && git tag -a -m 3 three two"},
    {"tags_of_trees_and_blobs",
     MANY_VERSIONS " && git tag -a -m t tree HEAD^{tree} && git tag -a -m b blob HEAD:numbers"},
    {"a_submodule",
     "git init -q -b main r && cd r && echo x > a && git add a && git update-index --add --cacheinfo "
     "160000,1234567890123456789012345678901234567890,sub && git commit -qm one"},
    {"an_octopus",
     "git init -q -b main r && cd r && git commit -q --allow-empty -m root && for b in one two three; do "
     "git checkout -q -b $b main && echo $b > $b && git add $b && git commit -qm $b; done && "
     "git checkout -q main && git merge -q -m all one two three"},
    {"links_and_programs",
     "git init -q -b main r && cd r && ln -s nowhere link && echo x > run && chmod +x run && "
     "git add -A && git commit -qm one"},
    {"a_thousand_refs",
     "git init -q -b main r && cd r && echo x > a && git add a && git commit -qm one && "
     "c=$(git rev-parse HEAD) && for i in $(seq 1000); do echo create refs/tags/t$i $c; done | "
     "git update-ref --stdin"},
    {"notes_and_stash", MANY_VERSIONS " && git notes add -m remark && echo y >> numbers && git stash -q"},
    {"several_roots",
     "git init -q -b main r && cd r && echo x > a && git add a && git commit -qm one && "
     "git checkout -q --orphan other && git rm -qrf . && echo y > b && git add b && git commit -qm two"},
    {"large_files",
     "git init -q -b main r && cd r && for i in 1 2 3; do seq $((i * 1000)) 600000 > big; git add big; "
     "git commit -qm $i; done && git gc -q"},
};

INSTANTIATE_TEST_SUITE_P(bundle, whole_repository, testing::ValuesIn(repositories),
                         [](const auto& one) { return std::string{one.param.name}; });

struct lost_object {
  const char* name;
  const char* object;  // as `git rev-parse` knows it
  const char* check;
};

class object_left_out : public testing::TestWithParam<std::tuple<lost_object, const char*, bool>> {};

TEST_P(object_left_out, is_found) {
  const auto& [lost, options, again] = GetParam();
  const git_world git;
  git.must(MANY_VERSIONS " && git tag -a -m 1 one && git tag -a -m 2 two one");
  const auto packed = [&](const std::string& without) {
    const std::string pack = git.must("cd r && git rev-list --objects --all | cut -d' ' -f1 | grep -v '^" + without +
                                      "$' | git pack-objects -q --stdout " + options);
    return "# v2 git bundle\n" + git.must("cd r && git show-ref | grep -v HEAD") + "\n" + pack;
  };
  const std::string whole = packed("none");
  ASSERT_TRUE(git.clones(whole));
  const bundle_reading before = read_with(whole, again, std::size_t{8} << 20U);
  ASSERT_THAT(before.checks(), IsEmpty());
  EXPECT_TRUE(before.summary->pack.links_proven);

  std::string id = git.must(std::string{"git -C r rev-parse "} + lost.object);
  id.pop_back();
  const std::string bytes = packed(id);
  EXPECT_FALSE(git.clones(bytes)) << "git does not agree";
  for (const std::size_t held : {std::size_t{8} << 20U, std::size_t{2000}}) {
    if (!again && held == 2000) continue;
    const bundle_reading reading = read_with(bytes, again, held);
    EXPECT_THAT(reading.checks(), Contains(lost.check)) << held;
    ASSERT_TRUE(reading.summary);
    EXPECT_FALSE(reading.summary->pack.links_proven);
  }
}

const lost_object losses[] = {
    {"a_blob", "HEAD:d/log", "bundle.object"},      {"an_old_blob", "HEAD~8:numbers", "bundle.object"},
    {"a_tree", "HEAD:d/e", "bundle.object"},        {"a_root_tree", "HEAD~3^{tree}", "bundle.object"},
    {"a_commit", "HEAD~5", "bundle.prerequisites"}, {"the_first_commit", "HEAD~11", "bundle.prerequisites"},
    {"a_tag_within_a_tag", "one", "bundle.object"},
};

INSTANTIATE_TEST_SUITE_P(bundle, object_left_out,
                         testing::Combine(testing::ValuesIn(losses), testing::Values("", "--delta-base-offset"),
                                          testing::Bool()),
                         [](const auto& one) {
                           const std::string options = std::get<1>(one.param);
                           return std::string{std::get<0>(one.param).name} +
                                  (options.empty()           ? "_deltas_by_name"
                                   : options == "--window=0" ? "_whole"
                                                             : "_deltas") +
                                  (std::get<2>(one.param) ? "_read_again" : "_read_once");
                         });

TEST(bundle_links, survive_a_delta_that_comes_before_its_base) {
  const std::string text = "line one\nline two\nline three\n";
  const std::string longer = text + "line four\n";
  for (const bool complete : {true, false}) {
    pack_builder pack;
    const std::string base = pack_builder::id_of(git_type::blob, text);
    const std::string made = pack_builder::id_of(git_type::blob, longer);
    const std::string entry = std::string{"100644 a"} + '\0' + made + "100644 b" + '\0' + base +
                              (complete ? std::string{} : std::string{"100644 c"} + '\0' + std::string(20, 'c'));
    std::string delta{static_cast<char>(text.size())};
    delta += static_cast<char>(longer.size());
    delta += '\x90';
    delta += static_cast<char>(text.size());
    delta += '\x0a';
    delta += "line four\n";
    pack.ref_delta(base, delta);
    pack.whole(git_type::tree, entry);
    pack.whole(git_type::blob, text);
    const std::string bytes = pack.build();
    for (const bool again : {false, true}) {
      memory_random_access stored{bytes};
      pack_request request;
      if (again) request.stored = &stored;
      const pack_reading reading = read_pack_bytes(bytes, request);
      ASSERT_TRUE(reading.summary);
      EXPECT_EQ(reading.summary->unresolved_objects(), 0U) << again;
      EXPECT_EQ(reading.summary->links_proven, complete) << again;
      EXPECT_EQ(reading.checks(), complete ? ids{} : ids{"bundle.object"}) << again;
    }
  }
}

TEST(bundle_links, that_could_not_be_told_are_no_proof) {
  const git_world git;
  git.must(MANY_VERSIONS " && git repack -adfq --depth=50 --window=50");
  const bundle_reading reading = read_with(git.bundle("r", "--all"), false, 0);
  EXPECT_THAT(reading.checks(), IsEmpty());
  ASSERT_TRUE(reading.summary);
  EXPECT_FALSE(reading.summary->pack.links_proven);
  EXPECT_GT(reading.summary->pack.unresolved_objects(), 0U);
}

}  // namespace bundle_links_test
