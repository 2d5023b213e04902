"""Bodies that are made to cost: answered in time and in bounded memory (I6)."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.contract_shape import in_shape, still_serves
from tests.e2e.local_rig import Local

pytestmark = pytest.mark.xdist_group("local")  # all of them share one run

MIB = 1024 * 1024
# What one request may cost above what the process has: the body at the gateway's limit, its parts in the
# function, and the allocator's slack.
GROWTH_BYTES = 96 * MIB


@contextmanager
def bounded_memory(local: Local) -> Iterator[None]:
    """Assert that neither process's peak rises beyond the bound meanwhile. Source: proc(5), clear_refs."""
    if not Path("/proc/self/clear_refs").exists():  # another system than Linux
        yield
        return
    for pid in local.pids.values():
        Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")
    before = local.memory_bytes()
    yield
    for name, pid in local.pids.items():
        status = Path(f"/proc/{pid}/status").read_text("ascii")
        peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
        assert peak - before[name] <= GROWTH_BYTES, f"{name} took {(peak - before[name]) / MIB:.0f} MiB more"


def bomb(size_mib: int) -> bytes:
    """A gzip member of zeros, a thousandth of its size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(size_mib)) + packer.flush()


DEEP = 100_000
HEAVY = [
    ("a body at the gateway's limit", b" " * (10 * MIB), {}, 413),
    ("a body over the gateway's limit", b"x" * (11 * MIB), {}, 413),
    ("a full body of one string", b'{"a":"' + b"x" * (4 * MIB - 8) + b'"}', {}, 400),
    ("a full body of numbers", b"[" + b"1," * (2 * MIB - 2) + b"1]", {}, 413),
    ("a full body of brackets", b"[" * (4 * MIB), {}, 400),
    ("a full body of quotes", b'"' * (4 * MIB), {}, 400),
    ("a full body of backslashes", b'{"' + b"\\" * (4 * MIB - 4), {}, 400),
    ("arrays 100,000 deep", b"[" * DEEP + b"]" * DEEP, {}, 400),
    ("objects 100,000 deep", b'{"a":' * DEEP + b"1" + b"}" * DEEP, {}, 400),
    ("an event of 100,000 keys", b"{" + b",".join(b'"%d":0' % n for n in range(DEEP)) + b"}", {}, 200),
    ("a number of a million digits", b'{"a":' + b"9" * 999_000 + b"}", {}, 200),
    ("a million empty lines", b"\n" * 1_000_000, {"Content-Type": "application/x-ndjson"}, 400),
    ("a million tiny events", b"{}\n" * 1_000_000, {"Content-Type": "application/x-ndjson"}, 413),
    ("500 bad events", b"[" + b",".join([b'{"a":}'] * 500) + b"]", {}, 400),
    ("a gzip bomb of 200 MiB", bomb(200), {"Content-Encoding": "gzip"}, 413),
    ("a bomb in a bomb", gzip.compress(bomb(200)), {"Content-Encoding": "gzip"}, 400),
    ("200,000 empty gzip members", gzip.compress(b"") * 200_000, {"Content-Encoding": "gzip"}, 400),
    ("gzip that is cut", gzip.compress(b'{"a":1}')[:-3], {"Content-Encoding": "gzip"}, 415),
    ("gzip with a tail", gzip.compress(b'{"a":1}') + b"tail", {"Content-Encoding": "gzip"}, 415),
]


@pytest.mark.parametrize(("what", "body", "headers", "status"), HEAVY, ids=[case[0] for case in HEAVY])
def test_a_heavy_body_is_answered_in_bounded_memory(
    local: Local, what: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    """D04, D07, G01, G07"""
    with bounded_memory(local), local.http() as http:
        answer = http.ask("POST", "/v1", body, {"Content-Type": "application/json", **headers})
        in_shape(answer)
        still_serves(http)
    assert answer.status == status, (what, answer.body[:300])
