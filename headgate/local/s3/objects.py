"""moto's S3 object with its bytes in a file and what moto knows of it in the index.

Decides that an object is what its file holds and that what moto sets on it is kept. Never parses a request:
moto does. Used by s3.keys, put in moto's place by s3.files.

moto makes an object, puts it into its bucket and then sets metadata on it. So a FileKey begins as an upload,
becomes an object when its bucket takes it (`adopt`), and writes what is set later to the index. Every look-up
makes a new FileKey, so nothing stays in memory.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Self

from moto.s3 import models
from moto.s3.exceptions import MissingKey, S3ClientError
from moto.utilities.utils import LowercaseDict

from headgate.local.s3.index import Facts, Stamp
from headgate.local.s3.store import FileBody, ObjectStore, Opened, open_body

KEY_BYTES = 1024  # Source: Amazon S3 user guide, "Naming Amazon S3 objects"

# What is kept of an object beside its bytes. Not kept: ACLs, locks, expiry; moto holds tags apart.
FACTS = (
    "_etag",
    "_storage_class",
    "_metadata",
    "encryption",
    "kms_key_id",
    "bucket_key_enabled",
    "checksum_algorithm",
    "checksum_type",
    "checksum_value",
    "checksum_parts",
    "website_redirect_location",
)

_Base: Any = models.FakeKey


class FileKey(_Base):  # type: ignore[misc] # moto ships no types
    """One object; `_stamp` is None until a bucket has adopted it."""

    store: ClassVar[ObjectStore]
    _blank: ClassVar[dict[str, Any]] = {}
    _stamp: Stamp | None = None
    _body: FileBody | None = None
    _etag: str | None
    _path: Path  # of the upload

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._value_buffer.close()  # moto's own place for the bytes

    @classmethod
    def found(cls, bucket: str, name: str, stamp: Stamp, opened: Opened | None = None) -> Self:
        """An object that is there; one of a listing has no `opened` and reads its facts when asked."""
        key = object.__new__(cls)
        key.__dict__.update(cls._blank, name=name, bucket_name=bucket)
        key._settle(stamp)
        if opened:
            key.__dict__["_body"] = opened.body
            key.__dict__.update(_attributes(opened.facts))
        return key

    @classmethod
    def prepare(cls, account_id: str, region: str) -> None:
        """Remember what moto sets on a new object, as the start of every one that is found."""
        sample = cls("sample", b"", account_id=account_id, region_name=region, version_id="null")
        sample.dispose()
        cls._blank = {name: value for name, value in vars(sample).items() if name not in (*FACTS, "_path")}

    def adopt(self, bucket: str) -> None:
        """Become the object of this name in `bucket`."""
        if len(self.name.encode()) > KEY_BYTES:
            raise S3ClientError("KeyTooLongError", "Your key is too long")
        stamp = self.store.adopt(self._path, bucket, self.name, self._facts())
        self.bucket_name = bucket
        self._settle(stamp)

    def _settle(self, stamp: Stamp) -> None:
        self.contentsize = stamp.size_bytes
        self.last_modified = datetime.fromtimestamp(stamp.modified_ns / 1e9, UTC).replace(tzinfo=None)
        self._stamp = stamp

    def _facts(self) -> Facts:
        return {name: getattr(self, name) for name in FACTS} | {"_metadata": dict(self._metadata)}

    def __getattr__(self, name: str) -> Any:
        if name not in FACTS or self._stamp is None:
            raise AttributeError(name)
        facts = self.store.index.get(self.bucket_name, self.name, self._stamp)
        if facts is None:
            facts = self._first_facts(self._stamp)
        self.__dict__.update(_attributes(facts))
        return self.__dict__[name]

    def _first_facts(self, stamp: Stamp) -> Facts:
        """Facts of a file that did not come by PutObject; kept, for the digest costs a read of the file."""
        try:
            digest = _md5(self._content())
        except MissingKey:
            digest = _md5([])  # gone since it was listed: a listing may be a moment old, and must not fail
        content_type = {"Content-Type": "binary/octet-stream"}
        facts: Facts = dict.fromkeys(FACTS)
        facts |= {"_etag": digest, "_storage_class": "STANDARD", "_metadata": content_type}
        self.store.learn(self.bucket_name, self.name, stamp, facts)
        return facts

    def __setattr__(self, name: str, value: Any) -> None:
        changed = name in FACTS and self._stamp is not None and getattr(self, name) != value
        super().__setattr__(name, value)
        if changed:
            self._keep()

    def _keep(self) -> None:
        if self._stamp is not None:
            self.store.index.change(self.bucket_name, self.name, self._stamp, self._facts())

    def set_metadata(self, metadata: Any, replace: bool = False) -> None:  # noqa: FBT001, FBT002 - moto's signature
        """Take user metadata and headers such as Content-Type."""
        super().set_metadata(metadata, replace)
        self._keep()

    @property
    def value(self) -> bytes | FileBody:
        """The bytes, or for a large object a view of its file."""
        return self._content()[:]

    @value.setter
    def value(self, content: bytes | str | Path | Iterable[bytes]) -> None:
        """Write the bytes to an upload; a Path is an upload already."""
        if isinstance(content, Path):
            self._path = content
        else:
            digest = hashlib.md5(usedforsecurity=False)
            self._path = self.store.upload(_digested(content, digest))
            self._etag = self._etag or digest.hexdigest()
        self.contentsize = self._path.stat().st_size

    def _content(self) -> FileBody:
        if self._stamp is None:
            return open_body(self._path)
        if self._body is None:
            opened = self.store.open(self.bucket_name, self.name)
            if opened is None:
                raise MissingKey(key=self.name)
            self._body = opened.body
        return self._body

    @property
    def etag(self) -> str:
        """The quoted ETag."""
        return f'"{self._etag}"'

    def __deepcopy__(self, _memo: object) -> Self:
        return self  # moto copies what it lists; each listing has objects of its own anyway

    def dispose(self, garbage: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - moto's signature
        """Drop an upload that nobody adopted, such as a part."""
        path = self.__dict__.get("_path")
        if self._stamp is None and path is not None:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        self.disposed = True


def _digested(content: bytes | str | Iterable[bytes], digest: Any) -> Iterator[bytes]:
    if isinstance(content, str):
        content = content.encode()
    for chunk in [content] if isinstance(content, bytes) else content:
        digest.update(chunk)
        yield chunk


def _attributes(facts: Facts | None) -> dict[str, Any]:
    if facts is None:
        return {}
    metadata = LowercaseDict()
    metadata.update(facts["_metadata"])
    return facts | {"_metadata": metadata}


def _md5(body: Iterable[bytes]) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for chunk in body:
        digest.update(chunk)
    return digest.hexdigest()
