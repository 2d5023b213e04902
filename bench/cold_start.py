"""`python -m bench.cold_start`: CPU of a new execution environment, until the end of its first request.

AWS's own runtime client (awslambdaric) runs each handler from the folder that Lambda would unzip; boto3 lies
in another one, with bytecode, as in Lambda's runtime, unless it is bundled. AWS is on loopback, no TLS.
"""

import shutil
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median

from bench import packages
from bench.canned import canned
from bench.cases import cold_handlers
from bench.environment import HOW_TO_INSTALL, PEERS_PYTHON, ROOT, peers_installed, variables
from bench.events import body, gateway_event
from bench.rounds import interleaved, ratio
from bench.runtime_api import RuntimeApi, Start
from bench.table import Goal, judge, show, times

_ROUNDS = 7
_OURS = "ours: what infra package makes"
_BUNDLED = "the same app with boto3 bundled, as chalice package makes it"
_BOTO3 = tuple(
    line
    for line in (ROOT / "bench" / "requirements.txt").read_text("utf-8").splitlines()
    if line.startswith(("boto3=", "botocore="))
)


def folders(temporary: Path) -> dict[str, tuple[Path, str]]:
    """What is compared: folder and handler by name."""
    ours = packages.package(bytecode=True)
    bundled = packages.package(_BOTO3, bytecode=False)

    def handler(name: str, source: str, *, package: Path | None = None) -> tuple[Path, str]:
        folder = temporary / name
        if package:
            shutil.copytree(package, folder)
        else:
            folder.mkdir()
        (folder / "own.py").write_text(source, "utf-8")
        return folder, "own.handler"

    chalice = temporary / "only-chalice"
    shutil.copytree(ours / "chalice", chalice / "chalice")
    return {
        "a handler that does nothing": handler("bare", cold_handlers.BARE),
        "Chalice that does nothing": handler("chalice", cold_handlers.CHALICE, package=chalice),
        _OURS: (ours, "app.app"),
        "ours without its .pyc files": (packages.package(bytecode=False), "app.app"),
        "tutorial: Chalice, boto3 of the runtime": handler(
            "tutorial", cold_handlers.TUTORIAL, package=chalice
        ),
        "powertools (with .pyc files), boto3 of the runtime": handler("powertools", cold_handlers.POWERTOOLS),
        _BUNDLED: (bundled, "app.app"),
        "ours with boto3 bundled, and .pyc files for all": (
            packages.package(_BOTO3, bytecode=True),
            "app.app",
        ),
        "tutorial with boto3 bundled": handler("tutorial-bundled", cold_handlers.TUTORIAL, package=bundled),
    }


def measure() -> Mapping[str, list[Start]]:
    """The starts of each, by name."""
    starts: dict[str, list[Start]] = {}
    event = gateway_event(body(1))
    with tempfile.TemporaryDirectory() as temporary, canned() as url, RuntimeApi() as api:

        def start(name: str, folder: Path, handler: str) -> float:
            taken = api.start(PEERS_PYTHON, folder, handler, event, variables(url))
            starts.setdefault(name, []).append(taken)
            return taken.init_s + taken.first_s

        contestants: dict[str, Callable[[], float]] = {
            name: partial(start, name, *what) for name, what in folders(Path(temporary)).items()
        }
        interleaved(contestants, _ROUNDS)
    return {name: taken[1:] for name, taken in starts.items()}  # the first round does not count


def tls_s() -> float:
    """CPU seconds to read the system's authorities, which TLS adds to init."""
    taken = []
    for _ in range(_ROUNDS):
        started_s = time.process_time()
        ssl.create_default_context()
        taken.append(time.process_time() - started_s)
    return median(taken)


def main() -> int:
    """Print the table; 0 if the goals are met."""
    if not peers_installed():
        print(f"cold start: {HOW_TO_INSTALL}")
        return 0
    starts = measure()
    total = {name: [start.init_s + start.first_s for start in taken] for name, taken in starts.items()}
    ours_s = median(total[_OURS])
    print("CPU of a cold start, init + first request (milliseconds are this machine's)")
    show(
        ("", "against ours", "init, ms", "first, ms", "second, ms"),
        [
            (
                name,
                times(ratio(total[name], total[_OURS])),
                *(f"{median(part) * 1000:.1f}" for part in zip(*taken, strict=True)),
            )
            for name, taken in starts.items()
        ],
    )
    print(f"not in the table: over TLS the authorities are read once, {tls_s() / ours_s:.2f}x of ours more")
    return judge(
        [Goal("cold start / the same with boto3 bundled", ratio(total[_OURS], total[_BUNDLED]), 0.28)]
    )


if __name__ == "__main__":
    sys.exit(main())
