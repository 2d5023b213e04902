"""Bytes to a server and the answers back, with nothing in between that would mend or refuse them."""

import json
import socket
from dataclasses import dataclass
from typing import Any

WAIT_S = 30.0
_PIECE_BYTES = 65_536


@dataclass(frozen=True)
class RawAnswer:
    """One response; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)


def exchange(url: str, sent: bytes, *, half_close: bool = True) -> bytes:
    """Everything that comes back until the server ends the connection; TimeoutError when it does not.

    With `half_close` the server learns that nothing more will come.
    """
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=WAIT_S) as client:
        client.sendall(sent)
        if half_close:
            client.shutdown(socket.SHUT_WR)
        received = bytearray()
        while piece := client.recv(_PIECE_BYTES):
            received += piece
    return bytes(received)


def answers_in(received: bytes, *, heads: bool = False) -> list[RawAnswer]:
    """Split what came back into responses; with `heads` none of them has a body (answers to HEAD)."""
    found = []
    while received:
        head, end, received = received.partition(b"\r\n\r\n")
        assert end, f"a response without the end of its head: {head!r}"
        first, *lines = head.decode("latin-1").split("\r\n")
        version, status, _ = first.split(" ", 2)
        assert version == "HTTP/1.1", first
        headers = dict(line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in headers.items()}
        length = 0 if heads else int(headers.get("content-length", 0))
        assert len(received) >= length, "a body shorter than announced"
        if int(status) != 100:
            found.append(RawAnswer(int(status), headers, received[:length]))
        received = received[length:]
    return found
