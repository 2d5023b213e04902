"""The lanes of a shard and its checkpoint."""

from typing import Any

from headgate.local.event_source.lane import Answered, Failed
from headgate.local.event_source.shard import Job, ShardWork, lane_of
from headgate.records import SHARD_END, ShardBatch
from tests.event_source_cases import SHARD, at, mapping_of, record_of

KEYS = ("a", "b", "c", "d")


def work_of(count: int, *, closed: bool = False, **settings: Any) -> ShardWork:
    work = ShardWork(SHARD, mapping_of(**settings), 86_400.0)
    records = [record_of(95 + index, key=KEYS[index % len(KEYS)]) for index in range(count)]
    work.add(ShardBatch(SHARD, records, 0, closed=closed), at(0))
    return work


def jobs_of(work: ShardWork, now_s: float = 0.0) -> list[Job]:
    return list(work.jobs(at(now_s), flush=False))


def test_t08_the_records_of_a_key_go_to_one_lane_in_order() -> None:
    jobs = jobs_of(work_of(40, parallelization=3))
    assert len(jobs) > 1
    for key in KEYS:
        lanes = [job for job in jobs if any(r.partition_key == key for r in job.action.batch.records)]
        assert len(lanes) == 1
        numbers = [int(r.sequence_number) for r in lanes[0].action.batch.records]
        assert numbers == sorted(numbers)


def test_the_lanes_share_the_keys_about_evenly() -> None:
    counts = [0] * 10
    for number in range(10_000):
        counts[lane_of(f"key-{number}", 10)] += 1
    assert min(counts) > 800


def test_i11_the_checkpoint_never_passes_a_record_that_is_not_done() -> None:
    work = work_of(8, parallelization=4)
    jobs = jobs_of(work)
    late = next(job for job in jobs if job.action.batch.records[0].sequence_number == "95")
    for job in jobs:
        if job is not late:
            work.settle(job.lane, Answered(None), at(0))
    assert not work.is_idle
    assert work.checkpoint is None
    work.settle(late.lane, Answered(None), at(0))
    assert [work.checkpoint] == ["102"]


def test_a_failing_lane_does_not_hold_up_the_others() -> None:
    work = work_of(8, parallelization=4, batch_size=1)
    first, *others = jobs_of(work)
    work.settle(first.lane, Failed(), at(0))
    for job in others:
        work.settle(job.lane, Answered(None), at(0))
    assert {job.lane for job in jobs_of(work)} == {job.lane for job in others}


def test_a_closed_shard_ends_when_its_last_record_is_done_and_waits_for_no_window() -> None:
    work = work_of(3, closed=True, batching_window_s=300)
    (job,) = jobs_of(work)
    assert work.checkpoint is None
    work.settle(job.lane, Answered(None), at(0))
    assert work.checkpoint == SHARD_END


def test_a_closed_shard_without_records_has_ended() -> None:
    assert work_of(0, closed=True).checkpoint == SHARD_END


def test_t12_reading_pauses_when_enough_is_waiting() -> None:
    assert not work_of(9_999).is_full
    work = work_of(10_000, batch_size=10_000)
    assert work.is_full
    (job,) = jobs_of(work)
    work.settle(job.lane, Answered(None), at(0))
    assert not work.is_full


def test_t12_reading_pauses_when_the_waiting_bytes_fill_a_batch() -> None:
    work = ShardWork(SHARD, mapping_of(), 86_400.0)
    heavy = [record_of(number, data=bytes(1_000_000)) for number in range(95, 100)]
    work.add(ShardBatch(SHARD, heavy, 0, closed=False), at(0))
    assert work.is_full
