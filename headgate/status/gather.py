"""Reads what the ledger adds up: the lines of the stream, and what the bucket's objects hold.

Decides what is read again: a second look takes only new records and new objects. What was dropped is read
from dropped/, where the transform has noted it: the hook of this folder may be another one, and is never run
here. Never changes anything.
"""

from collections import Counter
from collections.abc import Iterator

from chalicelib.lines import lines_of
from chalicelib.packing import record_event_id
from headgate.readers import decode
from headgate.readers.bucket import Bucket, Object
from headgate.readers.contents import bodies
from headgate.readers.errors import ReaderError
from headgate.readers.feed import Feed
from headgate.readers.lines import stored_fields
from headgate.readers.span import Span, kind_of, objects
from headgate.readers.stage import Stage
from headgate.records import Record
from headgate.settings import prefixes
from headgate.status.ledger import Accepted, Held, Identity
from headgate.status.tails import Tails, digest_of

# Records of one shard come in the order of their arrival, but a shard may be a read behind another one.
_OVERLAP_S = 10.0
_ERRORS = (prefixes.DELIVERY_ERRORS, prefixes.FAILED_BATCHES)


class Gather:
    """What is known of one stage's time range; grows with each look."""

    def __init__(self, stage: Stage, bucket: Bucket) -> None:
        self._stage = stage
        self._bucket = bucket
        self._accepted: dict[Identity, Accepted] = {}
        self._read_to_s = float("-inf")
        self._archive: dict[str, Counter[bytes]] = {}
        self._ends: dict[str, tuple[str, dict[Identity, str]]] = {}  # place in the bucket, reason by line
        self.foreign: Counter[str] = Counter()  # lines that are not the transform's, by object
        self._tails = Tails()

    def look(self, span: Span) -> None:
        """Read what is new in the span, and forget what is before it."""
        self._look_at_stream(Span(max(span.from_s, self._read_to_s - _OVERLAP_S), span.to_s))
        self._accepted = {k: line for k, line in self._accepted.items() if span.holds(line.arrival_s)}
        self._look_at_archive(span)
        for name in ("curated", "quarantine", "dropped"):
            self._look_at_ends(name, span)

    @property
    def accepted(self) -> list[Accepted]:
        """The lines on the stream."""
        return list(self._accepted.values())

    def held(self) -> Held:
        """What the bucket holds."""
        total: Counter[bytes] = Counter()
        for digests in self._archive.values():
            total.update(digests)
        ends: dict[str, dict[Identity, str]] = {"curated": {}, "quarantine": {}, "dropped": {}}
        for name, found in self._ends.values():
            ends[name] |= found
        return Held(total, set(ends["curated"]), ends["quarantine"], ends["dropped"])

    def error_objects(self, span: Span) -> int:
        """How many objects of failed deliveries or batches were written in the span."""
        found = (each for prefix in _ERRORS for each in self._bucket.list(prefix))
        return sum(1 for each in found if each.modified_s >= span.from_s)

    def _look_at_stream(self, span: Span) -> None:
        client, name = self._stage.client("kinesis"), self._stage.names.stream
        for shard_id, record in Feed(client, name, span, self._stage.clock).arrivals():
            self._read_to_s = max(self._read_to_s, record.arrival_s)
            self._tails.learn(record.data)
            for line in _accepted(record, shard_id):
                self._accepted[line.identity] = line

    def _look_at_archive(self, span: Span) -> None:
        found = list(objects(self._bucket, kind_of("raw", "UTC"), span))
        # With records that run together, what is read depends on the stream: it is read again each time.
        known = {} if self._tails else self._archive
        self._archive = {each.key: known[each.key] for each in found if each.key in known}
        splitter = self._tails.splitter(digest for line in self.accepted for digest in line.digests)
        for each, body in bodies(self._bucket, (each for each in found if each.key not in known)):
            pieces = (
                piece for line in _archived(decode.plain(each.key, body)) for piece in splitter.apart(line)
            )
            self._archive[each.key] = Counter(map(digest_of, pieces))

    def _look_at_ends(self, name: str, span: Span) -> None:
        kind = kind_of(name, self._stage.settings.time_zone)
        found = [each for each in objects(self._bucket, kind, span) if _place(each) not in self._ends]
        for each, body in bodies(self._bucket, found):
            self._ends[_place(each)] = name, self._ends_in(each, body)

    def _ends_in(self, each: Object, body: bytes) -> dict[Identity, str]:
        """Return each line's code or reason, "" for a curated one. What others put there is counted apart."""
        ends: dict[Identity, str] = {}
        try:
            for line in decode.lines(each.key, body):
                if fields := stored_fields(line):
                    reason = str(fields.get("code") or fields.get("reason") or "")
                    ends[fields["sequence_number"], fields["event_id"]] = reason
                elif line.strip():
                    self.foreign[each.key] += 1
        except ReaderError:  # damaged, or no object of ours
            self.foreign[each.key] += 1
        return ends


def _accepted(record: Record, shard_id: str) -> list[Accepted]:
    own = record_event_id(record.partition_key, shard_id, record.sequence_number)
    return [
        Accepted(
            (record.sequence_number, line_id),
            record.arrival_s,
            # A blank line is no event; after a record without a line end it would not even be seen.
            tuple(digest_of(line) for line in _archived(text) if line.strip()),
            is_blank=not text.strip(),
        )
        for line_id, _, text in lines_of(own, record.data)
    ]


def _archived(data: bytes) -> Iterator[bytes]:
    """Yield the lines of data that lies in the archive; its aggregated records are taken apart."""
    return (text for _, unit in decode.units(data) for _, _, text in lines_of("", unit))


def _place(each: Object) -> str:
    return f"{each.tag} {each.key}"
