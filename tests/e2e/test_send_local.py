"""The two course files through `headgate send` and the whole local path: counts and contents reconcile."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.local_rig import PATIENCE_S, ROOT, Local, eventually

DATA = Path(__file__).parents[1] / "data"
ZIP_FIELDS = ["zip", "lat", "lon", "city", "state", "county", "kind"]


def send(local: Local, path: Path, *flags: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "headgate", "send", "-f", str(path), "-u", f"{local.url}/v1", *flags],
        cwd=ROOT,
        check=True,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
    )
    return ran.stdout


def expected(name: str, encoding: str, fields: list[str] | None, event_type: str) -> list[dict[str, str]]:
    text = io.StringIO((DATA / name).read_bytes().decode(encoding), newline="")
    return [{"type": event_type, **row} for row in csv.DictReader(text, fields)]


def in_order(events: list[Any]) -> list[str]:
    return sorted(json.dumps(event, ensure_ascii=False) for event in events)


@pytest.mark.parametrize(
    ("name", "encoding", "fields"),
    [("danji_cp949.csv", "cp949", None), ("zip_codes_2000.csv", "ascii", ZIP_FIELDS)],
)
def test_a_course_file_is_in_raw_data_and_in_curated_each_row_once(
    local: Local, tmp_path: Path, name: str, encoding: str, fields: list[str] | None
) -> None:
    event_type = f"send-{uuid4().hex}"
    rows = expected(name, encoding, fields, event_type)
    path = tmp_path / name
    path.write_bytes((DATA / name).read_bytes())
    names = ["--no-header", "--fields", ",".join(fields)] if fields else []
    assert f"{len(rows):,} accepted, 0 rejected" in send(local, path, "--type", event_type, *names)

    def lines(prefix: str) -> list[Any]:
        return [json.loads(line) for line in local.lines(prefix) if event_type.encode() in line]

    eventually(lambda: len(lines("raw-data")) >= len(rows) and len(lines("curated")) >= len(rows))
    assert in_order(lines("raw-data")) == in_order(rows)
    envelopes = lines("curated")
    assert in_order([envelope["event"] for envelope in envelopes]) == in_order(rows)
    assert len({envelope["event_id"] for envelope in envelopes}) == len(rows)
    assert {envelope["type"] for envelope in envelopes} == {event_type}
