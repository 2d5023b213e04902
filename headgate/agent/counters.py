"""What a flow counts: every line that is read ends as sent, rejected or dropped, with a reason."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Since the start of the process."""

    bytes_read: int = 0
    records_read: int = 0
    records_sent: int = 0  # lines, or multi-line records, that the destination acknowledged
    bytes_sent: int = 0
    calls: int = 0
    send_errors: int = 0
    records_resent: int = 0
    rejected: Counter[str] = field(default_factory=Counter)  # kept in the rejects file, by reason
    dropped: Counter[str] = field(default_factory=Counter)  # kept nowhere, by reason
    events: Counter[str] = field(default_factory=Counter)  # truncations, copies, unreadable files …
    errors_in_a_row: int = 0  # passes over the files that failed, since the last good one

    def as_dict(self) -> dict[str, object]:
        """Plain JSON values."""
        return {
            "bytesRead": self.bytes_read,
            "recordsRead": self.records_read,
            "recordsSent": self.records_sent,
            "bytesSent": self.bytes_sent,
            "calls": self.calls,
            "sendErrors": self.send_errors,
            "recordsResent": self.records_resent,
            "rejected": dict(self.rejected),
            "dropped": dict(self.dropped),
            "events": dict(self.events),
            "errorsInARow": self.errors_in_a_row,
        }
