#include "knowngood/git/bundle.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "git/git_world.hpp"
#include "knowngood/testing/source_suite.hpp"

namespace bundle_test {

using namespace knowngood;
using namespace std::string_literals;

using ids = std::vector<std::string>;

std::string lines_of(const std::vector<bundle_ref>& refs) {
  std::string text;
  for (const auto& ref : refs) text += ref.object + " " + ref.name + "\n";
  return text;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  if (at == std::string::npos) throw std::invalid_argument{"nothing to replace: " + what};
  return text.replace(at, what.size(), with);
}

// Everything that git says about a bundle against everything that we do.
void expect_as_git_reads_it(const git_world& git, const std::string& bytes, const std::string& format = "sha1") {
  std::map<std::uint64_t, std::string> seen;
  bundle_options options;
  options.observer = [&](const packed_object& object) { seen[object.offset] = object.id ? object.id->hex() : "?"; };
  const bundle_reading reading = read_bytes(bytes, options);
  ASSERT_TRUE(reading.sound()) << reading.findings.front().message;
  const bundle_summary& bundle = *reading.summary;
  EXPECT_EQ(to_string(bundle.format), format);
  EXPECT_TRUE(bundle.all_objects_resolved);
  EXPECT_EQ(bundle.unproven_refs, 0U);
  for (const auto& ref : bundle.refs) EXPECT_NE(ref.type, git_type::unknown) << ref.name;

  ASSERT_TRUE(git.indexes(pack_of(bytes), format));
  EXPECT_EQ(seen, git.index(format));
  EXPECT_EQ(bundle.pack.objects, seen.size());
  EXPECT_EQ(bundle.pack.bytes, pack_of(bytes).size());
  EXPECT_EQ(bundle.pack.digest, pack_builder::hex(bytes.substr(bytes.size() - id_bytes(bundle.format))));
  git.scratch().write("asked.bundle", bytes);
  EXPECT_EQ(lines_of(bundle.refs), git.must("git bundle list-heads asked.bundle"));

  type_counts counts{};
  std::istringstream objects{git.must("git verify-pack --object-format=" + format + " -v asked.idx")};
  for (std::string line; std::getline(objects, line);) {
    std::istringstream words{line};
    std::string id;
    std::string type;
    words >> id >> type;
    for (const git_type each : {git_type::commit, git_type::tree, git_type::blob, git_type::tag}) {
      if (type == to_string(each)) ++counts[static_cast<std::size_t>(each)];
    }
  }
  EXPECT_EQ(bundle.pack.by_type, counts);
}

// A repository and its complete bundle, made once.
class bundle : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    git_ = new git_world;
    git_->make_repository("r", 12);
    all_ = new std::string{git_->bundle("r", "--all")};
    git_->must("git init -q -b main tiny && cd tiny && echo a > f && git add f && git commit -qm x");
    tiny_ = new std::string{git_->bundle("tiny", "HEAD main")};
  }
  static void TearDownTestSuite() {
    delete git_;
    delete all_;
    delete tiny_;
  }

  static const git_world& git() { return *git_; }
  static const std::string& all() { return *all_; }
  static const std::string& tiny() { return *tiny_; }

 private:
  static inline git_world* git_ = nullptr;
  static inline std::string* all_ = nullptr;
  static inline std::string* tiny_ = nullptr;
};

TEST_F(bundle, of_everything_is_read_as_git_reads_it) {
  expect_as_git_reads_it(git(), all());
  const bundle_summary summary = *read_bytes(all()).summary;
  EXPECT_EQ(summary.version, 2);
  EXPECT_EQ(summary.pack.count(git_type::commit), 12U);
  EXPECT_EQ(summary.pack.count(git_type::tag), 1U);
  EXPECT_GT(summary.pack.ofs_deltas, 0U) << "the fixture has deltas";
  const auto v1 =
      std::find_if(summary.refs.begin(), summary.refs.end(), [](auto& ref) { return ref.name == "refs/tags/v1"; });
  ASSERT_NE(v1, summary.refs.end());
  EXPECT_EQ(v1->type, git_type::tag);
}

TEST_F(bundle, of_version_3_is_read_as_git_reads_it) {
  const std::string bytes = git().bundle("r", "--all", "--version=3");
  expect_as_git_reads_it(git(), bytes);
  EXPECT_EQ(read_bytes(bytes).summary->version, 3);
  EXPECT_EQ(read_bytes(bytes).summary->capabilities, ids{"object-format=sha1"});
}

TEST_F(bundle, of_a_sha256_repository_is_read_as_git_reads_it) {
  const git_world other;
  other.make_repository("r", 12, "--object-format=sha256");
  const std::string bytes = other.bundle("r", "--all");
  expect_as_git_reads_it(other, bytes, "sha256");
  EXPECT_EQ(read_bytes(bytes).summary->version, 3);
  for (const auto& cut : every_cut(bytes.substr(0, 600))) {
    EXPECT_EQ(read_bytes(cut.apply(bytes)).checks().size(), 1U) << cut.name;
  }
}

TEST_F(bundle, of_a_repacked_repository_is_read_as_git_reads_it) {
  git().must("git clone -q --mirror r repacked && git -C repacked repack -adfq --depth=50 --window=50");
  expect_as_git_reads_it(git(), git().bundle("repacked", "--all"));
}

TEST_F(bundle, holds_refs_of_every_kind) {
  git().must(
      "git clone -q r kinds && cd kinds && git worktree add -q ../wt -b wt && echo x >> numbers && git stash -q && "
      "git tag blob HEAD:numbers && git tag tree HEAD^{tree} && git tag -a -m nested nested v1 && "
      "git notes add -m note && git checkout -q --orphan empty && git rm -rfq . && git commit -q --allow-empty -m "
      "none");
  const std::string bytes = git().bundle("kinds", "--all");
  expect_as_git_reads_it(git(), bytes);
  std::set<std::string> names;
  const bundle_summary summary = *read_bytes(bytes).summary;
  for (const auto& ref : summary.refs) names.insert(ref.name);
  for (const auto* name :
       {"worktrees/wt/HEAD", "refs/stash", "refs/tags/blob", "refs/tags/tree", "refs/notes/commits"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST_F(bundle, with_deltas_by_name_is_read_as_one_with_offsets) {
  git().must("cd r && git rev-list --objects --all | git pack-objects -q --stdout > ../refdeltas.pack");
  std::string bytes = all().substr(0, all().find("\n\nPACK") + 2) + git().scratch().read("refdeltas.pack");
  expect_as_git_reads_it(git(), bytes);
  EXPECT_GT(read_bytes(bytes).summary->pack.ref_deltas, 0U);
  EXPECT_EQ(read_bytes(bytes).summary->pack.ofs_deltas, 0U);
  EXPECT_TRUE(git().clones(bytes));
}

TEST_F(bundle, comes_to_the_same_whatever_the_chunks) {
  const bundle_summary whole = *read_bytes(all()).summary;
  for (const std::size_t chunk : {1U, 2U, 3U, 7U, 63U, 512U, 65'536U}) {
    const bundle_reading reading = read_bytes(all(), {}, chunk);
    ASSERT_TRUE(reading.sound()) << chunk;
    EXPECT_EQ(reading.summary->pack.by_type, whole.pack.by_type);
    EXPECT_EQ(reading.summary->pack.digest, whole.pack.digest);
    EXPECT_EQ(reading.summary->pack.inflated_bytes, whole.pack.inflated_bytes);
    EXPECT_EQ(lines_of(reading.summary->refs), lines_of(whole.refs));
  }
}

TEST_F(bundle, says_what_it_could_not_prove_rather_than_alarm) {
  git().must("git clone -q --mirror r few && git -C few repack -adfq --depth=50 --window=50");
  const std::string bytes = git().bundle("few", "--all");
  bundle_options nothing_held;
  nothing_held.held_bytes = 0;
  const bundle_reading reading = read_bytes(bytes, nothing_held);
  ASSERT_TRUE(reading.sound()) << reading.findings.front().message;
  EXPECT_FALSE(reading.summary->all_objects_resolved);
  EXPECT_GT(reading.summary->pack.unresolved_objects(), 0U);
  for (const auto& ref : reading.summary->refs) {
    if (!ref.name.starts_with("refs/heads/")) continue;
    EXPECT_EQ(ref.type, git_type::commit) << "commits here are whole";
  }
}

TEST_F(bundle, with_prerequisites_is_no_complete_history) {
  const std::string bytes = git().bundle("r", "main~3..main");
  const bundle_reading reading = read_bytes(bytes);
  EXPECT_EQ(reading.checks(), ids{"bundle.prerequisites"});
  ASSERT_TRUE(reading.summary);
  ASSERT_EQ(reading.summary->prerequisites.size(), 1U);
  EXPECT_EQ(reading.summary->prerequisites[0].object + "\n", git().must("git -C r rev-parse main~3"));
  EXPECT_EQ(reading.summary->prerequisites[0].comment, "commit 9");
  EXPECT_FALSE(git().clones(bytes));
}

TEST_F(bundle, of_a_shallow_repository_is_no_complete_history_whatever_git_bundle_verify_says) {
  git().must("git clone -q --depth 2 file://$PWD/r shallow");
  const std::string bytes = git().bundle("shallow", "--all");
  git().scratch().write("asked.bundle", bytes);
  EXPECT_TRUE(git().succeeds("git -C r bundle verify ../asked.bundle")) << "else this test is moot";
  EXPECT_FALSE(git().clones(bytes));
  EXPECT_EQ(read_bytes(bytes).checks(), ids{"bundle.prerequisites"});
}

TEST_F(bundle, that_was_filtered_is_no_complete_history) {
  git().must("git -C r bundle create -q --version=3 ../made.bundle --filter=blob:none --all");
  const std::string bytes = git().scratch().read("made.bundle");
  const bundle_reading reading = read_bytes(bytes);
  EXPECT_EQ(reading.checks(), ids{"bundle.filtered"});
  EXPECT_EQ(reading.findings[0].actual, "blob:none");
  EXPECT_FALSE(git().clones(bytes));
}

TEST_F(bundle, without_refs_is_none) {
  ASSERT_TRUE(read_bytes(tiny()).sound());
  const std::string bytes = "# v2 git bundle\n\n" + pack_of(tiny());
  EXPECT_EQ(read_bytes(bytes).checks(), ids{"bundle.no-refs"});
}

TEST_F(bundle, whose_ref_has_no_object_in_the_pack_is_found) {
  const std::string head = git().must("git -C tiny rev-parse main").substr(0, 40);
  const std::string other = "0123456789abcdef0123456789abcdef01234567";
  std::string bytes = replaced(tiny(), head + " refs/heads/main", other + " refs/heads/main");
  const bundle_reading reading = read_bytes(bytes);
  EXPECT_EQ(reading.checks(), ids{"bundle.ref-missing"});
  EXPECT_EQ(reading.findings[0].expected, other);
  EXPECT_EQ(reading.summary->unproven_refs, 0U);
  EXPECT_FALSE(git().clones(bytes));
  // git refuses to write an empty bundle, and to clone one whose pack is empty.
  const std::string empty = tiny().substr(0, tiny().find("\n\nPACK") + 2) + pack_builder{}.build();
  EXPECT_EQ(read_bytes(empty).checks(), (ids{"bundle.ref-missing", "bundle.ref-missing"}));
  EXPECT_FALSE(git().clones(empty));
}

TEST_F(bundle, whose_branch_is_no_commit_is_found) {
  const std::string head = git().must("git -C tiny rev-parse main").substr(0, 40);
  const std::string blob = git().must("git -C tiny rev-parse main:f").substr(0, 40);
  const std::string bytes = replaced(tiny(), head + " refs/heads/main", blob + " refs/heads/main");
  EXPECT_EQ(read_bytes(bytes).checks(), ids{"bundle.ref-missing"});
  EXPECT_FALSE(git().clones(bytes));
  EXPECT_TRUE(read_bytes(replaced(bytes, "refs/heads/main", "refs/tags/main")).sound()) << "a tag may be anything";
}

TEST_F(bundle, that_lists_a_ref_twice_can_be_fetched_and_not_cloned) {
  const std::string bytes = git().bundle("r", "main --all");
  EXPECT_FALSE(git().clones(bytes)) << "git writes it and does not read it";
  EXPECT_TRUE(
      git().succeeds("rm -rf fetched && git init -q fetched && "
                     "git -C fetched fetch -q ../asked.bundle 'refs/*:refs/copy/*'"));
  const bundle_reading reading = read_bytes(bytes);
  EXPECT_EQ(reading.checks(), ids{"bundle.duplicate-ref"});
  EXPECT_EQ(reading.findings[0].severity, severity::warning);
  EXPECT_EQ(read_bytes(git().bundle("r", "HEAD --all")).checks(), ids{}) << "HEAD is no ref of a clone";

  const std::string other = git().must("git -C r rev-parse main~1").substr(0, 40);
  for (const std::string line : {"refs/heads/main", "refs/heads/main/below"}) {
    const std::string crafted = replaced(all(), "\n\nPACK", "\n" + other + " " + line + "\n\nPACK");
    const bundle_reading conflict = read_bytes(crafted);
    EXPECT_EQ(conflict.checks(), ids{"bundle.duplicate-ref"}) << line;
    EXPECT_EQ(conflict.findings[0].severity, severity::error) << line;
    EXPECT_FALSE(git().clones(crafted)) << line;
  }
}

// formats.md: git bundle verify exits 0 for each of these.
TEST_F(bundle, shows_the_five_damages_that_git_bundle_verify_misses) {
  const std::size_t pack = all().find("\n\nPACK") + 2;
  const std::vector<std::pair<damage, ids>> damages{
      {flip_bit(all().size() - 1), {"bundle.digest"}},
      {flip_bit(pack + (all().size() - pack) / 2, 3), {"bundle.object"}},
      {cut_at(all().size() - 100), {"bundle.truncated"}},
      {cut_at(pack), {"bundle.truncated"}},
      {append("junk"), {"bundle.trailing-data"}},
  };
  ASSERT_TRUE(read_bytes(all()).sound());
  ASSERT_TRUE(git().clones(all()));
  for (const auto& [each, expected] : damages) {
    const std::string bytes = each.apply(all());
    git().scratch().write("asked.bundle", bytes);
    EXPECT_TRUE(git().succeeds("git -C r bundle verify ../asked.bundle")) << each.name;
    EXPECT_FALSE(git().clones(bytes)) << each.name;
    EXPECT_EQ(read_bytes(bytes).checks(), expected) << each.name;
  }
}

TEST_F(bundle, shows_every_cut) {
  for (const auto& cut : every_cut(tiny())) {
    EXPECT_EQ(read_bytes(cut.apply(tiny()), {}, 7).checks().back(), "bundle.truncated") << cut.name;
  }
}

TEST_F(bundle, shows_every_flipped_bit_but_those_that_git_cannot_see_either) {
  ASSERT_TRUE(read_bytes(tiny()).sound());
  ASSERT_TRUE(git().clones(tiny()));
  const std::size_t pack = tiny().find("\n\nPACK") + 2;
  std::size_t asked = 0;
  for (std::size_t offset = 0; offset < tiny().size(); ++offset) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const damage flip = flip_bit(offset, bit);
      const std::string bytes = flip.apply(tiny());
      const bool sound = read_bytes(bytes, {}, 64).sound();
      if (offset >= pack) {
        ASSERT_FALSE(sound) << flip.name << ": the pack is under a digest";
        continue;
      }
      if ((offset * 8 + bit) % 9 != 0) continue;  // a process or three each
      ++asked;
      const bool git_takes_it = git().clones(bytes);
      // git drops a ref whose name it does not like without a word, and so loses it.
      const bool all_refs = git_takes_it &&
                            git().must("git -C asked for-each-ref").find("refs/") != std::string::npos &&
                            git().must("git bundle list-heads asked.bundle").find(" HEAD\n") != std::string::npos;
      if (sound) {
        EXPECT_TRUE(git_takes_it) << flip.name << ": sound to us, broken to git";
      } else {
        EXPECT_FALSE(all_refs) << flip.name << ": broken to us, sound to git";
      }
    }
  }
  EXPECT_GT(asked, 80U);
}

TEST_F(bundle, with_a_malformed_header_is_refused_as_git_refuses_it) {
  const std::string head = git().must("git -C tiny rev-parse main").substr(0, 40);
  const std::string ref = head + " refs/heads/main\n";
  const std::string pack = pack_of(tiny());
  ASSERT_TRUE(read_bytes("# v2 git bundle\n" + ref + "\n" + pack).sound());
  ASSERT_TRUE(git().clones("# v2 git bundle\n" + ref + "\n" + pack));
  std::string upper = ref;
  for (std::size_t i = 0; i < 40; ++i) upper[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(upper[i])));
  EXPECT_TRUE(read_bytes("# v2 git bundle\n" + upper + "\n" + pack).sound()) << "git reads upper-case digits";
  EXPECT_TRUE(git().clones("# v2 git bundle\n" + upper + "\n" + pack));
  EXPECT_TRUE(read_bytes("# v3 git bundle\n" + ref + "\n" + pack).sound()) << "SHA-1 is the default";
  EXPECT_TRUE(git().clones("# v3 git bundle\n" + ref + "\n" + pack));
  for (const std::string& header : std::vector<std::string>{
           "# v1 git bundle\n" + ref + "\n", "# v4 git bundle\n" + ref + "\n", "# v2 git bundle\r\n" + ref + "\n",
           "# v2 git bundle \n" + ref + "\n", "# v2 git bundle\n" + head + "\n\n", "# v2 git bundle\n" + ref + " \n\n",
           "# v2 git bundle\n" + head.substr(1) + " refs/heads/main\n\n",
           "# v2 git bundle\n" + head + "0 refs/heads/main\n\n",
           "# v2 git bundle\ng" + head.substr(1) + " refs/heads/main\n\n",
           "# v2 git bundle\n" + head + ":refs/heads/main\n\n", "# v2 git bundle\n@object-format=sha1\n" + ref + "\n",
           "# v3 git bundle\n@object-format=md5\n" + ref + "\n",
           "# v3 git bundle\n@object-format=sha256\n" + ref + "\n", "# v3 git bundle\n@unheard-of\n" + ref + "\n",
           "# v3 git bundle\n@\n" + ref + "\n", "# v2 git bundle\n-\n" + ref + "\n",
           "# v2 git bundle\n" + ref + "# x\n\n", "# v2 git bundle\n" + ref + "\r\n"}) {
    EXPECT_EQ(read_bytes(header + pack).checks(), ids{"bundle.header"}) << header;
    EXPECT_FALSE(git().clones(header + pack)) << header;
  }
  EXPECT_EQ(read_bytes(replaced(tiny(), "\n\nPACK", "\n\nPAKK")).checks(), ids{"bundle.pack-header"});
  EXPECT_EQ(read_bytes("").checks(), ids{"bundle.truncated"});
  EXPECT_EQ(read_bytes("no bundle at all, but long enough to be one").checks(), ids{"bundle.header"});
  EXPECT_EQ(read_bytes(replaced(tiny(), "heads/main", std::string("heads/m\0in", 10))).checks(), ids{"bundle.header"});
  EXPECT_EQ(read_bytes(replaced(tiny(), "heads/main", "heads/m..n")).checks(), ids{"bundle.header"});
}

TEST_F(bundle, names_a_place_for_what_it_finds) {
  const bundle_reading reading = read_bytes(tiny() + "x");
  ASSERT_EQ(reading.findings.size(), 1U);
  EXPECT_EQ(reading.findings[0].where, location{"repo.bundle"}.at(tiny().size()));
}

TEST_F(bundle, stays_within_the_limits_of_its_header) {
  limits bounds;
  bounds.name_bytes = 10;
  EXPECT_THROW(static_cast<void>(read_bytes(tiny(), {}, 100, bounds)), environment_error);
  bounds = {};
  bounds.list_bytes = 30;
  EXPECT_THROW(static_cast<void>(read_bytes(tiny(), {}, 100, bounds)), environment_error);
}

TEST_F(bundle, passes_on_what_its_upstream_throws) {
  for (std::size_t kept = 0; kept <= tiny().size(); ++kept) {
    failing_source from{tiny().substr(0, kept), 5};
    finding_list findings;
    try {
      static_cast<void>(read_bundle(from, location{"x"}, {}, findings));
      ADD_FAILURE() << "passed although the upstream failed after " << kept;
    } catch (const stream_error& error) {
      EXPECT_EQ(error.as_finding().check, failing_source::check_id) << kept;
    }
  }
}

}  // namespace bundle_test
