"""One PutRecords call by boto3's default client, by ours, and by the floor: a ready request on a socket."""

import socket
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

import boto3

from bench.environment import APP

# Records in a call, bytes in each: a single event, 500 events packed, 500 events not packed.
SHAPES = {"1x300": (1, 300), "6x25600": (6, 25_600), "500x300": (500, 300)}
_STREAM = "headgate-prod"
_HEAD = b"POST / HTTP/1.1\r\nX-Amz-Target: Kinesis_20131202.PutRecords\r\nContent-Length: %d\r\n\r\n"


def _exchange(raw: socket.socket, request: bytes) -> None:
    """What no client can do without: one write, and reads until the answer is whole."""
    raw.sendall(request)
    answer = raw.recv(65_536)
    head, _, body = answer.partition(b"\r\n\r\n")
    rest = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]) - len(body)
    while rest:
        rest -= len(raw.recv(rest))


def prepare(url: str) -> dict[str, Callable[[], object]]:
    sys.path.insert(0, str(APP))
    # Only now is it known from where.
    from chalicelib.aws import kinesis_stream  # noqa: PLC0415
    from chalicelib.clients import body_of  # noqa: PLC0415
    from chalicelib.ports import Entry  # noqa: PLC0415

    default, ours = boto3.client("kinesis"), kinesis_stream(_STREAM)
    at = urlsplit(url)
    raw = socket.create_connection((at.hostname, at.port))

    def tasks(shape: str, count: int, size: int) -> dict[str, Callable[[], object]]:
        data, key = b"x" * size, "1-6b0106aa-564ff161eb854d7e8dc44aba/0"
        records, entries = [{"Data": data, "PartitionKey": key}] * count, [Entry(data, key)] * count
        body = body_of({"StreamName": _STREAM, "Records": records})
        ready = _HEAD % len(body) + body
        return {
            f"default {shape}": lambda: default.put_records(StreamName=_STREAM, Records=records),
            f"ours {shape}": lambda: ours.put(entries),
            f"floor {shape}": lambda: _exchange(raw, ready),
        }

    return {name: task for shape, what in SHAPES.items() for name, task in tasks(shape, *what).items()}
