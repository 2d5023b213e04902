"""`python -m headgate <command>`: finds the command's module and hands over."""

import argparse
import importlib
import sys
from typing import Any

# Name: (module, one line for the help). A module has add_arguments(parser) and run(args) -> exit code.
COMMANDS = {
    "local": ("headgate.local.command", "run the whole path on this machine, without AWS"),
    "demo": ("headgate.demo", "send real log lines through a fresh local run and reconcile"),
    "send": ("headgate.send.command", "send a CSV or NDJSON file to an endpoint"),
    "agent": ("headgate.agent.command", "tail log files by an agent.json"),
    "read": ("headgate.read", "print the lines of the stream or of raw-data, curated, quarantine"),
    "trace": ("headgate.trace", "find one event at every place of the path"),
    "query": ("headgate.query", "ask raw-data, curated and quarantine with SQL"),
    "quarantine": ("headgate.quarantine.command", "see, mend and send again what could not be processed"),
    "replay": ("headgate.replay.command", "send a time range of the stream or the archive again"),
    "status": ("headgate.status.command", "the ledger of a time range, hop by hop"),
    "docs": ("headgate.docs", "write the parts of the docs that come from the code"),
    "infra": ("headgate.infra.command", "render, deploy and tune the CloudFormation of a stage"),
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; its exit code, 2 for a command line that makes no sense."""
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="python -m headgate", description="Headgate's tools.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    modules: dict[str, Any] = {}
    for name, (path, summary) in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if name in argv[:1]:  # only the command that runs is imported
            modules[name] = importlib.import_module(path)
            modules[name].add_arguments(sub)
    if not argv:
        parser.print_help(sys.stderr)
        return 2
    args = parser.parse_args(argv)
    return int(modules[args.command].run(args))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # before a command has taken over
        sys.exit(130)
