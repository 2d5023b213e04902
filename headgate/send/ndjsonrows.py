"""NDJSON to rows: each line an event, byte for byte as it stands. Never parses a line, except for `--type`.

The endpoint reports what is wrong with a line, so that there is one check. Only a line that is too long to be
an event is refused here, which bounds the memory. Called by filesource.
"""

import json
from collections.abc import Callable, Iterator

from chalicelib import limits
from headgate.send.rows import BadRow, EventRow, text_or_bytes

LINE_MAX_BYTES = limits.EVENT_MAX_BYTES + 1024  # room for spaces around an event of the largest size
_RAW_BYTES = 4096  # of a line that is too long, kept for the rejects file
_BOM = b"\xef\xbb\xbf"
_CONTINUATIONS = bytes(range(0x80, 0xC0))  # what follows the first byte of a character in UTF-8
_CHARACTER_BYTES = 4  # the longest


def read(
    readline: Callable[[int], bytes], event_type: str | None = None, skipped: int = 0
) -> Iterator[EventRow | BadRow]:
    """Yield every line that is not blank. `readline(limit)` is that of a binary file in UTF-8.

    `skipped` lines are before those that it reads.
    """
    number, line = 0, skipped
    while text := readline(LINE_MAX_BYTES):
        line += 1
        if line == 1:
            text = text.removeprefix(_BOM)
        if len(text) >= LINE_MAX_BYTES and not text.endswith(b"\n"):
            number += 1
            skip_lines(readline, 1)
            message = f"The line is longer than {LINE_MAX_BYTES} bytes."
            yield BadRow(number, line, "RowTooLong", message, beginning(text))
            continue
        event = text.strip(b" \t\r\n")
        if event:
            number += 1
            yield (
                EventRow(number, line, event)
                if event_type is None
                else typed(number, line, event, event_type)
            )


def typed(number: int, line: int, event: bytes, event_type: str) -> EventRow | BadRow:
    """Put the type in front of the event's own fields, unless it has one."""
    try:
        value = json.loads(event, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return EventRow(number, line, event)  # for the endpoint to refuse
    if not isinstance(value, dict) or value.get("type") == event_type:
        return EventRow(number, line, event)
    if "type" in value:
        message = "The event has another `type` than --type sets."
        return BadRow(number, line, "TypeConflict", message, text_or_bytes(event), "/type")
    rest = event[1:].lstrip()
    head = b'{"type":' + json.dumps(event_type).encode()
    return EventRow(number, line, head + (b"" if rest == b"}" else b",") + rest)


def skip_lines(readline: Callable[[int], bytes] | Callable[[int], str], lines: int) -> None:
    """Read to the end of so many lines, a part of a long one at a time."""
    for _ in range(lines):
        while (rest := readline(LINE_MAX_BYTES)) and rest[-1:] not in {"\n", "\r", b"\n"}:
            pass


def beginning(line: bytes) -> str | bytes:
    """Return the first bytes, without half a character at the end."""
    head = line[:_RAW_BYTES]
    whole = head.rstrip(_CONTINUATIONS)[:-1]
    text = text_or_bytes(head)
    return (
        text if isinstance(text, str) or len(head) - len(whole) > _CHARACTER_BYTES else text_or_bytes(whole)
    )
