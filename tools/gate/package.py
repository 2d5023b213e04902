"""Chalice's own packaging of a stage, with our template merged over it.

The SAM template that would be deployed.

Runs `chalice package` in a copy of the project with an empty requirements.txt: the template does not depend
on the wheels, and so nothing is downloaded.
"""

import json
import shutil
import tempfile
from pathlib import Path

from headgate.infra.commands.package import chalice
from headgate.infra.template.intrinsics import Json
from headgate.infra.template.template import merge_path, rendered
from headgate.settings import StageSettings


def sam_template(root: Path, settings: StageSettings, config: Json) -> Json:
    """Package the project at `root` as stage `settings.stage` would be. Raises InfraError."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        shutil.copy(root / "app.py", copy)
        shutil.copytree(
            root / "chalicelib", copy / "chalicelib", ignore=shutil.ignore_patterns("__pycache__")
        )
        (copy / "requirements.txt").touch()
        (copy / ".chalice").mkdir()
        for path, text in rendered(settings, config).items():
            (copy / path).write_text(text, encoding="utf-8")
        chalice(
            copy, "package", "--stage", settings.stage, "--merge-template", merge_path(settings.stage), "out"
        )
        template: Json = json.loads((copy / "out" / "sam.json").read_text(encoding="utf-8"))
    return template
