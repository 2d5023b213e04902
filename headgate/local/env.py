"""`headgate env`: the running local run's address as shell exports, for programs that are not ours.

`eval "$(headgate env)"`. Never changes anything.
"""

import argparse
import shlex
import sys
from pathlib import Path

from headgate.local import address
from headgate.local.options import environment


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = 'example:\n  eval "$(headgate env)"\n\nexit codes: 0 done, 1 no local run is up'
    parser.add_argument(
        "--data", type=Path, default=address.FOLDER, help="the run's data folder (default: .local)"
    )


def run(args: argparse.Namespace) -> int:
    """Print one export for each variable; 1 when no run is up."""
    found = address.find(args.data)
    if found is None:
        print(f"headgate env: no local run is up in {args.data}: `make run` starts one", file=sys.stderr)
        return 1
    for name, value in environment(found.endpoint_url, found.region).items():
        print(f"export {name}={shlex.quote(value)}")
    return 0
