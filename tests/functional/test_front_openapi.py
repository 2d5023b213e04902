"""docs/openapi.json is what the code says."""

from pathlib import Path

from tools.openapi import text


def test_the_document_is_up_to_date() -> None:
    """When it is not: `python -m tools.docs`."""
    assert (Path(__file__).parents[2] / "docs" / "openapi.json").read_text("utf-8") == text()
