"""Environments of heavy tools that would not fit into the developer's own: made on first use, pinned."""

import subprocess
import venv
from pathlib import Path

_STAMP = "headgate-requirements.txt"


class VenvError(Exception):
    """An environment could not be made; the message holds pip's last lines."""


def ready(folder: Path, requirements: Path, what: str) -> Path:
    """Return the Python of an environment, making it anew when the pinned requirements changed.

    Raises VenvError.
    """
    wanted = requirements.read_text(encoding="utf-8")
    python, stamp = folder / "bin" / "python", folder / _STAMP
    if not (stamp.exists() and stamp.read_text(encoding="utf-8") == wanted):
        print(f"installing {what} into {folder} (once)", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        install = [
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            str(requirements),
        ]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise VenvError(f"pip cannot install {what}: " + " ".join(done.stderr.strip().splitlines()[-3:]))
        stamp.write_text(wanted, encoding="utf-8")
    return python
