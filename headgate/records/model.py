"""The words of reading a stream: record, batch, position, checkpoint, pace.

Decides their shapes only. A checkpoint is text, so that any store can keep it: the decimal sequence number of
the last record that is done, `SHARD_END`, or `AT_TIMESTAMP:<epoch seconds>` for a shard that was opened at
LATEST and has not had a record yet. Sequence numbers are compared as integers, never as text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

SHARD_END = "SHARD_END"
AT_TIMESTAMP_PREFIX = "AT_TIMESTAMP:"


class KinesisClient(Protocol):
    """The three operations of boto3's Kinesis client that reading needs."""

    def list_shards(self, **request: Any) -> Mapping[str, Any]:
        """Answer one page of ListShards."""
        ...

    def get_shard_iterator(self, **request: Any) -> Mapping[str, Any]:
        """Answer GetShardIterator."""
        ...

    def get_records(self, **request: Any) -> Mapping[str, Any]:
        """Answer GetRecords."""
        ...


class Record(NamedTuple):
    """One record as the stream holds it; `arrival_s` is its approximate arrival in epoch seconds."""

    sequence_number: str
    partition_key: str | None  # None: the stream distributes records itself, and the producer gave none
    data: bytes
    arrival_s: float


class ShardBatch(NamedTuple):
    """What one GetRecords brought from one shard, oldest record first.

    `closed` says that the shard has no more records and never will. `millis_behind` is Kinesis' own figure.
    """

    shard_id: str
    records: list[Record]
    millis_behind: int
    closed: bool

    @property
    def checkpoint(self) -> str:
        """What to commit when every record of the batch is done; only for a batch with records or an end."""
        return SHARD_END if self.closed else self.records[-1].sequence_number


@dataclass(frozen=True)
class Position:
    """Where reading starts in a stream that has no checkpoint yet; `timestamp_s` in epoch seconds."""

    kind: Literal["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]
    timestamp_s: float = 0.0

    @classmethod
    def trim_horizon(cls) -> "Position":
        """Take everything that the stream still holds."""
        return cls("TRIM_HORIZON")

    @classmethod
    def latest(cls, now_s: float) -> "Position":
        """Take what comes from now on; `now_s` (wall clock) stands for LATEST when a shard is reopened."""
        return cls("LATEST", now_s)

    @classmethod
    def at_timestamp(cls, timestamp_s: float) -> "Position":
        """Take what arrived at this time or later."""
        return cls("AT_TIMESTAMP", timestamp_s)

    @property
    def checkpoint(self) -> str:
        """The checkpoint that stands for this position, or the bare word where a checkpoint has none."""
        return "TRIM_HORIZON" if self.kind == "TRIM_HORIZON" else f"{AT_TIMESTAMP_PREFIX}{self.timestamp_s!r}"


@dataclass(frozen=True)
class Pace:
    """How often a shard is asked, within its 5 GetRecords a second that all polling consumers share.

    Source: Lambda polls a shard at a base rate of once per second, and faster while it is behind
    (Lambda developer guide, "Using Lambda with Kinesis", standard iterator).
    """

    idle_s: float = 1.0
    behind_s: float = 0.25
    list_s: float = 30.0
    limit: int = 10_000
    # What one answer should hold, to keep memory flat: a shard gives 2 MB/s, so four calls a second of this
    # size are enough. GetRecords only takes a number of records, so it follows from their mean size.
    answer_bytes: int = 1024 * 1024


def is_ahead(checkpoint: str, of: str | None) -> bool:
    """Say whether a checkpoint is later in its shard than another; none and times come before any number."""
    if of is None or checkpoint == SHARD_END:
        return of != SHARD_END
    if of == SHARD_END or not checkpoint.isdigit():
        return False
    return not of.isdigit() or int(checkpoint) > int(of)
