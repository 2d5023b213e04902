"""What Firehose bills of what the transform sends: each record rounded up to a whole number of steps.

Source: Amazon Data Firehose pricing: ingestion is billed per record, rounded up to the nearest 5 KB.
"""

import random
from collections.abc import Sequence

from bench.events import kinesis_event
from chalicelib import limits
from chalicelib.hook import hook
from chalicelib.retry import Outcome, Success
from chalicelib.transform import Transform

_STEP_BYTES = 5 * 1024


class _Scales:
    """A delivery stream that weighs what it takes, and a bucket that must not be needed."""

    call_s = 1.0

    def __init__(self) -> None:
        self.records_bytes: list[int] = []
        self.lines_bytes: list[int] = []

    def put(self, records: Sequence[bytes]) -> list[Outcome]:
        for record in records:
            self.records_bytes.append(len(record))
            self.lines_bytes += map(len, record.splitlines(keepends=True))
        return [Success()] * len(records)


class _NoBucket:
    call_s = 1.0

    def put(self, bucket: str, key: str, body: bytes) -> Outcome:
        raise AssertionError((bucket, key, body))


class _Uncounted:
    def count(self, name: str, n: int, reason: str = "") -> None:
        del name, n, reason


def billed_share(records: int, lines: int) -> tuple[float, float]:
    """Billed bytes / sent bytes of one batch: as the transform packs it, and with a record per event."""
    scales = _Scales()
    transform = Transform(
        delivery=scales,
        store=_NoBucket(),
        bucket="",
        hook=hook,
        pack_bytes=limits.PACK_BYTES,
        version="",
        now=lambda: 0.0,
        sleep=lambda _: None,
        jitter=random.random,
    )
    transform(kinesis_event(records, lines), 60.0, _Uncounted())
    return _billed(scales.records_bytes), _billed(scales.lines_bytes)


def _billed(sizes_bytes: Sequence[int]) -> float:
    return sum(-(-size // _STEP_BYTES) * _STEP_BYTES for size in sizes_bytes) / sum(sizes_bytes)
