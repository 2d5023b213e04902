"""Which generated files are behind the settings; render writes them, deploy and package refuse them."""

from pathlib import Path


def stale(root: Path, wanted: dict[str, str]) -> list[str]:
    """Return the paths whose file does not say what it should."""
    return [path for path, text in wanted.items() if not _says(root / path, text)]


def _says(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except FileNotFoundError:
        return False
