"""What the two use cases ask of the outside: the shapes they hand over and the interfaces they call.

Decides nothing and touches nothing, so that ingest, transform and the AWS adapters agree without importing
each other. Used also by the readers, which put records with the same adapter.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from chalicelib.packing import explicit_hash_key
from chalicelib.retry import Failure, Outcome


class Entry(NamedTuple):
    """One record to put on the stream."""

    data: bytes
    partition_key: str
    explicit_hash_key: str | None = None


def make_entry(data: bytes, partition_key: str, ordering_key: str | None) -> Entry:
    """Return a record. An ordering key chooses the shard, and the partition key stays the id."""
    return Entry(data, partition_key, None if ordering_key is None else explicit_hash_key(ordering_key))


class Receipt(NamedTuple):
    """Where a record is: what Kinesis answered."""

    shard_id: str
    sequence_number: str


class Stream(Protocol):
    """The stream that events go to."""

    call_s: float  # the longest a call can take

    def put(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Make one PutRecords call; Success carries a Receipt. Never raises for what AWS can answer."""
        ...


class Delivery(Protocol):
    """The delivery stream of curated/."""

    call_s: float  # the longest a call can take

    def put(self, records: Sequence[bytes]) -> list[Outcome]:
        """Make one PutRecordBatch call. Never raises for what AWS can answer."""
        ...


class Store(Protocol):
    """The bucket."""

    call_s: float  # the longest a call can take

    def put(self, bucket: str, key: str, body: bytes) -> Outcome:
        """Make one PutObject call. Never raises for what AWS can answer."""
        ...


class Counter(Protocol):
    """Where the use cases count."""

    def count(self, name: str, n: int, reason: str = "") -> None:
        """Add `n` to a counter, and to its share that has this reason."""
        ...


def count_failures(counter: Counter, name: str, failures: Sequence[Failure]) -> None:
    """Count failures by their cause. What only a person can mend is a fault too, and raises its alarm."""
    for failure in failures:
        counter.count(name, 1, failure.cause or failure.code)
        if failure.code == "Misconfigured":
            counter.count("Faults", 1, failure.cause or failure.code)
