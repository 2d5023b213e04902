"""A Kinesis stream: PutRecords, one record per unit.

The partition key is the event id of the record's first line, so that a record that is sent again keeps its
id.
"""

import hashlib
import json
import threading
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from typing import Any

from chalicelib.retry import Failure, Outcome, Success
from headgate.agent import kpl
from headgate.agent.batching import Unit
from headgate.agent.config.model import Flow
from headgate.agent.sinks.answer import Refused, isolate
from headgate.agent.sinks.errors import failure_of

_THROTTLED = "ProvisionedThroughputExceededException"


class KinesisSink:
    """PutRecords to one stream; `put` makes one call with a JSON body."""

    def __init__(self, flow: Flow, put: Callable[[bytes], Any]) -> None:
        self._start = b'{"StreamName":%b,"Records":[' % json.dumps(flow.destination).encode()
        self._deterministic = flow.deterministic_keys
        self._kpl = flow.kpl
        self._put = put
        self._proven = threading.Event()

    def send(self, units: Sequence[Unit]) -> list[Outcome]:
        """One PutRecords, or several when a bad record has to be found."""
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
        return [
            Failure("Throttled" if code == _THROTTLED else "Unavailable", passing=True, cause=code)
            if (code := record.get("ErrorCode"))
            else Success()
            for record in answer["Records"]
        ]

    def _record(self, unit: Unit) -> bytes:
        data, key = unit.data, unit.id
        if self._deterministic:
            key = hashlib.md5(data, usedforsecurity=False).hexdigest()
        if self._kpl:
            data = kpl.aggregate([kpl.KplRecord(key, line) for line in unit.lines])
        record = b'{"Data":"%b","PartitionKey":"%b"' % (b2a_base64(data, newline=False), key.encode())
        if unit.ordering is not None:
            # The shard that a partition key of this value would choose; the id stays the partition key.
            digest = hashlib.md5(unit.ordering.encode("utf-8", "replace"), usedforsecurity=False).digest()
            record += b',"ExplicitHashKey":"%d"' % int.from_bytes(digest, "big")
        return record + b"}"
