"""Runs cfn-lint, checkov and the SAM expansion in the gate's own environment."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent

SKIPPED = {
    "CKV_AWS_18": "a log bucket for the bucket would need a log bucket; CloudTrail data events do the same",
    "CKV_AWS_26": "CloudWatch cannot publish under the AWS-managed key; an alarm holds no event's data",
    "CKV_AWS_73": "X-Ray bills each trace and answers no question that the metrics leave open",
    "CKV_AWS_115": "the stage's throttle bounds ingest, the shards bound the transform",
    "CKV_AWS_116": "a dead-letter queue is for asynchronous calls; the mapping has its own destination",
    "CKV_AWS_117": "the functions call public AWS endpoints only; a VPC would add cost and cold start",
    "CKV_AWS_120": "a cached answer to a POST would be a receipt for an event that was never written",
    "CKV_AWS_158": "log groups are encrypted with the service's key; they hold no payload",
    "CKV_AWS_173": "the environment holds names and no secret; it is encrypted with the service's key",
}
"""Checks of checkov that do not apply here, each with its reason. Nothing else is skipped."""


class ToolError(Exception):
    """A tool could not be run."""


def expand(python: Path, folder: Path) -> None:
    """Expand every *.sam.json of a folder. Raises ToolError with the translator's words."""
    _run([python, str(HERE / "expand.py"), str(folder)])


def lint(python: Path, files: list[Path]) -> list[str]:
    """Return cfn-lint's findings, one line each."""
    names = [str(path) for path in files]
    done = _run([python.with_name("cfn-lint"), "--format", "parseable", "--", *names], accept=range(32))
    return done.splitlines()


def checkov(python: Path, files: list[Path]) -> list[str]:
    """Return checkov's findings that are not skipped, one line each."""
    program: list[str | Path] = [
        python.with_name("checkov"),
        "--skip-download",
        "--framework",
        "cloudformation",
        "--output",
        "json",
    ]
    for path in files:
        program += ["--file", str(path)]
    done = _run([*program, "--skip-check", ",".join(SKIPPED), "--soft-fail"])
    report = json.loads(done)
    failed = report["results"]["failed_checks"] if isinstance(report, dict) else []
    return [f"{each['check_id']} {each['resource']}: {each['check_name']}" for each in failed]


def unknown_actions(python: Path, policy: Path) -> list[str]:
    """Return the actions of a policy document that do not exist, one line each."""
    return _run([python, str(HERE / "actions.py"), str(policy)]).splitlines()


def _run(program: Sequence[str | Path], accept: range = range(1)) -> str:
    environment = os.environ | {"AWS_DEFAULT_REGION": "us-east-1", "LOG_LEVEL": "ERROR"}
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in accept:
        raise ToolError(
            " ".join([Path(program[0]).name, *(done.stderr or done.stdout).strip().splitlines()[-3:]])
        )
    return done.stdout
