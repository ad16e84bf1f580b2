// What real tools write is read as they read it themselves.
#include "knowngood/archive/detect_tar.hpp"

#include <gtest/gtest.h>
#include "knowngood/archive/tar_reader.hpp"

#include "archive/tar_bytes.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cmath>
#include <map>
#include <set>

namespace tar_tools_test {

using namespace tar_bytes;
using testing::ElementsAre;
using testing::IsEmpty;

// A tree with what backups hold: empty and odd sizes, long and hostile names, links, holes, fractions of seconds.
constexpr const char* make_tree = R"sh(
mkdir -p tree/empty tree/sub
: > tree/nothing
for n in 1 511 512 513 1024 100000; do head -c $n /dev/zero | tr '\0' "$n" > tree/size_$n; done
head -c 20000 /dev/urandom > tree/sub/noise
ln tree/sub/noise tree/sub/second_name
ln -s sub/noise tree/soft
ln -s nowhere tree/dangling
chmod 600 tree/size_1; chmod 755 tree/size_511; chmod 4711 tree/size_512
touch -d '2025-12-04 02:00:00.25' tree/size_513
)sh";
constexpr const char* make_odd_names = R"sh(
long=$(printf 'n%.0s' $(seq 200))
mkdir -p "tree/$long/$long"
echo deep > "tree/$long/$long/$long"
ln -s "$long/$long/$long" tree/long_target
ln "tree/$long/$long/$long" tree/long_hard
printf x > "tree/$(printf 'caf\351')"
printf y > "tree/$(printf 'e\314\201')"
printf z > "tree/two
lines"
printf w > 'tree/back\slash and "quotes"'
mkfifo tree/queue
touch -d '1969-07-20 20:17:40' tree/size_1024
)sh";
constexpr const char* make_holes = R"sh(
truncate -s 3000000 tree/all_hole
printf abc | dd of=tree/middle bs=1 seek=1000000 conv=notrunc status=none; truncate -s 2500000 tree/middle
i=0
while [ $i -lt 40 ]; do
  printf data$i | dd of=tree/many bs=1 seek=$((i*131072)) conv=notrunc status=none; i=$((i+1))
done
)sh";

// GNU tar's --quoting-style=escape.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
    } else if (text[i + 1] >= '0' && text[i + 1] <= '7') {
      out += static_cast<char>(std::stoi(std::string{text.substr(i + 1, 3)}, nullptr, 8));
      i += 3;
    } else {
      ++i;
      out += text[i] == 'n' ? '\n' : text[i];
    }
  }
  return out;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// The members against what GNU tar extracts, and the end against the walker.
void expect_as_gnu_tar_reads_it(const archive_directory& scratch, const std::string& name,
                                double time_precision = 1.0) {
  SCOPED_TRACE(name);
  const std::string bytes = scratch.read(name);
  ASSERT_TRUE(is_tar(std::as_bytes(std::span{bytes})));
  const tar_reading got = read_tar(bytes);
  ASSERT_THAT(got.checks(), IsEmpty());
  ASSERT_FALSE(got.unchecked);
  for (const std::size_t chunk : {std::size_t{333}, std::size_t{1'000'000}}) {
    const tar_reading again = read_tar(bytes, chunk);
    EXPECT_THAT(again.checks(), IsEmpty()) << "chunks of " << chunk;
    EXPECT_TRUE(same_members(got, again)) << "chunks of " << chunk;
  }

  std::vector<std::string> listed;
  for (const auto& line : lines(scratch.run(fmt::format("tar -tf {} --quoting-style=escape", name)))) {
    listed.push_back(unescape(line));
  }
  EXPECT_EQ(got.names(), listed);
  static_cast<void>(scratch.run(fmt::format("rm -rf out && mkdir out && tar -xpf {} -C out", name)));
  for (const auto& [member, content] : got.members) {
    const auto path = scratch.path() / "out" / member.name;
    struct stat status {};
    ASSERT_EQ(::lstat(path.c_str(), &status), 0) << member.name;
    switch (member.type) {
      case entry_type::file: EXPECT_TRUE(content == content_of(path)) << member.name; break;
      case entry_type::directory: EXPECT_TRUE(S_ISDIR(status.st_mode)) << member.name; break;
      case entry_type::symlink: EXPECT_EQ(std::filesystem::read_symlink(path), member.link_target); break;
      case entry_type::hard_link:
        EXPECT_TRUE(std::filesystem::equivalent(path, scratch.path() / "out" / member.link_target)) << member.name;
        break;
      case entry_type::fifo: EXPECT_TRUE(S_ISFIFO(status.st_mode)) << member.name; break;
      default: ADD_FAILURE() << member.name << " is a " << to_string(member.type);
    }
    if (member.type == entry_type::hard_link || member.type == entry_type::symlink) continue;
    EXPECT_EQ(member.mode, status.st_mode & 07777U) << member.name;
    if (member.type == entry_type::directory) continue;  // its time is that of the last file extracted into it
    const double on_disk =
        static_cast<double>(status.st_mtim.tv_sec) + static_cast<double>(status.st_mtim.tv_nsec) / 1e9;
    ASSERT_TRUE(member.modified) << member.name;
    EXPECT_LT(std::abs(*member.modified - on_disk), time_precision) << member.name;
  }

  const walked walk = walk_tar(bytes);
  std::set<std::size_t> offsets;
  for (const auto& header : walk.headers) offsets.insert(header.offset);
  for (const auto& one : got.members) EXPECT_TRUE(offsets.contains(one.member.header_offset)) << one.member.name;
  for (const std::size_t chunk : {std::size_t{511}, std::size_t{65'536}}) {
    EXPECT_THAT(read_tar(bytes.substr(0, walk.end + 1024), chunk).checks(), IsEmpty());
    EXPECT_THAT(read_tar(bytes.substr(0, walk.end + 1023), chunk).checks(), ElementsAre("tar.end-missing"));
    const tar_reading cut = read_tar(bytes.substr(0, walk.end), chunk);
    ASSERT_THAT(cut.checks(), ElementsAre("tar.end-missing"));
    EXPECT_EQ(cut.findings[0].where.offset(), walk.end) << "the walker and libarchive agree on the end";
  }
}

class tar_tools : public testing::Test {
 protected:
  archive_directory scratch;
};

TEST_F(tar_tools, gnu_tar_in_its_formats_for_short_names) {
  static_cast<void>(scratch.run(make_tree));
  for (const std::string format : {"v7", "oldgnu", "gnu", "ustar", "posix"}) {
    static_cast<void>(scratch.run("tar --format=" + format + " -cf a.tar tree"));
    expect_as_gnu_tar_reads_it(scratch, "a.tar", format == "posix" ? 1e-6 : 1.0);
    static_cast<void>(scratch.run("tar --format=" + format + " -cf dot.tar -C tree ."));
    expect_as_gnu_tar_reads_it(scratch, "dot.tar");
  }
}

TEST_F(tar_tools, gnu_tar_with_long_and_hostile_names) {
  static_cast<void>(scratch.run(make_tree));
  static_cast<void>(scratch.run(make_odd_names));
  for (const std::string format : {"oldgnu", "gnu", "posix"}) {
    static_cast<void>(scratch.run("tar --format=" + format + " -cf a.tar tree"));
    expect_as_gnu_tar_reads_it(scratch, "a.tar", format == "posix" ? 1e-6 : 1.0);
  }
}

TEST_F(tar_tools, gnu_tar_sparse_in_every_version) {
  static_cast<void>(scratch.run(make_tree));
  static_cast<void>(scratch.run(make_holes));
  for (const std::string format : {"--format=oldgnu", "--format=gnu", "--format=posix --sparse-version=0.0",
                                   "--format=posix --sparse-version=0.1", "--format=posix --sparse-version=1.0"}) {
    static_cast<void>(scratch.run("tar -S " + format + " -cf a.tar tree"));
    ASSERT_LT(scratch.read("a.tar").size(), 1'500'000U) << "really sparse: " << format;
    expect_as_gnu_tar_reads_it(scratch, "a.tar");
  }
}

TEST_F(tar_tools, gnu_tar_labels_increments_updates_and_attributes) {
  static_cast<void>(scratch.run(make_tree));
  static_cast<void>(scratch.run("tar --label='weekly backup' -cf plain.tar tree"));
  EXPECT_THAT(read_tar(scratch.read("plain.tar")).checks(), IsEmpty());
  static_cast<void>(scratch.run("tar --format=posix --label='weekly backup' -cf posix.tar tree"));
  EXPECT_THAT(read_tar(scratch.read("posix.tar")).checks(), IsEmpty());

  static_cast<void>(scratch.run("tar --listed-incremental=snapshot -cf full.tar tree"));
  EXPECT_THAT(read_tar(scratch.read("full.tar")).checks(), IsEmpty());
  static_cast<void>(
      scratch.run("sleep 0.01; echo more > tree/sub/later; rm tree/soft; "
                  "tar --listed-incremental=snapshot -cf step.tar tree; "
                  "tar --format=posix --listed-incremental=snapshot2 -cf posix.tar tree"));
  EXPECT_THAT(read_tar(scratch.read("step.tar")).checks(), ElementsAre("tar.incremental"));
  EXPECT_THAT(read_tar(scratch.read("posix.tar")).checks(), IsEmpty()) << "a full one, level 0";
  static_cast<void>(
      scratch.run("tar --format=posix --listed-incremental=snapshot2 -cf posix-step.tar tree; "
                  "tar --format=posix --listed-incremental=snapshot3 -cf posix-full.tar tree"));
  EXPECT_THAT(read_tar(scratch.read("posix-step.tar")).checks(), ElementsAre("tar.incremental"));
  EXPECT_THAT(read_tar(scratch.read("posix-full.tar")).checks(), IsEmpty());

  static_cast<void>(
      scratch.run("tar -cf grown.tar tree/sub; tar -rf grown.tar tree/size_1; "
                  "tar -rf grown.tar tree/size_1"));
  const tar_reading grown = read_tar(scratch.read("grown.tar"));
  EXPECT_THAT(grown.checks(), ElementsAre("tar.duplicate"));
  EXPECT_FALSE(grown.unsound());

  static_cast<void>(scratch.run("tar --format=posix --acls --xattrs --selinux -cf a.tar tree 2>/dev/null"));
  EXPECT_THAT(read_tar(scratch.read("a.tar")).checks(), IsEmpty());
  static_cast<void>(scratch.run("tar --format=posix --pax-option='comment=made by cron,VENDOR.key=1' -cf a.tar tree"));
  EXPECT_THAT(read_tar(scratch.read("a.tar")).checks(), IsEmpty());
  static_cast<void>(scratch.run("tar -b 1 -cf a.tar tree; tar -b 2048 -cf b.tar tree"));
  EXPECT_THAT(read_tar(scratch.read("a.tar")).checks(), IsEmpty());
  EXPECT_THAT(read_tar(scratch.read("b.tar")).checks(), IsEmpty());
  static_cast<void>(scratch.run("tar -cf a.tar -T /dev/null"));
  EXPECT_THAT(read_tar(scratch.read("a.tar")).checks(), ElementsAre("tar.empty"));
}

TEST_F(tar_tools, gnu_tar_with_absolute_names) {
  static_cast<void>(scratch.run(make_tree));
  static_cast<void>(scratch.run("tar -P -cf a.tar \"$PWD/tree/sub\""));
  const tar_reading got = read_tar(scratch.read("a.tar"));
  EXPECT_FALSE(got.unsound());
  EXPECT_THAT(got.checks(), ElementsAre("tar.absolute-name", "tar.absolute-name", "tar.absolute-name"));
}

TEST_F(tar_tools, one_volume_of_several_is_no_backup) {
  static_cast<void>(scratch.run("head -c 300000 /dev/urandom > big; echo small > small"));
  static_cast<void>(scratch.run("printf 'n two.tar\\n' | tar -M -L 200 -cf one.tar small big > /dev/null"));
  EXPECT_TRUE(read_tar(scratch.read("one.tar")).unsound());
  const tar_reading rest = read_tar(scratch.read("two.tar"));
  EXPECT_TRUE(rest.unsound());
  EXPECT_THAT(rest.checks(), testing::Contains("tar.volume"));
}

TEST_F(tar_tools, bsdtar_in_its_formats) {
  if (!have("bsdtar")) GTEST_SKIP() << "bsdtar is not installed";
  static_cast<void>(scratch.run(make_tree));
  for (const std::string format : {"v7", "ustar"}) {
    static_cast<void>(scratch.run("bsdtar --format=" + format + " -cf a.tar tree"));
    expect_as_gnu_tar_reads_it(scratch, "a.tar");
  }
  static_cast<void>(scratch.run(make_odd_names));
  for (const std::string format : {"gnutar", "pax", "paxr"}) {
    static_cast<void>(scratch.run("bsdtar --format=" + format + " -cf a.tar tree 2>/dev/null"));
    expect_as_gnu_tar_reads_it(scratch, "a.tar", 1.0);
  }
}

TEST_F(tar_tools, bsdtar_with_holes) {
  if (!have("bsdtar")) GTEST_SKIP() << "bsdtar is not installed";
  static_cast<void>(scratch.run("mkdir tree"));
  static_cast<void>(scratch.run(make_holes));
  static_cast<void>(scratch.run("bsdtar --format=pax -cf a.tar tree"));
  expect_as_gnu_tar_reads_it(scratch, "a.tar", 1e-6);
}

TEST_F(tar_tools, python_in_its_formats) {
  if (!have("/usr/bin/python3")) GTEST_SKIP() << "python3 is not installed";
  static_cast<void>(scratch.run(make_tree));
  const auto pack = [](const std::string& format) {
    return "/usr/bin/python3 -c \"import tarfile; t = tarfile.open('a.tar', 'w', format=tarfile." + format +
           ", errors='surrogateescape'); t.add('tree'); t.close()\"";
  };
  static_cast<void>(scratch.run(pack("USTAR_FORMAT")));
  expect_as_gnu_tar_reads_it(scratch, "a.tar");
  static_cast<void>(scratch.run(make_odd_names));
  for (const std::string format : {"GNU_FORMAT", "PAX_FORMAT"}) {
    static_cast<void>(scratch.run(pack(format)));
    expect_as_gnu_tar_reads_it(scratch, "a.tar");
  }
}

TEST_F(tar_tools, git_archive) {
  if (!have("git")) GTEST_SKIP() << "git is not installed";
  static_cast<void>(scratch.run(make_tree));
  static_cast<void>(
      scratch.run("export GIT_CONFIG_GLOBAL=/dev/null; git init -q repo && "
                  "cp -r tree/sub tree/soft tree/size_513 repo/ && cd repo && git add . && "
                  "git -c user.name=a -c user.email=a@b commit -qm x && "
                  "git archive --prefix=p/ -o ../a.tar HEAD"));
  expect_as_gnu_tar_reads_it(scratch, "a.tar");
}

TEST_F(tar_tools, a_small_archive_of_gnu_tar_cut_at_every_byte) {
  static_cast<void>(
      scratch.run("mkdir t; echo one > t/a; ln t/a t/b; ln -s a t/c; head -c 600 /dev/urandom > t/d; "
                  "tar --format=gnu -cf gnu.tar t; tar --format=posix -cf pax.tar t/a t/b t/d"));
  for (const std::string name : {"gnu.tar", "pax.tar"}) {
    const std::string bytes = scratch.read(name);
    const std::size_t complete = walk_tar(bytes).end + 1024;
    ASSERT_THAT(read_tar(bytes).checks(), IsEmpty());
    ASSERT_LT(complete, bytes.size());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const tar_reading got = read_tar(bytes.substr(0, size));
      ASSERT_EQ(got.unsound(), size < complete && size != complete - 512) << name << " cut at byte " << size;
    }
  }
}

TEST_F(tar_tools, a_file_beyond_what_octal_holds) {
  if (!have("/usr/bin/python3")) GTEST_SKIP() << "python3 is not installed";
  // 9 GiB, which the archive's bytes are not: only its first blocks are made.
  for (const std::string format : {"GNU_FORMAT", "PAX_FORMAT"}) {
    static_cast<void>(
        scratch.run("/usr/bin/python3 -c \"import tarfile; i = tarfile.TarInfo('big'); i.size = 9 << 30; "
                    "open('a.tar', 'wb').write(i.tobuf(tarfile." +
                    format + ") + b'x' * 5120)\""));
    const std::string bytes = scratch.read("a.tar");
    finding_list findings;
    tar_reader tar{std::make_unique<memory_source>(bytes), location{"a.tar"}, limits{}, findings};
    const tar_member* member = tar.next();
    ASSERT_NE(member, nullptr);
    EXPECT_EQ(member->size, std::uint64_t{9} << 30U) << format;
    EXPECT_FALSE(tar.body().next().empty());
    EXPECT_THROW((void)tar.next(), stream_error);
  }
}

}  // namespace tar_tools_test
