"""What can be asked of the fault layer, as text: `throttle=0.2,slow=0.02:6,seed=7`.

Decides the names, their meaning and what is a valid request. Never rolls a die: chance.py does. Called by the
command line, by the processes of the local run and by the tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from headgate.local.errors import LocalError


class Kind(NamedTuple):
    """One kind of fault. `amount` is the default of what may stand after a colon, None where nothing may."""

    what: str
    amount: float | None = None
    unit: str = ""
    most: float = 0.0


# The longest wait keeps an answer inside the time in which a stop of the endpoint waits for it.
_SLOW_MOST_S = 9.0
_CALLS_MOST = 1000.0
# A jump of a day would let records expire, which is retention and no fault.
_CLOCK_MOST_S = 3600.0

KINDS: dict[str, Kind] = {
    "throttle": Kind("a shard refuses what a call puts on it, or to be read"),
    "partial": Kind("PutRecords takes only some of its records"),
    "lost_answer": Kind("a put is committed and its answer lost"),
    "slow": Kind("a put is committed and answered too late", 6.0, "s", _SLOW_MOST_S),
    "reset": Kind("the connection is reset before anything is done"),
    "error500": Kind("InternalFailure, half of the puts committed"),
    "expired": Kind("ExpiredTokenException"),
    "firehose_partial": Kind("PutRecordBatch takes only some of its records"),
    "firehose_down": Kind("Firehose refuses some puts in a row", 3.0, "puts", _CALLS_MOST),
    "s3_down": Kind("S3 refuses some requests in a row", 3.0, "requests", _CALLS_MOST),
    "transform_kill": Kind("the transform dies after a part of its batch, or before its answer"),
    "transform_timeout": Kind("the transform has too little time", 2.0, "s", 900.0),
    "reshard": Kind("each second, a shard is split or two are merged"),
    "clock": Kind("the clock of the stream jumps ahead and back", 30.0, "s", _CLOCK_MOST_S),
}


class Fault(NamedTuple):
    """How often, as a share of the calls, and how much: the kind's unit."""

    rate: float
    amount: float = 0.0


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """The faults that are on, by name, and the seed of all decisions."""

    faults: Mapping[str, Fault]
    seed: int = 0

    def __str__(self) -> str:
        """The text that `parse_faults` takes."""
        parts = [f"{name}={_shown(name, fault)}" for name, fault in self.faults.items()]
        return ",".join([*parts, f"seed={self.seed}"])

    def sentences(self) -> list[str]:
        """One line per fault, for a person."""
        return [
            f"{name} {100 * f.rate:g} %: {KINDS[name].what}{_more(name, f)}"
            for name, f in self.faults.items()
        ]


def parse_faults(text: str) -> FaultSpec:
    """Read a specification. Raises LocalError that names everything wrong."""
    faults: dict[str, Fault] = {}
    seed, wrong = 0, []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition("=")
        try:
            if name in faults:
                raise ValueError(f"{name} is given twice")
            if name == "seed":
                seed = _seed(value)
            else:
                faults[name] = _fault(name, value)
        except ValueError as error:
            wrong.append(str(error))
    if wrong:
        raise LocalError(f"The faults cannot be read: {'; '.join(wrong)}.")
    return FaultSpec({name: fault for name, fault in faults.items() if fault.rate}, seed)


def _seed(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise ValueError("seed is a whole number")
    return int(value)


def _fault(name: str, value: str) -> Fault:
    kind = KINDS.get(name)
    if kind is None:
        near = get_close_matches(name, [*KINDS, "seed"], 1)
        known = f"did you mean {near[0]}?" if near else f"known: {', '.join(KINDS)}"
        raise ValueError(f"there is no fault {name!r} ({known})")
    rate, colon, amount = value.partition(":")
    if colon and kind.amount is None:
        raise ValueError(f"{name} takes a share alone, nothing after a colon")
    most = f"a number from 0 to {kind.most:g} ({kind.unit})"
    return Fault(
        _number(rate, 1.0, f"{name} is a share from 0 to 1"),
        _number(amount, kind.most, f"{name}'s second number is {most}") if colon else kind.amount or 0.0,
    )


def _number(text: str, most: float, otherwise: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= most:
        raise ValueError(f"{otherwise}, not {text!r}")
    return number


def _shown(name: str, fault: Fault) -> str:
    return f"{fault.rate!r}" if KINDS[name].amount is None else f"{fault.rate!r}:{fault.amount!r}"


def _more(name: str, fault: Fault) -> str:
    return f" ({fault.amount:g} {KINDS[name].unit})" if KINDS[name].unit else ""
