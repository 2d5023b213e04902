"""PutRecord and PutRecords: validate, find the shard, throttle, write, acknowledge.

Decides what a valid record is and which record gets which sequence number. Never acknowledges before the
store has committed. Hashing and decoding happen outside the lock, so that other writers go on meanwhile.

Source: API Reference, PutRecord and PutRecords; Developer Guide, "Handle large records".
"""

from binascii import a2b_base64
from hashlib import md5
from typing import Any, NamedTuple

from headgate.local.kinesis import sequence
from headgate.local.kinesis.limits import LAST_HASH_KEY, PARTITION_KEY_CHARS, PUT_BYTES, PUT_RECORDS
from headgate.local.kinesis.state import State
from headgate.local.kinesis.store import StoredRecord, row_id
from headgate.local.kinesis.stream import Shard, Stream
from headgate.local.kinesis.validate import (
    HASH_KEY,
    SEQUENCE_NUMBER,
    Request,
    listed,
    not_a,
    optional_text,
    refusal,
    text,
)
from headgate.local.wire import AwsError

_THROTTLED = "ProvisionedThroughputExceededException"


class _Record(NamedTuple):
    partition_key: str
    data: bytes
    hash_key: int
    size_bytes: int


def put_record(state: State, request: Request) -> dict[str, Any]:
    """Write one record. Raises ProvisionedThroughputExceededException when its shard is throttled."""
    stream = _stream(state, request)
    record = _record(request, stream.record_bytes, "")
    _check_ordering(request)
    ((shard, number),) = _write(state, stream, [record], dry_run=request.get("DryRun") is True)
    if number is None:
        raise AwsError(_THROTTLED, _throttled(state, stream, shard))
    return {"ShardId": shard.shard_id, "SequenceNumber": number, **_encryption(stream)}


def put_records(state: State, request: Request) -> dict[str, Any]:
    """Write up to 500 records; each that its shard throttles is answered by an ErrorCode of its own."""
    stream = _stream(state, request)
    entries = listed(request, "Records", 1, PUT_RECORDS)
    limit_bytes = stream.record_bytes
    records = [_record(entry, limit_bytes, f"records.{at}.member.") for at, entry in enumerate(entries, 1)]
    if sum(record.size_bytes for record in records) > PUT_BYTES:
        raise AwsError("InvalidArgumentException", "Records size exceeds 10 MB limit")
    written = _write(state, stream, records, dry_run=request.get("DryRun") is True)
    answers = [
        (
            {"SequenceNumber": number, "ShardId": shard.shard_id}
            if number is not None
            else {"ErrorCode": _THROTTLED, "ErrorMessage": _throttled(state, stream, shard)}
        )
        for shard, number in written
    ]
    failed = sum(number is None for _, number in written)
    return {"FailedRecordCount": failed, "Records": answers, **_encryption(stream)}


def _stream(state: State, request: Request) -> Stream:
    with state.lock:
        return state.usable(request)


def _record(entry: Any, limit_bytes: int, where: str) -> _Record:
    if not isinstance(entry, dict):
        raise not_a("a structure", f"{where}record")
    key, data = entry.get("PartitionKey"), entry.get("Data")
    if not (isinstance(key, str) and 0 < len(key) <= PARTITION_KEY_CHARS and isinstance(data, str)):
        raise _member_refusal(entry, where)
    try:
        blob = a2b_base64(data, strict_mode=True)
        utf8 = key.encode()
    except ValueError:
        raise not_a("base64 data beside a key of Unicode text", f"{where}Data") from None
    size_bytes = len(blob) + len(utf8)
    if size_bytes > limit_bytes:
        raise refusal("", f"{where}data", f"Member must have length less than or equal to {limit_bytes}")
    explicit = entry.get("ExplicitHashKey")
    if explicit is None:
        return _Record(key, blob, int.from_bytes(md5(utf8, usedforsecurity=False).digest()), size_bytes)
    return _Record(key, blob, _explicit(entry, where), size_bytes)


def _explicit(entry: Request, where: str) -> int:
    hash_key = int(
        text({f"{where}ExplicitHashKey": entry["ExplicitHashKey"]}, f"{where}ExplicitHashKey", 39, HASH_KEY)
    )
    if hash_key > LAST_HASH_KEY:
        raise AwsError(
            "InvalidArgumentException",
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value"
            f" was {hash_key}",
        )
    return hash_key


def _member_refusal(entry: Request, where: str) -> AwsError:
    members = {f"{where}{member}": entry.get(member) for member in ("PartitionKey", "Data")}
    text(members, f"{where}PartitionKey", PARTITION_KEY_CHARS)
    if members[f"{where}Data"] is None:
        return refusal("null", f"{where}data", "Member must not be null")
    return not_a("base64 data", f"{where}Data")


def _check_ordering(request: Request) -> None:
    # Numbers of one shard grow with every record anyway, and a child's are above its parents'.
    number = optional_text(request, "SequenceNumberForOrdering", 129, SEQUENCE_NUMBER)
    if number is not None:
        try:
            sequence.parse(number)
        except ValueError:
            raise AwsError(
                "InvalidArgumentException", f"SequenceNumberForOrdering {number} is not a sequence number."
            ) from None


def _write(
    state: State, stream: Stream, records: list[_Record], *, dry_run: bool
) -> list[tuple[Shard, str | None]]:
    """Return each record's shard and sequence number, in order; None for one that was throttled."""
    rows: list[StoredRecord] = []
    written: list[tuple[Shard, str | None]] = []
    with state.lock:
        stream = state.named(stream.name)
        now_s = state.clock()
        now_ms = int(now_s * 1000)
        state.sweep(stream, now_ms)
        if dry_run:
            raise AwsError("DryRunOperationException", "The request would have succeeded; DryRun is set.")
        ahead: dict[int, int] = {}
        for record in records:
            shard = stream.shard_of(record.hash_key)
            if not state.throttle.admit_put(shard.number, record.size_bytes, now_s):
                written.append((shard, None))
                continue
            position = shard.next_position + ahead.get(shard.index, 0)
            ahead[shard.index] = ahead.get(shard.index, 0) + 1
            # Arrivals never go back inside a shard, whatever the clock does: AT_TIMESTAMP searches by halves.
            arrival_ms = max(now_ms, shard.last_arrival_ms)
            rows.append(
                StoredRecord(row_id(shard.number, position), arrival_ms, record.partition_key, record.data)
            )
            written.append((shard, sequence.number(shard.sequence_base, position, arrival_ms // 1000)))
        if rows:
            state.store.append(rows)
            _advance(stream, ahead, now_ms)
    return written


def _advance(stream: Stream, ahead: dict[int, int], now_ms: int) -> None:
    for index, count in ahead.items():
        shard = stream.shards[index]
        shard.last_arrival_ms = max(now_ms, shard.last_arrival_ms)
        if shard.first_position == shard.next_position:
            shard.first_arrival_ms = shard.last_arrival_ms
        shard.next_position += count


def _throttled(state: State, stream: Stream, shard: Shard) -> str:
    return f"Rate exceeded for shard {shard.shard_id} in stream {stream.name} under account {state.owner}."


def _encryption(stream: Stream) -> dict[str, str]:
    return {"EncryptionType": "KMS"} if stream.key_id else {}
