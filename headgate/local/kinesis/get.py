"""GetShardIterator and GetRecords.

Decides where an iterator points and what one read returns. Reads go past the writers' lock: a record that was
acknowledged before the read began is in it. The end of a closed shard is known from positions, never from an
empty answer, so a consumer that follows ChildShards has had every record of the parent.

Source: API Reference, GetShardIterator, GetRecords.
"""

from binascii import b2a_base64
from typing import Any

from headgate.local.kinesis import iterators, sequence
from headgate.local.kinesis.describe import hash_range
from headgate.local.kinesis.iterators import Iterator
from headgate.local.kinesis.limits import GET_BYTES, GET_RECORDS
from headgate.local.kinesis.state import State
from headgate.local.kinesis.store import StoredRecord, position_of
from headgate.local.kinesis.stream import Shard, Stream
from headgate.local.kinesis.validate import (
    NAME,
    SEQUENCE_NUMBER,
    Request,
    choice,
    integer,
    text,
    timestamp_ms,
)
from headgate.local.wire import AwsError

_BY_NUMBER = ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")
_TYPES = (*_BY_NUMBER, "TRIM_HORIZON", "LATEST", "AT_TIMESTAMP")


def get_shard_iterator(state: State, request: Request) -> dict[str, Any]:
    """Return an iterator at the place that ShardIteratorType names."""
    kind = choice(request, "ShardIteratorType", _TYPES)
    shard_id = text(request, "ShardId", 128, NAME)
    with state.lock:
        stream = state.usable(request)
        shard = state.shard(stream, shard_id)
        now_ms = state.now_ms()
        if not state.throttle.admit_iterator(shard.number, now_ms / 1000):
            raise _throttled(state, stream, shard)
        state.trim(stream, shard, now_ms)
        position = _position(state, stream, shard, kind, request)
    if request.get("DryRun") is True:
        raise AwsError("DryRunOperationException", "The request would have succeeded; DryRun is set.")
    return {"ShardIterator": iterators.issue(Iterator(shard.number, position), now_ms)}


def get_records(state: State, request: Request) -> dict[str, Any]:
    """Return records from the iterator's place on, and the iterator that continues.

    The latter is null at the end of a closed shard, and ChildShards says where it goes on.
    """
    limit = integer(request, "Limit", 1, GET_RECORDS, GET_RECORDS)
    now_s = state.clock()
    now_ms = int(now_s * 1000)
    at = iterators.redeem(text(request, "ShardIterator", 512), now_ms)
    with state.lock:
        stream, shard = state.numbered(at.shard)
        if (
            request.get("StreamARN") is not None
            and state.stream({"StreamARN": request["StreamARN"]}) is not stream
        ):
            raise AwsError("InvalidArgumentException", "StreamARN is not that of the iterator's stream.")
        if not state.throttle.admit_read(shard.number, now_s):
            raise _throttled(state, stream, shard)
        state.trim(stream, shard, now_ms)
        start = max(at.position, shard.first_position)
    if request.get("DryRun") is True:
        raise AwsError("DryRunOperationException", "The request would have succeeded; DryRun is set.")
    rows, size_bytes = state.store.read(shard.number, start, limit, GET_BYTES)
    with state.lock:
        state.throttle.charge_read(shard.number, size_bytes, now_s)
        stream, shard = state.numbered(at.shard)
        return _page(stream, shard, start, rows, now_ms)


def _page(stream: Stream, shard: Shard, start: int, rows: list[StoredRecord], now_ms: int) -> dict[str, Any]:
    position = position_of(rows[-1].id) + 1 if rows else start
    at_tip = position >= shard.next_position
    page: dict[str, Any] = {
        "Records": _shaped(rows, shard, encrypted=stream.key_id is not None),
        "MillisBehindLatest": 0 if at_tip else _behind_ms(rows, now_ms),
        "NextShardIterator": None,
    }
    if at_tip and shard.closed_ms is not None:
        page["ChildShards"] = _children(stream, shard)
    else:
        page["NextShardIterator"] = iterators.issue(Iterator(shard.number, position), now_ms)
    return page


def _behind_ms(rows: list[StoredRecord], now_ms: int) -> int:
    """How far a page with more behind it is from the tip: never 0, even if the clock went back."""
    return max(1, now_ms - rows[-1].arrival_ms) if rows else 1


def _shaped(rows: list[StoredRecord], shard: Shard, *, encrypted: bool) -> list[dict[str, Any]]:
    base = shard.sequence_base
    records: list[dict[str, Any]] = [
        {
            "SequenceNumber": sequence.number(base, position_of(row.id), row.arrival_ms // 1000),
            "ApproximateArrivalTimestamp": row.arrival_ms / 1000,
            "Data": b2a_base64(row.data, newline=False).decode("ascii"),
            "PartitionKey": row.partition_key,
        }
        for row in rows
    ]
    return [{**record, "EncryptionType": "KMS"} for record in records] if encrypted else records


def _children(stream: Stream, shard: Shard) -> list[dict[str, Any]]:
    return [
        {
            "ShardId": child.shard_id,
            "ParentShards": [f"shardId-{at:012d}" for at in (child.parent, child.adjacent) if at is not None],
            "HashKeyRange": hash_range(child),
        }
        for child in stream.shards.values()
        if shard.index in (child.parent, child.adjacent)
    ]


def _position(state: State, stream: Stream, shard: Shard, kind: str, request: Request) -> int:
    if (request.get("StartingSequenceNumber") is not None) != (kind in _BY_NUMBER):
        raise AwsError(
            "InvalidArgumentException",
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber"
            " or (2) TRIM_HORIZON, LATEST or AT_TIMESTAMP and no StartingSequenceNumber. Request specified"
            f" {kind}.",
        )
    if kind == "TRIM_HORIZON":
        return shard.first_position
    if kind == "LATEST":
        return shard.next_position
    if kind == "AT_TIMESTAMP":
        if request.get("Timestamp") is None:
            raise AwsError("InvalidArgumentException", "Must specify Timestamp for the type AT_TIMESTAMP.")
        return _at_timestamp(state, shard, timestamp_ms(request, "Timestamp"))
    position = _of_number(state, stream, shard, text(request, "StartingSequenceNumber", 129, SEQUENCE_NUMBER))
    return min(position + (kind == "AFTER_SEQUENCE_NUMBER"), shard.next_position)


def _at_timestamp(state: State, shard: Shard, arrival_ms: int) -> int:
    now_ms = state.now_ms()
    if arrival_ms > now_ms:
        raise AwsError(
            "InvalidArgumentException",
            "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
            f"timestampInMillis: {arrival_ms}, currentTimestampInMillis: {now_ms}",
        )
    return state.position_at(shard, arrival_ms)


def _of_number(state: State, stream: Stream, shard: Shard, number: str) -> int:
    used = (
        f"StartingSequenceNumber {number} used in GetShardIterator on shard {shard.shard_id} in stream "
        f"{stream.name} under account {state.owner} is invalid"
    )
    try:
        parts = sequence.parse(number)
    except ValueError:
        raise AwsError("InvalidArgumentException", f"{used}.") from None
    if parts.shard_index != shard.index:
        raise AwsError(
            "InvalidArgumentException",
            f"Invalid StartingSequenceNumber. It encodes shardId-{parts.shard_index:012d}, "
            f"while it was used in a call to a shard with {shard.shard_id}",
        )
    if parts.created_s != shard.created_s:
        raise AwsError("InvalidArgumentException", f"{used} because it did not come from this stream.")
    return parts.position


def _throttled(state: State, stream: Stream, shard: Shard) -> AwsError:
    return AwsError(
        "ProvisionedThroughputExceededException",
        f"Rate exceeded for shard {shard.shard_id} in stream {stream.name} under account {state.owner}.",
    )
