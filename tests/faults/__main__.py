"""`make faults`: thousands of schedules of traffic and faults, each repeatable by its seed.

    python -m tests.faults --schedules 2000 --live 1000 --seed 1
    python -m tests.faults --only 1234                   one schedule in one process
    python -m tests.faults --only-live 56                one chapter through the real processes

Exit code 1 when a promise was broken.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults.live import CLIENTS, make_chapter_faults, play_live
from tests.faults.play import play

_SHOWN = 5


def main(arguments: argparse.Namespace) -> int:
    """Play everything that was asked for."""
    if arguments.only is not None:
        return _in_process(range(arguments.only, arguments.only + 1))
    if arguments.only_live is not None:
        return _live(arguments.only_live, 1)
    failed = _in_process(range(arguments.seed, arguments.seed + arguments.schedules))
    chapters = -(-arguments.live // CLIENTS)
    return max(failed, _live(arguments.seed, chapters) if chapters else 0)


def _in_process(seeds: range) -> int:
    _say(f"{len(seeds)} schedules in one process, seeds {seeds.start} to {seeds.stop - 1}")
    start_s = time.monotonic()
    struck, ends, events, failed = Counter[str](), Counter[str](), 0, 0
    for seed in seeds:
        played = play(seed)
        struck += played.struck
        ends += played.ends
        events += played.events
        if played.broken:
            failed += 1
            _complain(f"--only {seed} ({played.faults})", played.broken)
        if seed % 500 == 499:
            _say(f"  up to {seed}: {events} events, {failed} failed, {time.monotonic() - start_s:.0f} s")
    _sum_up(struck, ends, events)
    _say(f"  {failed} of {len(seeds)} schedules broke a promise; {time.monotonic() - start_s:.0f} s")
    return int(failed > 0)


def _live(first: int, chapters: int) -> int:
    _say(f"{chapters * CLIENTS} schedules through a local run, chapters {first} to {first + chapters - 1}")
    start_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="headgate-live-") as folder:
        story, broken = play_live(Path(folder), first, range(first, first + chapters), _say)
    _sum_up(story.struck, Counter(one.end for one in story.sent), sum(len(s.post.events) for s in story.sent))
    _complain(f"--only-live of the chapter: an event's s<number> divided by {CLIENTS}", broken)
    if broken and chapters == 1:
        _say(f"  faults: {make_chapter_faults(first)}")
    took_s = time.monotonic() - start_s
    _say(f"  {len(broken)} promises broken; {len(story.sent)} requests, {story.kills} kills, {took_s:.0f} s")
    return int(bool(broken))


def _sum_up(struck: Counter[str], ends: Counter[str], events: int) -> None:
    _say(f"  {events} events in requests that were {_listed(ends)}")
    _say(f"  faults that struck: {_listed(struck)}")


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def _complain(repeat: str, broken: list[str]) -> None:
    for sentence in broken[:_SHOWN]:
        _say(f"  BROKEN: {sentence}")
    if broken:
        _say(f"  {len(broken)} in all; repeat with python -m tests.faults {repeat}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Many schedules of faults.")
    parser.add_argument("--schedules", type=int, default=2000, help="in one process (default: 2000)")
    parser.add_argument("--live", type=int, default=1000, help="through a local run (default: 1000)")
    parser.add_argument("--seed", type=int, default=1, help="of the first schedule and chapter (default: 1)")
    parser.add_argument("--only", type=int, help="one schedule in one process")
    parser.add_argument("--only-live", type=int, help="one chapter through a local run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(_arguments()))
