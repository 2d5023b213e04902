"""What survives: `kill -9`, a restart, a damaged file, many threads, a real S3 client."""

import base64
import gzip
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from headgate.local.errors import LocalError
from headgate.local.firehose.fleet import FirehoseOptions
from headgate.local.firehose.service import FirehoseService
from headgate.local.firehose.store import DeliveryQueue
from headgate.local.firehose.tries import Clients
from tests.fake_stream import FakeStream
from tests.firehose_rig import DESTINATION, NAME, SOURCE, CrashError, FakeClock, FakeS3, Rig, make_test_plan

# Puts until it is killed by itself; each acknowledged number is on stdout before the next put.
_PUTTER = """
import base64, os, signal, sys
from pathlib import Path
from headgate.local.firehose.tries import Clients
from headgate.local.firehose.service import FirehoseService
from tests.firehose_rig import DESTINATION, FakeS3
from tests.fake_stream import FakeStream

service = FirehoseService(Path(sys.argv[1]), Clients(FakeS3(faults=["refused"] * 999), FakeStream()))
service.start()
service.call(
    "CreateDeliveryStream",
    {"DeliveryStreamName": "x", "ExtendedS3DestinationConfiguration": DESTINATION},
)
for number in range(50):
    data = base64.b64encode(b"%d\\n" % number).decode()
    service.call("PutRecordBatch", {"DeliveryStreamName": "x", "Records": [{"Data": data}]})
    print(number, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def put(service: FirehoseService, *data: bytes) -> None:
    records = [{"Data": base64.b64encode(each).decode()} for each in data]
    answered = service.call("PutRecordBatch", {"DeliveryStreamName": "x", "Records": records})
    assert answered["FailedPutCount"] == 0


def create(service: FirehoseService, **changes: Any) -> None:
    destination = {**DESTINATION, **changes}
    service.call(
        "CreateDeliveryStream",
        {"DeliveryStreamName": "x", "ExtendedS3DestinationConfiguration": destination},
    )


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "firehose.sqlite"


def test_what_was_acknowledged_survives_kill_9_and_is_delivered_by_the_next_start(database: Path) -> None:
    putter = subprocess.run(
        [sys.executable, "-c", _PUTTER, str(database)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert putter.returncode == -signal.SIGKILL, putter.stderr
    acknowledged = putter.stdout.encode()
    s3 = FakeS3()
    service = FirehoseService(database, Clients(s3, FakeStream()))
    service.start()
    assert service.drain(within_s=10.0) == 0
    service.close()
    assert acknowledged.count(b"\n") == 50
    assert b"".join(s3.contents()) == acknowledged


def test_a_restart_keeps_delivery_streams_versions_and_tags(database: Path) -> None:
    service = FirehoseService(database, Clients(FakeS3(), FakeStream()))
    create(service)
    service.call("TagDeliveryStream", {"DeliveryStreamName": "x", "Tags": [{"Key": "a", "Value": "b"}]})
    before = service.call("DescribeDeliveryStream", {"DeliveryStreamName": "x"})
    service.close()
    service = FirehoseService(database, Clients(FakeS3(), FakeStream()))
    assert service.call("DescribeDeliveryStream", {"DeliveryStreamName": "x"}) == before
    assert service.call("ListTagsForDeliveryStream", {"DeliveryStreamName": "x"})["Tags"] == [
        {"Key": "a", "Value": "b"}
    ]
    service.close()


def test_many_writers_lose_nothing_and_each_keeps_its_order(database: Path) -> None:
    s3 = FakeS3()
    service = FirehoseService(database, Clients(s3, FakeStream()), FirehoseOptions(buffer_interval_s=0))
    create(service, CompressionFormat="GZIP")
    service.start()

    def write(writer: int) -> None:
        for number in range(0, 200, 10):
            put(service, *(b"%d %d\n" % (writer, each) for each in range(number, number + 10)))

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert service.drain(within_s=30.0) == 0
    service.close()
    lines = b"".join(s3.contents()).splitlines()
    for writer in range(8):
        numbers = [int(line.split()[1]) for line in lines if line.startswith(b"%d " % writer)]
        assert numbers == list(range(200))
    assert len(lines) == 1600


def test_the_interval_of_the_run_replaces_that_of_the_delivery_stream(database: Path) -> None:
    s3 = FakeS3()
    service = FirehoseService(database, Clients(s3, FakeStream()), FirehoseOptions(buffer_interval_s=0))
    create(service)
    service.start()
    put(service, b"x")
    deadline_s, pause = time.monotonic() + 10.0, threading.Event()
    while not s3.objects and time.monotonic() < deadline_s:
        pause.wait(0.01)
    assert s3.contents() == [b"x"]
    described = service.call("DescribeDeliveryStream", {"DeliveryStreamName": "x"})
    (destination,) = described["DeliveryStreamDescription"]["Destinations"]
    assert destination["ExtendedS3DestinationDescription"]["BufferingHints"]["IntervalInSeconds"] == 60
    service.close()


def test_a_drain_says_what_is_left_when_s3_refuses_and_freshness_rises_f01(database: Path) -> None:
    s3, clock = FakeS3(faults=["refused"] * 1000), FakeClock()
    service = FirehoseService(database, Clients(s3, FakeStream()), host=clock.host())
    create(service)
    service.start()
    put(service, b"1", b"2")
    clock.now_s += 30.0
    assert service.drain(within_s=0.0) == 2
    figures = service.figures()["x"]
    assert (figures.data_freshness_s, figures.waiting_records) == (30.0, 2)
    clock.now_s += 870.0
    assert service.figures()["x"].data_freshness_s == 900.0
    service.close()


def test_a_kinesis_source_is_drained_to_its_end(database: Path) -> None:
    s3, stream = FakeS3(), FakeStream(shards=2)
    service = FirehoseService(database, Clients(s3, stream))
    service.call(
        "CreateDeliveryStream",
        {
            "DeliveryStreamName": "raw",
            "DeliveryStreamType": "KinesisStreamAsSource",
            "KinesisStreamSourceConfiguration": SOURCE,
            "ExtendedS3DestinationConfiguration": DESTINATION,
        },
    )
    service.start()
    stream.now_s = 4e9  # after the creation, whenever this test runs
    for number in range(100):
        stream.put(str(number), b"%d\n" % number)
    assert service.drain(within_s=20.0) == 0
    assert sorted(map(int, b"".join(s3.contents()).split())) == list(range(100))
    stream.put("late", b"100\n")
    assert service.drain(within_s=20.0) == 0
    assert len(b"".join(s3.contents()).split()) == 101
    service.close()


@pytest.mark.parametrize("damage", [b"not a database" * 1000, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_damaged_file_ends_with_one_sentence(database: Path, damage: bytes) -> None:
    database.write_bytes(damage)
    with pytest.raises(LocalError, match=r"firehose\.sqlite is damaged"):
        DeliveryQueue(database)


def test_a_file_of_another_version_ends_with_one_sentence(database: Path) -> None:
    db = sqlite3.connect(database)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LocalError, match="another version, 99 instead of 1"):
        DeliveryQueue(database)


@pytest.fixture
def bucket() -> Iterator[Any]:
    with mock_aws():
        s3 = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="local"
        )
        s3.create_bucket(Bucket="bucket")
        yield s3
        s3.close()


class CrashingS3:
    """A real client whose process ends right after S3 has taken the first object."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.puts = 0

    def put_object(self, **request: Any) -> Mapping[str, Any]:
        answered: dict[str, Any] = self._client.put_object(**request)
        self.puts += 1
        if self.puts == 1:
            raise CrashError
        return answered

    def list_objects_v2(self, **request: Any) -> Mapping[str, Any]:
        answered: dict[str, Any] = self._client.list_objects_v2(**request)
        return answered


@pytest.mark.parametrize("size_bytes", [1_000_001, 3 * 1024 * 1024])
def test_a_real_s3_client_stores_objects_and_after_a_crash_finds_the_one_it_has(
    bucket: Any, size_bytes: int
) -> None:
    s3 = CrashingS3(bucket)
    rig = Rig(FakeClock(), s3, make_test_plan(Prefix="a b+한글/", CompressionFormat="GZIP"))
    record = os.urandom(size_bytes)
    rig.put(record[:1_000_000], record[1_000_000:])
    with pytest.raises(CrashError):
        rig.drain()
    rig.reopen()
    rig.drain()
    (stored,) = bucket.list_objects_v2(Bucket="bucket")["Contents"]
    body = bucket.get_object(Bucket="bucket", Key=stored["Key"])["Body"].read()
    assert gzip.decompress(body) == record
    assert (s3.puts, rig.store.backlog(NAME)[0]) == (1, 0)
    rig.close()


def test_a_bucket_that_is_made_later_gets_what_was_kept_f01() -> None:
    with mock_aws():
        s3 = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="local"
        )
        rig = Rig(FakeClock(), s3, make_test_plan())
        rig.put(b"x")
        rig.step()
        assert rig.step(after_s=60.0) == pytest.approx(0.2)
        assert rig.delivery.tries.last_error == "NoSuchBucket"
        s3.create_bucket(Bucket="bucket")
        rig.drain()
        (stored,) = s3.list_objects_v2(Bucket="bucket")["Contents"]
        assert s3.get_object(Bucket="bucket", Key=stored["Key"])["Body"].read() == b"x"
        rig.close()
        s3.close()
