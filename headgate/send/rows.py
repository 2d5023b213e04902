"""The rows of a source, which can be sent or not, each with its place in the file.

Pure values. Made by a RowSource (filesource, generate), batches and deliver; written by rejects.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

# Codes of rows that the sender refuses itself; the endpoint's own are chalicelib.errors.EVENT_CODES.
ROW_CODES: dict[str, str] = {
    "RaggedRow": "The row has more or fewer cells than the header.",
    "BadQuoting": "The quotes of the row do not pair up.",
    "CellTooLong": "A cell has more characters than `--max-cell-chars`.",
    "RowTooLong": "The row, or its line, has more characters than any event may have.",
    "InvalidText": "A cell holds what no UTF-8 text can hold: half of a surrogate pair.",
    "TypeMismatch": "A cell is not what `--types` declares.",
    "TypeConflict": "The event has a `type` of its own that differs from `--type`.",
    "DuplicateHeader": "Two columns have one name: an event would lose a cell. Nothing of the file is sent.",
    "EmptyHeader": "A column has no name. Nothing of the file is sent.",
    "EventTooLarge": "The event has more bytes than the contract allows.",
    "TooLarge": "The endpoint refuses the event alone as too large (413).",
}


class EventRow(NamedTuple):
    """One event ready to send."""

    number: int  # of the data rows, from 1; the header does not count
    line: int  # of the file, from 1: where the row begins
    event: bytes  # JSON text on one line


class BadRow(NamedTuple):
    """One row that will not be stored, and why."""

    number: int  # 0 is the header
    line: int
    code: str
    message: str
    raw: str | bytes  # the row as it stood in the file, or the event made of it; bytes when it is not UTF-8
    pointer: str = ""  # JSON Pointer to the field; "" is the whole event
    errors: tuple[dict[str, object], ...] = ()  # everything that the endpoint said of it

    @classmethod
    def of(cls, row: EventRow, code: str, message: str) -> "BadRow":
        """Return a row that the contract or the endpoint refuses."""
        return cls(row.number, row.line, code, message, text_or_bytes(row.event))


def text_or_bytes(raw: bytes) -> str | bytes:
    """Return UTF-8 bytes as text, others unchanged."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


class RowSource(Protocol):
    """Rows, with a fingerprint that stands for exactly these rows."""

    fingerprint: str
    key: str  # what the Idempotency-Keys begin with: the fingerprint, or the person's own
    repeatable: bool  # a later run can read the same rows again
    emptiness: str  # of a pass that gave no row: what there was instead

    def rows(self) -> Iterator[EventRow | BadRow]:
        """Yield the rows of one pass. Raises AbortError when the content has changed."""

    def verify(self) -> None:
        """Check cheaply that the content is still the same. Raises AbortError."""

    def share(self) -> float | None:
        """Return how much of the pass has been read, from 0 to 1; None when that is unknown."""

    def close(self) -> None:
        """Close what is open."""
