"""The address file of a local run: where it can be reached, so that no other command needs an export.

Written into the data folder when the run is up, removed when it ends. A run that was killed leaves the file
behind; it is told by the lock that every run holds on its folder. Never starts or asks anything.
"""

import fcntl
import json
import os
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(".local")
_FILE, _LOCK = "run.json", "lock"


class Address(NamedTuple):
    """A running local run."""

    stage: str
    url: str  # of the HTTP API, without a path
    endpoint_url: str  # of all AWS services
    region: str


def write(folder: Path, address: Address) -> None:
    """Keep the address, readable by its owner only, in one step. Raises OSError."""
    half = folder / f"{_FILE}.part"
    with open(half, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        json.dump(address._asdict(), file)
    half.replace(folder / _FILE)


def remove(folder: Path) -> None:
    """Take the address away; it may be gone already."""
    (folder / _FILE).unlink(missing_ok=True)


def find(folder: Path = FOLDER) -> Address | None:
    """Return the address of the run on a data folder, or None when there is no file or the run has ended."""
    try:
        kept = json.loads((folder / _FILE).read_text("utf-8"))
        found = Address(*(str(kept[name]) for name in Address._fields))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if _is_held(folder / _LOCK) else None


def is_left_behind(folder: Path = FOLDER) -> bool:
    """Return whether the file is of a run that has ended without removing it."""
    return (folder / _FILE).exists() and not _is_held(folder / _LOCK)


def _is_held(lock: Path) -> bool:
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # given back when the file is closed
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
