"""`infra package`: Chalice's package of a stage with our template merged over it; bytecode for the zip.

The same zip serves both ways: a `chalice deploy` that follows takes it from `.chalice/deployments/`.
"""

import filecmp
import shutil
from pathlib import Path
from zipfile import ZipFile

from headgate.infra.bytecode import add_bytecode
from headgate.infra.chalice import chalice
from headgate.infra.commands.render import stale
from headgate.infra.errors import InfraError
from headgate.infra.template.template import merge_path, rendered
from headgate.infra.zip_check import problems
from headgate.settings import load_config, load_settings


def package(root: Path, stage: str, out: Path, *, dry_run: bool) -> int:
    """Package into `out`. Raises InfraError when the files are behind, Chalice fails, or the zip is wrong."""
    config = load_config(root)
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
    return 0


def _with_bytecode(root: Path, archive: Path) -> int:
    """Add bytecode to the package and to Chalice's own copy of it, which a `chalice deploy` takes."""
    kept = (root / ".chalice" / "deployments").glob("*.zip")
    copies = [each for each in kept if filecmp.cmp(each, archive, shallow=False)]
    modules = add_bytecode(archive)
    for each in copies:
        shutil.copyfile(archive, each)
    return modules
