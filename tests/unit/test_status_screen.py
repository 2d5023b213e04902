"""What a person sees of the ledger and of a line; a program gets JSON."""

import io
import json
from collections import Counter

from headgate.readers.line_view import show
from headgate.readers.span import Span
from headgate.status.ledger import Figures, Waiting
from headgate.status.screen import as_json, draw
from headgate.terminal import Printer

SPAN = Span(1_700_000_000.0, 1_700_000_900.0)


def _drawn(figures: Figures, errors: int = 0) -> str:
    out = io.StringIO()
    draw("dev", SPAN, figures, errors, [1, 2], Printer(out))
    return out.getvalue()


def test_the_screen_has_every_figure_and_the_verdict() -> None:
    text = _drawn(Figures(1234, 1234, 1230, Counter({"TypeTooLong": 3}), Counter({"BlankLine": 1})))
    for part in (
        "stage dev",
        "2023-11-14T22:13:20.000Z",
        "1,234",
        "TypeTooLong 3",
        "BlankLine 1",
        "balanced",
    ):
        assert part in text
    assert "MISSING" not in text


def test_what_is_missing_and_what_is_in_flight_is_said() -> None:
    figures = Figures(10, 8, 7, to_archive=Waiting(0, 2, 400.0), to_transform=Waiting(3, 0, 5.0))
    text = _drawn(figures, errors=4)
    assert "2 MISSING, oldest 400 s" in text
    assert "3 on the stream, oldest 5 s" in text
    assert "OUT BY 2" in text
    assert "objects of failed deliveries" in text


def test_a_program_gets_the_same_as_json() -> None:
    value = json.loads(as_json("dev", SPAN, Figures(2, 2, 1, Counter({"a": 1})), 0, [2]))
    assert (value["accepted"], value["quarantined"], value["balance"]) == (2, {"a": 1}, 0)
    assert value["to_archive"] == {"in_flight": 0, "missing": 0, "oldest_s": 0.0}


def test_a_line_on_a_terminal_is_time_shard_type_and_what_was_sent() -> None:
    place = '"received_at":"2026-10-01T05:00:00.250Z"'
    numbers = '"shard_id":"shardId-000000000012","sequence_number":"7"'
    printer = Printer(io.StringIO())
    row = f'{{"event_id":"e",{place},"type":"click",{numbers},"event":{{"n": 1.50}}}}'
    assert show(row.encode(), printer) == '2026-10-01 05:00:00.250  012  click           {"n": 1.50}'
    row = f'{{"event_id":"e",{place},{numbers},"code":"InvalidUtf8","message":"why","line_base64":"/w=="}}'
    assert show(row.encode(), printer) == "2026-10-01 05:00:00.250  012  InvalidUtf8: why  \\xff"
    row = '{"object":"raw-data/2026/10/01/05/name.gz","line_number":3,"line":"a\\u001bb"}'
    assert show(row.encode(), printer) == "name.gz:3  a\\x1bb"
