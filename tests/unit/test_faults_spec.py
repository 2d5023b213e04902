"""What `--faults` takes, and what it says about anything else."""

import pytest

from headgate.local.errors import LocalError
from headgate.local.faults.spec import KINDS, Fault, parse_faults


def test_a_specification_names_shares_amounts_and_the_seed() -> None:
    spec = parse_faults("throttle=0.2, slow=0.02:4.5,firehose_down=1,seed=7,")
    assert spec.seed == 7
    assert spec.faults == {"throttle": Fault(0.2), "slow": Fault(0.02, 4.5), "firehose_down": Fault(1.0, 3.0)}


def test_nothing_asked_for_is_nothing_on() -> None:
    assert parse_faults("").faults == {}
    assert parse_faults("throttle=0,seed=3").faults == {}


def test_its_text_says_the_same_again() -> None:
    spec = parse_faults(",".join([*(f"{name}=0.25" for name in KINDS), "seed=11"]))
    assert parse_faults(str(spec)) == spec


def test_it_says_what_is_on_in_a_line_each() -> None:
    spec = parse_faults("throttle=0.2,slow=0.02:4")
    assert spec.sentences() == [
        "throttle 20 %: a shard refuses what a call puts on it, or to be read",
        "slow 2 %: a put is committed and answered too late (4 s)",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("trottle=0.2", "there is no fault 'trottle' (did you mean throttle?)"),
        ("sede=7", "there is no fault 'sede' (did you mean seed?)"),
        ("xyz", "there is no fault 'xyz' (known: throttle, partial,"),
        ("throttle", "throttle is a share from 0 to 1, not ''"),
        ("throttle=1.5", "throttle is a share from 0 to 1, not '1.5'"),
        ("throttle=nan", "throttle is a share from 0 to 1, not 'nan'"),
        ("throttle=0.1:3", "throttle takes a share alone"),
        ("slow=0.1:", "slow's second number is a number from 0 to 9 (s), not ''"),
        ("slow=0.1:60", "slow's second number is a number from 0 to 9 (s), not '60'"),
        ("reset=0.1,reset=0.2", "reset is given twice"),
        ("seed=-1", "seed is a whole number"),
    ],
)
def test_what_is_wrong_is_said(text: str, sentence: str) -> None:
    with pytest.raises(LocalError) as caught:
        parse_faults(text)
    assert sentence in str(caught.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(LocalError, match=r"tread.*slow.*seed"):
        parse_faults("tread=1,slow=x,seed=y")
