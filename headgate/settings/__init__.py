"""A stage's settings: read once, checked whole, frozen; template, local run and environment follow them."""

from headgate.settings.files import CONFIG_PATH, load_config, load_settings, project_root
from headgate.settings.model import StageSettings
from headgate.settings.names import Names, environment, fill_bucket, in_place, names_of
from headgate.settings.parse import SettingsError, parse_settings

__all__ = [
    "CONFIG_PATH",
    "Names",
    "SettingsError",
    "StageSettings",
    "environment",
    "fill_bucket",
    "in_place",
    "load_config",
    "load_settings",
    "names_of",
    "parse_settings",
    "project_root",
]
