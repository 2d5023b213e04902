"""A line that is too long for memory: copied chunk by chunk into a file of its own beside the rejects.

In strict mode its beginning becomes a record, as with the original, and the rest is skipped. Called by
reading.py.
"""

from collections.abc import Callable
from typing import Protocol

from headgate.agent.batching import Batcher, Lines
from headgate.agent.config.model import Flow
from headgate.agent.counters import Counters
from headgate.agent.framing import truncate
from headgate.agent.outgoing import record_bytes
from headgate.agent.rejects import LongLine, Reject
from headgate.agent.tail.file import TailedFile
from headgate.agent.tail.identity import event_key

_CHUNK_BYTES = 256 * 1024


class RejectStore(Protocol):
    """Where lines are kept that are not sent. Both methods raise OSError."""

    def write(self, rejects: list[Reject]) -> int:
        """Keep them; return how many found no room."""
        ...

    def open_raw(self, key: str, offset: int) -> LongLine:
        """Return the file of a long line, by its key and offset."""
        ...


class LongLines:
    """What a flow does with lines that never end."""

    def __init__(
        self,
        flow: Flow,
        counters: Counters,
        open_raw: Callable[[str, int], LongLine],
        write_rejects: Callable[[list[Reject]], None],
    ) -> None:
        self._flow = flow
        self._counters = counters
        self._open_raw = open_raw
        self._write_rejects = write_rejects

    def begin(self, file: TailedFile, data: bytes, batcher: Batcher, now_s: float) -> int:
        """`data` is the beginning of such a line. Raises OSError."""
        if self._flow.strict:
            cut = truncate(data, record_bytes(self._flow), self._flow.terminator)
            start, end = file.consume(data)
            batcher.add(file, start, Lines([cut], [end]), now_s)
            self._counters.records_read += 1
            self._counters.events["truncated_records"] += 1
            file.divert(None)
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
        if not data:
            return 0
        end = data.find(b"\n") + 1
        chunk = data[:end] if end else data
        if file.long_line is not None:
            file.long_line.write(chunk)
        if end:
            self._done(file, file.read_offset + end)
        file.consume(chunk)
        self._counters.bytes_read += len(chunk)
        if end:
            batcher.skip(file, file.skip_start, file.read_offset, now_s)
        return len(chunk)

    def end(self, file: TailedFile, batcher: Batcher, now_s: float) -> int:
        """The file ends inside the line; return how many bytes it has. Raises OSError, Truncated."""
        while file.skipping and file.unread and self.go_on(file, batcher, now_s):
            pass
        taken = file.read_offset - file.skip_start
        if file.skipping:
            self._done(file, file.read_offset)
            batcher.skip(file, file.skip_start, file.read_offset, now_s)
        return taken

    def _done(self, file: TailedFile, end: int) -> None:
        raw, start = file.long_line, file.skip_start
        if raw is not None:
            raw.sync()
            size, key = end - start, event_key(file.key, start)
            if raw.kept:
                text = f"a line of {size} bytes; it is kept whole in {raw.path}"
                self._write_rejects(
                    [Reject(self._flow.id, file.path, start, key, "line_too_long", text, b"")]
                )
            else:
                self._counters.dropped["rejects_full"] += 1
            self._counters.records_read += 1
        file.end_diversion()
