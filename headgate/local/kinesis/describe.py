"""DescribeStream, DescribeStreamSummary, ListStreams, ListShards, DescribeLimits: what there is.

Decides the shape of answers about streams and shards, and which shards a ShardFilter names. Never changes
anything. ListShards takes a NextToken alone, since it carries stream and filter: clients page that way, and
moto and ministack fail on it.

Source: API Reference, the operation of the same name; ShardFilter.
"""

from collections.abc import Callable
from typing import Any

from headgate.local.kinesis import iterators, sequence
from headgate.local.kinesis.limits import (
    DESCRIBE_SHARDS,
    LIST_MAX,
    LIST_SHARDS,
    LIST_STREAMS,
    ON_DEMAND_STREAMS,
    SHARDS_PER_ACCOUNT,
)
from headgate.local.kinesis.state import State
from headgate.local.kinesis.stream import Shard, Stream
from headgate.local.kinesis.validate import (
    NAME,
    Request,
    choice,
    integer,
    not_a,
    optional_text,
    text,
    timestamp_ms,
)
from headgate.local.wire import AwsError


def describe_stream(state: State, request: Request) -> dict[str, Any]:
    """Return the stream with a page of its shards, closed ones included."""
    stream = state.stream(request)
    limit = integer(request, "Limit", 1, LIST_MAX, DESCRIBE_SHARDS)
    after = optional_text(request, "ExclusiveStartShardId", 128, NAME) or ""
    shards = [shard for shard in stream.live_shards(state.now_ms()) if shard.shard_id > after]
    page = {"Shards": [shard_shape(shard) for shard in shards[:limit]], "HasMoreShards": len(shards) > limit}
    return {"StreamDescription": {**_shape(state, stream), **page}}


def describe_stream_summary(state: State, request: Request) -> dict[str, Any]:
    """Return the stream with the count of its open shards."""
    stream = state.stream(request)
    counts = {
        "OpenShardCount": len(stream.open_shards),
        "ConsumerCount": 0,
        "MaxRecordSizeInKiB": stream.record_bytes // 1024,
    }
    return {"StreamDescriptionSummary": {**_shape(state, stream), **counts}}


def list_streams(state: State, request: Request) -> dict[str, Any]:
    """Return a page of stream names and summaries, by name."""
    limit = integer(request, "Limit", 1, LIST_MAX, LIST_STREAMS)
    now_ms = state.now_ms()
    after = optional_text(request, "ExclusiveStartStreamName", 128, NAME) or ""
    token = optional_text(request, "NextToken", 1_048_576)
    if token is not None:
        after = str(iterators.redeem_token(token, now_ms)["after"])
    names = [name for name in sorted(state.streams) if name > after]
    streams = [state.streams[name] for name in names[:limit]]
    answer = {
        "StreamNames": names[:limit],
        "HasMoreStreams": len(names) > limit,
        "StreamSummaries": [
            {
                "StreamName": stream.name,
                "StreamARN": state.arn(stream),
                "StreamStatus": stream.status(now_ms),
                "StreamModeDetails": {"StreamMode": stream.mode},
                "StreamCreationTimestamp": stream.created_ms / 1000,
            }
            for stream in streams
        ],
    }
    if len(names) > limit:
        answer["NextToken"] = iterators.issue_token({"after": names[limit - 1]}, now_ms)
    return answer


def describe_limits(state: State, request: Request) -> dict[str, Any]:
    """Return the account's limits and use."""
    if set(request):
        raise AwsError("SerializationException", "DescribeLimits has no members.")
    provisioned = [stream for stream in state.streams.values() if stream.mode == "PROVISIONED"]
    return {
        "ShardLimit": SHARDS_PER_ACCOUNT,
        "OpenShardCount": sum(len(stream.open_shards) for stream in provisioned),
        "OnDemandStreamCount": len(state.streams) - len(provisioned),
        "OnDemandStreamCountLimit": ON_DEMAND_STREAMS,
    }


def shard_shape(shard: Shard) -> dict[str, Any]:
    """Return a shard as DescribeStream and ListShards show it; only a closed one has an ending number."""
    opened_s = shard.created_s
    numbers = {"StartingSequenceNumber": sequence.number(shard.sequence_base, 0, opened_s)}
    if shard.closed_ms is not None:
        ending = sequence.number(shard.sequence_base, sequence.LAST_POSITION, shard.closed_ms // 1000)
        numbers["EndingSequenceNumber"] = ending
    shape: dict[str, Any] = {
        "ShardId": shard.shard_id,
        "HashKeyRange": hash_range(shard),
        "SequenceNumberRange": numbers,
    }
    for member, index in (("ParentShardId", shard.parent), ("AdjacentParentShardId", shard.adjacent)):
        if index is not None:
            shape[member] = f"shardId-{index:012d}"
    return shape


def hash_range(shard: Shard) -> dict[str, str]:
    """Return the shard's HashKeyRange, both ends included."""
    return {"StartingHashKey": str(shard.first_hash), "EndingHashKey": str(shard.last_hash)}


def _shape(state: State, stream: Stream) -> dict[str, Any]:
    shape = {
        "StreamName": stream.name,
        "StreamARN": state.arn(stream),
        "StreamStatus": stream.status(state.now_ms()),
        "StreamModeDetails": {"StreamMode": stream.mode},
        "RetentionPeriodHours": stream.retention_h,
        "StreamCreationTimestamp": stream.created_ms / 1000,
        "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
        "EncryptionType": "KMS" if stream.key_id else "NONE",
    }
    return {**shape, "KeyId": stream.key_id} if stream.key_id else shape


_BESIDE_TOKEN = ("StreamName", "StreamARN", "ExclusiveStartShardId", "StreamCreationTimestamp", "ShardFilter")
_TYPES = (
    "AFTER_SHARD_ID",
    "AT_TRIM_HORIZON",
    "FROM_TRIM_HORIZON",
    "AT_LATEST",
    "AT_TIMESTAMP",
    "FROM_TIMESTAMP",
)


def list_shards(state: State, request: Request) -> dict[str, Any]:
    """Return a page of shards, by id."""
    limit = min(integer(request, "MaxResults", 1, LIST_MAX, LIST_SHARDS), LIST_SHARDS)
    now_ms = state.now_ms()
    page = _page(state, request, now_ms)
    stream = state.named(page["stream"])
    chosen = _chosen(stream, page["filter"], now_ms)
    shards = [s for s in stream.live_shards(now_ms) if s.shard_id > page["after"] and chosen(s)]
    answer: dict[str, Any] = {"Shards": [shard_shape(shard) for shard in shards[:limit]]}
    if len(shards) > limit:
        answer["NextToken"] = iterators.issue_token({**page, "after": shards[limit - 1].shard_id}, now_ms)
    return answer


def _page(state: State, request: Request, now_ms: int) -> dict[str, Any]:
    token = optional_text(request, "NextToken", 1_048_576)
    if token is not None:
        for member in _BESIDE_TOKEN:
            if request.get(member) is not None:
                raise AwsError(
                    "InvalidArgumentException", f"NextToken and {member} cannot be provided together."
                )
        return iterators.redeem_token(token, now_ms)
    stream = state.stream(request)
    if request.get("StreamCreationTimestamp") is not None:
        _check_created(stream, timestamp_ms(request, "StreamCreationTimestamp"))
    return {
        "stream": stream.name,
        "after": optional_text(request, "ExclusiveStartShardId", 128, NAME) or "",
        "filter": _filter(request.get("ShardFilter")),
    }


def _filter(given: Any) -> dict[str, Any]:
    """Return {"type", and "after" or "ms" where the type needs one}."""
    if given is None:
        return {"type": "FROM_TRIM_HORIZON"}
    if not isinstance(given, dict):
        raise not_a("a structure", "ShardFilter")
    kind = choice(given, "Type", _TYPES)
    if kind == "AFTER_SHARD_ID":
        return {"type": kind, "after": text(given, "ShardId", 128, NAME)}
    if kind in {"AT_TIMESTAMP", "FROM_TIMESTAMP"}:
        return {"type": kind, "ms": timestamp_ms(given, "Timestamp")}
    return {"type": kind}


def _chosen(stream: Stream, shard_filter: dict[str, Any], now_ms: int) -> Callable[[Shard], bool]:
    kind = shard_filter["type"]
    horizon_ms = max(stream.horizon_ms(now_ms), stream.created_ms)
    if kind == "AFTER_SHARD_ID":
        after = str(shard_filter["after"])
        return lambda shard: shard.shard_id > after
    if kind == "AT_LATEST":
        return lambda shard: shard.closed_ms is None
    if kind == "FROM_TRIM_HORIZON":
        return lambda _: True
    at_ms = max(horizon_ms, shard_filter.get("ms", horizon_ms))
    if kind == "FROM_TIMESTAMP":
        return lambda shard: shard.closed_ms is None or shard.closed_ms >= at_ms
    return lambda shard: shard.opened_ms <= at_ms and (shard.closed_ms is None or shard.closed_ms >= at_ms)


def _check_created(stream: Stream, created_ms: int) -> None:
    # Whole seconds are compared: clients print the time of creation with different precision.
    if created_ms // 1000 != stream.created_ms // 1000:
        raise AwsError(
            "ResourceNotFoundException", f"Stream {stream.name} was not created at {created_ms / 1000}."
        )
