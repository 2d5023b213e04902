"""Every reading command on one local run with bad lines in it: what they print, mend and exit with.

The commands run in this process where only their output counts, and as processes where signals and pipes do.
"""

import json
import os
import random
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from headgate.__main__ import main
from headgate.local.supervisor import LocalRun
from tests.e2e.local_rig import ROOT, STREAM, Local, eventually, running

SEED = 20261001
TOO_LONG = b'{"type":"%s","n":%%d}' % (b"t" * 300)
Run = Callable[..., tuple[int, list[Any]]]
pytestmark = pytest.mark.xdist_group("readers")  # one run for all of them


class Stand(NamedTuple):
    """A run with traffic: `accepted` sequence numbers, one for each line."""

    run: LocalRun
    local: Local
    accepted: list[str]
    until: str


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """Posts, puts past the API and bad lines on two shards, all of it delivered."""
    with running(tmp_path_factory.mktemp("readers"), buffer_s=1, shards=2) as (run, local):
        accepted = _traffic(local)
        yield Stand(run, local, accepted, _delivered(local, len(accepted)))


@pytest.fixture
def run(stand: Stand, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command against the stand: its exit code and the JSON lines that it printed."""
    monkeypatch.chdir(ROOT)

    def command(*words: str) -> tuple[int, list[Any]]:
        at = 2 if words[0] == "quarantine" else 1
        argv = [*words[:at], "--endpoint", stand.local.endpoint_url, *words[at:]]
        code = main(argv)
        out = capfdbinary.readouterr().out
        return code, [json.loads(line) for line in out.splitlines() if line.startswith(b"{")]

    return command


def test_the_ledger_balances_to_zero_and_knows_every_line(stand: Stand, run: Run) -> None:
    code, [ledger] = run("status", "--since", "1h", "--until", stand.until)
    assert (code, ledger["balance"], ledger["accepted"]) == (0, 0, len(stand.accepted))
    assert ledger["archived"] == ledger["accepted"] == sum(ledger["arrivals"])
    ends = ledger["curated"] + sum(ledger["quarantined"].values()) + sum(ledger["dropped"].values())
    assert ends == ledger["accepted"]
    assert set(ledger["quarantined"]) == {"TypeTooLong", "InvalidUtf8"}


def test_trace_finds_every_accepted_record_at_every_place(stand: Stand, run: Run) -> None:
    for number in sorted(set(stand.accepted), key=int)[::6]:
        code, hops = run("trace", number, "--since", "1h")
        assert code == 0
        assert all(hop["time"] is not None for hop in hops), hops
        places = {hop["hop"] for hop in hops}
        assert {"stream", "raw"} < places <= {"stream", "raw", "curated", "quarantine"}


def test_trace_says_when_an_event_is_nowhere(run: Run) -> None:
    assert run("trace", "no-such-event", "--since", "1h") == (1, [])


@pytest.mark.parametrize("source", ["stream", "raw"])
def test_the_stream_and_the_archive_hold_the_same_lines(stand: Stand, run: Run, source: str) -> None:
    code, rows = run("read", source, "--until", stand.until)
    assert code == 0
    assert len(rows) == len(stand.accepted)


def test_lines_of_two_shards_come_by_arrival(stand: Stand, run: Run) -> None:
    _, rows = run("read", "stream", "--until", stand.until)
    times = [row["received_at"] for row in rows]
    assert times == sorted(times)
    assert len({row["shard_id"] for row in rows}) == 2


def test_conditions_limits_and_shards_choose_lines(run: Run) -> None:
    assert {row["event"]["type"] for row in run("read", "stream", "--where", "type=good")[1]} == {"good"}
    assert len(run("read", "curated", "--limit", "3")[1]) == 3
    assert {row["shard_id"] for row in run("read", "stream", "--shard", "1")[1]} == {"shardId-000000000001"}
    assert run("read", "stream", "--where", "type=none") == (1, [])


def test_a_followed_stream_shows_a_new_line_within_a_second_or_so(stand: Stand) -> None:
    with _process(stand, "read", "stream", "--follow", "--where", "type=followed") as process:
        assert process.stdout
        with stand.local.http() as http:
            # Until the reader has begun, a line is before its beginning; so there is one more each time.
            def seen() -> bool:
                http.post(b'{"type":"followed"}')
                return _readable(process, 0.3)

            eventually(seen)
        assert json.loads(process.stdout.readline())["event"] == {"type": "followed"}
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def test_a_reader_of_the_pipe_that_leaves_ends_the_command_in_silence(stand: Stand) -> None:
    with _process(stand, "read", "stream", "--follow", "--since", "1h") as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        with stand.local.http() as http:

            def ended() -> bool:
                http.post(b'{"type":"into the closed pipe"}')
                return process.poll() is not None

            eventually(ended)
        assert (process.returncode, process.stderr.read()) == (141, b"")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["read", "stream", "--stage", "prd"], r"stage 'prd'.*prod"),
        (["read", "stream", "--stage", "prod"], "there is no such resource"),
        (["read", "curated", "--stage", "prod"], "there is no bucket"),
        (["read", "stream", "--since", "yesterday"], "is no time; a time is 10m"),
        (["read", "stream", "--since", "1h", "--until", "2h"], "ends before it begins"),
        (["read", "stream", "--shard", "7"], "no shard shardId-000000000007"),
        (["read", "raw", "--shard", "0"], "--shard goes with the stream"),
        (["query", "select nothing"], "Binder Error"),
        (["replay", "--from", "1h", "--to-stream", "none"], "there is no such resource"),
        (["quarantine", "fix"], "say how: --set"),
        (["status", "--watch", "--until", "1m"], "leave --until out"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    stand: Stand,
    words: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    try:
        code = main([*words, "--endpoint", stand.local.endpoint_url])
    except SystemExit as exit_:
        code = int(str(exit_.code))
    assert code == 2
    assert re.search(sentence, capsys.readouterr().err)


def test_an_endpoint_where_nobody_listens_is_said_at_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["read", "stream", "--endpoint", "http://127.0.0.1:1"]) == 2
    assert "http://127.0.0.1:1" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["read", "stream"], ["read", "curated"], ["status"], ["trace", "x"]])
def test_the_address_that_takes_events_is_not_the_one_of_aws(
    stand: Stand, words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main([*words, "--endpoint", stand.local.url]) == 2
    assert "what answers at the endpoint is not AWS" in capsys.readouterr().err


def test_a_time_before_all_times_is_the_beginning(stand: Stand, run: Run) -> None:
    for source in ("stream", "curated"):
        assert run("read", source, "--since", "10000000d", "--limit", "1")[0] == 0
    assert run("status", "--since", "10000000d", "--until", stand.until)[0] == 0


def test_queries_see_s3_and_the_files_alike(
    stand: Stand, run: Run, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    sql = "select type, count(*) as n from curated group by 1 order by 1"
    code, over_s3 = run("query", sql, "--cache", str(tmp_path), "--until", stand.until)
    assert code == 0
    assert {"type": "good", "n": sum(row["n"] for row in over_s3 if row["type"] == "good")} in over_s3
    assert main(["query", sql, "--files", str(stand.local.data / "s3"), "--until", stand.until, "--csv"]) == 0
    csv = capfdbinary.readouterr().out.decode().splitlines()
    assert csv == ["type,n", *(f"{row['type'] or ''},{row['n']}" for row in over_s3)]


def test_a_killed_replay_goes_on_and_leaves_the_deduplicated_view_alone(
    stand: Stand, run: Run, tmp_path: Path
) -> None:
    view = ("query", "select * from curated_dedup order by event_id", "--cache", str(tmp_path))
    before = run(*view, "--until", stand.until)
    words = ["replay", "--from", "2026-01-01", "--to", stand.until, "--state", str(tmp_path)]
    with _process(stand, *words, "--rate", "10") as process:
        eventually(lambda: any(b'"sent": 0' not in path.read_bytes() for path in tmp_path.glob("*.json")))
        process.kill()
        process.wait(10)
    assert process.returncode == -signal.SIGKILL
    assert run(*words)[0] == 0
    assert run(*words)[0] == 2  # done before
    assert run(*words, "--again")[0] == 0
    for more in (["--source", "raw"], ["--transform-only"]):
        assert run(*words, *more)[0] == 0
    copies = ("query", "select count(*) as n from curated where type = 'good'", "--cache", str(tmp_path))
    good = sum(row["type"] == "good" for row in before[1])
    eventually(lambda: run(*copies)[1][0]["n"] >= 4 * good)
    after = {row["event_id"]: row for row in run(*view)[1]}
    assert {row["event_id"]: after[row["event_id"]] for row in before[1]} == {
        row["event_id"]: row for row in before[1]
    }


def test_mended_lines_reach_curated_under_their_event_ids_once(
    stand: Stand, run: Run, tmp_path: Path
) -> None:
    mended = str(tmp_path / "mended.ndjson")
    groups = {row["code"]: row for row in run("quarantine", "ls")[1]}
    assert groups["TypeTooLong"]["back"] == 0
    until = ("--until", stand.until, "--code", "TypeTooLong")
    wanted = {row["event_id"] for row in run("quarantine", "show", *until)[1]}
    code, _ = run("quarantine", "fix", *until, "--set", "/type=mended", "--output", mended)
    assert code == 0
    assert run("quarantine", "replay", "--file", mended)[0] == 0
    assert run("quarantine", "replay", "--file", mended)[0] == 0

    def rows() -> list[Any]:
        return run("read", "curated", "--where", "type=mended")[1]

    eventually(lambda: len(rows()) >= len(wanted))
    ids = [row["event_id"] for row in rows()]
    assert sorted(ids) == sorted(wanted)
    groups = {row["code"]: row for row in run("quarantine", "ls")[1]}
    assert groups["TypeTooLong"]["back"] >= len(wanted)


def _traffic(local: Local) -> list[str]:
    """Single events, batches, and records put past the API; one sequence number for each line."""
    chance = random.Random(SEED)  # noqa: S311 - traffic, not secrets
    accepted: list[str] = []
    kinesis = local.client("kinesis")
    with local.http() as http:
        for number in range(40):
            kind = chance.randrange(4)
            if kind == 0:
                accepted.append(http.post(b'{"type":"good","n":%d}' % number).json["SequenceNumber"])
            elif kind == 1:
                batch = [{"type": "good", "n": number, "i": i} for i in range(chance.randrange(1, 9))]
                answer = http.post(json.dumps(batch).encode()).json
                accepted += [record["SequenceNumber"] for record in answer["Records"]]
            else:
                bad = [TOO_LONG % number, b"\xff %d" % number, b"plain %d" % number, b'{"type":"good"}']
                lines = chance.sample(bad, chance.randrange(1, 5))
                data = b"".join(line + b"\n" for line in lines)
                answer = kinesis.put_record(StreamName=STREAM, PartitionKey=f"key-{number}", Data=data)
                accepted += [answer["SequenceNumber"]] * len(lines)
    kinesis.close()
    return accepted


def _delivered(local: Local, lines: int) -> str:
    """Wait until every line is in its place; a moment after the last one."""

    def counts() -> bool:
        archived = local.lines("raw-data")
        ended = len(local.lines("curated")) + len(local.lines("quarantine"))
        return len(archived) == lines == ended

    eventually(counts)
    printed = subprocess.run(["date", "-u", "+%FT%T.%3NZ"], capture_output=True, text=True, check=True)
    return printed.stdout.strip()


def _process(stand: Stand, *words: str) -> subprocess.Popen[bytes]:
    """The command as a process of its own, from the project's folder."""
    argv = [sys.executable, "-m", "headgate", *words, "--endpoint", stand.local.endpoint_url]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=environment, bufsize=0
    )


def _readable(process: subprocess.Popen[bytes], within_s: float) -> bool:
    """Whether the process has printed something, waiting for it a little."""
    assert process.stdout
    return bool(select.select([process.stdout.fileno()], [], [], within_s)[0])
