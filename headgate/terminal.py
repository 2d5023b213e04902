"""How every command speaks: results on standard output, notes and the progress line on standard error.

A terminal gets columns, colour and a progress line; a pipe gets bytes as they are. Nothing that a producer
sent can command a terminal. Colour is off with NO_COLOR or TERM=dumb. Source: no-color.org.
"""

import errno
import os
import sys
import time
import unicodedata
from collections.abc import Callable
from typing import IO, Any, TextIO

CYAN, GREEN, RED, YELLOW, DIM, BOLD = "36", "32", "31", "33", "2", "1"
DRAW_EVERY_S = 0.2
_WIPE = "\r\x1b[K"
_WIDTH_UNKNOWN = 80
_LEAST_WIDTH = 4  # of a table's column


class Printer:
    """Standard output for results, standard error for notes. Raises OSError when there is no output.

    The progress line exists only on a terminal. It is drawn over itself and wiped before other output.
    """

    def __init__(
        self, out: TextIO | None = None, err: TextIO | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        if out is None and sys.stdout is None:
            raise OSError(errno.EBADF, "it is closed; use > /dev/null to see nothing", "standard output")
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._now = now
        self.is_terminal = self._out.isatty()
        self.draws = self._err.isatty()  # whether there is a progress line
        self._colours = self.is_terminal and _wants_colour()
        self._drawn = False
        self._due_s = 0.0

    @property
    def width(self) -> int:
        """Columns of the terminal."""
        return _columns(self._out)

    def data(self, line: bytes) -> None:
        """Print a line for a program, byte for byte; it is seen at once when `flush` follows."""
        binary: IO[bytes] | None = getattr(self._out, "buffer", None)
        if binary is None:
            self._out.write(line.decode("utf-8", "replace") + "\n")
            return
        binary.write(line + b"\n")

    def flush(self) -> None:
        """Let the reader of a pipe see what was printed."""
        self._out.flush()

    def text(self, line: str = "") -> None:
        """Print a line for a person; what a producer sent in it has gone through `printable`."""
        self.wipe()
        encoding = "utf-8" if getattr(self._out, "buffer", None) is None else self._out.encoding
        self.data(line.encode(encoding, "backslashreplace"))
        if self.is_terminal:
            self.flush()

    def note(self, text: str) -> None:
        """Print a message on standard error."""
        self.wipe()
        safe = printable(text, keep="\n\t")
        encoding = self._err.encoding or "utf-8"
        print(safe.encode(encoding, "backslashreplace").decode(encoding), file=self._err, flush=True)

    def progress(self, line: str | Callable[[int], str]) -> None:
        """Draw a line that the next one replaces, at most a few times a second and only on a terminal.

        A function makes the line for the columns that it is given.
        """
        if not self.draws or self._now() < self._due_s:
            return
        self._due_s = self._now() + DRAW_EVERY_S
        columns = _columns(self._err) - 1
        made = line if isinstance(line, str) else line(columns)
        text = printable(made)
        self._err.write(_WIPE + (text if columns_of(text) <= columns else fit(text, columns)))
        self._err.flush()
        self._drawn = True

    def wipe(self) -> None:
        """Take the progress line away."""
        if self._drawn:
            self._err.write(_WIPE)
            self._err.flush()
            self._drawn = False

    def paint(self, text: str, colour: str) -> str:
        """Return the text in a colour, where there are any."""
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours and text else text

    def clear(self) -> None:
        """Clear the screen."""
        if self.is_terminal:
            self._out.write("\x1b[H\x1b[2J")

    def table(self, rows: list[list[str]], right: tuple[int, ...] = ()) -> None:
        """Print aligned columns; the first row is the head, the columns `right` hold numbers.

        On a terminal the widest columns are cut, with a mark, until a row fits.
        """
        cells = [[printable(cell) for cell in row] for row in rows]
        widths = [max(columns_of(row[i]) for row in cells) for i in range(len(cells[0]))] if cells else []
        if self.is_terminal:
            widths = _fitting(widths, self.width)
        for at, row in enumerate(cells):
            aligned = [
                fit(cell, width, right=i in right)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            line = "  ".join(aligned).rstrip()
            self.text(self.paint(line, BOLD) if at == 0 else line)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 line`, `1,500 lines`, `2 copies`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-1]}ies" if noun.endswith("y") else f"{number:,} {noun}s"


def columns_of(text: str) -> int:
    """Return how many columns of a terminal a text takes: East Asian wide characters take two, marks none.

    Source: Unicode Standard Annex 11, East Asian Width; the jamo U+1160 to U+11FF join the one before.
    """
    return len(text) if text.isascii() else sum(map(_width, text))


def fit(text: str, columns: int, *, right: bool = False) -> str:
    """Return a text of exactly so many columns: filled up with spaces, or cut with an ellipsis."""
    if (over := columns_of(text) - columns) > 0:
        while over >= 0 and text:
            over -= _width(text[-1])
            text = text[:-1]
        text += "…"
    space = " " * (columns - columns_of(text))
    return space + text if right else text + space


def _width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"} or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _fitting(widths: list[int], columns: int) -> list[int]:
    """Make the widest columns narrower until all fit beside each other, but none below the least width."""
    widths = list(widths)
    while sum(widths) + 2 * (len(widths) - 1) > columns and max(widths, default=0) > _LEAST_WIDTH:
        widths[widths.index(max(widths))] -= 1
    return widths


def printable(text: str, keep: str = "") -> str:
    """Return text that no terminal obeys: control characters are written out, except those in `keep`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 - two hex digits


def _columns(stream: TextIO) -> int:
    """Return the width that COLUMNS sets, else the terminal's own, else 80."""
    if (wanted := os.environ.get("COLUMNS", "")).isdecimal() and int(wanted):
        return int(wanted)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _WIDTH_UNKNOWN
    except (OSError, ValueError):
        return _WIDTH_UNKNOWN


def _wants_colour() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def as_cell(value: Any) -> str:
    """Return a value of a query, or a figure, as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else str(value)
