"""Judges a Lambda zip: all that requirements.txt names, for the right machine, and nothing else.

Chalice leaves out a wheel that does not fit the Lambda platform, warns, and exits 0: the function would
then fail at its first call. Pure over an open zip; called by commands/package.py and by tests.
"""

import re
from importlib.util import cache_from_source
from pathlib import PurePosixPath
from zipfile import ZipFile

MOST_BYTES = 20 * 1024 * 1024
"""Unzipped. Lambda allows 250 MB; what is above this is a dependency that slipped in."""

_OURS = ("app.py", "chalicelib/", "chalice/")
_MACHINES = {62: "x86_64", 183: "arm64"}
"""ELF e_machine to Lambda's architecture. Source: System V ABI, ELF header."""


def problems(zipped: ZipFile, requirements: str, architecture: str) -> list[str]:
    """Answer one sentence for everything that is wrong with a zip."""
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
    """Answer name to version of a requirements file of `name==version` lines."""
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
    """Answer a distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
