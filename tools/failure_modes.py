"""Which test covers which failure mode: `docs/failure-modes.md`, made from the numbers that the tests cite.

Decides what counts as a citation: the number in a test's
name (`test_k01_…`), docstring or body, or in the docstring of its file. Runs no test.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tools.failure_mode_rows import ROWS, Row

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "failure-modes.md"
_SHOWN = 2  # tests of one file in one row
_NUMBER = re.compile(r"(?<![A-Za-z0-9])[GDKTF]\d\d(?![A-Za-z0-9])")
_IN_NAME = re.compile(r"_([gdktf]\d\d)(?=_|$)")
_RANGE = re.compile(r"(?<![A-Za-z0-9])([GDKTF])(\d\d)(?:-| to )\1?(\d\d)(?!\d)")
_HEAD = """# Failure modes

What can go wrong, what happens then, and the tests that show it. Made by `python -m tools.docs`
from the numbers that the tests cite; do not edit. The main property over all of them at once is
[tests/faults](../tests/faults); its switches for a local run are `headgate local --faults …`.

"""


class Citation(NamedTuple):
    """Where a number stands: a file under tests/, and the test's name, "" for the file as a whole."""

    path: str
    test: str


def citations(tests: Path) -> dict[str, list[Citation]]:
    """Every number that the test files under `tests` cite."""
    found: defaultdict[str, list[Citation]] = defaultdict(list)
    for path in sorted(tests.rglob("test_*.py")):
        name = path.relative_to(tests).as_posix()
        for number, test in _cited(path.read_text("utf-8")):
            found[number].append(Citation(name, test))
    return {number: list(dict.fromkeys(places)) for number, places in found.items()}


def page(cited: Mapping[str, list[Citation]]) -> str:
    """The whole page."""
    rows = "".join(f"{_line(row, cited.get(row.number, []))}\n" for row in ROWS)
    return f"{_HEAD}| | set off by | what happens | shown by |\n|---|---|---|---|\n{rows}"


def _cited(source: str) -> Iterator[tuple[str, str]]:
    tree = ast.parse(source)
    for number in _numbers(ast.get_docstring(tree) or ""):
        yield number, ""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            text = "\n".join(source.splitlines()[start - 1 : node.end_lineno])
            for number in {*_numbers(text), *(each.upper() for each in _IN_NAME.findall(node.name))}:
                yield number, node.name


def _numbers(text: str) -> set[str]:
    ranges = {
        f"{family}{number:02}"
        for family, first, last in _RANGE.findall(text)
        for number in range(int(first), int(last) + 1)
    }
    return ranges | set(_NUMBER.findall(text))


def _line(row: Row, places: list[Citation]) -> str:
    happens = f"{row.what_happens}." + (f" *Not here:* {row.elsewhere}." if row.elsewhere else "")
    return f"| {row.number} | {row.trigger} | {happens} | {_shown(places)} |"


def _shown(places: list[Citation]) -> str:
    by_file: defaultdict[str, list[str]] = defaultdict(list)
    for place in places:
        by_file[place.path].append(place.test)
    files = []
    for path, tests in by_file.items():
        names = [_sentence(test) for test in tests if test]
        more = [f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
        said = f": {'; '.join([*names[:_SHOWN], *more])}" if names else ""
        files.append(f"[{path}](../tests/{path}){said}")
    return "<br>".join(files)


def _sentence(test: str) -> str:
    return _IN_NAME.sub("", test).removeprefix("test_").replace("_", " ").strip()
