"""`headgate query`: see command.py."""

from headgate.query.command import add_arguments, run

__all__ = ["add_arguments", "run"]
