"""One JSON line of a reading command as a person sees it on a terminal.

Decides the columns: time, type, shard or object, and the event as it was sent. Never sees a pipe.
"""

from datetime import tzinfo

from headgate.readers.errors import DamagedLineError
from headgate.readers.lines import content_of, fields_of
from headgate.readers.moments import for_people, parse_shown
from headgate.terminal import CYAN, DIM, RED, Printer, columns_of, fit, printable

_TYPE_CHARS = 14
_SHARD_DIGITS = 3


def show(row: bytes, printer: Printer, zone: tzinfo | None = None) -> str:
    """Return one line of text; a line that is not the transform's is shown as it is."""
    try:
        fields = fields_of(row)
        text = printable(content_of(row).decode("utf-8", "backslashreplace"))
    except DamagedLineError:
        return printable(row.decode("utf-8", "backslashreplace"))
    if "object" in fields:
        where = f"{str(fields['object']).rpartition('/')[2]}:{fields.get('line_number')}"
        return f"{printer.paint(printable(where), DIM)}  {text}"
    time = printer.paint(_time(str(fields.get("received_at", "")), zone), DIM)
    shard = printer.paint(_shard(str(fields.get("shard_id", ""))), DIM)
    if reason := fields.get("code") or fields.get("reason"):
        said = f"{printable(str(reason))}: {printable(str(fields.get('message', '')))}".removesuffix(": ")
        return f"{time}  {shard}  {printer.paint(said, RED)}  {text}"
    kind = printable(str(fields.get("type") or "-"))
    return f"{time}  {shard}  {printer.paint(fit(kind, max(_TYPE_CHARS, columns_of(kind))), CYAN)}  {text}"


def _time(received_at: str, zone: tzinfo | None) -> str:
    try:
        return for_people(parse_shown(received_at), zone)
    except ValueError:
        return printable(received_at)


def _shard(shard_id: str) -> str:
    """Return the number of a shard, short and aligned."""
    return printable(shard_id.rpartition("-")[2].lstrip("0").rjust(_SHARD_DIGITS, "0"))
