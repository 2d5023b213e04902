"""A row has one event id, however the runs that sent it were cut: by a rate, a limit, an interruption.

Whole runs against a loopback endpoint that packs lines into records, as the contract's own code does.
"""

import argparse
import dataclasses
import json
import tempfile
from collections import defaultdict
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.packing import event_id
from headgate.send import command
from tests.send_endpoint import Endpoint, refuse

SCHEMA = json.dumps({"type": "object", "properties": {"ok": {"const": "y"}}})
KINDS = {
    "good": "{n},even,y,{pad}",
    "ragged": "{n},even",
    "refused": "{n},even,n,{pad}",
    "long": "{n},even,y,{long}",
}


@dataclasses.dataclass(frozen=True)
class Turn:
    """One run."""

    limit: int | None
    rate: str | None
    cut_at_request: int | None
    concurrency: int
    resume: bool

    @property
    def flags(self) -> list[str]:
        """On the command line."""
        limit = [] if self.limit is None else ["--limit", str(self.limit)]
        rate = [] if self.rate is None else ["--rate", self.rate]
        resume = ["--resume"] if self.resume else []
        return ["--concurrency", str(self.concurrency), *limit, *rate, *resume]


TURNS = st.builds(
    Turn,
    limit=st.none() | st.integers(1, 30),
    rate=st.sampled_from([None, "3000", "40000", "1000000"]),
    cut_at_request=st.none() | st.integers(1, 6),
    concurrency=st.integers(1, 3),
    resume=st.booleans(),
)


def send(*flags: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(flags))


def ids_of_rows(endpoint: Endpoint) -> dict[int, set[str]]:
    """By the row's number: every id that it was ever stored under; an id stands for one text only."""
    ids = defaultdict(set)
    texts: dict[str, bytes] = {}
    for entry in endpoint.stream.entries:
        for number, line in enumerate(entry.data.splitlines(), 1):
            own = event_id(entry.partition_key, number)
            assert texts.setdefault(own, line) == line
            ids[int(json.loads(line)["n"])].add(own)
    return ids


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    kinds=st.lists(st.sampled_from(["good", "good", "good", *KINDS]), min_size=1, max_size=30),
    batching=st.one_of(
        st.just(["--one-by-one"]),
        st.builds(
            lambda events, size: ["--batch-events", str(events), "--batch-bytes", str(size)],
            st.integers(1, 12),
            st.sampled_from([60, 200, 1_000_000]),
        ),
    ),
    pack_bytes=st.sampled_from([0, 100, 300, 1_000_000]),
    turns=st.lists(TURNS, max_size=4),
)
def test_a_row_has_the_same_id_for_every_rate_limit_and_interruption(
    kinds: list[str], batching: list[str], pack_bytes: int, turns: list[Turn]
) -> None:
    rows = [
        KINDS[kind].format(n=n, pad="x" * (n % 7), long="x" * 90) + "\n" for n, kind in enumerate(kinds, 1)
    ]
    with tempfile.TemporaryDirectory() as folder, Endpoint(schemas={"even": SCHEMA}) as endpoint:
        endpoint._ingest = dataclasses.replace(endpoint._ingest, pack_bytes=pack_bytes)
        path = Path(folder) / "a.csv"
        path.write_text("n,type,ok,pad\n" + "".join(rows))
        whole = Turn(None, None, None, 2, resume=False)
        for turn in [*turns, dataclasses.replace(whole, resume=True), whole]:
            before = len(endpoint.seen)
            endpoint.on_request = lambda _, turn=turn, before=before: (  # type: ignore[misc]
                endpoint.faults.append(refuse(403))
                if turn.cut_at_request and len(endpoint.seen) - before == turn.cut_at_request
                else None
            )
            code = send("-f", str(path), "-u", endpoint.url, *batching, *turn.flags)
            endpoint.faults.clear()
            assert code in ({0, 1, 3} if turn.cut_at_request else {0, 3})
            if turn.resume and not turn.limit and not turn.cut_at_request:
                assert set(ids_of_rows(endpoint)) == {
                    n for n, kind in enumerate(kinds, 1) if kind in {"good", "long"}
                }
        assert {n: len(ids) for n, ids in ids_of_rows(endpoint).items() if len(ids) != 1} == {}
        rejects = Path(f"{path}.rejected.ndjson")
        lines = rejects.read_text().splitlines() if rejects.exists() else []
        assert sorted(json.loads(line)["row"] for line in lines) == [
            n for n, kind in enumerate(kinds, 1) if kind in {"ragged", "refused"}
        ]
