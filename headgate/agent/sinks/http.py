"""An HTTP destination: `POST /v1` with NDJSON, one request per unit.

Only an answer with receipts acknowledges (receipts.py). The unit's id is the Idempotency-Key, so that a body
that is sent again carries the same event ids. Lines that the server names as bad are taken out and the
rest is sent; the standard library's client, one connection per thread.
"""

import gzip
import http.client
import json
import ssl
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from chalicelib.retry import Failure, Outcome, Success
from headgate.agent.batching import Unit
from headgate.agent.config.model import HttpTarget
from headgate.agent.sinks.answer import MISCONFIGURED, RefusedLine
from headgate.agent.sinks.receipts import without_receipts
from headgate.agent.tail.identity import event_key

_OK, _BAD, _TIMEOUT, _TOO_LARGE, _TOO_MANY, _SERVER = 200, 400, 408, 413, 429, 500
_ANSWER_MAX_BYTES = 4 * 1024 * 1024
_RETRY_AFTER_MAX_S = 300.0
_BLANK = b" \t\r"


class Answer(NamedTuple):
    """An HTTP answer, as far as it matters."""

    status: int
    retry_after_s: float
    body: bytes
    content_type: str | None = None


class HttpSink:
    """Posts to one URL."""

    def __init__(self, target: HttpTarget, *, timeout_s: float, use_gzip: bool = False) -> None:
        parts = urlsplit(target.url)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host, self._port = parts.hostname or "", parts.port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._headers = {"Content-Type": "application/x-ndjson", "User-Agent": "headgate-agent"}
        if target.api_key:
            self._headers["X-Api-Key"] = target.api_key
        # Names are told apart without case: what the person sets stands in the place of ours.
        set_names = {name.lower() for name, _ in target.headers}
        self._headers = {n: v for n, v in self._headers.items() if n.lower() not in set_names}
        self._headers |= dict(target.headers)
        self._timeout_s, self._gzip = timeout_s, use_gzip
        self._local = threading.local()
        self._connections: list[http.client.HTTPConnection] = []
        self._proven = threading.Event()

    def send(self, units: Sequence[Unit]) -> list[Outcome]:
        """One request per unit."""
        return [self._send_unit(unit) for unit in units]

    def close(self) -> None:
        """Close the connections of all threads."""
        for connection in self._connections:
            connection.close()

    def _send_unit(self, unit: Unit) -> Outcome:
        refused: list[RefusedLine] = []
        failure = self._send_lines(unit, list(range(len(unit.lines))), "", refused)
        return failure or Success(sorted(refused))

    def _send_lines(
        self, unit: Unit, lines: list[int], suffix: str, refused: list[RefusedLine]
    ) -> Failure | None:
        """Send these lines of a unit; None when every one of them is delivered or refused for good."""
        body = b"".join([unit.lines[index] for index in lines])
        # The key names the first line, so any other cut of the same unit has other keys.
        key = event_key(unit.file.key, unit.line_starts[lines[0]]) + suffix
        try:
            answer = self._post(body, key)
        except (OSError, http.client.HTTPException) as error:
            return Failure("Unavailable", passing=True, cause=f"{type(error).__name__}: {error}")
        except ValueError as error:
            # What no header or host name can hold, should the check of the configuration have let it through.
            return Failure(MISCONFIGURED, passing=True, cause=f"{type(error).__name__}: no request was made")
        if answer.status == _OK:
            # The server does not count blank lines.
            events = sum(1 for line in body.split(b"\n") if line.strip(_BLANK))
            failure = without_receipts(answer.body, answer.content_type, events)
            if failure is None:
                self._proven.set()
            return failure
        if answer.status in {_BAD, _TOO_LARGE}:
            return self._refused(unit, lines, answer, refused)
        kind = _kind(answer.status)
        return Failure(kind, passing=True, retry_after_s=answer.retry_after_s, cause=_cause(answer))

    def _refused(
        self, unit: Unit, lines: list[int], answer: Answer, refused: list[RefusedLine]
    ) -> Failure | None:
        bad = _bad_lines(answer, len(lines))
        if bad:
            self._proven.set()
            refused += [RefusedLine(lines[index], code, message) for index, (code, message) in bad.items()]
            good = [line for index, line in enumerate(lines) if index not in bad]
            return self._send_lines(unit, good, "/good", refused) if good else None
        if len(lines) > 1:
            middle = len(lines) // 2
            # Each half starts where no other cut starts with the same suffix, so keys never meet other bytes.
            half = f"/{middle}"
            return self._send_lines(unit, lines[:middle], half, refused) or self._send_lines(
                unit, lines[middle:], half, refused
            )
        if answer.status != _TOO_LARGE and not self._proven.is_set():
            return Failure(MISCONFIGURED, passing=True, cause=_cause(answer))
        refused.append(RefusedLine(lines[0], f"http_{answer.status}", _cause(answer)))
        return None

    def _post(self, body: bytes, key: str) -> Answer:
        headers = self._headers | {"Idempotency-Key": key}
        if self._gzip:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        connection, fresh = self._connection()
        try:
            return _exchange(connection, self._path, body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            connection.close()
            if fresh:
                raise
            # A kept connection that the server closed meanwhile: the same key makes a second try harmless.
            return _exchange(connection, self._path, body, headers)
        except (OSError, http.client.HTTPException):
            connection.close()
            raise

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            if self._tls is None:
                connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
            else:
                connection = http.client.HTTPSConnection(
                    self._host, self._port, timeout=self._timeout_s, context=self._tls
                )
            self._local.connection = connection
            self._connections.append(connection)
        return connection, connection.sock is None


def _exchange(
    connection: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str]
) -> Answer:
    connection.request("POST", path, body=body, headers=headers)
    response = connection.getresponse()
    data = response.read(_ANSWER_MAX_BYTES)
    if not response.isclosed():
        connection.close()
    return Answer(
        response.status,
        _retry_after_s(response.getheader("Retry-After")),
        data,
        response.getheader("Content-Type"),
    )


def _kind(status: int) -> str:
    """What time can mend, and what only a person can."""
    if status == _TOO_MANY:
        return "Throttled"
    return "Unavailable" if status == _TIMEOUT or status >= _SERVER else MISCONFIGURED


def _retry_after_s(text: str | None) -> float:
    if text is None or not text.strip().isdigit():
        return 0.0
    return min(float(text), _RETRY_AFTER_MAX_S)


def _bad_lines(answer: Answer, count: int) -> dict[int, tuple[str, str]]:
    """The lines that a 400 of the contract names: index to code and message."""
    try:
        errors: Any = json.loads(answer.body)["Errors"]
        found: dict[int, tuple[str, str]] = {}
        for error in errors:
            index = int(error["Index"])
            if 0 <= index < count:
                found.setdefault(index, (str(error["Code"]), str(error.get("Message", ""))))
    except (ValueError, KeyError, TypeError):
        return {}
    return found


def _cause(answer: Answer) -> str:
    """The server's own code, never the body: it may repeat what was sent."""
    try:
        return f"{answer.status} {json.loads(answer.body)['Code']}"
    except (ValueError, KeyError, TypeError):
        return str(answer.status)
