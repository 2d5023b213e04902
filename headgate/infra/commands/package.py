"""`infra package`: Chalice's package of a stage with our template merged over it, and bytecode in the zip.

The same zip serves both ways to deploy: the next `chalice deploy` takes it from `.chalice/deployments/`.
Chalice runs as a child process; its exit code is believed only when it says what happened.
"""

import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from headgate.infra.deploy.lambda_zip import add_bytecode, problems
from headgate.infra.errors import InfraError
from headgate.infra.generated import stale
from headgate.infra.template.template import merge_path, rendered
from headgate.settings import load_config, load_settings

RUNTIME_ENDS = {
    "python3.11": "2027-06-30",
    "python3.12": "2028-10-31",
    "python3.13": "2029-06-30",
    "python3.14": "2029-06-30",
}
"""Lambda's Python runtimes that we support, and the day on which Lambda's support of each ends.

Source: Lambda developer guide, Lambda runtimes; a test compares it with the list that cfn-lint ships.
"""


def runtime() -> str:
    """Return the runtime that Chalice will choose: this Python's. Raises InfraError if it is unknown."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if name not in RUNTIME_ENDS:
        raise InfraError(
            f"Chalice takes Lambda's runtime from the Python that runs it, and {name} is not one of "
            f"{', '.join(RUNTIME_ENDS)}: make the environment with another: make PYTHON=python3.13"
        )
    return name


def package(root: Path, stage: str, out: Path, *, dry_run: bool) -> int:
    """Package into `out`. Raises InfraError when the files are behind, Chalice fails, or the zip is wrong."""
    chosen, config = runtime(), load_config(root)
    behind = stale(root, rendered(load_settings(root, stage), config))
    if behind:
        raise InfraError(f"{', '.join(behind)} is behind the settings: run `infra render --stage {stage}`")
    if dry_run:
        print(f"would package stage {stage} into {out}")
        return 0
    chalice(root, "package", "--stage", stage, "--merge-template", merge_path(stage), str(out.absolute()))
    architecture = str(
        config["stages"][stage].get("lambda_architecture", config.get("lambda_architecture", "x86_64"))
    )
    requirements = (root / "requirements.txt").read_text(encoding="utf-8")
    modules = _with_bytecode(root, out / "deployment.zip")
    with ZipFile(out / "deployment.zip") as zipped:
        found = problems(zipped, requirements, architecture)
    if found:
        raise InfraError("the Lambda zip is wrong: " + "; ".join(found))
    what = f"stage {stage}, {architecture}, {modules} modules with bytecode"
    print(f"{out}/deployment.zip and {out}/sam.json: {what}")
    print(f"runtime {chosen}: Lambda supports it until {RUNTIME_ENDS[chosen]}")
    return 0


def _with_bytecode(root: Path, archive: Path) -> int:
    """Add bytecode to the package and to Chalice's own copy of it, which a `chalice deploy` takes."""
    kept = (root / ".chalice" / "deployments").glob("*.zip")
    copies = [each for each in kept if filecmp.cmp(each, archive, shallow=False)]
    modules = add_bytecode(archive)
    for each in copies:
        shutil.copyfile(archive, each)
    return modules


PROGRAM = (sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())")
"""Chalice has no `python -m chalice`; its script may belong to another environment."""


def chalice(folder: Path, *arguments: str) -> None:
    """Run one command in a project's folder. Raises InfraError with Chalice's last lines.

    Packaging needs no region, but Chalice asks for one: the template holds none, which one of the gate's
    rules proves.
    """
    environment = {"AWS_DEFAULT_REGION": "us-east-1"} | os.environ
    done = subprocess.run(
        [*PROGRAM, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise InfraError(f"chalice {arguments[0]}: " + " ".join(said[-3:]))
