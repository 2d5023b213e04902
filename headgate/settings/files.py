"""Reads `.chalice/config.json`, the one settings file. The only part of the settings that touches a disk."""

import json
from pathlib import Path
from typing import Any

from headgate.settings.model import StageSettings
from headgate.settings.parse import SettingsError, parse_settings, unknown

_OBJECTS = ("headgate", "environment_variables", "lambda_functions", "tags")
CONFIG_PATH = Path(".chalice") / "config.json"


def project_root() -> Path:
    """Return the project's folder: the nearest one, from here upwards, with a `.chalice/config.json`.

    Outside of a project it is the current folder, and `load_config` says what to do.
    """
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / CONFIG_PATH).is_file()), here)


def load_settings(root: Path, stage: str) -> StageSettings:
    """Read the settings of one stage of the project at `root`.

    Raises SettingsError: no file, not JSON, no such stage, or every mistake of the stage's block.
    """
    block = stage_block(load_config(root), stage)
    return parse_settings(stage, block.get("headgate", {}), source=f"{CONFIG_PATH}, stage {stage}")


def load_config(root: Path) -> dict[str, Any]:
    """Read the whole file as JSON."""
    path = root / CONFIG_PATH
    try:
        config = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_without_repeats)
    except FileNotFoundError as error:
        problem = "is not there: run this in a Headgate project, the folder with app.py, or below it"
        raise SettingsError(str(path), [problem]) from error
    except OSError as error:
        raise SettingsError(str(path), [f"cannot be read: {error.strerror}"]) from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(str(path), [f"cannot be read as JSON: {error}"]) from error
    if not isinstance(config, dict) or not isinstance(config.get("stages"), dict):
        raise SettingsError(str(path), ["has no object `stages`"])
    return config


def stage_block(config: dict[str, Any], stage: str) -> dict[str, Any]:
    """Return everything the file says about one stage.

    A mistyped stage must end here: Chalice would deploy it as a new one without a word.
    """
    stages = config["stages"]
    if stage not in stages:
        raise SettingsError(str(CONFIG_PATH), [unknown("stage", stage, sorted(stages))])
    if not isinstance(stages[stage], dict):
        raise SettingsError(str(CONFIG_PATH), [f"the stage {stage!r} must be an object"])
    block: dict[str, Any] = stages[stage]
    wrong = [name for name in _OBJECTS if not isinstance(block.get(name, {}), dict)]
    if wrong:
        problems = [f"{name} must be an object" for name in wrong]
        raise SettingsError(f"{CONFIG_PATH}, stage {stage}", problems)
    return block


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of a name that stands twice JSON takes the last, and a person reads the first."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} stands twice")
    return found
