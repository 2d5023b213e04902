"""HTTP/1.1 connections to one host, kept open between calls: TLS, proxies, time-outs, and dead ones replaced.

Never tries again: a call fails with OSError or HTTPException, and retry.py decides. `http.client` and not
awscrt's own connections, because Lambda's runtime has it loaded already, a warm call costs less, and whether
a connection died while the function was frozen is known before a byte is sent. Called by clients.py.

Source: docs/decisions/0085; urllib.request for the variables of proxies, as botocore reads them.
"""

import ssl
from base64 import b64encode
from collections import deque
from collections.abc import Iterable, Mapping
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from select import POLLIN, poll
from socket import SO_KEEPALIVE, SOL_SOCKET
from typing import Any, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit
from weakref import finalize

from chalicelib.awsoptions import AwsOptions
from chalicelib.errors import Fatal

CONNECT_S = 1.0
READ_S = 4.0  # p99 of a full PutRecords is below one second; a longer silence is worth a second try
LOST = (OSError, HTTPException)  # nobody knows what the service has done
_SMALL_BYTES = 65_536
_IDLE_MAX = 32  # the local server's threads share a client; in Lambda there is one


class Response(NamedTuple):
    """An answer; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _OneWrite(HTTPConnection):
    """Writes a small request at once, where http.client makes two packets, and two TLS records, of it."""

    hold = False  # the next write back, to go with the one after it
    _held = b""

    def send(self, data: Any) -> None:
        """See HTTPConnection."""
        if self.hold:
            self.hold, self._held = False, data
            return
        held, self._held = self._held, b""
        super().send(held + data if held else data)


class _OneWriteTls(_OneWrite, HTTPSConnection):
    pass


class Connections:
    """The open connections to the host of a URL; for any number of threads."""

    def __init__(self, url: str, options: AwsOptions) -> None:
        """Raises Fatal for a URL, a proxy or a CA bundle that cannot be used."""
        parts = _parts(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Fatal("InternalError", "A URL of AWS begins with http:// or https:// and names a host.")
        self._tls = _tls(options.ca_bundle) if parts.scheme == "https" else None
        self._host, self._port = parts.hostname, parts.port or (443 if self._tls else 80)
        self._proxy = _proxy(parts) if options.has_proxy else None
        self._through = _authorization(self._proxy) if self._proxy else {}
        # A proxy for plain HTTP is asked for the whole URL.
        self._prefix = f"http://{parts.netloc}" if self._proxy and not self._tls else ""
        self._idle: deque[_OneWrite] = deque()
        finalize(self, _close_all, self._idle)

    def exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Send a request and read its answer. Raises one of LOST."""
        connection = self._alive() or self._opened()
        try:
            plain = self._through if self._prefix else {}
            connection.hold = 0 < len(body) <= _SMALL_BYTES
            connection.request(method, f"{self._prefix}{path}", body, {**headers, **plain})
            answer = connection.getresponse()
            text = answer.read()
        except BaseException:
            connection.close()
            raise
        if answer.will_close or len(self._idle) >= _IDLE_MAX:
            connection.close()
        else:
            self._idle.append(connection)
        return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)

    def _alive(self) -> _OneWrite | None:
        """A connection that the other side has not ended; between calls it has nothing to say but its end."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was faster
                return None
            ready = poll()
            ready.register(connection.sock, POLLIN)
            if not ready.poll(0):
                return connection
            connection.close()
        return None

    def _opened(self) -> _OneWrite:
        host, port = self._host, self._port
        if self._proxy:
            host, port = self._proxy.hostname or "", self._proxy.port or 80
        if self._tls:
            made: _OneWrite = _OneWriteTls(host, port, timeout=CONNECT_S, context=self._tls)
            if self._proxy:
                made.set_tunnel(self._host, self._port, dict(self._through))
        else:
            made = _OneWrite(host, port, timeout=CONNECT_S)
        try:
            made.connect()
        except BaseException:
            made.close()
            raise
        made.sock.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
        made.sock.settimeout(READ_S)
        return made


def _parts(url: str) -> SplitResult:
    """The parts of a URL. Raises Fatal when it is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # is a number when it is looked at
    except ValueError as error:
        raise Fatal("InternalError", "AWS_ENDPOINT_URL, or the URL of a proxy, is not a URL.") from error
    return parts


def _close_all(connections: Iterable[HTTPConnection]) -> None:
    for connection in connections:
        connection.close()


@cache  # reading the authorities is a tenth of a cold start
def _tls(ca_bundle: str) -> ssl.SSLContext:
    """TLS 1.2 or newer, the certificate and the host's name checked."""
    try:
        return ssl.create_default_context(cafile=ca_bundle or None)
    except (OSError, ssl.SSLError) as error:
        raise Fatal("InternalError", "AWS_CA_BUNDLE is no file of certificates that can be read.") from error


def _proxy(parts: SplitResult) -> SplitResult | None:
    """The proxy for a URL. Raises Fatal for one that is itself spoken to over TLS."""
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 - few functions are behind a proxy

    found = getproxies().get(parts.scheme)
    if not found or proxy_bypass(parts.netloc):
        return None
    url = found if found.startswith(("http:", "https:")) else f"http://{found.removeprefix('//')}"
    proxy = _parts(url)
    if proxy.scheme == "https":
        raise Fatal("InternalError", "The proxy is an https:// one; name it by http://, TLS to AWS is kept.")
    return proxy


def _authorization(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    text = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(text.encode()).decode()}"}
