"""The operations that make, unmake and set up a stream.

Decides which settings are valid and what changes with them. Never touches a record, except that a shorter
retention deletes what has expired and a deletion deletes all.

Source: API Reference, the operation of the same name.
"""

from typing import Any

from headgate.local.kinesis.limits import (
    ON_DEMAND_STREAMS,
    RECORD_MAX_KIB,
    RECORD_MIN_KIB,
    RETENTION_MAX_H,
    RETENTION_MIN_H,
    SHARDS_ON_DEMAND,
    SHARDS_PER_STREAM,
)
from headgate.local.kinesis.reshard import check_shard_limit
from headgate.local.kinesis.state import State
from headgate.local.kinesis.stream import Stream
from headgate.local.kinesis.tags import checked_tags
from headgate.local.kinesis.validate import NAME, Request, choice, integer, not_a, text
from headgate.local.wire import AwsError

_MODES = ("PROVISIONED", "ON_DEMAND")
_NOT_HERE = ("WarmThroughputMiBps", "RecordDistributionStrategy")


def create_stream(state: State, request: Request) -> dict[str, Any]:
    """Make a stream: provisioned with ShardCount shards, or on demand with four."""
    name = text(request, "StreamName", 128, NAME)
    mode = _mode(request) if request.get("StreamModeDetails") is not None else "PROVISIONED"
    for member in _NOT_HERE:
        if request.get(member) is not None:
            raise AwsError("InvalidArgumentException", f"{member} is not part of the local Kinesis.")
    if name in state.streams and _exists(state, name):
        raise AwsError("ResourceInUseException", f"Stream {name} under account {state.owner} already exists.")
    now_ms = state.now_ms()
    stream = Stream(name, now_ms, mode, record_bytes=_record_bytes(request, default_kib=RECORD_MIN_KIB))
    if request.get("Tags"):
        stream.tags = checked_tags(state, stream, request["Tags"])
    stream.start(_shard_count(state, request, mode), now_ms, state.next_number)
    state.save(stream, "CREATING")
    return {}


def delete_stream(state: State, request: Request) -> dict[str, Any]:
    """Delete a stream; with a transition's time it is DELETING first."""
    stream = Stream.of(state.stream(request).document())
    state.save(stream, "DELETING")
    _exists(state, stream.name)
    return {}


def increase_retention(state: State, request: Request) -> dict[str, Any]:
    """Lengthen the retention; what has expired already stays gone."""
    stream, hours = _retention(state, request)
    if hours < stream.retention_h:
        raise AwsError(
            "InvalidArgumentException",
            f"Requested retention period ({hours} hours) for stream {stream.name} can not be shorter than"
            f" existing retention period ({stream.retention_h} hours). Use DecreaseRetentionPeriod API.",
        )
    stream.retention_h = hours
    state.save(stream, "UPDATING")
    return {}


def decrease_retention(state: State, request: Request) -> dict[str, Any]:
    """Shorten the retention; older records are inaccessible at once."""
    stream, hours = _retention(state, request)
    if hours > stream.retention_h:
        raise AwsError(
            "InvalidArgumentException",
            f"Requested retention period ({hours} hours) for stream {stream.name} can not be longer than"
            f" existing retention period ({stream.retention_h} hours). Use IncreaseRetentionPeriod API.",
        )
    stream.retention_h = hours
    state.save(stream, "UPDATING")
    state.sweep(stream, state.now_ms(), every_ms=0)
    return {}


def update_stream_mode(state: State, request: Request) -> dict[str, Any]:
    """Switch between provisioned and on demand; the shards stay as they are."""
    text(request, "StreamARN", 2_048)
    stream = state.changing(request)
    stream.mode = _mode(request)
    state.save(stream, "UPDATING")
    return {}


def update_max_record_size(state: State, request: Request) -> dict[str, Any]:
    """Allow records of up to 10 MiB."""
    stream = state.changing(request)
    stream.record_bytes = _record_bytes(request)
    state.save(stream, "UPDATING")
    return {}


def start_encryption(state: State, request: Request) -> dict[str, Any]:
    """Note the key; the data on this disk stay as they are, the answers say EncryptionType KMS."""
    choice(request, "EncryptionType", ("KMS",))
    stream = state.changing(request)
    stream.key_id = text(request, "KeyId", 2_048)
    state.save(stream, "UPDATING")
    return {}


def stop_encryption(state: State, request: Request) -> dict[str, Any]:
    """Forget the key."""
    choice(request, "EncryptionType", ("KMS",))
    text(request, "KeyId", 2_048)
    stream = state.changing(request)
    stream.key_id = None
    state.save(stream, "UPDATING")
    return {}


def _exists(state: State, name: str) -> bool:
    try:
        state.named(name)
    except AwsError:
        return False
    return True


def _mode(request: Request) -> str:
    details = request.get("StreamModeDetails")
    if not isinstance(details, dict):
        raise not_a("a structure", "StreamModeDetails")
    return choice(details, "StreamMode", _MODES)


def _shard_count(state: State, request: Request, mode: str) -> int:
    if mode == "ON_DEMAND":
        if request.get("ShardCount") is not None:
            raise AwsError(
                "ValidationException", "ShardCount must not be given for a stream in ON_DEMAND mode."
            )
        if sum(stream.mode == mode for stream in state.streams.values()) >= ON_DEMAND_STREAMS:
            raise AwsError("LimitExceededException", f"More than {ON_DEMAND_STREAMS} on-demand streams.")
        return SHARDS_ON_DEMAND
    count = integer(request, "ShardCount", 1, SHARDS_PER_STREAM)
    check_shard_limit(state, count)
    return count


def _record_bytes(request: Request, default_kib: int | None = None) -> int:
    return integer(request, "MaxRecordSizeInKiB", RECORD_MIN_KIB, RECORD_MAX_KIB, default_kib) * 1024


def _retention(state: State, request: Request) -> tuple[Stream, int]:
    hours = integer(request, "RetentionPeriodHours", -(2**31), 2**31 - 1)
    if not RETENTION_MIN_H <= hours <= RETENTION_MAX_H:
        bound = f"Minimum allowed retention period is {RETENTION_MIN_H} hours"
        if hours > RETENTION_MAX_H:
            bound = f"Maximum allowed retention period is {RETENTION_MAX_H} hours"
        raise AwsError("InvalidArgumentException", f"{bound}. Requested retention period ({hours} hours).")
    # Under the old period first: a longer one does not bring back what has expired.
    state.sweep(state.stream(request), state.now_ms(), every_ms=0)
    return state.changing(request), hours
