"""The whole path in one process on one clock: our use cases, Kinesis, poller and Firehose behind the faults.

Every part is the real one but the sockets, S3 and the time. Nothing runs by itself: `pump` lets each consumer
do some work, and every choice comes from the seed.
"""

import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import aws
from chalicelib.decode import Rules
from chalicelib.gateway import Answer, Request
from chalicelib.ingest import Ingest
from chalicelib.ports import Entry
from chalicelib.retry import Success
from chalicelib.schemas import Schemas
from chalicelib.transform import Transform
from headgate.boto_api import BotoApi
from headgate.local.event_source.engine import Engine
from headgate.local.event_source.lane import Instant, Outcome
from headgate.local.event_source.mapping import EventSourceMapping
from headgate.local.event_source.poller import Runner
from headgate.local.event_source.shard import Job
from headgate.local.event_source.store import CheckpointStore
from headgate.local.faults import Faults, parse_faults
from headgate.local.faults.reshard import reshard
from headgate.local.faults.services import faulty_firehose, faulty_invoke, faulty_kinesis, jumping_clock
from headgate.local.firehose.fleet import FirehoseOptions
from headgate.local.firehose.service import FirehoseService
from headgate.local.firehose.tries import Clients, Host
from headgate.local.kinesis import KinesisService, RecordStore
from headgate.local.plan import StagePlan
from headgate.local.wire import AwsError
from tests.fakes import FakeCounter
from tests.faults.clients import Bucket, Clock, WireClient
from tests.faults.ledger import Stores
from tests.faults.parts import fast_folder, hook, stage_plan, stream_arn
from tests.faults.places import stores_of, stream_lines
from tests.faults.traffic import ORDERING_FIELD, seeded

_INGEST_S = 18.0
_TRANSFORM_S = 120.0
_DRAIN_STEPS = 4000
# The partition key, which our Kinesis always wants, of a record without one; the function does not see it.
_KEYLESS = "(none)"


class World:
    """One stage on an empty disk; `seed` makes every choice."""

    def __init__(self, seed: int, faults: str) -> None:
        self.clock = Clock()
        self.faults = Faults(parse_faults(faults))
        self.counter = FakeCounter()
        self.crashes: Counter[str] = Counter()
        self._chance = seeded(f"{seed}/world")
        self._folder = tempfile.TemporaryDirectory(prefix="headgate-faults-", dir=fast_folder())
        folder = Path(self._folder.name)
        plan = stage_plan()
        self._store = RecordStore(folder / "kinesis.sqlite")
        wall_s = jumping_clock(self.clock.wall_s, self.faults)
        self.kinesis = KinesisService(self._store, wall_s)
        self.stream = plan.stream["Name"]
        shards = self._chance.choice((1, 1, 2, 4))
        self.kinesis.call("CreateStream", {"StreamName": self.stream, "ShardCount": shards})
        self._kinesis = WireClient(faulty_kinesis(self.kinesis, self.faults, self.clock.pass_s), self.clock)
        self.bucket = Bucket(self.faults)
        self._firehose = self._made_firehose(folder, plan)
        self._checkpoints = CheckpointStore(folder / "poller.sqlite")
        self._mapping = EventSourceMapping.from_cloudformation(
            {**plan.mapping, "EventSourceArn": stream_arn(self.stream)}
        )
        self.engine = self._made_engine()
        self._runner = self._made_runner()
        self.ordered = self._chance.random() < 0.5
        self._pack_bytes = self._chance.choice((0, 300, 25_600))
        self._ingest = self._made_ingest()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for delivery in self._deliveries():
            delivery.reset()
        self._firehose.close()
        self._checkpoints.close()
        self._store.close()
        self._folder.cleanup()

    def post(self, request: Request) -> Answer:
        """Answer a POST as the function does."""
        return self._ingest(request, self.clock.now_s + _INGEST_S, self.counter)

    def put(self, data: bytes, partition_key: str | None) -> None:
        """Put a record on the stream past the API, and past the faults; None stands for no partition key."""
        outcome = aws.KinesisStream(BotoApi(WireClient(self.kinesis, self.clock)), self.stream).put(
            [Entry(data, _KEYLESS if partition_key is None else partition_key)]
        )
        assert isinstance(outcome[0], Success), outcome

    def pump(self) -> None:
        """Let consumers work, crash and be restarted, and the stream be resharded, all by chance."""
        for _ in range(self._chance.randint(0, 3)):
            self.clock.pass_s(self._chance.choice((0.05, 0.3, 1.1, 6.0)))
            self._reshard()
            self._step_poller(crash=self._chance.random() < 0.03)
            for name, delivery in zip(("raw", "curated"), self._deliveries(), strict=True):
                delivery.step()
                if self._chance.random() < 0.03:
                    self.crashes[f"firehose {name}"] += 1
                    delivery.reset()

    def drain(self) -> str | None:
        """Switch the faults off and deliver everything; what is left, None if nothing is."""
        self.faults.change(parse_faults(""))
        self.engine.drain(self._now())
        if not self._until(lambda: self.engine.is_drained, self._step_poller):
            return "the transform did not reach the end of the stream"
        for delivery in self._deliveries():
            since_s = delivery.drain_since_s = self.clock.now_s
            if not self._until(lambda d=delivery, s=since_s: d.drained_s == s, delivery.step):  # type: ignore[misc]
                return "a delivery stream did not deliver everything"
        left = [name for name, figures in self._firehose.figures().items() if figures.waiting_records]
        return f"records wait in {left}" if left else None

    def stores(self) -> Stores:
        """What lies where."""
        return stores_of(self.bucket.objects, stream_lines(self.kinesis, self.stream, self.clock))

    def _reshard(self) -> None:
        if self.faults.strikes("reshard"):
            try:
                self.crashes[reshard(self.kinesis, self.stream, self.faults.share("reshard"))] += 1
            except AwsError as error:
                self.crashes[f"reshard refused: {error.code}"] += 1

    def _step_poller(self, *, crash: bool = False) -> None:
        """Read and run what is due. A crash loses everything but the checkpoints, in the middle of a job."""
        try:
            self.engine.read(self._now())
        except (ClientError, BotoCoreError):
            self.clock.pass_s(1.0)
        jobs = self.engine.jobs(self._now())
        for job in jobs:
            outcome = self._run(self._runner, job)
            if crash:
                self.crashes["poller"] += 1
                self.engine = self._made_engine()
                return
            self.engine.settle(job, outcome, self._now())

    def _run(self, runner: Runner, job: Job) -> Outcome:
        return runner.run(job)

    def _until(self, done: Callable[[], bool], step: Callable[[], object]) -> bool:
        for _ in range(_DRAIN_STEPS):
            step()
            if done():
                return True
            self.clock.pass_s(0.3)
        return False

    def _now(self) -> Instant:
        return Instant(self.clock.steady_s(), self.clock.wall_s())

    def _deliveries(self) -> list[Any]:
        workers = self._firehose._fleet._workers
        return [workers[name].delivery for name in sorted(workers, reverse=True)]  # raw before curated

    def _made_engine(self) -> Engine:
        return Engine(self._mapping, self._kinesis, self._checkpoints, self._now(), 86_400.0)

    def _made_runner(self) -> Runner:
        invoke = faulty_invoke(self._transform, _TRANSFORM_S, self.faults)
        return Runner(
            self._mapping,
            invoke,
            self.bucket,
            now_s=self.clock.wall_s,
            new_id=lambda: str(UUID(int=self._chance.getrandbits(128))),
            log=lambda _: None,
        )

    def _transform(self, event: dict[str, Any], seconds: float) -> object:
        transform = Transform(
            delivery=self._made_delivery(),
            store=aws.Bucket(BotoApi(self.bucket)),
            bucket=self._mapping.bucket or "",
            hook=hook,
            pack_bytes=25_600,
            version="0",
            now=self.clock.steady_s,
            sleep=self.clock.pass_s,
            jitter=self._chance.random,
        )
        for record in event["Records"]:
            if record["kinesis"].get("partitionKey") == _KEYLESS:
                del record["kinesis"]["partitionKey"]
        return transform(event, self.clock.now_s + seconds - 1.0, self.counter)

    def _made_firehose(self, folder: Path, plan: StagePlan) -> FirehoseService:
        host = Host(
            self.clock.wall_s,
            self.clock.steady_s,
            self._chance.random,
            lambda: UUID(int=self._chance.getrandbits(128), version=4),
        )
        settings = FirehoseOptions(buffer_interval_s=self._chance.choice((0, 1, 20)))
        clients = Clients(s3=self.bucket, kinesis=self._kinesis)
        firehose = FirehoseService(folder / "firehose.sqlite", clients, settings, host)
        for properties in plan.deliveries:
            firehose.call("CreateDeliveryStream", properties)
        service = faulty_firehose(firehose, self.faults, self.clock.pass_s)
        self._firehose_client = WireClient(service, self.clock)
        return firehose

    def _made_stream(self) -> aws.KinesisStream:
        return aws.KinesisStream(BotoApi(self._kinesis), self.stream)

    def _made_delivery(self) -> aws.DeliveryStream:
        return aws.DeliveryStream(BotoApi(self._firehose_client), f"{self.stream}-curated")

    def _made_ingest(self) -> Ingest:
        rules = Rules(Schemas({}), ORDERING_FIELD if self.ordered else None)
        return Ingest(
            stream=self._made_stream(),
            rules=rules,
            pack_bytes=self._pack_bytes,
            now=self.clock.steady_s,
            sleep=self.clock.pass_s,
            jitter=self._chance.random,
            new_id=lambda: f"id-{self._chance.getrandbits(64):016x}",
        )
