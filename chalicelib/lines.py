"""The lines of a record and their event ids; a KPL-aggregated record is taken apart first.

Decides what a line is and what it is called; looks into none of them. The one home of this rule: used by the
transform and by every reader of streams.
"""

from collections.abc import Iterable, Iterator

from chalicelib import kpl
from chalicelib.packing import event_id, user_record_id

Line = tuple[str, int, bytes]  # event id; number in its record or user record, from 1; text

_SPLIT_MAX_BYTES = 64 * 1024  # beyond what is packed; a list of as many lines still fits


def intact_lines(record_id: str, data: bytes) -> Iterable[Line] | None:
    """Return every line of a record, blank ones included, or None for a damaged aggregated record."""
    if not data.startswith(kpl.MAGIC):
        if data and data.find(b"\n") == len(data) - 1:  # one line: most records, and the cheapest way
            return ((record_id, 1, data[:-1]),)
        return _numbered(((record_id, data),))
    inner = kpl.take_apart(data)
    if inner is None:
        return None
    return _numbered((user_record_id(record_id, number), each) for number, each in enumerate(inner))


def lines_of(record_id: str, data: bytes) -> Iterable[Line]:
    """Return the lines of a record; a damaged aggregated record is one line, as it is for the transform."""
    lines = intact_lines(record_id, data)
    return ((record_id, 1, data),) if lines is None else lines


def _numbered(parts: Iterable[tuple[str, bytes]]) -> Iterator[Line]:
    for own, data in parts:
        for number, text in enumerate(split(data), start=1):
            yield event_id(own, number), number, text


def split(data: bytes) -> Iterable[bytes]:
    """Return the lines by line feeds alone, without them; a last line feed ends the last line."""
    if not data:
        return ()
    if len(data) <= _SPLIT_MAX_BYTES:
        return data.removesuffix(b"\n").split(b"\n")
    return _split_slowly(data)


def _split_slowly(data: bytes) -> Iterator[bytes]:
    """Yield the lines one by one: a list of half a million would not fit."""
    start, size = 0, len(data)
    while start < size:
        end = data.find(b"\n", start)
        end = size if end < 0 else end
        yield data[start:end]
        start = end + 1
