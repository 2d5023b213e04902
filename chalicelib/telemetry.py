"""The only printer: one JSON line per invocation that holds its counters, as CloudWatch's embedded metrics.

Never prints a payload, a header or a secret: only names of counters, codes as reasons, and numbers.

Source: CloudWatch embedded metric format specification.
"""

import sys
import time
from collections.abc import Callable

import orjson

_NAMESPACE = "Headgate"


def _print_line(line: bytes) -> None:
    sys.stdout.write(line.decode())
    sys.stdout.flush()


class Counters:
    """The counters of one invocation."""

    def __init__(
        self, stage: str, function: str, request_id: str, write: Callable[[bytes], object] = _print_line
    ) -> None:
        self._names = {"Stage": stage, "Function": function, "RequestId": request_id}
        self._write = write
        self._totals: dict[str, int] = {}
        self._reasons: dict[str, int] = {}

    def count(self, name: str, n: int, reason: str = "") -> None:
        """Add `n` to a counter, and to its share that has this reason; 0 leaves no trace."""
        if n:
            self._totals[name] = self._totals.get(name, 0) + n
            if reason:
                key = f"{name}.{reason}"
                self._reasons[key] = self._reasons.get(key, 0) + n

    def emit(self) -> None:
        """Print the line, if anything was counted. Reasons are fields, not metrics: each metric costs."""
        if not self._totals:
            return
        metrics = [{"Name": name, "Unit": "Count"} for name in self._totals]
        directive = {"Namespace": _NAMESPACE, "Dimensions": [["Stage", "Function"]], "Metrics": metrics}
        embedded = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
        line = {"_aws": embedded, **self._names, **self._totals, "Reasons": self._reasons}
        self._write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def fault(self, kind: str, place: str) -> None:
        """Print that something of ours went wrong: the kind of error and the place in the code, no values."""
        self.count("Faults", 1, kind)
        line = {"Level": "ERROR", **self._names, "Kind": kind, "Place": place}
        self._write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
