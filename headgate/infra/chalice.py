"""Runs Chalice's own command line as a child, and believes its exit code only when it says what happened."""

import os
import subprocess
import sys
from pathlib import Path

from headgate.infra.errors import InfraError

PROGRAM = (sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())")
"""Chalice has no `python -m chalice`; its script may belong to another environment."""


def chalice(folder: Path, *arguments: str) -> None:
    """Run one command in a project's folder. Raises InfraError with Chalice's last lines.

    Packaging needs no region, but Chalice asks for one: the template holds none, which one of the gate's
    rules proves.
    """
    environment = {"AWS_DEFAULT_REGION": "us-east-1"} | os.environ
    done = subprocess.run(
        [*PROGRAM, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise InfraError(f"chalice {arguments[0]}: " + " ".join(said[-3:]))
