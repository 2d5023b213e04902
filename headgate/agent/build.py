"""Builds agent.pyz: the agent as one file that runs on a bare Python 3.11 or newer.

`python -m headgate.agent.build [PATH]`. Holds the agent, the client of `POST /v1` and the parts of chalicelib
they use, nothing else; boto3 is taken from the host's Python where a flow goes to AWS.
"""

import argparse
import shutil
import sys
import tempfile
import zipapp
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent.parent
_ROOMS = ("agent", "contract")
_SHARED = ("packing.py", "retry.py", "throttles.py")


def build(target: Path) -> None:
    """Write the zipapp."""
    with tempfile.TemporaryDirectory() as folder:
        content = Path(folder)
        ignore = shutil.ignore_patterns("__pycache__", "*.service")
        for name in _ROOMS:
            shutil.copytree(_ROOT / "headgate" / name, content / "headgate" / name, ignore=ignore)
        shutil.copy(_ROOT / "headgate" / "aws_errors.py", content / "headgate" / "aws_errors.py")
        (content / "headgate" / "__init__.py").write_text('"""Headgate."""\n')
        (content / "chalicelib").mkdir()
        (content / "chalicelib" / "__init__.py").write_text('"""The shared core."""\n')
        for name in _SHARED:
            shutil.copy(_ROOT / "chalicelib" / name, content / "chalicelib" / name)
        (content / "__main__.py").write_text(
            "import sys\n\nfrom headgate.agent.__main__ import main\n\nsys.exit(main())\n"
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        zipapp.create_archive(content, target, interpreter="/usr/bin/env python3", compressed=True)


def main(argv: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Build the agent as one file.")
    parser.add_argument("path", nargs="?", default="agent.pyz", type=Path)
    path: Path = parser.parse_args(argv).path
    build(path)
    print(f"{path}: {path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
