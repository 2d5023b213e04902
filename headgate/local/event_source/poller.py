"""The poller as it runs: one thread for the engine, a few for invocations, real clocks.

Decides nothing about records; it gives the engine time and carries its jobs to worker threads. Waits without
using the processor: it sleeps until the engine has something due or an outcome arrives. Started by the local
run.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Literal
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from headgate.local.event_source.engine import Engine, Store
from headgate.local.event_source.lane import NEVER_S, Instant, Outcome
from headgate.local.event_source.mapping import Mapping
from headgate.local.event_source.run import Invoker, Runner, S3Client
from headgate.local.event_source.shard import Job
from headgate.records import KinesisClient, Pace

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
        mapping: Mapping,
        kinesis: KinesisClient,
        s3: S3Client,
        invoke: Invoker,
        store: Store,
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
