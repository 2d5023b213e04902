"""AWS as the benchmarks need it: a loopback process that answers puts at once, so only callers are measured.

`python -m bench.canned` prints its port and serves until its standard input ends. It answers with as many
receipts as records were sent, keeps nothing and checks nothing. `canned()` starts it.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from bench.environment import ROOT

_KINESIS = {
    "SequenceNumber": "49680416544624823492066690877073337177865628260291837954",
    "ShardId": "shardId-000000000000",
}
_FIREHOSE = {"RecordId": "x" * 220}  # as long as Firehose's
_HEAD_END = b"\r\n\r\n"


@contextmanager
def canned() -> Iterator[str]:
    """The URL of a running one."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-m", "bench.canned"], stdin=pipe, stdout=pipe, text=True, cwd=ROOT
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        server.stdin.close()


@cache
def answer(target: bytes, records: int) -> bytes:
    """A whole response. Source: PutRecord, PutRecords and PutRecordBatch API references."""
    said: object = _KINESIS
    if target.endswith(b".putrecords"):
        said = {"FailedRecordCount": 0, "Records": [_KINESIS] * records}
    elif target.endswith(b".putrecordbatch"):
        said = {"FailedPutCount": 0, "Encrypted": False, "RequestResponses": [_FIREHOSE] * records}
    body = json.dumps(said, separators=(",", ":")).encode()
    head = (
        "HTTP/1.1 200 OK\r\n"
        "x-amzn-RequestId: f6a1c7a4-7b61-11e6-9a41-93e8deadbeef\r\n"
        "x-amz-id-2: " + "x" * 76 + "\r\n"
        "Date: Sat, 21 Nov 2026 03:00:00 GMT\r\n"
        "Content-Type: application/x-amz-json-1.1\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connection(asyncio.Protocol):
    """Keep-alive HTTP/1.1, as much of it as AWS's clients need."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._buffer = bytearray()

    def data_received(self, data: bytes) -> None:
        """Answer a request when it is complete; callers never pipeline."""
        self._buffer += data
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        expected_bytes = end + len(_HEAD_END) + int(_header(head, b"content-length"))
        if len(self._buffer) < expected_bytes:
            return
        records = self._buffer.count(b'"Data"')
        self._transport.write(answer(_header(head, b"x-amz-target"), records))
        self._buffer.clear()


def _header(head: bytes, name: bytes) -> bytes:
    return head.partition(b"\r\n" + name + b":")[2].partition(b"\r\n")[0].strip() or b"0"


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
