"""The main property: what was promised to the clients of a schedule, held against what lies where.

Knows nothing of how a schedule was played; every broken promise is a sentence.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.faults.traffic import Foreign, Post

ACCEPTED, REFUSED, UNKNOWN = "accepted", "refused", "unknown"


@dataclass
class Sent:
    """A request and its end: `answers` are the statuses, 0 where none came."""

    post: Post
    answers: list[int]
    client: int = 0
    receipts: list[tuple[str, str]] = field(default_factory=list)

    @property
    def end(self) -> str:
        """What its client knows."""
        if 200 in self.answers:
            return UNKNOWN if not self.post.is_good else ACCEPTED
        return REFUSED if all(400 <= status < 500 for status in self.answers) else UNKNOWN


@dataclass(frozen=True)
class Line:
    """A line of curated/ or quarantine/."""

    event_id: str
    place: tuple[str, int]  # shard, sequence number
    event: bytes  # as it stands there


@dataclass
class Stores:
    """What lies where after the drain. `dropped` are the notes of lines that the hook dropped."""

    raw: list[bytes]
    curated: list[Line]
    quarantined: list[Line]
    dropped: list[Line] = field(default_factory=list)
    set_aside: list[bytes] = field(default_factory=list)  # whole, at the mapping's on-failure destination
    stream: list[tuple[int, bytes]] | None = None  # sequence number and line, where it can be read


def broken_promises(
    sent: Sequence[Sent], foreign: Iterable[Foreign], stores: Stores, *, ordered: bool
) -> list[str]:
    """Every promise that does not hold; `ordered` says that the stage names an ordering field."""
    return [
        *_acknowledged(sent, stores),
        *_refused(sent, stores),
        *_ids(sent, stores),
        *_foreign(foreign, stores),
        *_balance(stores),
        *(_order(sent, stores) if ordered else []),
    ]


def _ends(stores: Stores) -> dict[bytes, list[Line]]:
    ends = defaultdict(list)
    for line in [*stores.curated, *stores.quarantined]:
        ends[line.event].append(line)
    return ends


def _is_dropped(event: bytes) -> bool:
    return b'"type":"drop"' in event


def _acknowledged(sent: Sequence[Sent], stores: Stores) -> Iterable[str]:
    """Every event that got 200 is in the archive and has an end; its receipt names one of its copies."""
    raw, ends, aside = set(stores.raw), _ends(stores), set(stores.set_aside)
    noted = {(shard, str(number)) for shard, number in (line.place for line in stores.dropped)}
    for one in sent:
        if one.end != ACCEPTED:
            continue
        if len(one.receipts) != len(one.post.events):
            yield f"{len(one.receipts)} receipts for {len(one.post.events)} events"
        for event, receipt in zip(one.post.events, one.receipts, strict=False):
            if event not in raw:
                yield f"acknowledged and not in raw-data: {_short(event)}"
            if not (ends[event] or event in aside or (_is_dropped(event) and receipt in noted)):
                yield f"acknowledged and neither in curated nor in quarantine nor noted: {_short(event)}"
            places = {(shard, str(number)) for shard, number in (line.place for line in ends[event])}
            if ends[event] and event not in aside and receipt not in places:
                yield f"the receipt {receipt} names no copy of {_short(event)}"


def _refused(sent: Sequence[Sent], stores: Stores) -> Iterable[str]:
    """Every event that only got 4xx, or was only asked about, is nowhere."""
    everywhere = {*stores.raw, *_ends(stores), *stores.set_aside}
    for one in sent:
        if one.end == REFUSED or not one.post.is_good:
            for event in one.post.events:
                if event in everywhere:
                    yield f"refused with {one.answers} and yet stored: {_short(event)}"


def _ids(sent: Sequence[Sent], stores: Stores) -> Iterable[str]:
    """Copies share the event id: one id with an Idempotency-Key, at most one per sending without."""
    ends = _ends(stores)
    owners: dict[str, bytes] = {}
    for one in sent:
        most = 1 if one.post.key else len(one.answers)
        for event in one.post.events:
            ids = {line.event_id for line in ends[event]}
            if len(ids) > most:
                yield f"{len(ids)} ids, at most {most} expected: {_short(event)}"
            for event_id in ids:
                if owners.setdefault(event_id, event) != event:
                    yield f"the id {event_id} belongs to two events"


def _foreign(foreign: Iterable[Foreign], stores: Stores) -> Iterable[str]:
    """What was put past the API is archived as it is, and has an end under an id made of its place."""
    raw, lines = set(stores.raw), [*stores.curated, *stores.quarantined]
    aside = b"".join(stores.set_aside)
    for one in foreign:
        for place, text in enumerate(one.lines):
            ends = [line for line in lines if text in line.event]
            if text not in raw:
                yield f"put past the API and not in raw-data: {_short(text)}"
            if not (ends or text in aside or _is_dropped(text)):
                yield f"put past the API and without an end: {_short(text)}"
            suffix = f".{place}" if one.is_aggregated else ""
            if any(line.event_id != "{}:{}".format(*line.place) + suffix for line in ends):
                yield f"put past the API and not named by its place: {_short(text)}"


def _balance(stores: Stores) -> Iterable[str]:
    """Nothing is left over: stream = archive, and the archive = curated, quarantined, dropped, set aside."""
    if stores.stream is not None:
        on_stream, archived = Counter(line for _, line in stores.stream), Counter(stores.raw)
        for line, count in (on_stream - archived).items():
            yield f"on the stream {count} times more than in raw-data: {_short(line)}"
        for line in archived.keys() - on_stream.keys():
            yield f"in raw-data and never on the stream: {_short(line)}"
        places = {number for number, line in stores.stream if not _is_dropped(line)}
        done = {line.place[1] for line in [*stores.curated, *stores.quarantined]}
        if not stores.set_aside and places - done:
            yield f"{len(places - done)} records of the stream have no end"
        if done - {number for number, _ in stores.stream}:
            yield "curated or quarantined, and never on the stream"
        yield from _notes(stores.stream, stores)


def _notes(stream: Iterable[tuple[int, bytes]], stores: Stores) -> Iterable[str]:
    """Each line that the hook drops has one note, however often its batch ran, and no other line has any."""
    dropped = Counter(number for number, line in stream if _is_dropped(line))
    noted = Counter(number for _, number in {(line.event_id, line.place[1]) for line in stores.dropped})
    if noted - dropped:
        yield f"{(noted - dropped).total()} notes of lines that the hook does not drop"
    if not stores.set_aside and dropped - noted:
        yield f"{(dropped - noted).total()} lines were dropped and not noted"


def _order(sent: Sequence[Sent], stores: Stores) -> Iterable[str]:
    """Per ordering key, first copies lie on the stream in the order in which their client sent them."""
    ends = [(line.place[1], line.event) for line in [*stores.curated, *stores.quarantined]]
    first: dict[bytes, int] = {}
    for number, line in ends if stores.stream is None else stores.stream:
        first[line] = min(number, first.get(line, number))
    numbers = defaultdict(list)
    for one in sent:
        for event in one.post.events if one.post.is_good else ():
            key = _ordering_key(event)
            if key and event in first:
                numbers[one.client, key].append(first[event])
    for (client, key), found in numbers.items():
        if found != sorted(found):
            yield f"the order of the key {key} of client {client} is broken"


def _ordering_key(event: bytes) -> str:
    return event.partition(b'"k":"')[2].partition(b'"')[0].decode()


def _short(event: bytes) -> str:
    return event[:60].decode("utf-8", "replace")
