"""A10: a flow with several files, whose batches close by size, count and age at every boundary.

Invariant: a checkpoint never passes a byte that is not acknowledged, and no span is empty. Once everything is
acknowledged the checkpoint of every file is its end, nothing is planned, and a restart sends nothing.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from headgate.agent.state import decode
from tests.agent_rig import Rig, flow_of

NAMES = ("a", "b", "c")
MAX_AGE_S = 2.0
EVEN = {  # every other line matches
    "optionName": "LOGTOJSON",
    "logFormat": "SYSLOG",
    "matchPattern": r'^\{"n":(\d*[02468]),.*$',
    "customFieldNames": ["n"],
}
# One line a record, packed records, an ordering key, HTTP: each has its own way to close a batch.
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "packed": {"packBytes": 40},
    "packed widely": {"packBytes": 1000},
    "ordered": {"orderingField": "o"},
    "aggregated": {"kplAggregation": True},
    "http": {"httpEndpoint": "http://127.0.0.1:1/v1"},
    "multi-line": {"multiLineStartPattern": r'^\{"n":\d*[05],', "multiLineHoldMillis": 0},
    "mismatches": {"dataProcessingOptions": [EVEN]},
    "mismatches, packed": {"dataProcessingOptions": [EVEN], "packBytes": 40},
}


class SeveralFiles(RuleBasedStateMachine):
    """The model knows what was written to each file."""

    @initialize(
        kind=st.sampled_from(sorted(KINDS)),
        records=st.sampled_from([1, 2, 3, 7, 500]),
        size_bytes=st.sampled_from([60, 150, 1000, 100_000]),
        lines=st.lists(st.integers(0, 9), min_size=3, max_size=3),
    )
    def begin(self, kind: str, records: int, size_bytes: int, lines: list[int]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="agent-several-"))
        self.size: dict[str, int] = dict.fromkeys(NAMES, 0)
        self.number = 0
        for name, count in zip(NAMES, lines, strict=True):
            self._append(name, count, 1)
        flow = flow_of(
            filePattern=f"{self.folder}/*.log",
            initialPosition="START_OF_FILE",
            maxBufferSizeRecords=records,
            maxBufferSizeBytes=size_bytes,
            maxBufferAgeMillis=int(MAX_AGE_S * 1000),
            **KINDS[kind],
        )
        self.rig = Rig(flow, raw_directory=self.folder).start()
        self.rig.look()

    def teardown(self) -> None:
        if not hasattr(self, "rig"):
            return
        try:
            self._settle()
            # The copies of what was on its way at a kill are over; from here on nothing is sent twice.
            for file in self.rig.pipeline.files.files:
                assert not file.progress.pending, file.path
                assert file.progress.offset == file.size, file.path
            stored = (decode(self.rig.stored) or {})[self.rig.flow.id]
            ends = {Path(found.path).stem: found.offset for found in stored if found.path.endswith(".log")}
            assert ends == {name: size for name, size in self.size.items() if size}
            assert not any(found.planned for found in stored)
            sent = len(self.rig.sent)
            self.rig.kill()
            self.rig.start()
            self._settle()
            assert len(self.rig.sent) == sent
            self.rig.check_ids()
        finally:
            self.rig.kill()
            shutil.rmtree(self.folder)

    @rule(name=st.sampled_from(NAMES), lines=st.integers(1, 12), width=st.sampled_from([1, 8, 30, 90]))
    def write(self, name: str, lines: int, width: int) -> None:
        self._append(name, lines, width)

    @rule(flush=st.booleans())
    def read(self, flush: bool) -> None:  # noqa: FBT001 - one call, by position
        self.rig.look()
        self.rig.read(flush=flush)

    @rule(seconds=st.sampled_from([0.3, MAX_AGE_S, 6.0]))
    def time_passes(self, seconds: float) -> None:
        self.rig.now_s += seconds
        self.rig.delivery.housekeep(self.rig.now_s)

    @precondition(lambda self: self.rig.flying)
    @rule(index=st.integers(0, 50))
    def acknowledge_in_any_order(self, index: int) -> None:
        self.rig.acknowledge(index)

    @rule()
    def kill_and_start(self) -> None:
        self.rig.kill()
        self.rig.start()
        self.rig.look()

    @invariant()
    def a_span_is_never_empty_and_the_checkpoint_stays_before_it(self) -> None:
        if not hasattr(self, "rig"):
            return
        for _, batch in self.rig.flying:
            for key, (start, end) in batch.spans.items():
                assert start < end
                assert batch.files[key].progress.offset <= start

    def _append(self, name: str, lines: int, width: int) -> None:
        with (self.folder / f"{name}.log").open("ab") as file:
            for _ in range(lines):
                self.number += 1
                self.size[name] += file.write(b'{"n":%d,"o":"%b"}\n' % (self.number, b"x" * width))

    def _settle(self) -> None:
        for _ in range(3):
            self.rig.settle(seconds=10)


TestSeveralFiles = SeveralFiles.TestCase
TestSeveralFiles.settings = settings(
    max_examples=100,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
