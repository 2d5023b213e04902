"""The Lambda zip: bytecode is added to it, and its content is checked.

Chalice leaves out bytecode, so that every cold start would compile every module. The bytecode added here is
of the checked-hash kind: Python compares the source's hash, not its time, which zipping loses, and compiles
as before where they differ. So it can be missing or out of date, but never wrong.

Chalice also leaves out a wheel that does not fit the Lambda platform, warns, and exits 0: the function would
then fail at its first call. `problems` finds that: the zip must hold everything that requirements.txt names,
for the right machine, and nothing else.

Source: PEP 552; docs/benchmarks.md for what bytecode is worth. Called by commands/package.py and by bench.
"""

import py_compile
import re
from collections.abc import Iterator
from importlib.util import cache_from_source
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_MODE = 0o644 << 16  # Source: zip's external attributes, Unix mode in the upper half


def add_bytecode(archive: Path) -> int:
    """Rewrite a zip with bytecode for each module, by the Python that runs this; return how many got it.

    Bytecode that is in it already goes: Chalice packs what a local run left, and that goes by time.
    """
    fresh = archive.with_name(f"{archive.name}-with-bytecode")
    count = 0
    with ZipFile(archive) as old, ZipFile(fresh, "w", ZIP_DEFLATED) as new:
        for each in old.infolist():
            if "__pycache__" not in PurePosixPath(each.filename).parts:
                new.writestr(each, old.read(each), each.compress_type)
        for name, code in _compiled(old):
            made = ZipInfo(name)
            made.external_attr = _MODE
            new.writestr(made, code, ZIP_DEFLATED)
            count += 1
    fresh.replace(archive)
    return count


def _compiled(zipped: ZipFile) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each module's bytecode; a file that does not compile has none."""
    checked = py_compile.PycInvalidationMode.CHECKED_HASH
    with TemporaryDirectory() as temporary:
        source, target = Path(temporary) / "module.py", Path(temporary) / "module.pyc"
        for name in zipped.namelist():
            if name.endswith(".py"):
                source.write_bytes(zipped.read(name))
                if py_compile.compile(str(source), str(target), name, invalidation_mode=checked, quiet=2):
                    yield PurePosixPath(cache_from_source(name)).as_posix(), target.read_bytes()


MOST_BYTES = 32 * 1024 * 1024
"""Unzipped. Lambda allows 250 MB; what is above this is a dependency that slipped in."""

_OURS = ("app.py", "chalicelib/", "chalice/")
_MACHINES = {62: "x86_64", 183: "arm64"}
"""ELF e_machine to Lambda's architecture. Source: System V ABI, ELF header."""


def problems(zipped: ZipFile, requirements: str, architecture: str) -> list[str]:
    """Return one sentence for everything that is wrong with a zip."""
    wanted = pinned(requirements)
    found = {name.partition("/")[0] for name in zipped.namelist() if ".dist-info/" in name}
    versions = {_normal(name.removesuffix(".dist-info").rpartition("-")[0]): name for name in found}
    missing = [
        f"{name}=={version} is missing: there is no wheel of it for this Python on {architecture}"
        for name, version in wanted.items()
        if versions.get(name, "").removesuffix(".dist-info").rpartition("-")[2] != version
    ]
    return [*missing, *_machines(zipped, architecture), *_strangers(zipped, wanted, versions), *_size(zipped)]


def pinned(requirements: str) -> dict[str, str]:
    """Return name to version of a requirements file of `name==version` lines."""
    lines = (line.partition("#")[0].strip() for line in requirements.splitlines())
    pairs = (line.partition("==") for line in lines if line)
    return {_normal(name): version for name, _, version in pairs}


def _machines(zipped: ZipFile, architecture: str) -> list[str]:
    """Look at each compiled module: a name such as `x.abi3.so` does not tell the machine, its header does."""
    found = []
    for name in zipped.namelist():
        if name.endswith(".so"):
            with zipped.open(name) as module:
                header = module.read(20)
            machine = _MACHINES.get(int.from_bytes(header[18:20], "little"), "another machine")
            if machine != architecture:
                found.append(f"{name} is made for {machine}, not for {architecture}")
    return found


def _strangers(zipped: ZipFile, wanted: dict[str, str], folders: dict[str, str]) -> list[str]:
    """Find what neither Chalice, nor we, nor a pinned requirement brought."""
    known = {PurePosixPath(name) for name in zipped.namelist() if name.startswith(_OURS)}
    for name in wanted:
        record = f"{folders.get(name, '?')}/RECORD"
        if record in zipped.namelist():
            lines = zipped.read(record).decode().splitlines()
            known |= {PurePosixPath(line.split(",")[0]) for line in lines}
    known |= {PurePosixPath(cache_from_source(str(path))) for path in known if path.suffix == ".py"}
    tops = {PurePosixPath(name).parts[0] for name in zipped.namelist() if PurePosixPath(name) not in known}
    return [f"{top} is in the zip, and nobody asked for it" for top in sorted(tops)]


def _size(zipped: ZipFile) -> list[str]:
    total = sum(each.file_size for each in zipped.infolist())
    return [f"unzipped it has {total:,} bytes, more than {MOST_BYTES:,}"] if total > MOST_BYTES else []


def _normal(name: str) -> str:
    """Return a distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
