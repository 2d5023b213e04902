"""Large packages that only some commands need: imported when they are, one sentence when they are missing."""

import importlib
from typing import Any

from headgate.readers.errors import ReaderError


def optional(name: str, purpose: str) -> Any:
    """The module. Raises ReaderError when its package is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ReaderError(
            f"{purpose} needs the package {package}: pip install -r requirements-dev.txt"
        ) from error
