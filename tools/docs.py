"""`python -m tools.docs`: writes the pages, and the parts of pages, that come from the code.

A part stands between `<!-- name:begin … -->` and `<!-- name:end -->`. `make check` runs it with --check.
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

from chalicelib import errors, limits
from headgate.settings import load_settings
from tools import deployer_policy, failure_modes, openapi
from tools.resource_list import resource_list
from tools.settings_table import settings_table

ROOT = Path(__file__).resolve().parent.parent


def codes() -> str:
    """Error codes of a request."""
    rows = (f"| `{code}` | {status} | {text} |" for code, (status, text) in errors.CODES.items())
    return "\n".join(["| `Code` | status | meaning |", "|---|---|---|", *rows])


def event_codes() -> str:
    """Error codes of one event."""
    rows = (f"| `{code}` | {text} |" for code, text in errors.EVENT_CODES.items())
    return "\n".join(["| code | meaning |", "|---|---|", *rows])


def contract_limits() -> str:
    """Limits of the contract."""
    rows = (
        ("one event", f"{limits.EVENT_MAX_BYTES:,} bytes", "`EventTooLarge`"),
        ("body, also after gzip", f"{limits.BODY_MAX_BYTES:,} bytes", "`TooLarge`"),
        ("events in a request", f"{limits.EVENTS_MAX}", "`TooLarge`"),
        ("nesting of an event", f"{limits.DEPTH_MAX} levels", "`TooDeep`"),
        ("`type` of an event", f"{limits.TYPE_MAX_CHARS} characters", "`TypeTooLong`"),
        ("`Idempotency-Key`", f"{limits.IDEMPOTENCY_KEY_MAX_CHARS} characters", "`InvalidIdempotencyKey`"),
    )
    table = (f"| {what} | {value} | {code} |" for what, value, code in rows)
    return "\n".join(["| what | limit | beyond it |", "|---|---|---|", *table])


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "docs/contract.md": {"codes": codes, "event-codes": event_codes, "limits": contract_limits},
}

FILES: dict[str, Callable[[], str]] = {
    "docs/openapi.json": openapi.text,
    "docs/failure-modes.md": lambda: failure_modes.page(failure_modes.citations(ROOT / "tests")),
    "docs/settings.md": settings_table,
    "docs/deployer-policy.json": lambda: deployer_policy.text(load_settings(ROOT, "prod")),
    "docs/resources.md": lambda: resource_list(load_settings(ROOT, "prod")),
}


def filled(text: str, parts: dict[str, Callable[[], str]]) -> str:
    """The text with each part made anew. Raises ValueError when a part's marks are missing."""
    for name, make in parts.items():
        pattern = re.compile(rf"(<!-- {name}:begin[^>]*-->\n).*?(<!-- {name}:end -->)", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"no marks for {name}")
        before, after = pattern.split(text)[0], pattern.split(text)[-1]
        begin, end = pattern.findall(text)[0]
        text = f"{before}{begin}\n{make()}\n\n{end}{after}"
    return text


def wanted() -> dict[str, str]:
    """Return path to text of every page that is made, wholly or in part, from the code."""
    pages = {path: filled((ROOT / path).read_text("utf-8"), parts) for path, parts in PARTS.items()}
    return pages | {path: make() for path, make in FILES.items()}


def main(arguments: list[str] | None = None) -> int:
    """Write the pages that are stale, or only name them. Exit code 1 when --check finds one."""
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say which pages are stale")
    check = parser.parse_args(arguments).check
    pages = wanted()
    stale = [path for path, text in pages.items() if (ROOT / path).read_text("utf-8") != text]
    for path in stale:
        if not check:
            (ROOT / path).write_text(pages[path], "utf-8")
        print(f"{path}: {'stale; run python -m tools.docs' if check else 'written'}")
    return int(bool(stale) and check)


if __name__ == "__main__":
    sys.exit(main())
