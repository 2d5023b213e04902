"""`infra render`: writes what follows from the settings. Idempotent; touches only files that differ."""

from pathlib import Path

from headgate.infra.generated import stale
from headgate.infra.template.template import rendered
from headgate.settings import load_config, load_settings


def render(root: Path, stage: str, *, dry_run: bool) -> int:
    """Write, or only name, every file that is behind. Raises SettingsError."""
    wanted = rendered(load_settings(root, stage), load_config(root))
    behind = stale(root, wanted)
    for path in wanted:
        state = "up to date" if path not in behind else ("would be written" if dry_run else "written")
        print(f"{path}: {state}")
        if path in behind and not dry_run:
            (root / path).write_text(wanted[path], encoding="utf-8")
    return 0
