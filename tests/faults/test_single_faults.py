"""One fault at a time, all the time: what the client is told, when, and what lies on the stream."""

import orjson
import pytest

from chalicelib.gateway import Answer, Request
from headgate.local.faults import parse_faults
from tests.faults.world import World

INGEST_S = 18.0
GATEWAY_S = 29.0
EVENT = b'{"id":"only"}'


def post(world: World) -> tuple[Answer, float]:
    """The answer, and the seconds that it took."""
    started_s = world.clock.now_s
    headers = {"content-type": "application/json", "idempotency-key": "one"}
    answer = world.post(Request("POST", headers, {}, EVENT, "request"))
    return answer, world.clock.now_s - started_s


def copies(world: World) -> list[str]:
    """The ids under which the event is curated after a drain."""
    assert world.drain() is None
    return [line.event_id for line in world.stores().curated if line.event == EVENT]


def test_g03_a_stream_that_never_answers_in_time_is_a_503_before_the_gateway_gives_up() -> None:
    with World(1, "slow=1:9") as world:
        answer, took_s = post(world)
        assert (answer.status, orjson.loads(answer.body)["Code"]) == (503, "Unavailable")
        assert took_s < INGEST_S < GATEWAY_S
        world.faults.change(parse_faults(""))
        assert post(world)[0].status == 200
        found = copies(world)
    assert set(found) == {"one"}
    assert len(found) > 1, "each attempt was committed, and every copy has the same id"


@pytest.mark.parametrize("fault", ["expired", "reset", "error500", "lost_answer"])
def test_k10_a_stream_that_always_fails_is_a_503_within_the_budget(fault: str) -> None:
    with World(2, f"{fault}=1") as world:
        answer, took_s = post(world)
        assert answer.status == 503
        assert took_s < INGEST_S
        assert int(answer.headers["Retry-After"]) >= 1
        assert b"Traceback" not in answer.body
        assert fault.encode() not in answer.body
        found = copies(world)
    assert set(found) <= {"one"}
    assert bool(found) is (fault in {"error500", "lost_answer"})


def test_k02_a_stream_that_always_throttles_is_a_429_and_nothing_is_written() -> None:
    with World(3, "throttle=1") as world:
        answer, took_s = post(world)
        assert (answer.status, took_s < INGEST_S) == (429, True)
        assert copies(world) == []


def test_f01_t09_a_firehose_that_is_down_for_long_delays_and_loses_nothing() -> None:
    with World(4, "firehose_down=1:1000") as world:
        assert post(world)[0].status == 200
        for _ in range(30):
            world.pump()
        assert world.stores().curated == []
        assert copies(world) == ["one"]


def test_t04_a_transform_that_is_killed_for_a_while_makes_copies_with_one_id_and_the_same_bytes() -> None:
    with World(5, "transform_kill=0.9") as world:
        assert post(world)[0].status == 200
        for _ in range(30):
            world.pump()
        assert set(copies(world)) == {"one"}
        bodies = {line for line in world.stores().curated if line.event_id == "one"}
    assert len({(line.event, line.place) for line in bodies}) == 1
