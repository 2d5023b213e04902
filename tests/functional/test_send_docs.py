"""docs/send.md names everything that the code has: every flag, code, type and maker."""

import argparse
from pathlib import Path

from headgate.send import celltypes, command
from headgate.send.generate import MAKERS
from headgate.send.rows import ROW_CODES

DOCS = (Path(__file__).parents[2] / "docs" / "send.md").read_text("utf-8")


def test_every_flag_is_in_the_docs() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    command.add_arguments(parser)
    flags = [flag for action in parser._actions for flag in action.option_strings]
    assert [flag for flag in flags if f"`{flag}" not in DOCS] == []


def test_every_code_type_and_maker_is_in_the_docs() -> None:
    names = [*ROW_CODES, *celltypes.KINDS, *MAKERS]
    assert [name for name in names if f"`{name}`" not in DOCS] == []


def test_the_help_can_be_printed_at_any_width() -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert "exit code: 0 everything accepted, 3 some rows rejected" in parser.format_help()
