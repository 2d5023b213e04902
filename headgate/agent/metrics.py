"""The original's CloudWatch metrics: names, dimensions and statistic sets, flushed every 30 seconds.

Sending them may fail and must never matter: one attempt, in a thread of its own, a warning now and then.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_log = logging.getLogger(__name__)
_DATA_PER_CALL = 20

PutMetricData = Callable[..., object]


@dataclass(slots=True)
class Statistic:
    """One metric since the last flush."""

    unit: str
    minimum: float
    maximum: float
    total: float = 0.0
    count: int = 0

    def add(self, value: float) -> None:
        """One more value."""
        self.minimum = min(self.minimum, value)
        self.maximum = max(self.maximum, value)
        self.total += value
        self.count += 1


class Metrics:
    """Collects values and flushes them; `put` is CloudWatch's put_metric_data, or None to collect nothing."""

    def __init__(
        self, put: PutMetricData | None, namespace: str, queue_size: int, instance: str | None
    ) -> None:
        self._put, self._namespace, self._queue_size = put, namespace, queue_size
        self._instance = instance
        self._statistics: dict[tuple[str, str], Statistic] = {}
        self._thread: threading.Thread | None = None
        self._failures = 0

    def add(self, destination: str, name: str, value: float, unit: str = "Count") -> None:
        """One value of a metric."""
        if self._put is None:
            return
        key = (destination, name)
        found = self._statistics.get(key)
        if found is None:
            if len(self._statistics) >= self._queue_size:
                return
            found = self._statistics[key] = Statistic(unit, value, value)
        found.add(value)

    def flush(self) -> None:
        """Send what was collected, unless the last flush is still going on."""
        if self._put is None or not self._statistics or (self._thread and self._thread.is_alive()):
            return
        data = [self._datum(*key, statistic) for key, statistic in self._statistics.items()]
        self._statistics = {}
        self._thread = threading.Thread(target=self._send, args=(data,), name="metrics", daemon=True)
        self._thread.start()

    def close(self, seconds: float) -> None:
        """A last flush, with so much time."""
        if self._thread is not None:
            self._thread.join(seconds)
        self.flush()
        if self._thread is not None:
            self._thread.join(seconds)

    def _send(self, data: list[dict[str, Any]]) -> None:
        if self._put is None:
            return
        try:
            for start in range(0, len(data), _DATA_PER_CALL):
                self._put(Namespace=self._namespace, MetricData=data[start : start + _DATA_PER_CALL])
            self._failures = 0
        except Exception as error:  # noqa: BLE001 - metrics must never stop the delivery of logs
            self._failures += 1
            if self._failures & (self._failures - 1) == 0:
                _log.warning("metrics were not taken by CloudWatch: %s (%d times)", error, self._failures)

    def _datum(self, destination: str, name: str, found: Statistic) -> dict[str, Any]:
        dimensions = [{"Name": "Destination", "Value": destination}]
        if self._instance:
            dimensions.append({"Name": "Instance", "Value": self._instance})
        return {
            "MetricName": name,
            "Dimensions": dimensions,
            "Unit": found.unit,
            "StatisticValues": {
                "SampleCount": found.count,
                "Sum": found.total,
                "Minimum": found.minimum,
                "Maximum": found.maximum,
            },
        }
