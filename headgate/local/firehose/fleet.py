"""All delivery streams of one database, each with the worker that delivers it.

Decides how a document becomes a delivery, and keeps store, memory and workers in step. Knows nothing of the
API's operations. Called by service.py from many threads; one lock guards the maps, never a call to S3.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import RLock
from typing import NamedTuple

from headgate.local.firehose import streams
from headgate.local.firehose.delivery import Delivery
from headgate.local.firehose.destination import Converter, DestinationPlan, make_plan
from headgate.local.firehose.feeds import DirectFeed, Feed, KinesisFeed
from headgate.local.firehose.store import DeliveryQueue
from headgate.local.firehose.streams import Document
from headgate.local.firehose.tries import Clients, Host, Tries
from headgate.local.firehose.worker import Worker
from headgate.local.wire import AwsError


@dataclass(frozen=True)
class FirehoseOptions:
    """How deliveries here differ from their documents."""

    buffer_interval_s: int | None = None  # instead of each delivery stream's own interval
    converter: Converter | None = None  # Parquet and ORC
    read_whole: frozenset[str] = frozenset()  # delivery streams that read their stream from its beginning


class Figures(NamedTuple):
    """What a person or an alarm wants to know of one delivery stream.

    `data_freshness_s` is the age of the oldest record that is not in S3, as AWS's DeliveryToS3.DataFreshness.
    """

    data_freshness_s: float
    waiting_records: int
    delivered_objects: int
    delivered_records: int
    refused_records: int  # of the delivered ones, what is in the error output
    delivered_source_bytes: int
    failures: int
    last_error: str


class Fleet:
    """Delivery streams by name. Methods raise KeyError for a name that is not there."""

    def __init__(self, path: Path, clients: Clients, settings: FirehoseOptions, host: Host) -> None:
        """Open the database. Raises LocalError when it is damaged."""
        self.dropped_records = 0  # waiting when their delivery stream was deleted
        self._clients = clients
        self._settings = settings
        self._host = host
        self._store = DeliveryQueue(path)
        self._lock = RLock()
        self._is_started = False
        self._documents: dict[str, Document] = {}
        self._workers: dict[str, Worker] = {}
        for document in self._store.documents():
            # One that this run cannot deliver, as its Glue table is another stage's, sleeps: it keeps its
            # records until a run that can.
            with suppress(AwsError):
                self._workers[document["name"]] = self._employ(document)
                self._documents[document["name"]] = document

    def start(self) -> None:
        """Start to deliver."""
        with self._lock:
            self._is_started = True
            for worker in self._workers.values():
                worker.start()

    def close(self) -> None:
        """Stop delivering; what is not in S3 is delivered after the next start."""
        with self._lock:
            workers = list(self._workers.values())
        for worker in workers:
            worker.stop()
        self._store.close()

    def documents(self) -> list[Document]:
        """Return all documents, in the order of their names."""
        with self._lock:
            return [self._documents[name] for name in sorted(self._documents)]

    def document(self, name: str) -> Document:
        """Return one document."""
        return self._documents[name]

    def check(self, document: Document) -> DestinationPlan:
        """Return the plan that a document stands for. Raises AwsError for what is not allowed."""
        plan = make_plan(
            document["name"], document["version"], document["destination"], self._settings.converter
        )
        if self._settings.buffer_interval_s is None:
            return plan
        return replace(plan, hints=replace(plan.hints, interval_s=float(self._settings.buffer_interval_s)))

    def add(self, document: Document) -> bool:
        """Keep a new delivery stream and start to deliver it; False when its name is taken."""
        name = document["name"]
        with self._lock:
            if name in self._documents:
                return False
            worker = self._employ(document)
            self._store.save(name, document)
            self._documents[name], self._workers[name] = document, worker
            if self._is_started:
                worker.start()
        return True

    def change(self, document: Document) -> None:
        """Keep a new version of a document; what is in the buffer goes out as the old version says."""
        plan, name = self.check(document), document["name"]
        with self._lock:
            worker = self._workers[name]
            self._store.save(name, document)
            is_moved = self._documents[name]["version"] != document["version"]
            self._documents[name] = document
        if is_moved:
            worker.delivery.plan = plan
            worker.wake()

    def remove(self, name: str) -> None:
        """Forget a delivery stream; what was waiting is dropped and counted (I9)."""
        with self._lock:
            worker = self._workers.pop(name)
            del self._documents[name]
        worker.stop()
        self.dropped_records += self._store.delete(name)

    def append(self, name: str, data: Sequence[bytes]) -> None:
        """Keep records; they survive `kill -9` from here on."""
        self._store.append(name, self._host.wall_s(), data)
        self._workers[name].wake()

    def drain(self, within_s: float) -> int:
        """Deliver everything now; return the records that are left after at most `within_s` seconds.

        A stream that could not be read to its end counts as one record: nobody knows how many it holds.
        """
        with self._lock:
            workers = dict(self._workers)
        end_s = self._host.monotonic_s() + within_s
        for worker in workers.values():
            worker.begin_drain()
        left = 0
        for name, worker in workers.items():
            if not worker.end_drain(end_s - self._host.monotonic_s()):
                left += max(1, self.figures(name).waiting_records)
        return left

    def figures(self, name: str) -> Figures:
        """Return the figures of one delivery stream."""
        worker = self._workers[name]
        delivery = worker.delivery
        progress, tries = delivery.progress, (delivery.tries, delivery.source_tries, worker.tries)
        kept, oldest_s = self._store.backlog(name)
        arrivals = [at for at in (oldest_s, progress.held_since_s) if at is not None]
        return Figures(
            max(0.0, self._host.wall_s() - min(arrivals)) if arrivals else 0.0,
            max(kept, progress.held_records),
            progress.objects,
            progress.records,
            progress.refused_records,
            progress.source_bytes,
            sum(each.failures for each in tries),
            next((each.last_error for each in tries if each.last_error), ""),
        )

    def _employ(self, document: Document) -> Worker:
        name = document["name"]

        def open_feed(tries: Tries) -> Feed:
            if document["source"] is None:
                return DirectFeed(self._store, name)
            stream, places = streams.stream_name(document), self._store.places(name)
            return KinesisFeed(
                self._clients.kinesis,
                stream,
                streams.read_from_s(document),
                places,
                tries,
            )

        delivery = Delivery(name, self.check(document), self._store, self._clients.s3, open_feed, self._host)
        return Worker(name, delivery, self._host)
