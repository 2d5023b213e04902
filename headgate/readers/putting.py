"""Puts records back on a stream under their old ids, below the shards' limits, until all are acknowledged.

Decides the pace and what a record holds; the shard is chosen by ingest's rule, the retries are retry.py's.
Used by replay and quarantine.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from chalicelib import event as events
from chalicelib import kpl, limits
from chalicelib.aws import KinesisStream
from chalicelib.errors import EventError
from chalicelib.packing import partition_key, record_event_id
from chalicelib.ports import Entry, make_entry
from chalicelib.retry import Failure, Item, Outcome, Policy, Retry, drive
from headgate.boto_api import BotoApi
from headgate.readers.calls import Clock, call
from headgate.readers.errors import StoppedError
from headgate.records import Record

# Source: Kinesis quotas, writing, per shard.
_SHARD_RECORDS_PER_S = 1000
_SHARD_BYTES_PER_S = 1_000_000
_SHARE = 0.5  # of the limits, when no rate is asked for: the other half is the producers'


class Returning(NamedTuple):
    """A record that goes back. The receipt is that of the record it was made from."""

    partition_key: str
    data: bytes
    shard_id: str
    sequence_number: str
    arrival_s: float


class Stream(Protocol):
    """What chalicelib.aws.KinesisStream is."""

    call_s: float

    def put(self, entries: Sequence[Entry]) -> list[Outcome]:
        """One PutRecords call."""
        ...


class Pacer:
    """How long to wait before the next call, so that the rates hold on average. Pure."""

    def __init__(self, records_per_s: float, bytes_per_s: float) -> None:
        self.records_per_s = records_per_s
        self.bytes_per_s = bytes_per_s
        self._free_s = -math.inf

    def wait_s(self, now_s: float, records: int, size_bytes: int) -> float:
        """Seconds until a call of this size may be made; the call is then taken as made."""
        start_s = max(now_s, self._free_s)
        self._free_s = start_s + max(records / self.records_per_s, size_bytes / self.bytes_per_s)
        return start_s - now_s


class StreamSink:
    """A stream that takes records back."""

    def __init__(self, stream: Stream, pacer: Pacer, ordering_field: str | None, clock: Clock) -> None:
        self._stream = stream
        self._pacer = pacer
        self._ordering_field = ordering_field
        self._clock = clock

    def put(self, records: Sequence[Returning]) -> None:
        """Put all of them, in order. Raises StoppedError when one cannot be stored."""
        keys = [ordering_key(record.data, self._ordering_field) for record in records]
        entries = [
            make_entry(record.data, record.partition_key, key)
            for record, key in zip(records, keys, strict=True)
        ]
        items = [
            Item(len(each.data) + len(each.partition_key.encode()), key)
            for each, key in zip(entries, keys, strict=True)
        ]

        def send(indexes: tuple[int, ...]) -> list[Outcome]:
            size_bytes = sum(items[i].size_bytes for i in indexes)
            wait_s = self._pacer.wait_s(self._clock.now(), len(indexes), size_bytes)
            if wait_s > 0:
                self._clock.sleep(wait_s)
            return self._stream.put([entries[i] for i in indexes])

        machine = Retry(items, self._policy(), self._clock.jitter)
        for outcome in drive(machine, send, self._clock.now, self._clock.sleep):
            if isinstance(outcome, Failure):
                raise StoppedError(
                    f"the stream does not take the records ({outcome.cause or outcome.code}); "
                    "the same command goes on from here"
                )

    def _policy(self) -> Policy:
        """A call is at most a second's worth of records; a minute of refusals is waited for."""
        return Policy(
            max_items=max(1, min(limits.KINESIS_RECORDS_MAX, int(self._pacer.records_per_s))),
            max_bytes=min(limits.KINESIS_CALL_MAX_BYTES, int(self._pacer.bytes_per_s)),
            call_s=self._stream.call_s,
            max_attempts=math.inf,
            base_s=0.1,
            cap_s=5.0,
            wait_budget_s=60.0,
        )


def open_sink(
    kinesis: Any, stream_name: str, rate_per_s: float | None, ordering_field: str | None, clock: Clock
) -> StreamSink:
    """The sink of a stream that exists. Raises ReaderError when it does not."""
    answer = call(lambda: kinesis.describe_stream_summary(StreamName=stream_name), clock)
    shards = max(1, int(answer["StreamDescriptionSummary"]["OpenShardCount"]))
    most_per_s = shards * _SHARD_RECORDS_PER_S
    records_per_s = most_per_s * _SHARE if rate_per_s is None else min(rate_per_s, most_per_s)
    share = max(_SHARE, records_per_s / most_per_s)
    pacer = Pacer(records_per_s, shards * _SHARD_BYTES_PER_S * share)
    return StreamSink(KinesisStream(BotoApi(kinesis), stream_name), pacer, ordering_field, clock)


def returning(event_id: str, line: bytes, receipt: tuple[str, str, float]) -> Returning:
    """Return a record of one line whose id is `event_id` again, by its partition key.

    An id that is too long for a key was made of a record's id and a line number; the record then begins with
    blank lines, which the transform drops, so that the line has its old number.
    """
    data = line if line.startswith(kpl.MAGIC) else line + b"\n"  # an aggregated record ends in its digest
    key = partition_key(event_id)
    if len(key) <= limits.PARTITION_KEY_MAX_CHARS:
        return Returning(key, data, *receipt)
    key, _, number = key.rpartition("#")
    return Returning(key, b"\n" * (int(number) - 1) + data, *receipt)


def unchanged(record: Record, shard_id: str) -> Returning:
    """Return a record of the stream as one that goes back under its own event id, whoever produced it."""
    own = record_event_id(record.partition_key, shard_id, record.sequence_number)
    return Returning(partition_key(own), record.data, shard_id, record.sequence_number, record.arrival_s)


def ordering_key(data: bytes, pointer: str | None) -> str | None:
    """The ordering key of a record, by its first event: a record never mixes keys."""
    if pointer is None:
        return None
    found = events.parse(data.strip().partition(b"\n")[0], 0)
    return None if isinstance(found, EventError) else events.text_at(found[0], pointer)


Put = Callable[[Sequence[Returning]], None]
