"""Whatever happens on the way, S3 ends up with every record once, in order (I1, I3, I4, I11, F01, F08)."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.local.firehose.buffer import Hints
from tests.fake_stream import FakeStream
from tests.firehose_rig import CrashError, FakeClock, FakeS3, Rig, make_test_plan

SIZE_BYTES = 64
RECORDS = st.lists(st.binary(max_size=40), min_size=1, max_size=5)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), RECORDS),
        st.tuples(st.just("pass"), st.floats(0.0, 20.0)),
        st.tuples(st.just("fault"), st.sampled_from(["refused", "lost", "crash_before", "crash_after"])),
        st.tuples(st.just("restart"), st.none()),
        st.tuples(st.just("update"), st.none()),
    ),
    max_size=30,
)


def make_rig(compression_format: str, interval_s: float, kinesis: FakeStream | None = None) -> Rig:
    plan = make_test_plan(CompressionFormat=compression_format)
    return Rig(FakeClock(), FakeS3(), replace(plan, hints=Hints(SIZE_BYTES, interval_s)), kinesis=kinesis)


def survive(rig: Rig, drain: bool) -> None:  # noqa: FBT001 - one of two ways to go on
    """Step, or drain; a crash in the middle is followed by a new process."""
    try:
        if drain:
            rig.drain()
        else:
            rig.step()
    except CrashError:
        rig.reopen()
        survive(rig, drain)


def play(rig: Rig, s3: FakeS3, actions: list[tuple[str, object]]) -> list[bytes]:
    """Run the schedule on direct puts; return what was put."""
    sent: list[bytes] = []
    for action, argument in actions:
        match action, argument:
            case "put", list(records):
                rig.put(*records)
                sent += records
            case "pass", float(seconds):
                rig.clock.now_s += seconds
            case "fault", str(fault):
                s3.faults.append(fault)
            case "restart", _:
                rig.reopen()
            case "update", _:
                naming = replace(rig.plan.naming, version=rig.plan.naming.version + 1)
                rig.plan = replace(rig.plan, naming=naming)
                rig.delivery.plan = rig.plan
        survive(rig, drain=False)
    survive(rig, drain=True)
    return sent


@settings(derandomize=True, deadline=None, max_examples=200)
@given(ACTIONS, st.sampled_from(["UNCOMPRESSED", "GZIP"]), st.sampled_from([0.0, 5.0, 60.0]))
def test_direct_puts_arrive_once_and_in_order_whatever_happens(
    actions: list[tuple[str, object]], compression_format: str, interval_s: float
) -> None:
    rig = make_rig(compression_format, interval_s)
    assert isinstance(rig.s3, FakeS3)
    sent = play(rig, rig.s3, actions)
    contents = rig.s3.contents()
    assert b"".join(contents) == b"".join(sent)
    assert all(len(each) < SIZE_BYTES + 40 for each in contents)
    assert rig.step() is None
    rig.close()


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.text("abcdefgh", min_size=1, max_size=2)),
            st.tuples(st.just("pass"), st.floats(0.0, 20.0)),
            st.tuples(st.just("fault"), st.sampled_from(["refused", "lost", "crash_before", "crash_after"])),
            st.tuples(st.just("source"), st.sampled_from(["InternalFailure", "ExpiredIteratorException"])),
            st.tuples(st.just("restart"), st.none()),
            st.tuples(st.just("split"), st.integers(0, 3)),
        ),
        max_size=40,
    )
)
def test_a_stream_arrives_once_and_in_order_by_key_whatever_happens(
    actions: list[tuple[str, object]],
) -> None:
    stream = FakeStream(shards=2)
    rig = make_rig("UNCOMPRESSED", 5.0, stream)
    assert isinstance(rig.s3, FakeS3)
    sent: dict[str, list[int]] = {}
    number = 0
    for action, argument in actions:
        stream.now_s = rig.clock.now_s
        match action, argument:
            case "put", str(key):
                number += 1
                stream.put(key, b"%s %d\n" % (key.encode(), number))
                sent.setdefault(key, []).append(number)
            case "pass", float(seconds):
                rig.clock.now_s += seconds
            case "fault", str(fault):
                rig.s3.faults.append(fault)
            case "source", str(code):
                stream.refusals.append(code)
            case "restart", _:
                rig.reopen()
            case "split", int(index) if len(stream.open_shards()) < 6:
                shards = stream.open_shards()
                stream.split(shards[index % len(shards)])
        survive(rig, drain=False)
    survive(rig, drain=True)
    arrived: dict[str, list[int]] = {}
    for line in b"".join(rig.s3.contents()).splitlines():
        name, value = line.decode().split()
        arrived.setdefault(name, []).append(int(value))
    assert arrived == sent
    rig.close()
