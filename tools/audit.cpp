// audit: what do the reports say, are they genuine, and is the newest good enough to ship on?
//
// arguments -> reports or ledger -> show, export, check, judge -> print -> exit code (docs/audit.md)

#include <csignal>
#include <string>

#include <CLI/CLI.hpp>

#include "audit_gate.hpp"
#include "audit_keys.hpp"
#include "audit_ledger.hpp"
#include "audit_show.hpp"
#include "knowngood/base/version.hpp"
#include "report_output.hpp"

namespace knowngood::audit_program {

int main(int argc, char** argv) {
  return tool::run_program("audit", [&] {
    CLI::App app{"Keeps, checks, renders and judges the reports of verify and drill.", "audit"};
    app.set_version_flag("--version", std::string{version_text});
    app.footer("exit codes: 0 sound, 1 unsound or refused, 2 usage mistake, 3 could not tell");
    app.require_subcommand(1);
    tool::key_arguments keys;
    const tool::key_commands of_keys = tool::declare(app, keys);
    tool::ledger_arguments ledger;
    const tool::ledger_commands of_ledger = tool::declare(app, ledger);
    tool::gate_arguments gate;
    const CLI::App* judge = tool::declare(app, gate);
    tool::export_arguments rendered;
    tool::output_arguments how;
    const tool::show_commands of_show = tool::declare(app, rendered, how);

    if (const auto code = tool::parse(app, "audit", argc, argv)) return *code;
    ::signal(SIGPIPE, SIG_IGN);
    return tool::guarded_main("audit", false, [&] {
      if (of_keys.keygen->parsed()) return tool::run_keygen(keys);
      if (of_keys.sign->parsed()) return tool::run_sign(keys);
      if (of_keys.check_signature->parsed()) return tool::run_check_signature(keys);
      if (of_ledger.list->parsed()) return tool::run_ledger_list(ledger.directory);
      if (of_ledger.check->parsed()) return tool::run_ledger_check(ledger);
      if (judge->parsed()) return tool::run_gate(gate);
      if (of_show.show->parsed()) return tool::run_show(rendered, how);
      return tool::run_export(rendered);
    });
  });
}

}  // namespace knowngood::audit_program
