"""An HTTP destination: `POST /v1` with NDJSON, one request per unit.

What an answer means is decided by contract/verdict.py: only receipts acknowledge. The unit's id is the
Idempotency-Key, so that a body that is sent again carries the same event ids. Lines that the server names as
bad are taken out and the rest is sent. One connection per thread.
"""

import gzip
import threading
from collections.abc import Sequence
from http import HTTPStatus

from chalicelib.retry import Failure, Outcome, Success
from headgate.agent.batching import Unit
from headgate.agent.sinks.records import MISCONFIGURED, RefusedLine
from headgate.agent.tail.identity import event_key
from headgate.contract import verdict as verdicts
from headgate.contract.connection import Connection, HttpAnswer, NoAnswer
from headgate.contract.url import Target

_BLANK = b" \t\r"


class HttpSink:
    """Posts to one URL."""

    def __init__(self, target: Target, *, timeout_s: float, use_gzip: bool = False) -> None:
        self._target, self._timeout_s, self._gzip = target, timeout_s, use_gzip
        self._local = threading.local()
        self._connections: list[Connection] = []
        self._proven = threading.Event()  # it has taken events: the URL is an endpoint's

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
        # The key names the first line, so any other cut of the same unit has other keys.
        key = event_key(unit.file.key, unit.line_starts[lines[0]]) + suffix
        answer = self._post(b"".join([unit.lines[index] for index in lines]), key)
        events = _events(unit, lines)
        verdict = verdicts.judge(answer, len(events))
        if not self._proven.is_set() and isinstance(verdict, verdicts.TooLarge):
            verdict = verdicts.judge_first(answer, verdict)
        match verdict:
            case verdicts.Accepted():
                self._proven.set()
                return None
            case verdicts.Invalid(errors):
                self._proven.set()
                bad = {
                    events[index]: RefusedLine(
                        events[index], str(said[0].get("Code", "")), str(said[0].get("Message", ""))
                    )
                    for index, said in errors.items()
                }
                refused += bad.values()
                good = [line for line in lines if line not in bad]
                return self._send_lines(unit, good, "/good", refused) if good else None
            case verdicts.TooLarge() | verdicts.Refused() if len(lines) > 1:
                return self._send_halves(unit, lines, refused)
            case verdicts.TooLarge() as no:
                refused.append(RefusedLine(lines[0], "http_413", no.cause))
                return None
            case verdicts.Refused() as no if self._proven.is_set():
                refused.append(RefusedLine(lines[0], f"http_{no.cause[:3]}", no.cause))
                return None
        return _failure(answer, verdict)

    def _send_halves(self, unit: Unit, lines: list[int], refused: list[RefusedLine]) -> Failure | None:
        middle = len(lines) // 2
        # Each half starts where no other cut starts with the same suffix, so keys never meet other bytes.
        half = f"/{middle}"
        return self._send_lines(unit, lines[:middle], half, refused) or self._send_lines(
            unit, lines[middle:], half, refused
        )

    def _post(self, body: bytes, key: str) -> HttpAnswer | NoAnswer:
        headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": key}
        if self._gzip:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = Connection(self._target, self._timeout_s, "headgate-agent")
            self._connections.append(connection)
        return connection.post(body, headers)


def _events(unit: Unit, lines: list[int]) -> list[int]:
    """Return the line of each event as the server counts them: it leaves blank lines out."""
    return [index for index in lines for text in unit.lines[index].split(b"\n") if text.strip(_BLANK)]


def _failure(answer: HttpAnswer | NoAnswer, verdict: verdicts.NotTaken) -> Failure:
    """Everything is tried again; the code tells what time can mend from what only a person can."""
    if not isinstance(verdict, verdicts.Passing) or verdict.code == verdicts.NO_RECEIPTS:
        return Failure(MISCONFIGURED, passing=True, cause=verdict.cause)
    throttled = isinstance(answer, HttpAnswer) and answer.status == HTTPStatus.TOO_MANY_REQUESTS
    code = "Throttled" if throttled else "Unavailable"
    return Failure(code, passing=True, retry_after_s=verdict.retry_after_s, cause=verdict.cause)
