"""LOGTOJSON: a log line becomes a JSON object of strings, by a built-in format or the user's own pattern.

The expression must match the whole record without its line feed; another line is dropped, with a reason.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from headgate.agent.convert.chain import Converted, Converter, Dropped
from headgate.agent.convert.grammar import Format, formats
from headgate.agent.javaregex import JavaPattern
from headgate.agent.text import decode, object_line

MISMATCH = "logformat_mismatch"


class LogOptions(NamedTuple):
    """LOGTOJSON's settings, already checked."""

    log_format: str
    names: tuple[str, ...] | None = None
    pattern: JavaPattern | None = None
    pretty: bool = False
    accept_ipv6: bool = False  # ours: IPv6 clients in the Apache formats
    accept_crlf: bool = False  # ours: a CR before the line feed is not part of the line


def log_to_json(options: LogOptions) -> Converter:
    """A converter for one format or pattern."""
    log_format = formats(ipv6=options.accept_ipv6)[options.log_format]
    keys = options.names or log_format.keys
    if options.pattern is not None and options.pattern.group_count != len(keys):
        return _drop_everything(options.pattern.group_count, len(keys))
    groups = _matcher(options, log_format)
    ending = b"\r\n" if options.accept_crlf else b"\n"
    dash_is_null = log_format.dash_is_null

    def convert(record: bytes) -> Converted:
        line = record.removesuffix(ending) if record.endswith(ending) else record.removesuffix(b"\n")
        values = groups(decode(line))
        if values is None:
            return Dropped(MISMATCH, f"the line does not match {options.log_format}")
        if dash_is_null:
            values = [None if value == "-" else value for value in values]
        return object_line(zip(keys, values, strict=True), pretty=options.pretty)

    return convert


def explain_mismatch(options: LogOptions, line: str) -> str:
    """The first part of the built-in format that the line does not match, and from which column."""
    matched, position = "", 0
    for part in formats(ipv6=options.accept_ipv6)[options.log_format].parts:
        matched += part.pattern
        found = re.compile(matched, re.ASCII).match(line)
        if found is None:
            return f"{part.name} does not match at or after column {position + 1}"
        position = found.end()
    return f"text is left over from column {position + 1} on"


def _matcher(options: LogOptions, log_format: Format) -> Callable[[str], Sequence[str | None] | None]:
    full = log_format.compile().fullmatch if options.pattern is None else options.pattern.compiled.fullmatch

    def groups(text: str) -> Sequence[str | None] | None:
        match = full(text)
        return None if match is None else match.groups()

    return groups


def _drop_everything(groups: int, names: int) -> Converter:
    drop = Dropped(MISMATCH, f"matchPattern has {groups} groups for {names} customFieldNames")
    return lambda _record: drop
