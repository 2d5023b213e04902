"""The delivery's thread: idle without work, alive after a full disk."""

import threading
import time
from collections.abc import Callable

from headgate.local.firehose.delivery import Delivery
from headgate.local.firehose.feeds import DirectFeed, Feed
from headgate.local.firehose.tries import Host, Tries
from headgate.local.firehose.worker import Worker
from tests.firehose_rig import NAME, FakeClock, FakeS3, Rig, make_test_plan


class CountingDelivery(Delivery):
    steps = 0

    def step(self) -> float | None:
        wait_s = super().step()
        self.steps += 1
        return wait_s


def wait_until(condition: Callable[[], bool], within_s: float = 10.0) -> None:
    deadline_s, pause = time.monotonic() + within_s, threading.Event()
    while not condition():
        assert time.monotonic() < deadline_s
        pause.wait(0.005)


def test_an_idle_worker_steps_only_when_it_is_woken() -> None:
    rig = Rig(FakeClock(), FakeS3(), make_test_plan())
    delivery = CountingDelivery(
        NAME, rig.plan, rig.store, rig.s3, lambda _: DirectFeed(rig.store, NAME), Host()
    )
    worker = Worker(NAME, delivery, Host())
    worker.start()
    wait_until(lambda: delivery.steps == 1)
    worker.wake()
    wait_until(lambda: delivery.steps == 2)
    threading.Event().wait(0.05)
    assert delivery.steps == 2
    worker.stop()
    rig.close()


def test_a_full_disk_starts_the_delivery_again_from_the_store() -> None:
    s3 = FakeS3()
    rig = Rig(FakeClock(), s3, make_test_plan())
    troubles = [OSError(28, "No space left on device")] * 2

    def open_feed(_: Tries) -> Feed:
        if troubles:
            raise troubles.pop()
        return DirectFeed(rig.store, NAME)

    host = Host(jitter=lambda: 0.01)
    worker = Worker(NAME, Delivery(NAME, rig.plan, rig.store, s3, open_feed, host), host)
    rig.put(b"x")
    worker.start()
    worker.begin_drain()
    assert worker.end_drain(within_s=10.0)
    assert (worker.tries.failures, worker.tries.last_error) == (2, "OSError")
    assert s3.contents() == [b"x"]
    worker.stop()
    rig.close()
