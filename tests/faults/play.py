"""Plays one schedule in one process and says which promises were broken. The seed alone repeats it."""

from collections import Counter
from dataclasses import dataclass, field

import orjson

from chalicelib.gateway import Answer, Request
from tests.faults.ledger import Sent, broken_promises
from tests.faults.traffic import Foreign, Pause, Post, make_acts, make_faults
from tests.faults.world import World


@dataclass
class Played:
    """What became of a schedule."""

    seed: int
    faults: str
    broken: list[str]
    struck: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    events: int = 0


def play(seed: int, faults: str | None = None, world_of: type[World] = World) -> Played:
    """Play the schedule of a seed, with other faults than its own if they are given."""
    spec = make_faults(seed) if faults is None else f"{faults},seed={seed}"
    sent: list[Sent] = []
    foreign: list[Foreign] = []
    with world_of(seed, spec) as world:
        for act in make_acts(seed):
            if isinstance(act, Post):
                sent.append(_send(world, act))
            elif isinstance(act, Foreign):
                world.put(act.data, act.partition_key)
                foreign.append(act)
            elif isinstance(act, Pause):
                world.clock.pass_s(act.seconds)
            world.pump()
        struck = Counter(world.faults.counts)
        left = world.drain()
        broken = [left] if left else []
        stores = world.stores()
        broken += broken_promises(sent, foreign, stores, ordered=world.ordered)
        return Played(
            seed,
            spec,
            broken,
            struck + world.crashes,
            Counter(one.end for one in sent),
            sum(len(one.post.events) for one in sent),
        )


def _send(world: World, post: Post) -> Sent:
    """Send until the outcome is known or the client has had enough."""
    sent = Sent(post, [])
    headers = {name.lower(): value for name, value in post.headers.items()}
    query = dict([post.query.removeprefix("?").split("=")]) if post.query else {}
    for _ in range(post.sends):
        answer = world.post(Request("POST", headers, query, post.body, "request"))
        sent.answers.append(answer.status)
        if answer.status not in (429, 503):
            sent.receipts = receipts(answer)
            break
        world.clock.pass_s(float(answer.headers["Retry-After"]))
        world.pump()
    return sent


def receipts(answer: Answer) -> list[tuple[str, str]]:
    """The receipts in an answer, in the order of the events."""
    if answer.status != 200:
        return []
    body = orjson.loads(answer.body)
    return [
        (record["ShardId"], record["SequenceNumber"])
        for record in body.get("Records", [body])
        if "SequenceNumber" in record
    ]
