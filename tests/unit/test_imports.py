"""No circle of imports, between modules or between packages, and what may run on a bare Python.

The layers between rooms stand in pyproject.toml; import-linter holds them (`make check`) but does not see a
circle inside one room.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("chalicelib", "headgate", "tools", "bench", "tests")


def name_of(path: Path) -> str:
    """Return the dotted name of a file below the root."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(path): path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
FOLDERS = sorted(name for name, path in FILES.items() if path.name == "__init__.py")


def imports_of(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (module, name in it) for every import, also those inside functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def own_imports(path: Path) -> set[str]:
    """Return the modules of this project that a file imports."""
    found = set()
    for module, name in imports_of(path):
        full = f"{module}.{name}"
        found.add(full if full in FILES else module)
    return found & set(FILES)


GRAPH = {name: own_imports(path) - {name} for name, path in FILES.items()}


def circle_of(graph: Mapping[str, set[str]]) -> list[str]:
    """Return one circle, or an empty list."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_imports_itself_by_a_circle() -> None:
    assert not circle_of(GRAPH)


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_lies_in_one_folder_makes_no_circle(folder: str) -> None:
    depth = folder.count(".") + 2
    graph: dict[str, set[str]] = {}
    for name, imported in GRAPH.items():
        for other in imported:
            if name.startswith(f"{folder}.") and other.startswith(f"{folder}."):
                start, end = (".".join(full.split(".")[:depth]) for full in (name, other))
                graph.setdefault(start, set()).update({end} - {start})
    assert not circle_of(graph)


def test_a_circle_would_be_found() -> None:
    assert circle_of({"a": {"b"}, "b": {"c"}, "c": {"a"}})


@pytest.mark.parametrize("room", ["headgate.contract"])
def test_a_room_that_travels_alone_imports_the_standard_library_only(room: str) -> None:
    for name in (name for name in FILES if name.startswith(f"{room}.") or name == room):
        roots = {module.partition(".")[0] for module, _ in imports_of(FILES[name])}
        assert roots <= set(sys.stdlib_module_names) | {"headgate", "chalicelib"}, name
        assert all(other.startswith((room, "chalicelib")) or other == "headgate" for other in GRAPH[name]), (
            name
        )
