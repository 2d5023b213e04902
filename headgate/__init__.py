"""Headgate on the developer's and the host's side: `headgate <command>`. Never in the zip."""

__version__ = "0.1.0"
