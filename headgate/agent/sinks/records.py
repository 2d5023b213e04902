"""A destination of AWS that takes many records in one call, as PutRecords and PutRecordBatch do.

Decides what an answer means for each unit. Never writes a record. Made by kinesis.py and firehose.py, which
do.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from chalicelib.retry import Failure, Outcome, Success
from chalicelib.throttles import THROTTLED
from headgate.agent.batching import Unit
from headgate.agent.sinks.answer import MISCONFIGURED, Refused, isolate
from headgate.agent.sinks.errors import failure_of

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
