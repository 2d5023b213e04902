"""The functions' HTTP over loopback: dead connections, time-outs, TLS, proxies, many threads (K03, K10)."""

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from chalicelib import awsoptions, connections
from chalicelib.connections import LOST, Connections
from chalicelib.errors import Fatal

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CERTIFICATES = Path(__file__).parents[1] / "data" / "tls"


class Peer:
    """A server of raw bytes: `answer` gets a connection for each request, and may do anything to it."""

    def __init__(self, answer: Callable[[socket.socket], object], tls: ssl.SSLContext | None = None) -> None:
        self._answer = answer
        self._tls = tls
        self.connected = 0
        self.heard: list[bytes] = []
        self.last: dict[int, bytes] = {}  # by the thread that serves a connection
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join()

    def hang_up(self) -> None:
        """Close every connection, as a load balancer does with idle ones."""
        for each in self._open:
            with closing(each):
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
        self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            self.connected += 1
            thread = threading.Thread(target=self._serve, args=(raw,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, raw: socket.socket) -> None:
        try:
            sock = self._tls.wrap_socket(raw, server_side=True) if self._tls else raw
        except OSError:
            raw.close()
            return
        self._open.append(sock)
        try:
            while heard := _request(sock):
                self.heard.append(heard)
                self.last[threading.get_ident()] = heard
                if self._answer(sock) is False:
                    break
        except OSError:
            pass
        finally:
            sock.close()


def _request(sock: socket.socket) -> bytes:
    """One request, whole; b"" at the end."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        more = sock.recv(65_536)
        if not more:
            return b""
        heard += more
    head, _, body = heard.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        body += sock.recv(65_536)
    return head + b"\r\n\r\n" + body


@contextmanager
def peer(answer: Callable[[socket.socket], object], tls: ssl.SSLContext | None = None) -> Iterator[Peer]:
    running = Peer(answer, tls)
    try:
        yield running
    finally:
        running.close()


def said(sock: socket.socket) -> None:
    sock.sendall(OK)


def end_with(words: bytes, sock: socket.socket) -> bool:
    sock.sendall(words)
    return False


def options(**environ: str) -> awsoptions.AwsOptions:
    return awsoptions.parse(environ)


def post(to: Connections, body: bytes = b"body") -> tuple[int, bytes]:
    answer = to.exchange("POST", "/", {"Host": "kinesis.test"}, body)
    return answer.status, answer.body


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def test_calls_share_one_connection() -> None:
    with peer(said) as server:
        to = Connections(f"http://127.0.0.1:{server.port}", options())
        assert [post(to) for _ in range(3)] == [(200, b"ok")] * 3
        assert server.connected == 1


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 1_000_000])
def test_a_body_of_any_size_arrives_whole(size: int) -> None:
    with peer(said) as server:
        body = os.urandom(size)
        assert post(Connections(f"http://127.0.0.1:{server.port}", options()), body) == (200, b"ok")
        assert server.heard[0].partition(b"\r\n\r\n")[2] == body


def test_k03_a_connection_that_was_closed_between_two_calls_is_replaced_without_an_error() -> None:
    with peer(said) as server:
        to = Connections(f"http://127.0.0.1:{server.port}", options())
        for calls in range(1, 4):
            assert post(to) == (200, b"ok")
            assert server.connected == calls
            connection = to._idle[-1].sock
            server.hang_up()
            assert connection.recv(1, socket.MSG_PEEK) == b""  # the end has arrived


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda _: False, id="closed without an answer"),
        pytest.param(partial(end_with, OK[:-1]), id="half an answer"),
        pytest.param(partial(end_with, b"\x00\x01 what\r\n\r\n"), id="no HTTP"),
    ],
)
def test_k03_an_answer_that_is_lost_is_an_error_and_the_next_call_is_none(
    end: Callable[[socket.socket], object],
) -> None:
    ends = iter([end, said])

    def answer(sock: socket.socket) -> object:
        return next(ends)(sock)

    with peer(answer) as server:
        to = Connections(f"http://127.0.0.1:{server.port}", options())
        with pytest.raises(LOST):
            post(to)
        assert post(to) == (200, b"ok")


def test_k10_a_silent_peer_is_left_after_the_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "READ_S", 0.1)
    done = threading.Event()
    with peer(lambda _: done.wait(10)) as server:
        to = Connections(f"http://127.0.0.1:{server.port}", options())
        with pytest.raises(TimeoutError):
            post(to)
        assert not to._idle
        done.set()


def test_k10_a_peer_that_never_finishes_its_handshake_is_left_after_the_time_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "CONNECT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        to = Connections(f"https://127.0.0.1:{deaf.getsockname()[1]}", options())
        with pytest.raises(TimeoutError):
            post(to)


@pytest.fixture
def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "localhost.pem", CERTIFICATES / "localhost.key")
    return context


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_certificate_of_the_named_authority_is_taken(tls: ssl.SSLContext, variable: str) -> None:
    with peer(said, tls) as server:
        to = Connections(
            f"https://localhost:{server.port}", options(**{variable: str(CERTIFICATES / "ca.pem")})
        )
        assert [post(to) for _ in range(2)] == [(200, b"ok")] * 2
        assert server.connected == 1
        server.hang_up()
        assert post(to) == (200, b"ok")


def test_a_certificate_of_another_host_is_refused_before_a_byte_is_sent(tls: ssl.SSLContext) -> None:
    with peer(said, tls) as server:
        to = Connections(
            f"https://127.0.0.1:{server.port}", options(AWS_CA_BUNDLE=str(CERTIFICATES / "ca.pem"))
        )
        with pytest.raises(ssl.SSLCertVerificationError):
            post(to)
        assert server.heard == []


def test_a_certificate_of_an_unknown_authority_is_refused(tls: ssl.SSLContext) -> None:
    with peer(said, tls) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            post(Connections(f"https://localhost:{server.port}", options()))
        assert server.heard == []


@pytest.mark.parametrize(
    ("url", "environ"),
    [
        ("ftp://aws.test", {}),
        ("https:///x", {}),
        ("kinesis.test", {}),
        ("https://kinesis.test", {"AWS_CA_BUNDLE": "/no/such/file"}),
        ("https://kinesis.test", {"AWS_CA_BUNDLE": __file__}),
        ("http://[::1", {}),
        ("http://kinesis.test:port", {}),
    ],
)
def test_what_cannot_be_called_is_said_at_once(url: str, environ: dict[str, str]) -> None:
    with pytest.raises(Fatal):
        Connections(url, options(**environ))


def test_a_proxy_gets_the_whole_url_of_a_plain_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with peer(said) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://us%40er:pa%3Ass@127.0.0.1:{proxy.port}")
        to = Connections("http://kinesis.test:4566", awsoptions.parse(os.environ))
        assert post(to) == (200, b"ok")
        assert proxy.heard[0].startswith(b"POST http://kinesis.test:4566/ HTTP/1.1\r\n")
        assert b"Proxy-Authorization: Basic dXNAZXI6cGE6c3M=\r\n" in proxy.heard[0]


def test_a_proxy_is_passed_by_for_the_hosts_of_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with peer(said) as server:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("NO_PROXY", "example.com,127.0.0.1")
        to = Connections(f"http://127.0.0.1:{server.port}", awsoptions.parse(os.environ))
        assert post(to) == (200, b"ok")


def test_through_a_proxy_tls_reaches_to_aws_and_the_proxy_sees_no_request(
    monkeypatch: pytest.MonkeyPatch, tls: ssl.SSLContext
) -> None:
    def tunnel(sock: socket.socket) -> bool:
        with socket.create_connection(("127.0.0.1", server.port)) as onward:
            sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(onward, sock))
            back.start()
            _pump(sock, onward)
            back.join()
        return False

    with peer(said, tls) as server, peer(tunnel) as proxy:
        monkeypatch.setenv("https_proxy", f"u:p@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("AWS_CA_BUNDLE", str(CERTIFICATES / "ca.pem"))
        to = Connections(f"https://localhost:{server.port}", awsoptions.parse(os.environ))
        assert post(to) == (200, b"ok")
        assert len(server.heard) == 1
        assert proxy.heard[0].startswith(b"CONNECT localhost:%d HTTP/1." % server.port)
        assert b"Proxy-Authorization: Basic dTpw" in proxy.heard[0]
        server.hang_up()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_a_proxy_that_refuses_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with peer(partial(end_with, refusal)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(LOST):
            post(Connections("https://kinesis.test", awsoptions.parse(os.environ)))


def test_a_proxy_over_tls_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "https://proxy.test:3128")
    with pytest.raises(Fatal):
        Connections("https://kinesis.test", awsoptions.parse(os.environ))


def test_threads_share_connections_and_never_an_answer() -> None:
    def echo(sock: socket.socket) -> None:
        heard = server.last[threading.get_ident()].partition(b"\r\n\r\n")[2]
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(heard), heard))

    with peer(echo) as server:
        to = Connections(f"http://127.0.0.1:{server.port}", options())
        with ThreadPoolExecutor(8) as pool:
            bodies = [b"%d" % number for number in range(400)]
            assert [body for _, body in pool.map(lambda body: post(to, body), bodies)] == bodies
        assert server.connected <= 8
