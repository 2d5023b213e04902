"""One keep-alive HTTP connection: a request's bytes out, an answer or a named failure back.

An edge. It never retries and never follows a redirect; a connection that failed is closed and the next
request opens a new one. Each worker has its own, so there is no lock. Called by deliver through `post`.
"""

import http.client
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from headgate.send.batches import Batch
from headgate.send.target import Target

CONNECT_TIMEOUT_S = 10.0
# The contract's largest answer stays below Lambda's payload limit (6 MiB); more is not our endpoint.
ANSWER_MAX_BYTES = 8 * 1024 * 1024


class Answer(NamedTuple):
    """What the endpoint said."""

    status: int
    body: bytes
    retry_after: str | None = None
    location: str | None = None


class NoAnswer(NamedTuple):
    """Nobody knows whether the request was taken; `connected` False: it was not."""

    code: str
    message: str
    connected: bool
    passing: bool = True


class Post(Protocol):
    """How deliver sends: the real client, or a fake."""

    def __call__(self, batch: Batch, /) -> Answer | NoAnswer:
        """Send a batch once."""


@dataclass
class Client:
    """The connection of one worker."""

    target: Target
    timeout_s: float

    def __post_init__(self) -> None:
        self._headers = {
            "User-Agent": "headgate-send",
            "Accept": "application/json",
            **dict(self.target.headers),
        }
        self._connection: http.client.HTTPConnection | None = None

    def post(self, batch: Batch) -> Answer | NoAnswer:
        """Send a batch once."""
        return self.send(batch.body, {"Content-Type": batch.content_type, "Idempotency-Key": batch.key})

    def send(self, body: bytes, headers: dict[str, str]) -> Answer | NoAnswer:
        """POST a body. Every failure comes back as a value."""
        try:
            connection = self._connected()
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            return _no_connection(error, self.target)
        try:
            return self._exchange(connection, body, headers)
        except TimeoutError:
            self.close()
            return NoAnswer("Timeout", f"no answer within {self.timeout_s:g} s", connected=True)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return NoAnswer(
                "ConnectionLost", f"the connection broke ({type(error).__name__})", connected=True
            )

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self.target.tls else http.client.HTTPConnection
            self._connection = kind(self.target.host, self.target.port, timeout=CONNECT_TIMEOUT_S)
        if self._connection.sock is None:
            self._connection.timeout = CONNECT_TIMEOUT_S
            self._connection.connect()
            # typeshed: None until connect(), which mypy does not know to change it
            self._connection.sock.settimeout(self.timeout_s)  # type: ignore[attr-defined]
        return self._connection

    def _exchange(
        self, connection: http.client.HTTPConnection, body: bytes, headers: dict[str, str]
    ) -> Answer:
        # Who refuses a body early, answers and closes: the answer may be there to read.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", self.target.path, body, self._headers | headers)
        response = connection.getresponse()
        text = response.read(ANSWER_MAX_BYTES)
        if not response.isclosed():
            self.close()
        return Answer(
            response.status, text, response.getheader("Retry-After"), response.getheader("Location")
        )


def _no_connection(error: Exception, target: Target) -> NoAnswer:
    where = target.host if target.port is None else f"{target.host}:{target.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        message = f"the certificate of {where} is not valid: {error.verify_message}"
        return NoAnswer("BadCertificate", message, connected=False, passing=False)
    if isinstance(error, ssl.SSLError):
        return NoAnswer("NoTls", f"{where} does not speak TLS ({error.reason})", connected=False)
    if isinstance(error, socket.gaierror | UnicodeError):
        return NoAnswer("UnknownHost", f"there is no host {target.host}", connected=False)
    if isinstance(error, ConnectionRefusedError):
        return NoAnswer("ConnectionRefused", f"nothing listens at {where}", connected=False)
    if isinstance(error, TimeoutError):
        return NoAnswer("ConnectTimeout", f"{where} does not answer", connected=False)
    reason = getattr(error, "strerror", None) or type(error).__name__
    return NoAnswer("NoConnection", f"cannot connect to {where}: {reason}", connected=False)
