"""What a replay is going to do, counted before it does it, and how far it has come.

Decides the shapes only. Both are JSON, so that an interrupted replay goes on with the very same plan.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, Protocol

from headgate.readers.putting import Returning

Mark = dict[str, Any]


@dataclass(frozen=True)
class ReplayPlan:
    """Fixed once counted: what arrives later is not part of it, least of all what the replay itself puts.

    `ends`: of each shard, the last sequence number. `objects`: keys of the archive, in order.
    """

    records: int
    lines: int
    size_bytes: int
    ends: dict[str, str] = field(default_factory=dict)
    objects: list[str] = field(default_factory=list)
    copies: int = 0  # records left out, because one with the same id and bytes is among `records`

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


class Portion(NamedTuple):
    """Some records, and the mark from which to go on when they are acknowledged."""

    records: list[Returning]
    mark: Mark


class Source(Protocol):
    """Where a replay reads."""

    def count(self) -> ReplayPlan:
        """Read everything once. Raises ReaderError."""
        ...

    def portions(self, plan: ReplayPlan, mark: Mark | None) -> Iterator[Portion]:
        """What the plan holds after the mark, in order."""
        ...
