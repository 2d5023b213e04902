"""app.py as Lambda runs it: a cold start in a stage's environment, recorded events, an invocation."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
EVENTS = ROOT / "tests" / "events"
STAGE = json.loads((ROOT / ".chalice" / "config.json").read_text("utf-8"))["stages"]["dev"][
    "environment_variables"
]


class Context:
    """What Lambda tells a function about its invocation."""

    aws_request_id = "invocation-1"

    def get_remaining_time_in_millis(self) -> int:
        return 20_000


def import_app() -> ModuleType:
    """A cold start: app.py anew."""
    spec = importlib.util.spec_from_file_location("app", ROOT / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def recorded(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    return event


def ask(app: ModuleType, name: str, **changes: Any) -> tuple[int, dict[str, str], Any]:
    """Status, headers and JSON of the answer to a recorded request."""
    answer = app.app({**recorded(name), **changes}, Context())
    return answer["statusCode"], answer["headers"], json.loads(answer["body"] or "null")


def set_stage(environ: pytest.MonkeyPatch) -> None:
    """The environment of a function of the dev stage."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN", "_HANDLER"):
        environ.delenv(name, raising=False)
    aws = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in {**STAGE, **aws}.items():
        environ.setenv(name, value)
