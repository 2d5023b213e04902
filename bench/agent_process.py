"""A whole agent process, measured from outside: CPU while nothing happens, memory while much waits."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.canned import canned
from bench.clock import cpu_s

_START_S = 12.0  # the first lines are sent and everything is loaded
_DEADLINE_S = 600.0
_WRITE_BYTES = 16 * 1024 * 1024


@contextmanager
def agent(
    folder: Path, flow: dict[str, object], url: str, *options: str
) -> Iterator[subprocess.Popen[bytes]]:
    """An agent with one flow to a stream at `url`."""
    configuration = {
        "kinesis.endpoint": url,
        "kinesis.region": "us-east-1",
        "awsAccessKeyId": "bench",
        "awsSecretAccessKey": "bench",
        "cloudwatch.endpoint": url,
        "stateDirectory": str(folder / "state"),
        "flows": [{"kinesisStream": "s", "initialPosition": "START_OF_FILE", **flow}],
    }
    path = folder / "agent.json"
    path.write_text(json.dumps(configuration))
    command = [sys.executable, "-m", "headgate.agent", "-c", str(path), "-L", "ERROR", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def idle_share(*, files: int, seconds: float) -> float:
    """The share of a core that an agent with so many quiet files takes."""
    with tempfile.TemporaryDirectory() as name, canned() as url:
        folder = Path(name)
        for number in range(files):
            (folder / f"{number}.log").write_text("a line\n")
        with agent(folder, {"filePattern": f"{folder}/*.log", "maxBufferAgeMillis": 1000}, url) as process:
            time.sleep(_START_S)
            before = cpu_s(process.pid)
            time.sleep(seconds)
            return (cpu_s(process.pid) - before) / seconds


def peak_memory_mb(sample: bytes, backlog_mb: int) -> float:
    """The largest resident memory of an agent that works off a backlog."""
    with tempfile.TemporaryDirectory() as name, canned() as url:
        folder = Path(name)
        block = sample * (_WRITE_BYTES // len(sample))
        with (folder / "access.log").open("wb") as file:
            while file.tell() < backlog_mb * 1_000_000:
                file.write(block)
        flow = {
            "filePattern": f"{folder}/access.log",
            "packBytes": 25_600,
            "dataProcessingOptions": [{"optionName": "LOGTOJSON", "logFormat": "COMBINEDAPACHELOG"}],
        }
        peak_kb = 0
        with agent(folder, flow, url, "--once") as process:
            deadline_s = time.monotonic() + _DEADLINE_S
            while process.poll() is None and time.monotonic() < deadline_s:
                peak_kb = max(peak_kb, _resident_kb(process.pid))
                time.sleep(0.05)
        return peak_kb / 1024


def _resident_kb(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(found[0].split()[1]) if found else 0
