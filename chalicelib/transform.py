"""The second use case: records of the stream to curated/, and what is not curated to quarantine/ or dropped/.

quarantine/ gets the lines that cannot be processed, whole; dropped/ a note of each line that the hook drops.
A bad record never raises and never holds up the others; only what is passing is handed back to Lambda, as the
first record that is not done. Called by app.py for every batch of the event source mapping.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from chalicelib import envelope, limits
from chalicelib.curate import Dropped, End, Hook, Quarantined, curate
from chalicelib.packing import Pack, pack
from chalicelib.ports import Counter, Delivery, Store, count_failures
from chalicelib.retry import Failure, Item, Outcome, Policy, Retry, drive

Records = Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class _Piece:
    """The lines of a part of a batch, by where they go; `*_of` are places of records in the batch."""

    first: int  # record
    first_line: int  # among the first record's lines, from 0: tells apart the pieces of one large record
    last: int = 0  # record
    curated: list[bytes] = field(default_factory=list)
    curated_of: list[int] = field(default_factory=list)
    others: list[tuple[int, Quarantined | Dropped]] = field(default_factory=list)


@dataclass(frozen=True)
class Transform:
    """The use case with its stage's settings and its edges."""

    delivery: Delivery
    store: Store
    bucket: str  # may hold {account} and {region}, which the event's ARN fills
    hook: Hook
    pack_bytes: int
    version: str
    now: Callable[[], float]  # monotonic seconds
    sleep: Callable[[float], object]
    jitter: Callable[[], float]
    event_as_text: bool = False  # in curated/: a JSON string that holds the event, for the columnar formats

    def __call__(self, event: Mapping[str, Any], deadline_s: float, counter: Counter) -> dict[str, Any]:
        """Process a batch of one shard, and return what Lambda's ReportBatchItemFailures expects."""
        records: Records = event["Records"]
        done = len(records)
        for piece in _pieces(records, self._ends):
            done = self._deliver(piece, len(records), deadline_s, counter)
            done = self._set_aside(piece, records, done, deadline_s, counter)
            _count(piece, done, counter)
            if done < len(records):
                counter.count("RecordsHandedBack", len(records) - done)
                return {"batchItemFailures": [{"itemIdentifier": records[done]["kinesis"]["sequenceNumber"]}]}
            del piece  # before the next one is made
        return {"batchItemFailures": []}

    def _ends(self, record: Mapping[str, Any]) -> Iterator[End]:
        return curate(record, self.hook, self.version, event_as_text=self.event_as_text)

    def _deliver(self, piece: _Piece, done: int, deadline_s: float, counter: Counter) -> int:
        """Send the curated lines; return the place of the first record that is not done, else `done`."""
        packs = pack(zip(piece.curated, repeat(None)), self.pack_bytes)

        def send(indexes: Sequence[int]) -> list[Outcome]:
            return self.delivery.put([packs[i].data for i in indexes])

        machine = _machine(packs, self.delivery.call_s, self.jitter, deadline_s)
        outcomes = drive(machine, send, self.now, self.sleep)
        counter.count("RecordsRetried", machine.retried)
        for p, outcome in zip(packs, outcomes, strict=True):
            if isinstance(outcome, Failure):
                done = min(done, piece.curated_of[p.indexes[0]])
                count_failures(counter, "DeliveriesFailed", [outcome])
        return done

    def _set_aside(
        self,
        piece: _Piece,
        records: Records,
        done: int,
        deadline_s: float,
        counter: Counter,
    ) -> int:
        """Store what is not curated of the records that are done; return the first place that is not done."""
        for folder, kind in (("quarantine", Quarantined), ("dropped", Dropped)):
            lines = [(i, _stored(end)) for i, end in piece.others if isinstance(end, kind)]
            body = b"".join(line for i, line in lines if i < done)
            if not body:
                continue
            outcome = self._write(_key(folder, piece, records, done), body, records, deadline_s)
            if isinstance(outcome, Failure):
                count_failures(counter, f"{folder.capitalize()}Failed", [outcome])
                done = next(i for i, line in lines if line)
        return done

    def _write(self, key: str, body: bytes, records: Records, deadline_s: float) -> Outcome:
        """Write an object under a name that a repeated run makes again."""
        bucket = _bucket(self.bucket, records[0]["eventSourceARN"])
        machine = Retry([Item(len(body))], _policy(1, len(body), self.store.call_s), self.jitter, deadline_s)
        (outcome,) = drive(machine, lambda _: [self.store.put(bucket, key, body)], self.now, self.sleep)
        return outcome


def _pieces(records: Records, ends: Callable[[Mapping[str, Any]], Iterator[End]]) -> Iterator[_Piece]:
    """Yield the lines of a batch in pieces of bounded size; the same batch gives the same pieces."""
    piece, lines, size_bytes = _Piece(0, 0), 0, 0
    for i, record in enumerate(records):
        for line, end in enumerate(ends(record)):
            if lines >= limits.SLICE_LINES or size_bytes >= limits.SLICE_BYTES:
                yield piece
                piece, lines, size_bytes = _Piece(i, line), 0, 0
            if isinstance(end, bytes):
                piece.curated.append(end)
                piece.curated_of.append(i)
                size_bytes += len(end)
            else:
                piece.others.append((i, end))
                size_bytes += len(_stored(end))
            piece.last = i
            lines += 1
    if lines:
        yield piece


def _machine(packs: Sequence[Pack], call_s: float, jitter: Callable[[], float], deadline_s: float) -> Retry:
    policy = _policy(limits.FIREHOSE_RECORDS_MAX, limits.FIREHOSE_CALL_MAX_BYTES, call_s)
    return Retry([Item(p.size_bytes) for p in packs], policy, jitter, deadline_s)


def _policy(max_items: int, max_bytes: int, call_s: float) -> Policy:
    """Patient, because giving up costs a new invocation of the whole rest."""
    return Policy(max_items, max_bytes, call_s, max_attempts=8, base_s=0.1, cap_s=4.0, wait_budget_s=20.0)


def _count(piece: _Piece, done: int, counter: Counter) -> None:
    """Count each line once: those of records that come again are counted then."""
    counter.count("LinesCurated", bisect_left(piece.curated_of, done))
    for i, end in piece.others:
        if i >= done:
            break
        match end:
            case Quarantined(code=code):
                counter.count("LinesQuarantined", 1, code)
            case Dropped(reason=reason, lines=dropped):
                counter.count("LinesDropped", dropped, reason)


def _bucket(pattern: str, stream_arn: str) -> str:
    """Return the bucket's name. Source: ARN format, arn:partition:service:region:account:resource."""
    region, account = stream_arn.split(":")[3:5]
    return pattern.replace("{account}", account).replace("{region}", region)


def _stored(end: Quarantined | Dropped) -> bytes:
    """Return the line that is stored of what is not curated; of blank lines there is none."""
    return end.line if isinstance(end, Quarantined) else end.note


def _key(folder: str, piece: _Piece, records: Records, done: int) -> str:
    """Return <folder>/YYYY/MM/DD/HH (UTC arrival of the first record) / shard, first and last number.

    The place of the first line tells apart the pieces of one record that is larger than a piece.
    """
    first, last = records[piece.first], records[min(done - 1, piece.last)]
    hour = envelope.received_at(float(first["kinesis"]["approximateArrivalTimestamp"]))[:13]
    date = hour.replace("-", "/").replace("T", "/")
    shard_id = first["eventID"].partition(":")[0]
    start = first["kinesis"]["sequenceNumber"] + (f".{piece.first_line}" if piece.first_line else "")
    return f"{folder}/{date}/{shard_id}-{start}-{last['kinesis']['sequenceNumber']}.ndjson"
