"""Quarantined lines by code: how many, since when, until when, how many are back, and one example.

Decides the figures of `quarantine ls`.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import orjson

from headgate.quarantine.bad_lines import BadLine
from headgate.quarantine.journal import Journal
from headgate.terminal import Printer


@dataclass
class Group:
    """The lines of one code; times as the envelope has them."""

    code: str
    lines: int = 0
    back: int = 0
    first: str = ""
    last: str = ""
    example: str = ""


def by_code(lines: Iterable[BadLine], journal: Journal) -> list[Group]:
    """The groups, the largest first."""
    groups: dict[str, Group] = {}
    for line in lines:
        fields = line.fields
        group = groups.setdefault(fields["code"], Group(fields["code"], example=fields["message"]))
        group.lines += 1
        group.back += journal.is_back(line)
        group.first = min(group.first or fields["received_at"], fields["received_at"])
        group.last = max(group.last, fields["received_at"])
    return sorted(groups.values(), key=lambda group: (-group.lines, group.code))


def print_groups(groups: list[Group], printer: Printer) -> None:
    """A table, or one JSON line per group."""
    if not printer.is_terminal:
        for group in groups:
            printer.data(orjson.dumps(asdict(group)))
        return
    rows = [[g.code, f"{g.lines:,}", f"{g.back:,}", g.first, g.last, g.example] for g in groups]
    printer.table([["CODE", "LINES", "BACK", "FIRST", "LAST", "EXAMPLE"], *rows], right=(1, 2))
