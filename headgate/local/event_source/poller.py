"""The poller as it runs: one thread for the engine, a few for invocations, real clocks.

Decides nothing about records; it gives the engine time and carries its jobs to worker threads, where a job
invokes the function or leaves a document at the on-failure destination. Never retries: the lane does. Waits
without using the processor: it sleeps until the engine has something due or an outcome arrives. Started by
the local run.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Literal, Protocol
from uuid import uuid4

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from headgate.local.event_source.destination import s3_document, s3_key
from headgate.local.event_source.engine import Checkpointer, Engine
from headgate.local.event_source.event import lambda_event
from headgate.local.event_source.lane import (
    NEVER_S,
    Answered,
    Discard,
    Discarded,
    Failed,
    Instant,
    NotInvoked,
    Outcome,
    Undelivered,
)
from headgate.local.event_source.mapping import EventSourceMapping
from headgate.local.event_source.shard import Job
from headgate.records import KinesisClient, Pace

Invoker = Callable[[dict[str, Any]], object]


class NotInvokedError(Exception):
    """Raised by an invoker when the function could not be started: no retry is spent, nothing is split."""


class S3Client(Protocol):
    """The operation of boto3's S3 client that a destination needs."""

    def put_object(self, **request: Any) -> object:
        """Put one object."""
        ...


class Runner:
    """Runs jobs of one mapping. `now_s` is the wall clock, `new_id` makes a UUID; `log` takes one line."""

    def __init__(
        self,
        mapping: EventSourceMapping,
        invoke: Invoker,
        s3: S3Client,
        *,
        now_s: Callable[[], float],
        new_id: Callable[[], str],
        log: Callable[[str], None],
    ) -> None:
        self._mapping = mapping
        self._invoke = invoke
        self._s3 = s3
        self._now_s = now_s
        self._new_id = new_id
        self._log = log

    def run(self, job: Job) -> Outcome:
        """Carry out a job; what goes wrong is an outcome, never an exception."""
        if isinstance(job.action, Discard):
            return self._discard(job.shard_id, job.action)
        event = lambda_event(self._mapping, job.shard_id, job.action.batch.records)
        try:
            return Answered(self._invoke(event))
        except NotInvokedError as error:
            self._log(f"function could not be started: {error}")
            return NotInvoked()
        except BaseException as error:  # noqa: BLE001 - whatever a function raises is a function error
            # The type alone: the text may hold a payload (I10).
            self._log(f"function error {type(error).__name__} on {len(event['Records'])} records")
            return Failed()

    def _discard(self, shard_id: str, discard: Discard) -> Outcome:
        bucket, now_s = self._mapping.bucket, self._now_s()
        self._log(f"gave up {len(discard.batch.records)} records of {shard_id}: {discard.condition}")
        if bucket is None:
            return Discarded()
        document = s3_document(self._mapping, shard_id, discard, now_s, self._new_id())
        key = s3_key(self._mapping, shard_id, now_s, self._new_id())
        try:
            self._s3.put_object(Bucket=bucket, Key=key, Body=orjson.dumps(document))
        except (ClientError, BotoCoreError) as error:
            self._log(f"on-failure destination refused: {type(error).__name__}")
            return Undelivered()
        return Discarded()


WORKERS = 8
# After an error of the stream: the pace at which an idle shard is asked.
ERROR_PAUSE_S = 1.0
Message = tuple[Job, Outcome] | Literal["drain", "stop"]


def _ignore(_: str) -> None: ...


class EventSourcePoller:
    """Polls one mapping's stream and calls `invoke` with Lambda's event; `invoke` raises on a function error.

    `invoke` is called on up to `workers` threads, for different shards and lanes, and keeps its own time-out.
    The clients must be usable from several threads, as boto3's are. `retention_s` is the stream's.
    """

    def __init__(  # noqa: PLR0913 - everything from outside comes in here
        self,
        mapping: EventSourceMapping,
        kinesis: KinesisClient,
        s3: S3Client,
        invoke: Invoker,
        store: Checkpointer,
        *,
        retention_s: float = NEVER_S,
        pace: Pace | None = None,
        workers: int = WORKERS,
        log: Callable[[str], None] = _ignore,
    ) -> None:
        self._mapping = mapping
        self._log = log
        self._engine = Engine(mapping, kinesis, store, _now(), retention_s, pace)
        self._runner = Runner(mapping, invoke, s3, now_s=time.time, new_id=lambda: str(uuid4()), log=log)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="invoke")
        self._inbox: SimpleQueue[Message] = SimpleQueue()
        self._thread = Thread(target=self._loop, name="event-source-poller", daemon=True)
        self._running = 0
        self._stopping = False
        self._read_not_before_s = -NEVER_S
        self._failure: Exception | None = None

    @property
    def counts(self) -> dict[str, int]:
        """What has happened so far, by name, as the engine counts it."""
        return dict(self._engine.counts)

    def start(self) -> None:
        """Begin to poll; a disabled mapping never does."""
        if self._mapping.enabled:
            self._thread.start()

    @property
    def failure(self) -> Exception | None:
        """What ended the polling early, None as long as all is well; `drain` and `stop` raise it."""
        return self._failure

    def drain(self, deadline_s: float) -> bool:
        """Go on until the stream is read and done, at most `deadline_s` seconds, then stop; say if it was.

        Raises LocalError when the checkpoints could not be kept.
        """
        self._inbox.put("drain")
        if self._thread.ident is not None:
            self._thread.join(deadline_s)
        self.stop()
        return self._thread.ident is None or self._engine.is_drained

    def stop(self) -> None:
        """Stop reading, let running invocations end, keep what they did. Raises what `drain` raises."""
        self._inbox.put("stop")
        if self._thread.ident is not None:
            self._thread.join()
        self._pool.shutdown()
        if self._failure is not None:
            raise self._failure

    def _loop(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - kept, and raised where the thread is joined
            self._log(f"polling ended: {type(error).__name__}: {error}")
            self._failure = error

    def _work(self) -> None:
        while True:
            wake_s = NEVER_S
            if not self._stopping:
                self._read()
                self._submit()
                read_s = max(self._read_not_before_s, self._engine.read_due_s())
                wake_s = min(read_s, self._engine.work_due_s())
            if not self._running and (self._stopping or self._engine.is_drained):
                return
            self._receive(wake_s)

    def _read(self) -> None:
        if time.monotonic() < self._read_not_before_s:
            return
        try:
            self._engine.read(_now())
        except (ClientError, BotoCoreError) as error:
            self._log(f"the stream {self._mapping.stream_name} cannot be read: {error}")
            self._read_not_before_s = time.monotonic() + ERROR_PAUSE_S

    def _submit(self) -> None:
        for job in self._engine.jobs(_now()):
            self._running += 1
            self._pool.submit(self._carry_out, job)

    def _carry_out(self, job: Job) -> None:
        self._inbox.put((job, self._runner.run(job)))

    def _receive(self, wake_s: float) -> None:
        """Sleep until a message comes or the moment has come, then take all messages that are there."""
        timeout_s = None if wake_s == NEVER_S else max(0.0, wake_s - time.monotonic())
        try:
            self._take(self._inbox.get(timeout=timeout_s))
            while True:
                self._take(self._inbox.get_nowait())
        except Empty:
            return

    def _take(self, message: Message) -> None:
        if message == "stop":
            self._stopping = True
        elif message == "drain":
            self._engine.drain(_now())
        elif isinstance(message, tuple):
            self._running -= 1
            self._engine.settle(*message, _now())


def _now() -> Instant:
    return Instant(time.monotonic(), time.time())
