"""Gives a Lambda zip the bytecode that Chalice leaves out: without it every cold start compiles every module.

Bytecode of the checked-hash kind: Python compares the source's hash, not its time, which zipping loses, and
compiles as before where they differ. So it can be missing or behind, but never wrong.

Source: PEP 552; docs/benchmarks.md for what it is worth. Called by commands/package.py and by bench.
"""

import py_compile
from collections.abc import Iterator
from importlib.util import cache_from_source
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_MODE = 0o644 << 16  # Source: zip's external attributes, Unix mode in the upper half


def add_bytecode(archive: Path) -> int:
    """Rewrite a zip with bytecode for each module, by the Python that runs this; answer how many got it.

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
