"""What happens to a line that is not simply sent: no match, too large. Kept, sent raw, cut or counted.

By the flow's `onMismatch` and `strict`. Rejects are on disk before anything is batched. Called by reading.py.
"""

from collections.abc import Callable, Sequence
from typing import cast

from headgate.agent.config.model import KINESIS, Flow
from headgate.agent.convert.outcome import Converted
from headgate.agent.counters import Counters
from headgate.agent.finishing import Finish
from headgate.agent.framing import truncate
from headgate.agent.rejects import Reject
from headgate.agent.tail.file import TailedFile
from headgate.agent.tail.identity import event_key

_BYTES = {bytes}
_KEY_ROOM_BYTES = 64  # of a Kinesis record for its partition key; ours are at most 40

WriteRejects = Callable[[list[Reject]], None]
"""Appends to the rejects file. Raises OSError."""


def record_bytes(flow: Flow) -> int:
    """The largest data of one record."""
    return flow.limits.record_bytes - (_KEY_ROOM_BYTES if flow.kind == KINESIS else 0)


class Sorter:
    """Decides for one flow what is sent."""

    def __init__(
        self, flow: Flow, counters: Counters, write_rejects: WriteRejects, finish: Finish | None
    ) -> None:
        self._flow, self._counters = flow, counters
        self._write_rejects, self._finish = write_rejects, finish
        self._record_bytes = record_bytes(flow)

    def check(
        self,
        file: TailedFile,
        answers: Sequence[Converted],
        ends: list[int],
        original: Callable[[int], bytes],
    ) -> Sequence[bytes | None]:
        """Sort out what is not to be sent; rejects are on disk before anything is batched. Raises OSError."""
        limit, finish = self._record_bytes, self._finish
        if finish is None and set(map(type, answers)) == _BYTES and max(map(len, answers)) <= limit:
            return cast("Sequence[bytes]", answers)
        checked: list[bytes | None] = []
        rejects: list[Reject] = []
        for index, answer in enumerate(answers):
            start = ends[index - 1] if index else file.read_offset
            if isinstance(answer, bytes):
                data: bytes | None = answer if finish is None else finish(answer, file.path, start)
                if data is not None and len(data) > limit:
                    data = self._too_large(file, start, data, original(index), rejects)
            else:
                data = self._mismatch(file, start, original(index), answer.reason, answer.message, rejects)
            checked.append(data)
        if rejects:
            self._write_rejects(rejects)
        return checked

    def _mismatch(
        self, file: TailedFile, start: int, record: bytes, reason: str, message: str, rejects: list[Reject]
    ) -> bytes | None:
        if self._flow.on_mismatch == "raw":
            self._counters.events["sent_raw"] += 1
            return record if self._finish is None else self._finish(record, file.path, start)
        if self._flow.on_mismatch == "drop":
            self._counters.dropped[reason] += 1
            return None
        rejects.append(self._reject(file, start, reason, message, record))
        return None

    def _too_large(
        self, file: TailedFile, start: int, data: bytes, record: bytes, rejects: list[Reject]
    ) -> bytes | None:
        if self._flow.strict:
            self._counters.events["truncated_records"] += 1
            return truncate(data, self._record_bytes, self._flow.terminator)
        message = f"the record has {len(data)} bytes; the limit is {self._record_bytes}"
        rejects.append(self._reject(file, start, "record_too_large", message, record))
        return None

    def _reject(self, file: TailedFile, start: int, code: str, message: str, record: bytes) -> Reject:
        return Reject(self._flow.id, file.path, start, event_key(file.key, start), code, message, record)
