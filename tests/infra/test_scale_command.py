"""`infra scale`: the steps that AWS allows, and nothing lost or out of order while records flow."""

import threading
import time
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.infra.commands.scale import scale, steps
from headgate.infra.errors import InfraError
from headgate.settings import parse_settings
from tests.infra.fake_aws import FakeClients, context, refused
from tests.kinesis_rig import Rig, open_rig

CLICKS = parse_settings("prod", {"names": {"stream": "clicks"}})
KEYS = [str(at * (2**128 // 8)) for at in range(8)]


@pytest.mark.parametrize(
    ("now", "wanted", "way"),
    [(1, 4, [2, 4]), (4, 2, [2]), (1, 5, [2, 4, 5]), (7, 2, [4, 2]), (3, 3, []), (10, 1, [5, 3, 2, 1])],
)
def test_the_way_is_the_shortest_that_aws_allows(now: int, wanted: int, way: list[int]) -> None:
    assert steps(now, wanted) == way


@given(st.integers(1, 500), st.integers(1, 500))
def test_no_step_more_than_doubles_or_less_than_halves(now: int, wanted: int) -> None:
    for each in steps(now, wanted):
        assert each <= now * 2
        assert each * 2 >= now
        now = each
    assert now == wanted


class Load:
    """One writer for each ordering key, until the end of the block."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._stop = threading.Event()
        self._writers = [threading.Thread(target=self._write, args=(at,)) for at in range(len(KEYS))]
        self.written = [0] * len(KEYS)

    def __enter__(self) -> None:
        for each in self._writers:
            each.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for each in self._writers:
            each.join()

    def flows(self) -> None:
        """Wait until every writer has written some more."""
        wanted = [count + 10 for count in self.written]
        end_s = time.monotonic() + 20
        while any(count < want for count, want in zip(self.written, wanted, strict=True)):
            assert time.monotonic() < end_s, "the writers stand still"
            time.sleep(0.001)

    def _write(self, at: int) -> None:
        while not self._stop.is_set():
            self._rig.put(b"%d:%d" % (at, self.written[at]), ExplicitHashKey=KEYS[at])
            self.written[at] += 1


class Boto:
    """boto3's names over the local Kinesis."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def describe_stream_summary(self, **request: Any) -> dict[str, Any]:
        return self._rig.bare("DescribeStreamSummary", **request)

    def update_shard_count(self, **request: Any) -> dict[str, Any]:
        return self._rig.bare("UpdateShardCount", **request)


def test_resharding_1_4_2_under_load_loses_nothing_and_keeps_the_order_of_each_key(tmp_path: Path) -> None:
    """K08."""
    with open_rig(tmp_path / "kinesis.sqlite") as rig:
        load = Load(rig)
        with load:
            for shards in (4, 2):
                load.flows()
                run, said = context(FakeClients(kinesis=Boto(rig)), tmp_path, settings=CLICKS)
                assert scale(run, shards) == 0
                assert said[-1].startswith(f"set the stage's shards to {shards}")
            load.flows()
        assert _in_order(rig) == {at: list(range(count)) for at, count in enumerate(load.written)}


def test_a_stream_that_scales_by_itself_is_left_alone(tmp_path: Path) -> None:
    class OnDemand:
        def describe_stream_summary(self, **_: Any) -> dict[str, Any]:
            return {
                "StreamDescriptionSummary": {
                    "StreamModeDetails": {"StreamMode": "ON_DEMAND"},
                    "OpenShardCount": 4,
                }
            }

    run, _ = context(FakeClients(kinesis=OnDemand()), tmp_path)
    with pytest.raises(InfraError, match="is on-demand"):
        scale(run, 2)


def _in_order(rig: Rig) -> dict[int, list[int]]:
    """Read parents before children, as a consumer must."""
    read: dict[int, list[int]] = {}
    for shard in sorted(rig.shards(), key=lambda each: str(each["ShardId"])):
        iterator: str | None = rig.iterator(int(shard["ShardId"].rpartition("-")[2]))
        while iterator is not None:
            page = rig.page(iterator)
            for record in page["Records"]:
                at, number = _numbers(record["Data"])
                read.setdefault(at, []).append(number)
            iterator = (
                page.get("NextShardIterator") if page["Records"] or page.get("MillisBehindLatest") else None
            )
    return read


def _numbers(data: str) -> tuple[int, int]:
    at, number = b64decode(data).split(b":")
    return int(at), int(number)


class OneShard:
    """A stream that takes so many steps, then says that it took enough."""

    def __init__(self, steps_left: int) -> None:
        self.shards = 1
        self.steps_left = steps_left

    def describe_stream_summary(self, **_: Any) -> dict[str, Any]:
        return {"StreamDescriptionSummary": {"OpenShardCount": self.shards, "StreamStatus": "ACTIVE"}}

    def update_shard_count(self, **request: Any) -> None:
        if not self.steps_left:
            raise refused("LimitExceededException")
        self.steps_left -= 1
        self.shards = request["TargetShardCount"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_more_steps_than_aws_allows_in_a_day_are_told_before_the_first(
    tmp_path: Path, *, dry_run: bool
) -> None:
    stream = OneShard(10)
    run, said = context(FakeClients(kinesis=stream), tmp_path, settings=CLICKS, dry_run=dry_run)
    assert scale(run, 2000) == (0 if dry_run else 1)
    assert "11 steps" in said[1]
    assert "ends at 1024 shards" in said[1]
    assert stream.shards == (1 if dry_run else 1024)


def test_a_step_that_aws_refuses_says_why_it_can_be_and_what_to_do(tmp_path: Path) -> None:
    run, _ = context(FakeClients(kinesis=OneShard(1)), tmp_path, settings=CLICKS)
    with pytest.raises(InfraError, match="the step to 4 shards"):
        scale(run, 4)
