#include "knowngood/hash/checksum_file.hpp"

#include <gtest/gtest.h>

#include <random>

#include "knowngood/testing/scratch_directory.hpp"

namespace checksum_file_test {

using namespace knowngood;

const std::string md5_hex = "d41d8cd98f00b204e9800998ecf8427e";
const std::string sha1_hex = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
const std::string sha256_hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const std::string sha512_hex = sha256_hex + sha256_hex;

std::vector<std::string> names_of(const checksum_entry& entry) {
  std::vector<std::string> names;
  for (const auto& candidate : entry.candidates) names.push_back(candidate.name());
  return names;
}

checksum_entry only_entry(const std::string& text, std::string_view list_name = "list") {
  const checksum_list list = parse_checksum_list(text, list_name);
  EXPECT_EQ(list.entries.size(), 1U) << text;
  EXPECT_TRUE(list.malformed_lines.empty()) << text;
  return list.entries.empty() ? checksum_entry{} : list.entries.front();
}

void expect_malformed(const std::string& text, std::string_view list_name = "list") {
  const checksum_list list = parse_checksum_list(text, list_name);
  EXPECT_TRUE(list.entries.empty()) << text;
  EXPECT_EQ(list.malformed_lines.size(), 1U) << text;
}

TEST(checksum_file, reads_the_forms_that_coreutils_write) {
  const checksum_entry plain = only_entry(sha256_hex + "  db.sql.gz\n");
  EXPECT_EQ(plain.name, "db.sql.gz");
  EXPECT_EQ(plain.digest, sha256_hex);
  EXPECT_EQ(plain.line, 1U);
  EXPECT_FALSE(plain.binary);
  EXPECT_EQ(names_of(plain), std::vector<std::string>{"SHA256"});
  EXPECT_TRUE(only_entry(sha256_hex + " *db.sql.gz\n").binary);
  EXPECT_EQ(only_entry(sha256_hex + " *db.sql.gz\n").name, "db.sql.gz");
  EXPECT_EQ(only_entry(sha256_hex + " db.sql.gz\n").name, "db.sql.gz") << "the single-space form";
  EXPECT_EQ(only_entry(" \t" + sha256_hex + "  db.sql.gz").name, "db.sql.gz") << "leading blanks, no line feed";
  EXPECT_EQ(only_entry("\\" + sha256_hex + "  a\\nb\\\\c\\rd\n").name, "a\nb\\c\rd");
  EXPECT_EQ(only_entry(sha256_hex + "  a\\nb\n").name, "a\\nb") << "only escaped lines are unescaped";
  EXPECT_EQ(only_entry(sha256_hex + "  db.sql.gz\r\n").name, "db.sql.gz");
  EXPECT_EQ(only_entry(sha256_hex + "  db.sql.gz \n").name, "db.sql.gz ") << "a trailing blank is the name's";
  EXPECT_EQ(only_entry(sha256_hex + "   db.sql.gz\n").name, " db.sql.gz");
  EXPECT_EQ(only_entry(sha256_hex + " **db.sql.gz\n").name, "*db.sql.gz");
  EXPECT_EQ(only_entry(sha256_hex + "  -\n").name, "-");
  EXPECT_EQ(only_entry(sha256_hex + "  /backups/./x\n").name, "/backups/./x");
  std::string upper = sha256_hex;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_EQ(only_entry(upper + "  f\n").digest, sha256_hex);
}

TEST(checksum_file, reads_tags_of_bsd_coreutils_and_openssl) {
  for (const std::string tag : {"SHA256 (", "SHA256(", "SHA2-256(", "SHA2-256 ("}) {
    for (const std::string equals : {") = ", ")= ", ")=", ") \t=\t "}) {
      const checksum_entry entry = only_entry(tag + "a (1) = b.gz" + equals + sha256_hex + "\n");
      EXPECT_EQ(entry.name, "a (1) = b.gz");
      EXPECT_EQ(entry.digest, sha256_hex);
      EXPECT_EQ(names_of(entry), std::vector<std::string>{"SHA256"});
    }
  }
  EXPECT_EQ(names_of(only_entry("BLAKE2b-256 (f) = " + sha256_hex)), std::vector<std::string>{"BLAKE2b-256"});
  EXPECT_EQ(names_of(only_entry("BLAKE2b (f) = " + sha512_hex)), std::vector<std::string>{"BLAKE2b"});
  EXPECT_EQ(names_of(only_entry("BLAKE2B-512(f)= " + sha512_hex)), std::vector<std::string>{"BLAKE2b"});
  EXPECT_EQ(names_of(only_entry("BLAKE2b-16 (f) = abcd")), std::vector<std::string>{"BLAKE2b-16"});
  EXPECT_EQ(only_entry("\\SHA256 (a\\nb) = " + sha256_hex).name, "a\nb");
}

TEST(checksum_file, calls_what_is_no_checksum_line_malformed) {
  for (const std::string& line : std::vector<std::string>{"garbage",
                                                          sha256_hex.substr(1) + "  f",
                                                          sha256_hex + "a  f",
                                                          "g" + sha256_hex.substr(1) + "  f",
                                                          "\\" + sha256_hex + "  a\\x",
                                                          "\\" + sha256_hex + "  a\\",
                                                          "\\\\" + sha256_hex + "  f",
                                                          "SHA256 (f) = " + md5_hex,
                                                          "SHA256 (f) = " + sha256_hex + " ",
                                                          "SHA256 (f) " + sha256_hex,
                                                          "SHA256 f = " + sha256_hex,
                                                          "SHA256  (f) = " + sha256_hex,
                                                          "sha256 (f) = " + sha256_hex,
                                                          "SHA256 () = " + sha256_hex,
                                                          "BLAKE2b-0256 (f) = " + sha256_hex,
                                                          "BLAKE2b-12 (f) = abc",
                                                          "BLAKE2b-520 (f) = " + sha512_hex,
                                                          std::string{"SHA256 (f\0g) = ", 15} + sha256_hex,
                                                          sha256_hex + std::string{"  f\0", 4},
                                                          "ungiO8t0xP0VZc6Gv7b0FxwoyJ2vKcyNPbGo5NUvXxg=  f",
                                                          "note (see below) = abcdef0123456789",
                                                          " # indented"}) {
    expect_malformed(line + "\n");
  }
  expect_malformed(sha1_hex + "\n", "x.sha256");
  const checksum_list list = parse_checksum_list("garbage\n" + sha256_hex + "  f\n\nmore\n", "list");
  ASSERT_EQ(list.entries.size(), 1U);
  EXPECT_EQ(list.entries[0].line, 2U);
  ASSERT_EQ(list.malformed_lines.size(), 2U);
  EXPECT_EQ(list.malformed_lines[0].text, "garbage");
  EXPECT_EQ(list.malformed_lines[1].line, 4U);
}

TEST(checksum_file, passes_over_blank_and_comment_lines) {
  const checksum_list list = parse_checksum_list("# by hand\n\n  \t\n\r\n#\n" + sha256_hex + "  f\r\n\n# end", "list");
  EXPECT_EQ(list.entries.size(), 1U);
  EXPECT_TRUE(list.malformed_lines.empty());
  EXPECT_TRUE(parse_checksum_list("", "list").entries.empty());
  EXPECT_TRUE(parse_checksum_list("\n\n", "list").malformed_lines.empty());
}

TEST(checksum_file, takes_a_digest_that_is_all_there_is) {
  for (const std::string end : {"", "\n", "\r\n", " ", "\t\n\n"}) {
    const checksum_entry bare = only_entry(sha256_hex + end, "a.tar.sha256");
    EXPECT_EQ(bare.digest, sha256_hex);
    EXPECT_EQ(bare.name, "");
  }
  EXPECT_EQ(names_of(only_entry(md5_hex, "a.tar.md5")), std::vector<std::string>{"MD5"});
  EXPECT_EQ(names_of(only_entry(sha256_hex, "a.tar.b2")), (std::vector<std::string>{"BLAKE2b-256", "SHA256"}));
  for (const std::string& text :
       {sha256_hex + "\n" + sha256_hex + "\n", sha256_hex + "\n" + sha256_hex + "  f\n", sha256_hex + "\ngarbage\n"}) {
    EXPECT_FALSE(parse_checksum_list(text, "list").malformed_lines.empty()) << "which file would it be?";
  }
  EXPECT_FALSE(looks_like_checksum_list(sha256_hex + "\n")) << "any token looks like that";
}

TEST(checksum_file, takes_what_is_said_of_a_pipe) {
  EXPECT_EQ(only_entry("(stdin)= " + sha256_hex).name, "stdin");
  EXPECT_EQ(names_of(only_entry("(stdin)= " + md5_hex)), std::vector<std::string>{"MD5"});
  EXPECT_EQ(only_entry("SHA2-256(stdin)= " + sha256_hex).name, "stdin");
  expect_malformed("(other)= " + sha256_hex);
}

TEST(checksum_file, reads_utf16_and_tells) {
  const std::string lines = sha256_hex + "  a.tar\r\n" + sha256_hex + "  b.tar\r\n";
  for (const bool big : {false, true}) {
    for (const bool mark : {false, true}) {
      std::string wide = !mark ? "" : big ? "\xFE\xFF" : "\xFF\xFE";
      for (const char c : lines) wide += big ? std::string{'\0', c} : std::string{c, '\0'};
      const checksum_list list = parse_checksum_list(wide, "SHA256SUMS");
      EXPECT_TRUE(list.utf16);
      ASSERT_EQ(list.entries.size(), 2U);
      EXPECT_EQ(list.entries[1].name, "b.tar");
      EXPECT_EQ(list.entries[1].line, 2U);
      EXPECT_TRUE(looks_like_checksum_list(wide));
    }
  }
  EXPECT_FALSE(parse_checksum_list(lines, "SHA256SUMS").utf16);
}

TEST(checksum_file, reads_what_pgp_signed_in_the_clear) {
  const std::string head = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n";
  const std::string tail = "-----BEGIN PGP SIGNATURE-----\n\niQIz\n=abcd\n-----END PGP SIGNATURE-----\n";
  const std::string lines = sha256_hex + "  a.tar\n- " + sha256_hex + "  -b.tar\n";
  const checksum_list list = parse_checksum_list(head + lines + tail, "SHA256SUMS");
  EXPECT_TRUE(list.signed_message);
  EXPECT_TRUE(list.malformed_lines.empty());
  ASSERT_EQ(list.entries.size(), 2U);
  EXPECT_EQ(list.entries[1].name, "-b.tar");
  EXPECT_EQ(list.entries[0].line, 4U);
  EXPECT_TRUE(looks_like_checksum_list(head + lines + tail));
  EXPECT_EQ(parse_checksum_list(head + lines, "SHA256SUMS").malformed_lines.size(), 1U) << "cut before the signature";
}

TEST(checksum_file, takes_a_byte_order_mark_and_tells) {
  EXPECT_FALSE(parse_checksum_list(sha256_hex + "  f\n", "list").byte_order_mark);
  const checksum_list list = parse_checksum_list("\xEF\xBB\xBF" + sha256_hex + "  f\n", "list");
  EXPECT_TRUE(list.byte_order_mark);
  ASSERT_EQ(list.entries.size(), 1U);
  EXPECT_EQ(list.entries[0].digest, sha256_hex);
}

TEST(checksum_file, never_mixes_the_single_space_form_with_the_usual_one) {
  const checksum_list usual_first = parse_checksum_list(sha256_hex + "  f\n" + sha256_hex + " g\n", "list");
  EXPECT_EQ(usual_first.entries.size(), 1U);
  EXPECT_EQ(usual_first.malformed_lines.size(), 1U);
  const checksum_list single_first = parse_checksum_list(sha256_hex + " f\n" + sha256_hex + "  g\n", "list");
  ASSERT_EQ(single_first.entries.size(), 2U);
  EXPECT_EQ(single_first.entries[1].name, " g");
}

TEST(checksum_file, keeps_duplicates_and_conflicts_for_the_caller) {
  const checksum_list list =
      parse_checksum_list(sha256_hex + "  f\n" + sha256_hex + "  f\n" + std::string(64, 'a') + "  f\n", "list");
  ASSERT_EQ(list.entries.size(), 3U);
  EXPECT_NE(list.entries[1].digest, list.entries[2].digest);
}

TEST(checksum_file, infers_the_algorithm_from_the_length_and_the_name_of_the_list) {
  using words = std::vector<std::string>;
  const auto inferred = [](std::size_t length, std::string_view list_name) {
    const checksum_list list = parse_checksum_list(std::string(length, 'a') + "  f\n", list_name);
    return list.entries.empty() ? words{"malformed"} : names_of(list.entries.front());
  };
  EXPECT_EQ(inferred(32, "list"), words{"MD5"});
  EXPECT_EQ(inferred(40, "list"), words{"SHA1"});
  EXPECT_EQ(inferred(56, "list"), words{"SHA224"});
  EXPECT_EQ(inferred(64, "list"), words{"SHA256"});
  EXPECT_EQ(inferred(96, "list"), words{"SHA384"});
  EXPECT_EQ(inferred(128, "list"), (words{"SHA512", "BLAKE2b"}));
  EXPECT_EQ(inferred(64, "checksums.txt"), words{"SHA256"});
  for (const auto* name : {"SHA512SUMS", "x.gz.sha512", "x.sha512sum", "dir.b2/sha512sums.txt", "sums-sha512.txt"}) {
    EXPECT_EQ(inferred(128, name), words{"SHA512"}) << name;
  }
  for (const auto* name : {"B2SUMS", "x.gz.b2", "x.b2sum", "x.blake2", "x.blake2b", "b2sums.txt", "X.B2"}) {
    EXPECT_EQ(inferred(128, name), words{"BLAKE2b"}) << name;
    EXPECT_EQ(inferred(20, name), words{"BLAKE2b-80"}) << name;
    EXPECT_EQ(inferred(64, name), (words{"BLAKE2b-256", "SHA256"})) << name;
    EXPECT_EQ(inferred(21, name), words{"malformed"}) << name;
    EXPECT_EQ(inferred(130, name), words{"malformed"}) << name;
  }
  EXPECT_EQ(inferred(128, "b2.checksums"), (words{"SHA512", "BLAKE2b"})) << "a bucket's name is no hint";
  EXPECT_EQ(inferred(20, "list"), words{"malformed"});
  EXPECT_EQ(inferred(64, "x.sha512"), words{"SHA256"}) << "the length is what is written";
  for (const auto* name : {"B3SUMS", "x.b3", "x.sha3-256", "x.blake3"}) EXPECT_EQ(inferred(64, name), words{}) << name;
}

TEST(checksum_file, keeps_digests_that_it_cannot_compute_with_their_tag) {
  for (const std::string tag : {"SM3", "SHA3-256", "SHA512/256", "HMAC-SHA256", "BLAKE2S-256", "RMD160"}) {
    const checksum_entry entry = only_entry(tag + " (f) = " + sha256_hex + "\n");
    EXPECT_TRUE(entry.candidates.empty()) << tag;
    EXPECT_EQ(entry.tag, tag);
    EXPECT_EQ(entry.name, "f");
  }
}

TEST(checksum_file, copes_with_huge_lines_and_many_lines) {
  const std::string name(5'000'000, 'n');
  EXPECT_EQ(only_entry(sha256_hex + "  " + name).name.size(), name.size());
  const checksum_list list = parse_checksum_list(name, "list");
  ASSERT_EQ(list.malformed_lines.size(), 1U);
  EXPECT_LE(list.malformed_lines[0].text.size(), 256U);
}

// -- against the real tools
// --------------------------------------------------------------------------------------------

std::string shell_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return quoted + "'";
}

TEST(checksum_file, reads_back_what_every_tool_writes_for_odd_names) {
  const scratch_directory scratch;
  const std::vector<std::string> names{
      "plain.sql.gz",   "two words", " leading", "trailing ", "*star", "a\nb",  "back\\slash", "a\rb",     "end\r",
      "a) = b",         "(",         ")",        "\\",        "\\n",   "#hash", "tab\tin",     "é → ü",    "\xff\xfe",
      "SHA256 (x) = y", "'quote\"",  "./dotted", "-dash",     "=",     " ",     "\n",          sha256_hex, "*",
      "a\n\\\rb"};
  std::string arguments;
  for (const auto& name : names) {
    scratch.write(name, "content of " + name);
    arguments += " " + shell_quoted(name);
  }
  struct style {
    std::string command;
    std::string list_name;
    digest_algorithm algorithm;
    bool escapes = true;  // OpenSSL before 3.1 writes names raw
  };
  std::vector<style> styles;
  const std::vector<std::pair<std::string, digest_algorithm>> sums{
      {"md5", digest_algorithm::md5()},       {"sha1", digest_algorithm::sha1()},
      {"sha224", digest_algorithm::sha224()}, {"sha256", digest_algorithm::sha256()},
      {"sha384", digest_algorithm::sha384()}, {"sha512", digest_algorithm::sha512()}};
  for (const auto& [name, algorithm] : sums) {
    for (const std::string option : {"", " -b", " --tag"}) {
      styles.push_back({name + "sum" + option + " --", "list", algorithm});
    }
    styles.push_back({"cksum -a " + name + " --tag --", "list", algorithm});
    styles.push_back({"cksum -a " + name + " --untagged --", "list", algorithm});
    styles.push_back({"openssl dgst -" + name + " --", "list", algorithm, false});
    styles.push_back({"openssl dgst -r -" + name + " --", "list", algorithm, false});
  }
  for (unsigned bits = 8; bits <= 512; bits += 56) {
    const auto algorithm = *digest_algorithm::blake2b(bits);
    const std::string length = " -l " + std::to_string(bits);
    if (!digest::supports(algorithm)) continue;
    styles.push_back({"b2sum" + length + " --", "x.b2", algorithm});
    styles.push_back({"b2sum --tag" + length + " --", "list", algorithm});
    styles.push_back({"cksum -a blake2b --tag" + length + " --", "list", algorithm});
  }
  styles.push_back({"openssl dgst -blake2b512 --", "list", *digest_algorithm::blake2b(512), false});

  for (const auto& each : styles) {
    SCOPED_TRACE(each.command);
    std::string files;
    std::vector<std::string> expected;
    for (const auto& name : names) {
      if (!each.escapes && (name.find_first_of("\n\r\\") != std::string::npos || name == "-dash")) continue;
      files += " " + shell_quoted(name);
      expected.push_back(name);
    }
    const tool_run run = scratch.run(each.command + files);
    if (!each.escapes && run.status == 127) continue;
    ASSERT_EQ(run.status, 0);
    const checksum_list list = parse_checksum_list(run.output, each.list_name);
    EXPECT_FALSE(list.byte_order_mark);
    for (const auto& line : list.malformed_lines) ADD_FAILURE() << line.line << ": " << line.text;
    ASSERT_EQ(list.entries.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(list.entries[i].name, expected[i]);
      const auto& candidates = list.entries[i].candidates;
      EXPECT_NE(std::find(candidates.begin(), candidates.end(), each.algorithm), candidates.end()) << expected[i];
      digest d{each.algorithm};
      const std::string content = "content of " + expected[i];
      d.update(std::as_bytes(std::span{content}));
      EXPECT_EQ(list.entries[i].digest, d.finish()) << expected[i];
    }
  }
}

// What `-c -w` says about a list: the names it tries, in order, and the numbers of improperly formatted lines.
struct tool_opinion {
  std::vector<std::string> names;
  std::vector<std::uint64_t> malformed;
};

tool_opinion ask(const scratch_directory& scratch, const std::string& tool, const std::string& list) {
  scratch.write("list", list);
  // In a directory of its own, so that no name exists and every accepted line says FAILED open or read.
  const tool_run run =
      scratch.run("mkdir -p empty && cd empty && " + tool + " -c -w ../list 2>../complaints </dev/null");
  tool_opinion opinion;
  std::string_view text = run.output;
  constexpr std::string_view failed = ": FAILED open or read";
  while (!text.empty()) {
    const auto feed = text.find('\n');
    std::string_view line = text.substr(0, feed);
    text.remove_prefix(feed + 1);
    if (!line.ends_with(failed)) {
      opinion.names.push_back("unexpected output: " + std::string{line});
      continue;
    }
    line.remove_suffix(failed.size());
    std::string name{line};
    if (line.starts_with('\\')) {
      if (const auto plain = detail::unescape_checksum_name(line.substr(1));
          plain && plain->find('\n') != std::string::npos) {
        name = *plain;
      }
    }
    opinion.names.push_back(name);
  }
  const std::string complaints = scratch.read("complaints");
  for (std::size_t at = 0; (at = complaints.find("../list: ", at)) != std::string::npos;) {
    at += 9;
    if (complaints[at] >= '0' && complaints[at] <= '9') opinion.malformed.push_back(std::stoull(complaints.substr(at)));
  }
  return opinion;
}

tool_opinion ours(const std::string& text, std::string_view list_name) {
  const checksum_list list = parse_checksum_list(text, list_name);
  tool_opinion opinion;
  for (const auto& entry : list.entries) {
    if (entry.name.empty()) {  // a bare digest, which is one of the differences on purpose
      opinion.malformed.push_back(entry.line);
    } else {
      opinion.names.push_back(entry.name);
    }
  }
  for (const auto& line : list.malformed_lines) opinion.malformed.push_back(line.line);
  return opinion;
}

// Lines glued from pieces that are right, nearly right and wrong.
std::string random_list(std::mt19937& random, const std::string& hex, const std::string& tag, bool empty_names) {
  const auto pick = [&random](const std::vector<std::string>& from) {
    return from[std::uniform_int_distribution<std::size_t>{0, from.size() - 1}(random)];
  };
  std::string upper = hex;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::string text;
  const int lines = std::uniform_int_distribution{1, 12}(random);
  for (int i = 0; i < lines; ++i) {
    const std::string name =
        pick({"nof", "no f", " nof", "nof ",  "*nof",  "no)f",  "no(f",  "no\\nf", "no\\\\f", "no\\f", "no\\rf",
              "x",   "*",    "no=f", "(nof)", "no\tf", "\tnof", "\\nof", "no\rf",  "/no/f",   "./nof"});
    std::string line;
    const std::string digits = pick({hex, hex, hex, upper, hex.substr(1), hex + "0", hex.substr(2) + "gg", ""});
    switch (std::uniform_int_distribution{0, 5}(random)) {
      case 0:
      case 1:
      case 2:
        line += pick({"", "", "", " ", "\t", "  ", "\\", " \\", "\\ ", "\\\\", "x"}) + digits +
                pick({"  ", "  ", " *", " ", "\t", "\t*", "\t ", "   ", "", " \t", "*"}) + name;
        break;
      case 3:
      case 4:
        line += pick({"", "", "", " ", "\\", "x"}) + tag + pick({" (", " (", "(", " x(", " ", "("}) + name +
                pick({") = ", ")= ", ") =", ")=", ")\t=\t", ") ", " = ", ")  =  "}) + digits +
                pick({"", "", "", " ", ")"});
        break;
      default:
        // No name at all: b2sum and cksum would take it for an empty one, which is one of the differences on purpose.
        line += pick({"", "#", "# comment", "garbage", " #", digits, empty_names ? digits : digits + " "});
        break;
    }
    if (line.find_first_not_of(" \t") == std::string::npos) line.clear();  // another difference on purpose
    text += line;
    text += pick({"\n", "\n", "\n", "\n", "\r\n", "\n\n", "\r\r\n"});
  }
  if (std::uniform_int_distribution{0, 4}(random) == 0) text.pop_back();
  return text;
}

TEST(checksum_file, accepts_and_refuses_what_coreutils_accepts_and_refuses) {
  const scratch_directory scratch;
  struct tool {
    std::string command;
    std::string list_name;
    std::string hex;
    std::string tag;
  };
  const std::vector<tool> tools{
      {"sha256sum", "x.sha256", sha256_hex, "SHA256"}, {"md5sum", "x.md5", md5_hex, "MD5"},
      {"sha1sum", "x.sha1", sha1_hex, "SHA1"},         {"sha512sum", "x.sha512", sha512_hex, "SHA512"},
      {"cksum -a sha256", "x", sha256_hex, "SHA256"},  {"b2sum", "x.b2", sha512_hex, "BLAKE2b"},
      {"b2sum", "x.b2", sha256_hex, "BLAKE2b-256"},    {"b2sum", "x.b2", "abcdef", "BLAKE2b-24"}};
  std::mt19937 random{20251204};
  std::size_t accepted = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 480; ++round) {
    const tool& each = tools[static_cast<std::size_t>(round) % tools.size()];
    const std::string text = random_list(random, each.hex, each.tag, round % 8 >= 4);
    const tool_opinion theirs = ask(scratch, each.command, text);
    ASSERT_EQ(testing::PrintToString(ours(text, each.list_name).names), testing::PrintToString(theirs.names))
        << each.command << "\n"
        << text;
    ASSERT_EQ(ours(text, each.list_name).malformed, theirs.malformed) << each.command << "\n" << text;
    accepted += theirs.names.size();
    refused += theirs.malformed.size();
  }
  EXPECT_GT(accepted, 500U) << "the lists tested something";
  EXPECT_GT(refused, 500U);
}

// -- detection
// ---------------------------------------------------------------------------------------------------------

TEST(checksum_file, is_recognised_by_content) {
  EXPECT_TRUE(looks_like_checksum_list(sha256_hex + "  f"));
  EXPECT_TRUE(looks_like_checksum_list(sha256_hex + "  f\n" + sha256_hex + "  g\n"));
  EXPECT_TRUE(looks_like_checksum_list("# made by hand\n\n" + sha256_hex + "  f\n"));
  EXPECT_TRUE(looks_like_checksum_list(md5_hex + " *f\r\n"));
  EXPECT_TRUE(looks_like_checksum_list("SHA256 (f) = " + sha256_hex + "\n"));
  EXPECT_TRUE(looks_like_checksum_list("\xEF\xBB\xBF" + sha256_hex + "  f\n"));
  EXPECT_TRUE(looks_like_checksum_list(sha256_hex + " /backups/db.sql.gz\n")) << "echo \"$SUM $FILE\"";
  EXPECT_TRUE(looks_like_checksum_list(sha256_hex + "  f\n" + sha256_hex.substr(0, 20))) << "the head of a longer one";
  EXPECT_TRUE(looks_like_checksum_list("abcdef  f\n", "x.b2"));
  EXPECT_TRUE(looks_like_checksum_list("garbage\n" + sha256_hex + "  f\n" + sha256_hex + "  g\n"));
}

TEST(checksum_file, is_not_seen_where_there_is_none) {
  for (const std::string& text : std::vector<std::string>{
           "",
           "\n\n",
           "# nothing\n",
           "hello world\n",
           sha256_hex,
           sha256_hex + "\n",
           "abcdef  f\n",
           "--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n",
           "COPY public.t (h, n) FROM stdin;\n" + sha256_hex + "\tx\n\\.\n",
           sha256_hex + "\tname\t12\n" + sha256_hex + "\tother\t13\n",
           "# pack-refs with: peeled fully-peeled sorted \n" + sha1_hex + " refs/heads/main\n^" + sha1_hex + "\n",
           sha1_hex + " refs/heads/main\n" + sha1_hex + " refs/tags/v1\n",
           sha1_hex + "\trefs/heads/main\n",
           sha256_hex + " refs/heads/main\n" + sha256_hex + " HEAD\n",
           sha1_hex + " first commit\n" + sha1_hex + " second\n",
           "{\"digest\": \"" + sha256_hex + "\"}\n",
           "# v2 git bundle\n" + sha1_hex + " refs/heads/main\n\nPACK",
           "20251204  file\n",
           sha256_hex + "  f\n" + std::string(1, '\0'),
           "garbage\n" + sha256_hex + "  f\n",
           "\x1f\x8b\x08\x01\x02",
           "[section]\nkey = value\n",
           "key: value\nother: value\n"}) {
    EXPECT_FALSE(looks_like_checksum_list(text)) << text;
  }
}

TEST(checksum_file, survives_random_bytes) {
  std::mt19937 random{7};
  const std::string alphabet = "0123456789abcdef (=)\\*\n\r\t#SHA256-nr";
  for (int round = 0; round < 20'000; ++round) {
    std::string text(std::uniform_int_distribution<std::size_t>{0, 120}(random), '\0');
    for (char& c : text) c = alphabet[std::uniform_int_distribution<std::size_t>{0, alphabet.size() - 1}(random)];
    const checksum_list list = parse_checksum_list(text, round % 2 == 0 ? "x.b2" : "x");
    for (const auto& entry : list.entries) {
      ASSERT_TRUE(!entry.name.empty() || list.entries.size() == 1);
      ASSERT_FALSE(entry.digest.empty());
    }
    static_cast<void>(looks_like_checksum_list(text));
  }
}

}  // namespace checksum_file_test
