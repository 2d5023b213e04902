"""I10: a canary in every field and header turns up in no log, no error body, no metadata.

What a client sends is stored where events are stored, and nowhere else. Two things of a client are repeated
on purpose: its Idempotency-Key, which is the event id, and the names of its own fields in the pointers of
`Errors` (docs/security.md).
"""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decode import Rules
from chalicelib.gateway import Request
from chalicelib.ingest import Ingest
from chalicelib.schemas import Schemas
from headgate.local.clients import client
from tests.e2e.local_process import Command
from tests.e2e.local_rig import BUCKET, REGION, STREAM, Http, Local, eventually, lines_in
from tests.fakes import FakeCounter, FakeKinesis
from tests.makers import make_ingest

CANARY = "canary-5f2c"
VALUE = CANARY.encode()
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {
            "type": {"const": "strict"},
            "card": {"type": "integer", "maximum": 10},
            "mail": {"type": "string", "format": "email", "maxLength": 5},
            "kind": {"enum": ["a", "b"]},
            "list": {"type": "array", "uniqueItems": True, "items": {"pattern": "^x"}},
        },
        "propertyNames": {"maxLength": 12},
        "dependentRequired": {"card": ["owner"]},
        "additionalProperties": False,
    }
)


def refuse(body: bytes, **headers: str) -> tuple[int, bytes, FakeCounter]:
    """The answer of a stage with a schema, and what was counted."""
    ingest: Ingest = make_ingest(FakeKinesis(), rules=Rules(Schemas({"strict": SCHEMA})))
    counter = FakeCounter()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = ingest(Request("POST", named, {}, body, "request-1"), ingest.now() + 60, counter)
    text = json.dumps([*answer.headers.items()]).encode()
    return answer.status, answer.body + text, counter


BAD = [
    b'{"secret":"%s"' % VALUE,
    b'{"secret":%s}' % VALUE,
    b'{"secret":"%s","x":NaN}' % VALUE,
    b'"%s"' % VALUE,
    b'[{"secret":"%s"},"%s"]' % (VALUE, VALUE),
    b'{"secret":"%s\xff"}' % VALUE,
    b'{"secret":"%s\\ud800"}' % VALUE,
    b'{"type":"%s"}' % (VALUE * 100),
    b'{"%s":%s}' % (VALUE, b"[" * 100 + b"]" * 100),
    b'{"secret":"%s","pad":"%s"}' % (VALUE, b"x" * 1_000_001),
    b'{"type":"strict","card":"%s"}' % VALUE,
    b'{"type":"strict","mail":"%s"}' % VALUE,
    b'{"type":"strict","kind":"%s"}' % VALUE,
    b'{"type":"strict","list":["%s","%s"]}' % (VALUE, VALUE),
    b'{"type":"strict","card":99,"kind":{"a":"%s"}}' % VALUE,
]


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
def test_no_refusal_repeats_a_value(body: bytes) -> None:
    status, answer, counter = refuse(body)
    assert status in (400, 413)
    assert VALUE not in answer
    assert CANARY not in repr(counter.totals) + repr(counter.reasons)


def test_a_pointer_names_a_field_that_the_client_sent_and_nothing_else_does() -> None:
    _, answer, _ = refuse(b'{"type":"strict","canary-5f2c":"other-5f2c"}')
    errors = json.loads(answer[: answer.rindex(b"[[")])["Errors"]
    assert {error["Pointer"] for error in errors} == {f"/{CANARY}", ""} or {
        error["Pointer"] for error in errors
    } == {f"/{CANARY}"}
    assert not any(CANARY in error["Message"] for error in errors)
    assert b"other-5f2c" not in answer


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": CANARY},
        {"content_type": f"application/{CANARY}; charset={CANARY}"},
        {"content_encoding": CANARY},
        {"idempotency_key": f"{CANARY}\u00e9"},
        {"idempotency_key": CANARY * 30},
    ],
)
def test_no_refusal_repeats_a_header(headers: dict[str, str]) -> None:
    status, answer, counter = refuse(b"{}", **headers)
    assert status in (400, 415)
    assert VALUE not in answer
    assert CANARY not in repr(counter.reasons)


@given(
    st.binary(max_size=40),
    st.binary(max_size=40),
    st.sampled_from(["application/json", "application/x-ndjson"]),
)
def test_no_refusal_of_any_bytes_repeats_them(before: bytes, after: bytes, content_type: str) -> None:
    status, answer, _ = refuse(before + b'"%s"' % VALUE + after, content_type=content_type)
    assert status == 200 or VALUE not in answer


# --- The whole local run: its log, what its processes print, the names and the metadata of its objects. ---

SECRETS = {
    "X-Api-Key": CANARY,
    "Authorization": f"Bearer {CANARY}",
    "Cookie": f"session={CANARY}",
    "User-Agent": CANARY,
    "Referer": f"https://{CANARY}/",
    "X-Forwarded-For": CANARY,
    "X-Amzn-Trace-Id": f"Root={CANARY}",
    "Accept": CANARY,
    f"X-{CANARY}": CANARY,
}
FAULTS = (
    "throttle=0.1,partial=0.1,lost_answer=0.1,reset=0.1,error500=0.1,expired=0.1,firehose_partial=0.3,"
    "transform_kill=0.3,s3_down=0.2,seed=3"
)


def test_a_whole_run_with_faults_writes_no_canary_but_into_the_events(tmp_path: Path) -> None:
    with Command(tmp_path / "data", "--faults", FAULTS) as command:
        local = command.up()
        with local.http() as http:
            answers = _knock(http)
        _foreign(local)
        eventually(lambda: len(local.lines("quarantine")) > 1)
        command.interrupt()
        code, said, complained = command.ended()
    assert code == 0, complained
    assert "faults, seed 3" in said
    assert CANARY not in said + complained
    assert VALUE not in (local.data / "functions.log").read_bytes()
    for status, answer in answers:
        assert status == 200 or VALUE not in answer, answer
    assert {200, 400, 403, 404, 405, 413, 415} <= {status for status, _ in answers}
    names = [str(path.relative_to(local.data)) for path in (local.data / "s3" / BUCKET).rglob("*")]
    assert not any(CANARY in name for name in names)
    bad = [json.loads(line) for line in lines_in(local.data, "quarantine")]
    assert bad
    for line in bad:
        metadata = {name: value for name, value in line.items() if name not in {"line", "line_base64"}}
        assert CANARY not in json.dumps(metadata), metadata


def _knock(http: Http) -> list[tuple[int, bytes]]:
    """Requests with the canary everywhere; statuses, and heads and bodies in one."""
    found = []

    def ask(method: str, path: str, body: bytes | None = None, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = http.ask(method, path, body, {"Content-Type": "application/json", **SECRETS, **named})
        found.append((answer.status, answer.body + str(answer.headers).encode()))

    for body in BAD:
        ask("POST", "/v1", body)
    for number in range(10):
        ask("POST", f"/v1?token={CANARY}", b'{"secret":"%s","n":%d}' % (VALUE, number))
    ask("POST", "/v1", b'{"secret":"%s"}' % VALUE, Content_Type=f"text/{CANARY}")
    ask("POST", "/v1", b'{"secret":"%s"}' % VALUE, Content_Encoding=CANARY)
    ask("POST", "/v1", VALUE * 400_000)
    ask("GET", f"/{CANARY}/..%2f{CANARY}")
    ask("DELETE", f"/v1?{CANARY}={CANARY}")
    ask("OPTIONS", "/v1")
    ask("POST", "/v1", b'{"secret":"%s"}' % VALUE, Origin=f"https://{CANARY}")  # a page of another site
    ask("GET", f"/ready?{CANARY}")
    return found


def _foreign(local: Local) -> None:
    """Records past the API that end in quarantine; their keys are names, and hold no canary."""
    kinesis = client("kinesis", local.endpoint_url, REGION)
    datas = (VALUE + b"\xff\xfe\n", b"\xf3\x89\x9a\xc2" + VALUE, b'{"a":"%s\\ud800"}\n' % VALUE)
    for number, data in enumerate(datas):
        record = {"StreamName": STREAM, "Data": data, "PartitionKey": f"foreign-{number}"}
        eventually(lambda record=record: _is_put(kinesis, record))  # type: ignore[misc]
    kinesis.close()


def _is_put(kinesis: Any, record: dict[str, Any]) -> bool:
    try:
        kinesis.put_record(**record)
    except (BotoCoreError, ClientError):
        return False
    return True
