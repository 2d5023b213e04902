"""A destination of AWS that takes many records in one call: Kinesis PutRecords, Firehose PutRecordBatch.

Decides what an answer means for each unit, and how a refused call is taken apart to find the bad line (A09):
it is asked again with halves. A unit is given up only by a destination that has taken something before: a
wrong stream name is refused in the same way and must not empty the logs into the rejects file. A missing
permission or stream is mended by a person while the agent waits. The partition key is the mark of Headgate's
producers and the event id of the record's first line, so that a record that is sent again keeps its id; with
DETERMINISTIC it is the original's, and carries no id. Firehose keeps no key, so a copy has no id there.
"""

import hashlib
import json
import threading
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from chalicelib.packing import explicit_hash_key, partition_key
from chalicelib.retry import Failure, Outcome, Success
from chalicelib.throttles import THROTTLED
from headgate.agent import kpl
from headgate.agent.batching import Unit
from headgate.agent.config.model import Flow
from headgate.aws_errors import error_code, error_message, http_status, is_passing
from headgate.contract.url import hide_secrets

MISCONFIGURED = "Misconfigured"
"""The code of a failure that only a person can mend; the agent tries again all the same."""


class RefusedLine(NamedTuple):
    """A line that the destination will never take: its place in the unit, a stable code, a sentence."""

    number: int
    code: str
    message: str


class Sink(Protocol):
    """One destination. Thread-safe."""

    def send(self, units: Sequence[Unit]) -> list[Outcome]:
        """One outcome per unit; the receipt of a Success is the list of its refused lines. Never raises."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


Call = Callable[[Sequence[Unit]], "list[Outcome] | Refused"]


class Refused(NamedTuple):
    """The call as a whole was refused because of what it carried."""

    code: str
    message: str


def isolate(units: Sequence[Unit], call: Call, *, proven: bool) -> list[Outcome]:
    """The outcomes of a call, of its halves where it was refused, down to the single bad unit."""
    answer = call(units)
    if not isinstance(answer, Refused):
        return answer
    if len(units) > 1:
        middle = len(units) // 2
        first = isolate(units[:middle], call, proven=proven)
        proven = proven or any(isinstance(outcome, Success) for outcome in first)
        return first + isolate(units[middle:], call, proven=proven)
    if not proven:
        return [Failure(MISCONFIGURED, passing=True, cause=f"{answer.code}: {answer.message}")]
    lines = [RefusedLine(i, answer.code, answer.message) for i in range(len(units[0].lines))]
    return [Success(lines)]


_CONTENTS = frozenset({"InvalidArgumentException", "SerializationException", "ValidationException"})
_PASSING_HTTP = 500


def failure_of(error: Exception) -> Failure | Refused:
    """What an exception of a call means. Knows botocore's ClientError by its shape, without importing it."""
    code = error_code(error)
    if not code:
        return Failure("Unavailable", passing=True, cause=hide_secrets(f"{type(error).__name__}: {error}"))
    if code in _CONTENTS and http_status(error) < _PASSING_HTTP:
        return Refused(code, error_message(error))
    kind = "Throttled" if code in THROTTLED else "Unavailable" if is_passing(error) else MISCONFIGURED
    return Failure(kind, passing=True, cause=f"{code}: {error_message(error)}")


Put = Callable[[bytes], Any]  # one call with this JSON body; the answer as botocore parses it


class RecordSink:
    """One record per unit. `start` is the body up to the first record.

    The answer has a list `member`, in which each record that was taken has a `receipt`.
    """

    def __init__(
        self, put: Put, start: bytes, record: Callable[[Unit], bytes], *, member: str, receipt: str
    ) -> None:
        self._put, self._start, self._record = put, start, record
        self._member, self._receipt = member, receipt
        self._proven = threading.Event()

    def send(self, units: Sequence[Unit]) -> list[Outcome]:
        """One call, or several when a bad record has to be found."""
        outcomes = isolate(units, self._call, proven=self._proven.is_set())
        if any(isinstance(outcome, Success) for outcome in outcomes):
            self._proven.set()
        return outcomes

    def close(self) -> None:
        """Nothing to give back: the client closes its pool when it goes."""

    def _call(self, units: Sequence[Unit]) -> list[Outcome] | Refused:
        body = b"%b%b]}" % (self._start, b",".join([self._record(unit) for unit in units]))
        try:
            answer = self._put(body)
        except Exception as error:  # noqa: BLE001 - mapped: every failure of the client is an outcome
            failure = failure_of(error)
            return failure if isinstance(failure, Refused) else [failure] * len(units)
        return self._outcomes(answer, len(units))

    def _outcomes(self, answer: Any, count: int) -> list[Outcome]:
        items = answer.get(self._member) if isinstance(answer, dict) else None
        if not isinstance(items, list) or len(items) != count:
            # Something that is no AWS answers 200: nothing says that a record is stored.
            cause = f"200 without {count} receipts; is the endpoint right?"
            return [Failure(MISCONFIGURED, passing=True, cause=cause)] * count
        return [self._outcome(item) for item in items]

    def _outcome(self, item: Any) -> Outcome:
        if code := item.get("ErrorCode"):
            return Failure("Throttled" if code in THROTTLED else "Unavailable", passing=True, cause=code)
        if not item.get(self._receipt):
            return Failure(MISCONFIGURED, passing=True, cause=f"200 without a {self._receipt}")
        return Success()


def kinesis_sink(flow: Flow, put: Put) -> RecordSink:
    """PutRecords to the flow's stream."""
    start = b'{"StreamName":%b,"Records":[' % json.dumps(flow.destination).encode()
    return RecordSink(
        put, start, lambda unit: _kinesis_record(flow, unit), member="Records", receipt="SequenceNumber"
    )


def _kinesis_record(flow: Flow, unit: Unit) -> bytes:
    data, key = unit.data, partition_key(unit.id)
    if flow.deterministic_keys:
        key = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if flow.kpl:
        data = kpl.aggregate([kpl.KplRecord(key, line) for line in unit.lines])
    record = b'{"Data":"%b","PartitionKey":"%b"' % (b2a_base64(data, newline=False), key.encode())
    if unit.ordering is not None:
        record += b',"ExplicitHashKey":"%b"' % explicit_hash_key(unit.ordering).encode()
    return record + b"}"


def firehose_sink(flow: Flow, put: Put) -> RecordSink:
    """PutRecordBatch to the flow's delivery stream."""
    start = b'{"DeliveryStreamName":%b,"Records":[' % json.dumps(flow.destination).encode()
    return RecordSink(put, start, _firehose_record, member="RequestResponses", receipt="RecordId")


def _firehose_record(unit: Unit) -> bytes:
    return b'{"Data":"%b"}' % b2a_base64(unit.data, newline=False)
