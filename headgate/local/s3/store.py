"""Objects as plain files under `<folder>/<bucket>/<key>`, each replaced in one step.

Decides how a file becomes an object: written whole to `<folder>/.uploads`, then renamed into its place, so
that `kill -9` leaves either the old content or the new one; and from which size on an object's bytes are a
view of its file instead of memory. Never speaks S3: s3.objects and s3.keys do. The folder belongs to the
person too: what they put in is an object, what they delete is gone.
"""

import errno
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple
from uuid import uuid4

from headgate.local.s3.index import Bucket, Facts, Index, Stamp
from headgate.safe_path import CLASH, key_to_path, path_to_key

CHUNK_BYTES = 256 * 1024
WHOLE_BYTES = 1024 * 1024  # up to here plain bytes cost a request no more than its buffers do


class FileBody:
    """The bytes `start` to `stop` of the open file `descriptor`, which this object closes."""

    def __init__(self, descriptor: int, start: int, stop: int) -> None:
        self._descriptor = descriptor
        self._start = start
        self._stop = stop

    def __len__(self) -> int:
        return self._stop - self._start

    def __getitem__(self, part: slice) -> "bytes | FileBody":
        """Bytes up to WHOLE_BYTES, a FileBody of its own for more."""
        start, stop, _ = part.indices(len(self))
        length_bytes = max(0, stop - start)
        if length_bytes <= WHOLE_BYTES:
            return os.pread(self._descriptor, length_bytes, self._start + start)
        return FileBody(os.dup(self._descriptor), self._start + start, self._start + stop)

    def __iter__(self) -> Iterator[bytes]:
        position = self._start
        while position < self._stop:
            chunk = os.pread(self._descriptor, min(CHUNK_BYTES, self._stop - position), position)
            if not chunk:
                return  # the file has been cut off meanwhile
            yield chunk
            position += len(chunk)

    def stat(self) -> os.stat_result:
        """The open file's size and times."""
        return os.fstat(self._descriptor)

    def close(self) -> None:
        """Close the file; more than once does no harm."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()


def open_body(path: Path) -> FileBody:
    """The content of a file. Raises FileNotFoundError when it has gone."""
    descriptor = os.open(path, os.O_RDONLY)
    return FileBody(descriptor, 0, os.fstat(descriptor).st_size)


UPLOADS = ".uploads"  # no bucket's name begins with a dot
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)


class Opened(NamedTuple):
    """One content of an object; `facts` is None for a file that did not come by PutObject."""

    body: FileBody
    stamp: Stamp
    facts: Facts | None


class ObjectStore:
    """`folder` and `index` belong to one process."""

    def __init__(self, folder: Path, index: Index) -> None:
        self._folder = folder
        self.index = index
        self._uploads = folder / UPLOADS
        self._lock = threading.RLock()  # a directory must not go while a file is about to be renamed into it
        # Nobody was told that these uploads had succeeded: they are the last process's unfinished work.
        shutil.rmtree(self._uploads, ignore_errors=True)
        self._uploads.mkdir(parents=True)

    def buckets(self) -> list[Bucket]:
        """The folder's directories are the buckets; the index adds region and time of creation."""
        known = {bucket.name: bucket for bucket in self.index.buckets()}
        with os.scandir(self._folder) as entries:
            found = [entry for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
        return [
            known.get(entry.name) or Bucket(entry.name, "us-east-1", entry.stat().st_mtime)
            for entry in sorted(found, key=lambda entry: entry.name)
        ]

    def add_bucket(self, bucket: Bucket) -> None:
        """Create a bucket's folder; one that exists is kept as it is."""
        (self._folder / bucket.name).mkdir(parents=True, exist_ok=True)
        self.index.add_bucket(bucket)

    def drop_bucket(self, name: str) -> None:
        """Remove an empty bucket. Files in it that are no objects stay, and keep it."""
        with self._lock:
            for folder, _, _ in os.walk(self._folder / name, topdown=False):
                with suppress(OSError):
                    Path(folder).rmdir()
            self.index.drop_bucket(name)

    def upload(self, chunks: Iterable[bytes]) -> Path:
        """Write `chunks` to a new file that is no object yet."""
        path = self._uploads / uuid4().hex
        with path.open("wb", buffering=0) as file:
            for chunk in chunks:
                view = memoryview(chunk)
                while view:
                    view = view[file.write(view) :]  # a raw write may take less than it is given
        return path

    def adopt(self, upload: Path, bucket: str, key: str, facts: Facts) -> Stamp:
        """Make an upload the content of `key`."""
        with self._lock:
            path = self._free_path(bucket, key)
            stamp = _stamp(upload.stat())
            upload.replace(path)
            self.index.put(bucket, key, stamp, facts)
            return stamp

    def find(self, bucket: str, key: str) -> tuple[Path, Stamp] | None:
        """The file of `key`, None when there is none."""
        path = f"{self._folder}/{bucket}/{key_to_path(key)}"
        for candidate in (path, path + CLASH):
            try:
                stat = Path(candidate).stat()
            except OSError as error:
                if error.errno not in _NOT_THERE:
                    raise
            else:
                if S_ISREG(stat.st_mode):
                    return Path(candidate), _stamp(stat)
        return None

    def open(self, bucket: str, key: str) -> Opened | None:
        """The content and the facts of `key` that belong together, None when there is no such object."""
        with self._lock, suppress(FileNotFoundError):
            if found := self.find(bucket, key):
                body = open_body(found[0])
                stamp = _stamp(body.stat())
                return Opened(body, stamp, self.index.get(bucket, key, stamp))
        return None

    def learn(self, bucket: str, key: str, stamp: Stamp, facts: Facts) -> None:
        """Keep facts of a file that came without; does nothing when another one has taken its place."""
        with self._lock:
            found = self.find(bucket, key)
            if found and found[1] == stamp:
                self.index.put(bucket, key, stamp, facts)

    def remove(self, bucket: str, key: str) -> bool:
        """Delete the file of `key` and the directories that it leaves empty. False when there is none."""
        with self._lock:
            found = self.find(bucket, key)
            if found is None:
                return False
            found[0].unlink(missing_ok=True)
            self.index.drop(bucket, key)
            root = self._folder / bucket
            with suppress(OSError):  # the first one that is not empty
                for parent in found[0].relative_to(root).parents[:-1]:
                    (root / parent).rmdir()
            return True

    def keys(self, bucket: str, prefix: str = "") -> Iterator[tuple[str, Stamp]]:
        """A bucket's objects in no order, at least those whose key begins with `prefix`.

        Files that come and go meanwhile may be left out.
        """
        root = f"{self._folder}/{bucket}/"
        above, slash, _ = prefix.rpartition("/")
        pending = [f"{root}{key_to_path(above)}" if slash else root]
        while pending:
            with suppress(FileNotFoundError, NotADirectoryError), os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    elif entry.is_file() and (key := path_to_key(entry.path.removeprefix(root))) is not None:
                        with suppress(FileNotFoundError):
                            yield key, _stamp(entry.stat())

    def _free_path(self, bucket: str, key: str) -> Path:
        """Where `key` can be written; objects named like one of its directories step aside."""
        root = self._folder / bucket
        path = root / key_to_path(key)
        for parent in reversed(path.relative_to(root).parents[:-1]):
            in_the_way = root / parent
            if in_the_way.is_file():
                in_the_way.rename(f"{in_the_way}{CLASH}")
        path.parent.mkdir(parents=True, exist_ok=True)
        clash = Path(f"{path}{CLASH}")
        if path.is_dir():
            return clash
        if clash.is_file():  # its directory has gone since: one object, one file
            clash.unlink()
        return path


def _stamp(stat: os.stat_result) -> Stamp:
    return Stamp(stat.st_size, stat.st_mtime_ns)
