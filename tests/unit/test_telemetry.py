"""One line of counters per invocation, in CloudWatch's format, and never a payload (I9, I10)."""

from typing import Any

import orjson
import pytest

from chalicelib.telemetry import Counters


def make_counters() -> tuple[Counters, list[bytes]]:
    written: list[bytes] = []
    return Counters("dev", "ingest", "r-1", written.append), written


def test_the_counters_are_one_line_of_embedded_metrics() -> None:
    counters, written = make_counters()
    counters.count("EventsAccepted", 3)
    counters.count("EventsAccepted", 2)
    counters.count("LinesDropped", 1, "BlankLine")
    counters.count("LinesDropped", 2, "DroppedByHook")
    counters.emit()
    (line,) = written
    assert line.count(b"\n") == 1
    found: dict[str, Any] = orjson.loads(line)
    (directive,) = found["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["Stage", "Function"]]
    assert {metric["Name"] for metric in directive["Metrics"]} == {"EventsAccepted", "LinesDropped"}
    assert (found["EventsAccepted"], found["LinesDropped"]) == (5, 3)
    assert found["Reasons"] == {"LinesDropped.BlankLine": 1, "LinesDropped.DroppedByHook": 2}
    assert (found["Stage"], found["Function"], found["RequestId"]) == ("dev", "ingest", "r-1")
    assert found["_aws"]["Timestamp"] > 1_600_000_000_000  # milliseconds


def test_an_invocation_that_counted_nothing_prints_nothing() -> None:
    counters, written = make_counters()
    counters.count("EventsAccepted", 0, "never")
    counters.emit()
    assert written == []


def test_i10_a_fault_is_printed_by_kind_and_place_and_counted() -> None:
    counters, written = make_counters()
    counters.fault("ValueError", "decode.py:12")
    counters.emit()
    fault, metrics = map(orjson.loads, written)
    assert (fault["Level"], fault["Kind"], fault["Place"]) == ("ERROR", "ValueError", "decode.py:12")
    assert (metrics["Faults"], metrics["Reasons"]) == (1, {"Faults.ValueError": 1})


def test_the_line_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    counters = Counters("dev", "transform", "r-2")
    counters.count("LinesCurated", 1)
    counters.emit()
    assert orjson.loads(capsys.readouterr().out)["LinesCurated"] == 1
