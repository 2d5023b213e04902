"""Where the contestants run: two interpreters, the variables of a function, a copy of the app with a schema.

The peers have a virtual environment of their own, build/bench, so that what they bring is in none of ours.
"""

import json
import os
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
APP = Path(os.environ.get("BENCH_APP", ROOT))  # the folder with app.py; another one to compare a change
PEERS = ROOT / "build" / "bench"
PEERS_PYTHON = PEERS / "bin" / "python"
HOW_TO_INSTALL = "not measured, the peers are not installed: make build/bench/ready"
STAGE = "prod"


def peers_installed() -> bool:
    return PEERS_PYTHON.exists()


def variables(url: str) -> dict[str, str]:
    """The environment of a function of STAGE whose AWS is at `url`."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text("utf-8"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HEADGATE_"))}
    return {
        **kept,
        **config["stages"][STAGE]["environment_variables"],
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_SESSION_TOKEN": "x" * 400,  # a role's token has several hundred characters and is sent each time
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def copy_app(folder: Path, schemas: dict[str, object] | None = None) -> Path:
    """A copy of what Chalice would package, with JSON Schemas added: what adding a channel is."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(APP / "chalicelib", folder / "chalicelib", ignore=ignored)
    for name in ("app.py", "requirements.txt"):
        shutil.copy(APP / name, folder / name)
    for slug, schema in (schemas or {}).items():
        (folder / "chalicelib" / "schemas").mkdir(exist_ok=True)
        (folder / "chalicelib" / "schemas" / f"{slug}.json").write_text(json.dumps(schema), "utf-8")
    return folder
