"""`python -m bench [NAME ...]`: runs the benchmarks one after another and says which goals were missed.

Each is a process of its own, so that none warms anything for the next. The output is Markdown.
"""

import argparse
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.environment import ROOT
from bench.table import MISSED

# Module: (what it compares, its arguments for a short run).
BENCHMARKS: dict[str, tuple[str, tuple[str, ...]]] = {
    "cost": ("Price", ()),
    "ingest": ("Ingest handler, warm", ()),
    "client": ("The one call of ingest", ()),
    "transform": ("Transform, warm", ()),
    "cold_start": ("Cold start", ()),
    "agent": ("Log agent", ("--copies", "12", "--backlog-mb", "30", "--idle-s", "5")),
    "send": ("headgate send", ("--rows", "50000", "--single-rows", "1000")),
    "local_run": ("Local run", ()),
    "scaling": ("Scaling", ()),
}


def cpu_model() -> str:
    """The processor's name, as far as the system says."""
    try:
        lines = Path("/proc/cpuinfo").read_text("ascii", "replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def run(name: str) -> int:
    """One benchmark's exit code."""
    title, arguments = BENCHMARKS[name]
    print(f"\n## {title} (`python -m bench.{name}`)\n", flush=True)
    started_s = time.monotonic()
    done = subprocess.run([sys.executable, "-m", f"bench.{name}", *arguments], cwd=ROOT, check=False)
    print(f"({time.monotonic() - started_s:.0f} s)", flush=True)
    return done.returncode


def main(argv: Sequence[str] | None = None) -> int:
    """Run those that are named, or all; 1 when one of them failed, MISSED when one missed a goal."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Run the benchmarks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all without")
    parser.add_argument("--report", action="store_true", help="a goal missed is told and is no failure")
    args = parser.parse_args(argv)
    if unknown := [name for name in args.names if name not in BENCHMARKS]:
        parser.error(f"there is no benchmark {', '.join(unknown)}")
    now = datetime.now(UTC)
    print(
        f"{now:%Y-%m-%d %H:%M} UTC, {cpu_model()}, Python {platform.python_version()}, {platform.platform()}"
    )
    codes = {name: run(name) for name in args.names or BENCHMARKS}
    failed = [name for name, code in codes.items() if code not in {0, MISSED}]
    missed = [name for name, code in codes.items() if code == MISSED]
    print(f"\nmissed a goal: {', '.join(missed)}" if missed else "\nno goal missed")
    if failed:
        print(f"failed: {', '.join(failed)}")
        return 1
    return MISSED if missed and not args.report else 0


if __name__ == "__main__":
    sys.exit(main())
