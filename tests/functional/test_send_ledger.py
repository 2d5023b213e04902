"""The ledger: what is told of a run is what has its end, not what was read."""

from pathlib import Path

from headgate.send.batches import RequestBatch
from headgate.send.rejects import Rejects
from headgate.send.resume import Prefix
from headgate.send.rows import EventRow
from headgate.send.sender import RunLedger
from headgate.send.stats import Stats


def test_the_share_of_progress_is_that_of_the_batches_that_are_acknowledged(tmp_path: Path) -> None:
    ledger = RunLedger(Stats(0.0), Rejects(tmp_path / "rejects"), Prefix(), None, lambda: 0.0)
    jobs = [ledger.open(RequestBatch((EventRow(n, n, b"{}"),), "f"), n / 4) for n in (1, 2, 3, 4)]
    seen = [ledger.share]
    for place in (1, 0, 2, 3):
        ledger.done(jobs[place])
        seen.append(ledger.share)
    assert seen == [None, None, 0.5, 0.75, 1.0]
