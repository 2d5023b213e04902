"""The archive's bytes to what producers sent: lines, and aggregated records, which have no line ends.

Decides where one thing ends and the next begins. Never takes an aggregated record apart.
"""

from collections.abc import Iterator

from headgate.readers import kpl


def units(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each line, or aggregated record, with the number of the line on which it begins, from 1."""
    if kpl.MAGIC not in data:
        if data:
            yield from enumerate(data.removesuffix(b"\n").split(b"\n"), start=1)
        return
    at, number = 0, 1
    while at < len(data):
        size_bytes = kpl.length_at(data, at)
        if size_bytes is not None:
            unit, after = data[at : at + size_bytes], at + size_bytes
        else:
            unit, after = _line(data, at)
        yield number, unit
        number += data.count(b"\n", at, after)
        at = after


def _line(data: bytes, at: int) -> tuple[bytes, int]:
    """The line at a place and where the next thing begins; an aggregated record may follow without an end."""
    end = data.find(b"\n", at)
    end = len(data) if end < 0 else end
    inner = data.find(kpl.MAGIC, at + 1, end)
    while inner >= 0:
        if kpl.length_at(data, inner) is not None:
            return data[at:inner], inner
        inner = data.find(kpl.MAGIC, inner + 1, end)
    return data[at:end], end + 1
