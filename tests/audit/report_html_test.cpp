#include "knowngood/audit/report_html.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <set>

#include "knowngood/base/utf8.hpp"
#include "knowngood/ledger/dsse.hpp"
#include "knowngood/ledger/in_toto_statement.hpp"
#include "knowngood/report/read_report.hpp"
#include "knowngood/report/report_json.hpp"
#include "knowngood/testing/scratch_directory.hpp"
#include "report/sample_history.hpp"

namespace report_html_test {

using namespace knowngood;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

html_options options(moment now = samples::last_night + std::chrono::hours{5}) { return {.now = now}; }
std::string of(const report& one) { return render_html(evidence_of(one), options()); }

/// What the banner says.
std::string word(const std::string& html) {
  const std::size_t at = html.find("<p class=\"word\">") + 16;
  return html.substr(at, html.find('<', at) - at);
}

/// Elements, their attributes, their nesting: only what the page is made of, everything closed.
void expect_well_formed(const std::string& html) {
  const std::set<std::string> elements{
      "html",    "head",    "meta",    "title",      "link", "style", "body",    "header",  "h1",  "h2", "h3", "h4",
      "main",    "section", "article", "p",          "b",    "i",     "span",    "wbr",     "div", "ul", "li", "table",
      "caption", "thead",   "tbody",   "tr",         "th",   "td",    "details", "summary", "dl",  "dt", "dd", "code",
      "pre",     "footer",  "figure",  "figcaption", "svg",  "path",  "circle",  "rect",    "text"};
  const std::set<std::string> attributes{
      "lang",       "charset",         "http-equiv",  "content", "name",  "rel",  "href",  "class",    "id",
      "aria-label", "aria-labelledby", "aria-hidden", "role",    "scope", "abbr", "title", "tabindex", "data-label",
      "open",       "viewBox",         "d",           "cx",      "cy",    "r",    "rx",    "x",        "y",
      "width",      "height",          "text-anchor"};
  std::vector<std::string> open;
  std::set<std::string> ids;
  std::size_t at = html.find('>') + 1;  // the doctype
  while ((at = html.find('<', at)) != std::string::npos) {
    std::size_t end = at + 1;
    for (bool quoted = false; end < html.size() && (quoted || html[end] != '>'); ++end) quoted ^= html[end] == '"';
    ASSERT_LT(end, html.size());
    std::string tag = html.substr(at + 1, end - at - 1);
    at = end + 1;
    if (tag.starts_with('/')) {
      ASSERT_FALSE(open.empty());
      ASSERT_EQ(open.back(), tag.substr(1)) << html.substr(end > 200 ? end - 200 : 0, 200);
      open.pop_back();
      continue;
    }
    const bool closed = tag.ends_with('/');
    if (closed) tag.pop_back();
    const std::string name = tag.substr(0, tag.find(' '));
    if (name == "title" && !open.empty() && open.back() == "svg") {
      open.push_back(name);
      continue;
    }
    ASSERT_TRUE(elements.contains(name)) << tag;
    for (std::size_t i = name.size(); i < tag.size();) {
      ASSERT_EQ(tag[i], ' ') << tag;
      const std::size_t equals = tag.find_first_of("= ", i + 1);
      const std::string attribute = tag.substr(i + 1, equals - i - 1);
      ASSERT_TRUE(attributes.contains(attribute)) << tag;
      if (equals == std::string::npos || tag[equals] == ' ') {
        ASSERT_EQ(attribute, "open");
        i = std::min(equals, tag.size());
        continue;
      }
      ASSERT_EQ(tag[equals + 1], '"') << tag;
      i = tag.find('"', equals + 2) + 1;
      if (attribute == "id") {
        ASSERT_TRUE(ids.insert(tag.substr(equals, i - equals)).second) << tag;
      }
      if (attribute == "href") {
        ASSERT_EQ(tag.substr(equals + 1, i - equals - 1), "\"data:,\"");
      }
    }
    if (!closed && name != "meta" && name != "link") open.push_back(name);
  }
  EXPECT_TRUE(open.empty());
  EXPECT_FALSE(find_ill_formed_utf8(html)) << "at " << *find_ill_formed_utf8(html);
  EXPECT_EQ(html.find_first_of("\x1b\x07\r\t\x7f"), std::string::npos);
  EXPECT_EQ(html.find("\xE2\x80\xAE"), std::string::npos);
}

TEST(report_html, has_no_recovery_time_of_what_was_not_restored) {
  const report drill = samples::rehearsal(samples::last_night, 60);
  ASSERT_THAT(of(drill), AllOf(HasSubstr("1m 3s"), HasSubstr("everything together")));
  EXPECT_THAT(of(samples::without_database(drill)),
              AllOf(Not(HasSubstr("1m 3s")), Not(HasSubstr("everything together")), HasSubstr("1m 35s")));
}

TEST(report_html, is_called_after_the_estate) {
  report r = samples::sound(2);
  EXPECT_THAT(of(r), HasSubstr(": backups of backup01, "));
  r.estate = "ner<11>";
  EXPECT_THAT(of(r), HasSubstr(": backups of ner&lt;11&gt;, "));
}

TEST(report_html, is_well_formed_and_holds_nothing_that_loads_or_runs) {
  for (const auto& one :
       {samples::sound(3), samples::full(), samples::hostile(), samples::empty(), samples::interrupted()})
    expect_well_formed(of(one));
  expect_well_formed(render_html({}, options()));
  const std::string html = render_html(gather_evidence(samples::month()), options());
  expect_well_formed(html);
  EXPECT_THAT(html, HasSubstr("content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri "
                              "'none'; form-action 'none'\""));
  for (const char* loads : {"<script", "http:", "https:", "url(", "@import", "src=", " on"}) {
    if (std::string_view{loads} == " on") continue;  // the attributes are listed above
    EXPECT_THAT(html, Not(HasSubstr(loads)));
  }
}

TEST(report_html, names_are_data_wherever_they_stand) {
  report r = samples::hostile();
  const std::string evil = "</title></style></script>\"><img src=x onerror=alert(1)>' onload='x'<!--]]>";
  r.host = r.command = r.policy = r.policy_sha256 = r.version = r.tool = evil;
  for (auto& one : r.components) one.name = one.kind = evil;
  for (auto& one : r.artifacts) one.path = one.kind = one.component = evil;
  for (auto& one : r.steps) one.name = one.component = one.artifact = one.reason = one.output = evil;
  for (auto& one : r.comparisons) one.name = one.database = evil;
  for (auto& one : r.recoveries) one.component = evil;
  for (auto& one : r.artifacts[1].findings) one.check = evil;
  for (auto& one : r.artifacts) one.digests = {{"SHA256", evil}};
  evidence shown = evidence_of(r);
  shown.continuing = true;
  html_options given = options();
  given.report_file = given.key_file = given.ledger_directory = evil;
  const std::string html = render_html(shown, given);
  expect_well_formed(html);
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, HasSubstr("&lt;img src=x onerror=alert(1)&gt;"));
}

TEST(report_html, begins_with_the_verdict) {
  EXPECT_EQ(word(of(samples::sound(3))), "✓ SOUND");
  EXPECT_EQ(word(of(samples::full())), "✗ UNSOUND");
  EXPECT_EQ(word(of(samples::empty())), "? NOTHING CHECKED");
  EXPECT_EQ(word(of(samples::interrupted())), "? INTERRUPTED");
  EXPECT_EQ(word(render_html({}, options())), "? NOTHING CHECKED");
}

TEST(report_html, an_old_verdict_is_none) {
  const evidence shown = gather_evidence(samples::month());
  ASSERT_EQ(word(render_html(shown, options())), "✓ SOUND");
  EXPECT_EQ(word(render_html(shown, options(samples::last_night + std::chrono::hours{25}))), "✓ SOUND")
      << "the clock changed";
  const std::string late = render_html(shown, options(samples::last_night + std::chrono::hours{27}));
  EXPECT_EQ(word(late), "? OUT OF DATE");
  EXPECT_THAT(late, HasSubstr("<b>verify</b> has not run for 27h"));
  html_options monthly = options(samples::last_night + std::chrono::days{200});
  monthly.verify_every = std::chrono::days{365};
  EXPECT_THAT(render_html(shown, monthly), HasSubstr("<b>drill</b> has not run for"));
  EXPECT_EQ(word(render_html(evidence_of(samples::sound(1)), options(samples::last_night + std::chrono::days{900}))),
            "✓ SOUND")
      << "one report alone says what it said";
}

TEST(report_html, says_that_nothing_was_ever_restored) {
  evidence shown;
  shown.add(samples::night(samples::last_night, 1));
  EXPECT_THAT(render_html(shown, options()), HasSubstr("no drill is on record"));
  html_options never = options();
  never.drill_every = std::chrono::seconds{0};
  EXPECT_THAT(render_html(shown, never), Not(HasSubstr("no drill is on record")));
}

TEST(report_html, a_bad_part_spoils_the_verdict_and_a_good_one_does_not_mend_it) {
  evidence shown = gather_evidence(samples::month());
  report part = samples::sound(1);
  part.started = part.finished = samples::last_night + std::chrono::hours{1};
  part.verdict = part.artifacts[0].verdict = verdict::unsound;
  part.exit_code = 1;
  shown.add(part);
  EXPECT_EQ(word(render_html(shown, options())), "✗ UNSOUND");
  evidence bad;
  report night = samples::night(samples::last_night, 1);
  samples::spoil(night, 0, make_finding(checks::gzip_crc32, location{"a"}, "differs"));
  bad.add(night);
  report good = samples::sound(1);
  good.started = good.finished = samples::last_night + std::chrono::hours{1};
  bad.add(good);
  EXPECT_EQ(word(render_html(bad, options())), "✗ UNSOUND");
}

TEST(report_html, shows_components_findings_rows_steps_and_recoveries) {
  const std::string html = of(samples::full());
  EXPECT_THAT(html, HasSubstr("ner11_db_20251204_020000.sql.gz"));
  EXPECT_THAT(html, HasSubstr("<span class=\"over\">✗ none</span>"));
  EXPECT_THAT(
      html,
      HasSubstr("<dt>expected</dt><dd><code>0x1f2e3d4c</code></dd><dt>actual</dt><dd><code>0x9a8b7c6d</code></dd>"));
  EXPECT_THAT(html, HasSubstr("→ restore from another copy"));
  EXPECT_THAT(html, HasSubstr("<span class=\"over\">4,999 (−1)</span>"));
  EXPECT_THAT(html, HasSubstr("all services up\n"));
  EXPECT_THAT(html, HasSubstr("grant read permission"));
  EXPECT_THAT(html, HasSubstr("the policy allows it"));
  const std::string month = render_html(gather_evidence(samples::month()), options());
  EXPECT_THAT(month, HasSubstr("+9.3 % in 30 nights"));
  EXPECT_THAT(month, HasSubstr("database: restore time of 4 drills; 2025-03-03 6m 55s of 15m"));
}

TEST(report_html, is_the_same_for_the_same_evidence) {
  const auto once = [] { return render_html(gather_evidence(samples::month()), options()); };
  EXPECT_EQ(once(), once());
}

TEST(report_html, is_bounded_and_says_what_it_leaves_out) {
  report r = samples::sound(10'000);
  for (int i = 0; i < 5'000; ++i)
    r.artifacts[0].findings.push_back(make_finding(checks::tar_header, location{"a"}, "no header"));
  r.artifacts[9'999].verdict = verdict::unsound;
  const std::string html = of(r);
  EXPECT_LT(html.size(), 4'000'000U);
  EXPECT_THAT(html, HasSubstr("4,500 more are not listed here"));
  EXPECT_THAT(html, HasSubstr("8,000 artifacts more are not listed here"));
  EXPECT_THAT(html, HasSubstr("ner11_db_9999.sql.gz")) << "the worst come first";
}

// Contrast as WCAG 2 defines it.
double luminance(const std::string& hex) {
  const auto part = [&](std::size_t at) {
    const double value = std::stoi(hex.substr(at, 2), nullptr, 16) / 255.0;
    return value <= 0.03928 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}
double contrast(const std::string& a, const std::string& b) {
  const double one = luminance(a);
  const double other = luminance(b);
  return (std::max(one, other) + 0.05) / (std::min(one, other) + 0.05);
}

TEST(html_style, can_be_read_in_every_scheme) {
  ASSERT_NEAR(contrast("#000000", "#ffffff"), 21, 0.01);
  std::size_t schemes = 0;
  for (std::size_t at = 0; (at = detail::html_style.find(":root{", at)) != std::string_view::npos; ++at, ++schemes) {
    std::map<std::string, std::string> colours;
    const std::string_view block = detail::html_style.substr(at, detail::html_style.find('}', at) - at);
    for (std::size_t name = 0; (name = block.find("--", name)) != std::string_view::npos; name += 2) {
      const std::size_t colon = block.find(':', name);
      colours[std::string{block.substr(name + 2, colon - name - 2)}] = block.substr(colon + 1, 7);
    }
    for (const auto& [ink, ground] :
         std::vector<std::pair<std::string, std::string>>{{"ink", "page"},
                                                          {"ink", "card"},
                                                          {"ink", "soft"},
                                                          {"dim", "page"},
                                                          {"dim", "card"},
                                                          {"link", "card"},
                                                          {"sound", "sound-soft"},
                                                          {"unprotected", "unprotected-soft"},
                                                          {"unchecked", "unchecked-soft"},
                                                          {"unsound", "unsound-soft"},
                                                          {"unsound", "card"},
                                                          {"unprotected", "card"},
                                                          {"unchecked", "card"},
                                                          {"on-bad", "bad"},
                                                          {"ink", "none-a"},
                                                          {"ink", "none-b"},
                                                          {"ink", "sound-soft"},
                                                          {"ink", "unsound-soft"},
                                                          {"ink", "unchecked-soft"},
                                                          {"ink", "unprotected-soft"}}) {
      EXPECT_GE(contrast(colours.at(ink), colours.at(ground)), 4.5)
          << "scheme " << schemes << ": " << ink << " on " << ground;
    }
    EXPECT_GE(contrast(colours.at("bar"), colours.at("card")), 3) << schemes;
    EXPECT_GE(contrast(colours.at("bad"), colours.at("card")), 3) << schemes;
  }
  EXPECT_EQ(schemes, 3U) << "light, dark, print";
}

TEST(report_html, is_unsound_where_a_later_run_of_a_part_found_an_error) {
  const html_options options{.now = samples::last_night + std::chrono::hours{5}};
  evidence shown = gather_evidence(samples::month());
  const auto verdicts = [](const std::string& page) {  // of the table of components
    const std::size_t begin = page.find("<section id=\"components\"");
    return page.substr(begin, page.find("</section>", begin) - begin);
  };
  ASSERT_THAT(render_html(shown, options), HasSubstr("class=\"banner sound\""));
  ASSERT_THAT(verdicts(render_html(shown, options)), Not(HasSubstr("✗ unsound")));
  report part = samples::night(samples::last_night + std::chrono::hours{2}, 1);
  part.command += " --component logs";
  part.components = {part.components[5]};
  part.artifacts = {part.artifacts[5]};
  part.artifacts[0].findings.push_back(make_finding(checks::gzip_crc32, location{"a.gz"}, "differs"));
  shown.add(part);
  const std::string page = render_html(shown, options);
  EXPECT_THAT(page, HasSubstr("class=\"banner unsound\""));
  EXPECT_THAT(page, HasSubstr("<b>verify</b> of a part on 2025-12-04 05:00 UTC: UNSOUND"));
  EXPECT_THAT(verdicts(page), HasSubstr("✗ unsound"));
}

// The commands that the page tells people to run, run.
TEST(html_checking, its_commands_tell_a_genuine_report_from_an_altered_one) {
  if (run_tool("jq --version").status != 0 || run_tool("openssl version").status != 0)
    GTEST_SKIP() << "no jq or openssl";
  const scratch_directory here;
  const std::string json = to_json(samples::full());
  const std::string name = "my 'best' report.json";
  here.write(name, json);
  ASSERT_EQ(
      here.run("openssl genpkey -algorithm ed25519 -out k.key && openssl pkey -in k.key -pubout -out k.pub").status, 0);
  const std::string statement = make_report_statement(parse_report(json, name), json, name);
  here.write("pae", pre_authentication_encoding(in_toto_payload_type, statement));
  here.write("statement", statement);
  ASSERT_EQ(here.run("openssl pkeyutl -sign -inkey k.key -rawin -in pae -out sig && printf "
                     "'{\"payloadType\":\"application/"
                     "vnd.in-toto+json\",\"payload\":\"%s\",\"signatures\":[{\"sig\":\"%s\"}]}' "
                     "\"$(base64 -w0 statement)\" \"$(base64 -w0 sig)\" > " +
                     detail::shell_word(name + ".dsse"))
                .status,
            0);
  const std::string commands = detail::openssl_commands(name, "k.pub");
  const std::string genuine = here.run(commands + " 2>&1").output;
  EXPECT_THAT(genuine, HasSubstr("Signature Verified Successfully"));
  EXPECT_THAT(genuine, HasSubstr("the report is the one that was signed"));
  here.write(name, json + " ");
  EXPECT_THAT(here.run(commands + " 2>&1").output, Not(HasSubstr("the one that was signed")));
  ASSERT_EQ(
      here.run("openssl genpkey -algorithm ed25519 -out k.key && openssl pkey -in k.key -pubout -out k.pub").status, 0);
  EXPECT_THAT(here.run(commands + " 2>&1").output, Not(HasSubstr("Verified Successfully")));
}

}  // namespace report_html_test
