"""Where the run speaks: notes and the progress line on standard error, the result on standard output.

The progress line exists only on a terminal; it is drawn over itself and wiped before anything else is said.
"""

import os
import time
from collections.abc import Callable
from typing import TextIO

DRAW_EVERY_S = 0.2
_WIDTH_UNKNOWN = 80


class Console:
    """A person at a terminal, or a log."""

    def __init__(self, out: TextIO, err: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._err = err
        self._now = now
        self._draws = err.isatty()
        self._drawn = False
        self._due_s = 0.0

    def progress(self, line: Callable[[int], str]) -> None:
        """Draw the line made for the terminal's width, at most a few times a second."""
        if not self._draws or self._now() < self._due_s:
            return
        self._due_s = self._now() + DRAW_EVERY_S
        self._err.write("\r\x1b[K" + line(self._width() - 1))
        self._err.flush()
        self._drawn = True

    @property
    def draws(self) -> bool:
        """Whether there is a progress line."""
        return self._draws

    def note(self, text: str) -> None:
        """Say something on the way."""
        self._wipe()
        print(_printable(text, self._err), file=self._err, flush=True)

    def result(self, text: str) -> None:
        """Say what came out."""
        self._wipe()
        print(_printable(text, self._out), file=self._out, flush=True)

    def _wipe(self) -> None:
        if self._drawn:
            self._err.write("\r\x1b[K")
            self._drawn = False

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._err.fileno()).columns or _WIDTH_UNKNOWN
        except (OSError, ValueError):
            return _WIDTH_UNKNOWN


def _printable(text: str, stream: TextIO) -> str:
    """Text that the stream takes and no terminal obeys."""
    safe = "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)
    encoding = stream.encoding or "utf-8"
    return safe.encode(encoding, "backslashreplace").decode(encoding)
