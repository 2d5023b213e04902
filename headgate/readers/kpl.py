"""Takes the aggregated records of the Kinesis Producer Library apart: the other half of the agent's kpl.py.

Decides what is an aggregated record: magic, MD5 and message must all fit, anything else is data. Never
raises.

Source: awslabs/amazon-kinesis-producer, aggregation-format.md.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

MAGIC = b"\xf3\x89\x9a\xc2"
_DIGEST_BYTES = 16
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_KEYS, _RECORDS = 1, 3  # fields of the message
_KEY_INDEX, _DATA = 1, 3  # fields of a record
_VARINT_MAX_BYTES = 10


class _Broken(ValueError):
    """Not protobuf."""


class UserRecord(NamedTuple):
    """One record of a producer inside an aggregated one."""

    partition_key: str
    data: bytes


def take_apart(data: bytes) -> list[UserRecord] | None:
    """The user records in their order, or None for data that is not an aggregated record."""
    message, digest = data[len(MAGIC) : -_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if not data.startswith(MAGIC) or hashlib.md5(message, usedforsecurity=False).digest() != digest:
        return None
    try:
        fields = list(_fields(message))
        keys = [value.decode("utf-8", "replace") for value in _texts(fields, _KEYS)]
        return [_record(value, keys) for value in _texts(fields, _RECORDS)]
    except (_Broken, IndexError):
        return None


def _texts(fields: list[tuple[int, bytes | int]], wanted: int) -> Iterator[bytes]:
    return (value for number, value in fields if number == wanted and isinstance(value, bytes))


def _record(message: bytes, keys: list[str]) -> UserRecord:
    fields = dict(_fields(message))
    key_index, data = fields.get(_KEY_INDEX, 0), fields.get(_DATA, b"")
    if not isinstance(key_index, int) or not isinstance(data, bytes):
        raise _Broken
    return UserRecord(keys[key_index], data)


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
        elif kind == _BYTES:
            size_bytes, at = _varint(message, at)
            if at + size_bytes > len(message):
                raise _Broken
            yield number, message[at : at + size_bytes]
            at += size_bytes
        elif kind in {_FIXED_64, _FIXED_32}:
            at += 8 if kind == _FIXED_64 else 4
        else:
            raise _Broken


def _varint(message: bytes, at: int) -> tuple[int, int]:
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


def length_at(data: bytes, at: int) -> int | None:
    """How many bytes the aggregated record at `at` has, in data where others follow it; None: there is none.

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
