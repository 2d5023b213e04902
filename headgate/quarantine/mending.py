"""How a bad line becomes a good one: edits of its fields, a person's own function, or taking it apart.

Decides what an edit means and whether the result would pass the transform now. Never writes anything.
"""

import argparse
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib import jsontext, kpl
from chalicelib.hook import hook
from chalicelib.lines import lines_of
from chalicelib.packing import partition_key
from headgate.quarantine.bad_lines import BadLine
from headgate.readers.errors import ReaderError
from headgate.readers.verdict import verdicts
from headgate.records import Record

Mend = Callable[[BadLine], "list[Mended]"]


class Mended(NamedTuple):
    """A line that replaces a bad one, and its event id."""

    event_id: str
    text: bytes


class NotMendedError(Exception):
    """The line stays as it is; the text says why."""


class Edit(NamedTuple):
    """Set the member at a JSON Pointer (RFC 6901); `remove` takes it away."""

    path: tuple[str, ...]
    value: Any
    remove: bool


def setting(text: str) -> Edit:
    """An argument: POINTER=VALUE, where a value that is no JSON is text."""
    pointer, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not POINTER=VALUE, such as /type=click")
    try:
        parsed = jsontext.loads_exact(value.encode())
    except jsontext.NotJson:
        parsed = value
    return Edit(_path(pointer), parsed, remove=False)


def removal(text: str) -> Edit:
    """An argument: POINTER."""
    return Edit(_path(text), None, remove=True)


def by_edits(edits: list[Edit]) -> Mend:
    """Mend by editing fields; the line has to be a JSON object."""

    def mend(line: BadLine) -> list[Mended]:
        try:
            value = jsontext.loads_exact(line.text)
        except jsontext.NotJson as error:
            raise NotMendedError(f"fields of what is no JSON cannot be edited: {error}") from None
        for edit in edits:
            _apply(edit, value)
        return [Mended(line.fields["event_id"], jsontext.dumps(value))]

    return mend


def by_script(path: Path) -> Mend:
    """Mend by `def fix(line: bytes, reason: dict)` of a Python file: bytes, text, an object, or None."""
    spec = importlib.util.spec_from_file_location("headgate_fix", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ReaderError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ReaderError(f"{path} cannot be run: {type(error).__name__}: {error}") from error
    except SystemExit as error:
        raise ReaderError(f"{path} ended itself with sys.exit({error.code!r}); nothing is mended") from error
    fix = getattr(module, "fix", None)
    if not callable(fix):
        raise ReaderError(f"{path} has no function fix(line, reason)")

    def mend(line: BadLine) -> list[Mended]:
        try:
            result = fix(line.text, dict(line.fields))
        except Exception as error:
            raise NotMendedError(f"fix raised {type(error).__name__}: {error}") from error
        except SystemExit as error:
            place = f"at {line.fields['event_id']} with sys.exit({error.code!r})"
            raise ReaderError(f"fix ended itself {place}; the lines after it are not mended") from error
        if result is None:
            raise NotMendedError("fix left it out")
        return [Mended(line.fields["event_id"], _as_bytes(result))]

    return mend


def by_taking_apart(line: BadLine) -> list[Mended]:
    """Mend an aggregated record of the KPL: its lines, each with an id of its own."""
    if kpl.take_apart(line.text) is None:
        raise NotMendedError("it is no aggregated record")
    return [
        Mended(name, text) for name, _, text in lines_of(line.fields["event_id"], line.text) if text.strip()
    ]


def still_bad(mended: Mended) -> str | None:
    """Why the transform of this folder would quarantine a mended line, or None when it would not."""
    if b"\n" in mended.text:
        return "it has a line break"
    record = Record("1", partition_key(mended.event_id), mended.text, 0.0)
    verdict = next(verdicts(record, "shard", hook))
    return f"still {verdict.reason}" if verdict.place == "quarantine" else None


def _as_bytes(result: Any) -> bytes:
    if isinstance(result, bytes):
        return result.strip(b"\r\n")
    if isinstance(result, str):
        return result.strip("\r\n").encode("utf-8", "replace")
    if not isinstance(result, dict):
        raise NotMendedError(f"fix answered {type(result).__name__}, not bytes, text, an object or None")
    try:
        return jsontext.dumps(result)
    except (TypeError, RecursionError) as error:
        raise NotMendedError(f"fix answered what is no JSON: {error}") from error


def _path(pointer: str) -> tuple[str, ...]:
    if not pointer.startswith("/"):
        raise argparse.ArgumentTypeError(f"{pointer!r} is no JSON Pointer, such as /device/id")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))


def _apply(edit: Edit, value: Any) -> None:
    *parents, last = edit.path
    for name in parents:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        raise NotMendedError(f"there is no object for /{'/'.join(edit.path)}")
    if edit.remove:
        value.pop(last, None)
    else:
        value[last] = edit.value
