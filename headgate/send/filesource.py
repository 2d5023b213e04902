"""Rows of a file or a pipe: which format, which encoding, and whether it is still the same file.

A plain file is read twice. The first pass makes its SHA-256 and finds the encoding from all of its bytes,
so nothing is sent of a file that cannot be read to its end; the second gives the rows and hashes again, so
a file that changes while it is sent is noticed (S04). A pipe is read once: its encoding is decided from its
beginning, and its fingerprint is random unless the person gives one. Called by run.
"""

import io
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

from headgate.send import bytestream, csvrows, ndjsonrows
from headgate.send.batches import fingerprint
from headgate.send.bytestream import READ_ERRORS, Stream
from headgate.send.csvrows import Dialect
from headgate.send.encoding import Choice, Detector, UndecodableError
from headgate.send.errors import AbortError, UsageError
from headgate.send.jsonrows import BrokenJsonError, JsonRows
from headgate.send.layout import JSON_FORMS, form_of, settled, text_of
from headgate.send.ndjsonrows import skip_lines
from headgate.send.rows import BadRow, EventRow

_NEWLINE = {"ndjson": "\n", "json": "", "csv": "", "tsv": ""}  # as io.TextIOWrapper takes it
Tick = Callable[[], object]


class FileSource:
    """The rows of an open file."""

    def __init__(
        self,
        name: str,
        raw: io.FileIO,
        dialect: Dialect,
        *,
        form: str | None = None,
        encoding: str | None = None,
        key: str | None = None,
    ) -> None:
        """`form` and `encoding` None: found out. `key` None: the fingerprint is made from the content."""
        self.name = name
        self.form = form or ""
        self.choice = Choice("utf-8", "JSON is UTF-8")
        self.fingerprint = ""
        self.key = key or ""
        self.emptiness = ""
        self.hint = ""  # what looks odd about the file, for the person
        self.repeatable = bytestream.can_be_read_again(raw)
        self.size_bytes = os.fstat(raw.fileno()).st_size if self.repeatable else 0
        self._raw = raw
        self._dialect = dialect
        self._encoding = encoding
        self._digest = ""
        self._places = 0  # lines, or elements of JSON; 0: nobody knows
        self._place = 0  # of the last row that was given
        self._has_text = False  # something but white space in its beginning
        self._state = self._stat()
        self._stream: Stream | None = None

    def scan(self, tick: Tick) -> None:
        """Find format and encoding by reading everything. Calls `tick` now and then. Raises AbortError."""
        try:
            self._stream = bytestream.open_stream(self._raw)
            head = self._stream.content.peek(bytestream.BLOCK_BYTES)
            self._choose_form(head)
            detector = Detector(self._encoding, unicode_only=self.form in JSON_FORMS)
            if not self.repeatable:
                detector.feed(head)
            for block in self._stream.blocks() if self.repeatable else ():
                detector.feed(block)
                self._places += block.count(b"\n")
                tick()
            self._choose_encoding(detector)
        except READ_ERRORS as error:
            raise AbortError(f"cannot read {self.name}: {_reason(error)}") from None
        how = mapping(self.form, self.choice.encoding, self._dialect)
        if self.repeatable:
            self._stream.drain()
            self._digest = self._stream.tap.digest()
            self.verify()
        if self.repeatable and self.form == "json":
            self._places = 0
            for _ in self.rows():  # whether it is whole
                self._places += 1
                tick()
        self.fingerprint = fingerprint(self._digest or secrets.token_hex(16), how)
        self.key = self.key or self.fingerprint

    def rows(self) -> Iterator[EventRow | BadRow]:
        """Yield the rows. Raises AbortError at the end when the content has changed since the scan."""
        if self.repeatable:
            self._raw.seek(0)
            self._stream = bytestream.open_stream(self._raw)
        assert self._stream is not None, "scan comes first"  # noqa: S101 - a rule between two methods
        number = 0
        try:
            for row in self._read(self._stream):
                number = row.number
                self._place = number if self.form == "json" else row.line
                yield row
            if number == 0:
                self.emptiness = self._emptiness()
            self._stream.drain()
        except BrokenJsonError as error:
            raise AbortError(f"{self.name}, after row {number}: {error}") from None
        except UnicodeError as error:
            raise AbortError(f"{self.name}, after row {number}: {_undecodable(error)}") from None
        except READ_ERRORS as error:
            raise AbortError(f"cannot read {self.name} after row {number}: {_reason(error)}") from None
        if self.repeatable and self._stream.tap.digest() != self._digest:
            raise self._changed()

    def verify(self) -> None:
        """Raise AbortError when size or modification time have changed."""
        if self.repeatable and self._stat() != self._state:
            raise self._changed()

    def share(self) -> float | None:
        """Return how far the last row that was given lies in the file, from 0 to 1, or None."""
        return min(1.0, self._place / self._places) if self._places else None

    def looked_through(self) -> float:
        """Return how much of the file `scan` has read, from 0 to 1."""
        if not self.size_bytes or self._stream is None:
            return 0.0
        return min(1.0, self._stream.tap.read_bytes / self.size_bytes)

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def _read(self, stream: Stream) -> Iterator[EventRow | BadRow]:
        event_type, skipped = self._dialect.event_type, self._dialect.skip_lines
        if self.form in JSON_FORMS and self.choice.encoding == "utf-8":
            skip_lines(stream.content.readline, skipped)
            if self.form == "json":
                return JsonRows(stream.content.read1, event_type, skipped).rows()
            return ndjsonrows.read(stream.content.readline, event_type, skipped)
        text = io.TextIOWrapper(stream.content, self.choice.encoding, newline=_NEWLINE[self.form])
        skip_lines(text.readline, skipped)
        if self.form == "json":
            return JsonRows(lambda limit: text.read(limit // 4).encode(), event_type, skipped).rows()
        if self.form == "ndjson":
            return ndjsonrows.read(lambda limit: text.readline(limit).encode(), event_type, skipped)
        return csvrows.read(text.readline, self._dialect)

    def _emptiness(self) -> str:
        if self.form in JSON_FORMS or not self._dialect.header or not self._has_text:
            return ""
        return ": a header and no row (--no-header and --fields if it was one)"

    def _choose_form(self, head: bytes) -> None:
        text = text_of(head, self._encoding, self._dialect.skip_lines)
        self._has_text = bool(text)
        self.form = self.form or form_of(self.name, text)
        if self.form in JSON_FORMS:
            if self._dialect.kinds or self._dialect.fields:
                problem = f"{self.name} is {self.form.upper()}; --types and --fields are for CSV and TSV"
                raise UsageError([problem])
            self._dialect = replace(self._dialect, delimiter="")
        else:
            self._dialect, self.hint = settled(self.name, self.form, text, self._dialect)

    def _choose_encoding(self, detector: Detector) -> None:
        try:
            self.choice = detector.choose(complete=self.repeatable)
        except UndecodableError as error:
            if self.form in JSON_FORMS and not self._encoding:
                return  # the endpoint refuses the events that are not UTF-8, each by itself
            cure = "pass the right --encoding (for example latin-1 or cp1252)"
            if self._encoding:
                cure = "without --encoding it would be found out"
            raise AbortError(f"cannot tell the encoding of {self.name}: {error}; {cure}") from None

    def _stat(self) -> tuple[int, int]:
        status = os.fstat(self._raw.fileno())
        return status.st_size, status.st_mtime_ns

    def _changed(self) -> AbortError:
        return AbortError(
            f"{self.name} was changed while it was read; send it when nobody writes to it "
            "(`headgate agent` follows files that grow)"
        )


def _undecodable(error: UnicodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        what = error.object[error.start : error.start + 2].hex(" ").upper()
        return f"the bytes {what} are not {error.encoding}; pass the right --encoding"
    return f"the text cannot be decoded ({error}); pass the right --encoding"


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)


def mapping(form: str, encoding: str, dialect: Dialect) -> dict[str, Any]:
    """Return everything beside the content that decides the events' bytes, for the fingerprint."""
    return {"format": form, "encoding": encoding, **asdict(dialect)}
