"""Cuts bytes into records: lines, multi-line records, aggregated lines, headers and footers.

Knows no file and no offset: it gets the bytes from the start of a record on and says which records are
complete. No byte is changed and none is skipped: the records and the remainder are the input.
"""

from collections.abc import Sequence
from typing import NamedTuple

from headgate.agent.javaregex import JavaPattern
from headgate.agent.text import decode

# What Java's String.trim() takes away.
_TRIMMED = "".join(map(chr, range(0x21)))


class Framed(NamedTuple):
    """Complete records, in order, and the bytes behind them that wait for more."""

    records: list[bytes]
    remainder: bytes


def split_lines(data: bytes) -> Framed:
    """Records are lines including their line feed; a lone CR separates nothing."""
    end = data.rfind(b"\n") + 1
    if end == 0:
        return Framed([], data)
    return Framed([line + b"\n" for line in data[: end - 1].split(b"\n")], data[end:])


def split_multi_line(data: bytes, start: JavaPattern, *, hold: bool = False) -> Framed:
    """A record begins at each line whose start matches `start`; the first line always begins one.

    The last record is open: it is given out only when `data` ends with a line feed and `hold` is false
    (a full read buffer, or a hold time that has not passed, is a reason to hold it).
    """
    lines, tail = split_lines(data)
    records: list[bytes] = []
    begin = 0
    for index in range(1, len(lines)):
        if start.prefix(decode(lines[index])) is not None:
            records.append(b"".join(lines[begin:index]))
            begin = index
    open_record = b"".join(lines[begin:])
    if tail and lines and start.prefix(decode(tail)) is not None and open_record:
        # An unterminated line that begins a record closes the one before it, whatever it grows to.
        records.append(open_record)
        return Framed(records, tail)
    if tail or hold or not open_record:
        return Framed(records, open_record + tail)
    return Framed([*records, open_record], b"")


def aggregate(lines: Sequence[bytes], size_bytes: int) -> list[bytes]:
    """Joins consecutive lines greedily into records of at most `size_bytes`, at least one line each."""
    records: list[bytes] = []
    held: list[bytes] = []
    held_bytes = 0
    for line in lines:
        if held and held_bytes + len(line) > size_bytes:
            records.append(b"".join(held))
            held, held_bytes = [], 0
        held.append(line)
        held_bytes += len(line)
    if held:
        records.append(b"".join(held))
    return records


def is_footer(record: bytes, footer: JavaPattern) -> bool:
    """Whether the record, trimmed, matches the footer pattern in full."""
    return footer.full(decode(record).strip(_TRIMMED)) is not None


def header_end(data: bytes, lines: int) -> int | None:
    """The length of the first `lines` lines of a file; None when they are not complete yet."""
    end = 0
    for _ in range(lines):
        end = data.find(b"\n", end) + 1
        if end == 0:
            return None
    return end


def truncate(record: bytes, limit_bytes: int, terminator: bytes) -> bytes:
    """The record cut to the limit with the terminator as its last bytes (strict mode only)."""
    return record[: limit_bytes - len(terminator)] + terminator
