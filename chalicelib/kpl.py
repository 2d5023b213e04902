"""Takes aggregated records of the Kinesis Producer Library (KPL) apart: several user records in one record.

Decides what is an aggregated record: the magic number, the MD5 checksum and the whole message must fit, as in
AWS's own consumers. Never raises, and holds one user record at a time. The only reader of the format: used by
the transform and by the readers.

Source: awslabs/amazon-kinesis-producer, aggregation-format.md; protocol buffers, encoding (proto2).
"""

import hashlib
from collections.abc import Iterator

MAGIC = b"\xf3\x89\x9a\xc2"  # is not UTF-8, so no line of text begins with it
_DIGEST_BYTES = 16
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5  # wire types; 3 and 4 are groups, which the format has not
_KEYS, _HASH_KEYS, _RECORDS = 1, 2, 3  # fields of the message
_KEY_INDEX, _HASH_KEY_INDEX, _DATA = 1, 2, 3  # fields of a user record; the first and the last are required
_VARINT_MAX_BYTES = 10

_Value = bytes | int | None  # None: a number of fixed size, which no field of the format is


class _Broken(ValueError):
    """Not a message of the format."""


def take_apart(data: bytes) -> Iterator[bytes] | None:
    """Return the data of the user records in their order, or None for what is not an aggregated record.

    The whole message is checked before the first user record is handed out.
    """
    message, digest = data[len(MAGIC) : -_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if not data.startswith(MAGIC) or len(data) < len(MAGIC) + _DIGEST_BYTES:
        return None
    if hashlib.md5(message, usedforsecurity=False).digest() != digest:
        return None
    try:
        _check(message)
    except _Broken:
        return None
    return _user_data(message)


def length_at(data: bytes, at: int) -> int | None:
    """Return how many bytes the aggregated record at `at` has, where others may follow; None: there is none.

    Nothing in the format says where it ends, but the digest of all fields so far stands there.
    """
    start = at + len(MAGIC)
    if not data.startswith(MAGIC, at):
        return None
    hashed = hashlib.md5(usedforsecurity=False)
    end = start
    try:
        while end < len(data):
            _, body = _varint(data, end)
            size_bytes, body = _varint(data, body)  # each field of the message is length-delimited
            hashed.update(data[end : body + size_bytes])
            end = body + size_bytes
            if data[end : end + _DIGEST_BYTES] == hashed.digest():
                return end + _DIGEST_BYTES - at
    except _Broken:
        pass
    return None


def _check(message: bytes) -> None:
    """Raise _Broken unless every user record has data and keys that the tables hold.

    The tables may come after the records: the order of fields means nothing in protocol buffers.
    """
    sizes = {_KEYS: 0, _HASH_KEYS: 0}
    most = {_KEYS: -1, _HASH_KEYS: -1}
    for number, value in _fields(message):
        if number in sizes and isinstance(value, bytes):
            sizes[number] += 1
        elif number == _RECORDS and isinstance(value, bytes):
            key, hash_key, data = _record(value)
            if key is None or data is None:
                raise _Broken
            most[_KEYS] = max(most[_KEYS], key)
            most[_HASH_KEYS] = max(most[_HASH_KEYS], -1 if hash_key is None else hash_key)
    if any(most[table] >= sizes[table] for table in sizes):
        raise _Broken


def _user_data(message: bytes) -> Iterator[bytes]:
    for number, value in _fields(message):
        if number == _RECORDS and isinstance(value, bytes):
            yield _record(value)[2] or b""


def _record(message: bytes) -> tuple[int | None, int | None, bytes | None]:
    """Return the index of the key, that of the explicit hash key, and the data; the last of each counts."""
    key = hash_key = data = None
    for number, value in _fields(message):
        if number == _KEY_INDEX and isinstance(value, int):
            key = value
        elif number == _HASH_KEY_INDEX and isinstance(value, int):
            hash_key = value
        elif number == _DATA and isinstance(value, bytes):
            data = value
    return key, hash_key, data


def _fields(message: bytes) -> Iterator[tuple[int, _Value]]:
    """Yield number and value of each field. Raises _Broken."""
    at, size = 0, len(message)
    while at < size:
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        value: _Value = None
        if kind == _VARINT:
            value, at = _varint(message, at)
        elif kind == _BYTES:
            length, at = _varint(message, at)
            value, at = message[at : at + length], at + length
        elif kind in {_FIXED_64, _FIXED_32}:
            at += 8 if kind == _FIXED_64 else 4
        else:
            raise _Broken
        if number == 0 or at > size:
            raise _Broken
        yield number, value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at`, and where it ends. Raises _Broken."""
    number = 0
    for shift in range(_VARINT_MAX_BYTES):
        if at >= len(message):
            raise _Broken
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << 7 * shift
        if not byte & 0x80:
            return number, at
    raise _Broken
