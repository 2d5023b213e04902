"""`headgate infra …`: generate, deploy, tune and take down a stage's AWS resources."""

import argparse
import sys
from pathlib import Path

from headgate.commands import give_example
from headgate.contract.url import shown_url
from headgate.infra.commands import keys
from headgate.infra.commands.deploy import deploy
from headgate.infra.commands.destroy import destroy
from headgate.infra.commands.diff import diff
from headgate.infra.commands.package import package
from headgate.infra.commands.render import render
from headgate.infra.commands.scale import scale
from headgate.infra.commands.tune import tune
from headgate.infra.commands.views import show_views
from headgate.infra.deploy.context import Context
from headgate.infra.deploy.session import clients, one_sentence
from headgate.infra.deploy.waiting import RealClock
from headgate.infra.errors import InfraError
from headgate.settings import SettingsError, load_settings, project_root

COMMANDS = {
    "render": "write the files under .chalice/ that follow from the settings",
    "views": "print the SQL views for Athena, with a typed one for each event type that has a JSON Schema",
    "package": "package a stage with Chalice into --out, and check the Lambda zip",
    "deploy": "make or update the data plane's stack, by a change set",
    "tune": "set what `chalice deploy` cannot: mapping, throttle, access log, error responses, usage plan",
    "keys": "API keys of partners: add NAME, list, revoke NAME",
    "diff": "show what the settings say that the deployed data plane does not",
    "scale": "reshard the stream",
    "destroy": "take the data plane down; the bucket stays unless it is named",
}
"""Exit codes of all: 0 done, 1 a difference was found (diff), 2 a person has to mend something first."""

_WITHOUT_AWS = ("render", "package")
_SERVICE = {
    "deploy": "cloudformation",
    "tune": "lambda",
    "keys": "apigateway",
    "diff": "cloudformation",
    "scale": "kinesis",
    "destroy": "cloudformation",
}
"""The service that a command changes: its endpoint is what the command names first."""


_EXAMPLES = {
    "package": " --out out",
    "keys": " add partner-a",
    "scale": " --shards 4",
    "deploy": " --dry-run",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the commands below `infra`."""
    commands = parser.add_subparsers(dest="infra_command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        each = commands.add_parser(name, help=text, description=text)
        each.add_argument("--stage", required=True, help="a stage of .chalice/config.json")
        each.add_argument(
            "--root",
            type=Path,
            default=project_root(),
            help="the project's folder (default: the one around this folder)",
        )
        each.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")
        give_example(each, f"headgate infra {name} --stage prod{_EXAMPLES.get(name, '')}")
        if name not in _WITHOUT_AWS:
            each.add_argument(
                "--local", action="store_true", help="allow an endpoint on this machine: an emulator"
            )
        if name == "deploy":
            each.add_argument(
                "--force", action="store_true", help="change curated.format although older files stay behind"
            )
        if name == "package":
            each.add_argument("--out", type=Path, default=Path("out"), help="folder of zip and template")
        if name == "keys":
            each.add_argument("action", choices=("add", "list", "revoke"))
            each.add_argument("name", nargs="?", metavar="NAME", help="the partner")
        if name == "scale":
            each.add_argument("--shards", type=int, required=True, help="how many")
        if name == "destroy":
            each.add_argument("--delete-bucket", action="store_true", help="the data too; this is final")


def run(args: argparse.Namespace) -> int:
    """Run one command. Exit code 0 done, 1 different, 2 one sentence on the error stream."""
    try:
        if args.infra_command == "render":
            return render(args.root, args.stage, dry_run=args.dry_run)
        if args.infra_command == "package":
            return package(args.root, args.stage, args.out, dry_run=args.dry_run)
        settings = load_settings(args.root, args.stage)
        if args.infra_command == "views":
            return show_views(args.root, settings)
        with one_sentence():
            made = clients(local=args.local)
            place, endpoint = made.place(), made.endpoint(_SERVICE[args.infra_command])
            _say(f"account {place.account}, {place.region}, at {shown_url(endpoint)}")
            return _run(args, Context(args.root, settings, made, RealClock(), _say, args.dry_run))
    except (SettingsError, InfraError) as error:
        print(error, file=sys.stderr)
        return 2


def _run(args: argparse.Namespace, context: Context) -> int:
    match args.infra_command:
        case "deploy":
            return deploy(context, force=args.force)
        case "tune":
            return tune(context)
        case "diff":
            return diff(context)
        case "scale":
            if args.shards < 1:
                raise InfraError("--shards must be 1 or more")
            return scale(context, args.shards)
        case "destroy":
            return destroy(context, bucket_too=args.delete_bucket)
        case _:
            return _keys(args, context)


def _keys(args: argparse.Namespace, context: Context) -> int:
    if args.action == "list":
        return keys.show(context)
    if not args.name:
        raise InfraError(f"keys {args.action} needs the partner's name")
    return keys.add(context, args.name) if args.action == "add" else keys.revoke(context, args.name)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
