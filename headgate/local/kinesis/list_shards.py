"""ListShards: the shards of a stream, filtered and in pages.

Decides which shards a ShardFilter names. Never changes anything. A NextToken alone is enough, since it
carries stream and filter: clients page that way, and moto and ministack fail on it.

Source: API Reference, ListShards, ShardFilter.
"""

from collections.abc import Callable
from typing import Any

from headgate.local.kinesis import iterators
from headgate.local.kinesis.describe import shard_shape
from headgate.local.kinesis.limits import LIST_MAX, LIST_SHARDS
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
