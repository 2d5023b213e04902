"""One flow at work: watches its files, reads while there is room, hands out batches, takes answers.

Single-threaded and without waiting: the main loop calls it with the time. Errors of one file stop neither the
other files nor the other flows.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace

from headgate.agent.batching import Batcher, OutgoingBatch, shape_of
from headgate.agent.config.model import HTTP, Flow
from headgate.agent.convert.chain import Chain
from headgate.agent.counters import Counters
from headgate.agent.longline import LongLines, RejectStore
from headgate.agent.outgoing import final_step_of
from headgate.agent.reading import BLOCK_BYTES, FlowReader
from headgate.agent.rejects import Reject
from headgate.agent.tail.checkpoint import Checkpoint
from headgate.agent.tail.disk import Disk
from headgate.agent.tail.file import TailedFile, Truncated
from headgate.agent.tail.fileset import FileSet
from headgate.agent.tail.history import InodeHistory, Start, may_read

_log = logging.getLogger(__name__)
END_QUIET_S = 1.0  # for so long a file must be still before `--once` sends an end without a line feed
_SCARCE_HANDLES = 10
_BLOCKS_A_PASS = 8  # of one file, before acknowledgements and other files get their turn


class Pipeline:
    """The files of one flow on their way to batches."""

    def __init__(
        self,
        flow: Flow,
        *,
        chain: Chain,
        disk: Disk,
        known: Iterable[Checkpoint] | None,
        room_bytes: int,
        rejects: RejectStore,
        host: str | None = None,
    ) -> None:
        """`known` is None for a flow that has never run; `room_bytes` bounds what is unacknowledged.

        `host` is set when records are to say where they come from.
        """
        self.flow = flow
        self.chain = chain
        self.counters = Counters()
        self.in_flight = 0  # batches handed out
        self.advanced = False  # an offset moved since the checkpoints were written
        self._room_bytes = room_bytes
        self._store_rejects, self._disk = rejects.write, disk
        start = Start(known is None, flow.from_start, flow.strict)
        self._history = InodeHistory(flow.id, disk, known or (), start)
        self.files = FileSet(flow.pattern, disk, self._history, self._report)
        self.batcher = Batcher(shape_of(flow, room_bytes))
        long_lines = LongLines(flow, self.counters, rejects.open_raw, self.reject)
        self._reader = FlowReader(
            flow, chain, self.batcher, self.counters, self.reject, long_lines, final_step_of(flow, host)
        )
        # What ends a unit depends on when it was read: then its range must be on disk before it is sent.
        self.plans = bool(flow.pack_bytes or flow.kpl or flow.start_pattern or flow.kind == HTTP)
        self._refresh_s = -1e9
        self._errors = 0

    def poll(self, now_s: float, *, refresh: bool = False) -> None:
        """Look at the files; at the directory too when asked, or when it is time."""
        self._errors = 0
        if refresh or now_s - self._refresh_s >= self.flow.refresh_s:
            self._refresh_s = now_s
            self.files.refresh(now_s)
        if self.files.unopened and self._disk.handles_left() > 0:
            self.files.refresh(now_s)
        for file in self.files.files:
            try:
                file.look(now_s)
            except OSError as error:
                self._report("look_error", file.path, str(error))

    def read_files(self, now_s: float) -> bool:
        """Read while there is room; True when anything was taken. Batches that are due are closed."""
        progressed = False
        for file in self._in_order():
            if not self._has_room():
                break
            try:
                progressed |= self._read_file(file, now_s)
            except Truncated:
                self.files.truncated(file, now_s)
                progressed = True
            except OSError as error:
                self._report("read_error", file.path, str(error))
            except Exception as error:  # noqa: BLE001 - a mistake of ours must not stop the other files and flows
                self._report("internal_error", file.path, f"{type(error).__name__} at {file.read_offset}")
        self.counters.errors_in_a_row = self.counters.errors_in_a_row + 1 if self._errors else 0
        self._finish_rotated(now_s)
        if self._disk.handles_left() <= _SCARCE_HANDLES:
            self.files.park(now_s)
        current = self.batcher.current
        if current is not None and now_s - current.opened_s >= self.flow.max_age_s:
            self.batcher.close()
        return progressed

    def read_ends(self, now_s: float) -> bool:
        """Read what stands behind the last line feed of files that are not expected to grow (`--once`)."""
        progressed = False
        for file in list(self.files.files):
            if file.handle is not None and file.decided and not file.planned and self._is_quiet(file, now_s):
                progressed |= self._read_rest(file, now_s)
        return progressed

    def take_batches(self, *, flush: bool = False) -> list[OutgoingBatch]:
        """The batches to send, in order. Those without anything to send are acknowledged at once."""
        if flush:
            self.batcher.close()
        batches, self.batcher.closed = self.batcher.closed, []
        to_send: list[OutgoingBatch] = []
        for batch in batches:
            for key, (start, end) in batch.spans.items():
                batch.files[key].hand_over(start, end)
            if self.plans:
                for unit in batch.units:
                    unit.file.plan(unit.end)
            if batch.units:
                self.in_flight += 1
                to_send.append(batch)
            else:
                self._acknowledge_spans(batch)
        return to_send

    def acknowledge(self, batch: OutgoingBatch, rejects: list[Reject]) -> None:
        """The destination has the batch, except for what it refused for good. Raises OSError: try again."""
        self.reject(rejects)
        self.in_flight -= 1
        self._acknowledge_spans(batch)

    def reject(self, rejects: list[Reject]) -> None:
        """Keep lines that are not sent. Raises OSError."""
        if not rejects:
            return
        left_out = self._store_rejects(rejects)
        for reject in rejects[: len(rejects) - left_out]:
            if not self.counters.rejected[reject.code]:
                # The first of a kind is worth a line in the log; the others are in the file.
                _log.warning(
                    "%s: rejected %s:%d: %s", self.flow.id, reject.path, reject.offset, reject.message
                )
            self.counters.rejected[reject.code] += 1
        if left_out:
            if not self.counters.dropped["rejects_full"]:
                _log.error("%s: the rejects file is full; lines are dropped from now on", self.flow.id)
            self.counters.dropped["rejects_full"] += left_out

    def checkpoints(self, now_s: float, keep_s: float) -> list[Checkpoint]:
        """What to write down; `now_s` is the wall clock. What was not seen for `keep_s` is forgotten."""
        known = self._history.known
        for file in self.files.files:
            if file.last_checkpoint is not None:
                known[file.key] = replace(file.last_checkpoint, updated_s=now_s)
            elif file.key:
                try:
                    known[file.key] = file.checkpoint(now_s)
                except OSError as error:
                    self._report("read_error", file.path, str(error))
        for key in [key for key, found in known.items() if now_s - found.updated_s > keep_s]:
            del known[key]
        return list(known.values())

    @property
    def skipped_bytes(self) -> int:
        """Bytes that were there before the first start and are not sent (`initialPosition`, `strict`)."""
        return self._history.skipped_bytes

    @property
    def bytes_behind(self) -> int:
        """Bytes of the files that are not read yet."""
        return sum(file.unread for file in self.files.files)

    @property
    def files_behind(self) -> int:
        """Files with bytes that are not read yet."""
        return sum(file.unread > 0 for file in self.files.files)

    def idle(self) -> bool:
        """Nothing is read that is not acknowledged."""
        return self.batcher.buffered_bytes == 0 and self.in_flight == 0 and self.batcher.current is None

    def next_due_s(self) -> float | None:
        """When the open batch has to go."""
        current = self.batcher.current
        return None if current is None else current.opened_s + self.flow.max_age_s

    def _read_file(self, file: TailedFile, now_s: float) -> bool:
        if file.handle is None:
            return False
        if file.touched and (cut := file.verify()):
            self._report("truncated_unread_bytes", file.path, "bytes were cut off before they were read", cut)
        if file.unread == 0 or not may_read(file, self.files.files, now_s):
            return False
        progressed = False
        for _ in range(_BLOCKS_A_PASS):
            if not self._has_room() or file.unread == 0:
                break
            if not self._history.name(file):
                break
            taken = self._reader.read(file, now_s)
            progressed |= bool(taken) or self._reader.interrupted
            if not taken or self._reader.interrupted:
                break
        return progressed

    def _in_order(self) -> list[TailedFile]:
        """Rotated files first: what was written before a rotation is sent before what came after (A03)."""
        return sorted(self.files.files, key=lambda file: not file.rotated)

    def _has_room(self) -> bool:
        waiting = len(self.batcher.closed) + self.in_flight
        return self.batcher.buffered_bytes + BLOCK_BYTES <= self._room_bytes and waiting < max(
            1, self.flow.queue_batches
        )

    def _finish_rotated(self, now_s: float) -> None:
        for file in list(self.files.files):
            if not file.rotated or file.finished:
                continue
            quiet = now_s - file.changed_s >= self.flow.rotated_quiet_s
            if file.handle is not None and not quiet:
                continue
            if file.handle is not None and (file.unread or file.skipping):
                self._read_rest(file, now_s)
            elif file.delivered:
                try:
                    self.files.finish(file)
                except OSError as error:
                    self._report("read_error", file.path, str(error))

    def _is_quiet(self, file: TailedFile, now_s: float) -> bool:
        """Whether the end of a file that is read once may be taken for the end of its last line."""
        return now_s - file.changed_s >= max(END_QUIET_S, self.flow.hold_s)

    def _read_rest(self, file: TailedFile, now_s: float) -> bool:
        """Read an end without a line feed, when that is all that is left; return True when it was read."""
        held = self.flow.start_pattern is not None and file.held_size == file.size
        alone = not file.key or file.scanned >= file.size or held or file.skipping
        if not (file.unread or file.skipping) or not self._has_room() or not alone:
            return False
        try:
            self._history.name(file, at_end=True)
            return bool(self._reader.read_rest(file, now_s))
        except (OSError, Truncated) as error:
            self._report("read_error", file.path, str(error))
            return False

    def _acknowledge_spans(self, batch: OutgoingBatch) -> None:
        self.batcher.buffered_bytes -= batch.size_bytes
        for key, (start, _) in batch.spans.items():
            self.advanced |= batch.files[key].acknowledge(start)

    def _report(self, reason: str, path: str, message: str, lost_bytes: int = 0) -> None:
        if reason.endswith("_error"):
            self._errors += 1
        if lost_bytes:
            self.counters.dropped[reason] += lost_bytes
            _log.error("%s: %s: %d %s", self.flow.id, path, lost_bytes, message)
        self.counters.events[reason] += 1
        count = self.counters.events[reason]
        # 1st, 2nd, 4th, 8th … of a kind: never silent, never a flood.
        if count & (count - 1) == 0:
            _log.warning("%s: %s: %s (%s, %d so far)", self.flow.id, path, message, reason, count)
