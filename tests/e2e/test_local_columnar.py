"""A stage whose curated objects are Parquet: the whole run, what lies in S3, and the way back to ndjson."""

import base64
import gzip
import importlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from chalicelib.envelope import COLUMNS
from tests.e2e.local_project import make_project, running_project
from tests.e2e.local_rig import files_in, lines_in

parquet: Any = importlib.import_module("pyarrow.parquet")  # ships no types
duckdb: Any = importlib.import_module("duckdb")

EVENTS = [
    b'{"n":1.10,"big":12345678901234567890,"type":"Tip 3","id":%d}',
    b'{ "Deep" : [ {"a" : 1e400} ], "text":"\xec\x95\x88 \\u00e9 \\"}{", "id":%d}',
    b'{"a":1,"a":2,"-0":-0.0,"id":%d}',
]
BATCHES, BATCH = 10, 90
BAD = b'{"event_id":"by hand"}{"event_id":\n'


def stored(data: Path) -> list[dict[str, Any]]:
    """Every row under curated/, by pyarrow alone."""
    paths = files_in(data, "curated")
    assert all(path.suffix == ".parquet" for path in paths)
    return [row for path in paths for row in parquet.ParquetFile(path).read().to_pylist()]


def test_a_parquet_stage_keeps_every_event_and_can_go_back_to_ndjson(tmp_path: Path) -> None:
    """I1, D03, F09"""
    data, curated = tmp_path / "data", {"format": "parquet", "compression": "gzip"}
    project = make_project(tmp_path / "project", {"curated": curated})
    sent = [EVENTS[n % len(EVENTS)] % n for n in range(BATCHES * BATCH)]
    with running_project(project, data) as (run, local), local.http() as http:
        for start in range(0, len(sent), BATCH):
            answer = http.post(b"[" + b",".join(sent[start : start + BATCH]) + b"]")
            assert answer.status == 200, answer
        firehose = local.client("firehose")
        firehose.put_record(DeliveryStreamName="headgate-dev-curated", Record={"Data": BAD})
        firehose.close()
        assert run.stop().nothing

    raw = Counter(line.removesuffix(b"\n") for line in lines_in(data, "raw-data"))
    assert raw == Counter(sent)
    rows = stored(data)
    assert tuple(rows[0]) == COLUMNS
    assert Counter(row["event"].encode() for row in rows) == raw
    assert len({row["event_id"] for row in rows}) == len(rows)
    assert {row["type"] for row in rows} == {"Tip 3", None}
    (line,) = lines_in(data, "delivery-errors/curated/format-conversion-failed")
    assert base64.b64decode(json.loads(line)["rawData"]) == BAD

    query = (
        "SELECT count(*), count(DISTINCT event_id), sum(CAST(event->>'$.id' AS INTEGER)), min(dt) <= max(dt)"
        " FROM read_parquet($1, hive_partitioning = true)"
    )
    with duckdb.connect() as connection:
        found = connection.execute(query, [f"{data}/s3/*/curated/*/*/*.parquet"]).fetchall()
    assert found == [(len(sent), len(sent), sum(range(len(sent))), True)]

    make_project(project, {"curated": {"format": "ndjson"}})
    with running_project(project, data) as (run, local), local.http() as http:
        assert http.post(b'{"back":1.10}').status == 200
        assert run.stop().nothing
    (path,) = (path for path in files_in(data, "curated") if path.suffix == ".gz")
    assert gzip.decompress(path.read_bytes()).endswith(b'"event":{"back":1.10}}\n')
