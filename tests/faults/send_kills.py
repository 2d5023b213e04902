"""`python -m tests.faults.send_kills`: kill `headgate send` and resume it until a file is through (K05, S04).

Each round kills with SIGKILL at a random moment and goes on with `--resume`, against an endpoint that loses
answers, cuts them, miscounts them, refuses and resets. Counted by the ids of what is stored and by the
rejects file: every good row is stored, under one id with one text, and every bad row is kept with its reason.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.contract_cases import RECEIPT, records
from tests.send_endpoint import LOST, RESET, Endpoint, Fault, Seen, refuse

ROWS = 4_000
_SCHEMA = json.dumps({"type": "object", "properties": {"n": {"pattern": "^[0-9]+$"}}})
_LATEST_KILL_S = 1.2
_RUN_S = 60.0


@dataclass
class Outcome:
    """What all rounds together have left."""

    kills: int
    runs: int
    requests: int
    copies: int  # of stored events beyond the first
    faults: int


def fault_for(chance: random.Random, seen: Seen) -> Fault | None:
    """Return what goes wrong with a request; three of four are answered as they should be."""
    count = len(seen.body.split(b"\n"))
    whole = records(*[RECEIPT] * count)
    kinds = [
        LOST,
        RESET,
        refuse(503, "Unavailable"),
        refuse(429, "Throttled"),
        Fault(200, whole[: len(whole) // 2], stored=True),  # cut within its length
        Fault(200, whole, {"Content-Length": str(len(whole) + 9)}, stored=True),  # cut by the connection
        Fault(200, records(*[RECEIPT] * (count - 1)), stored=True),
        Fault(200, records(*[RECEIPT] * (count + 1))),
        Fault(200, records(*[RECEIPT] * count, failed=1)),
        Fault(200, records(*[{"ErrorCode": "InternalFailure"}] * count)),
        Fault(200, records(*[None] * count)),
    ]
    return chance.choice(kinds) if chance.random() < 0.25 else None


def play(kills: int, seed: str, folder: Path) -> Outcome:
    """Kill so many runs of one file, finish it, and check what is stored. Raises AssertionError."""
    chance = random.Random(seed)  # noqa: S311 - faults of a test, not secrets
    path = folder / "rows.csv"
    path.write_text("n\n" + "".join(f"{n if n % 97 else f'bad-{n}'}\n" for n in range(ROWS)))
    good = {str(n) for n in range(ROWS) if n % 97}
    killed = runs = faults = 0
    with Endpoint(schemas={"t": _SCHEMA}) as endpoint:

        def disturb(seen: Seen) -> None:
            nonlocal faults
            fault = fault_for(chance, seen)
            if fault is not None:
                faults += 1
                endpoint.faults.append(fault)

        endpoint.before_request = disturb
        code = -1
        while code not in {0, 3}:
            runs += 1
            assert runs < 20 * kills + 40, f"{runs} runs, the last ended with {code}"
            limit_s = chance.uniform(0.2, _LATEST_KILL_S) if killed < kills else _RUN_S
            code, was_killed = _run(path, endpoint.url, limit_s)
            killed += was_killed
            if killed < kills and code in {0, 3}:
                code = -1  # through too early: the whole file once more, under the same ids
        stored = endpoint.by_id  # asserts that one id has one text
    numbers = [str(json.loads(text)["n"]) for text in stored.values()]
    assert len(numbers) == len(set(numbers)), "a row is stored under two ids"
    assert set(numbers) == good, f"lost {sorted(good - set(numbers))[:5]}, invented {set(numbers) - good}"
    lines = Path(f"{path}.rejected.ndjson").read_text().splitlines()
    kept = [json.loads(line) for line in lines]
    assert sorted({line["row"] for line in kept}) == [n + 1 for n in range(ROWS) if not n % 97]
    assert all(line["code"] for line in kept)
    assert killed == kills
    copies = sum(endpoint.copies.values()) - len(stored)
    return Outcome(killed, runs, len(endpoint.seen), copies, faults)


def _run(path: Path, url: str, limit_s: float) -> tuple[int, bool]:
    command = [sys.executable, "-m", "headgate", "send", "-f", str(path), "-u", url, "--resume"]
    command += ["--batch-events", "50", "--retry-for", "20", "--type", "t"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            return process.wait(limit_s), False
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return process.wait(), True


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Kill and resume headgate send.")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", default="1")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = play(args.rounds, args.seed, Path(folder))
    sys.stdout.write(f"seed {args.seed}: {outcome}; nothing lost, nothing invented\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
