"""Names for batches: `Idempotency-Key`s that a later run of the same file makes again.

A key is the fingerprint of the source and the batch's first row, so a batch that is sent twice (a lost
answer, a crash, another machine) carries the same event ids both times, and its beginning alone (`--limit`)
those that its rows have in the whole. The fingerprint covers the content and everything that decides which
rows there are and the bytes of their events, never the path: the same ids must mean the same bytes. Pure.
"""

import hashlib
import json

_FINGERPRINT_CHARS = 32  # 128 bits of SHA-256: no two files will ever meet


def fingerprint(content: str, mapping: object) -> str:
    """`content` is the SHA-256 of the source's bytes; `mapping` is how rows become events, as JSON values."""
    text = json.dumps([content, mapping], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_FINGERPRINT_CHARS]


def batch_key(prefix: str, first: int) -> str:
    """The key of a batch that begins with this row: `<prefix>-<first>`.

    An event's id counts positions in the batch, so every batch must hold the source's next sendable rows
    without a gap: then position and first row name one row, wherever the batch ends. Printable ASCII, at most
    120 characters for a prefix of up to 100.
    """
    return f"{prefix}-{first}"
