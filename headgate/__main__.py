"""`headgate <command>`: finds the command's module and hands over."""

import importlib
import importlib.util
import io
import os
import sys
from pathlib import Path

from headgate import __version__
from headgate.commands import COMMANDS, make_parser
from headgate.settings.parse import unknown

# Their processes import these packages; here they are only looked for, because importing takes a second.
_STARTS_A_RUN = ("headgate.local.command", "headgate.demo")
_OF_A_RUN = ("boto3", "moto", "chalice")


def main(argv: list[str] | None = None) -> int:
    """Run one command; its exit code, 2 for a command line that makes no sense."""
    argv = sys.argv[1:] if argv is None else argv
    name = argv[0] if argv else ""
    try:
        Path.cwd()
        problem = _problem(name)
    except FileNotFoundError:
        problem = "the current folder was deleted: change to another one with cd"
    if problem:
        print(f"headgate{f' {name}' if name in COMMANDS else ''}: {problem}", file=sys.stderr)
        return 2
    parser, modules = make_parser(__version__, {name} & set(COMMANDS))
    if not argv:
        parser.print_help(sys.stderr)
        return 2
    args = parser.parse_args(argv)
    return int(modules[args.command].run(args))


def command() -> None:
    """Run as the installed command, or as `python -m headgate`; ends the process."""
    _prepare_streams()
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # before a command has taken over
        sys.exit(130)


def _problem(name: str) -> str | None:
    """What stands in the way of a command before it is asked anything."""
    if name in COMMANDS:
        return _missing(COMMANDS[name].module)
    if name and not name.startswith("-"):
        return unknown("command", name, list(COMMANDS))
    return None


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
            "then it is .venv/bin/headgate ..."
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
    command()
