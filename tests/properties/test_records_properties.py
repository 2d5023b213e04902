"""Invariant: whatever happens to the shards, each record is read once, in order, parents first (K08)."""

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.records import Position, StreamReader
from tests.fake_stream import FakeStream

KEYS = [chr(code) for code in range(1, 255, 17)]
ACTIONS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(KEYS)),
    st.tuples(st.just("split"), st.integers(0, 9)),
    st.tuples(st.just("merge"), st.integers(0, 9)),
    st.tuples(st.just("expire"), st.none()),
    st.tuples(st.just("throttle"), st.none()),
    st.tuples(st.just("stale list"), st.none()),
    st.tuples(st.just("poll"), st.none()),
    st.tuples(st.just("restart"), st.none()),
)


class Run:
    """The stream, what was put on it, and what a reader that commits all it reads has seen."""

    def __init__(self, limit: int) -> None:
        self.stream = FakeStream(shards=2, page=3, limit=limit)
        self.reader = StreamReader(self.stream, "events", Position.trim_horizon())
        self.put: dict[str, list[bytes]] = defaultdict(list)
        self.seen: dict[str, list[bytes]] = defaultdict(list)
        self.now_s = 0.0

    def poll(self) -> None:
        self.now_s += 1.0
        for batch in self.reader.poll(self.now_s):
            numbers = [int(record.sequence_number) for record in batch.records]
            assert numbers == sorted(numbers)
            for record in batch.records:
                self.seen[str(record.partition_key)].append(record.data)
            self.reader.commit(batch.shard_id, batch.checkpoint)

    def apply(self, action: str, argument: str | int | None) -> None:
        shards = self.stream.open_shards()
        if action == "put":
            data = b"%d" % sum(map(len, self.put.values()))
            self.stream.put(str(argument), data)
            self.put[str(argument)].append(data)
        elif action == "split" and len(shards) < 8:
            self.stream.split(shards[int(argument or 0) % len(shards)])
        elif action == "merge" and len(shards) > 1:
            left = int(argument or 0) % (len(shards) - 1)
            self.stream.merge(shards[left], shards[left + 1])
        elif action == "expire":
            self.stream.expire_iterators()
        elif action == "throttle":
            self.stream.refusals = ["ProvisionedThroughputExceededException"]
        elif action == "stale list":
            self.stream.list_refusals = ["LimitExceededException"]
        elif action == "restart":
            checkpoints = self.reader.checkpoints
            self.reader = StreamReader(self.stream, "events", Position.trim_horizon(), checkpoints)
        elif action == "poll":
            self.poll()


@settings(max_examples=250, deadline=None, derandomize=True)
@given(limit=st.integers(1, 4), actions=st.lists(ACTIONS, max_size=60))
def test_every_record_is_read_once_and_in_the_order_of_its_key(
    limit: int, actions: list[tuple[str, str | int | None]]
) -> None:
    run = Run(limit)
    for action, argument in actions:
        run.apply(action, argument)
    since_s = run.now_s + 1
    for _ in range(400):
        if run.reader.caught_up(since_s):
            break
        run.poll()
    assert run.reader.caught_up(since_s)
    assert run.seen == run.put
