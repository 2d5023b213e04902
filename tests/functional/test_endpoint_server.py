"""The endpoint on loopback, with services and an application of the tests' own."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import pytest

from headgate.local.endpoint import Endpoint
from headgate.local.endpoint.wsgi import StartResponse
from headgate.local.errors import LocalError
from headgate.local.wire import AwsError

KINESIS = "Kinesis_20131202"
WAIT_S = 10


class Recording:
    """A service whose operations are given by name; unknown ones are refused as AWS does."""

    def __init__(self, **operations: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._operations = operations

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if operation not in self._operations:
            raise AwsError("UnknownOperationException", "")
        return self._operations[operation](request)


def echo(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """A WSGI application that says what it was asked."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['REQUEST_METHOD']} {environ['RAW_URI']} ".encode() + environ["wsgi.input"].read()]


@contextmanager
def running(service: Recording | None = None, application: Any = echo) -> Iterator[Endpoint]:
    endpoint = Endpoint({KINESIS: service or Recording(Echo=lambda request: request)}, application, 0)
    endpoint.start()
    try:
        yield endpoint
    finally:
        endpoint.stop()


def connected(endpoint: Endpoint) -> closing[http.client.HTTPConnection]:
    return closing(http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=WAIT_S))


def call(connection: http.client.HTTPConnection, operation: str, body: bytes) -> tuple[int, dict[str, Any]]:
    headers = {"X-Amz-Target": f"{KINESIS}.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    connection.request("POST", "/", body, headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def exchange(endpoint: Endpoint, sent: bytes) -> bytes:
    """Everything that comes back for some bytes, from a client that will send nothing more."""
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=WAIT_S) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        received = b""
        while data := client.recv(65_536):
            received += data
        return received


def test_a_target_s_service_answers_and_everything_else_goes_to_the_application() -> None:
    with running() as endpoint, connected(endpoint) as connection:
        assert call(connection, "Echo", b'{"a": 1}') == (200, {"a": 1})
        connection.request("PUT", "/bucket/key%2F1?x=1", b"content")
        assert connection.getresponse().read() == b"PUT /bucket/key%2F1?x=1 content"


def test_one_connection_serves_many_requests() -> None:
    with running() as endpoint, connected(endpoint) as connection:
        connection.connect()
        first = connection.sock
        for number in range(50):
            assert call(connection, "Echo", json.dumps({"n": number}).encode()) == (200, {"n": number})
        assert connection.sock is first


def test_a_modelled_refusal_keeps_its_code_and_the_connection() -> None:
    with running() as endpoint, connected(endpoint) as connection:
        assert call(connection, "Nothing", b"{}") == (
            400,
            {"__type": "UnknownOperationException", "message": ""},
        )
        assert call(connection, "Echo", b"not json")[1]["__type"] == "SerializationException"
        assert call(connection, "Echo", b"{}") == (200, {})


def test_a_service_s_bug_is_a_500_and_one_line_without_the_payload(capfd: pytest.CaptureFixture[str]) -> None:
    service = Recording(Break=lambda request: {"x": request["canary-payload"]}, Echo=lambda request: request)
    with running(service) as endpoint, connected(endpoint) as connection:
        status, body = call(connection, "Break", b'{"secret": "canary"}')
        assert (status, body["__type"]) == (500, "InternalFailure")
        assert call(connection, "Echo", b"{}") == (200, {})
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "Kinesis_20131202.Break failed: KeyError at " in lines[0]
    assert "canary" not in lines[0].split(" at ")[0]


def test_an_operation_that_moto_does_not_have_is_a_501() -> None:
    def lacking(_: dict[str, Any], __: StartResponse) -> Iterable[bytes]:
        raise NotImplementedError("The x action has not been implemented")

    with running(application=lacking) as endpoint, connected(endpoint) as connection:
        connection.request("GET", "/")
        response = connection.getresponse()
        assert (response.status, b"NotImplemented" in response.read()) == (501, True)


def test_a_chunked_body_arrives_whole() -> None:
    with running() as endpoint, connected(endpoint) as connection:
        connection.request(
            "PUT", "/b/k", iter([b"one ", b"two"]), {"Transfer-Encoding": "chunked"}, encode_chunked=True
        )
        assert connection.getresponse().read() == b"PUT /b/k one two"


def test_a_client_that_expects_100_is_asked_for_its_body() -> None:
    with (
        running() as endpoint,
        socket.create_connection(("127.0.0.1", endpoint.port), timeout=WAIT_S) as client,
    ):
        client.sendall(
            b"PUT /b/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        )
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"body")
        assert b"PUT /b/k body" in client.recv(1000)


def test_a_json_body_over_16_mib_is_refused_without_being_read() -> None:
    """G01, D07: the size is known from the head."""
    with running() as endpoint:
        length = f"Content-Length: {16 * 2**20 + 1}"
        answer = exchange(
            endpoint, f"POST / HTTP/1.1\r\nX-Amz-Target: {KINESIS}.Echo\r\n{length}\r\n\r\n".encode()
        )
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"EntityTooLarge" in answer


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"\x00\xff\xfe\r\n\r\n",
        b"PUT /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nnonsense\r\nContent-Length: 2\r\n\r\n{}",
        b"GET / HTTP/1.1\r\nContent-Length : 2\r\n\r\n{}",
    ],
)
def test_bytes_that_are_no_request_get_a_4xx_or_5xx_and_end_their_connection_only(sent: bytes) -> None:
    """G09."""
    with running() as endpoint:
        answer = exchange(endpoint, sent)
        assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
        with connected(endpoint) as connection:
            assert call(connection, "Echo", b"{}") == (200, {})


def test_a_header_value_from_a_service_cannot_end_the_head() -> None:
    """G09."""

    def injecting(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("X-Evil", "a\r\nSet-Cookie: b")])
        return [b""]

    with running(application=injecting) as endpoint, connected(endpoint) as connection:
        connection.request("GET", "/")
        response = connection.getresponse()
        assert response.getheader("Set-Cookie") is None
        response.read()


def test_a_body_shorter_than_announced_breaks_the_answer_visibly() -> None:
    def shrinking(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "10")])
        return [b"only"]

    with running(application=shrinking) as endpoint, connected(endpoint) as connection:
        connection.request("GET", "/")
        with pytest.raises(http.client.IncompleteRead):
            connection.getresponse().read()


def test_head_has_the_length_of_the_body_that_it_leaves_out() -> None:
    with running() as endpoint:
        answer = exchange(endpoint, b"HEAD /b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b"Content-Length: 8\r\n" in answer
        assert answer.endswith(b"\r\n\r\n")


def test_a_taken_port_is_one_sentence_with_its_number() -> None:
    with running() as endpoint:
        with pytest.raises(LocalError) as caught:
            Endpoint({}, echo, endpoint.port).start()
        assert str(caught.value) == f"Port {endpoint.port} is already in use by another program."


def test_a_port_number_out_of_range_is_one_sentence() -> None:
    with pytest.raises(LocalError, match="Port 70000 is not a port number"):
        Endpoint({}, echo, 70_000).start()


def test_it_listens_on_loopback_only() -> None:
    with running() as endpoint:
        assert endpoint.url == f"http://127.0.0.1:{endpoint.port}"


def test_stopping_finishes_the_running_request_and_ends_idle_connections() -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(request: dict[str, Any]) -> dict[str, Any]:
        entered.set()
        assert leave.wait(WAIT_S)
        return request

    endpoint = Endpoint({KINESIS: Recording(Slow=slow)}, echo, 0)
    endpoint.start()
    port = endpoint.port
    idle = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
    with idle, connected(endpoint) as connection, ThreadPoolExecutor(2) as pool:
        answer = pool.submit(call, connection, "Slow", b'{"a": 1}')
        assert entered.wait(WAIT_S)
        stopped = pool.submit(endpoint.stop)
        assert idle.recv(1) == b""  # ended by the stop, which so has begun
        leave.set()
        assert answer.result(WAIT_S) == (200, {"a": 1})
        stopped.result(WAIT_S)
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)


def test_a_port_is_free_again_after_a_stop() -> None:
    with running() as endpoint:
        port = endpoint.port
        with connected(endpoint) as connection:
            call(connection, "Echo", b"{}")
    again = Endpoint({}, echo, port)
    again.start()
    try:
        with connected(again) as connection:
            connection.request("GET", "/")
            assert connection.getresponse().read()
    finally:
        again.stop()


def test_many_clients_at_once_each_get_their_own_answers() -> None:
    def client(endpoint: Endpoint, name: int) -> bool:
        with connected(endpoint) as connection:
            return all(call(connection, "Echo", b'{"n": %d}' % name) == (200, {"n": name}) for _ in range(50))

    with running() as endpoint, ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda name: client(endpoint, name), range(8)))
