"""The Lambda zip holds what it must, for the right machine, and nothing else."""

import io
from importlib.util import cache_from_source
from pathlib import Path
from zipfile import ZipFile

import pytest

from headgate.infra.deploy.lambda_zip import pinned, problems

ROOT = Path(__file__).parents[2]
REQUIREMENTS = "# why\nfast-json==1.2  # note\n"
X86, ARM = 62, 183
FILES = {
    "app.py": b"",
    "chalicelib/ingest.py": b"",
    "chalice/app.py": b"",
    "fast_json-1.2.dist-info/RECORD": (
        b"fast_json/__init__.py,,\nfast_json/core.abi3.so,,\nfast_json-1.2.dist-info/RECORD,,\n"
    ),
    "fast_json/__init__.py": b"",
}


def elf(machine: int) -> bytes:
    return b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little") + bytes(12)


def found(files: dict[str, bytes], architecture: str = "x86_64") -> list[str]:
    with ZipFile(io.BytesIO(), "w") as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
        return problems(zipped, REQUIREMENTS, architecture)


@pytest.mark.parametrize(("machine", "architecture"), [(X86, "x86_64"), (ARM, "arm64")])
def test_a_whole_zip_for_its_machine_has_no_problem(machine: int, architecture: str) -> None:
    assert found(FILES | {"fast_json/core.abi3.so": elf(machine)}, architecture) == []


def test_a_wheel_that_chalice_left_out_is_named() -> None:
    ours = {name: content for name, content in FILES.items() if not name.startswith("fast_json")}
    assert found(ours, "arm64") == [
        "fast-json==1.2 is missing: there is no wheel of it for this Python on arm64"
    ]


def test_another_version_is_as_good_as_none() -> None:
    files = {name.replace("-1.2", "-1.3"): content for name, content in FILES.items()}
    assert found(files)[0].startswith("fast-json==1.2 is missing")


def test_a_module_for_another_machine_is_seen_by_its_header() -> None:
    assert found(FILES | {"fast_json/core.abi3.so": elf(ARM)}) == [
        "fast_json/core.abi3.so is made for arm64, not for x86_64"
    ]


def test_what_nobody_asked_for_is_named() -> None:
    assert found(FILES | {"boto3/__init__.py": b"", "fast_json/stray.py": b""}) == [
        "boto3 is in the zip, and nobody asked for it",
        "fast_json is in the zip, and nobody asked for it",
    ]


def test_bytecode_belongs_to_its_source() -> None:
    code = {cache_from_source(name): b"" for name in ("app.py", "chalice/app.py", "fast_json/__init__.py")}
    assert found(FILES | code) == []
    assert found(FILES | {cache_from_source("stray.py"): b""}) == [
        "__pycache__ is in the zip, and nobody asked for it"
    ]


def test_a_zip_that_grew_is_seen() -> None:
    assert found(FILES | {"chalicelib/big.bin": bytes(33 * 1024 * 1024)})[0].startswith(
        "unzipped it has 34,60"
    )


def test_the_real_requirements_are_all_pinned() -> None:
    versions = pinned((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    assert set(versions) == {"awscrt", "orjson", "jsonschema-rs", "pybase64"}
    assert all(versions.values())
