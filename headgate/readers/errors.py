"""What ends a reading command early, and the import of large packages that may be missing."""

import importlib
from typing import Any


class ReaderError(Exception):
    """One sentence for the person who runs the command; exit code 2: what was asked for makes no sense."""


class DamagedLineError(ReaderError, ValueError):
    """A line of curated/ or quarantine/ that the transform did not write."""


class StoppedError(Exception):
    """One sentence: the work stopped half way, and the same command goes on with it; exit code 1."""


class NoShardError(ReaderError):
    """The stream has no such shard, or no longer."""


def optional(name: str, purpose: str) -> Any:
    """The module. Raises ReaderError when its package is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ReaderError(
            f"{purpose} needs the package {package}: pip install -r requirements-dev.txt"
        ) from error
