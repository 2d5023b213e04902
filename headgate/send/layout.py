"""How the text of a file is laid out: its format, and what separates the columns.

Pure; looks at the beginning only. A delimiter is taken without being named where it is certain: every line of
the beginning has it equally often. Where whole rows would go out as one column, or JSON as CSV, nothing is
sent and the remedy is named. Called by filesource.
"""

import csv
import re
from dataclasses import replace

from headgate.send.csvrows import Dialect, reader_of
from headgate.send.encoding import Detector, UndecodableError
from headgate.send.errors import UsageError
from headgate.send.jsonrows import looks_like_an_object, looks_like_json
from headgate.terminal import counted

JSON_FORMS = {"ndjson", "json"}
_SUFFIXES = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json",
}  # fmt: skip
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_SAMPLE_LINES = 50
_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
_FLAGS = {"\t": "tab"}
# Excel's own first line. Source: Microsoft, "Import or export text (.txt or .csv) files".
_SEPARATOR_LINE = re.compile(r'"?sep=(?P<delimiter>[^\r\n"])"?\r?\n?', re.IGNORECASE)
_COMMENT = re.compile(rb"(?:[ \t]*(?:#|//|--)[^\n]*\n|[ \t]*\r?\n)+")


def text_of(head: bytes, encoding: str | None, skip_lines: int) -> bytes:
    """Return the beginning of a file in UTF-8, behind a mark, white space and the lines to be skipped."""
    detector = Detector(encoding)
    detector.feed(head)
    try:
        found = detector.choose(complete=False).encoding
    except UndecodableError:  # what counts here is ASCII
        found = "latin-1"
    text = head.decode(found, "replace").removeprefix("\ufeff")
    for _ in range(skip_lines):
        text = _LINE.sub("", text, count=1)
    return text.lstrip(" \t\r\n").encode("utf-8", "replace")


def form_of(name: str, text: bytes) -> str:
    """Return the format by the file's ending, else by its content. Raises UsageError when they disagree."""
    lower = name.lower().removesuffix(".gz")
    named = next((form for suffix, form in _SUFFIXES.items() if lower.endswith(suffix)), "")
    looks = _looks(text)
    if named in {"csv", "tsv"} and (looks == "json" or looks_like_an_object(text)):
        what = f"{name} is {named.upper()} by its name, and {looks.upper()} by its first characters"
        raise UsageError([f"{what}: pass --format {named} or --format {looks}"])
    comment = _COMMENT.match(text)
    if comment and looks == "csv" and named != "ndjson" and _looks(text[comment.end() :]) != "csv":
        lines = comment[0].count(b"\n")
        raise UsageError(
            [f"{name}: {counted(lines, 'line')} in front of the JSON; pass --skip-lines {lines}"]
        )
    if named == "json" and looks == "csv" and text:
        what = f"{name} is JSON by its name, and does not begin with [ or {{"
        raise UsageError([f"{what}: pass --skip-lines N, or --format csv if it is CSV"])
    return looks if named in {"json", ""} else named


def settled(name: str, form: str, text: bytes, dialect: Dialect) -> tuple[Dialect, str]:
    """Return the dialect with its delimiter, and what to tell the person about it. Raises UsageError."""
    lines = [line for line in _LINE.findall(text.decode()) if line]
    if len(lines) > 1 and not lines[-1].endswith(("\n", "\r")):
        lines.pop()  # the sample may end in the middle of it
    usual = "\t" if form == "tsv" else ","
    if lines and (separator := _SEPARATOR_LINE.fullmatch(lines[0])):
        found = dialect.delimiter or separator["delimiter"]
        return replace(
            dialect, delimiter=found, skip_lines=dialect.skip_lines + 1
        ), f"its first line sets {found!r}"
    if dialect.delimiter or not lines:
        return replace(dialect, delimiter=dialect.delimiter or usual), ""
    columns = {each: _columns(lines, each, dialect) for each in _DELIMITERS}
    if columns[usual][:1] != [1]:
        return replace(dialect, delimiter=usual), ""
    others = [each for each, counts in columns.items() if counts[0] > 1]
    certain = [each for each in others if len(columns[each]) > 1 and len(set(columns[each])) == 1]
    if len(others) == len(certain) == 1:
        return replace(dialect, delimiter=certain[0]), f"{_DELIMITERS[certain[0]]} separates its columns"
    behind = columns[usual][1:]
    if others:
        names = " and ".join(f"{_DELIMITERS[each]} (--delimiter {_flag(each)})" for each in others)
        problem = f"its first line has no {_DELIMITERS[usual][2:]} but {names}"
        raise UsageError([f"{name}: {problem}; --delimiter {_flag(usual)} if it is one column"])
    if len(behind) > 1 and behind[0] > 1 and len(set(behind)) == 1:
        problem = f"its first line is one column, and the next lines have {behind[0]}"
        raise UsageError(
            [f"{name}: {problem}; pass --skip-lines 1, or --delimiter {_flag(usual)} if that is right"]
        )
    return replace(dialect, delimiter=usual), ""


def _looks(text: bytes) -> str:
    return "json" if looks_like_json(text) else "ndjson" if text.startswith(b"{") else "csv"


def _columns(lines: list[str], delimiter: str, dialect: Dialect) -> list[int]:
    """Return the number of cells of each row in the sample; a row that the sample cuts does not count."""
    counts = []
    try:
        for row in reader_of(lines, replace(dialect, delimiter=delimiter)):
            counts += [len(row)] if row else []
            if len(counts) == _SAMPLE_LINES:
                break
    except csv.Error:
        pass  # the rows before it say enough
    return counts or [1]


def _flag(delimiter: str) -> str:
    return _FLAGS.get(delimiter, f"'{delimiter}'")
