"""Minutes of mixed load with faults on a local run: `python -m tests.faults.soak --minutes 10`.

Prints a row every half minute with the memory of the two processes (proportional set size, MiB), and at the
end what is left and which promises were broken. Exit code 1 for a residual, a broken promise or memory that
grew. Not part of the tests; docs/soak.md keeps a run.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean

from tests.e2e.local_rig import memory_bytes
from tests.faults.live import Story, finish, make_chapter_faults, play_seed
from tests.faults.stage import Stage

_MIB = 1024 * 1024
_ROW_S = 30.0
_CHAPTER_S = 10.0
_GROWTH_MOST = 1.15  # of the last third's mean memory over the middle third's; the first warms up
_SEEDS_PER_CLIENT = 1_000_000


def main(minutes: float, clients: int, seed: int) -> int:
    """Soak, and judge."""
    story = Story()
    with tempfile.TemporaryDirectory(prefix="headgate-soak-") as folder, Stage(Path(folder), seed) as stage:
        stopping = threading.Event()
        _say(f"{minutes:g} minutes, {clients} clients, seed {seed}")
        _say(f"{'s':>5} {'requests':>9} {'events':>9} {'AWS MiB':>8} {'functions MiB':>14} {'struck':>8}")
        with ThreadPoolExecutor(clients) as pool:
            players = [pool.submit(_play, stage, seed, number, stopping, story) for number in range(clients)]
            rows = _watch(stage, story, minutes * 60.0, seed)
            stopping.set()
            for player in players:
                player.result()
        broken = finish(stage, story)
    _sum_up(story)
    grown = {name: _growth([row[name] for row in rows]) for name in rows[0]}
    _say(f"memory, last third over middle third: {', '.join(f'{n} {g:.2f}' for n, g in grown.items())}")
    for sentence in broken[:5]:
        _say(f"BROKEN: {sentence}")
    _say(f"{len(broken)} promises broken, residual {'none' if not broken else 'see above'}")
    return int(bool(broken) or max(grown.values()) > _GROWTH_MOST)


def _play(stage: Stage, seed: int, number: int, stopping: threading.Event, story: Story) -> None:
    """One client after the other, without a pause, until it is time to stop."""
    current = (seed * 100 + number) * _SEEDS_PER_CLIENT
    while not stopping.is_set():
        sent, foreign = play_seed(stage, current)
        story.sent += sent
        story.foreign += foreign
        current += 1


def _watch(stage: Stage, story: Story, duration_s: float, seed: int) -> list[dict[str, float]]:
    """Change the faults and note the memory until the time is up; a row for each note."""
    start_s = time.monotonic()
    rows: list[dict[str, float]] = []
    chapter = seed
    while (now_s := time.monotonic() - start_s) < duration_s:
        # A closed shard stays listed for a day: one each second would be the growth that is looked for.
        stage.control("Change", Faults=make_chapter_faults(chapter).replace("reshard=1", "reshard=0.05"))
        chapter += 1
        if now_s >= len(rows) * _ROW_S:
            rows.append({name: memory_bytes(pid, "Pss") / _MIB for name, pid in stage.pids.items()})
            struck = sum(stage.control("Count")["Counts"].values())
            events = sum(len(one.post.events) for one in list(story.sent))
            memory = f"{rows[-1]['AWS']:>8.1f} {rows[-1]['functions']:>14.1f}"
            _say(f"{now_s:>5.0f} {len(story.sent):>9} {events:>9} {memory} {struck:>8}")
        threading.Event().wait(min(_CHAPTER_S, max(0.0, duration_s - now_s)))
    return rows


def _growth(values: list[float]) -> float:
    third = len(values) // 3
    return mean(values[2 * third :]) / mean(values[third : 2 * third]) if third else 1.0


def _sum_up(story: Story) -> None:
    ends = Counter(one.end for one in story.sent)
    events: Counter[str] = Counter()
    for one in story.sent:
        events[one.end] += len(one.post.events)
    _say(f"requests: {', '.join(f'{end} {count}' for end, count in ends.most_common())}")
    _say(f"events: {', '.join(f'{end} {count}' for end, count in events.most_common())}")
    _say(f"faults that struck: {', '.join(f'{name} {count}' for name, count in story.struck.most_common())}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults.soak", description="Mixed load with faults."
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (default: 10)")
    parser.add_argument("--clients", type=int, default=4, help="at the same time (default: 4)")
    parser.add_argument("--seed", type=int, default=1, help="of traffic and faults (default: 1)")
    wanted = parser.parse_args()
    sys.exit(main(wanted.minutes, wanted.clients, wanted.seed))
