"""`infra docs`: writes the pages that follow from the code; a test holds the repository's copies to them."""

from pathlib import Path

from headgate.infra.commands.render import stale
from headgate.infra.resource_list import resource_list
from headgate.settings import load_settings
from headgate.settings.table import settings_table


def pages(root: Path) -> dict[str, str]:
    """Answer path to text of every generated page of this part."""
    return {
        "docs/settings.md": settings_table(),
        "docs/resources.md": resource_list(load_settings(root, "prod")),
    }


def docs(root: Path, *, dry_run: bool) -> int:
    """Write the pages that are behind. Raises SettingsError."""
    wanted = pages(root)
    behind = stale(root, wanted)
    for path in behind:
        print(f"{path}: {'would be written' if dry_run else 'written'}")
        if not dry_run:
            (root / path).write_text(wanted[path], encoding="utf-8")
    return 0
