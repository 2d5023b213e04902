"""The folders that Lambda would unzip to /var/task, kept in build/bench-packages.

Made by `chalice package`, with the bytecode that `infra package` adds where it is asked for.

A folder's name holds a digest of what went into it, so a second run needs no network.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.environment import ROOT, STAGE, copy_app
from headgate.infra.deploy.lambda_zip import add_bytecode

_KEPT = ROOT / "build" / "bench-packages"


def package(extra_requirements: tuple[str, ...] = (), *, bytecode: bool) -> Path:
    """The package, with more requirements than it has, and with bytecode (as ours is) or without."""
    with TemporaryDirectory() as temporary:
        app = copy_app(Path(temporary) / "app")
        shutil.copytree(ROOT / ".chalice", app / ".chalice", ignore=shutil.ignore_patterns("deployments"))
        with (app / "requirements.txt").open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in extra_requirements)
        kept = _KEPT / f"{_digest(app)}{'-pyc' if bytecode else ''}"
        if not kept.exists():
            made = Path(temporary) / "out"
            chalice = Path(sys.executable).parent / "chalice"
            subprocess.run(
                [chalice, "package", "--stage", STAGE, made],
                cwd=app,
                check=True,
                stdout=subprocess.DEVNULL,
                env={"AWS_DEFAULT_REGION": "us-east-1", **os.environ},
            )
            if bytecode:
                add_bytecode(made / "deployment.zip")
            _unzip(made / "deployment.zip", kept)
        return kept


def size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _unzip(archive: Path, kept: Path) -> None:
    partly = kept.with_name(f"{kept.name}-partly")
    shutil.rmtree(partly, ignore_errors=True)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(partly)
    partly.rename(kept)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]
