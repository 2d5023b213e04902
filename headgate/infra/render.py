"""The files under `.chalice/` that follow from the settings: what they must say, as texts.

Pure: nothing is read or written here. `infra render` writes them, a test holds the repository's copies to
them, and `deploy` refuses while they are behind. `resources.json` and the policy files of a stage carry its
name, except that those of the stage prod, which Chalice's documentation uses, also serve as the
repository's example.
"""

import copy
import json
from typing import Any

from headgate.infra.functions import any_account, ingest_statements, transform_statements
from headgate.infra.intrinsics import Json, tag_map
from headgate.infra.template import merge_template
from headgate.settings import StageSettings, environment

FUNCTIONS = {"api_handler": "ingest", "transform": "transform"}
"""Chalice's name of a function, in the configuration, to ours."""


def merge_path(stage: str) -> str:
    """Answer the path of the template that `chalice package --merge-template` takes."""
    return ".chalice/resources.json" if stage == "prod" else f".chalice/resources-{stage}.json"


def policy_path(stage: str, function: str) -> str:
    """Answer the path of a function's policy, relative to `.chalice/` as Chalice takes it."""
    return f"policy-{function}-{stage}.json"


def rendered(settings: StageSettings, config: Json) -> dict[str, str]:
    """Answer path to text for every file that follows from one stage's settings.

    `config` is the whole of `.chalice/config.json`; the stages not asked for stay as they are.
    """
    stage = settings.stage
    policies = {
        "ingest": ingest_statements(settings, any_account),
        "transform": transform_statements(settings, any_account),
    }
    files: dict[str, Any] = {
        f".chalice/{policy_path(stage, name)}": {"Version": "2012-10-17", "Statement": statements}
        for name, statements in policies.items()
    }
    files[".chalice/config.json"] = completed_config(settings, config)
    files[merge_path(stage)] = merge_template(settings)
    return {path: text_of(content) for path, content in files.items()}


def completed_config(settings: StageSettings, config: Json) -> Json:
    """Answer the configuration with what follows from the stage's settings filled in."""
    result = copy.deepcopy(config)
    block = result["stages"][settings.stage]
    block["api_gateway_stage"] = settings.stage
    block["environment_variables"] = block.get("environment_variables", {}) | environment(settings)
    block["tags"] = tag_map(settings)
    functions = block.setdefault("lambda_functions", {})
    for name, ours in FUNCTIONS.items():
        functions.setdefault(name, {})["iam_policy_file"] = policy_path(settings.stage, ours)
    return result


def text_of(content: Any) -> str:
    """Write JSON as the repository keeps it."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
