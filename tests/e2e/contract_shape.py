"""What every answer of the HTTP API has in common, whatever was asked (docs/contract.md)."""

import re

from chalicelib.errors import CODES, EVENT_CODES
from tests.e2e.local_rig import Answer, Http
from tests.e2e.raw_http import RawAnswer


def in_shape(answer: Answer | RawAnswer, *, head: bool = False) -> None:
    """Assert that this is an answer of the contract, and not an excuse for a fault."""
    assert answer.status == 200 or 400 <= answer.status < 500, (answer.status, answer.body)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert re.fullmatch(r"[0-9a-f-]{32,36}", headers["x-request-id"])
    assert headers["content-type"] == "application/json"
    assert "Python" not in headers.get("server", "")
    if head or answer.status == 200:
        return
    body = answer.json
    assert CODES[body["Code"]][0] == answer.status
    assert body["Message"]
    assert body["RequestId"] == headers["x-request-id"]
    assert all(
        error["Code"] in EVENT_CODES and error.keys() == {"Index", "Code", "Pointer", "Message"}
        for error in body.get("Errors", [])
    )


def still_serves(http: Http) -> None:
    """The same connection, or a new one where the last answer closed it, takes an event."""
    assert http.post(b'{"still":"serving"}').status == 200
