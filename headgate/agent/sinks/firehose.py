"""A Firehose delivery stream: PutRecordBatch, one record per unit.

Firehose keeps no key, so a copy cannot be told by an id here.
"""

import json
import threading
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from typing import Any

from chalicelib.retry import Failure, Outcome, Success
from headgate.agent.batching import Unit
from headgate.agent.config.model import Flow
from headgate.agent.sinks.answer import Refused, isolate
from headgate.agent.sinks.errors import failure_of


class FirehoseSink:
    """PutRecordBatch to one delivery stream; `put` makes one call with a JSON body."""

    def __init__(self, flow: Flow, put: Callable[[bytes], Any]) -> None:
        self._start = b'{"DeliveryStreamName":%b,"Records":[' % json.dumps(flow.destination).encode()
        self._put = put
        self._proven = threading.Event()

    def send(self, units: Sequence[Unit]) -> list[Outcome]:
        """One PutRecordBatch, or several when a bad record has to be found."""
        outcomes = isolate(units, self._call, proven=self._proven.is_set())
        if any(isinstance(outcome, Success) for outcome in outcomes):
            self._proven.set()
        return outcomes

    def close(self) -> None:
        """Nothing to give back: the client closes its pool when it goes."""

    def _call(self, units: Sequence[Unit]) -> list[Outcome] | Refused:
        records = [b'{"Data":"%b"}' % b2a_base64(unit.data, newline=False) for unit in units]
        try:
            answer = self._put(b"%b%b]}" % (self._start, b",".join(records)))
        except Exception as error:  # noqa: BLE001 - mapped: every failure of the client is an outcome
            failure = failure_of(error)
            return failure if isinstance(failure, Refused) else [failure] * len(units)
        return [
            Failure("Unavailable", passing=True, cause=code) if (code := item.get("ErrorCode")) else Success()
            for item in answer["RequestResponses"]
        ]
