"""The connection of both clients: kept alive, repeated once when it was stale, through proxies."""

import os
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import pytest
from botocore.utils import get_environ_proxies, should_bypass_proxies

from headgate.contract.connection import Connection, HttpAnswer, NoAnswer
from headgate.contract.proxy import bypasses, proxy_for
from headgate.contract.url import parse_url

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
TOOK = HttpAnswer(200, b"ok")
HEADERS = {"Content-Type": "application/json", "Idempotency-Key": "k"}


@dataclass
class Peer:
    """Reads one request at a time and does what `then` says."""

    port: int = 0
    heads: list[str] = field(default_factory=list)
    connections: int = 0


Then = Callable[[socket.socket, str, int], bool]
"""Handles one request: connection, head, number of the request of this peer. False closes the connection."""


def read_head(connection: socket.socket) -> str:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(1)
        if not chunk:
            return ""
        data += chunk
    head = data.decode("latin-1")
    length = [line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length")]
    left = int(length[0]) if length else 0
    while left:
        left -= len(connection.recv(left))
    return head


@contextmanager
def peer(then: Then) -> Iterator[Peer]:
    found = Peer()
    with socket.create_server(("127.0.0.1", 0)) as server:
        found.port = server.getsockname()[1]

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                found.connections += 1
                Thread(target=talk, args=(connection,), daemon=True).start()

        def talk(connection: socket.socket) -> None:
            with connection:
                while head := read_head(connection):
                    found.heads.append(head)
                    if not then(connection, head, len(found.heads)):
                        return

        Thread(target=serve, daemon=True).start()
        yield found
        server.shutdown(socket.SHUT_RDWR)


def answer(connection: socket.socket, _head: str, _number: int) -> bool:
    connection.sendall(OK)
    return True


def posted(url: str, environ: Mapping[str, str], *, times: int = 1, timeout_s: float = 5.0) -> list[object]:
    connection = Connection(parse_url(url), timeout_s, "test", environ)
    answers: list[object] = [connection.post(b"{}", HEADERS) for _ in range(times)]
    connection.close()
    return answers


def test_requests_share_one_connection() -> None:
    with peer(answer) as server:
        assert posted(f"http://127.0.0.1:{server.port}/v1", {}, times=3) == [TOOK] * 3
        assert server.connections == 1
        assert server.heads[0].startswith("POST /v1 HTTP/1.1\r\n")


def test_a_kept_connection_that_the_server_has_closed_costs_no_answer() -> None:
    def close_after_each(connection: socket.socket, head: str, number: int) -> bool:
        return answer(connection, head, number) and False

    with peer(close_after_each) as server:
        assert posted(f"http://127.0.0.1:{server.port}/v1", {}, times=3) == [TOOK] * 3
        assert server.connections == 3


def test_a_new_connection_that_breaks_is_not_repeated_here() -> None:
    with peer(lambda _connection, _head, _number: False) as server:
        (lost,) = posted(f"http://127.0.0.1:{server.port}/v1", {})
        assert isinstance(lost, NoAnswer)
        assert (lost.code, lost.connected, lost.passing) == ("ConnectionLost", True, True)
        assert len(server.heads) == 1


def test_a_kept_connection_that_breaks_is_repeated_once_and_no_more() -> None:
    with peer(lambda c, h, n: answer(c, h, n) if n == 1 else False) as server:
        first, lost = posted(f"http://127.0.0.1:{server.port}/v1", {}, times=2)
        assert first == TOOK
        assert isinstance(lost, NoAnswer)
        assert len(server.heads) == 3


def test_an_answer_that_ends_before_its_length_is_no_answer() -> None:
    def cut(connection: socket.socket, _head: str, _number: int) -> bool:
        connection.sendall(OK.replace(b": 2", b": 3"))
        return False

    with peer(cut) as server:
        (lost,) = posted(f"http://127.0.0.1:{server.port}/v1", {})
        assert isinstance(lost, NoAnswer)
        assert (lost.code, lost.connected) == ("ConnectionLost", True)


def test_an_answer_that_does_not_come_is_a_time_out() -> None:
    with peer(lambda connection, _head, _number: bool(connection.recv(1))) as server:
        (late,) = posted(f"http://127.0.0.1:{server.port}/v1", {}, timeout_s=0.05)
        assert isinstance(late, NoAnswer)
        assert (late.code, late.connected) == ("Timeout", True)


def test_an_endpoint_that_repeats_a_key_does_not_bring_it_into_a_message() -> None:
    def echo(connection: socket.socket, head: str, _number: int) -> bool:
        body = head.encode()
        connection.sendall(b"HTTP/1.1 404 no\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        return True

    with peer(echo) as server:
        target = parse_url(f"http://127.0.0.1:{server.port}/v1?token=canary-of-url")
        headers = (("x-api-key", "canary-of-key"), ("Authorization", "Bearer canary-of-auth"))
        connection = Connection(
            type(target)(target.tls, target.host, target.port, target.path, headers), 5, "t", {}
        )
        said = connection.post(b"{}", HEADERS)
        connection.close()
        assert isinstance(said, HttpAnswer)
        assert b"canary" not in said.body
        assert "canary" not in repr(target)
        assert "canary" not in target.shown


# Proxies.


def tunnel_to(port: int) -> Then:
    """A proxy: CONNECT is tunnelled, anything else is passed on, to a port of this machine."""

    def then(connection: socket.socket, head: str, _number: int) -> bool:
        with socket.create_connection(("127.0.0.1", port)) as onward:
            if not head.startswith("CONNECT "):
                onward.sendall(head.encode("latin-1").split(b"\r\n\r\n")[0] + b"\r\n\r\n{}")
                connection.sendall(onward.recv(65_536))
                return True
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = Thread(target=_pump, args=(onward, connection), daemon=True)
            back.start()
            _pump(connection, onward)
            back.join()
        return False

    return then


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def refusing_proxy(connection: socket.socket, head: str, _number: int) -> bool:
    if "Proxy-Authorization: Basic dTpjYW5hcnk=" in head:  # u:canary
        connection.sendall(OK)
    else:
        connection.sendall(b"HTTP/1.1 407 no\r\nContent-Length: 0\r\n\r\n")
    return True


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("form", ["http://127.0.0.1:{}", "http://127.0.0.1:{}/", "127.0.0.1:{}"])
def test_a_plain_request_goes_through_the_proxy_that_the_environment_names(name: str, form: str) -> None:
    with peer(answer) as server, peer(tunnel_to(server.port)) as proxy:
        environ = {name: form.format(proxy.port)}
        assert posted("http://collector.example:81/v1?a=b", environ) == [TOOK]
        assert proxy.heads[0].startswith("POST http://collector.example:81/v1?a=b HTTP/1.1\r\n")
        assert "\r\nHost: collector.example:81\r\n" in proxy.heads[0]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-out", path,
         "-keyout", path.with_suffix(".key"), "-subj", "/CN=collector.example",
         "-addext", "subjectAltName=DNS:collector.example"],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_bytes(path.read_bytes() + path.with_suffix(".key").read_bytes())
    return path


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy"])
def test_a_tls_request_goes_through_a_tunnel_and_checks_the_certificate_of_the_endpoint(
    name: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def over_tls(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            while read_head(secure):
                secure.sendall(OK)

    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    over_tls(server.accept()[0])
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        Thread(target=serve, daemon=True).start()
        with peer(tunnel_to(server.getsockname()[1])) as proxy:
            environ = {name: f"http://u:canary@127.0.0.1:{proxy.port}"}
            (refused,) = posted("https://collector.example/v1", environ)
            assert isinstance(refused, NoAnswer)
            assert refused.code == "BadCertificate"
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            assert posted("https://collector.example/v1", environ, times=2) == [TOOK] * 2
            assert proxy.heads[-1].startswith("CONNECT collector.example:443 HTTP/1.")
            assert "Proxy-Authorization: Basic dTpjYW5hcnk=" in proxy.heads[-1]
        server.shutdown(socket.SHUT_RDWR)


def test_a_proxy_that_wants_a_login_gets_it_and_is_told_of_without_it() -> None:
    with peer(refusing_proxy) as proxy:
        login = {"http_proxy": f"http://u:canary@127.0.0.1:{proxy.port}"}
        assert posted("http://collector.example/v1", login) == [TOOK]
        (unknown,) = posted("http://collector.example/v1", {"http_proxy": f"127.0.0.1:{proxy.port}"})
        assert isinstance(unknown, HttpAnswer)
        assert unknown.status == 407
        (tunnel,) = posted(
            "https://collector.example/v1", {"https_proxy": f"u:bad-canary@127.0.0.1:{proxy.port}"}
        )
        assert isinstance(tunnel, NoAnswer)
        assert tunnel.code == "ProxyRefused"
        assert "407" in tunnel.message
        assert "canary" not in tunnel.message


def test_a_proxy_that_is_not_there_or_cannot_be_used_is_named_without_its_password() -> None:
    (gone,) = posted("http://x/v1", {"http_proxy": "http://u:canary@127.0.0.1:1"})
    assert isinstance(gone, NoAnswer)
    assert gone.message == "nothing listens at the proxy 127.0.0.1:1 (http_proxy)"
    for text in (
        "socks5://u:canary@h:1",
        "https://u:canary@h",
        "http://",
        "http://u:canary@h:port",
        "http://[u:canary",
    ):
        (bad,) = posted("http://x/v1", {"HTTP_PROXY": text})
        assert isinstance(bad, NoAnswer)
        assert (bad.code, bad.passing) == ("BadProxy", False)
        assert "HTTP_PROXY" in bad.message
        assert "canary" not in bad.message


def test_no_proxy_leads_past_the_proxy() -> None:
    with peer(answer) as server:
        environ = {"http_proxy": "http://127.0.0.1:1", "NO_PROXY": "localhost, 127.0.0.0/8"}
        assert posted(f"http://127.0.0.1:{server.port}/v1", environ) == [TOOK]


NO_PROXY = [
    ("*", "http://a.b/", True),
    ("a.b", "http://a.b/", True),
    ("a.b", "http://x.a.b/", True),
    (".a.b", "http://x.a.b/", True),
    (".a.b", "http://a.b/", True),
    ("a.b", "http://xa.b/", False),
    ("b", "http://a.b/", True),
    ("A.B", "http://a.b/", True),
    ("a.b", "http://A.B/", True),
    ("x, a.b ,y", "http://a.b/", True),
    ("", "http://a.b/", False),
    (",", "http://a.b/", False),
    ("a.b:8080", "http://a.b:8080/", True),
    ("a.b:8080", "http://a.b:8081/", False),
    ("10.0.0.1", "http://10.0.0.1/", True),
    ("10.0.0.1", "http://10.0.0.2/", False),
    ("localhost", "http://localhost:8000/", True),
]  # fmt: skip
OF_CURL = [
    ("10.0.0.0/8", "http://10.1.2.3/", True),
    ("10.0.0.0/8", "http://11.1.2.3/", False),
    ("10.1.2.3/8", "http://10.9.9.9/", True),
    ("10.0.0.0/99", "http://10.1.2.3/", False),
    ("::1", "http://[::1]/", True),
    ("[::1]", "http://[::1]:81/", True),
    ("0:0:0::1", "http://[::1]/", True),
    ("fd00::/8", "http://[fd12::1]/", True),
    ("10.0.0.0/8", "http://a.b/", False),
    ("a.b a.c", "http://a.c/", True),
    ("a.b:80", "http://a.b/", True),
    ("a.b:443", "http://a.b/", False),
    ("a.b:443", "https://a.b/", True),
]


@pytest.mark.parametrize(("exceptions", "url", "direct"), NO_PROXY + OF_CURL)
def test_no_proxy_lists_names_addresses_and_networks(exceptions: str, url: str, *, direct: bool) -> None:
    assert bypasses(parse_url(url), exceptions) is direct


@pytest.mark.parametrize(("exceptions", "url", "direct"), NO_PROXY)
def test_no_proxy_means_what_it_means_to_botocore(
    exceptions: str, url: str, *, direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    _only(monkeypatch, {"no_proxy": exceptions, "http_proxy": "http://p:1"})
    assert should_bypass_proxies(url) is direct


@pytest.mark.parametrize(
    "environ",
    [
        {"https_proxy": "http://a:1"},
        {"HTTPS_PROXY": "http://a:1"},
        {"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:2"},
        {"http_proxy": "http://a:1"},
        {"HTTP_PROXY": "http://a:1"},
        {"HTTP_PROXY": "http://a:1", "REQUEST_METHOD": "GET"},
        {"https_proxy": "", "HTTPS_PROXY": "http://b:2"},
        {"https_proxy": "http://a:1", "no_proxy": "h"},
        {"https_proxy": "http://a:1", "NO_PROXY": "h"},
        {"https_proxy": "http://a:1", "NO_PROXY": "h", "no_proxy": "other"},
        {},
    ],
    ids=str,
)
@pytest.mark.parametrize("url", ["https://h/v1", "http://h/v1"])
def test_the_proxy_is_the_one_that_botocore_takes(
    environ: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _only(monkeypatch, environ)
    expected = get_environ_proxies(url).get(url.partition(":")[0])
    found = proxy_for(parse_url(url), environ)
    assert (found and f"http://{found.host}:{found.port}") == expected


def _only(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name == "REQUEST_METHOD":
            monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
