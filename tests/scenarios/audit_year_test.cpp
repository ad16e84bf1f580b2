// Thirty nights and four drills of a growing estate, three bad nights among them, by the real programs with a shifted clock:
// the ledger holds, the gate refuses exactly the right nights, the exports say so.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "estate_copy.hpp"

namespace {

using namespace restorable;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string audit_program = RESTORABLE_AUDIT_PROGRAM;

class thirty_nights : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = std::make_unique<scratch_directory>();
    // the newest artifacts of the estate under the names of thirty nights: each a little larger than the one before
    const tool_run made = world_->run(fmt::format(R"sh(
set -e
'{audit}' keygen --out key > keygen.txt
cp '{source}/docs/examples/ner11.toml' policy.toml
mkdir -p estate/database drills; chmod 711 . drills
sed -i -e '/^\[component.models\]/,$d' -e 's/^min_size = "1 MiB".*//' -e 's/^size_drift.*//' policy.toml
gunzip -c '{estate}'/database/ner11_db_20251208_020000.sql.gz > dump.sql
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
    14) night $n; truncate -s 700000 $f ;;                        # the disk was full
    21) night $n; printf 'X' | dd of=$f bs=1 seek=400000 conv=notrunc status=none ;;  # a flipped byte
    *) night $n ;;
  esac
  code=0
  '{verify}' --policy policy.toml --root estate --now ${{now}}T03:00:00Z --ledger ledger --sign key.key -q > night-$n.txt 2>&1 || code=$?
  echo "$n $code" >> nights.txt
  case $n in 2|10|18|27)
    code=0
    '{drill}' --policy policy.toml --root estate --now ${{now}}T04:00:00Z --ledger ledger --sign key.key --scratch drills -q > drill-$n.txt 2>&1 || code=$?
    echo "$n $code" >> drills.txt ;;
  esac
  code=0
  '{audit}' gate --ledger ledger --policy policy.toml --key key.pub --now ${{now}}T05:00:00Z > gate-$n.txt 2>&1 || code=$?
  echo "$n $code" >> gates.txt
  # what is damaged is repaired by day
  case $n in 14|21) night $n ;; esac
done
)sh",
                                                  fmt::arg("audit", audit_program), fmt::arg("verify", verify_program), fmt::arg("drill", drill_program),
                                                  fmt::arg("source", source_directory), fmt::arg("estate", estate_directory)) +
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

  static tool_run audit(const std::string& arguments) { return world_->run(fmt::format("'{}' {} 2>&1", audit_program, arguments)); }

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
    EXPECT_THAT(world_->read("gate-1.txt"), HasSubstr("there is no drill in the ledger")) << "before the first drill nothing is proved";
    for (const auto& [night, code] : codes("drills.txt")) EXPECT_EQ(code, 0) << world_->read(fmt::format("drill-{}.txt", night));
  }

  static void stand_in_a_ledger_that_holds() {
    const tool_run check = audit("ledger check ledger --key key.pub");
    EXPECT_EQ(check.status, 0) << check.output;
    EXPECT_THAT(check.output, HasSubstr("34 of 34 reports"));
    EXPECT_EQ(audit("ledger list ledger | grep -c unsound").output, "3\n");
  }

  static void cannot_be_made_better_afterwards() {
    const std::string bad = world_->run("grep -l '\"verdict\": \"unsound\"' -r ledger/reports | head -1").output;
    ASSERT_FALSE(bad.empty());
    const std::string report = bad.substr(0, bad.size() - 1);
    for (const std::string& forgery :
         {"chmod u+w '" + report + "'; sed -i 's/\"verdict\": \"unsound\"/\"verdict\": \"sound\"/' '" + report + "'",  // an edited report
          "rm '" + report + "'", std::string{"sed -i 14d ledger/ledger.jsonl"}, std::string{"sed -i '$d' ledger/ledger.jsonl"}}) {
      ASSERT_EQ(world_->run("rm -rf copy; cp -a ledger copy; mv ledger kept; mv copy ledger; " + forgery).status, 0);
      EXPECT_EQ(audit("ledger check ledger --key key.pub").status, 1) << forgery;
      EXPECT_EQ(audit("gate --ledger ledger --policy policy.toml --key key.pub --now 2025-12-08T05:00:00Z").status, 1) << forgery;
      ASSERT_EQ(world_->run("rm -rf ledger; mv kept ledger").status, 0);
    }
  }

  static void are_refused_when_they_are_old_or_from_the_future() {
    EXPECT_EQ(audit("gate --ledger ledger --policy policy.toml --now 2025-12-08T05:00:00Z").status, 0);
    EXPECT_THAT(audit("gate --ledger ledger --policy policy.toml --now 2025-12-10T05:00:00Z").output, HasSubstr("verification-fresh   fail"));
    EXPECT_THAT(audit("gate --ledger ledger --policy policy.toml --now 2025-12-01T05:00:00Z").output, HasSubstr("from the future"));
    EXPECT_THAT(audit("gate --ledger ledger --policy policy.toml --drill-within 2d --now 2025-12-08T05:00:00Z").output, HasSubstr("drill-recent         fail"));
    EXPECT_EQ(audit("keygen --out other").status, 0);
    EXPECT_EQ(audit("gate --ledger ledger --policy policy.toml --key other.pub --now 2025-12-08T05:00:00Z").status, 1);
  }

  static void are_rendered_with_the_three_bad_ones_marked() {
    ASSERT_EQ(audit("export ledger --html o.html --junit o.xml --prometheus o.prom --markdown o.md --now 2025-12-08T05:00:00Z").status, 0);
    EXPECT_EQ(world_->run("promtool check metrics < o.prom 2>&1").status, 0);
    EXPECT_EQ(world_->run("xmllint --noout o.xml 2>&1").output, "");
    EXPECT_EQ(audit("gate --ledger ledger --policy policy.toml --now 2025-12-10T05:00:00Z --junit gate.xml").status, 1);
    EXPECT_EQ(world_->run("xmllint --noout gate.xml && grep -c '<failure' gate.xml").output, "1\n");
    EXPECT_THAT(world_->run("GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=summary.md '" + audit_program +
                            "' gate --ledger ledger --policy policy.toml --now 2025-12-10T05:00:00Z; cat summary.md").output,
                ::testing::AllOf(HasSubstr("::error title=restorable%3A verification-fresh::"), HasSubstr("## Gate: CLOSED")));
  }
};

TEST_F(thirty_nights, stand_before_the_gate_with_three_bad_ones_among_them) {
  night_checks::are_good_but_for_three_which_the_gate_refuses();
  night_checks::stand_in_a_ledger_that_holds();
  night_checks::cannot_be_made_better_afterwards();
  night_checks::are_refused_when_they_are_old_or_from_the_future();
  night_checks::are_rendered_with_the_three_bad_ones_marked();
}

}  // namespace
