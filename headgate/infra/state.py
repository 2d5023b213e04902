"""What Chalice remembers of a deploy: `.chalice/deployed/<stage>.json`, the only link to the API's id."""

import json
from pathlib import Path
from typing import NamedTuple

from headgate.infra.errors import InfraError


class Deployed(NamedTuple):
    """Ids that Chalice wrote down; `mapping_uuid` is None when it made no mapping."""

    api_id: str
    mapping_uuid: str | None


def deployed_path(root: Path, stage: str) -> Path:
    """Answer where Chalice keeps a stage's state."""
    return root / ".chalice" / "deployed" / f"{stage}.json"


def deployed(root: Path, stage: str) -> Deployed:
    """Read the state. Raises InfraError that says how to go on without it."""
    path = deployed_path(root, stage)
    if not path.exists():
        raise InfraError(
            f"{path} is not there: run `chalice deploy --stage {stage}` first. If the stage was deployed "
            "from another machine, copy that file here; without it Chalice would make a second API"
        )
    try:
        resources = json.loads(path.read_text(encoding="utf-8"))["resources"]
        by_kind = {each["resource_type"]: each for each in resources}
        uuid = by_kind.get("kinesis_event", {}).get("event_uuid")
        return Deployed(str(by_kind["rest_api"]["rest_api_id"]), uuid)
    except (ValueError, KeyError, TypeError) as error:
        raise InfraError(
            f"{path} is damaged ({error!r}): restore it, or delete it and deploy anew"
        ) from error
