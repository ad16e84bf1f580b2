// What names, policies and lists promise, what lies inside volumes, and checksum files in every form that jobs write
// them: each kind a table, judged by path, under a policy and nested in a full backup. The intact control comes first.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <fmt/format.h>

#include "knowngood/testing/scratch_directory.hpp"
#include "postgres/sample_dump.hpp"

namespace promise_scenarios_test {

using namespace knowngood;
using ::testing::HasSubstr;
using ::testing::Not;

class promises : public ::testing::Test {
 protected:
  promises() {
    here.write("dump.sql", sample_dump);
    sh("gzip -nk dump.sql; mkdir files; seq 2000 > files/n; head -c 9000 /dev/urandom > files/r");
  }

  void sh(const std::string& script) const {
    const tool_run run = here.run("set -e; " + script + " 2>&1");
    ASSERT_EQ(run.status, 0) << script << "\n" << run.output;
  }
  [[nodiscard]] tool_run verify(const std::string& arguments) const {
    return here.run(fmt::format("'{}' --color never --notes {} 2>&1", KNOWNGOOD_VERIFY_PROGRAM, arguments));
  }
  // A component of kind `kind` whose artifacts lie in `directory`.
  [[nodiscard]] tool_run verify_policy(const std::string& directory, const std::string& kind, const std::string& name,
                                       const std::string& more = {}) const {
    here.write("p.toml",
               fmt::format("version = 1\n[estate]\nroot = \"{}\"\n[component.c]\nkind = \"{}\"\npath = \".\"\n"
                           "name = \"{}\"\n{}\n",
                           (here.path() / directory).string(), kind, name, more));
    return verify("--policy p.toml --now 2025-12-09T12:00:00Z");
  }

  scratch_directory here;
};

struct promised {
  std::string name;     // of the file
  std::string content;  // a command whose output it is
  std::string kind;     // in a policy
  std::string check;    // what is to be found; empty: nothing
  int status;           // by path and nested
  int policy_status;
};

TEST_F(promises, of_names_and_kinds_are_kept_or_broken_wherever_they_are_met) {
  const std::string macho = "printf '\\312\\376\\272\\276\\0\\0\\0\\1'; head -c 99 /dev/urandom";
  const std::vector<promised> table{
      {"d_20251204.sql.gz", "cat dump.sql.gz", "postgres-dump", "", 0, 0},
      {"d_20251204.sql", "cat dump.sql", "postgres-dump", "", 0, 0},
      {"d_20251204.sql.zst", "zstd -qc dump.sql", "postgres-dump", "", 0, 0},
      {"m_20251204.tar.gz", "tar -cz files", "archive", "", 0, 0},
      {"m_20251204.tgz", "tar -cz files", "models", "", 0, 0},
      {"x_20251204.bundle", macho, "any", "", 0, 0},
      {"x_20251204.bundle", "echo '-----BEGIN CERTIFICATE-----'", "any", "", 0, 0},
      {"app_20251204.log.gz", "seq 999 | gzip -n", "any", "", 0, 0},
      {"weights_20251204.gz", "head -c 5000 /dev/urandom | gzip -n", "any", "", 0, 0},
      {"d_20251204.sql.gz", "echo 'Permission denied' | gzip -n", "postgres-dump", "", 1, 1},
      {"d_20251204.sql.gz", "echo '<html>' | gzip -n", "any", "", 1, 1},
      {"d_20251204.sql", "printf 'Traceback (most recent call last):\\n  File\\n'", "postgres-dump", "", 1, 1},
      {"d_20251204.sql", "echo '{}'", "any", "", 1, 1},
      {"d_20251204.dump", "echo 'unknown flag'", "postgres-dump", "", 1, 1},
      {"d_20251204.sql.gz", "tar -cz files", "any", "file.kind", 1, 1},
      {"d_20251204.sql.gz", "true", "postgres-dump", "file.empty", 1, 1},
      {"d_20251204.sql.gz", "true | gzip -n", "any", "file.empty", 1, 1},
      {"m_20251204.tar.gz", "cat dump.sql.gz", "archive", "file.kind", 1, 1},
      {"m_20251204.tar.gz", "true", "any", "file.empty", 1, 1},
      {"m_20251204.tar.gz", "echo '<html>404'", "any", "", 1, 1},
      {"m_20251204.tar", "echo '<html>404'", "any", "", 1, 1},
      {"x_20251204.bundle", macho, "git-bundle", "", 0, 1},
      {"m_20251204.any", "cat dump.sql", "archive", "", 0, 1},
  };
  for (const auto& one : table) {
    SCOPED_TRACE(one.name + " of " + one.content + ", kind " + one.kind);
    sh("rm -rf one full; mkdir one full; (" + one.content + ") > one/" + one.name + "; cd one; sha256sum " + one.name +
       " > SHA256SUMS");
    const tool_run by_path = verify("one");
    EXPECT_EQ(by_path.status, one.status) << by_path.output;
    EXPECT_THAT(by_path.output, HasSubstr(one.check));
    std::string pattern = one.name;
    pattern.replace(pattern.find("20251204"), 8, "{timestamp:%Y%m%d}");
    const tool_run by_policy = verify_policy("one", one.kind, pattern, "checksum = \"SHA256SUMS\"");
    EXPECT_EQ(by_policy.status, one.policy_status) << by_policy.output;
    sh("cp one/" + one.name + " dump.sql.gz full; (cd full; sha256sum * > SHA256SUMS); tar -czf full.tar.gz full");
    const tool_run nested = verify("full.tar.gz");
    EXPECT_EQ(nested.status, one.status) << nested.output;
    EXPECT_THAT(nested.output, HasSubstr(one.check));
  }
}

TEST_F(promises, of_a_manifest_are_not_kept_by_a_file_of_that_name) {
  const auto status = [&](const std::string& bundle) {
    sh("rm -rf full; mkdir full; cp dump.sql.gz full; (" + bundle +
       ") > full/git_repo.bundle; printf '✅ PostgreSQL Database\\n✅ Git Repository\\n' > full/MANIFEST.txt; tar -czf "
       "full.tar.gz full");
    return verify("full.tar.gz");
  };
  sh("git init -q r; cd r; git -c user.name=a -c user.email=b commit -q --allow-empty -m c; git bundle create -q ../b "
     "HEAD");
  EXPECT_EQ(status("cat b").status, 0);
  const tool_run broken = status("echo 'fatal: not a git repository'");
  EXPECT_EQ(broken.status, 1);
  EXPECT_THAT(broken.output, HasSubstr("manifest.component-missing"));
}

// What an application or a user left in a volume is content, whatever is wrong with it.
TEST_F(promises, are_none_of_the_content_of_a_volume) {
  const std::vector<std::string> contents{
      "true",
      "mkdir v/k; cp files/r v/k/linux_amd64.deb; (cd v/k; sha256sum *.deb; printf '%064d  linux_arm64.deb\\n' 1) > "
      "SUMS; "
      "mv SUMS v/k/SHA256SUMS",
      "echo a > v/app.conf; (cd v; md5sum app.conf > checksums.md5); echo b >> v/app.conf",
      "printf '%040d  gone.iso\\n' 1 > v/notes.txt",
      "printf '%064d\\n' 1 > v/photo.jpg.sha256",
      "tar -cz files | head -c 3000 > v/broken.tar.gz",
      "head -c 2000 files/r > v/broken.tar; head -c 2000 files/r > v/other.zip",
      "seq 99999 | gzip | head -c 5000 > v/app.log.1.gz",
      ": > v/empty; : > v/empty.gz; : > v/empty.tar.gz; gzip < /dev/null > v/nothing.gz",
      "echo 'create table x (a int);' > v/schema.sql; echo 'select 1;' > v/query.sql",
      "mkdir v/migrations; echo 'select 1;' | gzip > v/migrations/1.sql.gz",
      "printf 'Manifest-Version: 1.0\\n' > v/MANIFEST; printf 'setup.py\\n' > v/MANIFEST.txt; echo '{}' > "
      "v/manifest.json",
      "head -c 900 files/r > v/lib.bundle; echo 'fatal: x' > v/git.log",
      "mkdir v/sub; cp dump.sql.gz v/sub/cut.sql.gz; truncate -s 200 v/sub/cut.sql.gz",
  };
  for (const auto& content : contents) {
    SCOPED_TRACE(content);
    sh("rm -rf v one full; mkdir v one full; cp files/r v/photo.jpg; cp files/n v/n; " + content +
       "; tar -C v -czf one/vol_20251204.tar.gz .");
    const tool_run by_path = verify("one/vol_20251204.tar.gz");
    EXPECT_EQ(by_path.status, 0) << by_path.output;
    for (const std::string kind : {"volume", "logs", "archive", "any", "configuration"}) {
      SCOPED_TRACE(kind);
      const tool_run by_policy = verify_policy("one", kind, "vol_{timestamp:%Y%m%d}.tar.gz");
      EXPECT_EQ(by_policy.status, 0) << by_policy.output;
    }
    sh("cp one/vol_20251204.tar.gz dump.sql.gz full; (cd full; sha256sum * > checksums.txt); tar -czf full.tar.gz "
       "full");
    const tool_run nested = verify("full.tar.gz");
    EXPECT_EQ(nested.status, 0) << nested.output;
  }
}

TEST_F(promises, of_a_volumes_own_archive_stay) {
  sh("mkdir one full; tar -czf one/vol_20251204.tar.gz files; truncate -s -20 one/vol_20251204.tar.gz");
  EXPECT_EQ(verify("one/vol_20251204.tar.gz").status, 1);
  EXPECT_EQ(verify_policy("one", "volume", "vol_{timestamp:%Y%m%d}.tar.gz").status, 1);
  sh("cp one/vol_20251204.tar.gz dump.sql.gz full; (cd full; sha256sum * > checksums.txt); tar -czf full.tar.gz full");
  EXPECT_EQ(verify("full.tar.gz").status, 1);
}

TEST_F(promises, of_a_full_backups_list_hold_for_all_it_names) {
  sh("mkdir full; cp dump.sql.gz full; tar -czf full/m.tar.gz files; (cd full; sha256sum * > SHA256SUMS); tar -czf "
     "full.tar.gz full");
  EXPECT_EQ(verify("full.tar.gz").status, 0);
  sh("(cd full; sha256sum * > SHA256SUMS); tar -czf full.tar.gz full");
  const tool_run itself = verify("full.tar.gz");
  EXPECT_EQ(itself.status, 0) << itself.output;
  EXPECT_THAT(itself.output, HasSubstr("checksum.itself"));
  sh("printf '%064d  gone.tar.gz\\n' 1 >> full/SHA256SUMS; tar -czf full.tar.gz full");
  EXPECT_THAT(verify("full.tar.gz").output, HasSubstr("checksum.missing-file"));
  sh("sed -i 's/^..../0000/' full/SHA256SUMS; tar -czf full.tar.gz full");
  const tool_run altered = verify("full.tar.gz");
  EXPECT_EQ(altered.status, 1);
  EXPECT_THAT(altered.output, HasSubstr("checksum.mismatch"));
}

// A list at the top of a full backup is that backup's own, whether it is given by its path or lies in others.
TEST_F(promises, of_a_full_backups_list_hold_in_whatever_it_lies) {
  struct damage {
    std::string doing;  // in the full backup's directory, behind the list's making
    std::string said;   // of an error; empty: there is none
  };
  const std::vector<damage> damages{
      {"true", ""},
      {"printf x | dd of=m.tar.gz bs=1 seek=4 conv=notrunc status=none", "checksum.mismatch"},  // gzip's time
      {"printf x >> notes.txt", "checksum.mismatch"},
      {"printf x >> own/settings", "checksum.mismatch"},  // which only a list makes a part of the backup
      {"rm m.tar.gz", "checksum.missing-file"},
      {"rm own/settings; ln -s ../../outside own/settings", "checksum.missing-file"},
      {"echo '✅ Git Repository' > MANIFEST.txt", "manifest.component-missing"},
  };
  const std::vector<std::string> lists{"sha256sum", "md5sum"};
  sh("mkdir made made/own; cp dump.sql.gz made; tar -czf made/m.tar.gz files; seq 9 > made/own/settings; seq 99 > "
     "made/notes.txt; mkdir -p v/deep");
  for (const auto& list : lists) {
    for (const std::string name : {"CHECKSUMS", "zz.checksums"}) {  // before and behind what it lists
      for (const auto& [doing, said] : damages) {
        SCOPED_TRACE(list + " > " + name + "; " + doing);
        sh("rm -rf full *.tar.gz *.zip; cp -r made full; (cd full; " + list +
           " own/settings m.tar.gz notes.txt "
           "dump.sql.gz > " +
           name + "; " + doing +
           "); tar --sort=name -czf inner.tar.gz full; tar -czf once.tar.gz inner.tar.gz "
           "dump.sql.gz; zip -q once.zip inner.tar.gz dump.sql.gz; tar -cf twice.tar.gz once.tar.gz dump.sql.gz; "
           "rm -f v/deep/*; cp inner.tar.gz v/deep; cp files/r v/photo; tar -czf volume.tar.gz v");
        for (const std::string artifact : {"inner.tar.gz", "once.tar.gz", "once.zip", "twice.tar.gz"}) {
          const tool_run run = verify(artifact);
          EXPECT_EQ(run.status, said.empty() ? 0 : 1) << run.output;
          EXPECT_THAT(run.output, HasSubstr(said));
        }
        EXPECT_EQ(verify("volume.tar.gz").status, 0) << "content";
      }
    }
  }
  // What is read but once is not read again: where a digest was not made the word is not sound.
  sh("rm -rf full; cp -r made full; (cd full; sha256sum own/settings m.tar.gz > zz.sha256); tar --sort=name -czf "
     "inner.tar.gz full; tar -czf once.tar.gz inner.tar.gz dump.sql.gz");
  EXPECT_EQ(verify("- < inner.tar.gz").status, 0);
  const tool_run piped = verify("- < once.tar.gz");
  EXPECT_EQ(piped.status, 3) << piped.output;
  EXPECT_THAT(piped.output, HasSubstr("own/settings"));
}

struct sidecar_form {
  std::string name;     // of the checksum file, beside a.tar
  std::string writing;  // a command in that directory whose output it is
};

TEST_F(promises, of_checksum_files_are_held_to_in_every_form) {
  const std::vector<sidecar_form> forms{
      {"a.tar.sha256", "sha256sum a.tar"},
      {"a.tar.sha256", "sha256sum a.tar | cut -d' ' -f1"},
      {"a.tar.sha256", "sha256sum < a.tar"},
      {"a.tar.sha256", "sha256sum -b < a.tar"},
      {"a.tar.sha256", "openssl dgst -sha256 < a.tar"},
      {"a.tar.sha256", "sha256sum a.tar | sed 's,  ,  ./,'"},
      {"a.tar.sha256", "sha256sum $PWD/a.tar"},
      {"a.tar.sha256", "sha256sum a.tar | sed 's,  ,  /mnt/elsewhere/,'"},
      {"a.tar.sha256", "sha256sum a.tar | sed 's,  ,  ../elsewhere/,'"},
      {"a.tar.sha256", "sha256sum a.tar | sed 's,$,.tmp,'"},
      {"a.tar.sha256", "sha256sum a.tar | sed 's,  ,  /tmp/.,;s,$,.Xy72,'"},
      {"a.tar.sha256", "sha256sum a.tar | sed 's,$,\\r,'"},
      {"a.tar.sha256", "{ printf '\\377\\376'; sha256sum a.tar | iconv -t UTF-16LE; }"},
      {"a.tar.sha256", "sha256sum a.tar | cut -c1-64 | iconv -t UTF-16"},
      {"a.tar.sha256", "sha256sum --tag a.tar"},
      {"a.tar.sha1", "sha1sum a.tar | cut -d' ' -f1"},
      {"a.tar.md5", "md5sum < a.tar"},
      {"a.tar.b2", "b2sum a.tar"},
      {"a.sha512", "sha512sum a.tar | cut -d' ' -f1"},
      {"SHA256SUMS", "sha256sum a.tar"},
      {"SHA256SUMS", "sha256sum a.tar | sed 's,  ,  release/,'"},
      {"SHA256SUMS", "sha256sum a.tar b.tar"},
      {"SHA256SUMS", "sha256sum a.tar b.tar; printf '%064d  SHA256SUMS\\n' 3"},
      {"SHA256SUMS", "sha256sum a.tar b.tar; sha256sum < /dev/null | sed 's,-,SHA256SUMS.new,'"},
      {"sha256sum.txt", "sha256sum a.tar b.tar | sed 's,  ,  out/,'"},
      {"checksums.txt", "sha256sum a.tar; md5sum b.tar; sha512sum --tag b.tar"},
      {"SHA256SUMS",
       "printf -- '-----BEGIN PGP SIGNED MESSAGE-----\\nHash: SHA512\\n\\n'; sha256sum a.tar b.tar; printf "
       "-- '-----BEGIN PGP SIGNATURE-----\\n\\nabcd\\n-----END PGP SIGNATURE-----\\n'"},
  };
  for (const auto& form : forms) {
    SCOPED_TRACE(form.writing + " > " + form.name);
    sh("rm -rf one full; mkdir one; tar -cf one/a.tar files; tar -cf one/b.tar dump.sql; cd one; (" + form.writing +
       ") > ../list; mv ../list " + form.name);
    const std::string flip = "printf X | dd of=one/a.tar bs=1 seek=1500 conv=notrunc status=none";
    const auto nest = [&] {
      sh("rm -rf full; cp -r one full; cp dump.sql.gz full; (cd full; sha256sum dump.sql.gz > dump.sql.gz.sha256); tar "
         "-czf full.tar.gz full");
    };
    nest();
    for (const std::string arguments : {"one", "one/a.tar", "one/*.sha*", "full.tar.gz"}) {
      if (arguments == "one/*.sha*" && !form.name.starts_with("a.")) continue;
      const tool_run intact = verify(arguments == "one/*.sha*" ? "one/" + form.name : arguments);
      EXPECT_EQ(intact.status, 0) << arguments << "\n" << intact.output;
      EXPECT_THAT(intact.output, Not(HasSubstr("checksum.missing-file"))) << arguments;
    }
    EXPECT_EQ(verify_policy("one", "any", "?.tar").status, 0);
    EXPECT_EQ(verify_policy("one", "any", "a.tar", "checksum = \"" + form.name + "\"").status, 0);
    sh(flip);
    nest();
    for (const std::string& arguments :
         std::vector<std::string>{"one", "one/a.tar", "one/" + form.name, "full.tar.gz"}) {
      const tool_run damaged = verify(arguments);
      EXPECT_EQ(damaged.status, 1) << arguments << "\n" << damaged.output;
    }
    EXPECT_EQ(verify_policy("one", "any", "?.tar").status, 1);
    EXPECT_EQ(verify_policy("one", "any", "a.tar", "checksum = \"" + form.name + "\"").status, 1);
  }
}

// Who made the list may not know what was rotated away since; the policy does.
TEST_F(promises, of_a_list_of_the_directory_are_outlived_by_newer_artifacts) {
  sh("mkdir one; for day in 02 03 04; do echo \"-- $day\" | cat dump.sql - | gzip > one/d_202512$day.sql.gz; cp "
     "dump.sql.gz one/d_202512$day.sql.gz; done; cd one; sha256sum *.gz > SHA256SUMS");
  const std::string name = "d_{timestamp:%Y%m%d}.sql.gz";
  const std::string more = "identical = \"allow\"";
  EXPECT_EQ(verify("one").status, 0);
  EXPECT_EQ(verify_policy("one", "postgres-dump", name, more).status, 0);
  sh("rm one/d_20251202.sql.gz");
  const tool_run rotated = verify_policy("one", "postgres-dump", name, more);
  EXPECT_EQ(rotated.status, 0) << rotated.output;
  EXPECT_THAT(rotated.output, HasSubstr("still lists 1 file"));
  EXPECT_EQ(verify("one").status, 1) << "nobody says that it was rotated away";
  sh("rm one/d_20251204.sql.gz");
  const tool_run newest = verify_policy("one", "postgres-dump", name, more);
  EXPECT_EQ(newest.status, 1) << newest.output;
  EXPECT_THAT(newest.output, HasSubstr("checksum.missing-file"));
  sh("cp dump.sql.gz one/d_20251204.sql.gz; printf '%064d  README\n' 1 >> one/SHA256SUMS");
  EXPECT_EQ(verify_policy("one", "postgres-dump", name, more).status, 1) << "what is no artifact is not rotated away";
}

TEST_F(promises, of_a_script_are_more_than_settings) {
  const auto status = [&](const std::string& name, const std::string& sql) {
    sh("rm -rf one; mkdir one; printf -- '" + sql +
       "' > one/d.sql; gzip -nk one/d.sql; cp one/d.sql one/d.dump; cd one; "
       "sha256sum * > SHA256SUMS");
    return verify("one/" + name).status;
  };
  for (const std::string name : {"d.sql", "d.sql.gz", "d.dump"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(status(name, "CREATE TABLE a (b int);\nINSERT INTO a VALUES (1);\n"), 0);
    EXPECT_EQ(status(name, "/*!40101 SET NAMES utf8 */;\nDROP TABLE IF EXISTS a;\nCREATE TABLE a (b int);\n"), 0);
    EXPECT_EQ(status(name, "SET client_encoding = 0;\nSET row_security = off;\n"), 1);
    EXPECT_EQ(status(name, "BEGIN;\nSET a = 1;\nSELECT pg_catalog.set_config(1, 2, false);\nCOMMIT;\n"), 1);
    EXPECT_EQ(status(name, "-- a dump\n-- of nothing\n"), 1);
  }
}

TEST_F(promises, of_a_name_are_broken_once) {
  sh("mkdir one; cp files/r one/d.dump; gzip -nc files/r > one/d.sql.gz; cp files/r one/d.sql");
  for (const std::string name : {"d.dump", "d.sql.gz", "d.sql"}) {
    const tool_run run = verify("one/" + name);
    EXPECT_EQ(run.status, 1);
    EXPECT_THAT(run.output, HasSubstr("file.kind"));
    EXPECT_THAT(run.output, HasSubstr("1 error,")) << run.output;
  }
}

// What is recognised and hides or holds nothing is judged in a full backup as it is alone, and in a volume not at all.
TEST_F(promises, are_looked_for_in_every_archive_of_a_full_backup) {
  struct held {
    std::string file;
    int status;
  };
  sh("mkdir -p e/d; zip -qr dirs.zip e; zip -qr -P x locked.zip files; zip -qr whole.zip files; 7z a -bd -px locked.7z "
     "files >/dev/null; printf 'Salted__' | cat - files/r > secret.gz; find files -type f | cpio -o -H crc > a.cpio "
     "2>/dev/null");
  for (const auto& [file, status] : std::vector<held>{
           {"whole.zip", 0}, {"a.cpio", 0}, {"dirs.zip", 1}, {"locked.zip", 3}, {"locked.7z", 3}, {"secret.gz", 3}}) {
    SCOPED_TRACE(file);
    sh("rm -rf full v *.tar.gz; mkdir -p full v/deep; cp " + file +
       " dump.sql.gz full; (cd full; sha256sum * > "
       "SHA256SUMS); tar -czf full.tar.gz full; cp " +
       file + " v/deep; cp files/r v; tar -czf v.tar.gz v; sha256sum " + file + " > SHA256SUMS");
    EXPECT_EQ(verify(file).status, status) << verify(file).output;
    EXPECT_EQ(verify("full.tar.gz").status, status) << verify("full.tar.gz").output;
    EXPECT_EQ(verify("v.tar.gz").status, 0) << verify("v.tar.gz").output;
    sh("rm SHA256SUMS");
  }
}

TEST_F(promises, of_a_list_given_as_a_path_end_at_its_directory) {
  sh("mkdir -p one/sub; tar -cf one/sub/a.tar files; tar -cf b.tar files; cd one; sha256sum sub/a.tar > ok.sha256; "
     "sha256sum sub/a.tar ../b.tar > SHA256SUMS");
  EXPECT_EQ(verify("one/ok.sha256").status, 0);
  const tool_run outside = verify("one/SHA256SUMS");
  EXPECT_EQ(outside.status, 3) << outside.output;
  EXPECT_THAT(outside.output, HasSubstr("--lists-outside"));
  EXPECT_EQ(verify("--lists-outside one/SHA256SUMS").status, 0);
  sh("printf X >> b.tar");
  EXPECT_EQ(verify("--lists-outside one/SHA256SUMS").status, 1);
}

TEST_F(promises, are_not_made_by_what_is_no_backup_yet) {
  sh("mkdir one; cp dump.sql.gz one/d_20251204.sql.gz; cd one; ln -s gone.sql.gz latest.sql.gz; for n in filepart "
     "crdownload part partial partial~ tmp; do head -c 9 ../dump.sql.gz > e_20251204.sql.gz.$n; done; : > notes~");
  const tool_run run = verify("one");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr("file.symlink"));
  EXPECT_EQ(verify_policy("one", "postgres-dump", "d_{timestamp:%Y%m%d}.sql.gz").status, 0);
  sh("rm one/d_20251204.sql.gz");
  EXPECT_EQ(verify("one").status, 1) << "a link that leads nowhere is no backup";
  sh("ln -s gone one/d_20251203.sql.gz; cp dump.sql.gz one/d_20251204.sql.gz");
  EXPECT_EQ(verify("one").status, 3) << "that one was a backup";
}

TEST_F(promises, of_a_listed_empty_file_are_kept_unless_it_should_be_a_backup) {
  sh("mkdir one; cp dump.sql.gz one; : > one/errors.log; cd one; sha256sum * > ../l; mv ../l SHA256SUMS");
  const tool_run listed = verify("one");
  EXPECT_EQ(listed.status, 0) << listed.output;
  sh(": > one/e.sql.gz; cd one; sha256sum *.gz *.log > SHA256SUMS");
  EXPECT_EQ(verify("one").status, 1);
  sh("rm one/e.sql.gz; cd one; sha256sum *.gz > SHA256SUMS");
  EXPECT_EQ(verify("one").status, 1) << "nobody says that it has to be empty";
}

// Under a policy, lists and directories are held to what they say as they are by path.
TEST_F(promises, of_a_directorys_list_hold_under_a_policy_as_by_path) {
  const std::string name = "d_{timestamp:%Y%m%d}.sql.gz";
  for (const std::string list : {"SHA256SUMS", "checksums.txt", "MD5SUMS", "d_20251204.sql.gz.md5"}) {
    SCOPED_TRACE(list);
    const std::string tool = list.find("md5") != std::string::npos || list[0] == 'M' ? "md5sum" : "sha256sum";
    sh("rm -rf one; mkdir one; cp dump.sql.gz one/d_20251204.sql.gz; cd one; " + tool + " *.gz > " + list);
    EXPECT_EQ(verify_policy("one", "postgres-dump", name).status, 0);
    const tool_run promised = verify_policy("one", "postgres-dump", name, "checksum = \"" + list + "\"");
    EXPECT_EQ(promised.status, 0) << promised.output;
    EXPECT_THAT(promised.output, Not(HasSubstr("presence.unclaimed")));
    sh("printf x | dd of=one/d_20251204.sql.gz bs=1 seek=4 conv=notrunc status=none");
    const tool_run altered = verify_policy("one", "postgres-dump", name);
    EXPECT_EQ(altered.status, 1) << altered.output;
    EXPECT_THAT(altered.output, HasSubstr("checksum.mismatch"));
    sh("mv one/d_20251204.sql.gz one/d_20251203.sql.gz; cp dump.sql.gz one/d_20251204.sql.gz");
    EXPECT_EQ(verify_policy("one", "postgres-dump", name, "checksum = \"" + list + "\"").status, 1);
  }
}

TEST_F(promises, of_a_shared_list_are_broken_by_what_it_does_not_list) {
  sh("mkdir one; cp dump.sql.gz one/d_20251204.sql.gz; (cd one; sha256sum *.gz > SHA256SUMS)");
  const std::string name = "d_{timestamp:%Y%m%d}.sql.gz";
  EXPECT_EQ(verify_policy("one", "postgres-dump", name, "checksum = \"SHA256SUMS\"").status, 0);
  sh("gunzip -c dump.sql.gz | gzip -1 > one/d_20251203.sql.gz");
  const tool_run unlisted = verify_policy("one", "postgres-dump", name, "checksum = \"SHA256SUMS\"");
  EXPECT_EQ(unlisted.status, 1) << unlisted.output;
  EXPECT_THAT(unlisted.output, HasSubstr("SHA256SUMS does not list this file"));
  sh("rm one/SHA256SUMS");
  EXPECT_THAT(verify_policy("one", "postgres-dump", name, "checksum = \"SHA256SUMS\"").output,
              HasSubstr("checksum.sidecar-missing"));
}

TEST_F(promises, of_a_checksum_file_end_with_its_artifact) {
  const std::string name = "d_{timestamp:%Y%m%d}.sql.gz";
  sh("mkdir one; cd one; for day in 3 4; do cp ../dump.sql.gz d_2025120$day.sql.gz; sha256sum d_2025120$day.sql.gz > "
     "d_2025120$day.sql.gz.sha256; done");
  const std::string settings = "checksum = \"{name}.sha256\"\nidentical = \"allow\"";
  EXPECT_EQ(verify_policy("one", "postgres-dump", name, settings).status, 0);
  sh("rm one/d_20251203.sql.gz");
  const tool_run rotated = verify_policy("one", "postgres-dump", name, settings);
  EXPECT_EQ(rotated.status, 0) << "retention leaves checksum files behind\n" << rotated.output;
  EXPECT_EQ(verify("one").status, 1) << "by path, nothing says that it may go";
  sh("printf X | dd of=one/d_20251204.sql.gz bs=1 seek=40 conv=notrunc status=none");
  EXPECT_EQ(verify_policy("one", "postgres-dump", name, settings).status, 1);
}

TEST_F(promises, of_a_directory_hold_for_what_is_in_it) {
  const std::string contains = "contains = [\"db.sql.gz\", \"files_*.tar.gz\"]\n";
  const auto make = [&](const std::string& day, const std::string& change) {
    sh("mkdir -p all/" + day + "; echo '-- " + day + "' | cat dump.sql - | gzip > all/" + day +
       "/db.sql.gz; cp dump.sql.gz all/" + day + "/db.sql.gz; tar -czf all/" + day + "/files_1.tar.gz files; cd all/" +
       day + "; " + change + "; sha256sum *.gz > SHA256SUMS");
  };
  const auto judged = [&](const std::string& kind, const std::string& more) {
    return verify_policy("all", kind, "{timestamp:%F}/", more);
  };
  make("2025-12-04", "true");
  EXPECT_EQ(judged("any", contains + "checksum = \"SHA256SUMS\"").status, 0);
  EXPECT_EQ(judged("postgres-dump", "identical = \"allow\"").status, 0);
  EXPECT_EQ(judged("full-system", "").status, 0);
  const tool_run other_kind = judged("git-bundle", "");
  EXPECT_EQ(other_kind.status, 1);
  EXPECT_THAT(other_kind.output, HasSubstr("file.kind"));
  make("2025-12-04", "rm db.sql.gz");
  const tool_run without = judged("any", contains + "checksum = \"SHA256SUMS\"");
  EXPECT_EQ(without.status, 1) << without.output;
  EXPECT_THAT(without.output, HasSubstr("presence.incomplete"));
  EXPECT_EQ(judged("any", "").status, 0) << "nobody asked for it";
  make("2025-12-04", "true");
  sh("echo x | gzip > all/2025-12-04/more.gz");
  EXPECT_THAT(judged("any", "checksum = \"SHA256SUMS\"").output, HasSubstr("checksum.unlisted"));
  sh("rm all/2025-12-04/more.gz all/2025-12-04/SHA256SUMS");
  EXPECT_THAT(judged("any", "checksum = \"SHA256SUMS\"").output, HasSubstr("checksum.sidecar-missing"));
  EXPECT_THAT(judged("full-system", "").output, HasSubstr("checksum.sidecar-missing"));
  sh("cd all; printf -- '- db.sql.gz\\n- files_1.tar.gz\\n' > 2025-12-04_list");
  const std::string manifest = "manifest = \"{name}_list\"\nmanifest_kind = \"file-list\"";
  EXPECT_EQ(judged("any", manifest).status, 0);
  sh("echo '- gone.gz' >> all/2025-12-04_list");
  EXPECT_THAT(judged("any", manifest).output, HasSubstr("manifest.missing-member"));
  make("2025-12-03", "true");
  EXPECT_EQ(judged("any", "").status, 0);
  const tool_run stuck = judged("any", "identical = \"error\"");
  EXPECT_EQ(stuck.status, 1) << stuck.output;
  EXPECT_THAT(stuck.output, HasSubstr("presence.identical"));
}

TEST_F(promises, of_a_volume_stored_as_a_directory_are_its_archives_alone) {
  sh("mkdir -p all/2025-12-04/sub; cd all/2025-12-04; cp ../../files/r .; : > empty; head -c 99 ../../dump.sql.gz > "
     "sub/cut.sql.gz; echo x > y.tar.gz");
  EXPECT_EQ(verify_policy("all", "volume", "{timestamp:%F}/").status, 0);
  EXPECT_EQ(verify_policy("all", "any", "{timestamp:%F}/").status, 1);
}

TEST_F(promises, that_yesterdays_dump_breaks_under_tonights_name) {
  const std::string name = "d_{timestamp:%Y%m%d}.sql.gz";
  sh("mkdir one; cp dump.sql.gz one/d_20251203.sql.gz; gzip -1nc dump.sql > one/d_20251204.sql.gz");
  EXPECT_EQ(verify_policy("one", "postgres-dump", name, "verify = \"newest\"").status, 0);
  sh("cp one/d_20251203.sql.gz one/d_20251204.sql.gz");
  const tool_run stuck = verify_policy("one", "postgres-dump", name, "verify = \"newest\"");
  EXPECT_EQ(stuck.status, 1) << stuck.output;
  EXPECT_THAT(stuck.output, HasSubstr("presence.identical"));
}

TEST_F(promises, that_a_policys_keys_cannot_make_are_refused) {
  sh("mkdir one");
  const auto complaint = [&](const std::string& kind, const std::string& name, const std::string& more) {
    const tool_run run = verify_policy("one", kind, name, more);
    EXPECT_EQ(run.status, 2) << more << "\n" << run.output;
    return run.output;
  };
  EXPECT_THAT(complaint("any", "a_{timestamp}.gz", "contains = [\"x\"]"), HasSubstr("component.c.contains"));
  EXPECT_THAT(complaint("any", "a.gz", "verify = \"newest\""), HasSubstr("component.c.verify"));
  EXPECT_THAT(complaint("any", "a.gz", "identical = \"error\""), HasSubstr("component.c.identical"));
  EXPECT_THAT(complaint("postgres-dump", "a_{timestamp}.gz", "manifest = \"{name}.m\"\nmanifest_kind = \"file-list\""),
              HasSubstr("component.c.manifest"));
  EXPECT_THAT(complaint("any", "a_{timestamp}.gz", "size_history = 9"), HasSubstr("component.c.size_history"));
  EXPECT_THAT(complaint("any", "a_{timestamp}.gz", "manifest = \"one_for_all\"\nmanifest_kind = \"models\""),
              HasSubstr("same for every artifact"));
}

TEST_F(promises, that_no_key_of_a_drill_can_make_for_that_kind_are_refused) {
  sh("mkdir one");
  const std::vector<std::string> of_dumps{"source = \"dbname=x\"",
                                          "capture = \"{name}.json\"",
                                          "tolerance = 1",
                                          "required_tables = [\"public.t\"]",
                                          "extensions = [\"citext\"]",
                                          "assertions = [{ name = \"a\", sql = \"SELECT true\" }]"};
  const std::vector<std::string> of_bundles{"repository = \"/srv/r.git\"", "required_refs = [\"refs/heads/main\"]"};
  const std::vector<std::string> of_archives{"required_files = [\"a\"]"};
  struct meaning {
    std::string kind;
    bool dumps, bundles, archives;
  };
  for (const auto& one : std::vector<meaning>{{"postgres-dump", true, false, false},
                                              {"git-bundle", false, true, false},
                                              {"models", false, false, true},
                                              {"configuration", false, false, true},
                                              {"volume", false, false, true},
                                              {"logs", false, false, true},
                                              {"full-system", true, true, true},
                                              {"archive", true, true, true},
                                              {"any", true, true, true}}) {
    const auto expect = [&](const std::vector<std::string>& keys, bool means_something) {
      for (const auto& key : keys) {
        const tool_run run = verify_policy("one", one.kind, "a_{timestamp}.gz", "[component.c.drill]\n" + key);
        const bool refused = run.status == 2;
        EXPECT_EQ(refused, !means_something) << one.kind << " " << key << "\n" << run.output;
        if (refused) {
          EXPECT_THAT(run.output, HasSubstr("component.c.drill." + key.substr(0, key.find(' '))));
        }
      }
    };
    expect(of_dumps, one.dumps);
    expect(of_bundles, one.bundles);
    expect(of_archives, one.archives);
  }
  const auto refused = [&](const std::string& kind, const std::string& name, const std::string& more) {
    return verify_policy("one", kind, name, more).status == 2;
  };
  EXPECT_TRUE(refused("any", "a_{timestamp}.gz", "[component.c.drill]\nprobe_timeout = \"1m\""));
  EXPECT_FALSE(refused("any", "a_{timestamp}.gz", "[component.c.drill]\nprobe = \"true\"\nprobe_timeout = \"1m\""));
  EXPECT_TRUE(refused("any", "{timestamp:%F}/", "[component.c.drill]\ncapture = \"{name}.json\""));
  EXPECT_TRUE(refused("any", "a_{timestamp}.gz", "manifest_kind = \"models\""));
  EXPECT_TRUE(refused("postgres-dump", "a_{timestamp}.gz", "held_by = [\"d\"]\n[component.d]\nname = \"x\""));
  EXPECT_FALSE(refused("volume", "a_{timestamp}.gz", "held_by = [\"d\"]\n[component.d]\nname = \"x\""));
  EXPECT_TRUE(refused("models", "a_{timestamp}.gz", "content = \"opaque\"\nmanifest = \"{name}.m\""));
}

}  // namespace promise_scenarios_test
