"""From POST /v1 to the files: every byte that was sent, one line each, and its envelope (DESIGN 2 and 4)."""

import base64
import gzip
import json
import re
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.local_rig import BUCKET, STREAM, Local, eventually, files_in

pytestmark = pytest.mark.xdist_group("local")  # all of them share one run


def raw(local: Local, line: bytes) -> bytes:
    """The line in raw-data/, once it is there; exactly one."""
    eventually(lambda: line in local.lines("raw-data"))
    assert local.lines("raw-data").count(line) == 1
    return line


def curated(local: Local, marker: str) -> list[Any]:
    """Every curated line that holds the marker, in the order of their ids, once there is one."""
    found = eventually(lambda: [x for x in local.lines("curated") if marker.encode() in x])
    return sorted((json.loads(line) for line in found), key=lambda line: str(line["event_id"]))


def event_bytes(local: Local, marker: bytes) -> bytes:
    """What the envelope of the event with this marker holds as `event`, byte for byte."""
    line = eventually(lambda: [x for x in local.lines("curated") if marker in x])[0]
    _, _, event = line.partition(b'"event":')
    return bytes(event.removesuffix(b"}\n"))


def test_a_post_is_a_receipt_then_a_line_in_raw_data_and_its_envelope_in_curated(local: Local) -> None:
    body = b'{"value":"30","type":"Tip 3","id":"%s"}' % uuid4().hex.encode()
    with local.http() as http:
        answer = http.post(body)
    assert answer.status == 200
    assert answer.json.keys() == {"SequenceNumber", "ShardId"}
    assert answer.json["ShardId"] == "shardId-000000000000"
    assert re.fullmatch(r"\d{56}", answer.json["SequenceNumber"])
    raw(local, body + b"\n")
    paths = [path.relative_to(local.data / "s3" / BUCKET) for path in files_in(local.data, "raw-data")]
    assert all(re.fullmatch(r"raw-data/\d{4}/\d\d/\d\d/\d\d/headgate-dev-raw-\S+\.gz", str(p)) for p in paths)
    (envelope,) = curated(local, body.decode()[-34:])
    assert envelope["type"] == "Tip 3"
    assert envelope["event"] == json.loads(body)
    assert envelope["sequence_number"] == answer.json["SequenceNumber"]
    assert envelope["shard_id"] == answer.json["ShardId"]
    assert list(envelope) == ["event_id", "received_at", "type", "shard_id", "sequence_number", "event"]


AS_SENT = [
    '{"m":"안녕하세요, 세계","type":"한국어"}',
    '{"m":"🙂👩‍👩‍👧‍👦 e\u0301"}',
    r'{"m":"a \"quote\" and a \n break and \u00e9 and \/ and \ud83d\ude00"}',
    '{"n":12345678901234567890,"m":-98765432109876543210987654321}',
    '{"n":1.10,"m":1e400,"k":-0.0,"l":1E+2,"z":0.1000}',
    '{"a":1,"a":2,"a":1}',
    '{ "spaces" : [ 1 ,\t2 ] , "empty" : { } }',
    '{"=cmd":"@SUM(1)","__proto__":{"x":null},"":""}',
    '{"big":' + "9" * 5000 + "}",
]


def test_what_was_sent_is_stored_byte_for_byte_in_raw_data_and_in_its_envelope(local: Local) -> None:
    """D03, D05, D11, T11: nothing is re-serialised on the way."""
    markers = [uuid4().hex for _ in AS_SENT]
    bodies = [
        f'{text[:-1].rstrip()},"id":"{marker}"}}'.encode()
        for text, marker in zip(AS_SENT, markers, strict=True)
    ]
    with local.http() as http:
        assert [http.post(body).status for body in bodies] == [200] * len(bodies)
    for body, marker in zip(bodies, markers, strict=True):
        raw(local, body + b"\n")
        assert event_bytes(local, marker.encode()) == body


def test_line_breaks_between_tokens_become_nothing_and_the_rest_stays(local: Local) -> None:
    """T11"""
    marker = uuid4().hex.encode()
    with local.http() as http:
        assert http.post(b' \r\n{\n  "a": 1,\r\n  "id": "%s"\n}\n ' % marker).status == 200
    raw(local, b'{  "a": 1,  "id": "%s"}\n' % marker)


def test_a_batch_keeps_its_order_and_gets_a_receipt_for_each_event(local: Local) -> None:
    marker = uuid4().hex
    events = [f'{{"n":{n}.0,"id":"{marker}"}}' for n in range(120)]
    with local.http() as http:
        answer = http.post(f"[ {' , '.join(events)} ]".encode(), Idempotency_Key=f"key-{marker}")
    assert answer.status == 200
    assert answer.json["FailedRecordCount"] == 0
    assert len(answer.json["Records"]) == 120
    lines = eventually(lambda: len(x := curated(local, f'0,"id":"{marker}"')) == 120 and x)
    ids = {line["event_id"]: line["event"]["n"] for line in lines}
    assert ids == {f"key-{marker}/0" + (f"#{n + 1}" if n else ""): n for n in range(120)}
    stored = eventually(lambda: [line for line in local.lines("raw-data") if marker.encode() in line])
    assert stored == [f"{event}\n".encode() for event in events]


def test_ndjson_and_gzip_say_the_same_as_plain_json(local: Local) -> None:
    """G07: locally the gateway's inflating is done by us."""
    marker = uuid4().hex
    lines = [b'{"way":%d,"id":"%s"}' % (n, marker.encode()) for n in range(4)]
    with local.http() as http:
        ndjson = http.post(b"\n\r\n".join(lines[:2]) + b"\n", Content_Type="application/x-ndjson")
        zipped = http.post(gzip.compress(lines[2]), Content_Encoding="gzip")
        text = http.post(lines[3], Content_Type="text/plain;charset=UTF-8")
    assert [ndjson.status, zipped.status, text.status] == [200, 200, 200]
    assert len(ndjson.json["Records"]) == 2
    assert zipped.json.keys() == {"SequenceNumber", "ShardId"}
    for line in lines:
        raw(local, line + b"\n")


def test_a_dry_run_gives_the_same_verdict_and_writes_nothing(local: Local) -> None:
    marker = uuid4().hex.encode()
    with local.http() as http:
        good = http.ask("POST", "/v1?dry_run=1", b'[{"id":"%s"},{"b":1}]' % marker)
        bad = http.ask("POST", "/v1?dry_run=1", b'[{"id":"%s"},17]' % marker)
        same = http.ask("POST", "/v1", b'[{"id":"%s"},17]' % marker)
        fence = http.post(b'{"fence":"%s"}' % uuid4().hex.encode())
    assert (good.status, good.json) == (200, {"Valid": 2})
    assert bad.status == same.status == 400
    assert bad.json["Errors"] == same.json["Errors"]
    assert [error["Index"] for error in bad.json["Errors"]] == [1]
    sequence_number = fence.json["SequenceNumber"]
    curated(local, sequence_number)
    assert not any(marker in line for line in local.lines("raw-data") + local.lines("curated"))


def test_a_repeated_idempotency_key_gives_both_copies_the_same_event_id(local: Local) -> None:
    """DESIGN I3"""
    key = uuid4().hex
    with local.http() as http:
        answers = [http.post(b'{"paid":"%s"}' % key.encode(), Idempotency_Key=key) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    copies = eventually(lambda: len(x := curated(local, f'"paid":"{key}"')) == 2 and x)
    assert [copy["event_id"] for copy in copies] == [key, key]


def test_lines_from_other_producers_are_curated_or_quarantined_whole(local: Local) -> None:
    """T01, T14: a raw log line is a message; what is not UTF-8 and a damaged KPL record are set aside."""
    marker = uuid4().hex.encode()
    kinesis = local.client("kinesis")
    log_line = b'10.0.0.1 - - "GET /%s HTTP/1.1" 200 "\xed\x95\x9c"' % marker
    not_text = b"\xff\xfe\x00" + marker
    aggregated = b"\xf3\x89\x9a\xc2" + marker + b"\n"
    for data in (log_line + b"\n", not_text + b"\n", aggregated):
        kinesis.put_record(StreamName=STREAM, Data=data, PartitionKey="log")
    kinesis.close()
    (envelope,) = curated(local, f"GET /{marker.decode()}")
    assert envelope["event"] == {"message": log_line.decode()}
    place = f"{envelope['shard_id']}:{envelope['sequence_number']}"
    assert (envelope["type"], envelope["event_id"]) == (None, place), "the key of another producer is no id"

    def set_aside() -> list[Any]:
        lines = [json.loads(line) for line in local.lines("quarantine")]
        return [x for x in lines if marker in base64.b64decode(x.get("line_base64", ""))]

    found = eventually(lambda: len(x := set_aside()) == 2 and x)
    assert {line["code"]: base64.b64decode(line["line_base64"]) for line in found} == {
        "InvalidUtf8": not_text,
        "AggregatedRecord": aggregated,
    }
