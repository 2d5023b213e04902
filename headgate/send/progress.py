"""The text of the progress line and of the summary. Pure."""

from headgate.send.deliver import Again
from headgate.send.stats import Stats

_MINUTE_S = 60
_HOUR_S = 3600
_HICCUP_S = 2.0  # from the first failure to the next attempt
_NOTE_EVERY_S = 10.0
_MESSAGE_CHARS = 40  # of an error in the progress line
_STEADY_S = 1.0  # before this much time a rate says nothing


def progress_line(stats: Stats, share: float | None, now_s: float, width: int) -> str:
    """Return one line of at most `width` characters; the last parts are left out when they do not fit."""
    elapsed_s = now_s - stats.started_s
    parts = [f"{stats.accepted:,} accepted"]
    if again := stats.longest_wait():
        parts.append(waiting_for(again._replace(message=again.message[:_MESSAGE_CHARS]), now_s))
    if share is not None:
        parts.insert(0, f"{share:.0%}")
    if stats.rejected:
        parts.append(f"{stats.rejected:,} rejected")
    if elapsed_s >= _STEADY_S:
        parts.append(f"{stats.accepted / elapsed_s:,.0f}/s")
        if share:
            parts.append(f"{duration(elapsed_s * (1 - share) / share)} left")
    parts.append(f"{stats.sent:,} sent")
    if stats.retried:
        parts.append(f"{stats.retried:,} retried")
    line = parts[0]
    for part in parts[1:]:
        if len(line) + 2 + len(part) > width:
            break
        line += "  " + part
    return line[: max(0, width)]


def waiting_for(again: Again, now_s: float) -> str:
    """Return why a batch is not done yet, how often it was sent, and when it is sent again."""
    wait_s = max(0.0, again.due_s - now_s)
    return f"{again.message}: attempt {again.times:,} failed, again in {duration(wait_s)}"


class RetryNotes:
    """Decides which retries are reported when there is no progress line, and how often."""

    def __init__(self) -> None:
        self._due_s = 0.0

    def line(self, again: Again | None, now_s: float) -> str | None:
        """Return a line every few seconds about a batch that has failed for seconds, else None."""
        if again is None or now_s < self._due_s:
            return None
        if again.due_s - again.since_s < _HICCUP_S:
            return None
        self._due_s = now_s + _NOTE_EVERY_S
        return f"{waiting_for(again, now_s)}; it goes on for {duration(now_s - again.since_s)}"


def summary(stats: Stats, now_s: float, *, checking: bool = False) -> str:
    """Return the figures of a run over a few lines."""
    elapsed_s = max(now_s - stats.started_s, 1e-9)
    done = "valid" if checking else "accepted"
    counts = f"{stats.accepted:,} {done}, {stats.rejected:,} rejected, {stats.sent:,} sent"
    lines = [f"{counts} in {duration(elapsed_s)} ({stats.accepted / elapsed_s:,.0f} events/s)"]
    if stats.requests:
        statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(stats.statuses.items()))
        lines.append(f"requests  {stats.requests:,} ({statuses}), {stats.retried:,} retried")
    if stats.latencies.count:
        shares = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))
        times = [f"{name} {_latency(stats.latencies.percentile_s(share))}" for name, share in shares]
        lines.append(f"latency   {', '.join(times)}, max {_latency(stats.latencies.max_s)}")
    if stats.codes:
        codes = ", ".join(f"{code}: {count:,}" for code, count in stats.codes.most_common())
        lines.append(f"rejected  {codes}")
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """`0.4 s`, `75 s`, `5 min`, `2 h 05 min`."""
    if seconds < 10:  # noqa: PLR2004 - a tenth matters only in short ones
        return f"{seconds:.1f} s"
    if seconds < 2 * _MINUTE_S:
        return f"{seconds:.0f} s"
    if seconds < _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    hours, rest_s = divmod(seconds, _HOUR_S)
    return f"{hours:,.0f} h {rest_s / _MINUTE_S:02.0f} min"


def _latency(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 1 else f"{seconds:,.2f} s"
