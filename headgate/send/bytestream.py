"""The bytes of a source: counted and hashed while they are read, and gunzipped when they are gzip.

The only file that opens what is to be sent. It does not interpret the content. Called by filesource.
"""

import gzip
import hashlib
import io
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from headgate.send.errors import AbortError

BLOCK_BYTES = 256 * 1024
_GZIP_MAGIC = b"\x1f\x8b"  # Source: RFC 1952, section 2.3.1
# What reading can raise although the file could be opened.
READ_ERRORS = (OSError, EOFError, zlib.error)


class Tap(io.RawIOBase):
    """A raw stream that knows how much of it was read, and its SHA-256. Closing it leaves the file open."""

    def __init__(self, raw: io.RawIOBase | BinaryIO) -> None:
        super().__init__()
        self.read_bytes = 0
        self._raw = raw
        self._sha256 = hashlib.sha256()

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: "memoryview[int] | bytearray") -> int:  # type: ignore[override]
        """Read into a buffer; 0 at the end."""
        view = memoryview(buffer)
        block = self._raw.read(len(view)) or b""
        view[: len(block)] = block
        self.read_bytes += len(block)
        self._sha256.update(block)
        return len(block)

    def digest(self) -> str:
        """SHA-256 of everything read so far, in hex."""
        return self._sha256.hexdigest()


@dataclass(frozen=True, slots=True)
class Stream:
    """One pass over a source."""

    tap: Tap
    content: "io.BufferedReader[Tap] | gzip.GzipFile"  # decompressed

    def blocks(self) -> Iterator[bytes]:
        """Yield the content in blocks."""
        while block := self.content.read(BLOCK_BYTES):
            yield block

    def drain(self) -> None:
        """Read the rest of the file, so that the digest covers all of it."""
        while self.tap.read(BLOCK_BYTES):
            pass


def open_stream(raw: io.RawIOBase | BinaryIO) -> Stream:
    """Gzip is recognised by its first two bytes, so it may come through a pipe."""
    tap = Tap(raw)
    buffered = io.BufferedReader(tap, BLOCK_BYTES)
    if buffered.peek(2)[:2] == _GZIP_MAGIC:
        return Stream(tap, gzip.GzipFile(fileobj=buffered, mode="rb"))
    return Stream(tap, buffered)


def open_path(path: str) -> io.FileIO:
    """Open a file for reading. Raises AbortError with a sentence."""
    try:
        return io.FileIO(path, "rb")
    except IsADirectoryError:
        raise AbortError(f"{path} is a folder; name a file in it") from None
    except FileNotFoundError:
        raise AbortError(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise AbortError(f"cannot read {path}: {reason}") from None


def standard_input() -> io.FileIO:
    """Return standard input as bytes. Raises AbortError when it is closed."""
    try:
        return io.FileIO(os.dup(sys.stdin.fileno()), "rb")
    except (OSError, ValueError, AttributeError):
        raise AbortError("standard input is closed") from None


def can_be_read_again(raw: io.FileIO) -> bool:
    """Return whether the bytes can be read twice: a pipe or a terminal gives them once."""
    return stat.S_ISREG(os.fstat(raw.fileno()).st_mode)
