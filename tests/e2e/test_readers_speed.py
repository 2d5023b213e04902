"""How long a person waits: a million curated events counted by type, and the first line of `read`."""

import gzip
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.local_rig import ROOT

LINE = (
    b'{"event_id":"1-6b010ebb-%024x","received_at":"2026-10-01T05:%02d:%02d.%03dZ","type":"type%d",'
    b'"shard_id":"shardId-000000000000","sequence_number":"49680417273948394464812190%030d",'
    b'"event":{"type":"type%d","value":"%d","text":"as long as an event of 300 bytes is","ok":true}}\n'
)
FILES, COPIES, LINES = 10, 10, 10_000
HEADGATE = [sys.executable, "-m", "headgate"]
CPU_S = 4.0  # two seconds on two cores
pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a million curated events in ten gzip objects."""
    root = tmp_path_factory.mktemp("million")
    folder = root / "curated" / "dt=2026-10-01" / "hour=05"
    folder.mkdir(parents=True)
    lines = (
        LINE % (n * 7919, n // 60 % 60, n % 60, n % 1000, n % 17, n, n % 17, n * 31) for n in range(LINES)
    )
    part = gzip.compress(b"".join(lines), 5)
    for number in range(FILES):
        (folder / f"d-1-2026-10-01-05-00-{number:02}-00000000-0000.gz").write_bytes(part * COPIES)
    return root


def test_a_million_events_are_counted_by_type_in_two_seconds_of_two_cores(million: Path) -> None:
    before_s = _cpu_s()
    by_type = "select type, count(*) as n from curated group by 1"
    sql = " ".join(("select sum(n), count(*) from (", by_type, ")"))
    answer = _run(million, "query", sql, "--csv")
    assert answer.splitlines()[1].startswith(b"1000000,17")
    assert _cpu_s() - before_s <= CPU_S


def test_the_first_line_of_a_range_does_not_wait_for_the_last(million: Path) -> None:
    started_s = time.monotonic()
    argv = [
        sys.executable,
        "-m",
        "headgate",
        "read",
        "curated",
        "--files",
        str(million),
        "--since",
        "2026-10-01",
    ]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout
        assert process.stdout.readline().startswith(b'{"event_id"')
        waited_s = time.monotonic() - started_s
        process.stdout.close()
        assert process.wait(30) == 141
    assert waited_s <= 1.0 + _start_s()


def _run(files: Path, *words: str) -> bytes:
    argv = [*HEADGATE, *words, "--files", str(files)]
    return subprocess.run(argv, capture_output=True, cwd=ROOT, check=True).stdout


def _start_s() -> float:
    """What starting Python and importing the packages takes here and now, which is not reading."""
    started_s = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "headgate", "read", "--help"], capture_output=True, cwd=ROOT, check=True
    )
    return time.monotonic() - started_s


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
