"""kill -9 in the middle of puts: what was acknowledged is there after a restart, once."""

import os
import signal
import threading
from base64 import b64encode
from collections import Counter
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.e2e import kinesis_server
from tests.e2e.kinesis_client import STREAM, Client

WRITERS = 4
BEFORE_THE_KILL = 2_000


def put_until_it_dies(port: int, writer: int, receipts: dict[bytes, int], enough: threading.Event) -> None:
    client, number = Client(port), 0
    try:
        while True:
            number += 1
            data = [b"%d-%d-%d" % (writer, number, part) for part in range(3)]
            records = [{"PartitionKey": "k", "Data": b64encode(item).decode()} for item in data]
            _, single = client.call("PutRecord", StreamName=STREAM, **records[0])
            receipts[data[0]] = int(single["SequenceNumber"])
            _, batch = client.call("PutRecords", StreamName=STREAM, Records=records[1:])
            receipts.update(
                (item, int(one["SequenceNumber"]))
                for item, one in zip(data[1:], batch["Records"], strict=True)
            )
            if len(receipts) >= BEFORE_THE_KILL:
                enough.set()
    except (OSError, HTTPException):
        client.close()


@pytest.mark.parametrize("attempt", range(2))
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, attempt: int) -> None:
    path = tmp_path / f"kinesis-{attempt}.sqlite"
    receipts: dict[bytes, int] = {}
    enough = threading.Event()
    with kinesis_server.running(path) as (process, port):
        client = Client(port)
        client.call("CreateStream", StreamName=STREAM, ShardCount=2)
        client.close()
        threads = [
            threading.Thread(target=put_until_it_dies, args=(port, writer, receipts, enough))
            for writer in range(WRITERS)
        ]
        for thread in threads:
            thread.start()
        assert enough.wait(60)
        os.kill(process.pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
    with kinesis_server.running(path) as (_, port):
        client = Client(port)
        found = Counter(data for shard in client.shards() for data in client.drain(shard["ShardId"]))
        _, answer = client.call("PutRecord", StreamName=STREAM, PartitionKey="k", Data="")
        client.close()
    assert set(receipts) <= set(found)
    assert set(found.values()) == {1}
    assert int(answer["SequenceNumber"]) > max(receipts.values())
