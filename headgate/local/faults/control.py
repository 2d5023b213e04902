"""Changing the faults of a running local run, and asking what has struck: a service on the AWS endpoint.

It is there only when the run was started with `--faults`. Used by the tests, which play many schedules of
faults on one run.
"""

from typing import Any

from headgate.local.errors import LocalError
from headgate.local.faults.chance import Faults
from headgate.local.faults.spec import parse_faults
from headgate.local.wire import AwsError

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
