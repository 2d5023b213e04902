"""Damaged files and a hook that exits: the run says what to do, and goes on with everything else."""

import re
import shutil
from functools import partial
from pathlib import Path

import pytest

from headgate.local.errors import LocalError
from tests.e2e.local_project import make_project, running_project
from tests.e2e.local_rig import ROOT, STREAM, Local, eventually, running

FILES: dict[str, list[str]] = {"kinesis": [], "firehose": ["poller"], "poller": [], "s3": []}
PREFIXES = ("raw-data/", "curated/")


def posted(local: Local, name: str) -> None:
    with local.http() as http:
        assert http.post(b'{"n":"%s"}' % name.encode()).status == 200


def has(local: Local, prefix: str, names: set[str]) -> bool:
    return names <= {
        name.decode() for line in local.lines(prefix) for name in re.findall(rb'"n":"(\w+)"', line)
    }


@pytest.mark.parametrize("name", ["kinesis", "firehose"])  # the other two files hold less of the same
def test_who_moves_a_damaged_file_away_as_the_message_says_gets_all_later_events(
    tmp_path: Path, name: str
) -> None:
    """The log of a run that was killed lies beside the file, and must not become a part of the new one."""
    with running(tmp_path) as (_, local):
        posted(local, "before")
        for prefix in PREFIXES:
            eventually(partial(has, local, prefix, {"before"}))
    log = tmp_path / f"{name}.sqlite-wal"
    left = log.rename(tmp_path / "log").read_bytes()  # with it SQLite would mend the first pages
    (tmp_path / f"{name}.sqlite").write_bytes(b"damaged " * 4096)
    with pytest.raises(LocalError, match=rf"{name}\.sqlite is damaged") as refused, running(tmp_path):
        pass
    also = [other for other in FILES if other != name and f"{other}.sqlite" in str(refused.value)]
    assert also == FILES[name]
    for other in [name, *also]:
        (tmp_path / f"{other}.sqlite").rename(tmp_path / f"{other}.away")
    log.write_bytes(left)
    with running(tmp_path) as (_, local):
        posted(local, "after")
        for prefix in PREFIXES:
            eventually(partial(has, local, prefix, {"before", "after"}))


def test_a_changed_number_of_shards_and_retention_reach_the_stream_of_an_earlier_run(tmp_path: Path) -> None:
    """What a person changes by the API stays until the settings change."""
    shown: list[tuple[int, int]] = []
    for shards, hours in ((1, 24), (3, 48), (3, 48), (2, 24)):
        project = make_project(tmp_path / "project", {"shards": shards, "retention_hours": hours})
        with running_project(project, tmp_path / "data") as (_, local):
            kinesis = local.client("kinesis")
            summary = kinesis.describe_stream_summary(StreamName=STREAM)["StreamDescriptionSummary"]
            shown.append((summary["OpenShardCount"], summary["RetentionPeriodHours"]))
            if len(shown) == 2:
                kinesis.update_shard_count(
                    StreamName=STREAM, TargetShardCount=4, ScalingType="UNIFORM_SCALING"
                )
    assert shown == [(1, 24), (3, 48), (4, 48), (2, 24)]


def test_a_hook_that_exits_costs_its_own_event_alone_and_a_stop_comes_in_time(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On AWS the function's process would end, and the record's retries would run out."""
    project = make_project(tmp_path / "project", {"mapping": {"retries": 1}, "time_zone": "UTC"})
    (project / "chalicelib").unlink()
    shutil.copytree(ROOT / "chalicelib", project / "chalicelib")
    hook = project / "chalicelib" / "hook.py"
    hook.write_text(HOOK)
    monkeypatch.chdir(project)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with running_project(project, tmp_path / "data") as (run, local):
        for name in ("first", "exit", "last"):
            posted(local, name)
        eventually(partial(has, local, "curated/", {"first", "last"}))
        eventually(lambda: list((tmp_path / "data" / "s3").rglob("aws/lambda/**/*")))
        assert run.stop().nothing
    said = capfd.readouterr().err
    assert said.count(f"by SystemExit, in {hook}, line ") == 1


HOOK = """
import sys

def hook(event):
    if event["n"] == "exit":
        sys.exit()
    return event
"""
