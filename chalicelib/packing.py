"""Packs lines into records, so that the services' rounding is not paid for once per line.

Deterministic: the same lines give the same records. Never cuts a line and never mixes ordering keys. Used by
ingest and by the transform's curated writer; its two rules of keys also by the agent and the readers.

Source: Firehose bills a record in steps of 5 KB, Kinesis in steps of 25 KB (provisioned) or 1 KB (on-demand).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pack:
    """One record to be: its lines, each ending in a line feed, and where they came from."""

    ordering_key: str | None
    indexes: list[int] = field(default_factory=list)  # of the lines, in the order of the input
    lines: list[bytes] = field(default_factory=list)
    size_bytes: int = 0

    @property
    def data(self) -> bytes:
        """The record's bytes."""
        return b"".join(self.lines)


def pack(lines: Iterable[tuple[bytes, str | None]], pack_bytes: int) -> list[Pack]:
    """Records of at most `pack_bytes`, in the order of their first lines; a longer line is alone in its own.

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


def event_id(partition_key: str, line_number: int) -> str:
    """The id of a record's line, counted from 1: the partition key, with `#<line>` from the second on."""
    return partition_key if line_number == 1 else f"{partition_key}#{line_number}"


def explicit_hash_key(ordering_key: str) -> str:
    """The place in the hash range, and so the shard, that a partition key of this text would have."""
    digest = hashlib.md5(ordering_key.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return str(int.from_bytes(digest, "big"))
