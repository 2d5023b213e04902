"""Rules of this repository that no linter knows: tests that can fail, a map of the rooms, pins that agree."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
# Calls that fail a test by themselves, from whatever module they come.
JUDGES = {"raises", "warns", "fail", "run_state_machine_as_test"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions_of(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, Function):
            yield node


def called_in(function: ast.AST) -> set[str]:
    """Return the names of the called functions; of methods only judges, for many classes have a `put`."""
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    names = {call.id for call in calls if isinstance(call, ast.Name)}
    return names | {call.attr for call in calls if isinstance(call, ast.Attribute) and call.attr in JUDGES}


def judges() -> set[str]:
    """Return the names of all helpers that assert, by themselves or by another one."""
    helpers = [
        (function.name, any(isinstance(node, ast.Assert) for node in ast.walk(function)), called_in(function))
        for path in TESTS
        for function in functions_of(path)
        if not function.name.startswith("test_")
    ]
    known = set(JUDGES)
    while new := {name for name, asserts, called in helpers if asserts or called & known} - known:
        known |= new
    return known


def without_judgement(source: ast.AST, known: set[str]) -> list[str]:
    return [
        node.name
        for node in ast.walk(source)
        if isinstance(node, Function)
        and node.name.startswith("test_")
        and not any(isinstance(part, ast.Assert) for part in ast.walk(node))
        and not called_in(node) & known
    ]


def test_every_test_can_fail() -> None:
    known = judges()
    idle = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in TESTS
        if path.name.startswith("test_")
        for name in without_judgement(ast.parse(path.read_text("utf-8")), known)
    }
    assert not idle


def test_a_test_without_an_assert_would_be_found() -> None:
    source = ast.parse("def test_a(): run()\ndef test_b(): check()\ndef test_c():\n    with raises(E): run()")
    assert without_judgement(source, {"check", "raises"}) == ["test_a"]


@pytest.mark.parametrize("folder", ["headgate", "tools", "tests"])
def test_contributing_has_a_line_for_every_room(folder: str) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    rooms = {
        path.name + "/" if path.is_dir() else path.name
        for path in (ROOT / folder).iterdir()
        if (path.is_dir() and any(file.suffix not in {"", ".pyc"} for file in path.rglob("*")))
        or (folder == "headgate" and path.suffix == ".py" and not path.stem.startswith("__"))
    }
    told = set(re.findall(rf"^\| `{folder}/([^`]+)` \|", text, re.MULTILINE))
    assert told == rooms


def pins_of(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return dict(line.split()[0].split("==") for line in lines if re.match(r"[A-Za-z0-9]", line))


@pytest.mark.parametrize("part", ["requirements.txt", "requirements-run.txt", "requirements-columnar.txt"])
def test_a_smaller_set_up_has_the_same_versions(part: str) -> None:
    assert pins_of(part).items() <= pins_of("requirements-dev.txt").items()
    if part == "requirements.txt":
        assert pins_of(part).items() <= pins_of("requirements-run.txt").items()


def test_every_reason_for_dead_code_is_needed() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["vulture"]
    files = [
        path for name in config["paths"] for path in (ROOT / name).rglob("*.py") if (ROOT / name).is_dir()
    ]
    text = "\n".join(path.read_text("utf-8") for path in [*files, ROOT / "app.py"])
    patterns = {name: name.replace("*", r"\w+") for name in config["ignore_names"]}
    assert not [name for name, pattern in patterns.items() if not re.search(rf"\b{pattern}\b", text)]


def test_the_korean_readme_has_the_same_commands_and_output() -> None:
    english, korean = (
        re.findall(r"^```.*?^```$", (ROOT / name).read_text("utf-8"), re.MULTILINE | re.DOTALL)
        for name in ("README.md", "README.ko.md")
    )
    assert korean == english
