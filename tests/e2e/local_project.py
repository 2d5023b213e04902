"""A project folder of its own for a local run: the app as it is here, with other settings of its stage.

Used by the tests of what a setting changes.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from headgate.local.supervisor import LocalRun
from tests.e2e.local_rig import ROOT, Local, options


def make_project(folder: Path, headgate: dict[str, Any], stage: str = "dev") -> Path:
    """Write the folder anew, or its settings over the earlier ones; return it."""
    settings = folder / ".chalice" / "config.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    block = {"api_gateway_stage": stage, "headgate": headgate}
    settings.write_text(json.dumps({"version": "2.0", "app_name": "headgate", "stages": {stage: block}}))
    for name in ("app.py", "chalicelib"):
        if not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    return folder


@contextmanager
def running_project(project: Path, data: Path, **more: Any) -> Iterator[tuple[LocalRun, Local]]:
    """As `running`, for this project."""
    with LocalRun(replace(options(data, **more), root=str(project))) as run:
        addresses = run.start()
        yield run, Local(addresses.url, addresses.endpoint_url, data, run.pids)
