"""Prints every IAM action of a policy document that does not exist; runs in the gate's own environment.

The judge is policy_sentry, which holds AWS's Service Authorization Reference.
"""

import json
import sys
from pathlib import Path

# It lives in the gate's own environment, so mypy cannot see it.
from policy_sentry.querying.actions import get_actions_for_service  # type: ignore[import-not-found]

for statement in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["Statement"]:
    for action in statement["Action"]:
        known = {each.lower() for each in get_actions_for_service(action.partition(":")[0])}
        if action.lower() not in known:
            print(f"{action} is no IAM action")
