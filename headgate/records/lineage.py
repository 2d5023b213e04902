"""Parents and children of a stream's shards: which shard may be read now.

Decides from a list of shards and the checkpoints alone. Never calls AWS; the reader asks it before each poll.

Source: Kinesis developer guide, "Resharding": records of a parent come before those of its children, and a
parent that has expired is no longer listed, though its children still name it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from headgate.records.model import SHARD_END


class Shard(NamedTuple):
    """One entry of ListShards, reduced to what the order of reading needs."""

    shard_id: str
    parents: tuple[str, ...]
    closed: bool


def parse_shard(entry: Mapping[str, Any]) -> Shard:
    """Reduce an entry of ListShards. A merged shard has two parents, a split one has one."""
    named = (entry.get("ParentShardId"), entry.get("AdjacentParentShardId"))
    closed = entry["SequenceNumberRange"].get("EndingSequenceNumber") is not None
    return Shard(entry["ShardId"], tuple(parent for parent in named if parent), closed)


def unfinished(shards: Mapping[str, Shard], checkpoints: Mapping[str, str]) -> list[Shard]:
    """Return the listed shards that are not read to their end."""
    return [shard for shard in shards.values() if checkpoints.get(shard.shard_id) != SHARD_END]


def startable(shards: Mapping[str, Shard], checkpoints: Mapping[str, str]) -> list[str]:
    """Return the shards whose parents are done or gone; one that has a checkpoint was started before."""

    def is_free(shard: Shard) -> bool:
        return shard.shard_id in checkpoints or all(
            parent not in shards or checkpoints.get(parent) == SHARD_END for parent in shard.parents
        )

    return [shard.shard_id for shard in unfinished(shards, checkpoints) if is_free(shard)]


def is_missing_children(shards: Mapping[str, Shard], ended: Iterable[str]) -> bool:
    """Say whether a shard that has ended has no child in the list: the list is then older than the end."""
    named = {parent for shard in shards.values() for parent in shard.parents}
    return any(shard_id in shards and shard_id not in named for shard_id in ended)


def waiting_for(shards: Mapping[str, Shard], left_out: Iterable[str]) -> set[str]:
    """Return the shards that are left out and all that cannot be read without them: their descendants."""
    out = set(left_out)
    while more := {each.shard_id for each in shards.values() if out.intersection(each.parents)} - out:
        out |= more
    return out
