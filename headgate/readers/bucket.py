"""The bucket as the readers need it: list, get, put; in S3, or as a folder that holds the same keys.

Decides how objects are fetched. Never looks into one: decode does. A folder is a copy of the bucket or the
local run's own files, whose names are the keys.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from botocore.exceptions import ClientError

from headgate.aws_errors import error_code
from headgate.readers.calls import Clock, call
from headgate.readers.errors import ReaderError
from headgate.safe_path import is_plain
from headgate.settings import prefixes

_DATA = (prefixes.RAW, prefixes.CURATED, prefixes.QUARANTINE)


class Object(NamedTuple):
    """One object as a listing shows it; `modified_s` epoch seconds; `tag` changes with its content."""

    key: str
    size_bytes: int
    modified_s: float
    tag: str


class Bucket(Protocol):
    """Where the objects are."""

    name: str

    def list(self, prefix: str, start_after: str = "") -> Iterator[Object]:
        """The objects below a prefix whose key is later in the alphabet than `start_after`, in its order."""
        ...

    def get(self, key: str) -> bytes:
        """The whole content. Raises ReaderError when it is gone."""
        ...

    def find(self, key: str) -> bytes | None:
        """The whole content, or None when there is no such object."""
        ...

    def put(self, key: str, body: bytes) -> None:
        """Write an object. Raises ReaderError."""
        ...

    def path(self, key: str) -> Path | None:
        """The file that is this object, where objects are files."""
        ...


class S3Bucket:
    """A bucket of S3 or of the local run's endpoint."""

    def __init__(self, client: Any, name: str, clock: Clock) -> None:
        self.name = name
        self._client = client
        self._clock = clock

    def list(self, prefix: str, start_after: str = "") -> Iterator[Object]:
        """Page by page, each when it is needed."""
        request: dict[str, Any] = {"Bucket": self.name, "Prefix": prefix}
        if start_after:
            request["StartAfter"] = start_after
        while True:
            answer = call(lambda: self._client.list_objects_v2(**request), self._clock)
            for found in answer.get("Contents", []):
                modified_s = found["LastModified"].timestamp()
                yield Object(found["Key"], found["Size"], modified_s, found["ETag"].strip('"'))
            if not answer.get("IsTruncated"):
                return
            request["ContinuationToken"] = answer["NextContinuationToken"]

    def get(self, key: str) -> bytes:
        """One GetObject."""
        found = self.find(key)
        if found is None:
            raise ReaderError(f"s3://{self.name}/{key} is gone")
        return found

    def find(self, key: str) -> bytes | None:
        """One GetObject."""

        def work() -> bytes | None:
            try:
                return bytes(self._client.get_object(Bucket=self.name, Key=key)["Body"].read())
            except ClientError as error:
                if error_code(error) in {"NoSuchKey", "404"}:
                    return None
                raise

        return call(work, self._clock)

    def put(self, key: str, body: bytes) -> None:
        """One PutObject."""
        call(lambda: self._client.put_object(Bucket=self.name, Key=key, Body=body), self._clock)

    def path(self, key: str) -> Path | None:  # noqa: ARG002 - the protocol's signature
        """S3's objects are no files."""
        return None


class FolderBucket:
    """A folder with raw-data/, curated/ and quarantine/ in it."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self._folder = folder

    @classmethod
    def find_in(cls, folder: Path) -> "FolderBucket":
        """The folder itself, or the only bucket in it. Raises ReaderError."""
        if not folder.is_dir():
            raise ReaderError(f"there is no folder {folder}")
        inside = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
        if any(f"{each.name}/" in _DATA for each in inside):
            return cls(folder)
        if len(inside) == 1:
            return cls(inside[0])
        names = ", ".join(each.name for each in inside) or "nothing"
        raise ReaderError(f"{folder} is no copy of a bucket and holds no single one: {names}")

    def list(self, prefix: str, start_after: str = "") -> Iterator[Object]:
        """The files of a folder and its folders; a file that goes meanwhile is left out."""
        root = self._folder / prefix
        keys = (each.relative_to(self._folder).as_posix() for each in root.rglob("*") if each.is_file())
        for key in sorted(key for key in keys if key > start_after):
            with suppress(FileNotFoundError):
                stat = (self._folder / key).stat()
                yield Object(key, stat.st_size, stat.st_mtime, f"{stat.st_mtime_ns:x}-{stat.st_size:x}")

    def get(self, key: str) -> bytes:
        """The file's bytes."""
        found = self.find(key)
        if found is None:
            raise ReaderError(f"{self._folder / key} is gone")
        return found

    def find(self, key: str) -> bytes | None:
        """The file's bytes, or None; a key that would leave the folder is no object of it."""
        if not is_plain(key):
            return None
        try:
            return (self._folder / key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ReaderError(f"{self._folder / key} cannot be read: {error.strerror}") from error

    def put(self, key: str, body: bytes) -> None:  # noqa: ARG002 - the protocol's signature
        """A copy is only read."""
        raise ReaderError(f"{self._folder} is only read; to write {key} name the stage instead of --files")

    def path(self, key: str) -> Path | None:
        """The file."""
        return self._folder / key
