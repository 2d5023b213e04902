"""The order of things that makes delivery safe: write down, then send; acknowledge, then move the checkpoint.

Decides when the checkpoints are written. Without threads and without waiting; used by the main loop and by
the tests of delivery.
"""

import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple

from headgate.agent.batching import OutgoingBatch
from headgate.agent.pipeline import Pipeline
from headgate.agent.rejects import Reject
from headgate.agent.tail.checkpoint import Checkpoint

_log = logging.getLogger(__name__)
COMMIT_PERIOD_S = 0.2  # a crash sends again what was acknowledged in so much time, under the same ids
_RETRY_S = 1.0  # after the disk refused


class Ready(NamedTuple):
    """A batch that may be sent: whatever it needs to be repeated after a crash is on disk."""

    pipeline: Pipeline
    batch: OutgoingBatch


class Delivery:
    """The flows and their checkpoints."""

    def __init__(
        self,
        pipelines: Sequence[Pipeline],
        save: Callable[[dict[str, list[Checkpoint]]], None],
        sync_rejects: Callable[[], None],
        wall: Callable[[], float],
        keep_s: float,
    ) -> None:
        """`save` and `sync_rejects` raise OSError when the disk refuses; `wall` gives epoch seconds."""
        self.pipelines = list(pipelines)
        self.others: dict[str, list[Checkpoint]] = {}  # of flows that are not configured now
        self.save_errors = 0
        self.blocked: str | None = None  # why the checkpoints cannot be written, and so nothing is sent
        self._save, self._sync_rejects, self._wall, self._keep_s = save, sync_rejects, wall, keep_s
        self._waiting: list[Ready] = []
        self._unstored: list[tuple[Pipeline, OutgoingBatch, list[Reject]]] = []
        self._dirty = True
        self._committed_s = self._not_before_s = -1e9

    def collect(self, now_s: float, *, flush: bool = False) -> list[Ready]:
        """The batches that may be sent now."""
        for pipeline in self.pipelines:
            self._waiting += [Ready(pipeline, batch) for batch in pipeline.take_batches(flush=flush)]
        must_write = any(self._must_write(ready) for ready in self._waiting)
        if must_write and not self._try_commit(now_s):
            return []
        ready, self._waiting = self._waiting, []
        return ready

    def acknowledge(
        self, pipeline: Pipeline, batch: OutgoingBatch, rejects: list[Reject], now_s: float
    ) -> None:
        """A batch is delivered; `rejects` are the lines of it that were refused for good."""
        self._unstored.append((pipeline, batch, rejects))
        self.housekeep(now_s)

    def housekeep(self, now_s: float) -> None:
        """Store what waits for the disk, and write the checkpoints when it is time."""
        if now_s < self._not_before_s:
            return
        while self._unstored:
            pipeline, batch, rejects = self._unstored[0]
            try:
                pipeline.acknowledge(batch, rejects)
            except OSError as error:
                self._refused(error, now_s)
                return
            self._unstored.pop(0)
        self._dirty |= any(pipeline.advanced for pipeline in self.pipelines)
        if self._dirty and now_s - self._committed_s >= COMMIT_PERIOD_S:
            self._try_commit(now_s)

    def commit(self, now_s: float) -> None:
        """Write the checkpoints. Raises OSError; then nothing has moved."""
        wall_s = self._wall()
        checkpoints = dict(self.others)
        for pipeline in self.pipelines:
            checkpoints[pipeline.flow.id] = pipeline.checkpoints(wall_s, self._keep_s)
        self._sync_rejects()
        self._save(checkpoints)
        for pipeline in self.pipelines:
            for file in pipeline.files.files:
                file.register()
            pipeline.advanced = False
        self._dirty, self._committed_s, self.blocked = False, now_s, None

    def keep(self, pipelines: Sequence[Pipeline]) -> None:
        """Go on with these flows only; what the others had to send is read again by their successors."""
        self.pipelines = list(pipelines)
        self._waiting = [ready for ready in self._waiting if ready.pipeline in self.pipelines]

    def due_s(self) -> float | None:
        """When there is something to write, or None."""
        if self._unstored or self._waiting:
            return self._not_before_s
        return max(self._committed_s + COMMIT_PERIOD_S, self._not_before_s) if self._dirty else None

    @property
    def settled(self) -> bool:
        """Everything read is delivered and written down."""
        moved = self._dirty or any(pipeline.advanced for pipeline in self.pipelines)
        return not (moved or self._unstored or self._waiting) and all(p.idle() for p in self.pipelines)

    def touch(self) -> None:
        """Something changed that has to be written."""
        self._dirty = True

    def _must_write(self, ready: Ready) -> bool:
        return ready.pipeline.plans or not all(file.registered for file in ready.batch.files.values())

    def _try_commit(self, now_s: float) -> bool:
        if now_s < self._not_before_s:
            return False
        try:
            self.commit(now_s)
        except OSError as error:
            self._refused(error, now_s)
            return False
        return True

    def _refused(self, error: OSError, now_s: float) -> None:
        # Without a written checkpoint nothing new is sent: the log files are the buffer until there is room.
        self.save_errors += 1
        self.blocked = f"the state cannot be written: {error}"
        self._not_before_s = now_s + _RETRY_S
        if self.save_errors & (self.save_errors - 1) == 0:
            _log.error("state cannot be written, sending waits: %s (%d times)", error, self.save_errors)
