"""The poller without threads: reads the stream, hands out jobs, moves the checkpoints.

Decides when to read, what may run, and when everything is drained. Never invokes, sleeps or reads a clock, so
that a test can run days of it in a second; `poller.py` gives it time and threads.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Protocol

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
from headgate.local.event_source.shard import Job, ShardWork
from headgate.local.event_source.store import NotKeptError
from headgate.records import KinesisClient, Pace, StreamReader

COUNTED = {
    Answered: "invocations",
    Failed: "function_errors",
    NotInvoked: "not_invoked",
    Discarded: "discarded_batches",
    Undelivered: "destination_refusals",
}


class Checkpointer(Protocol):
    """Where checkpoints are kept."""

    def load(self, mapping_id: str) -> dict[str, str]:
        """Return shard id → checkpoint."""
        ...

    def save(self, mapping_id: str, checkpoints: Mapping[str, str]) -> None:
        """Keep these checkpoints. Raises NotKeptError when that is not possible now."""
        ...


class Engine:
    """All shards of one mapping. `counts` names what happened; `dropped:<condition>` counts records (I9).

    `retention_s` is the stream's: an age or retry limit of -1 means until then. By default nothing expires
    here, only on the stream.
    """

    def __init__(
        self,
        mapping: EventSourceMapping,
        kinesis: KinesisClient,
        store: Checkpointer,
        now: Instant,
        retention_s: float = NEVER_S,
        pace: Pace | None = None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._mapping = mapping
        self._store = store
        self._retention_s = retention_s
        self._saved = store.load(mapping.mapping_id)
        position = mapping.position(now.wall_s)
        self._reader = StreamReader(kinesis, mapping.stream_name, position, self._saved, pace)
        self._works: dict[str, ShardWork] = {}
        self._all_saved = True
        self._draining_since_s: float | None = None

    def drain(self, now: Instant) -> None:
        """From now on go for the tip of the stream, without batching windows."""
        self._draining_since_s = now.steady_s

    @property
    def is_drained(self) -> bool:
        """Every record that was on the stream when draining began is done, and saved as done."""
        return (
            self._draining_since_s is not None
            and self._all_saved
            and self._reader.caught_up(self._draining_since_s)
            and all(work.is_idle for work in self._works.values())
        )

    def read(self, now: Instant) -> None:
        """Read what is due. Raises ClientError and BotoCoreError as the reader does."""
        for batch in self._reader.poll(now.steady_s, self._paused()):
            work = self._works.get(batch.shard_id)
            if work is None:
                work = self._works[batch.shard_id] = ShardWork(
                    batch.shard_id, self._mapping, self._retention_s
                )
            work.add(batch, now)
        self._save()

    def jobs(self, now: Instant) -> list[Job]:
        """Return what has to be carried out now; each job's outcome must come back by `settle`."""
        flush = self._draining_since_s is not None
        return [job for work in self._works.values() for job in work.jobs(now, flush=flush)]

    def settle(self, job: Job, outcome: Outcome, now: Instant) -> None:
        """Take a job's outcome."""
        self.counts[COUNTED[type(outcome)]] += 1
        if isinstance(job.action, Discard) and isinstance(outcome, Discarded):
            self.counts[f"dropped:{job.action.condition}"] += len(job.action.batch.records)
        self._works[job.shard_id].settle(job.lane, outcome, now)
        self._save()

    def read_due_s(self) -> float:
        """Return when `read` has something to do, on the steady clock."""
        if self._draining_since_s is not None:
            self._reader.hurry()
        return self._reader.due_s(self._paused())

    def work_due_s(self) -> float:
        """Return when `jobs` has something to do without any outcome coming, on the steady clock."""
        return min((work.until_s for work in self._works.values()), default=NEVER_S)

    def _paused(self) -> set[str]:
        return {shard_id for shard_id, work in self._works.items() if work.is_full}

    def _save(self) -> None:
        for shard_id, work in list(self._works.items()):
            if work.checkpoint is not None:
                self._reader.commit(shard_id, work.checkpoint)
            if work.is_idle:
                del self._works[shard_id]
        checkpoints = self._reader.checkpoints
        changed = {name: place for name, place in checkpoints.items() if self._saved.get(name) != place}
        if changed:
            try:
                self._store.save(self._mapping.mapping_id, changed)
            except NotKeptError:
                # What is done is done twice if the process ends now, and is noted at the next try.
                self.counts["checkpoints_not_kept"] += 1
            else:
                self._saved |= changed
        self._all_saved = self._saved.items() >= checkpoints.items()
