"""What the operations share: the streams in memory, the store behind them, clock, throttle and the one lock.

Decides how a request finds its stream, how a stream's phase passes, and what has expired. Shapes no answer.
Each operation of this package works on it; everything here but `lock` itself and `read` of the store needs
the lock.

One lock for all writers was measured against a group commit (docs/decisions/0001): a commit to the log
costs less than handing it to another thread.

Source: API Reference, CreateStream (phases), IncreaseStreamRetentionPeriod, ListShards (expired shards).
"""

import re
import sqlite3
from bisect import bisect_left
from collections.abc import Callable
from threading import RLock

from headgate.local.kinesis.store import RecordStore, position_of
from headgate.local.kinesis.stream import Shard, Stream
from headgate.local.kinesis.throttle import Throttle
from headgate.local.kinesis.validate import NAME, Request, optional_text, refusal
from headgate.local.wire import AwsError

_SWEEP_MS = 60_000  # ours: how often a put looks for expired records of its stream
_ARN_CHARS = 2_048  # StreamARN
_STREAM_ARN = re.compile(r"arn:aws.*:kinesis:.*:\d{12}:stream/\S+")  # its pattern in botocore's model


class State:
    """The streams of one account and region. `clock`: epoch seconds; `transition_s`: a phase's length."""

    def __init__(
        self,
        store: RecordStore,
        clock: Callable[[], float],
        throttle: Throttle,
        transition_s: float,
        owner: str,
        region: str,
    ) -> None:
        self.lock = RLock()
        self.store, self.clock, self.throttle = store, clock, throttle
        self.owner = owner
        self.region = region
        self._transition_ms = round(transition_s * 1000)
        self.streams: dict[str, Stream] = {}
        self._shards: dict[int, tuple[Stream, Shard]] = {}
        self._swept_ms: dict[str, int] = {}
        try:
            documents, self._next_shard = store.load()
            for document in documents:
                self._restore(Stream.of(document))
        except (sqlite3.DatabaseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise store.damage(error) from error

    def now_ms(self) -> int:
        """Return epoch milliseconds."""
        return int(self.clock() * 1000)

    def arn(self, stream: Stream) -> str:
        """Return the stream's ARN."""
        return f"arn:aws:kinesis:{self.region}:{self.owner}:stream/{stream.name}"

    def stream(self, request: Request) -> Stream:
        """Return the stream that StreamName or StreamARN names. Raises ResourceNotFoundException."""
        name = optional_text(request, "StreamName", 128, NAME)
        arn = optional_text(request, "StreamARN", _ARN_CHARS)
        if arn is not None:
            name = self._named_by(arn, name)
        if name is None:
            raise AwsError("InvalidArgumentException", "Either StreamName or StreamARN must be given.")
        return self.named(name)

    def named(self, name: str) -> Stream:
        """Return the stream of that name; one whose deletion is over is removed now."""
        stream = self.streams.get(name)
        if stream is not None and stream.phase == "DELETING" and not stream.in_phase(self.now_ms()):
            self.remove(stream)
            stream = None
        if stream is None:
            raise AwsError(
                "ResourceNotFoundException", f"Stream {name} under account {self.owner} not found."
            )
        return stream

    def usable(self, request: Request) -> Stream:
        """Return a stream whose records can be put and read: one that is not being created any more."""
        stream = self.stream(request)
        if stream.status(self.now_ms()) == "CREATING":
            raise AwsError(
                "ResourceNotFoundException", f"Stream {stream.name} under account {self.owner} not found."
            )
        return stream

    def changing(self, request: Request) -> Stream:
        """Return a copy of the stream to change and `save`: what cannot be written has not happened.

        Raises ResourceInUseException unless the stream is ACTIVE.
        """
        stream = self.stream(request)
        status = stream.status(self.now_ms())
        if status != "ACTIVE":
            raise AwsError(
                "ResourceInUseException",
                f"Stream {stream.name} under account {self.owner} not ACTIVE, instead in state {status}",
            )
        return Stream.of(stream.document())

    def shard(self, stream: Stream, shard_id: str) -> Shard:
        """Return a shard that has not expired. Raises ResourceNotFoundException."""
        for shard in stream.live_shards(self.now_ms()):
            if shard.shard_id == shard_id:
                return shard
        raise AwsError(
            "ResourceNotFoundException",
            f"Shard {shard_id} in stream {stream.name} under account {self.owner} does not exist",
        )

    def numbered(self, number: int) -> tuple[Stream, Shard]:
        """Return the shard with that number in the store. Raises ResourceNotFoundException."""
        found = self._shards.get(number)
        if found is None:
            raise AwsError("ResourceNotFoundException", "The shard of this iterator does not exist any more.")
        return found

    def next_number(self) -> int:
        """Return a shard number that was never used; `save` makes it last."""
        self._next_shard += 1
        return self._next_shard - 1

    def save(self, stream: Stream, phase: str | None = None) -> None:
        """Write a changed stream; `phase` starts now and lasts for the transition's time."""
        if phase is not None:
            stream.phase, stream.phase_begins_ms = phase, self.now_ms()
            stream.phase_ends_ms = stream.phase_begins_ms + self._transition_ms
        self.store.save(stream.name, stream.document(), self._next_shard)
        self.streams[stream.name] = stream
        self._shards.update((shard.number, (stream, shard)) for shard in stream.shards.values())

    def remove(self, stream: Stream) -> None:
        """Delete a stream with its shards and records."""
        self.store.remove(stream.name, [shard.number for shard in stream.shards.values()])
        del self.streams[stream.name]
        for shard in stream.shards.values():
            self._forget(shard)

    def sweep(self, stream: Stream, now_ms: int, *, every_ms: int = _SWEEP_MS) -> None:
        """Delete what has expired in all shards of a stream."""
        if abs(now_ms - self._swept_ms.get(stream.name, 0)) < every_ms:
            return
        self._swept_ms[stream.name] = now_ms
        gone = set(stream.shards) - {shard.index for shard in stream.live_shards(now_ms)}
        self._trim(stream, list(stream.shards.values()), now_ms, force=bool(gone))
        for index in gone:
            self._forget(stream.shards.pop(index))
        if gone:
            self.save(stream)

    def trim(self, stream: Stream, shard: Shard, now_ms: int) -> None:
        """Delete what has expired in one shard."""
        self._trim(stream, [shard], now_ms, force=False)

    def position_at(self, shard: Shard, arrival_ms: int) -> int:
        """Return the position of the first record of `arrival_ms` or later, or of the next put."""
        if arrival_ms > shard.last_arrival_ms:
            return shard.next_position
        positions = range(shard.first_position, shard.next_position)
        return shard.first_position + bisect_left(
            positions, arrival_ms, key=lambda position: self.store.arrival_ms(shard.number, position)
        )

    def _trim(self, stream: Stream, shards: list[Shard], now_ms: int, *, force: bool) -> None:
        horizon_ms = stream.horizon_ms(now_ms)
        before = []
        for shard in shards:
            if shard.first_position < shard.next_position and shard.first_arrival_ms < horizon_ms:
                shard.first_position = self.position_at(shard, horizon_ms)
                if shard.first_position < shard.next_position:
                    shard.first_arrival_ms = self.store.arrival_ms(shard.number, shard.first_position)
                before.append((shard.number, shard.first_position))
        if before or force:
            self.store.trim(stream.name, stream.document(), before)

    def _restore(self, stream: Stream) -> None:
        self.streams[stream.name] = stream
        for shard in stream.shards.values():
            self._shards[shard.number] = (stream, shard)
            edges = self.store.edges(shard.number)
            if edges is None:
                shard.first_position = shard.next_position
                continue
            first, last = edges
            shard.first_position, shard.first_arrival_ms = position_of(first.id), first.arrival_ms
            shard.next_position, shard.last_arrival_ms = position_of(last.id) + 1, last.arrival_ms
        self.sweep(stream, self.now_ms(), every_ms=0)

    def _forget(self, shard: Shard) -> None:
        self._shards.pop(shard.number, None)
        self.throttle.forget(shard.number)

    def _named_by(self, arn: str, name: str | None) -> str:
        if not _STREAM_ARN.fullmatch(arn):
            rule = f"Member must satisfy regular expression pattern: {_STREAM_ARN.pattern}"
            raise refusal(arn, "StreamARN", rule)
        head, _, named = arn.partition(":stream/")
        if head != f"arn:aws:kinesis:{self.region}:{self.owner}":
            raise AwsError("ResourceNotFoundException", f"Stream {arn} under account {self.owner} not found.")
        if name is not None and name != named:
            raise AwsError("InvalidArgumentException", f"StreamARN {arn} and StreamName {name} differ.")
        return named
