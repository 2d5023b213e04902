"""The aggregated record format of the Kinesis Producer Library: several records in the data of one.

Hand-written protobuf (proto2), because the message has two levels and five fields. Used when a flow sets
`kplAggregation`.

Source: awslabs/amazon-kinesis-producer, aggregation-format.md.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

_MAGIC = b"\xf3\x89\x9a\xc2"
_KEY_TABLE, _HASH_KEY_TABLE, _RECORDS = 0x0A, 0x12, 0x1A  # length-delimited fields 1, 2 and 3
_KEY_INDEX, _HASH_KEY_INDEX, _DATA = 0x08, 0x10, 0x1A  # of one record: varints 1 and 2, bytes 3
_SEVEN_BITS = 0x7F


class KplRecord(NamedTuple):
    """One user record inside an aggregated one."""

    partition_key: str
    data: bytes
    explicit_hash_key: str | None = None


def aggregate(records: Sequence[KplRecord]) -> bytes:
    """The data of the outer record: magic, message, MD5. The outer keys are those of the first record."""
    keys = list(dict.fromkeys(record.partition_key for record in records))
    hash_keys = list(dict.fromkeys(r.explicit_hash_key for r in records if r.explicit_hash_key is not None))
    message = bytearray()
    for key in keys:
        message += _field(_KEY_TABLE, key.encode())
    for hash_key in hash_keys:
        message += _field(_HASH_KEY_TABLE, hash_key.encode())
    for record in records:
        # Index 0 must be written out: the field is required.
        body = bytes((_KEY_INDEX,)) + _varint(keys.index(record.partition_key))
        if record.explicit_hash_key is not None:
            body += bytes((_HASH_KEY_INDEX,)) + _varint(hash_keys.index(record.explicit_hash_key))
        message += _field(_RECORDS, body + _field(_DATA, record.data))
    digest = hashlib.md5(message, usedforsecurity=False).digest()
    return _MAGIC + bytes(message) + digest


def _field(tag: int, data: bytes) -> bytes:
    return bytes((tag,)) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > _SEVEN_BITS:
        out.append(number & _SEVEN_BITS | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
