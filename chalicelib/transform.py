"""The second use case: records of the stream to curated/, and what cannot be processed to quarantine/.

A bad record never raises and never holds up the others; only what is passing is handed back to Lambda, as the
first record that is not done. Called by app.py for every batch of the event source mapping.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from chalicelib import envelope, limits
from chalicelib.curate import Curated, Dropped, End, Hook, Quarantined, curate
from chalicelib.ingest import Counter
from chalicelib.packing import Pack, pack
from chalicelib.retry import Failure, Item, Outcome, Policy, Retry, drive

Records = Sequence[Mapping[str, Any]]


class Delivery(Protocol):
    """The delivery stream of curated/."""

    call_s: float  # the longest a call can take

    def put(self, records: Sequence[bytes]) -> list[Outcome]:
        """One PutRecordBatch call. Never raises for what AWS can answer."""
        ...


class Store(Protocol):
    """The bucket."""

    call_s: float

    def put(self, bucket: str, key: str, body: bytes) -> Outcome:
        """One PutObject call. Never raises for what AWS can answer."""
        ...


class _Placed(NamedTuple):
    """The end of a line, and which record of the batch it came from."""

    record: int
    place: int  # among the record's ends, from 0
    end: End


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

    def __call__(self, event: Mapping[str, Any], deadline_s: float, counter: Counter) -> dict[str, Any]:
        """Process a batch of one shard; the answer is Lambda's ReportBatchItemFailures."""
        records: Records = event["Records"]
        done = len(records)
        for lines in _slices(records, self.hook, self.version):
            done = self._deliver(lines, len(records), deadline_s, counter)
            done = self._quarantine(lines, records, done, deadline_s, counter)
            _count(lines, done, counter)
            if done < len(records):
                counter.count("RecordsHandedBack", len(records) - done)
                return {"batchItemFailures": [{"itemIdentifier": records[done]["kinesis"]["sequenceNumber"]}]}
        return {"batchItemFailures": []}

    def _deliver(self, lines: Sequence[_Placed], done: int, deadline_s: float, counter: Counter) -> int:
        """Send the curated lines; the place of the first record that is not done, `done` if all are."""
        curated = [(line.record, line.end.line) for line in lines if isinstance(line.end, Curated)]
        packs = pack(((line, None) for _, line in curated), self.pack_bytes)

        def send(indexes: Sequence[int]) -> list[Outcome]:
            return self.delivery.put([packs[i].data for i in indexes])

        machine = _machine(packs, self.delivery.call_s, self.jitter, deadline_s)
        outcomes = drive(machine, send, self.now, self.sleep)
        counter.count("RecordsRetried", machine.retried)
        for p, outcome in zip(packs, outcomes, strict=True):
            if isinstance(outcome, Failure):
                done = min(done, curated[p.indexes[0]][0])
                counter.count("DeliveriesFailed", 1, outcome.cause or outcome.code)
        return done

    def _quarantine(
        self, lines: Sequence[_Placed], records: Records, done: int, deadline_s: float, counter: Counter
    ) -> int:
        """Store the bad lines of the records that are done, under a name that a repeated run makes again."""
        bad = [
            (line.record, line.end.line)
            for line in lines
            if isinstance(line.end, Quarantined) and line.record < done
        ]
        if not bad:
            return done
        body = b"".join(line for _, line in bad)
        bucket = _bucket(self.bucket, records[0]["eventSourceARN"])
        last = min(done - 1, lines[-1].record)
        key = _key(records[lines[0].record], lines[0].place, records[last])
        machine = Retry([Item(len(body))], _policy(1, len(body), self.store.call_s), self.jitter, deadline_s)
        (outcome,) = drive(machine, lambda _: [self.store.put(bucket, key, body)], self.now, self.sleep)
        if isinstance(outcome, Failure):
            counter.count("QuarantineFailed", 1, outcome.cause or outcome.code)
            return bad[0][0]
        return done


def _slices(records: Records, hook: Hook, version: str) -> Iterator[list[_Placed]]:
    """The lines of a batch in pieces of bounded size; the same batch gives the same pieces."""
    lines: list[_Placed] = []
    size_bytes = 0
    for i, record in enumerate(records):
        for place, end in enumerate(curate(record, hook, version)):
            lines.append(_Placed(i, place, end))
            size_bytes += 0 if isinstance(end, Dropped) else len(end.line)
            if size_bytes >= limits.SLICE_BYTES or len(lines) >= limits.SLICE_LINES:
                yield lines
                lines, size_bytes = [], 0
    if lines:
        yield lines


def _machine(packs: Sequence[Pack], call_s: float, jitter: Callable[[], float], deadline_s: float) -> Retry:
    policy = _policy(limits.FIREHOSE_RECORDS_MAX, limits.FIREHOSE_CALL_MAX_BYTES, call_s)
    return Retry([Item(p.size_bytes) for p in packs], policy, jitter, deadline_s)


def _policy(max_items: int, max_bytes: int, call_s: float) -> Policy:
    """Patient, because giving up costs a new invocation of the whole rest."""
    return Policy(max_items, max_bytes, call_s, max_attempts=8, base_s=0.1, cap_s=4.0, wait_budget_s=20.0)


def _count(lines: Sequence[_Placed], done: int, counter: Counter) -> None:
    """Count each line once: those of records that come again are counted then."""
    for line in lines:
        if line.record >= done:
            break
        match line.end:
            case Curated():
                counter.count("LinesCurated", 1)
            case Quarantined(code=code):
                counter.count("LinesQuarantined", 1, code)
            case Dropped(reason=reason, lines=dropped):
                counter.count("LinesDropped", dropped, reason)


def _bucket(pattern: str, stream_arn: str) -> str:
    """The bucket's name. Source: ARN format, arn:partition:service:region:account:resource."""
    region, account = stream_arn.split(":")[3:5]
    return pattern.replace("{account}", account).replace("{region}", region)


def _key(first: Mapping[str, Any], place: int, last: Mapping[str, Any]) -> str:
    """quarantine/YYYY/MM/DD/HH (UTC arrival of the first record) / shard, first and last sequence number.

    `place` tells apart the pieces of one record that is larger than a piece.
    """
    hour = envelope.received_at(float(first["kinesis"]["approximateArrivalTimestamp"])).decode()
    folder = hour.strip('"')[:13].replace("-", "/").replace("T", "/")
    shard_id = first["eventID"].partition(":")[0]
    start = first["kinesis"]["sequenceNumber"] + (f".{place}" if place else "")
    return f"quarantine/{folder}/{shard_id}-{start}-{last['kinesis']['sequenceNumber']}.ndjson"
