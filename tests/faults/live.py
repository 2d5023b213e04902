"""The main property through a whole local run: real HTTP, real processes, and `kill -9` between chapters.

A chapter is `CLIENTS` schedules played at the same time under one set of faults; its number makes both. The
transform's own faults come from the seed of the run, because they live in the other process.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from headgate.local.clients import client
from tests.e2e.local_rig import REGION
from tests.faults.ledger import Sent, broken_promises
from tests.faults.stage import Stage
from tests.faults.traffic import Foreign, Pause, Post, make_acts, seeded

CLIENTS = 8
_CLIENT_S = 30.0
_PAUSE_S = 0.05  # instead of Retry-After: these clients are impatient
_KINDS = (
    *("throttle", "partial", "lost_answer", "reset", "error500", "expired", "firehose_partial"),
    *("firehose_down", "s3_down", "clock"),
)


def make_chapter_faults(chapter: int) -> str:
    """The faults of one chapter; gentler than in one process, because here waits take real time."""
    chance = seeded(f"{chapter}/chapter")
    parts = [f"{name}={chance.choice((0.02, 0.1, 0.3))}" for name in _KINDS if chance.random() < 0.4]
    parts += ["reshard=1"] if chance.random() < 0.3 else []
    slow = ["slow=0.05:4.5"] if chance.random() < 0.05 else []
    return ",".join([*parts, *slow, f"seed={chapter}"])


@dataclass
class Story:
    """Everything that was sent in a run, and what was seen of the faults."""

    sent: list[Sent] = field(default_factory=list)
    foreign: list[Foreign] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)
    kills: int = 0


def play_chapter(stage: Stage, chapter: int, story: Story, *, kill: bool = False) -> None:
    """Play the schedules of one chapter at the same time; `kill` ends the run in the middle of them."""
    stage.control("Change", Faults=make_chapter_faults(chapter))
    seeds = range(chapter * CLIENTS, (chapter + 1) * CLIENTS)
    with ThreadPoolExecutor(CLIENTS) as pool:
        players = [pool.submit(play_seed, stage, seed) for seed in seeds]
        if kill:
            time.sleep(0.3 * seeded(f"{chapter}/kill").random())
            story.struck += Counter(stage.control("Count")["Counts"])
            story.kills += 1
            stage.kill()
        for player in players:
            sent, foreign = player.result()
            story.sent += sent
            story.foreign += foreign
    if kill:
        stage.start()


def finish(stage: Stage, story: Story) -> list[str]:
    """Drain with the last faults still on, once more without them if need be, and hold the promises to it."""
    story.struck += Counter(stage.control("Count")["Counts"])
    left = stage.stop_at_last()
    broken = [left] if left else []
    return broken + broken_promises(story.sent, story.foreign, stage.stores(), ordered=True)


def play_seed(stage: Stage, seed: int) -> tuple[list[Sent], list[Foreign]]:
    """Play one schedule's traffic as one client."""
    sent: list[Sent] = []
    foreign: list[Foreign] = []
    kinesis = client("kinesis", stage.aws_url, REGION)
    try:
        with _connected(stage.port) as connection:
            for act in make_acts(seed, hooked=False):
                if isinstance(act, Post):
                    sent.append(_send(connection, act, seed))
                elif isinstance(act, Foreign) and _put(kinesis, act):
                    foreign.append(act)
                elif isinstance(act, Pause):
                    time.sleep(min(act.seconds, _PAUSE_S))
    finally:
        kinesis.close()
    return sent, foreign


def _put(kinesis: Any, act: Foreign) -> bool:
    """Whether a foreign producer was told that its record is on the stream."""
    try:
        kinesis.put_record(StreamName="headgate-dev", Data=act.data, PartitionKey=act.partition_key or "none")
    except (BotoCoreError, ClientError):
        return False
    return True


@contextmanager
def _connected(port: int) -> Iterator[HTTPConnection]:
    connection = HTTPConnection("127.0.0.1", port, timeout=_CLIENT_S)
    try:
        yield connection
    finally:
        connection.close()


def _send(connection: HTTPConnection, post: Post, seed: int) -> Sent:
    """Send until the outcome is known or the client has had enough; 0 where no answer came."""
    sent = Sent(post, [], seed)
    for _ in range(post.sends):
        status, body = _ask(connection, post)
        sent.answers.append(status)
        if status == 200:
            answer = json.loads(body)
            records = answer.get("Records", [answer]) if not post.query else []
            sent.receipts = [(record["ShardId"], record["SequenceNumber"]) for record in records]
        if status not in (0, 429, 503):
            break
        time.sleep(_PAUSE_S)
    return sent


def _ask(connection: HTTPConnection, post: Post) -> tuple[int, bytes]:
    try:
        connection.request("POST", f"/v1{post.query}", post.body, post.headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (HTTPException, OSError):
        connection.close()
        return 0, b""


Say = Callable[[str], object]


def play_live(
    data: Path, seed: int, chapters: Sequence[int], say: Say, kill_every: int = 25
) -> tuple[Story, list[str]]:
    """Play chapters on one run; every `kill_every`th is killed in its middle."""
    story = Story()
    start_s = time.monotonic()
    with Stage(data, seed) as stage:
        for count, chapter in enumerate(chapters, 1):
            play_chapter(stage, chapter, story, kill=count % kill_every == 0)
            if count % kill_every == 0:
                took_s = time.monotonic() - start_s
                say(f"{count} of {len(chapters)} chapters, {len(story.sent)} requests, {took_s:.0f} s")
        broken = finish(stage, story)
    return story, broken
