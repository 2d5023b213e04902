"""docs/fidelity.md: every rule has its source and a test that exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split("|")]
    for line in (ROOT / "docs" / "fidelity.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| rule |")
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:60] for row in ROWS])
def test_a_rule_names_its_source_a_file_and_a_test_that_are_there(row: list[str]) -> None:
    rule, source, modelled, test, account = row
    assert rule
    assert source
    assert account
    (named,) = re.findall(r"`((?:headgate|chalicelib|tools)/[\w/]+\.py)`", modelled)
    assert (ROOT / named).is_file()
    matched = re.fullmatch(r"`(tests/[\w/]+\.py)::(test_\w+)`", test)
    assert matched
    tree = ast.parse((ROOT / matched[1]).read_text("utf-8"))
    assert matched[2] in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
