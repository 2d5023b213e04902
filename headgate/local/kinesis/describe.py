"""DescribeStream, DescribeStreamSummary, ListStreams, DescribeLimits: what there is.

Decides the shape of answers about streams and shards. Never changes anything.

Source: API Reference, the operation of the same name.
"""

from typing import Any

from headgate.local.kinesis import iterators, sequence
from headgate.local.kinesis.limits import (
    DESCRIBE_SHARDS,
    LIST_MAX,
    LIST_STREAMS,
    ON_DEMAND_STREAMS,
    SHARDS_PER_ACCOUNT,
)
from headgate.local.kinesis.state import State
from headgate.local.kinesis.stream import Shard, Stream
from headgate.local.kinesis.validate import NAME, Request, integer, optional_text
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
