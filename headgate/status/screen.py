"""The ledger as one screen, or as one JSON object.

Decides the layout only.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from headgate.readers.moments import shown
from headgate.readers.span import Span
from headgate.status.ledger import Accepted, Figures, Waiting
from headgate.terminal import BOLD, DIM, GREEN, RED, YELLOW, Printer, printable

_BLOCKS = " ▁▂▃▄▅▆▇█"
_COLUMNS = 60
_NUMBER = 12


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


def as_json(stage: str, span: Span, figures: Figures, errors: int, counts: Sequence[int]) -> bytes:
    """One line for a program."""
    value = {
        "stage": stage,
        "from": shown(span.from_s),
        "to": shown(span.to_s),
        "accepted": figures.accepted,
        "archived": figures.archived,
        "curated": figures.curated,
        "quarantined": dict(figures.quarantined),
        "dropped": dict(figures.dropped),
        "to_archive": _waiting(figures.to_archive),
        "to_transform": _waiting(figures.to_transform),
        "error_objects": errors,
        "balance": figures.balance,
        "arrivals": list(counts),
    }
    return orjson.dumps(value)


def draw(
    stage: str, span: Span, figures: Figures, errors: int, counts: Sequence[int], printer: Printer
) -> None:
    """Print the screen."""
    paint = printer.paint
    printer.text(
        f"{paint(f'stage {stage}', BOLD)}  {paint(f'{shown(span.from_s)} to {shown(span.to_s)}', DIM)}"
    )
    printer.text()
    printer.text(_row("accepted", figures.accepted) + paint(f"  {chart(counts)}", GREEN))
    printer.text(_row("archived", figures.archived) + _after(figures.to_archive, printer))
    printer.text(_row("curated", figures.curated) + _after(figures.to_transform, printer))
    printer.text(_row("quarantined", figures.quarantined.total()) + _reasons(figures.quarantined, printer))
    printer.text(_row("dropped", figures.dropped.total()) + _reasons(figures.dropped, printer))
    if errors:
        text = "objects of failed deliveries or batches (delivery-errors/, aws/lambda/)"
        printer.text(_row("errors", errors) + paint(f"  {text}", RED))
    printer.text()
    printer.text(_verdict(figures, printer))


def _verdict(figures: Figures, printer: Printer) -> str:
    sums = "accepted = archived + in flight = curated + quarantined + dropped + in flight"
    if figures.balance:
        return printer.paint(f"OUT BY {figures.balance:,}: lines are missing; trace one by its id", RED)
    flight = f", {figures.in_flight:,} in flight" if figures.in_flight else ""
    return printer.paint(f"balanced{flight}: {sums}", GREEN)


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
        "oldest_s": round(waiting.oldest_s, 3),
    }
