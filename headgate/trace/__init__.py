"""`headgate trace`: see command.py."""

from headgate.trace.command import add_arguments, run

__all__ = ["add_arguments", "run"]
