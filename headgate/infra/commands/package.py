"""`infra package`: Chalice's package of a stage with our template merged over it, and the zip looked at.

The same zip serves both ways: a `chalice deploy` that follows takes it from `.chalice/deployments/`.
"""

from pathlib import Path
from zipfile import ZipFile

from headgate.infra.chalice import chalice
from headgate.infra.commands.render import stale
from headgate.infra.errors import InfraError
from headgate.infra.render import merge_path, rendered
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
    with ZipFile(out / "deployment.zip") as zipped:
        found = problems(zipped, requirements, architecture)
    if found:
        raise InfraError("the Lambda zip is wrong: " + "; ".join(found))
    print(f"{out}/deployment.zip and {out}/sam.json: stage {stage}, {architecture}")
    return 0
