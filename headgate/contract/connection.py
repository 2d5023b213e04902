"""One keep-alive HTTP connection: a request's bytes out, an answer or a named failure back.

It never follows a redirect and never repeats a request, with one exception: where the server has closed a
kept connection meanwhile, the request goes once more over a new one; its Idempotency-Key makes that harmless.
Not thread-safe: each thread has its own. Goes through the proxy that the environment names (proxy.py).
"""

import http.client
import os
import re
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from headgate.contract.proxy import Proxy, ProxyError, proxy_for
from headgate.contract.url import HIDDEN, Target

CONNECT_TIMEOUT_S = 10.0
# The contract's largest answer stays below Lambda's payload limit (6 MiB); more is not our endpoint.
ANSWER_MAX_BYTES = 8 * 1024 * 1024
_CLOSED = (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError)


class HttpAnswer(NamedTuple):
    """What the endpoint said; secrets of the request are hidden in the body."""

    status: int
    body: bytes
    retry_after: str | None = None
    location: str | None = None
    content_type: str | None = None


class NoAnswer(NamedTuple):
    """Nobody knows whether the request was taken; `connected` False: it was not."""

    code: str
    message: str
    connected: bool
    passing: bool = True  # the same again may be answered


class Connection:
    """The connection of one thread to one endpoint. `agent` is its User-Agent."""

    def __init__(
        self, target: Target, timeout_s: float, agent: str, environ: Mapping[str, str] = os.environ
    ) -> None:
        ours = {"User-Agent": agent, "Accept": "application/json"}
        set_names = {name.lower() for name, _ in target.headers}
        self._headers = {name: value for name, value in ours.items() if name.lower() not in set_names}
        self._headers |= dict(target.headers)
        self._target, self._timeout_s, self._environ = target, timeout_s, environ
        self._secrets = [text.encode() for text in target.secrets()]
        self._proxy: Proxy | None = None
        self._path = target.path
        self._context: ssl.SSLContext | None = None
        self._http: http.client.HTTPConnection | None = None

    def post(self, body: bytes, headers: Mapping[str, str]) -> HttpAnswer | NoAnswer:
        """POST a body once. Every failure comes back as a value."""
        kept = self._http is not None and self._http.sock is not None
        try:
            connection = self._connected()
        except (OSError, http.client.HTTPException, ValueError, ProxyError) as error:
            self.close()
            return self._not_connected(error)
        try:
            return self._exchange(connection, body, self._headers | dict(headers))
        except TimeoutError:
            self.close()
            return NoAnswer("Timeout", f"no answer within {self._timeout_s:g} s", connected=True)
        except ValueError:  # what no header can hold
            self.close()
            return NoAnswer("BadRequest", "no request can be made of this", connected=False, passing=False)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if kept and isinstance(error, _CLOSED):
                return self.post(body, headers)
            name = type(error).__name__
            return NoAnswer("ConnectionLost", f"the connection broke ({name})", connected=True)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def _connected(self) -> http.client.HTTPConnection:
        if self._http is None:
            self._http = self._made()
        if self._http.sock is None:
            self._http.timeout = CONNECT_TIMEOUT_S
            self._http.connect()
            # typeshed: None until connect(), which mypy does not know to change it
            self._http.sock.settimeout(self._timeout_s)  # type: ignore[attr-defined]
        return self._http

    def _made(self) -> http.client.HTTPConnection:
        target = self._target
        self._proxy = proxy = proxy_for(target, self._environ)
        host, port = (target.host, target.port) if proxy is None else (proxy.host, proxy.port)
        login = {"Proxy-Authorization": proxy.authorization} if proxy and proxy.authorization else {}
        if target.tls:
            self._context = self._context or ssl.create_default_context()
            tls = http.client.HTTPSConnection(host, port, context=self._context)
            if proxy is not None:
                tls.set_tunnel(target.host, target.port, login)
            return tls
        if proxy is not None:  # RFC 9112, section 3.2.2: a proxy gets the whole URL
            self._path = target.url
            self._headers |= login
        return http.client.HTTPConnection(host, port)

    def _exchange(
        self, connection: http.client.HTTPConnection, body: bytes, headers: dict[str, str]
    ) -> HttpAnswer:
        # Who refuses a body early, answers and closes: the answer may be there to read.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", self._path, body, headers)
        response = connection.getresponse()
        text = response.read(ANSWER_MAX_BYTES)
        if response.length and len(text) < ANSWER_MAX_BYTES:  # read(n) does not say that the body is cut
            raise http.client.IncompleteRead(text, response.length)
        if not response.isclosed():
            self.close()
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN.encode())
        get = response.getheader
        return HttpAnswer(response.status, text, get("Retry-After"), get("Location"), get("Content-Type"))

    def _not_connected(self, error: Exception) -> NoAnswer:
        if isinstance(error, ProxyError):
            return NoAnswer("BadProxy", str(error), connected=False, passing=False)
        proxy, name = self._proxy, self._target.authority
        if isinstance(error, ssl.SSLCertVerificationError):
            message = f"the certificate of {name} is not valid: {error.verify_message}"
            return NoAnswer("BadCertificate", message, connected=False, passing=False)
        if isinstance(error, ssl.SSLError):
            return NoAnswer("NoTls", f"{name} does not speak TLS ({error.reason})", connected=False)
        host, where = self._target.host, name
        if proxy is not None:
            host, where = proxy.host, f"the proxy {proxy.shown}"
        return NoAnswer(*_why(error, host, where), connected=False)


def _why(error: Exception, host: str, where: str) -> tuple[str, str]:
    """Return the code and the sentence for a connection that could not be opened."""
    if isinstance(error, socket.gaierror | UnicodeError):
        return "UnknownHost", f"there is no host {host}"
    if isinstance(error, ConnectionRefusedError):
        return "ConnectionRefused", f"nothing listens at {where}"
    if isinstance(error, TimeoutError):
        return "ConnectTimeout", f"{where} does not answer"
    tunnel = re.match(r"Tunnel connection failed: (\d{3})", str(error))
    if tunnel:
        login = "; put the login into the variable: http://user:password@…" if tunnel[1] == "407" else ""
        return "ProxyRefused", f"{where} answers {tunnel[1]} and opens no connection{login}"
    reason = getattr(error, "strerror", None) or type(error).__name__
    return "NoConnection", f"cannot connect to {where}: {reason}"
