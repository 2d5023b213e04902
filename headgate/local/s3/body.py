"""The bytes of an object, which may be too large to be held in memory as a whole.

Decides where "large" begins. A FileBody is a view of a file that moto can measure, slice for a range and
hand to WSGI as chunks; it keeps its file open, so a deletion meanwhile does not break the answer. Never knows
a key.
Made by s3.store.
"""

import os
from collections.abc import Iterator
from pathlib import Path

CHUNK_BYTES = 256 * 1024
WHOLE_BYTES = 1024 * 1024  # up to here plain bytes cost a request no more than its buffers do


class FileBody:
    """The bytes `start` to `stop` of the open file `descriptor`, which this object closes."""

    def __init__(self, descriptor: int, start: int, stop: int) -> None:
        self._descriptor = descriptor
        self._start = start
        self._stop = stop

    def __len__(self) -> int:
        return self._stop - self._start

    def __getitem__(self, part: slice) -> "bytes | FileBody":
        """Bytes up to WHOLE_BYTES, a FileBody of its own for more."""
        start, stop, _ = part.indices(len(self))
        length_bytes = max(0, stop - start)
        if length_bytes <= WHOLE_BYTES:
            return os.pread(self._descriptor, length_bytes, self._start + start)
        return FileBody(os.dup(self._descriptor), self._start + start, self._start + stop)

    def __iter__(self) -> Iterator[bytes]:
        position = self._start
        while position < self._stop:
            chunk = os.pread(self._descriptor, min(CHUNK_BYTES, self._stop - position), position)
            if not chunk:
                return  # the file has been cut off meanwhile
            yield chunk
            position += len(chunk)

    def stat(self) -> os.stat_result:
        """The open file's size and times."""
        return os.fstat(self._descriptor)

    def close(self) -> None:
        """Close the file; more than once does no harm."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()


def open_body(path: Path) -> FileBody:
    """The content of a file. Raises FileNotFoundError when it has gone."""
    descriptor = os.open(path, os.O_RDONLY)
    return FileBody(descriptor, 0, os.fstat(descriptor).st_size)
