"""What an answer means: only the contract's receipts are success, and only what can pass is sent again."""

import json

import pytest

from headgate.contract.connection import HttpAnswer, NoAnswer
from headgate.contract.verdict import (
    Accepted,
    Hopeless,
    Invalid,
    Passing,
    Refused,
    TooLarge,
    Verdict,
    is_of_the_contract,
    judge,
    judge_first,
)


def said(status: int, body: object, **headers: str) -> HttpAnswer:
    return HttpAnswer(status, json.dumps(body).encode(), **headers)


RECEIPT = {"SequenceNumber": "1", "ShardId": "shardId-0"}


def test_receipts_for_all_events_are_success() -> None:
    batch = said(200, {"FailedRecordCount": 0, "Records": [RECEIPT] * 2})
    assert judge(batch, 2) == Accepted()
    assert judge(said(200, RECEIPT), 1) == Accepted()
    assert judge(said(200, {"Valid": 3}), 3, checking=True) == Accepted()


@pytest.mark.parametrize(
    "answer",
    [
        said(200, {"FailedRecordCount": 0, "Records": [RECEIPT]}),
        said(200, {}),
        said(200, []),
        HttpAnswer(200, b"<html>welcome</html>"),
        HttpAnswer(200, b""),
        said(200, {"Valid": 2}),
    ],
)
def test_200_without_all_receipts_is_not_success_and_at_first_it_is_a_wrong_url(answer: HttpAnswer) -> None:
    verdict = judge(answer, 2)  # later it is an answer that was damaged on its way
    assert not isinstance(verdict, Accepted)
    if not is_of_the_contract(answer):
        assert isinstance(judge_first(answer, verdict), Hopeless)


def test_200_with_failed_records_may_pass() -> None:
    assert isinstance(judge(said(200, {"FailedRecordCount": 1, "Records": [{}, {}]}), 2), Passing)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_throttling_and_server_faults_may_pass(status: int) -> None:
    assert isinstance(judge(said(status, {}), 1), Passing)


@pytest.mark.parametrize("status", [301, 302, 401, 403, 404, 405, 415, 418, 204])
def test_what_no_batch_can_change_ends_the_run(status: int) -> None:
    assert isinstance(judge(said(status, {}), 1), Hopeless)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        (None, 0.0),
        ("-1", 0.0),
        ("Fri, 1 Jan", 0.0),
        ("9" * 99, 300.0),
        ("301", 300.0),
        ("²", 0.0),
    ],
)
def test_retry_after_is_whole_seconds(header: str | None, seconds: float) -> None:
    verdict = judge(HttpAnswer(503, b"", header), 1)
    assert isinstance(verdict, Passing)
    assert verdict.retry_after_s == seconds


def test_400_with_errors_names_the_bad_events_and_keeps_all_that_is_said() -> None:
    errors = [{"Index": 1, "Code": "A"}, {"Index": 0, "Code": "B"}, {"Index": 1, "Code": "C"}]
    verdict = judge(said(400, {"Code": "InvalidEvent", "Errors": errors}), 2)
    assert verdict == Invalid({1: (errors[0], errors[2]), 0: (errors[1],)})


@pytest.mark.parametrize(
    "errors", [None, [], "x", [{"Index": 2}], [{"Index": -1}], [{"Index": True}], [{"Index": "0"}], [1]]
)
def test_400_that_names_no_event_of_the_batch_refuses_the_batch(errors: object) -> None:
    assert isinstance(judge(said(400, {"Code": "BadRequest", "Errors": errors}), 2), Refused)


def test_413_is_too_large() -> None:
    assert isinstance(judge(said(413, {"message": "Request Too Long"}), 1), TooLarge)


def test_no_answer_may_pass_unless_it_says_otherwise() -> None:
    assert isinstance(judge(NoAnswer("Timeout", "", connected=True), 1), Passing)
    assert isinstance(judge(NoAnswer("BadCertificate", "", connected=False, passing=False), 1), Hopeless)


def message_of(verdict: Verdict) -> str:
    assert isinstance(verdict, Hopeless)
    return verdict.message


def test_a_redirect_is_not_followed_but_told() -> None:
    assert "points to https://x/v1" in message_of(judge(HttpAnswer(301, b"", None, "https://x/v1"), 1))


def test_403_says_what_to_look_at() -> None:
    assert "--api-key" in message_of(judge(said(403, {"message": "Forbidden"}), 1))


def test_a_message_is_one_printable_line_of_bounded_length() -> None:
    message = message_of(judge(said(404, {"Message": "a\nb\x1b[31m" + "x" * 10_000}), 1))
    assert message.isprintable()
    assert len(message) < 600


def test_the_beginning_of_a_body_that_says_nothing_known_is_quoted_on_one_printable_line() -> None:
    message = message_of(judge(HttpAnswer(404, b"<h1>no\n\x1b[31msuch page</h1>" + b"x" * 10_000), 1))
    assert "404 (<h1>no [31msuch page</h1>xxx" in message
    assert len(message) < 600
    empty = HttpAnswer(200, b"")
    assert "an empty body" in message_of(judge_first(empty, judge(empty, 1)))


@pytest.mark.parametrize(
    ("answer", "ours"),
    [
        (said(503, {"Code": "Unavailable", "Message": "m", "RequestId": "r"}), True),
        (said(200, {"FailedRecordCount": 0, "Records": [RECEIPT]}), True),
        (said(200, RECEIPT), True),
        (said(200, {"Valid": 1}), True),
        (said(500, {"message": "Internal server error"}), False),
        (said(400, {"__type": "UnknownOperationException"}), False),
        (said(200, {"Code": "x", "RequestId": "r"}), False),
        (HttpAnswer(500, b"<html>"), False),
        (NoAnswer("Timeout", "", connected=True), False),
    ],
)
def test_the_contracts_own_answers_are_told_from_others(answer: HttpAnswer | NoAnswer, *, ours: bool) -> None:
    assert is_of_the_contract(answer) is ours
