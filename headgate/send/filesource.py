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
from dataclasses import replace

from headgate.send import bytestream, csvrows, ndjsonrows
from headgate.send.abort import AbortError, UsageError
from headgate.send.bytestream import READ_ERRORS, Stream
from headgate.send.csvrows import Dialect
from headgate.send.encoding import Choice, Detector, UndecodableError
from headgate.send.keys import fingerprint
from headgate.send.rows import BadRow, Row
from headgate.send.source import mapping

_SUFFIXES = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".ndjson": "ndjson", ".jsonl": "ndjson"}
_IGNORED_IN_FRONT = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"
_OTHER_DELIMITERS = b";\t|"
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
        self.form = form or _form_of(name)
        self.choice = Choice("utf-8", "NDJSON is UTF-8")
        self.fingerprint = ""
        self.key = key or ""
        self.hint = ""  # what looks odd about the file, for the person
        self.repeatable = bytestream.can_be_read_again(raw)
        self.size_bytes = os.fstat(raw.fileno()).st_size if self.repeatable else 0
        self._raw = raw
        self._dialect = dialect
        self._encoding = encoding
        self._digest = ""
        self._state = self._stat()
        self._stream: Stream | None = None

    def scan(self, tick: Tick) -> None:
        """Find out what the content is. Raises AbortError. `tick` is called now and then."""
        detector = Detector(self._encoding)
        try:
            self._stream = bytestream.open_stream(self._raw)
            head = self._stream.content.peek(bytestream.BLOCK_BYTES)
            self._choose_form(head)
            if not self.repeatable:
                detector.feed(head)
            for block in self._stream.blocks() if self.repeatable else ():
                detector.feed(block)
                tick()
            self._choose_encoding(detector)
        except READ_ERRORS as error:
            raise AbortError(f"cannot read {self.name}: {_reason(error)}") from None
        how = mapping(self.form, self.choice.encoding, self._dialect)
        if self.repeatable:
            self._stream.drain()
            self._digest = self._stream.tap.digest()
            self.verify()
        self.fingerprint = fingerprint(self._digest or secrets.token_hex(16), how)
        self.key = self.key or self.fingerprint

    def rows(self) -> Iterator[Row | BadRow]:
        """One pass over the rows. Raises AbortError at its end when it was not what was scanned."""
        if self.repeatable:
            self._raw.seek(0)
            self._stream = bytestream.open_stream(self._raw)
        assert self._stream is not None, "scan comes first"  # noqa: S101 - a rule between two methods
        number = 0
        try:
            for row in self._read(self._stream):
                number = row.number
                yield row
            self._stream.drain()
        except UnicodeError as error:
            raise AbortError(f"{self.name}, after row {number}: {_undecodable(error)}") from None
        except READ_ERRORS as error:
            raise AbortError(f"cannot read {self.name} after row {number}: {_reason(error)}") from None
        if self.repeatable and self._stream.tap.digest() != self._digest:
            raise self._changed()

    def verify(self) -> None:
        """Size and time of change are those of the first look."""
        if self.repeatable and self._stat() != self._state:
            raise self._changed()

    def share(self) -> float | None:
        """By bytes."""
        if not self.size_bytes or self._stream is None:
            return None
        return min(1.0, self._stream.tap.read_bytes / self.size_bytes)

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def _read(self, stream: Stream) -> Iterator[Row | BadRow]:
        encoding = self.choice.encoding
        if self.form == "ndjson":
            if encoding == "utf-8":
                return ndjsonrows.read(stream.content.readline, self._dialect.event_type)
            text = io.TextIOWrapper(stream.content, encoding, newline="\n")
            return ndjsonrows.read(lambda limit: text.readline(limit).encode(), self._dialect.event_type)
        text = io.TextIOWrapper(stream.content, encoding, newline="")
        return csvrows.read(text.readline, self._dialect)

    def _choose_form(self, head: bytes) -> None:
        if not self.form:
            self.form = "ndjson" if head.lstrip(_IGNORED_IN_FRONT).startswith(b"{") else "csv"
        if self.form == "tsv" and self._dialect.delimiter == ",":
            self._dialect = replace(self._dialect, delimiter="\t")
        if self.form == "ndjson" and (self._dialect.kinds or self._dialect.fields):
            raise UsageError([f"{self.name} is NDJSON; --types and --fields are for CSV and TSV"])
        first_line = head.lstrip(_IGNORED_IN_FRONT).partition(b"\n")[0]
        others = [chr(each) for each in _OTHER_DELIMITERS if each in first_line]
        if self.form == "csv" and self._dialect.delimiter == "," and b"," not in first_line and others:
            self.hint = f"its first line has no comma but {others[0]!r}: is that the --delimiter?"

    def _choose_encoding(self, detector: Detector) -> None:
        try:
            self.choice = detector.choose(complete=self.repeatable)
        except UndecodableError as error:
            if self.form == "ndjson" and not self._encoding:
                return  # the endpoint refuses the lines that are not UTF-8, each by itself
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


def _form_of(name: str) -> str:
    """By the name's ending; empty when that says nothing."""
    lower = name.lower().removesuffix(".gz")
    return next((form for suffix, form in _SUFFIXES.items() if lower.endswith(suffix)), "")


def _undecodable(error: UnicodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        what = error.object[error.start : error.start + 2].hex(" ").upper()
        return f"the bytes {what} are not {error.encoding}; pass the right --encoding"
    return f"the text cannot be decoded ({error}); pass the right --encoding"


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)
