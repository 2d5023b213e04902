"""`python -m tools.gate`: the static gate of the generated template.

In this order: generate, merge over Chalice's package, expand SAM, cfn-lint, checkov, our own rules, golden
file. Exit code 0 passed, 1 findings, 2 a tool could not run.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from headgate.infra.errors import InfraError
from headgate.infra.template.intrinsics import Json
from headgate.settings import SettingsError, StageSettings, load_config, load_settings
from tools.gate import tools
from tools.gate.combinations import combinations
from tools.gate.package import sam_template
from tools.gate.rules import broken
from tools.venvs import VenvError, ready

GOLDEN = Path("tests") / "infra" / "golden-prod.json"


def main(arguments: list[str] | None = None) -> int:
    """Run the gate."""
    args = _parser().parse_args(arguments)
    try:
        findings = _gate(args)
    except (InfraError, SettingsError, tools.ToolError, VenvError) as error:
        print(f"gate: {error}", file=sys.stderr)
        return 2
    for finding in findings:
        print(finding)
    print(f"gate: {len(findings)} findings" if findings else "gate: passed")
    return 1 if findings else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.gate", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(), help="the project's folder (default: here)")
    parser.add_argument("--venv", type=Path, default=Path("build") / "gate", help="environment of the tools")
    parser.add_argument("--all", action="store_true", help="every combination of settings that the docs name")
    parser.add_argument("--update", action="store_true", help="write the golden file instead of comparing")
    return parser


def _gate(args: argparse.Namespace) -> list[str]:
    python = ready(args.venv.absolute(), tools.HERE / "requirements.txt", "cfn-lint, checkov, SAM translator")
    wanted = {"prod": load_settings(args.root, "prod")} | (combinations() if args.all else {})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = _made(args.root, wanted, folder, python)
        findings = tools.lint(python, list(made)) + tools.checkov(python, list(made))
        findings += tools.unknown_actions(python, args.root / "docs" / "deployer-policy.json")
        expanded = {path.stem: json.loads(text) for path, text in made.items()}
        golden = args.root / GOLDEN
        text = made[folder / "prod.json"]
    for title, template in expanded.items():
        findings += [f"{title}: {finding}" for finding in broken(template)]
    if args.update:
        golden.write_text(text, encoding="utf-8")
    elif not golden.exists() or golden.read_text(encoding="utf-8") != text:
        findings.append(f"{GOLDEN} is behind: look at the difference, then run the gate with --update")
    return findings


def _made(root: Path, wanted: dict[str, StageSettings], folder: Path, python: Path) -> dict[Path, str]:
    """Package, merge and expand each; return the expanded template's path and text."""
    config = load_config(root)
    for title, settings in wanted.items():
        template: Json = sam_template(root, settings, config)
        (folder / f"{title}.sam.json").write_text(json.dumps(template), encoding="utf-8")
    tools.expand(python, folder)
    paths = [folder / f"{title}.json" for title in wanted]
    return {path: path.read_text(encoding="utf-8") for path in paths}


if __name__ == "__main__":
    sys.exit(main())
