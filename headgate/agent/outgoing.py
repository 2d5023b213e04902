"""From converted lines to what is sent: source, ordering key, a form that HTTP accepts, and the size limit.

A line that cannot be sent (no match, too large) is kept, sent raw, cut or counted, by the flow's `onMismatch`
and `strict`. Rejects are on disk before anything is batched. Called by reading.py and explain.py.
"""

import base64
import json
from collections.abc import Callable, Sequence
from typing import cast

from headgate.agent.config.model import HTTP, KINESIS, Flow
from headgate.agent.convert.chain import Converted
from headgate.agent.counters import Counters
from headgate.agent.framing import truncate
from headgate.agent.rejects import Reject
from headgate.agent.tail.file import TailedFile
from headgate.agent.tail.identity import event_key
from headgate.agent.text import decode, object_line, quote

FinalStep = Callable[[bytes, str, int], bytes]
"""A record, the path and the offset it comes from; the record to send."""


def make_final_step(
    host: str | None, *, http: bool, converted: bool, bracketed: bool = False
) -> FinalStep | None:
    """The steps of a flow, or None when records go out as they are.

    `host` is set when source metadata is wanted; `converted`: the flow's converters only make JSON objects;
    `bracketed`: they end with ADDBRACKETS.
    """
    if host is None and not http:
        return (lambda r, _p, _o: r if r.endswith(b"\n") else end_line(r)) if bracketed else None
    if host is None:
        return (lambda record, _path, _offset: record) if converted else (lambda r, _p, _o: as_object(r))

    def finish(record: bytes, path: str, offset: int) -> bytes:
        source = f'"source":{{"host":{quote(host)},"file":{quote(path)},"offset":{offset}}}'
        body = (record if converted else as_object(record)).rstrip()[:-1].rstrip()
        comma = b"" if body == b"{" else b","
        return body + comma + source.encode("utf-8", "replace") + b"}\n"

    return finish


def final_step_of(flow: Flow, host: str | None = None) -> FinalStep | None:
    """Return the last step of a flow's records; strict leaves those of ADDBRACKETS without a line feed."""
    last = flow.options[-1].get("optionName") if flow.options else None
    bracketed = last == "ADDBRACKETS" and not flow.strict
    return make_final_step(host, http=flow.kind == HTTP, converted=_makes_objects(flow), bracketed=bracketed)


def _makes_objects(flow: Flow) -> bool:
    """Whether every record that leaves the converters is a JSON object on one line."""
    if not flow.options or flow.on_mismatch == "raw":
        return False
    last = flow.options[-1]
    return last.get("optionName") in _OBJECT_MAKERS and last.get("jsonFormat") != "PRETTYPRINT"


def end_line(record: bytes) -> bytes:
    """Return a record of ADDBRACKETS as one that ends with its line feed, not with the brace behind it.

    On a Headgate stream a record without one would run into the next producer's in raw-data.
    """
    return record.removesuffix(b"}").removesuffix(b"\n") + b"}\n"


def as_object(record: bytes) -> bytes:
    """A JSON object stays what it is; any other text becomes `{"message": …}`.

    Bytes that are not UTF-8 are kept as `message_base64` beside the readable text.
    """
    if record[:1] == b"{":
        try:
            if isinstance(json.loads(record), dict):
                return record.rstrip().replace(b"\n", b"").replace(b"\r", b"") + b"\n"
        except (ValueError, RecursionError):
            pass
    line = record.removesuffix(b"\n").removesuffix(b"\r")
    fields: list[tuple[str, str | None]] = [("message", decode(line))]
    try:
        line.decode()
    except UnicodeDecodeError:
        fields.append(("message_base64", base64.b64encode(line).decode()))
    return object_line(fields)


def ordering_key(record: bytes, field: str) -> str | None:
    """The value of a top-level field as text; None when the record has none."""
    try:
        event = json.loads(record)
    except (ValueError, RecursionError):
        return None
    value = event.get(field) if isinstance(event, dict) else None
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_BYTES = {bytes}
_OBJECT_MAKERS = {"CSVTOJSON", "LOGTOJSON", "ADDMETADATA"}
_KEY_ROOM_BYTES = 64  # of a Kinesis record for its partition key; ours are at most 40

WriteRejects = Callable[[list[Reject]], None]
"""Appends to the rejects file. Raises OSError."""


def record_bytes(flow: Flow) -> int:
    """The largest data of one record."""
    return flow.limits.record_bytes - (_KEY_ROOM_BYTES if flow.kind == KINESIS else 0)


class OutgoingRecords:
    """Decides for one flow what is sent."""

    def __init__(
        self, flow: Flow, counters: Counters, write_rejects: WriteRejects, final_step: FinalStep | None
    ) -> None:
        self._flow, self._counters = flow, counters
        self._write_rejects, self._final_step = write_rejects, final_step
        self._record_bytes = record_bytes(flow)

    def check(
        self,
        file: TailedFile,
        answers: Sequence[Converted],
        ends: list[int],
        original: Callable[[int], bytes],
    ) -> Sequence[bytes | None]:
        """Sort out what is not to be sent; rejects are on disk before anything is batched. Raises OSError."""
        limit, final_step = self._record_bytes, self._final_step
        if final_step is None and set(map(type, answers)) == _BYTES and max(map(len, answers)) <= limit:
            return cast("Sequence[bytes]", answers)
        checked: list[bytes | None] = []
        rejects: list[Reject] = []
        for index, answer in enumerate(answers):
            start = ends[index - 1] if index else file.read_offset
            if isinstance(answer, bytes):
                data: bytes | None = answer if final_step is None else final_step(answer, file.path, start)
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
            return record if self._final_step is None else self._final_step(record, file.path, start)
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
