"""`infra diff`: what the settings say that the deployed data plane does not. Changes nothing."""

import difflib
import json

from headgate.infra.deploy.context import Context
from headgate.infra.template.intrinsics import Json
from headgate.infra.template.template import data_plane
from headgate.settings import in_place


def diff(context: Context) -> int:
    """Print a unified diff. Exit code 0 the same, 1 different."""
    place = context.clients.place()
    wanted = data_plane(in_place(context.settings, place.account, place.region))
    lines = unified(context.stack().template(), wanted)
    for line in lines:
        print(line)
    context.say(f"the difference has {len(lines)} lines" if lines else "no difference")
    return 1 if lines else 0


def unified(deployed: Json | None, wanted: Json) -> list[str]:
    """Return the lines of a unified diff of two templates; no stack is an empty template."""
    old, new = (_lines(each or {}) for each in (deployed, wanted))
    return list(difflib.unified_diff(old, new, "deployed", "settings", lineterm="", n=2))


def _lines(template: Json) -> list[str]:
    return json.dumps(template, indent=2, sort_keys=True).splitlines()
