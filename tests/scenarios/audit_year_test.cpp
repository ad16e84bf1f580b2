// Thirty nights and four drills of a growing estate, three bad nights among them, by the real programs with a shifted
// clock: the ledger holds, the gate refuses exactly the right nights, the exports say so. Retention leaves seven dumps,
// so that what the history knows of the other nights it has from the ledger.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "audit/page_browser.hpp"
#include "scenarios/estate_copy.hpp"

namespace audit_year_test {

using namespace knowngood;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string audit_program = KNOWNGOOD_AUDIT_PROGRAM;

class thirty_nights : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = std::make_unique<scratch_directory>();
    // the newest artifacts of the estate under the names of thirty nights: each a little larger than the one before
    const tool_run made =
        world_->run(fmt::format(R"sh(
set -e
'{audit}' keygen --out key > keygen.txt
cp '{source}/docs/examples/ner11.toml' policy.toml
mkdir -p estate/database drills; chmod 711 . drills
sed -i -e '/^\[component.models\]/,$d' -e 's/^min_size = "1 MiB".*//' policy.toml
gunzip -c '{estate}'/database/ner11_db_20251208_020000.sql.gz | python3 '{source}/tests/scenarios/fewer_rows.py' > dump.sql
night() {{ # N, its date: the dump, with N rows more
  d=$(date -u -d "2025-11-08 +$1 day" +%Y%m%d)
  f=estate/database/ner11_db_${{d}}_020000.sql.gz
  awk -v n=$1 '{{print}} /^COPY public.documents / {{copy=1; next}} copy==1 {{row=$0; copy=2; for (i = 1; i <= n; ++i) {{r=row; sub(/^[^\t]*/, 900+i, r); print r}}}}' dump.sql | gzip -n > $f
  touch -d "$(date -u -d "2025-11-08 +$1 day" +%Y-%m-%d) 02:00:00Z" $f
  (cd estate/database; sha256sum $(basename $f) > $(basename $f).sha256)
}}
for n in $(seq 1 30); do
  now=$(date -u -d "2025-11-08 +$n day" +%Y-%m-%d)
  case $n in
    7) ;;                                                         # the job did not run
    14) night $n; truncate -s 300000 $f ;;                        # the disk was full
    21) night $n; printf 'X' | dd of=$f bs=1 seek=200000 conv=notrunc status=none ;;  # a flipped byte
    *) night $n ;;
  esac
  find estate/database -name 'ner11_db_*' ! -newermt "$(date -u -d "$now -7 day" +%Y-%m-%d) 02:00:00Z" -delete
  code=0
  '{verify}' --policy policy.toml --root estate --now ${{now}}T03:00:00Z --ledger ledger --sign key.key -q > night-$n.txt 2>&1 || code=$?
  echo "$n $code" >> nights.txt
  case $n in 2|10|18|27)
    code=0
    '{drill}' --policy policy.toml --root estate --now ${{now}}T04:00:00Z --ledger ledger --sign key.key --scratch drills -q > drill-$n.txt 2>&1 || code=$?
    echo "$n $code" >> drills.txt ;;
  esac
  code=0
  '{audit}' gate --allow-simulated --ledger ledger --policy policy.toml --key key.pub --now ${{now}}T05:00:00Z > gate-$n.txt 2>&1 || code=$?
  echo "$n $code" >> gates.txt
  # what is damaged is repaired by day
  case $n in 14|21) night $n ;; esac
done
)sh",
                                fmt::arg("audit", audit_program), fmt::arg("verify", verify_program),
                                fmt::arg("drill", drill_program), fmt::arg("source", source_directory),
                                fmt::arg("estate", estate_directory)) +
                    " 2>&1");
    ASSERT_EQ(made.status, 0) << made.output;
  }
  static void TearDownTestSuite() { world_.reset(); }

  static std::map<int, int> codes(const std::string& file) {
    std::map<int, int> all;
    std::istringstream in{world_->read(file)};
    for (int night = 0, code = 0; in >> night >> code;) all[night] = code;
    return all;
  }

  static tool_run audit(const std::string& arguments) {
    return world_->run(fmt::format("'{}' {} 2>&1", audit_program, arguments));
  }

  static tool_run gate(const std::string& arguments) {
    return audit("gate --allow-simulated --ledger ledger --policy policy.toml " + arguments);
  }

  /// A copy of the ledger under another name, to add to and to damage.
  static void copy_ledger(const std::string& name) {
    ASSERT_EQ(world_->run("rm -rf " + name + "; cp -a ledger " + name).status, 0);
  }

  /// What xmllint has against a JUnit file, by the schema of tests/audit.
  static std::string against_schema(const std::string& file) {
    const tool_run judged = world_->run(
        fmt::format("xmllint --noout --huge --schema '{}/tests/audit/junit.xsd' {} 2>&1", source_directory, file));
    return judged.status == 0 ? "" : judged.output;
  }

  inline static std::unique_ptr<scratch_directory> world_;
};

// One test, for one process: the thirty nights are made once.
struct night_checks : thirty_nights {
  void TestBody() override {}

  static void are_good_but_for_three_which_the_gate_refuses() {
    const auto nights = codes("nights.txt");
    const auto gates = codes("gates.txt");
    ASSERT_EQ(nights.size(), 30U);
    for (const auto& [night, code] : nights) {
      const bool bad = night == 7 || night == 14 || night == 21;
      EXPECT_EQ(code, bad ? 1 : 0) << world_->read(fmt::format("night-{}.txt", night));
      EXPECT_EQ(gates.at(night), bad || night == 1 ? 1 : 0) << world_->read(fmt::format("gate-{}.txt", night));
    }
    EXPECT_THAT(world_->read("gate-1.txt"), HasSubstr("there is no drill in the ledger"))
        << "before the first drill nothing is proved";
    for (const auto& [night, code] : codes("drills.txt"))
      EXPECT_EQ(code, 0) << world_->read(fmt::format("drill-{}.txt", night));
  }

  static void stand_in_a_ledger_that_holds() {
    const tool_run check = audit("ledger check ledger --key key.pub");
    EXPECT_EQ(check.status, 0) << check.output;
    EXPECT_THAT(check.output, HasSubstr("34 of 34 reports"));
    EXPECT_THAT(check.output, ContainsRegex("the last line is 34:[0-9a-f]{64}\n"));
    EXPECT_EQ(audit("ledger list ledger | grep -c unsound").output, "3\n");
  }

  static void cannot_be_made_better_afterwards() {
    const std::string bad = world_->run("grep -l '\"verdict\": \"unsound\"' -r ledger/reports | head -1").output;
    ASSERT_FALSE(bad.empty());
    const std::string report = bad.substr(0, bad.size() - 1);
    for (const std::string& forgery :
         {"chmod u+w '" + report + "'; sed -i 's/\"verdict\": \"unsound\"/\"verdict\": \"sound\"/' '" + report +
              "'",  // an edited report
          "rm '" + report + "'", std::string{"sed -i 14d ledger/ledger.jsonl"},
          std::string{"sed -i '$d' ledger/ledger.jsonl"}}) {
      ASSERT_EQ(world_->run("rm -rf copy; cp -a ledger copy; mv ledger kept; mv copy ledger; " + forgery).status, 0);
      EXPECT_EQ(audit("ledger check ledger --key key.pub").status, 1) << forgery;
      EXPECT_EQ(
          audit("gate --allow-simulated --ledger ledger --policy policy.toml --key key.pub --now 2025-12-08T05:00:00Z")
              .status,
          1)
          << forgery;
      ASSERT_EQ(world_->run("rm -rf ledger; mv kept ledger").status, 0);
    }
  }

  static void are_refused_when_they_are_old_or_from_the_future() {
    EXPECT_EQ(audit("gate --allow-simulated --ledger ledger --policy policy.toml --now 2025-12-08T05:00:00Z").status,
              0);
    EXPECT_THAT(audit("gate --allow-simulated --ledger ledger --policy policy.toml --now 2025-12-10T05:00:00Z").output,
                HasSubstr("verification-fresh   fail"));
    EXPECT_THAT(audit("gate --allow-simulated --ledger ledger --policy policy.toml --now 2025-12-01T05:00:00Z").output,
                HasSubstr("from the future"));
    EXPECT_THAT(
        audit(
            "gate --allow-simulated --ledger ledger --policy policy.toml --drill-within 2d --now 2025-12-08T05:00:00Z")
            .output,
        HasSubstr("drill-recent         fail"));
    const tool_run told = audit("gate --ledger ledger --policy policy.toml --now 2025-12-08T05:00:00Z");
    EXPECT_EQ(told.status, 1) << "a month of nights made in a minute";
    EXPECT_THAT(told.output, HasSubstr("real-time            fail"));
    EXPECT_EQ(audit("keygen --out other").status, 0);
    EXPECT_EQ(
        audit("gate --allow-simulated --ledger ledger --policy policy.toml --key other.pub --now 2025-12-08T05:00:00Z")
            .status,
        1);
  }

  static void are_rendered_with_the_three_bad_ones_marked() {
    ASSERT_EQ(
        audit(
            "export ledger --html o.html --junit o.xml --prometheus o.prom --markdown o.md --now 2025-12-08T05:00:00Z")
            .status,
        0);
    EXPECT_EQ(world_->run("promtool check metrics < o.prom 2>&1").status, 0);
    EXPECT_EQ(against_schema("o.xml"), "");
    EXPECT_EQ(gate("--now 2025-12-10T05:00:00Z --junit gate.xml").status, 1);
    EXPECT_EQ(against_schema("gate.xml"), "");
    EXPECT_EQ(world_->run("grep -c '<failure' gate.xml").output, "1\n");
    EXPECT_THAT(
        world_
            ->run("GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=summary.md '" + audit_program +
                  "' gate --allow-simulated --ledger ledger --policy policy.toml --now 2025-12-10T05:00:00Z; cat "
                  "summary.md")
            .output,
        ::testing::AllOf(HasSubstr("::error title=knowngood%3A verification-fresh::"), HasSubstr("## Gate: CLOSED")));
  }

  static void are_red_in_a_browser_when_they_are_bad() {
    if (!page_browser::is_there()) return;
    const page_browser browser{*world_};
    const nlohmann::json seen = browser.measured(world_->read("o.html"), 1280);
    EXPECT_THAT(page_browser::days_of_colour(seen, red_cell), ElementsAre("2025-11-15", "2025-11-22", "2025-11-29"));
    EXPECT_EQ(page_browser::days_of_colour(seen, green_cell).size(), 27U);
    EXPECT_EQ(seen["active"], 0);
    ASSERT_EQ(browser.browse("--screenshot=shot.png --window-size=1280,3400", "o.html").status, 0);
    EXPECT_EQ(browser.cells_painted("shot.png", "c8202f").size(), 3U);
  }

  static void are_shown_as_text() {
    const tool_run whole = audit("show ledger --color never");
    EXPECT_EQ(whole.status, 0) << whole.output;
    EXPECT_THAT(whole.output,
                ::testing::AllOf(HasSubstr("2025-11-22T03:00:00Z  verify  unsound"),
                                 HasSubstr("2025-12-08T03:00:00Z  verify  sound"), HasSubstr("18 equal")));
    const tool_run bad = audit("show ledger/reports/2025/11/22/verify-*.json --color never");
    EXPECT_EQ(bad.status, 1);
    EXPECT_THAT(bad.output, HasSubstr("UNSOUND"));
    EXPECT_EQ(audit("show nothing.json").status, 3);
    copy_ledger("set_back");
    static_cast<void>(world_->run(fmt::format(
        "'{}' --policy policy.toml --root estate --now 2025-12-07T04:00:00Z --ledger set_back --sign key.key -q",
        verify_program)));
    EXPECT_THAT(audit("ledger check set_back --key key.pub").output,
                ::testing::AllOf(HasSubstr("35 of 35 reports"), HasSubstr("\nSOUND\n"),
                                 Not(HasSubstr("the clock was set back"))))
        << "when a line was recorded is what the clock says, whatever time the run was told";
    EXPECT_EQ(audit("show set_back").status, 0);
    EXPECT_EQ(audit("export set_back --html set_back.html").status, 0);
    const tool_run too_long = audit("show " + std::string(300, 'x'));
    EXPECT_EQ(too_long.status, 3);
    EXPECT_THAT(too_long.output, Not(HasSubstr("internal error")));
  }

  static void leave_a_history_that_retention_does_not_erase() {
    EXPECT_EQ(world_->run("ls estate/database/*.gz | wc -l").output, "7\n");
    copy_ledger("sizes");
    // the table of rows that grew is empty one night: whole, and much too small
    ASSERT_EQ(world_
                  ->run("mkdir -p small/database && gunzip -c estate/database/ner11_db_20251208_020000.sql.gz | "
                        "awk '/^COPY public\\./ {print; copy=1; next} copy && /^\\\\\\./ {copy=0} !copy {print}' | "
                        "gzip -n > small/database/ner11_db_20251209_020000.sql.gz && "
                        "cd small/database && touch -d '2025-12-09 02:00:00Z' *.gz && sha256sum *.gz > "
                        "ner11_db_20251209_020000.sql.gz.sha256")
                  .status,
              0);
    const auto verify = [](const std::string& arguments) {
      return world_
          ->run(fmt::format("'{}' --policy policy.toml --root estate --now 2025-12-09T03:00:00Z --color never {} 2>&1",
                            verify_program, arguments))
          .output;
    };
    ASSERT_EQ(world_->run("mv estate kept.estate && mv small estate").status, 0);
    EXPECT_THAT(verify(""), Not(HasSubstr("size.drift"))) << "all predecessors are gone";
    EXPECT_THAT(verify("--ledger sizes --sign key.key"),
                ::testing::AllOf(HasSubstr("size.drift"), HasSubstr("7 predecessors")));
    ASSERT_EQ(world_->run("mv estate small && mv kept.estate estate").status, 0);
  }

  static void can_be_signed_one_by_one() {
    ASSERT_EQ(world_->run("cp ledger/reports/2025/12/08/verify-*.json alone.json && chmod u+w alone.json").status, 0);
    EXPECT_EQ(audit("check-signature alone.json --key key.pub").status, 1) << "there is none yet";
    EXPECT_EQ(audit("sign alone.json --key key.key").status, 0);
    EXPECT_EQ(audit("check-signature alone.json --key key.pub").status, 0);
    const std::string signature = world_->read("alone.json.dsse");
    EXPECT_EQ(audit("keygen --out second").status, 0);
    const tool_run again = audit("sign alone.json --key second.key");
    EXPECT_EQ(again.status, 2);
    EXPECT_THAT(again.output, HasSubstr("signs this very document already"));
    EXPECT_EQ(world_->read("alone.json.dsse"), signature);
    EXPECT_EQ(audit("sign alone.json --key second.key --out alone.second.dsse").status, 0);
    EXPECT_EQ(audit("check-signature alone.json --key second.pub --signature alone.second.dsse").status, 0);
    EXPECT_EQ(audit("sign alone.json --key key.key --out policy.toml").status, 2)
        << "it would overwrite what is no signature";
    ASSERT_EQ(world_->run("cat ledger/reports/2025/12/07/verify-*.json > alone.json").status, 0);
    EXPECT_EQ(audit("check-signature alone.json --key key.pub").status, 1) << "of another document";
    EXPECT_EQ(audit("sign alone.json --key key.key").status, 0) << "that of an older document has had its day";
    EXPECT_EQ(audit("check-signature alone.json --key key.pub").status, 0);
    const auto verify = [](const std::string& arguments) {
      return world_->run(fmt::format("'{}' policy.toml {} 2>&1", verify_program, arguments));
    };
    EXPECT_EQ(verify("--report - --sign key.key").status, 2) << "nothing would be signed";
    EXPECT_EQ(verify("--trust key.pub").status, 2) << "there is nothing to trust it for";
  }

  static void go_on_under_a_new_key() {
    copy_ledger("moved");
    ASSERT_EQ(audit("keygen --out new").status, 0);
    const auto verify = [](const std::string& arguments) {
      return world_->run(
          fmt::format("'{}' --policy policy.toml --root estate --now 2025-12-08T06:00:00Z --ledger moved -q {} 2>&1",
                      verify_program, arguments));
    };
    const tool_run refused = verify("--sign new.key");
    EXPECT_EQ(refused.status, 3);
    EXPECT_THAT(refused.output, HasSubstr("trusted"));
    EXPECT_EQ(verify("--sign new.key --trust key.pub").status, 0);
    EXPECT_EQ(verify("--sign new.key").status, 0) << "once is enough";
    EXPECT_EQ(audit("ledger check moved --key key.pub --key new.pub").status, 0);
    EXPECT_EQ(audit("ledger check moved --key key.pub").status, 1);
  }

  static void cannot_be_put_back_behind_what_was_noted_elsewhere() {
    copy_ledger("later");
    ASSERT_EQ(
        world_
            ->run(fmt::format(
                "'{}' --policy policy.toml --root estate --now 2025-12-08T06:00:00Z --ledger later --sign key.key -q",
                verify_program))
            .status,
        0);
    ASSERT_EQ(world_->run("cp later/head.dsse head.copy").status, 0);
    const std::string check = audit("ledger check later --key key.pub --head head.copy").output;
    EXPECT_THAT(check, HasSubstr("\nSOUND\n"));
    const std::size_t at = check.find("the last line is ") + 17;
    const std::string noted = check.substr(at, check.find('\n', at) - at);
    EXPECT_EQ(audit("ledger check later --key key.pub --line " + noted).status, 0);
    EXPECT_EQ(audit("ledger check ledger --key key.pub").status, 0) << "as it was an hour before";
    EXPECT_EQ(audit("ledger check ledger --key key.pub --head head.copy").status, 1);
    EXPECT_EQ(audit("ledger check ledger --key key.pub --line " + noted).status, 1);
    EXPECT_EQ(audit("ledger check ledger --line 35").status, 2);
    EXPECT_EQ(audit("ledger check ledger --head policy.toml").status, 2);
    EXPECT_EQ(audit("ledger check later --head head.copy --key second.pub").status, 2)
        << "a head that nobody known has signed";
  }

  static void are_not_the_last_word_when_a_part_was_looked_at_since() {
    copy_ledger("parts");
    ASSERT_EQ(world_->run("head -c 100000 estate/database/ner11_db_20251208_020000.sql.gz > cut.sql.gz").status, 0);
    EXPECT_EQ(world_
                  ->run(fmt::format("'{}' cut.sql.gz --now 2025-12-08T04:30:00Z --ledger parts --sign key.key -q",
                                    verify_program))
                  .status,
              1);
    const tool_run closed =
        audit("gate --allow-simulated --ledger parts --policy policy.toml --key key.pub --now 2025-12-08T05:00:00Z");
    EXPECT_EQ(closed.status, 1);
    EXPECT_THAT(closed.output, HasSubstr("in the run of a part of 2025-12-08T04:30:00Z: "));
    EXPECT_EQ(audit("show parts").status, 1);
    ASSERT_EQ(audit("export parts --junit parts.xml --prometheus parts.prom").status, 0);
    EXPECT_EQ(against_schema("parts.xml"), "");
    EXPECT_EQ(world_->run("promtool check metrics < parts.prom 2>&1").status, 0);
    EXPECT_THAT(world_->read("parts.xml"), HasSubstr("<failure "));
    EXPECT_THAT(world_->read("parts.prom"),
                HasSubstr("knowngood_partial_runs{tool=\"verify\",verdict=\"unsound\",estate=\"ner11\"} 1\n"));
  }

  static void stop_a_pipeline_by_the_gate_script() {
    const auto script = [](const std::string& arguments) {
      return world_->run(
          fmt::format("rm -f knowngood-gate.xml; KNOWNGOOD_AUDIT='{}' '{}/ci/gate' {} --allow-simulated 2>&1",
                      audit_program, source_directory, arguments));
    };
    const auto file = [] { return world_->run("cat knowngood-gate.xml 2>/dev/null").output; };
    const tool_run open = script("ledger --policy policy.toml --key key.pub --now 2025-12-08T05:00:00Z");
    EXPECT_EQ(open.status, 0) << open.output;
    EXPECT_THAT(file(), HasSubstr("failures=\"0\" errors=\"0\""));
    EXPECT_EQ(against_schema("knowngood-gate.xml"), "");

    const tool_run closed = script("ledger --policy policy.toml --key key.pub --max-age 1h --now 2025-12-08T05:00:00Z");
    EXPECT_EQ(closed.status, 1);
    EXPECT_THAT(closed.output, HasSubstr("verification-fresh   fail"));
    EXPECT_THAT(file(), HasSubstr("<failure type=\"verification-fresh\""));
    EXPECT_EQ(against_schema("knowngood-gate.xml"), "");

    EXPECT_EQ(script("ledger --max-age soon").status, 2);
    EXPECT_EQ(script("").status, 2);
    ASSERT_EQ(world_
                  ->run("{ cat policy.toml; printf '[gate]\\naccepted = [{ check = \"gzip.crc23\", reason = \"r\", "
                        "until = \"2026-12-31\" }]\\n'; } > accepting.toml")
                  .status,
              0);
    const tool_run misspelt = script("ledger --policy accepting.toml");
    EXPECT_EQ(misspelt.status, 2);
    EXPECT_THAT(misspelt.output, HasSubstr("did you mean `gzip.crc32`?"));

    const tool_run nowhere = script("nowhere --policy policy.toml");
    EXPECT_EQ(nowhere.status, 3);
    EXPECT_THAT(nowhere.output, HasSubstr("ledger-whole         unknown"));
    EXPECT_THAT(file(), HasSubstr("<error type=\"ledger-whole\""));
    EXPECT_EQ(against_schema("knowngood-gate.xml"), "");

    // a report of a newer version, in a ledger that somebody keeps without a key
    ASSERT_EQ(world_
                  ->run(fmt::format(R"sh(set -e
'{}' --policy policy.toml --root estate --now 2025-12-08T03:00:00Z --ledger newer -q
cd newer; old=$(ls reports/2025/12/08/*.json); was=$(sha256sum $old | cut -c 1-64)
sed 's#knowngood/audit-report/1#knowngood/audit-report/2#' $old > new; is=$(sha256sum new | cut -c 1-64)
mv new reports/2025/12/08/verify-20251208T030000Z-$(echo $is | cut -c 1-12).json; rm -f $old
sed -i "s/$was/$is/; s/$(echo $was | cut -c 1-12)/$(echo $is | cut -c 1-12)/" ledger.jsonl
)sh",
                                    verify_program))
                  .status,
              0);
    const tool_run newer = script("newer --no-drill --now 2025-12-08T05:00:00Z");
    EXPECT_EQ(newer.status, 3);
    EXPECT_THAT(newer.output,
                ::testing::AllOf(HasSubstr("ledger-whole         unknown"), HasSubstr("knowngood/audit-report/2"),
                                 HasSubstr("verification-fresh   unknown")));
    EXPECT_EQ(against_schema("knowngood-gate.xml"), "");

    copy_ledger("killed");  // the newest run was killed between its report and its line
    ASSERT_EQ(world_
                  ->run("cd killed && new=reports/2025/12/08/verify-20251208T043000Z-0123456789ab.json && cp "
                        "reports/2025/12/08/verify-20251208T03*.json $new && "
                        "echo $new > ledger.pending")
                  .status,
              0);
    const tool_run pending = script("killed --policy policy.toml --key key.pub --now 2025-12-08T05:00:00Z");
    EXPECT_EQ(pending.status, 3);
    EXPECT_THAT(pending.output, HasSubstr("the newest report is not listed yet"));
    EXPECT_EQ(world_->run("rm killed/ledger.pending").status, 0);
    EXPECT_EQ(script("killed --policy policy.toml --key key.pub --now 2025-12-08T05:00:00Z").status, 1)
        << "a report without a line";
  }
};

TEST_F(thirty_nights, stand_before_the_gate_with_three_bad_ones_among_them) {
  night_checks::are_good_but_for_three_which_the_gate_refuses();
  night_checks::stand_in_a_ledger_that_holds();
  night_checks::cannot_be_made_better_afterwards();
  night_checks::are_refused_when_they_are_old_or_from_the_future();
  night_checks::are_rendered_with_the_three_bad_ones_marked();
  night_checks::are_red_in_a_browser_when_they_are_bad();
  night_checks::are_shown_as_text();
  night_checks::leave_a_history_that_retention_does_not_erase();
  night_checks::can_be_signed_one_by_one();
  night_checks::go_on_under_a_new_key();
  night_checks::cannot_be_put_back_behind_what_was_noted_elsewhere();
  night_checks::are_not_the_last_word_when_a_part_was_looked_at_since();
  night_checks::stop_a_pipeline_by_the_gate_script();
}

}  // namespace audit_year_test
