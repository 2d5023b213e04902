"""What both clients of `POST /v1` have to make of an answer, a URL and a header: one list, one right verdict.

`test_contract_conformance.py` runs it against the agent's and the sender's client.

Source: docs/contract.md; RFC 9110, sections 5 (fields), 10.2.3 (Retry-After).
"""

import json
from dataclasses import dataclass, field
from typing import Any

RECEIPT: dict[str, Any] = {"SequenceNumber": "49", "ShardId": "shardId-000000000000"}


@dataclass(frozen=True)
class Case:
    """An answer to a request of two events."""

    name: str
    verdict: str  # "stored"; "refused": the endpoint will never take these two; "kept": neither is said
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    later: str = ""  # the verdict where the endpoint has taken a batch before, if it is another


def records(*found: object, failed: object = 0) -> bytes:
    """A body in the shape of PutRecords."""
    return json.dumps({"FailedRecordCount": failed, "Records": found}).encode()


def error(code: str = "C", errors: object = None) -> bytes:
    """A body in the contract's error shape."""
    return json.dumps({"Code": code, "Message": "m", "RequestId": "r", "Errors": errors}).encode()


FAILED = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "m"}
BOTH_BAD = [{"Index": 0, "Code": "A", "Message": "m"}, {"Index": 1, "Code": "B", "Message": "m"}]

ANSWERS = [
    Case("a receipt for each", "stored", body=records(RECEIPT, RECEIPT)),
    Case("receipts with fields of a later version", "stored", body=records(RECEIPT | {"X": 1}, RECEIPT)),
    Case("an error code for each", "kept", body=records(FAILED, FAILED, failed=2)),
    Case("an error code for each that is not counted", "kept", body=records(FAILED, FAILED)),
    Case("an error code for one", "kept", body=records(RECEIPT, FAILED, failed=1)),
    Case("an error code beside a receipt", "kept", body=records(RECEIPT, RECEIPT | FAILED)),
    Case("an error code that is empty", "kept", body=records(RECEIPT, RECEIPT | {"ErrorCode": ""})),
    Case("null for each", "kept", body=records(None, None)),
    Case("an empty object for each", "kept", body=records({}, {})),
    Case("text for each", "kept", body=records("SequenceNumber", "ShardId")),
    Case("no shard", "kept", body=records({"SequenceNumber": "49"}, RECEIPT)),
    Case("an empty shard", "kept", body=records(RECEIPT | {"ShardId": ""}, RECEIPT)),
    Case("an empty sequence number", "kept", body=records(RECEIPT | {"SequenceNumber": ""}, RECEIPT)),
    Case("a number for a sequence number", "kept", body=records(RECEIPT | {"SequenceNumber": 49}, RECEIPT)),
    Case("null for a sequence number", "kept", body=records(RECEIPT | {"SequenceNumber": None}, RECEIPT)),
    Case("a number for a shard", "kept", body=records(RECEIPT | {"ShardId": 0}, RECEIPT)),
    Case("too few receipts", "kept", body=records(RECEIPT)),
    Case("too many receipts", "kept", body=records(RECEIPT, RECEIPT, RECEIPT)),
    Case("one receipt for two", "kept", body=json.dumps(RECEIPT).encode()),
    Case("no FailedRecordCount", "kept", body=json.dumps({"Records": [RECEIPT, RECEIPT]}).encode()),
    Case("a FailedRecordCount of null", "kept", body=records(RECEIPT, RECEIPT, failed=None)),
    Case("a FailedRecordCount of text", "kept", body=records(RECEIPT, RECEIPT, failed="0")),
    Case("a FailedRecordCount of false", "kept", body=records(RECEIPT, RECEIPT, failed=False)),
    Case("a negative FailedRecordCount", "kept", body=records(RECEIPT, RECEIPT, failed=-1)),
    Case("a FailedRecordCount that no record shows", "kept", body=records(RECEIPT, RECEIPT, failed=1)),
    Case("Records that are no list", "kept", body=b'{"FailedRecordCount": 0, "Records": {"0": 1, "1": 2}}'),
    Case("a dry run", "kept", body=b'{"Valid": 2}'),
    Case("an answer that is cut off", "kept", body=records(RECEIPT, RECEIPT)[:-9]),
    Case("nothing", "kept"),
    Case("a web page", "kept", body=b"<html>Welcome</html>"),
    Case("a list", "kept", body=b"[1, 2]"),
    Case("a list of receipts", "kept", body=json.dumps([RECEIPT, RECEIPT]).encode()),
    Case("deeply nested JSON", "kept", body=b"[" * 100_000),
    Case("bytes that are no text", "kept", body=b"\xff\xfe\x00"),
    Case("201 with receipts", "kept", 201, records(RECEIPT, RECEIPT)),
    Case("202 with receipts", "kept", 202, records(RECEIPT, RECEIPT)),
    Case("204", "kept", 204),
    Case("301", "kept", 301, headers={"Location": "https://elsewhere/v1"}),
    Case("400 that names both", "refused", 400, error(errors=BOTH_BAD)),
    Case("422 that names both", "refused", 422, error(errors=BOTH_BAD)),
    Case("400 that names nothing", "kept", 400, error(), later="refused"),
    Case("422 that names nothing", "kept", 422, error(), later="refused"),
    Case("400 of a gateway", "kept", 400, b'{"message": "Bad Request"}', later="refused"),
    Case("400 that names true", "kept", 400, error(errors=[{"Index": True, "Code": "A"}]), later="refused"),
    Case("400 that names text", "kept", 400, error(errors=[{"Index": "0", "Code": "A"}]), later="refused"),
    Case("400 that names others", "kept", 400, error(errors=[{"Index": 2}, {"Index": -1}]), later="refused"),
    Case("400 that names nobody", "kept", 400, error(errors=[None, 7, [], {"Code": "A"}]), later="refused"),
    Case("401", "kept", 401, error()),
    Case("403", "kept", 403, b'{"message": "Forbidden"}'),
    Case("404", "kept", 404, error()),
    Case("405", "kept", 405, error()),
    Case("408", "kept", 408, error()),
    Case("409", "kept", 409, error()),
    Case("413", "refused", 413, error("TooLarge")),
    Case("413 of a gateway", "kept", 413, b"<html>too large</html>", later="refused"),
    Case("415", "kept", 415, error()),
    Case("429", "kept", 429, error("Throttled"), {"Retry-After": "1"}),
    Case("500", "kept", 500, error()),
    Case("502 of a gateway", "kept", 502, b"<html>bad gateway</html>"),
    Case("503 with a receipt for one", "kept", 503, records(RECEIPT, FAILED, failed=1)),
    Case("503 with receipts for both", "kept", 503, records(RECEIPT, RECEIPT)),
    Case("504", "kept", 504, b'{"message": "Endpoint request timed out"}'),
    *[
        Case(f"503 with Retry-After {text!a}", "kept", 503, error(), {"Retry-After": text})
        for text in ("²", "9" * 99, "-1", "1e3", "0x10", "1.5", "", "Fri, 31 Dec 2027 23:59:59 GMT")
    ],
]

URLS = {
    "http://127.0.0.1:8000/v1": True,
    "https://abc.execute-api.eu-west-1.amazonaws.com/prod/v1": True,
    "https://x": True,
    "HTTPS://x/v1": True,
    "http://[::1]:81/v1": True,
    "http://x/v1?a=b&c=%20": True,
    "https://x/v1?dry_run=0": True,
    "http://한국.kr/v1": True,
    "http://x/한국?이름=값": True,
    " http://x/v1\n": True,
    "": False,
    "x": False,
    "x/v1": False,
    "/v1": False,
    "ftp://x/v1": False,
    "file:///v1": False,
    "http://": False,
    "http:///v1": False,
    "http://:80/v1": False,
    "http://[::1/v1": False,
    "http://[x]/v1": False,
    "http://x:0/v1": False,
    "http://x:99999/v1": False,
    "http://x:port/v1": False,
    "http://x:-1/v1": False,
    "http://a..b/v1": False,
    "http://" + "a" * 64 + "/v1": False,
    "http://x/v 1": False,
    "http://x y/v1": False,
    "http://x/v\n1": False,
    "http://x/\x7f": False,
    "http://x/v1\x00": False,
    "http://x/\ud800": False,
    "http://user@x/v1": False,
    "http://user:canary@x/v1": False,
    "http://:canary@x/v1": False,
    "http://user:canary@x:port/v1": False,
    "http://user:can/ary@x/v1": False,
    "http://user:canary@a℀b/v1": False,
    "http://@x/v1": False,
    "https://x/v1?dry_run=1": False,
    "https://x/v1?dry_run": False,
    "https://x/v1?a=b&dry%5Frun=TRUE": False,
    "http://x/v1#part": True,
}

RESERVED = (
    *("accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect"),
    *("host", "idempotency-key", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding"),
    *("upgrade", "Content-Type", "HOST", "Proxy-Authorization"),
)
HEADERS: list[tuple[str, str, bool]] = [
    ("X-A", "canary", True),
    ("Authorization", "Bearer canary", True),
    ("X-A", "", True),
    ("X-A", "a\tb c", True),
    ("User-Agent", "mine", True),
    ("X-A", "한canary", False),
    ("X-A", "a\r\nY: canary", False),
    ("X-A", "a\x00canary", False),
    ("X-A", "caf\xe9canary", False),
    ("X A", "canary", False),
    ("", "canary", False),
    ("X(", "canary", False),
    ("한", "canary", False),
    *[(name, "1", False) for name in RESERVED],
]
