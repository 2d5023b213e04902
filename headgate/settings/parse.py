"""Turns the JSON of one stage into StageSettings, or into one message that lists every mistake.

Pure: no file, no environment. Called by files.py and by tests.
"""

from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from headgate.settings.model import StageSettings


class SettingsError(Exception):
    """Every mistake of the file in one message, one line each; exit code 2 for a command."""

    def __init__(self, source: str, problems: list[str]) -> None:
        self.problems = tuple(problems)
        lines = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(
            f"{source}: {problems[0]}" if len(problems) == 1 else f"{source} has mistakes:{lines}"
        )


STAGE_LENGTH = 20
"""A bucket's name has 63 characters: headgate-<stage>-<12 digits>-<the longest region, 14>, and some air."""

_STAGE_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_NAME_LENGTH = 64
_COMPRESSION = {"ndjson": ("gzip", "none"), "parquet": ("gzip", "snappy", "none"), "orc": ("snappy", "none")}
_COLUMNAR_SIZE_MB = 64
"""Source: Firehose developer guide, record format conversion: the buffer size must be 64 MiB or more."""


def parse_settings(stage: str, block: Any, *, source: str = "settings") -> StageSettings:
    """Build the settings of `stage` from its `headgate` block.

    Raises SettingsError with every mistake; `source` says in which file they are.
    """
    problems = stage_name_problems(stage)
    if not isinstance(block, dict):
        raise SettingsError(source, [*problems, "headgate must be an object"])
    values = _read_group(
        StageSettings, {"auth": "none" if stage == "dev" else "api_key"} | block, "", problems
    )
    if not problems:
        settings = StageSettings(stage=stage, **values)
        problems = _contradictions(settings)
    if problems:
        raise SettingsError(source, problems)
    return settings


def stage_name_problems(stage: str) -> list[str]:
    """Judge a stage's name: it is part of a bucket's name and of a URL."""
    if stage and len(stage) <= STAGE_LENGTH and set(stage) <= _STAGE_LETTERS and stage.strip("-") == stage:
        return []
    return [f"the stage {stage!r} must be 1 to {STAGE_LENGTH} lower-case letters, digits or inner hyphens"]


def unknown(kind: str, name: str, known: list[str]) -> str:
    """One sentence for a name that nobody knows, with the one that was probably meant."""
    close = get_close_matches(name, known, n=1)
    return f"unknown {kind} {name!r}" + (
        f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"
    )


def _read_group(kind: type, block: Any, prefix: str, problems: list[str]) -> dict[str, Any]:
    if not isinstance(block, dict):
        problems.append(f"{prefix.rstrip('.')} must be an object")
        return {}
    known = {item.name: item for item in fields(kind) if item.metadata}
    values: dict[str, Any] = {}
    for key, value in block.items():
        path = f"{prefix}{key}"
        item = known.get(key)
        if item is None:
            problems.append(unknown("setting", path, [f"{prefix}{name}" for name in known]))
        elif "group" in item.metadata:
            inner = item.metadata["group"]
            values[key] = _build(inner, _read_group(inner, value, f"{path}.", problems))
        else:
            values[key] = item.metadata["check"].read(value, path, problems)
    return values


def _build(kind: Any, values: dict[str, Any]) -> Any:
    return kind(**values)


def _contradictions(settings: StageSettings) -> list[str]:
    """Find what two settings that are right on their own must not say together."""
    curated, mapping, found = settings.curated, settings.mapping, []
    if curated.format != "ndjson" and curated.size_mb < _COLUMNAR_SIZE_MB:
        found.append(f"curated.size_mb must be {_COLUMNAR_SIZE_MB} or more for {curated.format}")
    if curated.compression not in (None, *_COMPRESSION[curated.format]):
        allowed = ", ".join(_COMPRESSION[curated.format])
        found.append(f"curated.compression for {curated.format} must be one of {allowed}")
    if not settings.names.raw and len(settings.names.stream or "") > _NAME_LENGTH - len("-raw"):
        found.append("names.stream is so long that names.raw must be set too; its default is <stream>-raw")
    half_s = settings.retention_hours * 3600 // 2
    if mapping.max_age_s is not None and mapping.max_age_s > half_s:
        found.append(
            f"mapping.max_age_s must be at most half the retention, {half_s}, not {mapping.max_age_s}"
        )
    expire, infrequent = settings.lifecycle.raw_expire_days, settings.lifecycle.raw_infrequent_access_days
    if expire is not None and infrequent is not None and expire <= infrequent:
        found.append("lifecycle.raw_expire_days must be more than lifecycle.raw_infrequent_access_days")
    if settings.ordering_field is not None and mapping.parallelization > 1:
        found.append(
            "ordering_field needs mapping.parallelization 1: with more, Lambda splits a shard by partition"
            " keys, which are event ids, and events of one ordering value overtake each other"
        )
    if "*" in settings.cors_origins and len(settings.cors_origins) > 1:
        found.append("cors_origins must be `*` alone or a list of origins, not both")
    return found
