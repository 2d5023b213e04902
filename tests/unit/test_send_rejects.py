"""A line of the rejects file: the row comes back out of it as it was."""

import base64
import json

import pytest

from headgate.send.ndjsonrows import LINE_MAX_BYTES, read
from headgate.send.rejects import RAW_MAX_CHARS, line_of
from headgate.send.rows import BadRow, EventRow


def written(bad: BadRow) -> dict[str, object]:
    line = line_of(bad)
    assert line.endswith("\n")
    fields = json.loads(line)
    assert isinstance(fields, dict)
    return fields


def test_a_row_that_is_not_utf_8_is_kept_as_base64_and_one_that_spells_its_bytes_as_text() -> None:
    spelled = written(BadRow.of(EventRow(1, 1, rb'{"a":"\xff"}'), "MalformedJson", "m"))
    bad = written(BadRow.of(EventRow(2, 2, b'{"a":"\xff"}'), "InvalidUtf8", "m"))
    assert (spelled["raw"], "raw_base64" in spelled) == (r'{"a":"\xff"}', False)
    assert "raw" not in bad
    assert base64.b64decode(str(bad["raw_base64"])) == b'{"a":"\xff"}'


def test_a_long_row_that_is_not_utf_8_is_cut_and_its_length_is_told() -> None:
    fields = written(BadRow.of(EventRow(1, 1, b"\xff" * (RAW_MAX_CHARS + 1)), "InvalidUtf8", "m"))
    assert len(base64.b64decode(str(fields["raw_base64"]))) == RAW_MAX_CHARS
    assert fields["raw_bytes"] == RAW_MAX_CHARS + 1


@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("character", ["é", "길", "😀"])
def test_the_beginning_of_a_line_that_is_too_long_is_text_wherever_the_cut_falls(
    shift: int, character: str
) -> None:
    line = "x" * shift + character * LINE_MAX_BYTES
    pieces = iter([line.encode()[:LINE_MAX_BYTES], b"\n", b""])
    (bad,) = read(lambda _: next(pieces))
    assert isinstance(bad, BadRow)
    assert isinstance(bad.raw, str)
    assert line.startswith(bad.raw)
