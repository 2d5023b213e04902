"""Who may import whom, and where the world may be touched (DESIGN section 5), held by parsing the imports."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIB = ROOT / "chalicelib"
MODULES = sorted(path.stem for path in LIB.glob("*.py"))

# Each module and the modules of chalicelib that it may import. A new module has to be placed here.
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": set(),
    "limits": set(),
    "errors": set(),
    "retry": set(),
    "throttles": set(),
    "packing": set(),
    "kpl": set(),
    "lines": {"kpl", "packing"},
    "ports": {"packing", "retry"},
    "hook": {"errors"},
    "envelope": {"limits"},
    "telemetry": set(),
    "jsontext": {"limits"},
    "event": {"errors", "jsontext", "limits"},
    "schemas": {"errors", "limits"},
    "cloudevents": {"errors", "jsontext"},
    "decode": {"cloudevents", "errors", "event", "jsontext", "limits", "schemas"},
    "gateway": {"errors", "limits"},
    "curate": {"envelope", "errors", "event", "jsontext", "limits", "lines", "packing"},
    "config": {"errors", "limits"},
    "ingest": {"decode", "errors", "gateway", "limits", "packing", "ports", "retry"},
    "transform": {"curate", "envelope", "limits", "packing", "ports", "retry"},
    "awsoptions": set(),
    "endpoints": {"awsoptions", "errors"},
    "refusals": {"retry", "throttles"},
    "credentials": {"awsoptions"},
    "signing": {"credentials"},
    "connections": {"awsoptions", "errors"},
    "clients": {
        "__init__",
        "awsoptions",
        "config",
        "connections",
        "credentials",
        "endpoints",
        "refusals",
        "retry",
        "signing",
    },
    "aws": {"clients", "ports", "refusals", "retry"},
    "compose": set(MODULES) - {"compose"},
}
EDGES = {"config", "connections", "credentials", "signing", "clients", "aws", "telemetry", "compose"}
# What touches the world: only the edges may import these.
WORLD = {
    "os": {"config"},
    "pathlib": {"config"},
    "sys": {"telemetry"},
    "time": {"telemetry", "compose"},
    "random": {"compose"},
    "uuid": {"compose"},
    "awscrt": {"credentials", "signing"},
    "boto3": set(),
    "botocore": {"credentials"},  # a person's profile, under `chalice local` only
    "http": {"connections"},
    "select": {"connections"},
    "socket": {"connections"},
    "ssl": {"connections"},
}  # fmt: skip
NOWHERE = {
    "asyncio",
    "io",
    "logging",
    "secrets",
    "shutil",
    "subprocess",
    "threading",
    "urllib",
}
PURE = {"urllib.parse"}
READS_PROXIES = {"connections": {"urllib.request"}}
THIRD_PARTY = {"orjson", "jsonschema_rs", "pybase64", "awscrt", "botocore"}


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imports_of(path: Path) -> Iterator[str]:
    """Every imported module, also inside functions; `from chalicelib import x` counts as chalicelib.x."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            own = node.module == "chalicelib"
            yield from (f"chalicelib.{alias.name}" for alias in node.names) if own else (str(node.module),)


def own_imports(name: str) -> set[str]:
    found = {
        module.split(".")[1] for module in imports_of(LIB / f"{name}.py") if module.startswith("chalicelib.")
    }
    return {module if module in MODULES else "__init__" for module in found}


def names_in(path: Path) -> set[str]:
    """Every name and dotted name that is read, such as print or os.environ."""
    nodes = list(ast.walk(tree_of(path)))
    plain = {node.id for node in nodes if isinstance(node, ast.Name)}
    return plain | {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}


def test_every_module_has_its_place_in_the_table() -> None:
    assert set(MODULES) == set(MAY_IMPORT)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_what_the_table_allows(name: str) -> None:
    assert own_imports(name) <= MAY_IMPORT[name]


@pytest.mark.parametrize("name", MODULES)
def test_only_the_edges_touch_the_world(name: str) -> None:
    roots = {module.split(".")[0] for module in imports_of(LIB / f"{name}.py")}
    assert not {module for module in roots & set(WORLD) if name not in WORLD[module]}
    # urllib.parse is text to text, and Chalice has imported it already.
    assert (
        not {
            module.split(".")[0]
            for module in imports_of(LIB / f"{name}.py")
            if module not in PURE | READS_PROXIES.get(name, set())
        }
        & NOWHERE
    )
    assert roots <= set(sys.stdlib_module_names) | THIRD_PARTY | {"chalicelib"}


@pytest.mark.parametrize("name", sorted(set(MODULES) - EDGES))
def test_the_core_neither_prints_nor_opens_nor_reads_the_clock(name: str) -> None:
    used = names_in(LIB / f"{name}.py")
    assert not used & {
        "print",
        "open",
        "input",
        "breakpoint",
        "exec",
        "eval",
        "datetime.now",
        "datetime.utcnow",
    }


def test_only_config_reads_the_environment_and_only_telemetry_prints() -> None:
    for path in [*LIB.glob("*.py"), ROOT / "app.py"]:
        used = names_in(path)
        assert not any(name.startswith(("os.environ", "os.getenv")) for name in used) or path.stem == "config"
        assert not used & {"print", "sys.stdout", "sys.stderr"} or path.stem == "telemetry"


def test_the_table_has_no_circle() -> None:
    done: set[str] = set()
    while ready := {name for name in MAY_IMPORT if name not in done and own_imports(name) <= done | {name}}:
        done |= ready
    assert done == set(MAY_IMPORT)


def test_the_app_is_a_table_of_contents() -> None:
    assert len((ROOT / "app.py").read_text("utf-8").splitlines()) < 60
    own = {module for module in imports_of(ROOT / "app.py") if module.startswith("chalicelib")}
    assert own <= {"chalicelib.compose", "chalicelib.config", "chalicelib.gateway"}
    loops = (ast.For, ast.While, ast.Try, ast.If, ast.With)
    assert not [node for node in ast.walk(tree_of(ROOT / "app.py")) if isinstance(node, loops)]


def test_the_zip_never_imports_the_developers_side() -> None:
    for path in [*LIB.glob("*.py"), ROOT / "app.py"]:
        assert not [
            module for module in imports_of(path) if module.split(".")[0] in {"headgate", "tests", "bench"}
        ]


def test_no_module_is_long_and_each_says_what_it_is() -> None:
    for path in LIB.glob("*.py"):
        assert len(path.read_text("utf-8").splitlines()) <= 250, path.name
        assert ast.get_docstring(tree_of(path)), path.name
