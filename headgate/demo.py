"""`headgate demo`: real log lines through a fresh local run, then a count of every line at every place.

Posts tests/data/apache_access_1500.log in batches and the course's own example, stops the run, and reads
the files in S3. Exit code 0 only when posted = raw-data = curated + quarantine.
"""

import argparse
import gzip
import json
import sys
import tempfile
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from headgate.local.errors import LocalError
from headgate.local.options import Options
from headgate.local.supervisor import LocalRun
from headgate.settings import project_root
from headgate.terminal import counted

LOG = Path("tests/data/apache_access_1500.log")
EXAMPLE = b'{"value":"30","type":"Tip 3"}'
_BATCH = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument(
        "--file", type=Path, default=project_root() / LOG, help=f"lines to post (default: {LOG})"
    )
    parser.add_argument("--data", type=Path, help="a new folder to keep (default: a temporary one)")


def run(args: argparse.Namespace) -> int:
    """Run the demonstration; 0 when every line is accounted for."""
    try:
        lines = args.file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        print(f"headgate demo: {args.file} cannot be read: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="headgate-demo-") as temporary:
        folder = args.data or Path(temporary)
        try:
            is_fresh = not folder.exists() or not any(folder.iterdir())
        except OSError as error:
            print(f"headgate demo: {folder} cannot be the data's folder: {error.strerror}", file=sys.stderr)
            return 2
        if not is_fresh:
            print(f"headgate demo: {folder} is not empty; the count needs a fresh one.", file=sys.stderr)
            return 2
        try:
            posted = _through_local_run(folder.resolve(), lines)
        except LocalError as error:
            print(f"headgate demo: {error}", file=sys.stderr)
            return 2
        return _reconcile(folder / "s3", posted)


def _through_local_run(folder: Path, lines: list[str]) -> int:
    """Post everything and stop the run; the number of events that got 200. Raises LocalError."""
    options = Options("dev", str(project_root()), str(folder), 0, 0, 5, None, "us-east-1")
    with LocalRun(options) as local:
        addresses = local.start()
        print(f"Local run at {addresses.url}; posting {len(lines)} log lines and the example ...", flush=True)
        connection = HTTPConnection(addresses.url.removeprefix("http://"))
        posted = 0
        for start in range(0, len(lines), _BATCH):
            batch = [{"type": "access_log", "message": line} for line in lines[start : start + _BATCH]]
            posted += len(_post(connection, json.dumps(batch).encode())["Records"])
        receipt = _post(connection, EXAMPLE)
        print(f"The example's receipt: {json.dumps(receipt)}", flush=True)
        connection.close()
        left = local.stop()
        if not left.nothing:
            raise LocalError(f"Not everything was delivered: {left}")
    return posted + 1


def _post(connection: HTTPConnection, body: bytes) -> Any:
    connection.request("POST", "/v1", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status != 200:  # noqa: PLR2004 - the only success of the contract
        raise LocalError(f"POST /v1 answered {answer.status}: {text}")
    return json.loads(text)


def _reconcile(s3: Path, posted: int) -> int:
    counts = {}
    for name in ("raw-data", "curated", "quarantine"):
        files = sorted(s3.glob(f"*/{name}/**/*"))
        files = [file for file in files if file.is_file()]
        lines = list(_lines(files))
        counts[name] = len(lines)
        print(f"\n{name}: {counted(len(lines), 'line')} in {counted(len(files), 'object')}")
        for file in files[:2]:
            print(f"  s3://{file.relative_to(s3)}")
        for line in lines[-1:] + lines[:1]:
            print(f"  {line.decode()[:200]}")
    print(
        f"\nposted {posted} = raw-data {counts['raw-data']} "
        f"= curated {counts['curated']} + quarantine {counts['quarantine']}",
        end="",
    )
    whole = posted == counts["raw-data"] == counts["curated"] + counts["quarantine"]
    print(": nothing lost." if whole else ": THE COUNTS DIFFER.")
    return 0 if whole else 1


def _lines(files: list[Path]) -> Iterator[bytes]:
    for file in files:
        data = file.read_bytes()
        yield from (gzip.decompress(data) if file.suffix == ".gz" else data).splitlines()
