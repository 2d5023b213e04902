"""Reading one shard: its iterator, where it stands, when it may be asked again.

Decides how an iterator is opened and reopened. Never looks at other shards, never waits; the reader calls it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.throttles import THROTTLED
from headgate.aws_errors import error_code
from headgate.records.model import AT_TIMESTAMP_PREFIX, KinesisClient, Pace, Record, ShardBatch

_FIRST_LIMIT = 100  # records, before their size is known


class ShardCursor:
    """One open shard. `due_s` and `asked_s` are on the clock of the caller's `now_s`.

    `first` is the position of the very first opening (LATEST); every later one goes by `start` or the last
    record read, so that nothing that came between is skipped.
    """

    def __init__(
        self, client: KinesisClient, stream_name: str, shard_id: str, start: str, first: str | None = None
    ) -> None:
        self.shard_id = shard_id
        self.due_s = float("-inf")
        self.asked_s = float("-inf")
        self.millis_behind: int | None = None
        self._client = client
        self._stream_name = stream_name
        self._place = start
        self._first = first
        self._iterator: str | None = None
        self._limit = _FIRST_LIMIT

    def read(self, now_s: float, pace: Pace) -> ShardBatch | None:
        """Ask once. None when the shard was throttled or its iterator had expired: ask again when due.

        Raises ClientError and BotoCoreError for everything else; the place in the shard is kept.
        """
        self.asked_s, self.due_s, self.millis_behind = now_s, now_s + pace.idle_s, None
        try:
            if self._iterator is None:
                self._iterator = self._open()
            limit = min(self._limit, pace.limit)
            answer = self._client.get_records(ShardIterator=self._iterator, Limit=limit)
        except ClientError as error:
            if error_code(error) == "ExpiredIteratorException":
                self._iterator, self.due_s = None, now_s
                return None
            if error_code(error) in THROTTLED:  # ask later: the shard keeps its place
                return None
            raise
        return self._take(answer, now_s, pace)

    def hurry(self, pace: Pace) -> None:
        """Be due as soon as the shard's limit allows."""
        self.due_s = min(self.due_s, self.asked_s + pace.behind_s)

    def _take(self, answer: Mapping[str, Any], now_s: float, pace: Pace) -> ShardBatch:
        records = [_record(wire) for wire in answer["Records"]]
        if records:
            self._place = records[-1].sequence_number
            mean_bytes = 1 + sum(len(record.data) for record in records) // len(records)
            self._limit = 1 + pace.answer_bytes // mean_bytes
        self._iterator = answer.get("NextShardIterator")
        self.millis_behind = int(answer.get("MillisBehindLatest") or 0)
        if self.millis_behind:
            self.due_s = now_s + pace.behind_s
        return ShardBatch(self.shard_id, records, self.millis_behind, closed=self._iterator is None)

    def _open(self) -> str:
        place, self._first = self._first or self._place, None
        answer = self._client.get_shard_iterator(
            StreamName=self._stream_name, ShardId=self.shard_id, **iterator_arguments(place)
        )
        return str(answer["ShardIterator"])


def iterator_arguments(place: str) -> dict[str, Any]:
    """Return the arguments of GetShardIterator that continue after a checkpoint."""
    if place in {"TRIM_HORIZON", "LATEST"}:
        return {"ShardIteratorType": place}
    if place.startswith(AT_TIMESTAMP_PREFIX):
        moment = datetime.fromtimestamp(float(place.removeprefix(AT_TIMESTAMP_PREFIX)), UTC)
        return {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": moment}
    return {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": place}


def _record(wire: Mapping[str, Any]) -> Record:
    arrival_s: float = wire["ApproximateArrivalTimestamp"].timestamp()
    return Record(wire["SequenceNumber"], wire.get("PartitionKey"), wire["Data"], arrival_s)
