"""The main property (DESIGN I1 to I5) on a fixed sample of schedules; `make faults` plays thousands more.

What 200 promises holds under K01, K02, K03, K07, K08, K10, K12, T02, T04, T08, T09, F01 and G03 at once.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.packing import partition_key as make_key
from chalicelib.ports import Entry, Receipt
from chalicelib.retry import Failure, Outcome, Success
from headgate.local.event_source.lane import Answered
from headgate.local.event_source.lane import Outcome as End
from headgate.local.event_source.poller import Runner
from headgate.local.event_source.shard import Job
from tests.faults.ledger import Stores
from tests.faults.play import Played, play
from tests.faults.world import World

SAMPLE = range(100)


@pytest.fixture(scope="module")
def sample() -> list[Played]:
    return [play(seed) for seed in SAMPLE]


def test_no_schedule_of_the_sample_breaks_a_promise(sample: list[Played]) -> None:
    broken = {one.seed: (one.faults, one.broken[:3]) for one in sample if one.broken}
    assert not broken, "python -m tests.faults --only <seed> repeats one"


def test_the_sample_meets_every_fault_and_every_end(sample: list[Played]) -> None:
    struck = sum((one.struck for one in sample), Counter[str]())
    wanted = {
        *("throttle", "partial", "lost_answer", "slow", "reset", "error500", "expired", "clock", "s3_down"),
        *("firehose_partial", "firehose_down", "transform_kill", "transform_timeout", "split", "merged"),
        *("poller", "firehose raw", "firehose curated"),
    }
    assert wanted <= set(struck)
    ends = sum((one.ends for one in sample), Counter[str]())
    assert set(ends) == {"accepted", "refused", "unknown"}
    assert ends["accepted"] > sum(ends.values()) / 2, "a property over nothing but refusals proves nothing"


def test_a_seed_alone_repeats_a_schedule() -> None:
    assert play(11) == play(11)


# --- The property must be able to fail: each of these mistakes has been made by a real product. ---


@dataclass
class Trusting:
    """Takes a 200 for all of its records, as Vector's Kinesis sinks did (K01, T09)."""

    call_s = 5.0
    inner: Any

    def put(self, entries: Sequence[Any]) -> list[Outcome]:
        outcomes: list[Outcome] = self.inner.put(entries)
        if not any(isinstance(outcome, Success) for outcome in outcomes):
            return outcomes
        receipt = next(outcome.receipt for outcome in outcomes if isinstance(outcome, Success))
        return [Success(receipt)] * len(outcomes)


@dataclass
class Renaming:
    """Gives each attempt an id of its own (K03, I3)."""

    call_s = 5.0
    inner: Any
    attempts: int = 0

    def put(self, entries: Sequence[Entry]) -> list[Outcome]:
        self.attempts += 1
        renamed = [
            entry._replace(partition_key=f"{entry.partition_key}-{self.attempts}") for entry in entries
        ]
        outcomes: list[Outcome] = self.inner.put(renamed)
        return outcomes


@dataclass
class Hoping:
    """Answers before the stream has: an acknowledgement of what is only buffered (K11, I2)."""

    call_s = 5.0
    inner: Any

    def put(self, entries: Sequence[Entry]) -> list[Outcome]:
        outcomes = self.inner.put(entries)
        receipt = Receipt("shardId-000000000000", "1")
        return [Success(receipt) if isinstance(outcome, Failure) else outcome for outcome in outcomes]


class TrustingIngest(World):
    def _made_stream(self) -> Any:
        return Trusting(super()._made_stream())


class RenamingIngest(World):
    def _made_stream(self) -> Any:
        return Renaming(super()._made_stream())


class HopingIngest(World):
    def _made_stream(self) -> Any:
        return Hoping(super()._made_stream())


class TrustingTransform(World):
    def _made_delivery(self) -> Any:
        return Trusting(super()._made_delivery())


class KeyedForeigners(World):
    """Takes any partition key for an event id: many records of other producers are then one event (T14)."""

    def put(self, data: bytes, partition_key: str | None) -> None:
        super().put(data, make_key(partition_key or "none"))


class ForgottenNotes(World):
    """Never writes what the hook has dropped (I9)."""

    def stores(self) -> Stores:
        return replace(super().stores(), dropped=[])


class HastyPoller(World):
    """Takes a batch for done although the function failed (T02)."""

    def _run(self, runner: Runner, job: Job) -> End:
        runner.run(job)
        return Answered({"batchItemFailures": []})


@pytest.mark.parametrize(
    ("world", "faults", "promise"),
    [
        (TrustingIngest, "partial=0.5", "acknowledged and not in raw-data"),
        (RenamingIngest, "lost_answer=0.5", "2 ids, at most 1 expected"),
        (HopingIngest, "throttle=0.6", "acknowledged and not in raw-data"),
        (TrustingTransform, "firehose_partial=0.5", "neither in curated nor in quarantine"),
        (KeyedForeigners, "slow=0.01", "not named by its place"),
        (ForgottenNotes, "slow=0.01", "lines were dropped and not noted"),
        (HastyPoller, "firehose_down=0.5,transform_kill=0.3", "neither in curated nor in quarantine"),
    ],
)
def test_a_mistake_is_found(world: type[World], faults: str, promise: str) -> None:
    broken = [sentence for seed in range(12) for sentence in play(seed, faults, world).broken]
    assert any(promise in sentence for sentence in broken)
