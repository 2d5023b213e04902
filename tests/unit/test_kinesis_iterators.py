import pytest

from headgate.local.kinesis import iterators
from headgate.local.kinesis.iterators import Iterator
from headgate.local.wire import AwsError

NOW_MS = 1_700_000_000_000


def test_an_iterator_carries_its_place() -> None:
    assert iterators.redeem(iterators.issue(Iterator(7, 42), NOW_MS), NOW_MS) == (7, 42)


def test_an_iterator_is_good_for_five_minutes() -> None:
    text = iterators.issue(Iterator(7, 42), NOW_MS)
    assert iterators.redeem(text, NOW_MS + 300_000) == (7, 42)
    with pytest.raises(AwsError) as refused:
        iterators.redeem(text, NOW_MS + 300_001)
    assert refused.value.code == "ExpiredIteratorException"
    assert "tolerated delay of 300000 milliseconds" in refused.value.message


@pytest.mark.parametrize("text", ["", "x", "AAAA", "Ü", None, 5, "A" * 48])
def test_text_that_was_never_issued_is_not_an_iterator(text: object) -> None:
    with pytest.raises(AwsError) as refused:
        iterators.redeem(text, NOW_MS)
    assert refused.value.code == "InvalidArgumentException"


def test_a_changed_iterator_is_not_an_iterator() -> None:
    text = iterators.issue(Iterator(7, 42), NOW_MS)
    changed = text[:20] + ("A" if text[20] != "A" else "B") + text[21:]
    with pytest.raises(AwsError) as refused:
        iterators.redeem(changed, NOW_MS)
    assert refused.value.code == "InvalidArgumentException"


def test_a_page_token_is_good_for_300_seconds() -> None:
    text = iterators.issue_token({"after": "x"}, NOW_MS)
    assert iterators.redeem_token(text, NOW_MS + 300_000) == {"after": "x"}
    with pytest.raises(AwsError) as refused:
        iterators.redeem_token(text, NOW_MS + 300_001)
    assert refused.value.code == "ExpiredNextTokenException"


@pytest.mark.parametrize("text", ["x", "e30=", "bnVsbA==", "WzFd"])
def test_text_that_was_never_issued_is_not_a_page_token(text: str) -> None:
    with pytest.raises(AwsError) as refused:
        iterators.redeem_token(text, NOW_MS)
    assert refused.value.code == "InvalidArgumentException"
