"""Names for batches: `Idempotency-Key`s that a later run of the same file makes again.

A key is the fingerprint of the source and the range of rows, so a batch that is sent twice (a lost answer, a
crash, another machine) carries the same event ids both times. The fingerprint covers the content and
everything that decides the bytes of an event, never the path: the same ids must mean the same bytes. Pure.
"""

import hashlib
import json
from collections.abc import Sequence

_FINGERPRINT_CHARS = 32  # 128 bits of SHA-256: no two files will ever meet
_GAPS_CHARS = 12


def fingerprint(content: str, mapping: object) -> str:
    """`content` is the SHA-256 of the source's bytes; `mapping` is how rows become events, as JSON values."""
    text = json.dumps([content, mapping], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_FINGERPRINT_CHARS]


def batch_key(prefix: str, numbers: Sequence[int]) -> str:
    """The key of the rows with these numbers, which are in order: `<prefix>-<first>-<last>`.

    Rows that were dropped in between are part of the name, since an event's id counts positions in the batch.
    Printable ASCII, at most 180 characters for a prefix of up to 100.
    """
    key = f"{prefix}-{numbers[0]}-{numbers[-1]}"
    if len(numbers) == numbers[-1] - numbers[0] + 1:
        return key
    gaps = hashlib.sha256(",".join(map(str, numbers)).encode()).hexdigest()[:_GAPS_CHARS]
    return f"{key}-{gaps}"
