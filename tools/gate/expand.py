"""Expands SAM templates to CloudFormation: `python expand.py FOLDER`, every *.sam.json to *.json beside it.

Run by the gate with the interpreter of its own environment, so it imports nothing of ours.
"""

import json
import sys
from pathlib import Path
from typing import Any

# The translator lives in the gate's own environment, so mypy cannot see it.
from samtranslator.parser.parser import Parser  # type: ignore[import-not-found]
from samtranslator.translator.translator import Translator  # type: ignore[import-not-found]


def expand(template: dict[str, Any]) -> dict[str, Any]:
    """Return what CloudFormation's SAM transform would make of a template."""
    # `cloudformation package` would put the code's S3 address here; the translator wants one now.
    for body in template["Resources"].values():
        if body["Type"] == "AWS::Serverless::Function":
            body["Properties"]["CodeUri"] = "s3://artifacts/deployment.zip"
    translator = Translator(managed_policy_map={}, sam_parser=Parser())
    expanded: dict[str, Any] = translator.translate(template, parameter_values={})
    return expanded


def main(folder: Path) -> None:
    """Expand every file of a folder."""
    for path in sorted(folder.glob("*.sam.json")):
        expanded = expand(json.loads(path.read_text(encoding="utf-8")))
        target = path.with_name(path.name.removesuffix(".sam.json") + ".json")
        target.write_text(json.dumps(expanded, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
