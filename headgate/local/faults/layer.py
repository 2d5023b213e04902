"""Where the local run's processes take their faults from. Without a specification it changes nothing at all.

Decides what is wrapped, and lets tests change the faults of a running local run and ask what has struck, by
a service on the AWS endpoint. Never decides what goes wrong. Used by aws_process and functions_process.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from headgate.local.endpoint.wsgi import WSGIApplication
from headgate.local.errors import LocalError
from headgate.local.faults.chance import Faults
from headgate.local.faults.reshard import Resharder
from headgate.local.faults.services import (
    FaultyS3,
    Invoke,
    faulty_firehose,
    faulty_invoke,
    faulty_kinesis,
    jumping_clock,
)
from headgate.local.faults.spec import parse_faults
from headgate.local.wire import AwsError, Service

PREFIX = "HeadgateFaults"


class FaultControl:
    """`Change` takes `Faults`, a specification; `Count` answers how often each fault has struck."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one operation. Raises AwsError."""
        if operation == "Count":
            return {"Counts": dict(self._faults.counts), "Faults": str(self._faults.spec)}
        if operation != "Change":
            raise AwsError("UnknownOperationException", f"There is no operation {operation}.")
        try:
            self._faults.change(parse_faults(str(request.get("Faults", ""))))
        except LocalError as error:
            raise AwsError("ValidationException", str(error)) from error
        return {"Faults": str(self._faults.spec)}


_WRAPPED = {"Kinesis_20131202": faulty_kinesis, "Firehose_20150804": faulty_firehose}


class FaultLayer:
    """The faults of one process."""

    def __init__(self, text: str) -> None:
        """Take the text of `--faults`; "" is none. Raises LocalError."""
        self._faults = Faults(parse_faults(text)) if text else None
        self._resharder: Resharder | None = None

    def services(self, services: Mapping[str, Service]) -> dict[str, Service]:
        """The services as their clients shall see them, and the control of the faults."""
        if self._faults is None:
            return dict(services)
        faulty = {
            name: _WRAPPED[name](service, self._faults, time.sleep) if name in _WRAPPED else service
            for name, service in services.items()
        }
        return {**faulty, PREFIX: FaultControl(self._faults)}

    def application(self, application: WSGIApplication) -> WSGIApplication:
        """S3 and the rest, as clients shall see it."""
        return application if self._faults is None else FaultyS3(application, self._faults)

    def clock(self, clock: Callable[[], float]) -> Callable[[], float]:
        """The stream's wall clock."""
        return clock if self._faults is None else jumping_clock(clock, self._faults)

    def invoke(self, invoke: Callable[[dict[str, Any], float], object], timeout_s: float) -> Invoke:
        """What the poller calls; `invoke` takes the event and the seconds that the function has."""
        if self._faults is None:
            return lambda event: invoke(event, timeout_s)
        return faulty_invoke(invoke, timeout_s, self._faults)

    def start(self, kinesis: Service, stream: str) -> None:
        """Begin to reshard by chance; `kinesis` is the service behind the faults."""
        if self._faults is not None:
            self._resharder = Resharder(kinesis, stream, self._faults)
            self._resharder.start()

    def stop(self) -> None:
        """End what `start` began."""
        if self._resharder is not None:
            self._resharder.stop()
