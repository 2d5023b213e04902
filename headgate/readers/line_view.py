"""One JSON line of a reading command as a person sees it on a terminal.

Decides the columns: time, type, shard or object, and the event as it was sent. Never sees a pipe.
"""

from headgate.readers.lines import content_of, fields_of
from headgate.terminal import CYAN, DIM, RED, Printer, printable

_TIME = slice(0, 23)  # 2026-10-01T05:00:00.000
_TYPE_CHARS = 14
_SHARD_DIGITS = 3


def show(row: bytes, printer: Printer) -> str:
    """One line of text."""
    fields = fields_of(row)
    text = printable(content_of(row).decode("utf-8", "backslashreplace"))
    if "object" in fields:
        where = f"{fields['object'].rpartition('/')[2]}:{fields['line_number']}"
        return f"{printer.paint(printable(where), DIM)}  {text}"
    time = printer.paint(str(fields.get("received_at", ""))[_TIME].replace("T", " "), DIM)
    shard = printer.paint(_shard(str(fields.get("shard_id", ""))), DIM)
    if "code" in fields:
        reason = printer.paint(f"{fields['code']}: {printable(fields['message'])}", RED)
        return f"{time}  {shard}  {reason}  {text}"
    kind = printable(fields.get("type") or "-")
    return f"{time}  {shard}  {printer.paint(kind.ljust(_TYPE_CHARS), CYAN)}  {text}"


def _shard(shard_id: str) -> str:
    """The number of a shard, short and aligned."""
    return shard_id.rpartition("-")[2].lstrip("0").rjust(_SHARD_DIGITS, "0")
