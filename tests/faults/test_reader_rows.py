"""What a reader of the bucket meets: late data, no leftovers of what was interrupted, copies."""

import pytest
from botocore.exceptions import ClientError

from chalicelib.gateway import Request
from headgate.local.faults import Faults, parse_faults
from tests.faults.clients import Bucket
from tests.faults.world import World
from tests.firehose_rig import START_S, CrashError, FakeClock, FakeS3, Rig, make_test_plan

HOUR_S = 3600.0


def test_f04_an_object_lands_in_an_hour_that_has_ended_when_s3_was_down_meanwhile() -> None:
    """F04: its prefix says when the oldest record came, not when a reader can see it."""
    clock, s3 = FakeClock(), FakeS3()
    rig = Rig(clock, s3, make_test_plan())
    rig.put(b"late\n")
    s3.faults = ["refused"] * 3
    clock.now_s += 2 * HOUR_S
    for _ in range(10):
        clock.now_s += (rig.step() or 0.0) + 0.001
    (key,) = s3.objects
    assert key.startswith("raw-data/2023/11/14/22/"), "the arrival's hour, START_S"
    assert clock.now_s - START_S > 2 * HOUR_S
    rig.close()


@pytest.mark.parametrize("fault", ["crash_before", "crash_after", "refused", "lost"])
def test_f06_an_interrupted_delivery_leaves_no_half_object_and_no_empty_one(fault: str) -> None:
    clock, s3 = FakeClock(), FakeS3()
    rig = Rig(clock, s3, make_test_plan(CompressionFormat="GZIP"))
    rig.put(b"one\n", b"two\n")
    s3.faults = [fault]
    try:
        rig.step(120.0)
    except CrashError:
        rig.reopen()
    rig.drain()
    assert s3.contents() == [b"one\ntwo\n"], "whole, and once"
    rig.close()


def test_f06_nothing_to_deliver_is_no_object() -> None:
    clock, s3 = FakeClock(), FakeS3()
    rig = Rig(clock, s3, make_test_plan())
    rig.step(600.0)
    rig.drain()
    assert s3.objects == {}
    rig.close()


def test_f08_objects_of_the_same_second_have_names_of_their_own() -> None:
    clock, s3 = FakeClock(), FakeS3()
    rig = Rig(clock, s3, make_test_plan())
    for number in range(20):
        rig.put(b"%d\n" % number)
        rig.drain()
        clock.now_s = START_S
    assert len(s3.objects) == len(s3.puts) == 20
    rig.close()


def test_f05_one_row_per_event_id_is_every_event_once() -> None:
    """F05: the copies are there, and a reader can tell them by their id alone."""
    with World(5, "lost_answer=0.5,transform_kill=0.5,seed=5") as world:
        events = [b'{"id":"copy-%d"}' % number for number in range(30)]
        for number, event in enumerate(events):
            headers = {"content-type": "application/json", "idempotency-key": f"copy-{number}"}
            while world.post(Request("POST", headers, {}, event, "request")).status != 200:
                world.clock.pass_s(1.0)
            world.pump()
        assert world.drain() is None
        curated = world.stores().curated
    assert len(curated) > len(events), "no copies: the faults did not strike"
    assert sorted({line.event_id: line.event for line in curated}.values()) == sorted(events)


def test_f01_what_s3_refuses_is_nowhere_until_it_is_taken() -> None:
    bucket = Bucket(Faults(parse_faults("s3_down=1:2,seed=1")))
    for _ in range(2):
        with pytest.raises(ClientError):
            bucket.put_object(Key="raw-data/x", Body=b"x")
    assert bucket.objects == {}
