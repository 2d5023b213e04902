"""An in-memory Kinesis stream behind boto3's method names: resharding, trimming, expiry, refusals.

For tests of everything that reads a stream. Sequence numbers start at 95, so that comparing them as text
("100" < "95") is caught at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

START_S = 1_700_000_000.0


@dataclass
class FakeShard:
    """A shard over the hash keys `low` … `high`; `records` are wire records in order."""

    low: int
    high: int
    parents: tuple[str, ...] = ()
    closed: bool = False
    records: list[dict[str, Any]] = field(default_factory=list)


class FakeStream:
    """The stream and its client in one.

    `refusals` are the error codes that the next GetRecords calls answer, `list_refusals` the next ListShards
    calls; GetRecords of a `broken` shard always fails.
    """

    def __init__(self, shards: int = 1, *, page: int = 100, limit: int = 10_000) -> None:
        step = 256 // shards
        self.shards: dict[str, FakeShard] = {}
        self.now_s = START_S
        self.page = page
        self.limit = limit
        self.refusals: list[str] = []
        self.list_refusals: list[str] = []
        self.broken: set[str] = set()
        self.calls: list[str] = []
        self._numbers: Iterator[int] = count(95)
        self._generation = 0
        for index in range(shards):
            self._add(index * step, 255 if index == shards - 1 else (index + 1) * step - 1, ())

    def put(self, key: str, data: bytes) -> tuple[str, str]:
        """Put one record where its key belongs; return (shard id, sequence number)."""
        place = sum(key.encode()) % 256
        shard_id, shard = next(
            (name, shard)
            for name, shard in self.shards.items()
            if not shard.closed and shard.low <= place <= shard.high
        )
        number = str(next(self._numbers))
        arrival = datetime.fromtimestamp(self.now_s, UTC)
        shard.records.append(
            {
                "SequenceNumber": number,
                "PartitionKey": key,
                "Data": data,
                "ApproximateArrivalTimestamp": arrival,
            }
        )
        return shard_id, number

    def open_shards(self) -> list[str]:
        """Return the ids of the shards that take records, by hash key."""
        return sorted(
            (name for name, shard in self.shards.items() if not shard.closed),
            key=lambda name: self.shards[name].low,
        )

    def split(self, shard_id: str) -> None:
        """Close a shard and open two children, if it is wide enough."""
        shard = self.shards[shard_id]
        middle = (shard.low + shard.high) // 2
        if shard.low < shard.high:
            shard.closed = True
            self._add(shard.low, middle, (shard_id,))
            self._add(middle + 1, shard.high, (shard_id,))

    def merge(self, left_id: str, right_id: str) -> None:
        """Close two adjacent shards and open one child."""
        left, right = self.shards[left_id], self.shards[right_id]
        assert left.high + 1 == right.low
        left.closed = right.closed = True
        self._add(left.low, right.high, (left_id, right_id))

    def trim(self, shard_id: str) -> None:
        """Let retention take a whole shard away."""
        del self.shards[shard_id]

    def expire_iterators(self) -> None:
        """Make every iterator given out so far too old."""
        self._generation += 1

    def list_shards(self, **request: Any) -> dict[str, Any]:
        self.calls.append("ListShards")
        if self.list_refusals:
            raise refusal(self.list_refusals.pop(0))
        assert ("StreamName" in request) != ("NextToken" in request)
        start = int(request.get("NextToken", "0"))
        names = list(self.shards)[start : start + self.page]
        answer: dict[str, Any] = {"Shards": [self._describe(name) for name in names]}
        if start + self.page < len(self.shards):
            answer["NextToken"] = str(start + self.page)
        return answer

    def get_shard_iterator(self, **request: Any) -> dict[str, Any]:
        self.calls.append(f"GetShardIterator {request['ShardId']} {request['ShardIteratorType']}")
        if request["ShardId"] not in self.shards:
            raise refusal("ResourceNotFoundException")
        records = self.shards[request["ShardId"]].records
        kind = request["ShardIteratorType"]
        if kind == "AFTER_SEQUENCE_NUMBER":
            after = int(request["StartingSequenceNumber"])
        elif kind == "LATEST":
            after = int(records[-1]["SequenceNumber"]) if records else 0
        else:
            moment = request.get("Timestamp", datetime.fromtimestamp(0, UTC))
            earlier = [r for r in records if r["ApproximateArrivalTimestamp"] < moment]
            after = int(earlier[-1]["SequenceNumber"]) if earlier else 0
        return {"ShardIterator": f"{self._generation}|{request['ShardId']}|{after}"}

    def get_records(self, **request: Any) -> dict[str, Any]:
        generation, shard_id, after = request["ShardIterator"].split("|")
        self.calls.append(f"GetRecords {shard_id}")
        if self.refusals:
            raise refusal(self.refusals.pop(0))
        if shard_id in self.broken:
            raise refusal("InternalFailure")
        if int(generation) < self._generation:
            raise refusal("ExpiredIteratorException")
        if shard_id not in self.shards:
            raise refusal("ResourceNotFoundException")
        shard = self.shards[shard_id]
        left = [r for r in shard.records if int(r["SequenceNumber"]) > int(after)]
        taken = left[: min(self.limit, request.get("Limit", 10_000))]
        answer: dict[str, Any] = {"Records": taken, "MillisBehindLatest": 1000 * (len(left) - len(taken))}
        if not (shard.closed and len(taken) == len(left)):
            last = taken[-1]["SequenceNumber"] if taken else after
            answer["NextShardIterator"] = f"{self._generation}|{shard_id}|{last}"
        return answer

    def _add(self, low: int, high: int, parents: tuple[str, ...]) -> None:
        taken = [int(name.removeprefix("shardId-")) for name in self.shards]
        self.shards[f"shardId-{max(taken, default=-1) + 1:012}"] = FakeShard(low, high, parents)

    def _describe(self, name: str) -> dict[str, Any]:
        shard = self.shards[name]
        numbers = {"StartingSequenceNumber": "0"} | ({"EndingSequenceNumber": "9"} if shard.closed else {})
        parents = dict(zip(("ParentShardId", "AdjacentParentShardId"), shard.parents, strict=False))
        return {"ShardId": name, "SequenceNumberRange": numbers, **parents}


def refusal(code: str) -> ClientError:
    """Make the error that boto3 raises for a modelled refusal."""
    return ClientError({"Error": {"Code": code, "Message": code}}, "Operation")
