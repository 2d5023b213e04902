"""The workers: bounded work in flight, the first job alone, one failure stops all."""

import threading
from collections.abc import Callable, Iterator

import pytest

from headgate.send.worker_pool import Worker, WorkerPool

WAIT_S = 10.0


class Recorder(Worker[int]):
    def __init__(self, do: Callable[[int], object], closed: list[int]) -> None:
        self._do = do
        self._closed = closed

    def work(self, job: int) -> None:
        self._do(job)

    def close(self) -> None:
        self._closed.append(1)


class Rig:
    """A pool whose workers wait at a gate."""

    def __init__(self, size: int) -> None:
        self.begun: list[int] = []
        self.submitted: list[int] = []
        self.closed: list[int] = []
        self.gate = threading.Event()
        self.full = threading.Event()
        self.failing: set[int] = set()
        self._ticks = 0
        self.pool: WorkerPool[int] = WorkerPool(size, lambda: Recorder(self._work, self.closed), self._tick)

    def _work(self, job: int) -> None:
        self.begun.append(job)
        if job in self.failing:
            raise ValueError(f"job {job}")
        if job > 0:
            assert self.gate.wait(WAIT_S)

    def _tick(self) -> None:
        self._ticks += 1
        if self._ticks > 3:  # submit has been waiting for a while
            self.full.set()

    def submit(self, count: int) -> None:
        for job in range(count):
            self.submitted.append(job)
            self.pool.submit(job)


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig(3)
    yield made
    made.gate.set()
    made.pool.stop()


def test_no_more_is_taken_than_twice_the_workers(rig: Rig) -> None:
    reader = threading.Thread(target=rig.submit, args=(100,))
    reader.start()
    assert rig.full.wait(WAIT_S)
    assert len(rig.submitted) <= 1 + 2 * 3 + 1  # done, under way and queued, and the one that waits
    rig.gate.set()
    reader.join(WAIT_S)
    rig.pool.finish()
    assert sorted(rig.begun) == list(range(100))
    assert len(rig.closed) == 3


def test_the_first_job_is_done_before_the_second_is_taken_s06(rig: Rig) -> None:
    rig.failing = {0}
    with pytest.raises(ValueError, match="job 0"):
        rig.submit(2)
    assert rig.submitted == rig.begun == [0]


def test_a_failure_comes_back_to_the_caller_and_nothing_more_is_begun(rig: Rig) -> None:
    rig.failing = {4}
    rig.gate.set()
    with pytest.raises(ValueError, match="job 4"):
        rig.submit(1000)
    rig.pool.stop()
    assert len(rig.begun) < 20


def test_a_stop_wakes_who_sleeps_and_leaves_what_is_queued(rig: Rig) -> None:
    sleeping = threading.Event()

    def work(job: int) -> None:
        rig.begun.append(job)
        if job:
            sleeping.set()
            rig.pool.sleep(3600)

    pool = rig.pool = WorkerPool(1, lambda: Recorder(work, rig.closed), lambda: None)
    pool.submit(0)
    pool.submit(1)
    pool.submit(2)
    assert sleeping.wait(WAIT_S)
    pool.stop()
    assert rig.begun == [0, 1]
