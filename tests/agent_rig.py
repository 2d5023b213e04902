"""An agent without threads, clock or network: real files, a fake destination, kills that keep checkpoints."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from headgate.agent.batching import OutgoingBatch, Unit
from headgate.agent.config.load import load
from headgate.agent.config.model import Flow
from headgate.agent.convert.build import Surroundings, build_chain
from headgate.agent.delivery import Delivery
from headgate.agent.pipeline import Pipeline
from headgate.agent.rejects import LongLine, Reject
from headgate.agent.state import decode, encode
from headgate.agent.tail.checkpoint import Checkpoint
from headgate.agent.tail.disk import Disk, RealDisk

AROUND = Surroundings(lambda: datetime(2026, 11, 21, 10, tzinfo=UTC), lambda: None)


def flow_of(**keys: Any) -> Flow:
    """A flow by the keys of agent.json; a Kinesis stream unless they say otherwise."""
    if not keys.keys() & {"kinesisStream", "deliveryStream", "httpEndpoint"}:
        keys["kinesisStream"] = "s"
    loaded = load(
        json.dumps({"flows": [keys]}),
        {},
        cores=2,
        check_options=lambda options: build_chain(options, AROUND),
        read_secret=lambda _path: "",
    )
    assert loaded.settings is not None, loaded.problems
    return loaded.settings.flows[0]


@dataclass
class Rig:
    """One agent with one flow; `sent` is everything the destination was ever given, copies included."""

    flow: Flow
    disk: Disk = field(default_factory=RealDisk)
    room_bytes: int = 8 * 1024 * 1024
    now_s: float = 1000.0
    stored: bytes = b""
    sent: list[tuple[str, bytes]] = field(default_factory=list)  # event id, line
    rejects: list[Reject] = field(default_factory=list)
    flying: list[tuple[Pipeline, OutgoingBatch]] = field(default_factory=list)
    save_error: OSError | None = None
    rejects_error: OSError | None = None
    raw_directory: Path = Path()
    raw_room_bytes: int = 1 << 40

    def start(self) -> "Rig":
        """Start, or start again after `kill`, from the checkpoints that were written."""
        known = decode(self.stored) or {}
        self.pipeline = Pipeline(
            self.flow,
            chain=build_chain(self.flow.options, AROUND),
            disk=self.disk,
            known=known.get(self.flow.id),
            room_bytes=self.room_bytes,
            rejects=self,
        )
        self.delivery = Delivery([self.pipeline], self._save, lambda: None, lambda: self.now_s, 1e9)
        return self

    def look(self) -> None:
        """What inotify would cause: a look at the directory and the files."""
        self.pipeline.poll(self.now_s, refresh=True)

    def read(self, *, flush: bool = True) -> None:
        """Read what there is and hand the batches to the destination, unacknowledged."""
        self.pipeline.poll(self.now_s)
        while self.pipeline.read_files(self.now_s):
            self._send(flush=False)
        self._send(flush=flush)

    def acknowledge(self, index: int = 0) -> None:
        """The destination answers for one batch on its way."""
        if self.flying:
            pipeline, batch = self.flying.pop(index % len(self.flying))
            self.delivery.acknowledge(pipeline, batch, [], self.now_s)

    def settle(self, *, seconds: float = 0.0) -> None:
        """Let time pass and everything be delivered."""
        self.now_s += seconds
        self.look()
        for _ in range(1000):
            self.read()
            if not self.flying:
                break
            while self.flying:
                self.acknowledge()
        self.now_s += 1
        self.delivery.housekeep(self.now_s)

    def kill(self) -> None:
        """`kill -9`: memory and answers on their way are gone, the written checkpoints stay."""
        self.pipeline.files.close()
        self.flying.clear()

    def lines(self) -> list[bytes]:
        """The lines that the destination got, copies of one id counted once, in order of first arrival."""
        return list(dict(self.sent).values())

    def check_ids(self) -> None:
        """I3: one id always has the same bytes."""
        by_id: dict[str, set[bytes]] = defaultdict(set)
        for event_id, line in self.sent:
            by_id[event_id].add(line)
        assert all(len(found) == 1 for found in by_id.values()), {
            k: v for k, v in by_id.items() if len(v) > 1
        }

    def open_raw(self, key: str, offset: int) -> LongLine:
        """Keep a long line."""
        return LongLine(self.raw_directory / f"{key}-{offset}", self.raw_room_bytes)

    def _send(self, *, flush: bool) -> None:
        for pipeline, batch in self.delivery.collect(self.now_s, flush=flush):
            self.flying.append((pipeline, batch))
            for unit in batch.units:
                self.sent += list(ids_of(unit))

    def _save(self, checkpoints: dict[str, list[Checkpoint]]) -> None:
        if self.save_error is not None:
            raise self.save_error
        self.stored = encode(checkpoints)

    def write(self, rejects: list[Reject]) -> int:
        """Keep lines that are not sent."""
        if self.rejects_error is not None:
            raise self.rejects_error
        self.rejects += rejects
        return 0


def ids_of(unit: Unit) -> Iterator[tuple[str, bytes]]:
    """Event id and line, by the rule of the contract: the key, and `#n` from the second line on."""
    for number, line in enumerate(unit.lines, 1):
        yield (unit.id if number == 1 else f"{unit.id}#{number}"), line
