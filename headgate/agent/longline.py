"""A line that is too long for memory: copied chunk by chunk into a file of its own beside the rejects.

In strict mode its beginning becomes a record, as with the original, and the rest is skipped. Called by
reading.py.
"""

import io
from collections.abc import Callable
from typing import BinaryIO

from headgate.agent.batching import Batcher, Lines
from headgate.agent.config.model import Flow
from headgate.agent.counters import Counters
from headgate.agent.framing import truncate
from headgate.agent.outgoing import record_bytes
from headgate.agent.rejects import Reject
from headgate.agent.tail.file import TailedFile
from headgate.agent.tail.identity import event_key

_CHUNK_BYTES = 256 * 1024

OpenRaw = Callable[[str, int], BinaryIO]
"""Opens the file of a long line by its key and offset. Raises OSError."""


class LongLines:
    """What a flow does with lines that never end."""

    def __init__(
        self,
        flow: Flow,
        counters: Counters,
        open_raw: OpenRaw,
        write_rejects: Callable[[list[Reject]], None],
        sync: Callable[[BinaryIO], None],
    ) -> None:
        self._flow = flow
        self._counters = counters
        self._open_raw = open_raw
        self._write_rejects = write_rejects
        self._sync = sync

    def begin(self, file: TailedFile, data: bytes, batcher: Batcher, now_s: float) -> int:
        """`data` is the beginning of such a line. Raises OSError."""
        if self._flow.strict:
            cut = truncate(data, record_bytes(self._flow), self._flow.terminator)
            start, end = file.consume(data)
            batcher.add(file, start, Lines([cut], [end]), now_s)
            self._counters.records_read += 1
            self._counters.events["truncated_records"] += 1
            file.divert(_Nowhere())
            return len(data)
        raw = self._open_raw(file.key, file.read_offset)
        try:
            raw.write(data)
        except OSError:
            raw.close()
            raise
        file.divert(raw)
        file.consume(data)
        return len(data)

    def go_on(self, file: TailedFile, batcher: Batcher, now_s: float) -> int:
        """The next chunk of the line; at its line feed the line is done. Raises OSError, Truncated."""
        data = file.read(_CHUNK_BYTES)
        if not data or file.skipping is None:
            return 0
        end = data.find(b"\n") + 1
        chunk = data[:end] if end else data
        file.skipping.write(chunk)
        if end:
            self._done(file, file.read_offset + end)
        file.consume(chunk)
        self._counters.bytes_read += len(chunk)
        if end:
            batcher.skip(file, file.skip_start, file.read_offset, now_s)
        return len(chunk)

    def _done(self, file: TailedFile, end: int) -> None:
        raw = file.skipping
        if raw is None or isinstance(raw, _Nowhere):
            file.end_diversion()
            return
        self._sync(raw)
        size = end - file.skip_start
        message = f"a line of {size} bytes; it is kept whole in {raw.name}"
        self._write_rejects(
            [
                Reject(
                    self._flow.id,
                    file.path,
                    file.skip_start,
                    event_key(file.key, file.skip_start),
                    "line_too_long",
                    message,
                    b"",
                )
            ]
        )
        self._counters.records_read += 1
        file.end_diversion()


class _Nowhere(io.BytesIO):
    """Where strict mode puts what the original loses."""

    def write(self, data: object, /) -> int:  # noqa: ARG002 - nothing is kept
        return 0
