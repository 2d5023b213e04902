"""The ledger as one screen, or as one JSON object.

Decides the layout only.
"""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

import orjson

from headgate.readers.moments import for_people, shown
from headgate.readers.span import Span
from headgate.status.ledger import Accepted, Figures, Waiting
from headgate.terminal import BOLD, DIM, GREEN, RED, YELLOW, Printer, printable

_BLOCKS = " ▁▂▃▄▅▆▇█"
_COLUMNS = 60
_NUMBER = 12
_INDENT = 2 + _NUMBER + _NUMBER + 2  # where the text behind a number begins
_SHOWN_IDS = 5
_NARROW = 100  # columns below which the verdict leaves the sums out


def buckets(lines: Sequence[Accepted], span: Span, columns: int = _COLUMNS) -> list[int]:
    """How many lines arrived in each of `columns` equal parts of the span."""
    counts = [0] * columns
    width_s = (span.to_s - span.from_s) / columns
    for line in lines:
        counts[min(int((line.arrival_s - span.from_s) / width_s), columns - 1)] += 1
    return counts


def chart(counts: Sequence[int]) -> str:
    """One character for each count; what is not zero is never blank."""
    top = max(counts, default=0)
    return "".join(_BLOCKS[-(-count * (len(_BLOCKS) - 1) // top) if top else 0] for count in counts)


class Screen(NamedTuple):
    """What one look has found; `errors` counts failed deliveries, `foreign` the lines of others."""

    stage: str
    span: Span
    figures: Figures
    lines: Sequence[Accepted]
    errors: int = 0
    foreign: int = 0
    zone: tzinfo | None = None  # of the times on a terminal; None is UTC

    def counts(self, columns: int = _COLUMNS) -> list[int]:
        """Return how many lines arrived in each of `columns` equal parts of the span."""
        return buckets(self.lines, self.span, columns)


def as_json(screen: Screen) -> bytes:
    """Return one line for a program."""
    figures = screen.figures
    value = {
        "stage": screen.stage,
        "from": shown(screen.span.from_s),
        "to": shown(screen.span.to_s),
        "accepted": figures.accepted,
        "archived": figures.archived,
        "curated": figures.curated,
        "quarantined": dict(figures.quarantined),
        "dropped": dict(figures.dropped),
        "to_archive": _waiting(figures.to_archive),
        "to_transform": _waiting(figures.to_transform),
        "error_objects": screen.errors,
        "foreign_lines": screen.foreign,
        "balance": figures.balance,
        "arrivals": screen.counts(),
    }
    return orjson.dumps(value)


def draw(screen: Screen, printer: Printer) -> None:
    """Print the screen."""
    paint, figures = printer.paint, screen.figures
    span = f"{for_people(screen.span.from_s, screen.zone)} to {for_people(screen.span.to_s, screen.zone)}"
    printer.text(f"{paint(f'stage {screen.stage}', BOLD)}  {paint(span, DIM)}")
    printer.text()
    counts = screen.counts(min(_COLUMNS, max(printer.width - _INDENT, 1)))
    printer.text(_row("accepted", figures.accepted) + paint(f"  {chart(counts)}", GREEN))
    printer.text(_row("archived", figures.archived) + _after(figures.to_archive, printer))
    printer.text(_row("curated", figures.curated) + _after(figures.to_transform, printer))
    printer.text(_row("quarantined", figures.quarantined.total()) + _reasons(figures.quarantined, printer))
    printer.text(_row("dropped", figures.dropped.total()) + _reasons(figures.dropped, printer))
    if screen.errors:
        text = "objects of failed deliveries (delivery-errors/, aws/lambda/)"
        printer.text(_row("errors", screen.errors) + paint(f"  {text}", RED))
    if screen.foreign:
        printer.text(
            _row("foreign", screen.foreign) + paint("  not written by Headgate; not counted", YELLOW)
        )
    printer.text()
    _missing(figures, printer)
    printer.text(_verdict(figures, printer))


def _missing(figures: Figures, printer: Printer) -> None:
    """Name the missing lines, the oldest first."""
    for place, waiting in (("raw-data/", figures.to_archive), ("curated/", figures.to_transform)):
        for event_id in waiting.missing_ids[:_SHOWN_IDS]:
            printer.text(printer.paint(f"  missing in {place.ljust(9)} {printable(event_id)}", RED))
        if (more := waiting.missing - _SHOWN_IDS) > 0:
            printer.text(printer.paint(f"  missing in {place.ljust(9)} and {more:,} more", RED))


def _verdict(figures: Figures, printer: Printer) -> str:
    if figures.balance:
        noun = "line is" if figures.balance == 1 else "lines are"
        return printer.paint(f"OUT BY {figures.balance:,}: {noun} missing; trace one by its id", RED)
    flight = f", {figures.in_flight:,} in flight" if figures.in_flight else ""
    sums = "accepted = archived + in flight = curated + quarantined + dropped + in flight"
    return printer.paint(f"balanced{flight}{f': {sums}' if printer.width >= _NARROW else ''}", GREEN)


def _row(name: str, number: int) -> str:
    return f"  {name.ljust(_NUMBER)}{number:>{_NUMBER},}"


def _after(waiting: Waiting, printer: Printer) -> str:
    text = ""
    if waiting.in_flight:
        text += printer.paint(f"  {waiting.in_flight:,} on the stream", YELLOW)
    if waiting.missing:
        text += printer.paint(f"  {waiting.missing:,} MISSING", RED)
    return f"{text}, oldest {waiting.oldest_s:,.0f} s" if text else ""


def _reasons(counts: Any, printer: Printer) -> str:
    text = "  ".join(f"{printable(reason)} {count:,}" for reason, count in counts.most_common(4))
    return printer.paint(f"  {text}", YELLOW) if text else ""


def _waiting(waiting: Waiting) -> dict[str, Any]:
    return {
        "in_flight": waiting.in_flight,
        "missing": waiting.missing,
        "missing_ids": waiting.missing_ids,
        "oldest_s": round(waiting.oldest_s, 3),
    }
