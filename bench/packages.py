"""The folders that Lambda would unzip to /var/task: made by `chalice package`, kept in build/bench-packages.

A folder's name holds a digest of what went into it, so a second run needs no network.
"""

import compileall
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode
from tempfile import TemporaryDirectory

from bench.environment import ROOT, STAGE, copy_app

_KEPT = ROOT / "build" / "bench-packages"


def package(extra_requirements: tuple[str, ...] = ()) -> Path:
    """The real package, with more requirements than it has."""
    with TemporaryDirectory() as temporary:
        app = copy_app(Path(temporary) / "app")
        shutil.copytree(ROOT / ".chalice", app / ".chalice", ignore=shutil.ignore_patterns("deployments"))
        with (app / "requirements.txt").open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in extra_requirements)
        kept = _KEPT / _digest(app)
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
            _unzip(made / "deployment.zip", kept)
        return kept


def with_bytecode(folder: Path) -> Path:
    """A copy with .pyc files, as a build step could add them; Lambda's own folder is read-only."""
    copy = folder.with_name(f"{folder.name}-pyc")
    if not copy.exists():
        shutil.copytree(folder, copy)
        compileall.compile_dir(
            str(copy), quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH, force=True
        )
    return copy


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
