"""PutRecord and PutRecordBatch: what is taken, what is refused, what the answer looks like.

Decides the limits and each record's answer. Never stores: it hands the bytes back. Called by service.py.

Source: Firehose API reference, PutRecord and PutRecordBatch.
"""

import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from headgate.local.wire import AwsError

RECORD_MAX_BYTES = 1_024_000
BATCH_MAX_RECORDS = 500
BATCH_MAX_BYTES = 4 * 1024 * 1024


def parse_record(record: Any) -> bytes:
    """Return one record's bytes. Raises AwsError."""
    data = record.get("Data") if isinstance(record, Mapping) else None
    if not isinstance(data, str):
        raise AwsError("ValidationException", "A record needs Data.")
    try:
        decoded = binascii.a2b_base64(data, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise AwsError("SerializationException", "Data is not base64.") from error
    if len(decoded) > RECORD_MAX_BYTES:
        raise AwsError(
            "ValidationException",
            f"A record's data has {len(decoded)} bytes; at most {RECORD_MAX_BYTES} are allowed.",
        )
    return decoded


def parse_batch(records: Any) -> list[bytes]:
    """Return the bytes of a batch's records. Raises AwsError: one record over its limit fails the call."""
    if not isinstance(records, Sequence) or not 1 <= len(records) <= BATCH_MAX_RECORDS:
        raise AwsError("ValidationException", f"Records must have 1 to {BATCH_MAX_RECORDS} members.")
    decoded = [parse_record(record) for record in records]
    if sum(map(len, decoded)) > BATCH_MAX_BYTES:
        raise AwsError("InvalidArgumentException", "Records size exceeds 4 MB limit")
    return decoded
