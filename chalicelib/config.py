"""The functions' settings: the only reader of the environment and of the schema folder.

The environment is made from the stage's block in `.chalice/config.json`. All mistakes are reported in one
message, because a function with a wrong setting fails at init and nowhere else.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chalicelib import limits
from chalicelib.errors import Fatal

_WHOLE = re.compile(r"[0-9]{1,9}")
_AUTH = ("api_key", "iam", "none")
_UNKNOWN_TYPES = ("accept", "reject")
_COLUMNAR = ("parquet", "orc")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a function must know of its stage."""

    stage: str
    stream: str
    delivery_stream: str  # of curated/
    bucket: str  # may hold {account} and {region}
    auth: str  # api_key, iam or none
    cors_origins: frozenset[str]
    ordering_field: str | None  # JSON Pointer
    pack_bytes: int
    event_as_text: bool  # in curated/: a JSON string that holds the event, for the columnar formats
    only_known_types: bool
    batch_size: int  # of the event source mapping, records
    batch_window_s: int
    handler: str  # the function that this process is, "" outside Lambda


def settings() -> Settings:
    """Return the settings of this process. Raises Fatal."""
    return parse(os.environ)


def environment() -> Mapping[str, str]:
    """The variables of this process, for those that AWS gives a meaning to."""
    return os.environ


def schema_texts(folder: Path = Path(__file__).parent / "schemas") -> dict[str, str]:
    """Return the JSON Schemas that ship with the function: slug of the event type to text."""
    return {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.json"))}


def parse(environ: Mapping[str, str]) -> Settings:
    """Return the settings in an environment. Raises Fatal, which names everything missing or wrong."""
    read = _Reader(environ)
    found = Settings(
        stage=read.text("HEADGATE_STAGE"),
        stream=read.text("HEADGATE_STREAM"),
        delivery_stream=read.text("HEADGATE_DELIVERY_STREAM"),
        bucket=read.text("HEADGATE_BUCKET"),
        auth=read.one_of("HEADGATE_AUTH", _AUTH),
        cors_origins=frozenset(environ.get("HEADGATE_CORS_ORIGINS", "").replace(",", " ").split()),
        ordering_field=read.pointer("HEADGATE_ORDERING_FIELD"),
        pack_bytes=read.number("HEADGATE_PACK_BYTES", 0, limits.FIREHOSE_RECORD_MAX_BYTES),
        event_as_text=read.one_of("HEADGATE_CURATED_FORMAT", ("ndjson", *_COLUMNAR), "ndjson") in _COLUMNAR,
        only_known_types=read.one_of("HEADGATE_UNKNOWN_TYPES", _UNKNOWN_TYPES) == "reject",
        batch_size=read.number("HEADGATE_BATCH_SIZE", 1, 10_000),
        batch_window_s=read.number("HEADGATE_BATCH_WINDOW_S", 0, 300),
        handler=environ.get("_HANDLER", ""),
    )
    if read.mistakes:
        raise Fatal("InternalError", f"The environment is not that of a stage: {'; '.join(read.mistakes)}.")
    return found


class _Reader:
    """Reads variables and collects what is wrong instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.mistakes: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        value = self._environ.get(name, "") or default
        if not value:
            self.mistakes.append(f"{name} is missing")
        return value

    def one_of(self, name: str, allowed: tuple[str, ...], default: str = "") -> str:
        value = self.text(name, default)
        if value and value not in allowed:
            self.mistakes.append(f"{name} is not one of {', '.join(allowed)}")
        return value

    def pointer(self, name: str) -> str | None:
        value = self._environ.get(name, "")
        if value and not value.startswith("/"):
            self.mistakes.append(f"{name} is not a JSON Pointer: it starts with /")
        return value or None

    def number(self, name: str, least: int, most: int) -> int:
        value = self.text(name)
        if _WHOLE.fullmatch(value) and least <= int(value) <= most:
            return int(value)
        if value:
            self.mistakes.append(f"{name} is not a whole number from {least} to {most}")
        return least
