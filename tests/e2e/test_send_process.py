"""`headgate send` as people run it: a process, its exit code, its signals, its terminal.

With HEADGATE_SEND_URL (and HEADGATE_SEND_API_KEY) set, the first tests send to that endpoint instead of the
loopback one; what is stored is then not looked at.
"""

import fcntl
import json
import os
import pty
import random
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.send_endpoint import Endpoint, Seen

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
REAL_URL = os.environ.get("HEADGATE_SEND_URL")
DEADLINE_S = 30.0


class Ran:
    """A run that has ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
        assert "Traceback" not in err + out


def start(*flags: str, stdin: int | None = None) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "headgate", "send", *flags]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=ROOT, stdin=stdin, stdout=pipe, stderr=pipe, text=True, encoding="utf-8"
    )


def end(process: "subprocess.Popen[str]", stdin: str | None = None) -> Ran:
    out, err = process.communicate(stdin, timeout=DEADLINE_S)
    return Ran(process.returncode, out, err)


def send(*flags: str) -> Ran:
    return end(start(*flags))


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as made:
        yield made


def where(endpoint: Endpoint) -> list[str]:
    key = os.environ.get("HEADGATE_SEND_API_KEY")
    return ["-u", REAL_URL or endpoint.url, *(["--api-key", key] if key else [])]


def wait_for(condition: Callable[[], object]) -> None:
    limit_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < limit_s, "it never happened"
        time.sleep(0.005)


def many_rows(folder: Path, count: int) -> Path:
    path = folder / "many.csv"
    path.write_text("n,text\n" + "".join(f"{n},{'x' * 50}\n" for n in range(count)))
    return path


def test_a_courses_command_sends_a_cp949_file(endpoint: Endpoint, tmp_path: Path) -> None:
    path = tmp_path / "danji_master.csv"
    path.write_bytes((DATA / "danji_cp949.csv").read_bytes())
    ran = send("-f", str(path), *where(endpoint))
    assert ran.code == 0
    assert "5 accepted" in ran.out
    assert REAL_URL or len(endpoint.lines) == 5


def test_zip_codes_go_out_with_names_from_the_command_line(endpoint: Endpoint) -> None:
    flags = ("--no-header", "--fields", "zip,lat,lon,city,state,county,kind")
    ran = send("-f", str(DATA / "zip_codes_2000.csv"), *flags, *where(endpoint))
    assert (ran.code, "2,000 accepted" in ran.out) == (0, True)
    assert REAL_URL or len(endpoint.by_id) == 2000


def test_lines_come_through_standard_input(endpoint: Endpoint) -> None:
    ran = end(start("-f", "-", *where(endpoint), stdin=subprocess.PIPE), '{"a":1}\n{"a":2}\n')
    assert ran.code == 0
    assert REAL_URL or endpoint.lines == [b'{"a":1}', b'{"a":2}']


@pytest.mark.parametrize(
    ("flags", "code", "says"),
    [
        (("--no-such-flag",), 2, "usage:"),
        (("-f", "a.csv", "-u", "localhost/v1"), 2, "must be an http:// or https:// URL"),
        (("-f", "no such file.csv", "-u", "http://127.0.0.1:9/v1"), 1, "there is no file"),
        (("-f", "README.md", "-u", "http://127.0.0.1:9/v1", "--limit", "many"), 2, "invalid int value"),
        (("-f", "tests/data/danji_cp949.csv", "-u", "http://127.0.0.1:9/v1"), 1, "nothing listens at"),
        (
            ("-f", "tests/data/danji_cp949.csv", "-u", "http://h.invalid/v1", "--encoding", "ascii"),
            1,
            "line 1",
        ),
    ],
)
def test_a_slip_of_the_keyboard_is_a_sentence(flags: tuple[str, ...], code: int, says: str) -> None:
    ran = send(*flags)
    assert (ran.code, says in ran.err) == (code, True), ran.err


def test_not_on_a_terminal_it_is_quiet_but_for_the_summary(endpoint: Endpoint, tmp_path: Path) -> None:
    ran = send("-f", str(many_rows(tmp_path, 3000)), "-u", endpoint.url)
    assert "\r" not in ran.err + ran.out
    assert len(ran.err.splitlines()) == 1
    assert len(ran.out.splitlines()) == 3


@pytest.mark.parametrize("columns", [1, 20, 200])
def test_on_a_terminal_there_is_a_line_of_progress_that_fits(
    endpoint: Endpoint, tmp_path: Path, columns: int
) -> None:
    release = threading.Event()
    endpoint.on_request = lambda _: len(endpoint.seen) > 1 and release.wait(DEADLINE_S)
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    with os.fdopen(ours, "rb", buffering=0) as screen:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        path = many_rows(tmp_path, 3000)
        process = subprocess.Popen(
            [sys.executable, "-m", "headgate", "send", "-f", str(path), "-u", endpoint.url],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name != "COLUMNS"},
            stdout=subprocess.DEVNULL,
            stderr=theirs,
        )
        os.close(theirs)
        shown = bytearray()

        def drawn() -> bool:
            if select.select([screen], [], [], 0.05)[0]:
                shown.extend(screen.read(65536) or b"")
            return shown.count(b"\r\x1b[K") > 3

        wait_for(drawn)
        release.set()
        assert process.wait(DEADLINE_S) == 0
    parts = bytes(shown).split(b"\r\x1b[K")[1:-1]
    progress = [part for part in parts if b"\n" not in part]
    assert progress
    assert all(len(line.decode()) <= max(0, columns - 1) for line in progress), progress


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_waits_for_the_answers_sums_up_and_says_how_to_go_on(
    endpoint: Endpoint, tmp_path: Path, by: signal.Signals
) -> None:
    path = many_rows(tmp_path, 50_000)
    release = threading.Event()

    def hold(_: Seen) -> None:
        if len(endpoint.seen) > 3:
            release.wait(DEADLINE_S)

    endpoint.on_request = hold
    process = start("-f", str(path), "-u", endpoint.url)
    wait_for(lambda: len(endpoint.seen) > 4)
    process.send_signal(by)
    assert process.stderr is not None
    said = ""
    while "stopping" not in said:
        said += process.stderr.readline()
    release.set()
    ran = end(process)
    assert ran.code == 1
    assert "accepted" in ran.out
    assert "--resume goes on after them" in ran.err
    assert len(endpoint.lines) < 50_000
    again = send("-f", str(path), "-u", endpoint.url, "--resume")
    assert again.code == 0
    assert len(endpoint.by_id) == 50_000


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("flags", [("--resume",), ()], ids=["resumed", "again"])
def test_killed_at_any_moment_nothing_is_missing_and_no_row_has_two_ids_s03(
    endpoint: Endpoint, tmp_path: Path, seed: int, flags: tuple[str, ...]
) -> None:
    rows = 3000
    path = many_rows(tmp_path, rows)
    chance = random.Random(seed)  # noqa: S311 - a moment, not a secret
    command = ("-f", str(path), "-u", endpoint.url, "--batch-events", "20")
    for _ in range(2):
        until = len(endpoint.seen) + chance.randrange(1, 40)
        process = start(*command, *flags)
        wait_for(lambda: len(endpoint.seen) >= until or process.poll() is not None)  # noqa: B023 - used at once
        process.kill()
        process.communicate()
    assert send(*command, *flags).code == 0
    assert len(endpoint.by_id) == rows
    assert {int(json.loads(data)["n"]) for data in endpoint.by_id.values()} == set(range(rows))
    assert [each.name for each in tmp_path.iterdir()] == ["many.csv"]


def test_a_reader_that_goes_away_is_no_traceback(endpoint: Endpoint, tmp_path: Path) -> None:
    process = start("-f", str(many_rows(tmp_path, 10)), "-u", endpoint.url, "--dry-run")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait(DEADLINE_S)
