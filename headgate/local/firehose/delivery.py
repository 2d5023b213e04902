"""The delivery of one delivery stream: source → object → S3 → commit, one step after the other.

Decides the order of those steps, which is the whole promise: an object is noted, put under its own key until
S3 has it, and only then do rows go and checkpoints move (I11, F01). Never sleeps and starts no thread: `step`
does all that is due and says when to come back. worker.py calls it from one thread.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from headgate.local.firehose.buffer import flush_in_s
from headgate.local.firehose.destination import DestinationPlan
from headgate.local.firehose.feeds import Feed
from headgate.local.firehose.object_file import OpenObject, Part
from headgate.local.firehose.store import Arrival, DeliveryQueue, Upload
from headgate.local.firehose.tries import Host, S3Client, Tries


@dataclass
class Progress:
    """Figures of one delivery since the process started; written by its thread, read by any."""

    objects: int = 0
    records: int = 0
    refused_records: int = 0  # of them, what is in the error output
    source_bytes: int = 0
    held_records: int = 0  # read from the source and not in S3
    held_since_s: float | None = None  # arrival of the oldest of them


class Delivery:
    """The state of one delivery stream's delivery; all of it can be rebuilt from the store."""

    def __init__(
        self,
        name: str,
        plan: DestinationPlan,
        store: DeliveryQueue,
        s3: S3Client,
        open_feed: Callable[[Tries], Feed],
        host: Host,
    ) -> None:
        self.progress = Progress()
        self.tries = Tries(host)
        self.source_tries = Tries(host)
        # Another thread may set these two; a step looks at each once.
        self.plan = plan
        self.drain_since_s: float | None = None
        self.drained_s: float | None = None  # the drain that is done: its `drain_since_s`
        self._name = name
        self._store = store
        self._s3 = s3
        self._open_feed = open_feed
        self._host = host
        self._feed: Feed | None = None
        self._unread: deque[Arrival] = deque()
        self._object: OpenObject | None = None
        self._upload: Upload | None = None
        self._parts: list[Part] = []
        self._draining_s: float | None = None

    def step(self) -> float | None:
        """Do everything that is due; return the seconds until something is, or None: when it is woken."""
        self._note_drain()
        if self._feed is None:
            wait_s = self.tries.attempt(self._recover)
            if wait_s is not None:
                return wait_s
            self._feed = self._open_feed(self.source_tries)
        wait_s = self._advance(self._feed)
        self._note_progress(self._feed)
        return wait_s

    def reset(self) -> None:
        """Give up what is in memory; the next step starts from the store, as a new process would."""
        if self._object is not None:
            self._object.close()
        self._feed = self._object = self._upload = None
        self._unread.clear()

    def _advance(self, feed: Feed) -> float | None:
        while True:
            if self._upload is not None:
                wait_s = self.tries.attempt(self._put)
                if wait_s is not None:
                    return wait_s
            plan = self.plan
            self._fill(feed, plan)
            flush_s, feed_s = self._flush_in_s(feed, plan), feed.due_in_s()
            if flush_s == 0:
                self._seal()
            else:
                return min((wait for wait in (flush_s, feed_s) if wait is not None), default=None)

    def _fill(self, feed: Feed, plan: DestinationPlan) -> None:
        """Move records into the object until it is full or nothing comes."""
        while not self._is_closed_to_more(plan):
            if not self._unread:
                self._unread.extend(feed.read())
            if not self._unread:
                break
            if self._object is None:
                self._object = OpenObject(plan, self._host.new_uuid(), self._host.wall_s)
            self._object.add(self._unread.popleft())
        if self._object is not None and not self._object.level.records:
            # A shard has ended and nothing is held: its end can be noted without an object.
            self._store.commit(self._name, self._object.places)
            self._object.close()
            self._object = None

    def _is_closed_to_more(self, plan: DestinationPlan) -> bool:
        open_object = self._object
        if open_object is None:
            return False
        is_full = open_object.level.buffered_bytes >= open_object.plan.hints.size_bytes
        return is_full or open_object.plan is not plan

    def _flush_in_s(self, feed: Feed, plan: DestinationPlan) -> float | None:
        if self._object is None:
            return None
        if self._object.plan is not plan:
            return 0.0
        if self._draining_s is not None and not self._unread and feed.is_at_end(self._draining_s):
            return 0.0
        return flush_in_s(self._object.level, plan.hints, self._host.wall_s())

    def _seal(self) -> None:
        sealed = self._sealed()
        self._parts = sealed.finish(self._host.new_uuid)
        # The part that is put last stands for all: when S3 has it, S3 has the others.
        last = self._parts[-1]
        self._upload = Upload(sealed.plan.bucket, last.key, last.size_bytes, sealed.places)
        self._store.begin_upload(self._name, self._upload)

    def _put(self) -> None:
        sealed, upload = self._sealed(), self._upload
        if upload is None:
            raise RuntimeError("there is nothing to put")
        for part in self._parts:
            part.file.seek(0)
            self._s3.put_object(Bucket=upload.bucket, Key=part.key, Body=part.file)
        self._store.commit(self._name, upload.places)
        self.progress.objects += len(self._parts)
        self.progress.records += sealed.level.records
        self.progress.refused_records += sealed.refused
        self.progress.source_bytes += sealed.level.buffered_bytes
        self._upload = self._object = None
        sealed.close()

    def _sealed(self) -> OpenObject:
        if self._object is None:
            raise RuntimeError("there is no object")
        return self._object

    def _recover(self) -> None:
        """Ask S3 for the object that was on its way when the process ended, so that it is not put twice."""
        upload = self._store.upload(self._name)
        if upload is None:
            return
        listed = self._s3.list_objects_v2(Bucket=upload.bucket, Prefix=upload.key, MaxKeys=1)
        found = {(each["Key"], each["Size"]) for each in listed.get("Contents", [])}
        arrived = (upload.key, upload.size_bytes) in found
        self._store.commit(self._name, upload.places if arrived else {})

    def _note_drain(self) -> None:
        if self._draining_s == self.drain_since_s:
            return
        self._draining_s = self.drain_since_s
        self.tries.start_over()
        if self._feed is not None and self._draining_s is not None:
            self._feed.hurry()

    def _note_progress(self, feed: Feed) -> None:
        held = [arrival.arrival_s for arrival in self._unread if arrival.data is not None]
        records = len(held)
        if self._object is not None:
            held.append(self._object.oldest_arrival_s)
            records += self._object.level.records
        self.progress.held_records, self.progress.held_since_s = records, min(held, default=None)
        since_s = self._draining_s
        is_drained = since_s is not None and not held and feed.is_at_end(since_s)
        self.drained_s = since_s if is_drained else None
