"""The unread end of a file that was compressed while the agent was down, as an ordinary file handle.

Decides whether a compressed file holds what a checkpoint describes: by the marks of its beginning and of the
bytes before the offset. Formats: those that the standard library reads (zstd from Python 3.14 on).
"""

import importlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from headgate.agent.tail.checkpoint import Checkpoint, tail_start
from headgate.agent.tail.identity import Mark

# Imported when a compressed file is met, which is rare.
_MODULES = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma", ".lzma": "lzma", ".zst": "compression.zstd"}


def unpack(path: str, known: Checkpoint, scratch: str | None) -> int | None:
    """Return a handle of what the file holds, or None when it is another one or has nothing unread.

    The handle is that of a nameless file in `scratch`, in which every byte from the offset on stands where it
    stood; before, it has a hole. Raises OSError for a file that cannot be read, and for a full disk.
    """
    opener = _opener(PurePath(path).suffix.lower())
    if opener is None or known.head.length == 0:
        return None
    start = tail_start(known.offset)
    try:
        with opener(path) as source:
            head = source.read(known.head.length)
            if not known.head.fits(head) or source.seek(start) != start:
                return None
            tail = source.read(known.offset - start)
            first = source.read(1)
            if Mark.of(tail) != known.tail or not first:
                return None
            with tempfile.TemporaryFile(dir=scratch) as target:
                target.write(head)
                target.seek(start)
                target.write(tail + first)
                shutil.copyfileobj(source, target)
                target.flush()
                return os.dup(target.fileno())
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - each module has its own errors for a damaged file
        raise OSError(f"{path} cannot be decompressed: {error}") from None


def _opener(suffix: str) -> Callable[[str], Any] | None:
    if suffix not in _MODULES:
        return None
    try:
        opener: Callable[[str], Any] = importlib.import_module(_MODULES[suffix]).open
    except ImportError:
        return None
    return opener
