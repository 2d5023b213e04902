"""What clients of one schedule send: made of a seed alone, the same at every run.

A schedule is a list of acts. An event's own text holds the schedule's name and a number, so that every copy
is found again wherever it turns up.
"""

import gzip
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from chalicelib import limits
from headgate.agent.kpl import KplRecord, aggregate

ORDERING_FIELD = "/k"
_KEYS = ("red", "green", "blue")


@dataclass(frozen=True)
class Post:
    """One request of a client, which sends it again while the outcome is open, `sends` times at most."""

    body: bytes
    headers: dict[str, str]
    events: tuple[bytes, ...]  # the lines that are to be stored, if it is accepted
    sends: int
    is_good: bool = True
    query: str = ""

    @property
    def key(self) -> str | None:
        """Its Idempotency-Key."""
        return self.headers.get("Idempotency-Key")


@dataclass(frozen=True)
class Foreign:
    """A record that somebody puts on the stream past the API.

    `lines` are those in it; of an aggregated record each is a user record.
    """

    data: bytes
    partition_key: str | None  # None: the stream distributes its records itself, and the producer gives none
    lines: tuple[bytes, ...]
    is_aggregated: bool = False


@dataclass(frozen=True)
class Pause:
    """Nothing is sent for a while."""

    seconds: float


Act = Post | Foreign | Pause


@dataclass
class _Author:
    name: str
    chance: random.Random
    kinds: tuple[str, ...]
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1_000_000)))

    def event(self) -> bytes:
        number = next(self.numbers)
        kind = self.chance.choice(self.kinds)
        if kind == "big":
            pad = "가" * self.chance.choice((10, 3000, 9000))
            return f'{{"id":"{self.name}-{number}","type":"tip","pad":"{pad}"}}'.encode()
        key = self.chance.choice(_KEYS)
        return f'{{"id":"{self.name}-{number}","type":"{kind}","k":"{key}","n": {number}.0}}'.encode()

    def broken(self) -> bytes:
        number = next(self.numbers)
        good = f'{{"id":"{self.name}-{number}"}}'.encode()
        return self.chance.choice((good[:-1], good.replace(b"}", b',"x":NaN}'), b"[" + good + b"]", b"17"))

    def post(self) -> Post:
        events = tuple(self.event() for _ in range(self.chance.choice((1, 1, 2, 7, 40))))
        headers = {"Content-Type": "application/json"}
        if self.chance.random() < 0.7:
            headers["Idempotency-Key"] = f"{self.name}-key-{next(self.numbers)}"
        sends = self.chance.choice((1, 3, 20))
        bad = self.chance.random() < 0.2
        sent = [*events, self.broken()] if bad else list(events)
        self.chance.shuffle(sent) if bad else None
        body = self._body(sent, headers)
        query = "?dry_run=1" if self.chance.random() < 0.03 else ""
        return Post(body, headers, events, sends, not (bad or query), query)

    def _body(self, sent: list[bytes], headers: dict[str, str]) -> bytes:
        way = self.chance.choice(("array", "lines"))
        if len(sent) == 1 and self.chance.random() < 0.8:
            body = b" \n" + sent[0] + b"\r\n"
        elif way == "lines":
            headers["Content-Type"] = "application/x-ndjson"
            body = b"\n\n".join(sent)
        else:
            body = b"[ " + b" ,\n ".join(sent) + b" ]"
        if self.chance.random() < 0.1:
            headers["Content-Encoding"] = "gzip"
            return gzip.compress(body, mtime=0)
        return body

    def foreign(self) -> Foreign:
        number = next(self.numbers)
        name = f"{self.name}-{number}-foreign"
        key = self.chance.choice((name, "123", "hg1:", None))  # a key says nothing: many records share one
        if self.chance.random() < 0.3:
            lines = tuple(self._line(f"{name}-{place}") for place in range(self.chance.choice((1, 2, 5))))
            data = aggregate([KplRecord("123", line + b"\n") for line in lines])
            return Foreign(data, key, lines, is_aggregated=True)
        damaged = b"\xf3\x89\x9a\xc2" + name.encode()
        line = damaged if self.chance.random() < 0.2 else self._line(name)
        # Without its line break a record would be glued to the next one in the archive: Firehose adds none.
        return Foreign(line + b"\n", key, (line,))

    def _line(self, name: str) -> bytes:
        kind = "drop" if "drop" in self.kinds and self.chance.random() < 0.3 else "tip"
        return self.chance.choice(
            (
                f"a raw line {name}".encode(),
                f"{name} \xff\xfe".encode("latin-1"),
                f'{{"id":"{name}","type":"{kind}"}}'.encode(),
                f'{{"id":"{name}","deep":'.encode() + b"[" * 70 + b"]" * 70 + b"}",
            )
        )


def seeded(text: str) -> random.Random:
    """Chance that repeats itself."""
    return random.Random(text)  # noqa: S311 - to be repeated, not to be secret


def make_acts(seed: int, *, hooked: bool = True) -> list[Act]:
    """The acts of one schedule; `hooked` says that the stage has the hook of world.py."""
    kinds = ("tip", "tip", "tip", "big", *(("drop", "reject") if hooked else ()))
    author = _Author(f"s{seed}", seeded(f"{seed}/traffic"), kinds)
    acts: list[Act] = []
    for _ in range(author.chance.randint(2, 12)):
        die = author.chance.random()
        if die < 0.2:
            acts.append(author.foreign())
        elif die < 0.3:
            acts.append(Pause(author.chance.choice((0.1, 1.0, 20.0))))
        else:
            acts.append(author.post())
    return acts


def make_faults(seed: int) -> str:
    """The faults of one schedule, as the command line takes them."""
    chance = seeded(f"{seed}/faults")
    names = (
        *("throttle", "partial", "lost_answer", "slow", "reset", "error500", "expired", "firehose_partial"),
        *("firehose_down", "s3_down", "transform_kill", "transform_timeout", "reshard", "clock"),
    )
    parts = [f"{name}={chance.choice((0.02, 0.1, 0.3, 0.6))}" for name in names if chance.random() < 0.4]
    return ",".join([*parts, f"seed={seed}"])


assert limits.EVENT_MAX_BYTES > 40_000, "the big events above must be good ones"
