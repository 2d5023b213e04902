"""A Lambda zip with bytecode: used where it fits its source, never believed where it does not (PEP 552)."""

import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path
from zipfile import ZipFile

import pytest

from headgate.infra.deploy.lambda_zip import add_bytecode

# Whether Python compiled: it says so at this level of verbosity.
VERBOSE = (sys.executable, "-B", "-v", "-c", "import pack.module; print(pack.module.VALUE)")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "deployment.zip"
    with ZipFile(path, "w") as zipped:
        zipped.writestr("pack/__init__.py", "")
        zipped.writestr("pack/module.py", "VALUE = 1\n")
        zipped.writestr("pack/not_python.py", "def (")
        zipped.writestr("pack/data.json", "{}")
        zipped.writestr("pack/__pycache__/module.cpython-999.pyc", b"left by a local run")
    return path


def unzipped(archive: Path) -> Path:
    folder = archive.parent / "task"
    with ZipFile(archive) as zipped:
        zipped.extractall(folder)
    return folder


def imported(folder: Path) -> tuple[str, bool]:
    """What the module says, and whether its bytecode was taken."""
    done = subprocess.run(VERBOSE, cwd=folder, capture_output=True, text=True, check=True)
    source = folder / "pack" / "module.py"
    taken = f"{folder / cache_from_source('pack/module.py')} matches" in done.stderr
    compiled = f"code object from {source}\n" in done.stderr
    assert taken != compiled
    return done.stdout.strip(), taken


def test_each_module_that_compiles_gets_bytecode_and_the_rest_stays(archive: Path) -> None:
    assert add_bytecode(archive) == 2
    with ZipFile(archive) as zipped:
        assert sorted(zipped.namelist()) == sorted(
            [
                "pack/__init__.py",
                "pack/module.py",
                "pack/not_python.py",
                "pack/data.json",
                cache_from_source("pack/__init__.py"),
                cache_from_source("pack/module.py"),
            ]
        )
        assert zipped.read("pack/data.json") == b"{}"
        assert zipped.testzip() is None


def test_adding_it_again_changes_nothing(archive: Path) -> None:
    add_bytecode(archive)
    first = archive.read_bytes()
    assert add_bytecode(archive) == 2
    assert archive.read_bytes() == first


def test_python_takes_it_whatever_time_the_source_has(archive: Path) -> None:
    add_bytecode(archive)
    assert imported(unzipped(archive)) == ("1", True)


def test_python_compiles_where_the_source_is_another(archive: Path) -> None:
    add_bytecode(archive)
    folder = unzipped(archive)
    (folder / "pack" / "module.py").write_text("VALUE = 2\n", "utf-8")
    assert imported(folder) == ("2", False)
