"""What `replay` says that it is going to do."""

import argparse
import io
from pathlib import Path

import pytest

from headgate.readers.span import Span
from headgate.replay.command import _planned
from headgate.replay.from_archive import ArchiveSource
from headgate.replay.from_stream import StreamSource
from headgate.replay.plan import Source
from headgate.replay.state import ReplayState
from headgate.terminal import Printer
from tests.readers_rig import START_S, World

SPAN = Span(START_S - 1, START_S + 100)


@pytest.mark.parametrize(("source", "begin"), [("stream", "1 record with 2 lines, "), ("raw", "2 lines, ")])
def test_what_is_counted_is_said_once(source: str, begin: str, tmp_path: Path) -> None:
    world = World()
    world.put("key", b'{"n":1}\n{"n":2}\n')
    world.deliver()
    about = {"from": "then", "to": "now", "target": "headgate-dev"}
    found: dict[str, Source] = {
        "stream": StreamSource(world.stream, "headgate-dev", SPAN, world.clock),
        "raw": ArchiveSource(world.memory, "UTC", SPAN),
    }
    out = io.StringIO()
    args = argparse.Namespace(source=source, dry_run=True)
    _planned(args, ReplayState(tmp_path, about), found[source], Printer(out, io.StringIO()), about)
    assert out.getvalue() == f"{begin}16 bytes, from then to now, to headgate-dev\n"
