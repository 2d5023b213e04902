"""Reads what the ledger adds up: the stream's lines, and what the bucket's objects hold.

Decides what is read again: a second look takes only new records and new objects. Never changes anything.
"""

from collections import Counter
from collections.abc import Iterator

from chalicelib.hook import hook
from chalicelib.lines import lines_of
from headgate.readers import decode
from headgate.readers.bucket import Bucket, Object
from headgate.readers.contents import bodies
from headgate.readers.feed import Feed
from headgate.readers.lines import fields_of
from headgate.readers.span import Span, kind_of, objects
from headgate.readers.stage import Stage
from headgate.readers.verdict import verdicts
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
        self._ends: dict[str, dict[Identity, str]] = {}
        self._tails = Tails()

    def look(self, span: Span) -> None:
        """Read what is new in the span, and forget what is before it."""
        self._look_at_stream(Span(max(span.from_s, self._read_to_s - _OVERLAP_S), span.to_s))
        self._accepted = {k: line for k, line in self._accepted.items() if span.holds(line.arrival_s)}
        self._look_at_archive(span)
        for name in ("curated", "quarantine"):
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
        ends = [(key, code) for found in self._ends.values() for key, code in found.items()]
        return Held(total, {key for key, code in ends if not code}, {key: code for key, code in ends if code})

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
            self._ends[_place(each)] = dict(
                _end(line) for line in decode.lines(each.key, body) if line.strip()
            )


def _accepted(record: Record, shard_id: str) -> list[Accepted]:
    return [
        Accepted(
            (record.sequence_number, verdict.event_id),
            record.arrival_s,
            # A blank line is no event; after a record without a line end it would not even be seen.
            tuple(digest_of(text) for text in _archived(verdict.text) if text.strip()),
            verdict.reason if verdict.place == "dropped" else "",
        )
        for verdict in verdicts(record, shard_id, hook)
    ]


def _archived(data: bytes) -> Iterator[bytes]:
    """Yield the lines of data that lies in the archive; its aggregated records are taken apart."""
    return (text for _, unit in decode.units(data) for _, _, text in lines_of("", unit))


def _end(line: bytes) -> tuple[Identity, str]:
    fields = fields_of(line)
    return (fields["sequence_number"], fields["event_id"]), fields.get("code", "")


def _place(each: Object) -> str:
    return f"{each.tag} {each.key}"
