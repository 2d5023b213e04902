"""How far a replay has come, in one small file that is replaced in one step, and the loop that moves it on.

Decides the file's name, from what the replay is about: the same command finds it again. The mark is written
after the acknowledgement, so that an interrupted replay repeats some records and leaves none out.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headgate.readers.errors import ReaderError
from headgate.readers.putting import Put
from headgate.replay.plan import Mark, ReplayPlan, Source

FOLDER = Path(".local") / "replay"


class ReplayState:
    """The file of one replay. `plan` is None until it was counted."""

    def __init__(self, folder: Path, about: dict[str, Any]) -> None:
        name = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]
        self.path = folder / f"{name}.json"
        self._about = about
        self.plan: ReplayPlan | None = None
        self.mark: Mark | None = None
        self.sent = 0
        self.done_at: str | None = None
        self._load()

    def begin(self, plan: ReplayPlan) -> None:
        """Keep a new plan."""
        self.plan, self.mark, self.sent, self.done_at = plan, None, 0, None
        self._save()

    def advance(self, mark: Mark, records: int) -> None:
        """Note that everything before the mark is acknowledged."""
        self.mark, self.sent = mark, self.sent + records
        self._save()

    def finish(self, done_at: str) -> None:
        """Note that all is done."""
        self.done_at = done_at
        self._save()

    def _load(self) -> None:
        try:
            kept = json.loads(self.path.read_text("utf-8"))
            self.plan = ReplayPlan(**kept["plan"])
            self.mark, self.sent, self.done_at = kept["mark"], kept["sent"], kept["done_at"]
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ReaderError(f"{self.path} cannot be read ({error}): delete it to begin anew") from error

    def _save(self) -> None:
        plan = self.plan.as_dict() if self.plan else None
        kept = {
            "about": self._about,
            "sent": self.sent,
            "done_at": self.done_at,
            "mark": self.mark,
            "plan": plan,
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            half = self.path.with_suffix(".part")
            half.write_text(json.dumps(kept | {"plan": plan}), "utf-8")
            half.replace(self.path)
        except OSError as error:
            raise ReaderError(f"{self.path} cannot be written: {error.strerror}") from error


def send_all(
    source: Source, plan: ReplayPlan, put: Put, state: ReplayState, report: Callable[[], None]
) -> None:
    """Send what the plan holds after the state's mark. Raises what the source or `put` raises."""
    for portion in source.portions(plan, state.mark):
        put(portion.records)
        state.advance(portion.mark, len(portion.records))
        report()
