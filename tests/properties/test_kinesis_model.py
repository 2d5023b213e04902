"""Random puts, reshards, restarts and clock jumps against a model.

Every record is readable once, in its shard's order; the open shards always divide all hash keys.
"""

import tempfile
from base64 import b64decode, b64encode
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from headgate.local.kinesis.limits import LAST_HASH_KEY
from tests.kinesis_rig import FakeClock, Rig

KEYS = st.text(min_size=1, max_size=8)
HASHES = st.one_of(st.sampled_from([0, 1, LAST_HASH_KEY - 1, LAST_HASH_KEY]), st.integers(0, LAST_HASH_KEY))
FRACTIONS = st.floats(0, 1)


class KinesisModel(RuleBasedStateMachine):
    """`expected` is what each shard holds, in order; `numbers` the last sequence number of each."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.rig = self.opened()
        self.rig.call("CreateStream", ShardCount=2)
        self.expected: dict[str, list[bytes]] = {}
        self.numbers: dict[str, int] = {}
        self.puts = 0

    def opened(self) -> Rig:
        return Rig(Path(self.folder.name, "kinesis.sqlite"), self.clock, throttle=False, transition_s=0)

    def teardown(self) -> None:
        found = {shard["ShardId"]: self.drained(shard["ShardId"]) for shard in self.rig.shards()}
        assert {shard: data for shard, data in found.items() if data} == self.expected
        self.rig.store.close()
        self.folder.cleanup()

    def drained(self, shard_id: str) -> list[bytes]:
        data: list[bytes] = []
        iterator: str | None = self.rig.iterator(int(shard_id[-12:]))
        while iterator is not None:
            page = self.rig.page(iterator, Limit=3)
            data += [b64decode(record["Data"]) for record in page["Records"]]
            iterator = page["NextShardIterator"] if page["Records"] else None
        return data

    def open_shards(self) -> list[dict[str, Any]]:
        shards = self.rig.shards(ShardFilter={"Type": "AT_LATEST"})
        return sorted(shards, key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))

    def note(self, answer: dict[str, Any], data: bytes, hash_key: int | None) -> None:
        shard_id, number = answer["ShardId"], int(answer["SequenceNumber"])
        assert number > self.numbers.get(shard_id, 0)
        self.numbers[shard_id] = number
        self.expected.setdefault(shard_id, []).append(data)
        if hash_key is not None:
            (home,) = [shard for shard in self.open_shards() if shard["ShardId"] == shard_id]
            hashes = home["HashKeyRange"]
            assert int(hashes["StartingHashKey"]) <= hash_key <= int(hashes["EndingHashKey"])

    def data(self) -> bytes:
        self.puts += 1
        return b"%d" % self.puts

    @rule(key=KEYS, hash_key=st.none() | HASHES)
    def put(self, key: str, hash_key: int | None) -> None:
        data = self.data()
        explicit = {} if hash_key is None else {"ExplicitHashKey": str(hash_key)}
        self.note(self.rig.put(data, key, **explicit), data, hash_key)

    @rule(hash_keys=st.lists(HASHES, min_size=1, max_size=6))
    def put_batch(self, hash_keys: list[int]) -> None:
        sent = [(self.data(), hash_key) for hash_key in hash_keys]
        records = [
            {"PartitionKey": "k", "ExplicitHashKey": str(hash_key), "Data": b64encode(data).decode()}
            for data, hash_key in sent
        ]
        answer = self.rig.call("PutRecords", Records=records)
        for one, (data, hash_key) in zip(answer["Records"], sent, strict=True):
            self.note(one, data, hash_key)

    @rule(where=FRACTIONS, cut=FRACTIONS)
    def split(self, where: float, cut: float) -> None:
        shards = self.open_shards()
        shard = shards[int(where * (len(shards) - 1))]
        first, last = (int(shard["HashKeyRange"][end]) for end in ("StartingHashKey", "EndingHashKey"))
        if last - first < 4:
            return
        at = min(max(first + int((last - first) * cut), first + 2), last - 1)
        self.rig.call("SplitShard", ShardToSplit=shard["ShardId"], NewStartingHashKey=str(at))

    @precondition(lambda self: len(self.open_shards()) > 1)
    @rule(where=FRACTIONS)
    def merge(self, where: float) -> None:
        shards = self.open_shards()
        at = int(where * (len(shards) - 2))
        pair = {"ShardToMerge": shards[at]["ShardId"], "AdjacentShardToMerge": shards[at + 1]["ShardId"]}
        self.rig.call("MergeShards", **pair)

    @rule(where=FRACTIONS)
    def rescale(self, where: float) -> None:
        count = len(self.open_shards())
        least, most = -(-count // 2), min(2 * count, 12)
        target = least + int(where * max(0, most - least))
        self.rig.call("UpdateShardCount", TargetShardCount=target, ScalingType="UNIFORM_SCALING")
        assert len(self.open_shards()) == target

    @rule(seconds=st.integers(-5, 60))
    def pass_time(self, seconds: int) -> None:
        self.clock.pass_s(seconds)

    @rule()
    def restart(self) -> None:
        self.rig.store.close()
        self.rig = self.opened()

    @invariant()
    def open_shards_divide_all_hash_keys(self) -> None:
        ranges = [shard["HashKeyRange"] for shard in self.open_shards()]
        assert ranges[0]["StartingHashKey"] == "0"
        assert ranges[-1]["EndingHashKey"] == str(LAST_HASH_KEY)
        for low, high in pairwise(ranges):
            assert int(low["EndingHashKey"]) + 1 == int(high["StartingHashKey"])

    @invariant()
    def children_start_above_their_parents(self) -> None:
        numbers = {shard["ShardId"]: shard["SequenceNumberRange"] for shard in self.rig.shards()}
        for shard in self.rig.shards():
            for parent in (shard.get("ParentShardId"), shard.get("AdjacentParentShardId")):
                if parent is not None:
                    start = int(shard["SequenceNumberRange"]["StartingSequenceNumber"])
                    assert start > int(numbers[parent]["EndingSequenceNumber"])


TestKinesisModel = KinesisModel.TestCase
TestKinesisModel.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
