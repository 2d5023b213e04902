"""What a person sees of the ledger and of a line; a program gets JSON."""

import io
import json
from collections import Counter
from datetime import tzinfo
from zoneinfo import ZoneInfo

import pytest

from headgate.readers.line_view import show
from headgate.readers.span import Span
from headgate.status.ledger import Accepted, Figures, Waiting
from headgate.status.screen import Screen, as_json, draw
from headgate.terminal import Printer

SPAN = Span(1_700_000_000.0, 1_700_000_900.0)


def _drawn(figures: Figures, errors: int = 0, foreign: int = 0, zone: tzinfo | None = None) -> str:
    out = io.StringIO()
    draw(Screen("dev", SPAN, figures, [], errors, foreign, zone), Printer(out))
    return out.getvalue()


def test_the_screen_has_every_figure_and_the_verdict() -> None:
    text = _drawn(Figures(1234, 1234, 1230, Counter({"TypeTooLong": 3}), Counter({"BlankLine": 1})))
    for part in (
        "stage dev",
        "2023-11-14 22:13:20.000Z",
        "1,234",
        "TypeTooLong 3",
        "BlankLine 1",
        "balanced",
    ):
        assert part in text
    assert "MISSING" not in text


def test_what_is_missing_and_what_is_in_flight_is_said() -> None:
    figures = Figures(
        10, 8, 7, to_archive=Waiting(0, 2, 400.0, ["id-a", "id-b"]), to_transform=Waiting(3, 0, 5.0)
    )
    text = _drawn(figures, errors=4)
    assert "2 MISSING, oldest 400 s" in text
    assert "3 on the stream, oldest 5 s" in text
    assert "OUT BY 2: lines are missing" in text
    assert "missing in raw-data/ id-a" in text
    assert "objects of failed deliveries" in text


def test_a_program_gets_the_same_as_json() -> None:
    value = json.loads(as_json(Screen("dev", SPAN, Figures(2, 2, 1, Counter({"a": 1})), [])))
    assert (value["accepted"], value["quarantined"], value["balance"]) == (2, {"a": 1}, 0)
    assert value["to_archive"] == {"in_flight": 0, "missing": 0, "missing_ids": [], "oldest_s": 0.0}


def test_a_line_on_a_terminal_is_time_shard_type_and_what_was_sent() -> None:
    place = '"received_at":"2026-10-01T05:00:00.250Z"'
    numbers = '"shard_id":"shardId-000000000012","sequence_number":"7"'
    printer = Printer(io.StringIO())
    row = f'{{"event_id":"e",{place},"type":"click",{numbers},"event":{{"n": 1.50}}}}'
    assert show(row.encode(), printer) == '2026-10-01 05:00:00.250Z  012  click           {"n": 1.50}'
    row = f'{{"event_id":"e",{place},{numbers},"code":"InvalidUtf8","message":"why","line_base64":"/w=="}}'
    assert show(row.encode(), printer) == "2026-10-01 05:00:00.250Z  012  InvalidUtf8: why  \\xff"
    row = '{"object":"raw-data/2026/10/01/05/name.gz","line_number":3,"line":"a\\u001bb"}'
    assert show(row.encode(), printer) == "name.gz:3  a\\x1bb"


def test_times_can_be_those_of_another_zone_and_always_say_which() -> None:
    text = _drawn(Figures(), zone=ZoneInfo("Asia/Seoul"))
    assert "2023-11-15 07:13:20.000+09:00 to 2023-11-15 07:28:20.000+09:00" in text


def test_lines_that_others_wrote_are_counted_apart() -> None:
    assert "foreign" not in _drawn(Figures())
    assert "3  not written by Headgate" in _drawn(Figures(), foreign=3)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_screen_fits_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = io.StringIO()
    lines = [Accepted((str(n), str(n)), SPAN.from_s + n, ()) for n in range(900)]
    figures = Figures(900, 900, 890, Counter({"TypeTooLong": 5}), Counter({"BlankLine": 5}))
    draw(Screen("dev", SPAN, figures, lines, zone=ZoneInfo("Asia/Seoul")), Printer(out))
    widest = max(len(line) for line in out.getvalue().splitlines())
    assert widest <= max(columns, 73)  # the range of time is one piece
    assert max(line.count("█") for line in out.getvalue().splitlines()) == min(columns - 28, 60)


@pytest.mark.parametrize(
    "row", [b"not json", b"[]", b"{", b'{"received_at":1}', b'{"code":1}', b"\xff", b'{"type":7}']
)
def test_a_line_that_is_not_ours_is_shown_all_the_same(row: bytes) -> None:
    assert show(row, Printer(io.StringIO()))
