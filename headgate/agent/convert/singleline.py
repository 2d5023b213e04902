"""SINGLELINE: a record of several lines becomes one line.

Works on bytes: nothing but blanks and line feeds changes.
"""

from headgate.agent.convert.outcome import Converter

# What Java's String.trim() takes away: every character up to U+0020.
_TRIMMED = bytes(range(0x21))
# Two backslashes and the letter n, three characters.
_ESCAPED_LINE_FEED = rb"\\n"


def singleline(*, trim: bool = True, escape_line_feeds: bool = False) -> Converter:
    """A converter that joins the lines of a record with nothing, or with an escaped line feed."""
    glue = _ESCAPED_LINE_FEED if escape_line_feeds else b""

    def convert(record: bytes) -> bytes:
        parts = record.split(b"\n")
        while parts and not parts[-1]:
            parts.pop()
        if trim:
            parts = [part.strip(_TRIMMED) for part in parts]
        return glue.join(parts) + b"\n"

    return convert
