"""Eight writers, eight readers and a resharder on one Kinesis; HEADGATE_SOAK_S=15 makes the run that long."""

import os
import time
from pathlib import Path

from tests.e2e import kinesis_conservation, kinesis_server

ENOUGH_RECORDS = 60_000


def test_k08_every_acknowledged_record_is_readable_exactly_once_and_in_order_while_shards_change(
    tmp_path: Path,
) -> None:
    soak_s = float(os.environ.get("HEADGATE_SOAK_S", "0"))
    end_s = time.monotonic() + soak_s
    with kinesis_server.running(tmp_path / "kinesis.sqlite") as (_, port):
        report = kinesis_conservation.run(
            port, lambda count: count >= ENOUGH_RECORDS and time.monotonic() >= end_s
        )
    assert report.acknowledged >= ENOUGH_RECORDS
    assert report.reshards > 0
    assert report.in_children > 0
    lost = (report.refused, report.never_read, report.read_twice, report.out_of_order, report.lost_afterwards)
    assert lost == (0, 0, 0, 0, 0)
