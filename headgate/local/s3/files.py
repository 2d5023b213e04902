"""Make moto's S3 keep its objects as files: the few names of moto that are replaced, in one place.

Decides which spots of moto are touched (HOOKS; tests hold them to the pinned version) and that the buckets
of an earlier run are there again. Never serves a request. Called by moto_app, once per process.
"""

import copy
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from moto.core.common_models import BaseModel
from moto.s3 import models
from moto.s3.exceptions import EntityTooSmall, InvalidBucketName, InvalidPart, MalformedXML
from moto.s3.utils import compute_checksum

from headgate.local.s3.index import Bucket
from headgate.local.s3.keys import FileKeys
from headgate.local.s3.objects import FileKey
from headgate.local.s3.store import ObjectStore

ACCOUNT_ID = "123456789012"  # moto's default, and the local run's everywhere
REGION = "us-east-1"
# Source: Amazon S3 user guide, "General purpose bucket naming rules"
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")

_BaseBucket: Any = models.FakeBucket
_BaseMultipart: Any = models.FakeMultipart


class FileBucket(_BaseBucket):  # type: ignore[misc] # moto ships no types
    """A bucket that is a folder. It remembers that versioning is on, and keeps one version of each object."""

    def __init__(self, name: str, *args: Any, **options: Any) -> None:
        if not _BUCKET_NAME.fullmatch(name):
            raise InvalidBucketName
        super().__init__(name, *args, **options)
        self.keys = FileKeys(FileKey.store, name)
        FileKey.store.add_bucket(Bucket(name, self.region_name, self.creation_date.timestamp()))

    @property
    def is_versioned(self) -> bool:
        """Whether a put keeps the content before it: never here."""
        return False


class FileMultipart(_BaseMultipart):  # type: ignore[misc] # moto ships no types
    """A multipart upload whose parts are files, joined without holding the object in memory."""

    def complete(self, body: Iterator[tuple[int, str]]) -> tuple[Any, str, tuple[str, str, int] | None]:
        """Join the parts that `body` names. Returns the upload, its ETag and its checksum, as moto's does."""
        parts = [self._part(number, etag) for number, etag in body]
        if not parts:
            raise MalformedXML
        if any(part.contentsize < models.S3_UPLOAD_PART_MIN_SIZE for part in parts[:-1]):
            raise EntityTooSmall
        digests = b"".join(bytes.fromhex(part.etag.strip('"')) for part in parts)
        etag = f"{models.md5_hash(digests).hexdigest()}-{len(parts)}"
        upload = FileKey.store.upload(chunk for part in parts for chunk in _chunks(part.value))
        return upload, etag, self._checksum(parts)

    def _part(self, number: int, etag: str) -> FileKey:
        part: FileKey | None = self.parts.get(number)
        if part is None or part.etag.strip('"') != etag.strip('"'):
            raise InvalidPart
        return part

    def _checksum(self, parts: list[FileKey]) -> tuple[str, str, int] | None:
        """The checksum of the parts' checksums; one over the whole object is not offered."""
        algorithm = self.metadata.get("x-amz-checksum-algorithm")
        kind = self.metadata.get("x-amz-checksum-type") or "COMPOSITE"
        if not algorithm or algorithm == "CRC64NVME" or kind != "COMPOSITE":
            return None
        sums = [compute_checksum(_whole(part.value), algorithm, encode_base64=False) for part in parts]
        return kind, compute_checksum(b"".join(sums), algorithm).decode(), len(parts)


def _whole(value: Any) -> bytes:
    return b"".join(_chunks(value))


def _chunks(value: Any) -> Any:
    return [value] if isinstance(value, bytes) else value


_delete_bucket = models.S3Backend.delete_bucket


def delete_bucket(backend: Any, bucket_name: str) -> Any:
    """Delete a bucket and its folder; None, as in moto, for one that is not empty."""
    deleted = _delete_bucket(backend, bucket_name)
    if deleted is not None:
        FileKey.store.drop_bucket(bucket_name)
    return deleted


_list_objects = models.S3Backend.list_objects


def list_objects(backend: Any, bucket: Any, prefix: str | None, *args: Any, **options: Any) -> Any:
    """List as moto does, which goes through all objects, but show it the prefix's folder alone."""
    if prefix and isinstance(bucket, FileBucket):
        bucket = copy.copy(bucket)
        bucket.keys = bucket.keys.below(prefix)
    return _list_objects(backend, bucket, prefix, *args, **options)


def untracked(cls: type, *_: object, **__: object) -> Any:
    """Make an instance without moto's own reference to everything it ever made: a server runs for days."""
    return object.__new__(cls)


HOOKS: tuple[tuple[Any, str, Any], ...] = (
    (models, "FakeKey", FileKey),
    (models, "FakeBucket", FileBucket),
    (models, "FakeMultipart", FileMultipart),
    (models.S3Backend, "delete_bucket", delete_bucket),
    (models.S3Backend, "list_objects", list_objects),
    (BaseModel, "__new__", untracked),
)


def install(store: ObjectStore) -> None:
    """Let moto's S3 live in `store`, with the buckets that are there."""
    for owner, name, replacement in HOOKS:
        setattr(owner, name, replacement)
    FileKey.store = store
    FileKey.prepare(ACCOUNT_ID, REGION)
    backend = models.s3_backends[ACCOUNT_ID]["aws"]
    backend.buckets.clear()
    models.s3_backends.bucket_accounts.clear()
    for known in store.buckets():
        if _BUCKET_NAME.fullmatch(known.name):
            bucket = FileBucket(known.name, account_id=ACCOUNT_ID, region_name=known.region)
            bucket.creation_date = datetime.fromtimestamp(known.created_s, UTC)
            backend.buckets[known.name] = bucket
