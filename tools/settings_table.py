"""docs/settings.md, made from the dataclasses; a test regenerates it."""

import json
from dataclasses import Field, fields
from typing import Any

from headgate.settings.model import StageSettings

HEAD = """# Settings of a stage

In `.chalice/config.json`, under `stages.<stage>.headgate`. Every key has a default; an unknown key, a wrong
type and a value out of range are all reported together, before anything is changed. After an edit run
`headgate infra render --stage <stage>`.

| key | default | allowed | what it does |
|---|---|---|---|
"""


def settings_table() -> str:
    """Write the whole page."""
    return HEAD + "".join(f"{row}\n" for row in _rows(StageSettings, ""))


def _rows(kind: type, prefix: str) -> list[str]:
    found: list[str] = []
    for item in fields(kind):
        if "group" in item.metadata:
            found += _rows(item.metadata["group"], f"{item.name}.")
        elif item.metadata:
            check = item.metadata["check"]
            found.append(
                f"| `{prefix}{item.name}` | {_default(item)} | {check.wording} | {item.metadata['doc']} |"
            )
    return found


def _default(item: Field[Any]) -> str:
    default: Any = item.default
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"
