"""Reading a whole stream: every shard, parents before children, from checkpoints that the caller keeps.

Decides which shard is asked when, and where each one starts. Never sleeps, starts no thread, stores nothing:
the caller polls, commits what is done, and persists `checkpoints`. A child is opened only when its parents'
ends have been committed, so that work on a parent can fail and be repeated and a key still keeps its order.
"""

from collections.abc import Collection, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.throttles import THROTTLED
from headgate.aws_errors import error_code
from headgate.records.cursor import ShardCursor
from headgate.records.lineage import (
    Shard,
    is_missing_children,
    parse_shard,
    startable,
    unfinished,
    waiting_for,
)
from headgate.records.model import SHARD_END, KinesisClient, Pace, Position, ShardBatch, is_ahead

NEVER_S = float("-inf")


class StreamReader:
    """Reads one stream by polling. `now_s` is seconds on any clock that never goes back."""

    def __init__(
        self,
        client: KinesisClient,
        stream_name: str,
        position: Position,
        checkpoints: Mapping[str, str] | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._client = client
        self._stream_name = stream_name
        self._position = position
        self._pace = pace or Pace()
        self._checkpoints = dict(checkpoints or {})
        self._is_new = not self._checkpoints
        self._shards: dict[str, Shard] = {}
        self._list_due_s = NEVER_S
        self._cursors: dict[str, ShardCursor] = {}
        self._ended: set[str] = set()
        self._deferred: ClientError | BotoCoreError | None = None

    @property
    def checkpoints(self) -> Mapping[str, str]:
        """What to hand to the next reader: shard id → checkpoint."""
        return dict(self._checkpoints)

    def poll(self, now_s: float, paused: Collection[str] = ()) -> list[ShardBatch]:
        """Ask every shard that is due and not paused; return the batches that hold records or an end.

        Raises ClientError or BotoCoreError for what is neither a throttle nor an expired iterator. What was
        read before the error is returned, the error raised by the next poll; polling again is always safe.
        """
        if self._deferred is not None:
            deferred, self._deferred = self._deferred, None
            raise deferred
        self._list_shards(now_s)
        self._open_shards()
        batches: list[ShardBatch] = []
        for cursor in self._due(now_s, paused):
            try:
                batch = self._read(cursor, now_s)
            except (ClientError, BotoCoreError) as error:
                if not batches:
                    raise
                self._deferred = error
                break
            if batch is not None and (batch.records or batch.closed):
                batches.append(batch)
        return batches

    def commit(self, shard_id: str, checkpoint: str) -> None:
        """Note that a shard is done up to a sequence number, or SHARD_END. Going back is ignored."""
        if is_ahead(checkpoint, self._checkpoints.get(shard_id)):
            self._checkpoints[shard_id] = checkpoint
        if checkpoint == SHARD_END:
            self._ended.discard(shard_id)

    def caught_up(self, since_s: float = NEVER_S, left_out: Collection[str] = ()) -> bool:
        """Say whether every shard, asked after `since_s`, was at its tip and every end committed.

        Shards that the caller leaves out, and their descendants, do not count.
        """
        out = waiting_for(self._shards, left_out)
        finished = [shard_id for shard_id, place in self._checkpoints.items() if place == SHARD_END]
        return (
            bool(self._shards)
            and not self._ended
            and self._deferred is None
            and not is_missing_children(self._shards, finished)
            and all(
                shard.shard_id in self._cursors or shard.shard_id in out
                for shard in unfinished(self._shards, self._checkpoints)
            )
            and all(
                (cursor.millis_behind == 0 and cursor.asked_s > since_s) or cursor.shard_id in out
                for cursor in self._cursors.values()
            )
        )

    def behind(self) -> Mapping[str, int | None]:
        """Return how far each open shard was behind its tip (ms) when last asked; None: no answer yet."""
        return {shard_id: cursor.millis_behind for shard_id, cursor in self._cursors.items()}

    def due_s(self, paused: Collection[str] = ()) -> float:
        """Return when the next poll has something to do, on the clock of `now_s`; may lie in the past."""
        if self._deferred is not None or self._to_open():
            return NEVER_S
        asked = (cursor.due_s for cursor in self._cursors.values() if cursor.shard_id not in paused)
        return min([self._list_due_s, *asked])

    def hurry(self) -> None:
        """Make every shard due as soon as its limit allows, to find the tip of the stream quickly."""
        for cursor in self._cursors.values():
            cursor.hurry(self._pace)

    def _due(self, now_s: float, paused: Collection[str]) -> list[ShardCursor]:
        due = [c for c in self._cursors.values() if c.due_s <= now_s and c.shard_id not in paused]
        return sorted(due, key=lambda cursor: cursor.due_s)

    def _read(self, cursor: ShardCursor, now_s: float) -> ShardBatch | None:
        try:
            batch = cursor.read(now_s, self._pace)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            # Either retention has removed the shard, which the next list shows, or the stream is gone, which
            # listing reports.
            self._list_due_s = now_s
            return None
        if batch is not None and batch.closed:
            del self._cursors[cursor.shard_id]
            self._ended.add(cursor.shard_id)
            self._list_due_s = now_s
        return batch

    def _list_shards(self, now_s: float) -> None:
        if now_s < self._list_due_s:
            return
        try:
            shards = self._listed()
        except ClientError as error:
            if error_code(error) not in THROTTLED:
                raise
            self._list_due_s = now_s + self._pace.idle_s
            return
        self._shards = shards
        self._cursors = {name: cursor for name, cursor in self._cursors.items() if name in shards}
        ended = self._ended | {name for name, place in self._checkpoints.items() if place == SHARD_END}
        is_stale = not shards or is_missing_children(shards, ended)
        self._list_due_s = now_s + (self._pace.idle_s if is_stale else self._pace.list_s)

    def _listed(self) -> dict[str, Shard]:
        request: dict[str, Any] = {"StreamName": self._stream_name}
        shards: dict[str, Shard] = {}
        while True:
            answer = self._client.list_shards(**request)
            shards |= {entry["ShardId"]: parse_shard(entry) for entry in answer["Shards"]}
            # AWS refuses a stream name beside a token.
            request = {"NextToken": answer.get("NextToken")}
            if not request["NextToken"]:
                return shards

    def _open_shards(self) -> None:
        at_latest = self._is_new and self._position.kind == "LATEST" and bool(self._shards)
        if at_latest:
            self._skip_history()
        self._is_new = self._is_new and not self._shards
        first = "LATEST" if at_latest else None
        for shard_id in self._to_open():
            start = self._checkpoints.get(shard_id, self._start())
            self._cursors[shard_id] = ShardCursor(self._client, self._stream_name, shard_id, start, first)

    def _to_open(self) -> list[str]:
        busy = self._cursors.keys() | self._ended
        return [shard_id for shard_id in startable(self._shards, self._checkpoints) if shard_id not in busy]

    def _skip_history(self) -> None:
        for shard in self._shards.values():
            self.commit(shard.shard_id, SHARD_END if shard.closed else self._position.checkpoint)

    def _start(self) -> str:
        # A shard that turns up after a start at LATEST holds only records that are newer than that start.
        return "TRIM_HORIZON" if self._position.kind == "LATEST" else self._position.checkpoint
