"""The commands, and the parser of a command line. Imports only the commands that are asked for."""

import argparse
import importlib
from typing import Any, NamedTuple


class Command(NamedTuple):
    """A command's module with its add_arguments(parser) and run(args), a line about it, how it is typed."""

    module: str
    summary: str
    example: str


COMMANDS = {
    "local": Command(
        "headgate.local.command",
        "run the whole path on this machine, without AWS",
        "headgate local --port 9000 --buffer-seconds 1 --shards 4",
    ),
    "env": Command(
        "headgate.local.env",
        "print the running local run's address as shell exports",
        'eval "$(headgate env)"',
    ),
    "demo": Command(
        "headgate.demo", "send real log lines through a fresh local run and reconcile", "headgate demo"
    ),
    "send": Command(
        "headgate.send.command",
        "send a CSV or NDJSON file to an endpoint",
        "headgate send -f events.csv -u http://127.0.0.1:8000/v1 --dry-run",
    ),
    "agent": Command(
        "headgate.agent.command",
        "tail log files by an agent.json",
        "headgate agent -c agent.json --check",
    ),
    "read": Command(
        "headgate.read",
        "print the lines of the stream or of raw-data, curated, quarantine",
        "headgate read curated --since 10m",
    ),
    "trace": Command(
        "headgate.trace",
        "find one event at every place of the path",
        "headgate trace 1-6b010ebb-592e60c3b70f48daa7ef3f9e",
    ),
    "query": Command(
        "headgate.query",
        "ask raw-data, curated and quarantine with SQL",
        'headgate query "select type, count(*) from curated group by 1"',
    ),
    "quarantine": Command(
        "headgate.quarantine.command",
        "see, mend and send again what could not be processed",
        "headgate quarantine ls",
    ),
    "replay": Command(
        "headgate.replay.command",
        "send a time range of the stream or the archive again",
        "headgate replay --from 2h --dry-run",
    ),
    "status": Command(
        "headgate.status.command", "the ledger of a time range, hop by hop", "headgate status --watch"
    ),
    "infra": Command(
        "headgate.infra.command",
        "render, deploy and tune the CloudFormation of a stage",
        "headgate infra deploy --stage prod --dry-run",
    ),
    "completion": Command(
        "headgate.completion",
        "print what a shell needs to complete commands and flags",
        'eval "$(headgate completion bash)"',
    ),
}


def make_parser(version: str, wanted: set[str]) -> tuple[argparse.ArgumentParser, dict[str, Any]]:
    """Return the parser and the imported modules; only the commands that are wanted know their flags."""
    parser = argparse.ArgumentParser(
        prog="headgate",
        description="Events in by HTTP, queryable files in S3. `headgate COMMAND --help` says more.",
    )
    parser.add_argument("--version", action="version", version=f"headgate {version}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    modules: dict[str, Any] = {}
    for name, (path, summary, example) in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if name in wanted:
            modules[name] = importlib.import_module(path)
            modules[name].add_arguments(sub)
        give_example(sub, example)
    return parser, modules


def give_example(parser: argparse.ArgumentParser, example: str) -> None:
    """Show a real command line in a help that has none yet."""
    if "example" not in (parser.epilog or ""):
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = "\n\n".join(filter(None, (f"example:\n  {example}", parser.epilog)))
