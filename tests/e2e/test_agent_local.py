"""The access log through `headgate agent` and the whole local path: counts and contents reconcile."""

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from tests.agent_endpoint import aws_settings
from tests.e2e.local_rig import STREAM, Local, eventually
from tests.e2e.test_agent_process import SAMPLE, command, configure

LOGTOJSON = {"optionName": "LOGTOJSON", "logFormat": "COMBINEDAPACHELOG"}


def once(tmp_path: Path, flow: dict[str, Any], **settings: Any) -> None:
    path = configure(tmp_path, {"filePattern": str(SAMPLE), **flow}, **settings)
    done = subprocess.run(command(path, "--once"), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def arrived(local: Local, prefix: str, mark: bytes) -> list[bytes]:
    return [line for line in local.lines(prefix) if mark in line]


def test_the_access_log_goes_by_an_unchanged_agent_json_to_raw_data_and_curated(
    local: Local, tmp_path: Path
) -> None:
    flow = {"kinesisStream": STREAM, "dataProcessingOptions": [LOGTOJSON]}
    once(tmp_path, flow, **aws_settings(local.endpoint_url))
    hosts = Counter(line.split()[0].decode() for line in SAMPLE.read_bytes().splitlines())
    total = sum(hosts.values())
    mark = b'"authuser":'
    eventually(lambda: len(arrived(local, "curated", mark)) >= total)
    eventually(lambda: len(arrived(local, "raw-data", mark)) >= total)
    assert Counter(json.loads(line)["host"] for line in arrived(local, "raw-data", mark)) == hosts
    curated = [json.loads(line) for line in arrived(local, "curated", mark)]
    assert Counter(line["event"]["host"] for line in curated) == hosts
    assert len({line["event_id"] for line in curated}) == total


def test_raw_lines_go_by_http_and_are_messages(local: Local, tmp_path: Path) -> None:
    once(tmp_path, {"httpEndpoint": f"{local.url}/v1"})
    lines = Counter(SAMPLE.read_text("utf-8").splitlines())
    mark = b'"event":{"message":'
    eventually(lambda: len(arrived(local, "curated", mark)) >= lines.total())
    curated = [json.loads(line)["event"]["message"] for line in arrived(local, "curated", mark)]
    assert lines <= Counter(curated)
