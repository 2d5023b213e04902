"""The bytes of an object as the lines in it: gunzip, unzip, Parquet and ORC, by the extension of its key.

Decides the format by the name alone, as Firehose gives it: the archive may hold anything, also bytes that
look like a compressed file. Never judges a line, and never takes an aggregated record apart.
"""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import orjson

from chalicelib import kpl
from chalicelib.envelope import COLUMNS
from headgate.readers.errors import ReaderError, optional

_DAMAGED = (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile)


def lines(key: str, body: bytes) -> Iterator[bytes]:
    """The lines without their line feeds, blank ones included. Raises ReaderError for a damaged object."""
    try:
        if key.endswith((".parquet", ".orc")):
            yield from _rows(key, body)
        else:
            yield from split(_plain(key, body))
    except _DAMAGED as error:
        raise ReaderError(f"the object {key} cannot be read: {error}") from error


def plain(key: str, body: bytes) -> bytes:
    """The bytes of an object of the archive before compression. Raises ReaderError for a damaged one."""
    try:
        return _plain(key, body)
    except _DAMAGED as error:
        raise ReaderError(f"the object {key} cannot be read: {error}") from error


def split(data: bytes) -> list[bytes]:
    """Lines by line feeds alone, as the transform splits a record; a last line feed ends the last line."""
    return data.removesuffix(b"\n").split(b"\n") if data else []


def is_as_stored(key: str) -> bool:
    """Whether an object's lines are readable by other programs without unpacking it here."""
    return not key.endswith((".zip", ".orc", ".snappy"))


def _plain(key: str, body: bytes) -> bytes:
    if key.endswith(".gz"):
        return gzip.decompress(body)
    if key.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return b"".join(archive.read(name) for name in archive.namelist())
    if key.endswith(".snappy"):
        raise ReaderError(f"the object {key} is Snappy, whose framing AWS does not document: choose gzip")
    return body


def _rows(key: str, body: bytes) -> Iterator[bytes]:
    """The rows of a Parquet or ORC object as curated lines, the event's text spliced in as it is."""
    table = _table(key, body)
    columns = [name for name in COLUMNS if name in table.column_names]
    for batch in table.select(columns).to_batches(max_chunksize=10_000):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield _row(columns, row)


def _row(columns: list[str], row: tuple[Any, ...]) -> bytes:
    fields = (
        b'"%s":%s' % (name.encode(), value.encode() if name == "event" and value else orjson.dumps(value))
        for name, value in zip(columns, row, strict=True)
    )
    return b"{%s}" % b",".join(fields)


def _table(key: str, body: bytes) -> Any:
    kind = key.rpartition(".")[2]
    reader = optional(f"pyarrow.{kind}", f"an object in the format {kind}")
    return reader.read_table(io.BytesIO(body))


def units(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each line, or aggregated record, with the number of the line on which it begins, from 1."""
    if kpl.MAGIC not in data:
        if data:
            yield from enumerate(data.removesuffix(b"\n").split(b"\n"), start=1)
        return
    at, number = 0, 1
    while at < len(data):
        size_bytes = kpl.length_at(data, at)
        if size_bytes is not None:
            unit, after = data[at : at + size_bytes], at + size_bytes
        else:
            unit, after = _line(data, at)
        yield number, unit
        number += data.count(b"\n", at, after)
        at = after


def _line(data: bytes, at: int) -> tuple[bytes, int]:
    """The line at a place and where the next thing begins; an aggregated record may follow without an end."""
    end = data.find(b"\n", at)
    end = len(data) if end < 0 else end
    inner = data.find(kpl.MAGIC, at + 1, end)
    while inner >= 0:
        if kpl.length_at(data, inner) is not None:
            return data[at:inner], inner
        inner = data.find(kpl.MAGIC, inner + 1, end)
    return data[at:end], end + 1
