"""How the commands print: bytes as they are into a pipe, columns and colour on a terminal.

Decides the difference between the two, and that nothing a producer sent can command a terminal. Colour is off
with NO_COLOR or TERM=dumb. Source: no-color.org.
"""

import os
import shutil
import sys
from typing import IO, Any, TextIO

from headgate.readers.errors import ReaderError

CYAN, GREEN, RED, YELLOW, DIM, BOLD = "36", "32", "31", "33", "2", "1"


class Printer:
    """Standard output for results, standard error for notes. Raises ReaderError when there is no output."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        if out is None and sys.stdout is None:
            raise ReaderError("standard output is closed; where nothing is to be seen, use > /dev/null")
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self.is_terminal = self._out.isatty()
        self._colours = self.is_terminal and _wants_colour()
        self._drawn = False

    @property
    def width(self) -> int:
        """Columns of the terminal."""
        return shutil.get_terminal_size().columns

    def data(self, line: bytes) -> None:
        """A line for a program, byte for byte; it is seen at once when `flush` follows."""
        binary: IO[bytes] | None = getattr(self._out, "buffer", None)
        if binary is None:
            self._out.write(line.decode("utf-8", "replace") + "\n")
            return
        binary.write(line + b"\n")

    def flush(self) -> None:
        """Let the reader of a pipe see what was printed."""
        self._out.flush()

    def text(self, line: str = "") -> None:
        """A line for a person."""
        self.data(line.encode("utf-8", "replace"))
        if self.is_terminal:
            self.flush()

    def note(self, line: str) -> None:
        """Something on the way, on standard error."""
        self.wipe()
        print(printable(line), file=self._err, flush=True)

    def progress(self, line: str) -> None:
        """A line that the next one replaces; only on a terminal."""
        if self._err.isatty():
            self._err.write("\r\x1b[K" + printable(line)[: self.width - 1])
            self._err.flush()
            self._drawn = True

    def wipe(self) -> None:
        """Take the progress line away."""
        if self._drawn:
            self._err.write("\r\x1b[K")
            self._err.flush()
            self._drawn = False

    def paint(self, text: str, colour: str) -> str:
        """Text in a colour, where there are any."""
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours and text else text

    def clear(self) -> None:
        """Begin the screen anew."""
        if self.is_terminal:
            self._out.write("\x1b[H\x1b[2J")

    def table(self, rows: list[list[str]], right: tuple[int, ...] = ()) -> None:
        """Aligned columns; the first row is the head, the columns `right` hold numbers."""
        cells = [[printable(cell) for cell in row] for row in rows]
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))] if cells else []
        for at, row in enumerate(cells):
            aligned = [
                cell.rjust(width) if i in right else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            line = "  ".join(aligned).rstrip()
            self.text(self.paint(line, BOLD) if at == 0 else line)


def printable(text: str) -> str:
    """Text that no terminal obeys: control characters are written out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 - two hex digits


def _wants_colour() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def as_cell(value: Any) -> str:
    """A value of a query or a figure as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else str(value)
