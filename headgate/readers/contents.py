"""The lines of a bucket's objects, object by object, as rows that can be printed and judged.

Decides which lines of an object belong to a time range, and how a growing bucket is followed. Objects are
fetched a few at a time ahead of the one that is read.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import orjson

from chalicelib.lines import lines_of
from headgate.readers import decode
from headgate.readers.bucket import Bucket, Object
from headgate.readers.calls import Clock
from headgate.readers.lines import content
from headgate.readers.moments import parse_shown
from headgate.readers.span import Kind, Span, objects
from headgate.settings import prefixes

_AHEAD = 3  # objects in memory beside the one that is read; one has at most 128 MiB before compression
_LIST_EVERY_S = 0.7
_RECEIVED_AT = b'"received_at":"'
_TIME_CHARS = len("2026-10-01T05:00:00.000Z")
# How long an object may be on its way from its listing's place in time to being seen.
_FOLLOW_LAG_S = 3600.0


class Found(NamedTuple):
    """One line of one object; `number` counts from 1."""

    object: Object
    number: int
    text: bytes


def bodies(bucket: Bucket, found: Iterable[Object]) -> Iterator[tuple[Object, bytes]]:
    """Each object with its content, in order."""
    waiting: deque[tuple[Object, Future[bytes]]] = deque()
    with ThreadPoolExecutor(_AHEAD, thread_name_prefix="fetch") as pool:
        try:
            for each in found:
                waiting.append((each, pool.submit(bucket.get, each.key)))
                if len(waiting) > _AHEAD:
                    first, body = waiting.popleft()
                    yield first, body.result()
            while waiting:
                first, body = waiting.popleft()
                yield first, body.result()
        finally:
            for _, body in waiting:
                body.cancel()


def lines_in(bucket: Bucket, found: Iterable[Object]) -> Iterator[Found]:
    """Every line that is not blank; an aggregated record of the archive counts as one."""
    for each, body in bodies(bucket, found):
        numbered: Iterator[tuple[int, bytes]] = (
            decode.units(decode.plain(each.key, body))
            if each.key.startswith(prefixes.RAW)
            else enumerate(decode.lines(each.key, body), start=1)
        )
        for number, text in numbered:
            if text.strip():
                yield Found(each, number, text)


def within(kind: Kind, span: Span, lines: Iterable[Found]) -> Iterator[Found]:
    """The lines whose record arrived in the span; the archive's lines carry no time but their object's."""
    if kind.name == "raw" or span == Span():
        yield from lines
        return
    for line in lines:
        arrival_s = received_s(line.text)
        if arrival_s is None or span.holds(arrival_s):
            yield line


def received_s(line: bytes) -> float | None:
    """The arrival in a curated or quarantined line, found by its bytes; None where it has none.

    The envelope writes it before anything that a producer chose, but for the id, in which quotes are escaped.
    """
    _, found, rest = line.partition(_RECEIVED_AT)
    try:
        return parse_shown(rest[:_TIME_CHARS].decode()) if found else None
    except ValueError:
        return None


def follow(bucket: Bucket, kind: Kind, span: Span, clock: Clock) -> Iterator[list[Object]]:
    """The objects of the span, and then, look by look, those that are new or changed. Never ends."""
    seen: dict[str, str] = {}
    while True:
        new = [each for each in objects(bucket, kind, span) if seen.get(each.key) != each.tag]
        seen |= {each.key: each.tag for each in new}
        yield new
        # What is older than this has been seen; an object's time is set before it can be listed.
        span = span._replace(from_s=max(span.from_s, clock.wall() - _FOLLOW_LAG_S))
        clock.sleep(_LIST_EVERY_S)


def raw_rows(found: Found) -> Iterator[bytes]:
    """A line of the archive with its place, as a JSON line; an aggregated record is taken apart."""
    head = orjson.dumps({"object": found.object.key, "line_number": found.number})[:-1]
    for _, _, text in lines_of("", found.text):
        yield head + b"," + content(text) + b"}"
