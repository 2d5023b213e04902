"""The status line: what each flow did and how far behind it is, even when nothing happens (A16)."""

import logging

from headgate.agent.pipeline import Pipeline

_log = logging.getLogger(__name__)
_MIB = 1024 * 1024
_WARN_BYTES = 40 * _MIB  # as the original


def report(pipeline: Pipeline, uptime_s: float) -> None:
    """Log one flow's line; WARNING when it is far behind or its files cannot be read."""
    counters = pipeline.counters
    behind = pipeline.bytes_behind
    line = (
        f"{pipeline.flow.id}: Progress: "
        f"{counters.records_read} records parsed ({counters.bytes_read} bytes), "
        f"{counters.records_sent} records sent ({counters.bytes_sent} bytes), "
        f"{sum(counters.rejected.values())} rejected{_by_reason(counters.rejected)}, "
        f"dropped{_by_reason(counters.dropped) or ' none'}, {counters.send_errors} send errors, "
        f"{counters.errors_in_a_row} file errors in a row, "
        f"{behind} bytes behind in {pipeline.files_behind} of {len(pipeline.files.files)} files, "
        f"uptime {uptime_s:.0f} s"
    )
    late = behind > _WARN_BYTES or counters.errors_in_a_row > 0
    _log.log(logging.WARNING if late else logging.INFO, "%s", line)
    if pipeline.flow.emit_internal_metrics:
        _log.info("%s: %s", pipeline.flow.id, counters.as_dict())


def skipped(count: int) -> str:
    """What the first start of a flow leaves out, for the log and the last line of `--once`."""
    return f"{count} bytes that were there before the first start are not sent (initialPosition)"


def _by_reason(counts: dict[str, int]) -> str:
    if not counts:
        return ""
    return " (" + ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items())) + ")"
