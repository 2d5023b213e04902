"""The thread of one delivery: it steps, waits until something is due or a put wakes it, and steps again.

Decides nothing about records. An idle delivery costs nothing: the wait has no end. A full disk or a locked
database makes the delivery start again from the store, for as long as it takes. Made by fleet.py.
"""

import sqlite3
from threading import Event, Thread

from headgate.local.firehose.delivery import Delivery
from headgate.local.firehose.tries import Host, Tries

# Longer than a put on loopback; a thread that does not end by then is left to the end of the process.
_STOP_S = 10.0


class Worker:
    """Runs one delivery until it is stopped."""

    def __init__(self, name: str, delivery: Delivery, host: Host) -> None:
        self.delivery = delivery
        self.tries = Tries(host, passing=(OSError, sqlite3.Error))
        self._host = host
        self._wake = Event()
        self._stopping = Event()
        self._drained = Event()
        self._wait_s: float | None = None
        self._thread = Thread(target=self._run, name=f"firehose-{name}", daemon=True)

    def start(self) -> None:
        """Start delivering."""
        self._thread.start()

    def wake(self) -> None:
        """Say that there is something new."""
        self._wake.set()

    def begin_drain(self) -> None:
        """Go for the end of the source and write what is buffered at once."""
        self._drained.clear()
        self.delivery.drain_since_s = self._host.monotonic_s()
        self._wake.set()

    def end_drain(self, within_s: float) -> bool:
        """Wait for the drain; return whether all is in S3. Delivery goes on as before."""
        done = self._drained.wait(max(0.0, within_s))
        self.delivery.drain_since_s = None
        return done

    def stop(self) -> None:
        """End the thread. What is not in S3 stays in the store, or in the stream."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)
        if not self._thread.is_alive():
            self.delivery.reset()

    def _run(self) -> None:
        while not self._stopping.is_set():
            failed_s = self.tries.attempt(self._step)
            done_s = self.delivery.drained_s
            if done_s is not None and done_s == self.delivery.drain_since_s:
                self._drained.set()
            self._wake.wait(self._wait_s if failed_s is None else failed_s)
            self._wake.clear()

    def _step(self) -> None:
        try:
            self._wait_s = self.delivery.step()
        except self.tries.passing:
            self.delivery.reset()
            raise
