"""`--dry-run`: the first requests as they would go out, secrets hidden. It sends and writes nothing."""

from collections.abc import Iterable

from headgate.send.batches import RequestBatch
from headgate.send.options import SendOptions
from headgate.send.rows import BadRow
from headgate.terminal import Printer, printable

REQUESTS = 3
LINES = 3  # of each body
_LINE_MAX_CHARS = 500


def preview(batches: Iterable[RequestBatch | BadRow], options: SendOptions, printer: Printer) -> None:
    """Show the first requests and the rows that were refused on the way to them."""
    shown = 0
    for batch in batches:
        if isinstance(batch, BadRow):
            printer.note(
                f"row {batch.number} (line {batch.line}) would be rejected: {batch.code}: {batch.message}"
            )
            continue
        printer.text(printable(_request(batch, options), keep="\n"))
        shown += 1
        if shown == REQUESTS:
            break
    printer.note("dry run: nothing was sent" if shown else "dry run: there is nothing to send")


def _request(batch: RequestBatch, options: SendOptions) -> str:
    target = options.target.checking() if options.check else options.target
    body = batch.body
    lines = [f"POST {target.shown}", f"Content-Type: {batch.content_type}", f"Idempotency-Key: {batch.key}"]
    lines += [f"{name}: {value}" for name, value in target.shown_headers()]
    lines.append("")
    for row in batch.rows[:LINES]:
        text = row.event.decode("utf-8", "backslashreplace")
        lines.append(text[:_LINE_MAX_CHARS] + ("…" if len(text) > _LINE_MAX_CHARS else ""))
    if (rest := len(batch.rows) - LINES) > 0:
        lines.append(f"… {rest:,} more events; {len(body):,} bytes in all")
    return "\n".join([*lines, ""])
