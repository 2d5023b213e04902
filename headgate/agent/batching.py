"""Lines become units (what has one id: a record, or an HTTP body) and units become batches (one call).

Pure. A unit is a contiguous range of one file, so that the range alone is enough to make it again after a
crash. A batch also covers the lines between its units that are not sent: its acknowledgement covers them too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import NamedTuple

from headgate.agent.config.model import HTTP, Flow
from headgate.agent.tail.file import TailedFile
from headgate.agent.tail.identity import event_key

_KEY_BYTES = 40  # of a partition key: 16 digits, a slash, an offset


@dataclass(slots=True)
class Unit:
    """Lines that travel under one id."""

    file: TailedFile
    start: int
    end: int
    lines: list[bytes] = field(default_factory=list)
    line_starts: list[int] = field(default_factory=list)
    size_bytes: int = 0
    ordering: str | None = None

    @property
    def data(self) -> bytes:
        """The lines as one."""
        return self.lines[0] if len(self.lines) == 1 else b"".join(self.lines)

    @property
    def id(self) -> str:
        """The event id of its first line."""
        return event_key(self.file.key, self.start)


@dataclass(slots=True)
class OutgoingBatch:
    """What one call carries, and the spans of files that its acknowledgement covers."""

    opened_s: float
    units: list[Unit] = field(default_factory=list)
    spans: dict[int, list[int]] = field(default_factory=dict)  # id(file) -> [start, end]
    files: dict[int, TailedFile] = field(default_factory=dict)
    size_bytes: int = 0

    def cover(self, file: TailedFile, start: int, end: int) -> None:
        """`file` was read from `start` to `end`, which follows on what is covered already.

        Nothing read is nothing to acknowledge: a span is never empty, because spans are told by their starts.
        """
        if start == end:
            return
        span = self.spans.get(id(file))
        if span is None:
            self.spans[id(file)] = [start, end]
            self.files[id(file)] = file
        else:
            span[1] = end


class Lines(NamedTuple):
    """Converted lines (None: not sent), where each ends in the file, and ordering keys if there are any."""

    data: Sequence[bytes | None]
    ends: Sequence[int]
    ordering: Sequence[str | None] | None = None

    def rows(self) -> Iterator[tuple[bytes | None, int, str | None]]:
        """Line by line."""
        return zip(self.data, self.ends, self.ordering or repeat(None), strict=False)


@dataclass(frozen=True, slots=True)
class Shape:
    """How large units and batches may grow."""

    unit_bytes: int  # 0: every line is a unit
    unit_lines: int
    batch_units: int
    batch_bytes: int


class Batcher:
    """Builds the batches of one flow; `closed` holds those that are full."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._open_units: dict[int, Unit] = {}
        self.current: OutgoingBatch | None = None
        self.closed: list[OutgoingBatch] = []
        self.buffered_bytes = 0  # in closed and current

    def add(self, file: TailedFile, start: int, lines: Lines, now_s: float) -> None:
        """Lines of one file that follow on each other; the first begins at `start`."""
        shape, batch = self._shape, self._batch(now_s)
        unit = self._open_units.get(id(file))
        covered = start
        for data, end, ordering in lines.rows():
            if data is not None:
                size = len(data)
                if (
                    unit is None
                    or unit.size_bytes + size > shape.unit_bytes
                    or len(unit.lines) == shape.unit_lines
                    or unit.ordering != ordering
                    or batch.size_bytes + size > shape.batch_bytes
                ):
                    batch.cover(file, covered, start)
                    covered = start
                    unit = self._new_unit(file, start, size, ordering, now_s)
                    batch = self._batch(now_s)
                unit.lines.append(data)
                unit.line_starts.append(start)
                unit.size_bytes += size
                unit.end = end
                batch.size_bytes += size
                self.buffered_bytes += size
            start = end
        batch.cover(file, covered, start)

    def add_single_lines(self, file: TailedFile, start: int, lines: Lines, now_s: float) -> None:
        """As `add`, for flows in which every line is a unit."""
        shape, batch = self._shape, self._batch(now_s)
        covered = start
        for data, end in zip(lines.data, lines.ends, strict=True):
            if data is not None:
                size = len(data) + _KEY_BYTES
                if len(batch.units) == shape.batch_units or (
                    batch.size_bytes + size > shape.batch_bytes and batch.units
                ):
                    batch.cover(file, covered, start)
                    covered = start
                    self.close()
                    batch = self._batch(now_s)
                batch.units.append(Unit(file, start, end, [data], [start], size - _KEY_BYTES))
                batch.size_bytes += size
                self.buffered_bytes += size
            start = end
        batch.cover(file, covered, start)

    def add_unit(self, file: TailedFile, start: int, end: int, lines: Lines, now_s: float) -> None:
        """One unit whose range was fixed before a crash."""
        starts = [start, *lines.ends]
        kept = [(data, begin) for data, begin in zip(lines.data, starts, strict=False) if data is not None]
        size = sum(len(data) for data, _ in kept)
        if kept:
            ordering = next(iter(lines.ordering or ()), None)
            unit = self._new_unit(file, start, size, ordering, now_s)
            unit.lines = [data for data, _ in kept]
            unit.line_starts = [begin for _, begin in kept]
            unit.size_bytes, unit.end = size, end
            self._batch(now_s).size_bytes += size
            self.buffered_bytes += size
        self._batch(now_s).cover(file, start, end)
        self._open_units.pop(id(file), None)

    def skip(self, file: TailedFile, start: int, end: int, now_s: float) -> None:
        """A range of a file of which nothing is sent."""
        self._batch(now_s).cover(file, start, end)

    def end_unit(self, file: TailedFile) -> None:
        """What comes next from `file` belongs to a new unit."""
        self._open_units.pop(id(file), None)

    def close(self) -> None:
        """The current batch takes no more."""
        if self.current is not None:
            self.closed.append(self.current)
            self.current = None
        self._open_units.clear()

    def _new_unit(self, file: TailedFile, start: int, size: int, ordering: str | None, now_s: float) -> Unit:
        batch = self._batch(now_s)
        full = batch.size_bytes + size + _KEY_BYTES > self._shape.batch_bytes and batch.units
        if full or len(batch.units) == self._shape.batch_units:
            self.close()
            batch = self._batch(now_s)
        unit = Unit(file, start, start, ordering=ordering)
        batch.units.append(unit)
        batch.size_bytes += _KEY_BYTES
        self.buffered_bytes += _KEY_BYTES
        self._open_units[id(file)] = unit
        return unit

    def _batch(self, now_s: float) -> OutgoingBatch:
        if self.current is None:
            self.current = OutgoingBatch(opened_s=now_s)
        return self.current


_KPL_BYTES = 51_200  # the KPL's own default for an aggregated record
_BATCH_BYTES = 512 * 1024  # a shard takes 1 MB/s: a larger call only needs more memory


def shape_of(flow: Flow, room_bytes: int) -> Shape:
    """Sizes of units and batches that respect the flow's settings, the destination and the memory."""
    batch_bytes = min(flow.max_bytes, max(_BATCH_BYTES, room_bytes // 16))
    if flow.kind == HTTP:
        # A unit is a request; a batch is one unit, so that it can be refused and mended alone.
        return Shape(batch_bytes, flow.max_records, 1, batch_bytes * 2)
    unit_bytes = flow.pack_bytes or (_KPL_BYTES if flow.kpl else 0)
    return Shape(unit_bytes, 10_000, flow.max_records, batch_bytes)
