"""`headgate completion SHELL`: prints a shell's completion code, made from the parsers of all commands."""

import argparse

import shtab

from headgate import __version__
from headgate.commands import COMMANDS, make_parser

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the shell."""
    parser.add_argument("shell", choices=SHELLS, help="which shell; docs/commands.md says where to put it")


def run(args: argparse.Namespace) -> int:
    """Print the code; exit code 0."""
    parser, _ = make_parser(__version__, set(COMMANDS))
    print(shtab.complete(parser, args.shell))
    return 0
