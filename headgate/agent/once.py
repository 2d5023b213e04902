"""When `--once` is at its end: all is delivered, or what is left never will be.

A flow is given up after a refusal that only a person can mend, or a minute without any progress; a running
agent never gives up. Pure; times are monotonic seconds. Called by run.py.
"""

import math
from collections.abc import Sequence

from headgate.agent.config.model import Flow
from headgate.agent.delivery import Delivery
from headgate.agent.pipeline import END_QUIET_S, Pipeline
from headgate.agent.sending import CallResult
from headgate.agent.tail.file import TailedFile

REFUSALS = 3  # in a row: new credentials and permissions may need a moment
PATIENCE_S = 60.0  # longer than one call may take by its default time-outs (10 s and 50 s)


class Once:
    """What is known of the flows' destinations since the start."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self.given_up: list[str] = []  # a sentence for each flow that could not be finished
        self._patience_s = patience_s
        self._refusals: dict[str, int] = {}
        self._causes: dict[str, str] = {}
        self._moved_s: dict[str, float] = {}

    def saw(self, call: CallResult, now_s: float) -> None:
        """A call has its answer; one record that was taken is progress."""
        flow = call.pipeline.flow.id
        if call.failed < call.units:
            self._refusals.pop(flow, None)
            self.moved(flow, now_s)
        elif call.permanent:
            self._refusals[flow] = self._refusals.get(flow, 0) + 1
        else:
            self._refusals.pop(flow, None)
        if call.failed:
            self._causes[flow] = call.cause

    def moved(self, flow: str, now_s: float) -> None:
        """Something was read or taken, or there is nothing to do."""
        self._moved_s[flow] = now_s

    def ended(self, pipelines: Sequence[Pipeline], delivery: Delivery, now_s: float) -> bool:
        """Whether nothing more can be done, after a pass that read nothing."""
        reasons: list[str] = []
        for pipeline in pipelines:
            if pipeline.idle() and delivery.blocked is None:
                self.moved(pipeline.flow.id, now_s)
                files = pipeline.files
                if files.unopened or any(
                    f.unread and held(pipeline, f, now_s, at_end=True) for f in files.files
                ):
                    return False
                continue
            reason = self._reason(pipeline.flow, now_s, delivery.blocked)
            if reason is None:
                return False
            reasons.append(reason)
        self.given_up = reasons
        return bool(reasons) or delivery.settled

    def _reason(self, flow: Flow, now_s: float, blocked: str | None) -> str | None:
        """Why a flow that is not done will not be; None while there is hope."""
        cause = self._causes.get(flow.id, "the destination does not answer")
        if blocked is None and self._refusals.get(flow.id, 0) >= REFUSALS:
            return f"{flow.id}: the destination refuses every call: {cause}"
        if now_s - self._moved_s.setdefault(flow.id, now_s) >= self._patience_s:
            return f"{flow.id}: nothing was delivered for {self._patience_s:g} s: {blocked or cause}"
        return None


def held(pipeline: Pipeline, file: TailedFile, now_s: float = -math.inf, *, at_end: bool = False) -> bool:
    """Whether only time settles it: an open multi-line record, or what may be a copy in the making.

    `at_end`: also an end without a line feed, which `--once` sends when the file is quiet.
    """
    wait_s = pipeline.flow.hold_s if pipeline.flow.start_pattern is not None else 0.0
    if at_end:
        wait_s = max(wait_s, END_QUIET_S)
    return now_s - file.changed_s < wait_s or not file.decided
