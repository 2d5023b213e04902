"""The agent as a program of its own (agent.pyz), with the original's exit codes."""

import argparse
import sys
from typing import NoReturn

from headgate.agent.command import add_arguments, run


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """As the original: message and usage on standard error, exit code 1."""
        self.print_usage(sys.stderr)
        self.exit(1, f"{self.prog}: {message}\n")


def main() -> int:
    """Run the agent; its exit code."""
    parser = _Parser(prog="agent", description="Tail log files by an agent.json and deliver every line.")
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
