"""Sequence numbers: 56 decimal digits, shaped like those of AWS.

Decides how a record's position in its shard becomes a number that grows with every record of the shard, that
no other shard of the stream has, and that is greater in a child than anywhere in its parents. Knows no record
and no stream. Called by the modules that put, read and describe.

From the highest bit: 2 (the reason why it starts with 49), 36 bits second of the shard's creation, 4 bits
shard index, 64 bits position, 8 bits zero, 36 bits second of arrival, 32 bits shard index, 4 bits version
(2).

Source: the layout is not documented; it is what AWS's numbers decode to, as kinesalite and kinesis-mock
found. Documented is that numbers increase inside a shard (API Reference, PutRecord).
"""

from typing import NamedTuple

_MARK = 2 << 184
_VERSION = 2
_CREATED, _NIBBLE, _POSITION, _ARRIVAL, _INDEX = 148, 144, 80, 36, 4
LAST_POSITION = 0x7FFF_FFFF_FFFF_FFFF  # of the number with which a closed shard ends


class Parts(NamedTuple):
    """What a number says: the shard's creation (epoch seconds), its index, the record's position."""

    created_s: int
    shard_index: int
    position: int


def base(created_s: int, shard_index: int) -> int:
    """Return the part that all numbers of one shard share, so that a record's number costs two additions."""
    shard = (shard_index & 15) << _NIBBLE | shard_index << _INDEX
    return _MARK | created_s << _CREATED | shard | _VERSION


def number(shard_base: int, position: int, arrival_s: int) -> str:
    """Return the number of the record at `position` (1, 2, …; 0 is the shard's start)."""
    return str(shard_base + (position << _POSITION) + (arrival_s << _ARRIVAL))


def parse(text: str) -> Parts:
    """Take a number apart. Raises ValueError for text that is not a number of this shape."""
    if not (text.isascii() and text.isdigit() and len(text) <= 56):  # noqa: PLR2004 - see the first line
        raise ValueError(text)
    value = int(text)
    index = value >> _INDEX & 0xFFFF_FFFF
    if value >> 184 != 2 or value & 15 != _VERSION or (value >> _NIBBLE & 15) != index & 15:  # noqa: PLR2004
        raise ValueError(text)
    return Parts(value >> _CREATED & 0xF_FFFF_FFFF, index, value >> _POSITION & 0xFFFF_FFFF_FFFF_FFFF)
