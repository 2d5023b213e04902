"""The ledger: every accepted line is archived, and curated, quarantined or dropped; or it is in flight.

Decides what counts as what (DESIGN I1). Pure: gather.py reads, this adds up. Nothing is estimated: a line is
archived when its bytes are in the archive, curated or quarantined when its id is, with its sequence number.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

MISSING_IDS = 20
"""How many missing lines are named; `trace` takes one, and more say nothing new."""

Identity = tuple[str, str]
"""Sequence number and event id: one line of one record, however many copies of it lie in objects."""


class Accepted(NamedTuple):
    """One line on the stream; a blank one is no event and is dropped without a note."""

    identity: Identity
    arrival_s: float
    # Of its lines in the archive: one; none for a blank line; more for a broken aggregated record.
    digests: tuple[bytes, ...]
    is_blank: bool = False


class Held(NamedTuple):
    """What lies in the bucket: how often each digest is in the archive, and where each line has ended."""

    archive: Mapping[bytes, int]
    curated: set[Identity]
    quarantine: Mapping[Identity, str]  # with its code
    dropped: Mapping[Identity, str]  # with the hook's reason


class Late(NamedTuple):
    """How old a line may be before it is missing, seconds: for the archive, and for the transform's side."""

    archive_s: float
    curated_s: float


@dataclass
class Waiting:
    """Lines that have not arrived at one place yet."""

    in_flight: int = 0
    missing: int = 0
    oldest_s: float = 0.0  # age of the oldest of both
    missing_ids: list[str] = field(default_factory=list)  # the oldest first, at most MISSING_IDS of them

    def add(self, event_id: str, age_s: float, late_s: float) -> None:
        """Count one more line."""
        self.oldest_s = max(self.oldest_s, age_s)
        if age_s > late_s:
            self.missing += 1
            if len(self.missing_ids) < MISSING_IDS:
                self.missing_ids.append(event_id)
        else:
            self.in_flight += 1


@dataclass
class Figures:
    """The sums of a time range."""

    accepted: int = 0
    archived: int = 0
    curated: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)  # by code
    dropped: Counter[str] = field(default_factory=Counter)  # by reason
    to_archive: Waiting = field(default_factory=Waiting)
    to_transform: Waiting = field(default_factory=Waiting)

    @property
    def balance(self) -> int:
        """What the ledger is out by: 0 when no line is missing."""
        return self.to_archive.missing + self.to_transform.missing

    @property
    def in_flight(self) -> int:
        """Lines that are not everywhere yet, and are not late."""
        return max(self.to_archive.in_flight, self.to_transform.in_flight)


def add_up(lines: Iterable[Accepted], held: Held, now_s: float, late: Late) -> Figures:
    """The figures of these lines."""
    figures = Figures()
    left = dict(held.archive)
    # Of several lines with the same bytes the oldest ones are those that have been archived.
    for line in sorted(lines, key=lambda line: line.arrival_s):
        age_s = max(now_s - line.arrival_s, 0.0)
        figures.accepted += 1
        if all(left.get(digest, 0) > 0 for digest in line.digests):
            for digest in line.digests:
                left[digest] -= 1
            figures.archived += 1
        else:
            figures.to_archive.add(line.identity[1], age_s, late.archive_s)
        if line.identity in held.curated:
            figures.curated += 1
        elif line.identity in held.quarantine:
            figures.quarantined[held.quarantine[line.identity]] += 1
        elif line.is_blank:
            figures.dropped["BlankLine"] += 1
        elif line.identity in held.dropped:
            figures.dropped[held.dropped[line.identity]] += 1
        else:
            figures.to_transform.add(line.identity[1], age_s, late.curated_s)
    return figures
