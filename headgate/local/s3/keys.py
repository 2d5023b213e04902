"""A bucket's objects as moto asks for them, straight from the folder.

Decides that there is one version of each object and that the folder alone says which objects there are: files
that a person adds or deletes are seen by the next request. Never writes a file itself: s3.store does.
Given to every bucket by s3.files.
"""

from collections.abc import Iterator
from typing import Any

from headgate.local.s3.index import Stamp
from headgate.local.s3.objects import FileKey
from headgate.local.s3.store import ObjectStore


class FileKeys:
    """moto's `_VersionedKeyStore` for one bucket: one version of each object, straight from the disk."""

    def __init__(self, store: ObjectStore, bucket: str, prefix: str = "") -> None:
        self._store = store
        self._bucket = bucket
        self._prefix = prefix

    def below(self, prefix: str) -> "FileKeys":
        """The same bucket for a listing: what is gone through may leave out keys without this prefix."""
        return FileKeys(self._store, self._bucket, prefix)

    def _found(self) -> Iterator[tuple[str, Stamp]]:
        return self._store.keys(self._bucket, self._prefix)

    def get(self, name: str, default: Any = None) -> Any:
        """The object called `name`."""
        opened = self._store.open(self._bucket, name)
        return FileKey.found(self._bucket, name, opened.stamp, opened) if opened else default

    def __getitem__(self, name: str) -> FileKey | None:
        # moto asks `in` first. None and not KeyError, for the file may go between the two: moto answers 404.
        key: FileKey | None = self.get(name)
        return key

    def __contains__(self, name: str) -> bool:
        return self._store.find(self._bucket, name) is not None

    def getlist(self, name: str, default: Any = None) -> Any:
        """All versions of an object: the one that is there."""
        key = self.get(name)
        return [key] if key else default

    def setlist(self, name: str, versions: list[FileKey]) -> None:  # noqa: ARG002 - moto's signature
        """Take moto's newest version as the object."""
        versions[-1].adopt(self._bucket)

    def pop(self, name: str) -> None:
        """Delete an object. Raises KeyError when there is none, as moto expects."""
        if not self._store.remove(self._bucket, name):
            raise KeyError(name)

    def items(self) -> Iterator[tuple[str, FileKey]]:
        """All objects by name."""
        for name, stamp in self._found():
            yield name, FileKey.found(self._bucket, name, stamp)

    def iterlists(self) -> Iterator[tuple[str, list[FileKey]]]:
        """All objects by name, each as the list of its versions."""
        for name, key in self.items():
            yield name, [key]

    def values(self) -> Iterator[FileKey]:
        """All objects."""
        for name, stamp in self._found():
            yield FileKey.found(self._bucket, name, stamp)

    def item_size(self) -> int:
        """All bytes of the bucket."""
        return sum(stamp.size_bytes for _, stamp in self._found())

    def __iter__(self) -> Iterator[str]:
        for name, _ in self._found():
            yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return any(True for _ in self)
