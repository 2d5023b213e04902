"""What every world of schedules has in common: the stage, its hook, and where its files lie."""

from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.errors import Drop, Reject
from headgate.local.plan import StagePlan, load_plan

ROOT = Path(__file__).parents[2]


@cache
def stage_plan() -> StagePlan:
    """The stage dev, as the local run builds it."""
    return load_plan("dev", ROOT, "123456789012", "us-east-1")


def hook(event: dict[str, Any]) -> dict[str, Any] | None:
    if event.get("type") == "drop":
        if len(event) % 2:
            raise Drop("Unwanted")
        return None
    if event.get("type") == "reject":
        raise Reject("Unwanted", "The type is reject.", "/type")
    return event


def stream_arn(stream: str) -> str:
    return f"arn:aws:kinesis:us-east-1:123456789012:stream/{stream}"


def fast_folder() -> str | None:
    """A folder in memory where there is one; what is lost with the machine is not what is tested."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a random name is made inside
