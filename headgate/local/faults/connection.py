"""What can befall any call on its way: lost, late, refused, cut off. Written for Kinesis and Firehose.

Decides at which side of the commit a fault strikes, because that is what a client cannot know. Never looks
into a record. Management operations are left alone, so that a run can start.
"""

from collections.abc import Callable
from typing import Any

from headgate.local.errors import HangUp
from headgate.local.faults.chance import Faults
from headgate.local.wire import AwsError, Service

PUTS = frozenset({"PutRecord", "PutRecords", "PutRecordBatch"})
_READS = frozenset({"GetRecords", "GetShardIterator"})


class FaultyConnection:
    """A service behind a bad connection. `sleep` takes seconds."""

    def __init__(self, service: Service, faults: Faults, sleep: Callable[[float], object]) -> None:
        self._service = service
        self._faults = faults
        self._sleep = sleep

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one operation. Raises AwsError, and HangUp where no answer shall come."""
        if operation not in PUTS | _READS:
            return self._service.call(operation, request)
        self._before(operation)
        if operation in PUTS and self._faults.strikes("error500"):
            self._fail(operation, request)
        answer = self._service.call(operation, request)
        if operation in PUTS:
            self._after(operation)
        return answer

    def _before(self, operation: str) -> None:
        if self._faults.strikes("expired"):
            raise AwsError("ExpiredTokenException", "The security token included in the request is expired.")
        if self._faults.strikes("reset"):
            raise HangUp(f"{operation} is reset before it is done")

    def _fail(self, operation: str, request: dict[str, Any]) -> None:
        committed = self._faults.share("error500") < 0.5  # noqa: PLR2004 - one in two
        if committed:
            self._service.call(operation, request)
        raise AwsError("InternalFailure", "An injected fault.", 500)

    def _after(self, operation: str) -> None:
        if self._faults.strikes("lost_answer"):
            raise HangUp(f"{operation} is done and its answer lost")
        if self._faults.strikes("slow"):
            self._sleep(self._faults.amount("slow"))
