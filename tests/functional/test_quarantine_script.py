"""`quarantine fix --script`: what a person's own function may answer, and what is said when it may not."""

import json
from pathlib import Path

import pytest

from headgate.quarantine.bad_lines import BadLine, bad_line
from headgate.quarantine.mending import NotMendedError, by_script
from headgate.readers.errors import ReaderError

STORED = {
    "event_id": "key#2",
    "received_at": "2026-10-01T05:00:00.000Z",
    "shard_id": "shardId-0",
    "sequence_number": "7",
    "line_number": 2,
    "code": "Code",
    "message": "why",
    "line": "{}",
}


def _line() -> BadLine:
    return bad_line(json.dumps(STORED).encode())


def _script(folder: Path, body: str) -> Path:
    path = folder / "fix.py"
    path.write_text(f"def fix(line, reason):\n    {body}\n", "utf-8")
    return path


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return b'{\"a\":1}'", b'{"a":1}'),
        ("return '{\"a\":1}'", b'{"a":1}'),
        ("return {'a': 2 ** 80}", b'{"a":%d}' % 2**80),
    ],
)
def test_bytes_text_and_an_object_mend_a_line(tmp_path: Path, body: str, expected: bytes) -> None:
    assert by_script(_script(tmp_path, body))(_line())[0].text == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return 5", "fix answered int, not bytes, text, an object or None"),
        ("return True", "fix answered bool"),
        ("return [{}]", "fix answered list"),
        ("return None", "fix left it out"),
        ("return {'a': object()}", "fix answered what is no JSON"),
        ("a = {}; a['a'] = a; return a", "fix answered what is no JSON"),
        ("raise ValueError('no')", "fix raised ValueError: no"),
    ],
)
def test_anything_else_leaves_the_line_as_it_is(tmp_path: Path, body: str, reason: str) -> None:
    with pytest.raises(NotMendedError, match=reason):
        by_script(_script(tmp_path, body))(_line())


def test_a_script_that_ends_itself_is_said(tmp_path: Path) -> None:
    mend = by_script(_script(tmp_path, "raise SystemExit(3)"))
    with pytest.raises(ReaderError, match=r"fix ended itself at key#2 with sys.exit\(3\)"):
        mend(_line())
    path = tmp_path / "exits.py"
    path.write_text("import sys\nsys.exit(3)\n", "utf-8")
    with pytest.raises(ReaderError, match=r"exits.py ended itself with sys.exit\(3\); nothing is mended"):
        by_script(path)
