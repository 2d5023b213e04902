"""Headgate on the developer's and the host's side: `python -m headgate <command>`. Never in the zip."""
