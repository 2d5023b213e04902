"""A canned contract endpoint for bench/send.py: one thread, one write per answer, receipts for every line.

It parses no event, so that what is measured is the sender. Run by bench/send.py as a process of its own, so
that the two do not share an interpreter: `python -m bench.send_server` prints its port and ends with its
standard input.
"""

import asyncio
import json
import sys
from functools import cache

_RECEIPT = {
    "SequenceNumber": "49590338271490256608559692538361571095921575989136588898",
    "ShardId": "shardId-0",
}


@cache
def answer(events: int, *, single: bool) -> bytes:
    """A whole response with receipts for so many events."""
    said = _RECEIPT if single else {"FailedRecordCount": 0, "Records": [_RECEIPT] * events}
    body = json.dumps(said).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Connection(asyncio.Protocol):
    """Keep-alive HTTP/1.1, as much of it as three clients need."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._buffer = b""
        self._expected_bytes = 0  # of the whole request, 0 while its head is not complete
        self._single = False
        self._head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._buffer += data
        while self._complete():
            body = self._buffer[self._head_bytes : self._expected_bytes]
            self._buffer = self._buffer[self._expected_bytes :]
            self._expected_bytes = 0
            self._transport.write(answer(body.count(b"\n") + 1, single=self._single))

    def _complete(self) -> bool:
        if not self._expected_bytes:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = self._buffer[:end].lower()
            self._single = b"application/x-ndjson" not in head
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
            self._head_bytes = end + 4
            self._expected_bytes = self._head_bytes + int(length)
        return len(self._buffer) >= self._expected_bytes


async def main() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
