"""The local gateway around an app of the tests' own: keys, connections, ids, and how it stops."""

import gzip
import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
from chalice import Chalice, Response
from chalice.config import Config
from hypothesis import given
from hypothesis import strategies as st

from headgate.local.errors import LocalError
from headgate.local.front import Front
from headgate.local.front_handler import _is_gzip

WAIT_S = 10
KEY = "the-key"


class Gate:
    """An app whose POST /v1 says that it runs and waits until it may answer."""

    def __init__(self) -> None:
        self.runs = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.app = Chalice("gate", debug=False)
        self.app.route("/v1", methods=["POST"], content_types=[], api_key_required=True)(self._post)
        self.app.route("/health", methods=["GET"], content_types=[])(self._health)

    def _post(self) -> Response:
        self.runs.set()
        assert self.may_answer.wait(WAIT_S)
        event = self.app.current_request.to_original_event()
        assert event["isBase64Encoded"]
        body = b64decode(event["body"]).decode()
        seen = {"body": body, "headers": event["headers"], "id": event["requestContext"]}
        return Response(json.dumps(seen), {"Content-Type": "application/json", "X-Two": ["1", "2"]}, 200)

    def _health(self) -> Response:
        return Response("", {}, 204)


@contextmanager
def serving(gate: Gate, api_key: str | None = None) -> Iterator[Front]:
    front = Front(gate.app, Config("dev", config_from_disk={"lambda_timeout": 20}), 0, api_key)
    front.begin()
    try:
        yield front
    finally:
        gate.may_answer.set()
        front.stop()


def connected(front: Front) -> closing[HTTPConnection]:
    return closing(HTTPConnection("127.0.0.1", front.port, timeout=WAIT_S))


def post(connection: HTTPConnection, body: bytes = b"{}", **headers: str) -> tuple[HTTPResponse, Any]:
    connection.request("POST", "/v1", body, {name.replace("_", "-"): text for name, text in headers.items()})
    response = connection.getresponse()
    return response, json.loads(response.read())


def test_the_function_sees_the_body_and_the_ids_that_api_gateway_adds() -> None:
    with serving(Gate()) as front, connected(front) as connection:
        _, first = post(connection, b'{"a": 1.10}')
        _, second = post(connection, X_Amzn_Trace_Id="Root=1-00000000-000000000000000000000000")
    assert first["body"] == '{"a": 1.10}'
    assert first["headers"]["x-amzn-trace-id"].startswith("Root=1-")
    assert second["headers"]["x-amzn-trace-id"] == "Root=1-00000000-000000000000000000000000"
    assert first["id"]["requestId"] != second["id"]["requestId"]
    assert first["id"]["extendedRequestId"] != second["id"]["extendedRequestId"]


def test_a_key_is_asked_for_where_the_route_wants_one() -> None:
    with serving(Gate(), KEY) as front, connected(front) as connection:
        without, refusal = post(connection)
        wrong, _ = post(connection, X_Api_Key="guess")
        right, _ = post(connection, X_Api_Key=KEY)
        connection.request("GET", "/health")
        health = connection.getresponse()
        health.read()
    assert (without.status, wrong.status, right.status, health.status) == (403, 403, 200, 204)
    assert refusal["Code"] == "Forbidden"
    assert KEY not in json.dumps(refusal)


def test_a_connection_is_kept_through_answers_and_refusals() -> None:
    with serving(Gate(), KEY) as front, connected(front) as connection:
        connection.connect()
        first = connection.sock
        for number in range(30):
            connection.request("POST" if number % 2 else "DELETE", "/v1" if number % 3 else "/none", b"{}")
            connection.getresponse().read()
            assert connection.sock is first


def test_a_stop_finishes_the_request_that_runs_and_takes_no_other() -> None:
    gate = Gate()
    gate.may_answer.clear()
    with serving(gate) as front, connected(front) as idle, connected(front) as busy:
        idle.request("GET", "/health")
        idle.getresponse().read()
        busy.request("POST", "/v1", b'{"late":1}')
        assert gate.runs.wait(WAIT_S)
        finished: list[bool] = []
        stopping = threading.Thread(target=lambda: finished.append(front.stop()))
        stopping.start()
        assert idle.sock.recv(1) == b""  # the end of the connection
        with pytest.raises(ConnectionRefusedError):
            connected(front).__enter__().connect()
        gate.may_answer.set()
        answer = busy.getresponse()
        stopping.join(WAIT_S)
        assert (answer.status, finished) == (200, [True])
        assert json.loads(answer.read())["body"] == '{"late":1}'
        assert answer.headers["Connection"] == "close"


def test_a_client_that_has_not_sent_its_whole_body_does_not_hold_up_a_stop() -> None:
    with serving(Gate()) as front, connected(front) as slow:
        slow.putrequest("POST", "/v1")
        slow.putheader("Content-Length", "10")
        slow.endheaders(b"{")
        assert front.stop()


def test_a_client_that_goes_away_leaves_no_trace(capfd: pytest.CaptureFixture[str]) -> None:
    gate = Gate()
    gate.may_answer.clear()
    with serving(gate) as front, connected(front) as connection:
        with connected(front) as gone:
            gone.request("POST", "/v1", b"{}")
            assert gate.runs.wait(WAIT_S)
        gate.may_answer.set()
        assert post(connection)[0].status == 200
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(LocalError, match="is not a port number"):
        Front(Gate().app, Config("dev"), port, None)


def test_a_port_in_use_is_refused_with_its_number() -> None:
    with serving(Gate()) as front, pytest.raises(LocalError, match=f"Port {front.port} is already in use"):
        Front(Gate().app, Config("dev"), front.port, None)


def coded(front: Front, body: bytes, coding: str) -> int:
    with connected(front) as connection:
        headers = {"Content-Encoding": coding, "Content-Type": "application/json"}
        connection.request("POST", "/v1", body, headers)
        return connection.getresponse().status


def test_a_body_that_is_not_what_its_coding_says_is_refused_as_by_api_gateway() -> None:
    whole = gzip.compress(b"{}")
    with serving(Gate()) as front:
        for damaged in (b"{}", whole[:-1], whole[:12], whole + b"x", b"\x1f\x8b" + bytes(20)):
            assert coded(front, damaged, "gzip") == 415, damaged
        assert coded(front, whole, "x-gzip") == 415
        assert coded(front, b"{}", "br") == 415
        assert coded(front, b"{}", "identity") == 200


@given(st.binary(max_size=3000), st.integers(0, 3_000_000))
def test_any_gzip_is_known_as_such_and_none_that_is_cut(content: bytes, zeros: int) -> None:
    whole = gzip.compress(content + bytes(zeros)) + gzip.compress(content)
    assert _is_gzip(whole)
    assert not _is_gzip(whole[:-1])


def test_more_head_than_api_gateway_takes_is_refused() -> None:
    with serving(Gate()) as front, connected(front) as connection:
        for size, status in ((9_000, 204), (10_241, 400)):
            connection.request("GET", "/health", headers={"X-Long": "x" * size})
            response = connection.getresponse()
            response.read()
            assert response.status == status


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=b", "multipart/mixed", "message/rfc822"])
def test_a_multipart_body_is_a_request_like_any_other(kind: str) -> None:
    with serving(Gate()) as front, connected(front) as connection:
        connection.request("GET", "/health", headers={"Content-Type": kind})
        assert connection.getresponse().status == 204
