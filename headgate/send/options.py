"""The options of one run, as one frozen value. Made by arguments. Pure."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headgate.contract.url import Target
from headgate.send.batches import BatchLimits
from headgate.send.csvrows import Dialect


@dataclass(frozen=True, slots=True)
class SendOptions:
    """The options of one run."""

    path: str | None  # "-" is standard input; None: made-up events
    template: dict[str, Any] | None
    target: Target
    dialect: Dialect
    form: str | None
    encoding: str | None
    limits: BatchLimits
    concurrency: int
    rate_per_s: float
    limit: int | None
    passes: float
    key: str | None
    seed: str | None
    check: bool
    dry_run: bool
    resume: bool
    rejects_path: Path
    timeout_s: float
    retry_for_s: float

    def of_resume(self) -> dict[str, Any]:
        """Return the options that a resumed run must share with the first one."""
        return {
            "url": self.target.shown,
            "batch_events": self.limits.events,
            "batch_bytes": self.limits.size_bytes,
            "one_by_one": self.limits.single,
            "id": self.key,
        }
