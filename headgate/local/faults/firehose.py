"""Firehose with faults of its own: an outage, a batch that is taken in part.

Decides which records of a call are refused, and with which code. Everything else is the service's.
"""

from collections.abc import Callable
from typing import Any

from headgate.local.faults.chance import Faults
from headgate.local.faults.connection import PUTS, FaultyConnection
from headgate.local.faults.partial import PUT_RECORD_BATCH, put_rest
from headgate.local.wire import AwsError, Service

# Source: Firehose API reference, PutRecordBatch, ErrorCode.
_CODES = ("ServiceUnavailableException", "InternalFailure")


def faulty_firehose(service: Service, faults: Faults, sleep: Callable[[float], object]) -> Service:
    """The service as its clients will see it."""
    return FaultyConnection(FaultyFirehose(service, faults), faults, sleep)


class FaultyFirehose:
    """Refuses puts for a while, or some records of one."""

    def __init__(self, service: Service, faults: Faults) -> None:
        self._service = service
        self._faults = faults

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one operation. Raises AwsError."""
        if operation in PUTS and self._faults.lasts("firehose_down"):
            raise AwsError("ServiceUnavailableException", "Slow down: an injected fault.", 503)
        if (
            operation == "PutRecordBatch"
            and request.get("Records")
            and self._faults.strikes("firehose_partial")
        ):
            codes = [self._code() for _ in request["Records"]]
            return put_rest(self._service, PUT_RECORD_BATCH, request, codes)
        return self._service.call(operation, request)

    def _code(self) -> str | None:
        # Each record is taken or failed in one of the two ways with the same chance.
        return (*_CODES, None)[int(self._faults.share("firehose_partial") * (1 + len(_CODES)))]
