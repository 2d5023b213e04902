"""The objects that a query needs, as files on this machine: the bucket's own, or copies that are kept.

Decides what is fetched: only the tables that the query names, only objects of its time range, each once. An
object of Firehose never changes; a quarantine object that was written again has a new tag.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from headgate.query.views import TABLES
from headgate.readers import decode
from headgate.readers.bucket import Bucket, Object
from headgate.readers.contents import bodies
from headgate.readers.span import Span, kind_of, objects
from headgate.safe_path import below
from headgate.terminal import Printer


def tables_in(sql: str) -> list[str]:
    """The tables that a query may read: those whose name is in it as a word."""
    words = set(re.findall(r"\w+", sql.lower()))
    return [name for name in TABLES if name in words or (name == "curated" and "curated_dedup" in words)]


def fetched(
    bucket: Bucket, tables: Iterable[str], span: Span, time_zone: str, cache: Path, printer: Printer
) -> dict[str, list[Path]]:
    """The files of each table; what is not on this machine yet is fetched into `cache`."""
    files: dict[str, list[Path]] = {}
    for name in tables:
        found = list(objects(bucket, kind_of(name, time_zone), span))
        places = {each: place_of(bucket, each, cache) for each in found}
        missing = [each for each in found if not places[each].exists()]
        for done, (each, body) in enumerate(bodies(bucket, missing), start=1):
            _keep(places[each], each, body)
            printer.progress(f"{name}: {done} of {len(missing)} objects fetched")
        files[name] = list(places.values())
    printer.wipe()
    return files


def place_of(bucket: Bucket, found: Object, cache: Path) -> Path:
    """Return the file of an object: the bucket's own, or its place in the cache, which no key can leave."""
    own = bucket.path(found.key)
    if own is not None and decode.is_as_stored(found.key):
        return own
    # The key stays whole: the query reads the partition's columns and the object's name from it.
    place = below(cache, bucket.name, found.tag[:16], found.key)
    return place if decode.is_as_stored(found.key) else place.with_name(f"{place.name}.ndjson")


def _keep(place: Path, found: Object, body: bytes) -> None:
    """Write a file in one step, so that an interrupted fetch leaves nothing that looks whole."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if not decode.is_as_stored(found.key):
        body = b"".join(_with_ends(decode.lines(found.key, body)))
    half = place.with_name(f".{place.name}.part")
    half.write_bytes(body)
    half.replace(place)


def _with_ends(lines: Iterable[bytes]) -> Iterator[bytes]:
    return (line + b"\n" for line in lines)
