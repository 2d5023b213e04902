"""The help of the reading commands, and docs/readers.md and docs/query.md, say what the code has."""

import argparse
import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from headgate.commands import COMMANDS
from headgate.query.views import DEDUP, TABLES
from headgate.settings import prefixes

DOCS = Path(__file__).parents[2] / "docs"
READERS, QUERY = ((DOCS / name).read_text("utf-8") for name in ("readers.md", "query.md"))
NAMES = ("read", "trace", "query", "quarantine", "replay", "status")
SHARED = {"--help", "--since", "--until", "--code", "--event-id"}


def _parsers(name: str) -> list[argparse.ArgumentParser]:
    """A command's parser and its subcommands'."""
    parser = argparse.ArgumentParser(prog=f"headgate {name}", description="x")
    importlib.import_module(COMMANDS[name][0]).add_arguments(parser)
    subs: list[Any] = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    return [parser, *(sub for action in subs for sub in action.choices.values())]


@pytest.mark.parametrize("name", NAMES)
def test_every_help_has_an_example_that_parses_and_the_exit_codes(name: str) -> None:
    first, *subs = _parsers(name)
    for parser in (first, *subs):
        text = parser.format_help()
        assert re.search(r"exit codes: 0 done, .*2 a mistake", text)
        examples = re.findall(rf"^  headgate {name} (.*)$", text, re.MULTILINE)
        assert examples
        for example in examples:
            words = re.findall(r'"[^"]*"|\S+', example.partition(" |")[0])
            first.parse_args([word.strip('"') for word in words])


@pytest.mark.parametrize("name", NAMES)
def test_every_flag_of_its_own_is_in_the_docs(name: str) -> None:
    flags = {
        flag for parser in _parsers(name) for action in parser._actions for flag in action.option_strings
    }
    missing = {flag for flag in flags if flag.startswith("--") and flag not in READERS + QUERY}
    assert missing - SHARED == set()


def test_no_command_knows_another() -> None:
    root = Path(__file__).parents[2] / "headgate"
    for name in NAMES:
        files = [root / f"{name}.py"] if (root / f"{name}.py").exists() else (root / name).glob("*.py")
        others = {f"headgate.{other}" for other in NAMES if other != name}
        for file in files:
            imported = set(
                re.findall(r"^(?:from|import) (headgate\.\w+)", file.read_text("utf-8"), re.MULTILINE)
            )
            assert not imported & others, file


def test_the_views_of_the_docs_are_the_views_of_the_code() -> None:
    match = re.search(r"<!-- dedup:begin -->\n```sql\n(.*?)\n```\n<!-- dedup:end -->", QUERY, re.DOTALL)
    assert match
    assert match[1] == DEDUP
    assert all(f"| `{name}` |" in QUERY for name in (*TABLES, "curated_dedup"))


def test_athenas_tables_lie_where_the_objects_lie() -> None:
    for prefix in (prefixes.RAW, prefixes.QUARANTINE):
        assert f"LOCATION 's3://BUCKET/{prefix}'" in QUERY
        assert f"'s3://BUCKET/{prefix}${{hour}}/'" in QUERY
