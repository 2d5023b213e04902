"""Where events lie after a schedule: the bucket's objects and the stream, read back as the ledger's lines."""

import gzip
import json
from base64 import b64decode
from collections.abc import Mapping

from chalicelib.lines import lines_of
from headgate.local.wire import Service
from headgate.readers import decode
from tests.faults.clients import Clock, WireClient
from tests.faults.ledger import Line, Stores

_LIMITS_REST_S = 20.0  # after it, no limit of a shard is owed anything


def stores_of(objects: Mapping[str, bytes], stream: list[tuple[int, bytes]] | None = None) -> Stores:
    """What the objects hold, by key."""
    found = Stores(raw=[], curated=[], quarantined=[], stream=stream)
    for key, body in objects.items():
        text = gzip.decompress(body) if key.endswith(".gz") else body
        lines = text.removesuffix(b"\n").split(b"\n")
        if key.startswith("raw-data/"):
            found.raw += lines_of_records(text)
        elif key.startswith("curated/"):
            found.curated += [curated_line(line) for line in lines]
        elif key.startswith("quarantine/"):
            found.quarantined += [quarantined_line(line) for line in lines]
        elif key.startswith("dropped/"):
            found.dropped += [dropped_line(line) for line in lines]
        else:
            found.set_aside += lines_set_aside(text)
    return found


def stream_lines(kinesis: Service, stream: str, clock: Clock) -> list[tuple[int, bytes]]:
    """Every line on every shard, with the sequence number of its record."""
    lines = []
    client = WireClient(kinesis, clock)
    for shard in kinesis.call("ListShards", {"StreamName": stream})["Shards"]:
        where = {"StreamName": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = client.get_shard_iterator(**where)["ShardIterator"]
        while iterator:
            clock.pass_s(_LIMITS_REST_S)
            answer = client.get_records(ShardIterator=iterator)
            for record in answer["Records"]:
                number = int(record["SequenceNumber"])
                lines += [(number, line) for line in lines_of_records(record["Data"])]
            iterator = answer.get("NextShardIterator")
            if not answer["Records"] and not answer["MillisBehindLatest"]:
                break
    return lines


def curated_line(text: bytes) -> Line:
    """Read a curated line; the event's bytes are cut out, not written anew."""
    value = json.loads(text)
    event = text.partition(b',"event":')[2].removesuffix(b"}")
    return Line(value["event_id"], (value["shard_id"], int(value["sequence_number"])), event)


def dropped_line(text: bytes) -> Line:
    """Read a note of a dropped line, which has nothing of the event."""
    value = json.loads(text)
    assert list(value) == [
        *("event_id", "received_at", "shard_id", "sequence_number", "line_number", "reason", "version")
    ]
    return Line(value["event_id"], (value["shard_id"], int(value["sequence_number"])), b"")


def quarantined_line(text: bytes) -> Line:
    """Read a quarantined line."""
    value = json.loads(text)
    event = b64decode(value["line_base64"]) if "line_base64" in value else value["line"].encode()
    return Line(value["event_id"], (value["shard_id"], int(value["sequence_number"])), event)


def lines_set_aside(document: bytes) -> list[bytes]:
    """The lines in a document that Lambda leaves at an on-failure destination."""
    records = json.loads(json.loads(document)["payload"])["Records"]
    datas = [b64decode(record["kinesis"]["data"]) for record in records]
    return [line for data in datas for line in lines_of_records(data)]


def lines_of_records(data: bytes) -> list[bytes]:
    """The lines of records that lie one after the other; the user records of aggregated ones are apart."""
    return [line for _, unit in decode.units(data) for _, _, line in lines_of("", unit)]
