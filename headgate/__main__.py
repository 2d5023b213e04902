"""`python -m headgate <command>`: finds the command's module and hands over."""

import argparse
import importlib
import importlib.util
import io
import os
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
    "infra": ("headgate.infra.command", "render, deploy and tune the CloudFormation of a stage"),
}

# Their processes import these packages; here they are only looked for, because importing takes a second.
_STARTS_A_RUN = ("headgate.local.command", "headgate.demo")
_OF_A_RUN = ("boto3", "moto", "chalice")


def main(argv: list[str] | None = None) -> int:
    """Run one command; its exit code, 2 for a command line that makes no sense."""
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="python -m headgate", description="Headgate's tools.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    modules: dict[str, Any] = {}
    if argv[:1] and argv[0] in COMMANDS and (missing := _missing(COMMANDS[argv[0]][0])):
        print(f"headgate {argv[0]}: {missing}", file=sys.stderr)
        return 2
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


def _missing(path: str) -> str | None:
    """What to say when a command needs a package that this Python lacks, or has in another version."""
    try:
        importlib.import_module(path)
        if path in _STARTS_A_RUN:
            importlib.import_module("chalicelib.jsontext")
            for package in _OF_A_RUN:
                if importlib.util.find_spec(package) is None:
                    raise ModuleNotFoundError(f"No module named {package!r}", name=package)
    except (ImportError, AttributeError) as error:
        name = error.name if isinstance(error, ImportError) else getattr(error.obj, "__name__", None)
        if not name or name.partition(".")[0] in {"headgate", "chalicelib"}:
            raise
        return (
            f"{sys.executable} does not have the packages of this project ({error}): `make` installs them; "
            "then it is .venv/bin/python -m headgate ..."
        )
    return None


def _prepare_streams() -> None:
    """Print what the terminal's encoding lacks as `?`; a closed standard error takes everything."""
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    _prepare_streams()
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # before a command has taken over
        sys.exit(130)
