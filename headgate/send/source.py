"""What the rows come from: a file, a pipe, or a template. One Protocol, so that the rest does not care.

Called by run. The three know nothing of batches or of the endpoint.
"""

import random
import secrets
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Protocol

from headgate.send.csvrows import Dialect
from headgate.send.generate import Clock, generate
from headgate.send.keys import fingerprint
from headgate.send.rows import BadRow, EventRow


class Source(Protocol):
    """Rows, with a fingerprint that stands for exactly these rows."""

    fingerprint: str
    key: str  # what the Idempotency-Keys begin with: the fingerprint, or the person's own
    repeatable: bool  # a later run can read the same rows again
    emptiness: str  # of a pass that gave no row: what there was instead

    def rows(self) -> Iterator[EventRow | BadRow]:
        """One pass. Raises AbortError when the content is not what the fingerprint stands for."""

    def verify(self) -> None:
        """A cheap look whether the content is still the same. Raises AbortError."""

    def share(self) -> float | None:
        """How much of the pass has been read, from 0 to 1; None when nobody can know."""

    def close(self) -> None:
        """Give back what is open."""


def mapping(form: str, encoding: str, dialect: Dialect) -> dict[str, Any]:
    """For the fingerprint: everything but the content that decides which events there are and their bytes."""
    return {"format": form, "encoding": encoding, **asdict(dialect)}


class GeneratedSource:
    """Made-up events. With the same seed and template, all but their times are the same again."""

    repeatable = False
    emptiness = ""

    def __init__(
        self,
        template: dict[str, Any],
        now: Clock,
        *,
        seed: str | None = None,
        event_type: str | None = None,
        key: str | None = None,
    ) -> None:
        self.seed = seed or secrets.token_hex(4)
        self.fingerprint = fingerprint(secrets.token_hex(16), "generated")
        self.key = key or self.fingerprint
        self._template = template
        self._now = now
        self._event_type = event_type
        self.rows()  # a mistake in the template shows now

    def rows(self) -> Iterator[EventRow | BadRow]:
        """Events without end."""
        return generate(self._template, _chance(self.seed), self._now, self._event_type)

    def verify(self) -> None:
        """A template does not change."""

    def share(self) -> float | None:
        """There is no end."""
        return None

    def close(self) -> None:
        """There is nothing open."""


def _chance(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 - sample data, not secrets
