"""Packs lines into records, so that the services' rounding is not paid for once per line.

Deterministic: the same lines give the same records. Never cuts a line and never mixes ordering keys. Used by
ingest and by the transform's curated writer; its rules of keys and ids also by the agent and the readers.

Source: Firehose bills a record in steps of 5 KB, Kinesis in steps of 25 KB (provisioned) or 1 KB (on-demand).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

KEY_MARK = "hg1:"  # begins the partition key of every record that a producer of ours writes; 1 is its version


@dataclass(slots=True)
class Pack:
    """One record to be: its lines, each ending in a line feed, and where they came from."""

    ordering_key: str | None
    indexes: list[int] = field(default_factory=list)  # of the lines, in the order of the input
    lines: list[bytes] = field(default_factory=list)
    size_bytes: int = 0

    @property
    def data(self) -> bytes:
        """Return the record's bytes."""
        return b"".join(self.lines)


def pack(lines: Iterable[tuple[bytes, str | None]], pack_bytes: int) -> list[Pack]:
    """Return records of at most `pack_bytes`, by their first lines; a longer line has one of its own.

    `lines` are (line with its line feed, ordering key); `pack_bytes` 0 gives one record per line.
    """
    packs: list[Pack] = []
    open_packs: dict[str | None, Pack] = {}
    for index, (line, key) in enumerate(lines):
        current = open_packs.get(key)
        if current is None or current.size_bytes + len(line) > pack_bytes:
            current = open_packs[key] = Pack(key)
            packs.append(current)
        current.indexes.append(index)
        current.lines.append(line)
        current.size_bytes += len(line)
    return packs


def partition_key(record_id: str) -> str:
    """Return the partition key under which a producer of ours writes the record with this id."""
    return KEY_MARK + record_id


def record_event_id(key: str | None, shard_id: str, sequence_number: str) -> str:
    """Return a record's event id: what stands behind our mark, else a name made of the record's place.

    The key of a foreign producer's record (no mark, nothing behind it, or no key at all) says nothing:
    `<shard id>:<sequence number>` is unique, and the same whenever the record is delivered again. Only one
    mark is taken away, so an Idempotency-Key that begins with the mark comes back as it was sent.

    Source: Kinesis, Record (`PartitionKey` is optional); Lambda's `eventID` has the same form.
    """
    if key is not None and key.startswith(KEY_MARK) and len(key) > len(KEY_MARK):
        return key[len(KEY_MARK) :]
    return f"{shard_id}:{sequence_number}"


def user_record_id(record_id: str, number: int) -> str:
    """Return the id of a user record, counted from 0, of the KPL-aggregated record with this id."""
    return f"{record_id}.{number}"


def event_id(record_id: str, line_number: int) -> str:
    """Return the id of a line, counted from 1: the record's id, with `#<line>` from the second line on."""
    return record_id if line_number == 1 else f"{record_id}#{line_number}"


def explicit_hash_key(ordering_key: str) -> str:
    """Return the hash key, which chooses the shard, that a partition key of this text would have."""
    digest = hashlib.md5(ordering_key.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return str(int.from_bytes(digest, "big"))
