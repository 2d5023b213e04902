"""The lines of a record and their event ids; a KPL-aggregated record is taken apart first.

Decides what a line is and what it is called; looks into none of them. The one home of this rule: used by the
transform and by every reader of streams.
"""

from collections.abc import Iterable, Iterator

from chalicelib import kpl
from chalicelib.packing import event_id, user_record_id

Part = tuple[str, bytes]  # a record's id, or a user record's, and its data

_SPLIT_MAX_BYTES = 64 * 1024  # beyond what is packed; a list of as many lines still fits


def parts_of(record_id: str, data: bytes) -> Iterable[Part] | None:
    """Return a record as it is, an aggregated one as its user records, or None for a damaged one of those."""
    if not data.startswith(kpl.MAGIC):
        return ((record_id, data),)
    inner = kpl.take_apart(data)
    if inner is None:
        return None
    return ((user_record_id(record_id, number), each) for number, each in enumerate(inner))


def lines_in(parts: Iterable[Part]) -> Iterator[tuple[str, int, bytes]]:
    """Yield event id, number from 1 in its part, and text of every line, blank ones included."""
    for own, data in parts:
        for number, text in enumerate(split(data), start=1):
            yield event_id(own, number), number, text


def lines_of(record_id: str, data: bytes) -> Iterator[tuple[str, int, bytes]]:
    """Yield the lines of a record; a damaged aggregated record is one line, as it is for the transform."""
    parts = parts_of(record_id, data)
    return iter(((record_id, 1, data),)) if parts is None else lines_in(parts)


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
