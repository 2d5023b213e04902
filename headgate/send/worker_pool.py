"""The workers: a few threads that each take jobs from one short queue until there are no more.

Decides how much is under way (twice the number of workers, so memory is bounded), that the very first job
goes alone (a wrong URL or key costs one request, S06), and that one failure stops all. Knows nothing of
batches or HTTP. Used by run, from one thread.
"""

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from headgate.send.errors import StoppedError

TICK_S = 0.1  # how often the caller's `tick` runs while it waits
Job = TypeVar("Job")


class Worker(Generic[Job]):
    """The work of one thread; each thread has its own."""

    def work(self, job: Job) -> None:
        """Do one job. An exception stops the pool and comes back to its caller."""
        raise NotImplementedError

    def close(self) -> None:
        """Give up what the worker holds: its thread ends."""


class WorkerPool(Generic[Job]):
    """Up to `size` threads."""

    def __init__(self, size: int, make_worker: Callable[[], Worker[Job]], tick: Callable[[], object]) -> None:
        self._size = size
        self._make_worker = make_worker
        self._tick = tick
        self._jobs: queue.Queue[Job | None] = queue.Queue(maxsize=size)
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._open = 0  # jobs handed in and not done
        self._failure: BaseException | None = None

    def submit(self, job: Job) -> None:
        """Hand in a job; wait while enough is under way. Raises what a worker raised."""
        first = not self._threads
        if len(self._threads) < self._size:
            self._start_one()
        with self._changed:
            self._open += 1
        while True:
            self._raise_failure()
            with suppress(queue.Full):
                self._jobs.put(job, timeout=TICK_S)
                break
            self._tick()
        if first:
            self._wait_until_idle()

    def finish(self) -> None:
        """Wait for everything that was handed in, then end the threads. Raises what a worker raised."""
        self._wait_until_idle()
        self._dismiss()

    def stop(self) -> None:
        """Start nothing more, wait for what is under way, end the threads. Raises nothing of the workers."""
        self._stop.set()
        with suppress(queue.Empty):
            while True:
                self._jobs.get_nowait()
        self._dismiss()

    def sleep(self, seconds: float) -> None:
        """Wait, for a worker. Raises StoppedError when the pool is stopped."""
        if self._stop.wait(seconds):
            raise StoppedError

    def _start_one(self) -> None:
        # Daemons: after a second Ctrl-C nobody waits for an answer that takes its time.
        thread = threading.Thread(target=self._run, args=(self._make_worker(),), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self, worker: Worker[Job]) -> None:
        try:
            while (job := self._jobs.get()) is not None:
                if not self._stop.is_set():
                    self._do(worker, job)
                with self._changed:
                    self._open -= 1
                    self._changed.notify_all()
        finally:
            worker.close()

    def _do(self, worker: Worker[Job], job: Job) -> None:
        try:
            worker.work(job)
        except StoppedError:
            pass
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
            with self._changed:
                self._failure = self._failure or error
            self._stop.set()

    def _wait_until_idle(self) -> None:
        while True:
            with self._changed:
                if self._open == 0 or self._failure is not None:
                    break
                self._changed.wait(TICK_S)
            self._tick()
        self._raise_failure()

    def _raise_failure(self) -> None:
        with self._changed:
            if self._failure is not None:
                raise self._failure

    def _dismiss(self) -> None:
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            while thread.is_alive():
                thread.join(TICK_S)
                self._tick()
