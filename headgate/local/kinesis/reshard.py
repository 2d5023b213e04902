"""SplitShard, MergeShards, UpdateShardCount.

Decides when a reshard is allowed; what it makes is the stream's business. A reshard takes effect with the
answer: the record after it is in a child. UPDATING lasts for the transition's time and changes nothing but
the status.

Source: API Reference, the operation of the same name, with its default limits.
"""

from typing import Any

from headgate.local.kinesis.limits import DAY_MS, RESCALES_PER_DAY, SHARDS_PER_ACCOUNT, SHARDS_PER_STREAM
from headgate.local.kinesis.state import State
from headgate.local.kinesis.stream import Shard, Stream
from headgate.local.kinesis.validate import HASH_KEY, NAME, Request, choice, integer, text
from headgate.local.wire import AwsError


def split_shard(state: State, request: Request) -> dict[str, Any]:
    """Divide a shard in two at NewStartingHashKey."""
    stream = _provisioned(state, request, "SplitShard")
    shard = _open(state, stream, text(request, "ShardToSplit", 128, NAME))
    first_hash = int(text(request, "NewStartingHashKey", 39, HASH_KEY))
    if not shard.first_hash + 1 < first_hash < shard.last_hash:
        raise AwsError(
            "InvalidArgumentException",
            f"NewStartingHashKey {first_hash} used in SplitShard() on shard {shard.shard_id} in stream"
            f" {stream.name} under account {state.owner} is not both greater than one plus the shard's"
            f" StartingHashKey {shard.first_hash} and less than the shard's EndingHashKey {shard.last_hash}.",
        )
    check_shard_limit(state, 1)
    stream.split(shard, first_hash, state.now_ms(), state.next_number)
    state.save(stream, "UPDATING")
    return {}


def merge_shards(state: State, request: Request) -> dict[str, Any]:
    """Join two neighbours into one."""
    stream = _provisioned(state, request, "MergeShards")
    shard = _open(state, stream, text(request, "ShardToMerge", 128, NAME))
    adjacent = _open(state, stream, text(request, "AdjacentShardToMerge", 128, NAME))
    low, high = sorted((shard, adjacent), key=lambda one: one.first_hash)
    if low.last_hash + 1 != high.first_hash:
        raise AwsError(
            "InvalidArgumentException",
            f"Shards {shard.shard_id} and {adjacent.shard_id} in stream {stream.name} under account"
            f" {state.owner} are not an adjacent pair of shards eligible for merging",
        )
    stream.merge(shard, adjacent, state.now_ms(), state.next_number)
    state.save(stream, "UPDATING")
    return {}


def update_shard_count(state: State, request: Request) -> dict[str, Any]:
    """Rescale to TargetShardCount equal shards: at most double or half, ten times in 24 hours."""
    stream = _provisioned(state, request, "UpdateShardCount")
    target = integer(request, "TargetShardCount", 1, SHARDS_PER_STREAM)
    choice(request, "ScalingType", ("UNIFORM_SCALING",))
    current = len(stream.open_shards)
    _check_scale(current, target)
    check_shard_limit(state, target - current)
    now_ms = state.now_ms()
    stream.rescaled_ms = [at for at in stream.rescaled_ms if at > now_ms - DAY_MS]
    if len(stream.rescaled_ms) >= state.throttle.rescales_per_day:
        raise AwsError(
            "LimitExceededException",
            f"UpdateShardCount was called {RESCALES_PER_DAY} times on stream {stream.name} in the last 24"
            " hours.",
        )
    stream.rescaled_ms.append(now_ms)
    stream.rescale(target, now_ms, state.next_number)
    state.save(stream, "UPDATING")
    return {
        "StreamName": stream.name,
        "StreamARN": state.arn(stream),
        "CurrentShardCount": current,
        "TargetShardCount": target,
    }


def check_shard_limit(state: State, more: int) -> None:
    """Raise LimitExceededException when the account may not have `more` shards in addition."""
    used = sum(len(stream.open_shards) for stream in state.streams.values() if stream.mode == "PROVISIONED")
    if used + more > SHARDS_PER_ACCOUNT:
        raise AwsError(
            "LimitExceededException",
            f"This request would exceed the shard limit for the account {state.owner} in {state.region}."
            f" Current shard count for the account: {used}. Limit: {SHARDS_PER_ACCOUNT}. Number of additional"
            f" shards that would have resulted from this request: {more}.",
        )


def _provisioned(state: State, request: Request, operation: str) -> Stream:
    stream = state.changing(request)
    if stream.mode != "PROVISIONED":
        raise AwsError(
            "ValidationException",
            f"Request is invalid: {operation} is not supported for stream {stream.name} in ON_DEMAND mode.",
        )
    return stream


def _open(state: State, stream: Stream, shard_id: str) -> Shard:
    shard = state.shard(stream, shard_id)
    if shard.closed_ms is not None:
        raise AwsError(
            "InvalidArgumentException",
            f"Shard {shard_id} in stream {stream.name} under account {state.owner} has already been merged or"
            " split, and thus is not eligible for merging or splitting.",
        )
    return shard


def _check_scale(current: int, target: int) -> None:
    if target > current * 2:
        direction, bound = "up over double", current * 2
    elif target < current / 2:
        direction, bound = "down below half", (current + 1) // 2
    else:
        return
    raise AwsError(
        "InvalidArgumentException",
        f"UpdateShardCount cannot scale {direction} your current open shard count. Current open shard count:"
        f" {current} Target shard count: {target} (limit {bound})",
    )
