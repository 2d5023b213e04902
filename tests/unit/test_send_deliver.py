"""One batch to its end, against a scripted endpoint and a pretended clock."""

import json
from collections.abc import Callable

import pytest

from headgate.contract.connection import HttpAnswer, NoAnswer
from headgate.send.batches import RequestBatch
from headgate.send.deliver import Again, Dependencies, Exchange, Taken, deliver
from headgate.send.errors import AbortError
from headgate.send.rows import BadRow, EventRow
from tests.contract_cases import RECEIPT, records

LOST = NoAnswer("ConnectionLost", "the connection broke", connected=True)
REFUSED = NoAnswer("ConnectionRefused", "nothing listens", connected=False)


def batch_of(count: int, *, single: bool = False) -> RequestBatch:
    return RequestBatch(
        tuple(EventRow(n, n + 1, json.dumps({"n": n}).encode()) for n in range(1, count + 1)), "f", single
    )


def ok(batch: RequestBatch) -> HttpAnswer:
    if batch.single:
        return HttpAnswer(200, b'{"SequenceNumber": "1", "ShardId": "s"}')
    return HttpAnswer(200, records(*[RECEIPT] * len(batch.rows)))


def status(code: int, retry_after: str | None = None, errors: object = None) -> HttpAnswer:
    body = {"Code": "C", "Message": "m", "RequestId": "r", "Errors": errors}
    return HttpAnswer(code, json.dumps(body).encode(), retry_after)


class Script:
    """Answers one after the other, then 200; knows what was sent and how long it was waited."""

    def __init__(self, *answers: HttpAnswer | NoAnswer | Callable[[RequestBatch], HttpAnswer]) -> None:
        self.answers = list(answers)
        self.sent: list[RequestBatch] = []
        self.waits: list[float] = []
        self.exchanges: list[Exchange] = []
        self.shown: list[Again | None] = []
        self.now_s = 0.0

    def post(self, batch: RequestBatch) -> HttpAnswer | NoAnswer:
        self.sent.append(batch)
        answer = self.answers.pop(0) if self.answers else ok
        return answer(batch) if callable(answer) else answer

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now_s += seconds

    def run(
        self, batch: RequestBatch, *, first: bool = False, retry_for_s: float = 60
    ) -> list[Taken | BadRow]:
        dependencies = Dependencies(
            post=self.post,
            now=lambda: self.now_s,
            sleep=self.sleep,
            jitter=lambda: 1.0,
            observe=self.exchanges.append,
            retry_for_s=retry_for_s,
            call_s=1.0,
            waits=lambda _, again: self.shown.append(again),
        )
        return list(deliver(batch, dependencies, first=first))

    @property
    def keys(self) -> list[str]:
        return [batch.key for batch in self.sent]


def test_an_accepted_batch_is_sent_once() -> None:
    script = Script()
    assert script.run(batch_of(3)) == [Taken(3)]
    assert len(script.sent) == 1


@pytest.mark.parametrize("fault", [status(429), status(500), status(503), status(504), LOST], ids=str)
def test_what_can_pass_is_sent_again_whole_and_with_the_same_key_k03(fault: HttpAnswer | NoAnswer) -> None:
    script = Script(fault, fault)
    assert script.run(batch_of(3)) == [Taken(3)]
    assert script.keys == ["f-1"] * 3
    assert [exchange.again for exchange in script.exchanges] == [False, True, True]


def test_a_503_with_receipts_for_some_is_sent_again_whole() -> None:
    partial = HttpAnswer(
        503, b'{"Code": "Unavailable", "Records": [{"SequenceNumber": "1"}, {"ErrorCode": "E"}]}'
    )
    script = Script(partial)
    assert script.run(batch_of(2)) == [Taken(2)]
    assert script.sent[0] == script.sent[1]


def test_waits_double_up_to_a_cap_and_retry_after_is_a_floor_g04() -> None:
    script = Script(status(429), status(429), status(429, "9"), *[status(429)] * 7)
    script.run(batch_of(1), retry_for_s=600)
    assert script.waits[:4] == [0.25, 0.5, 9.0, 2.0]
    assert max(script.waits) == 20.0


def test_a_batch_is_given_up_when_the_waits_add_up_and_nothing_is_rejected() -> None:
    script = Script(*[status(503)] * 1000)
    with pytest.raises(AbortError, match="gave up on rows 1 to 2 after 60 s of waiting: 503"):
        script.run(batch_of(2))
    assert sum(script.waits) <= 60


def test_bad_rows_are_dropped_and_the_rest_is_sent_under_a_key_of_its_own_d08() -> None:
    errors = [{"Index": 1, "Code": "SchemaViolation", "Pointer": "/n", "Message": "too small"}]
    script = Script(status(400, errors=errors))
    bad, *taken = script.run(batch_of(4))
    assert taken == [Taken(1), Taken(2)]
    assert isinstance(bad, BadRow)
    assert (bad.number, bad.line, bad.code, bad.pointer, bad.message) == (
        2,
        3,
        "SchemaViolation",
        "/n",
        "too small",
    )
    assert [[row.number for row in sent.rows] for sent in script.sent[1:]] == [[1], [3, 4]]
    assert script.keys == ["f-1", "f-1", "f-3"]
    again = Script(status(400, errors=errors))
    again.run(batch_of(4))
    assert again.keys == script.keys


def test_a_row_with_several_errors_is_one_row_that_keeps_them_all() -> None:
    errors = [{"Index": 0, "Code": "A"}, {"Index": 0, "Code": "B"}]
    (bad,) = Script(status(400, errors=errors)).run(batch_of(1))
    assert isinstance(bad, BadRow)
    assert (bad.code, len(bad.errors)) == ("A", 2)


def test_when_every_row_is_bad_nothing_more_is_sent() -> None:
    script = Script(status(400, errors=[{"Index": 0}, {"Index": 1}]))
    assert [type(end) for end in script.run(batch_of(2))] == [BadRow, BadRow]
    assert len(script.sent) == 1


def test_a_batch_that_is_too_large_is_halved_until_it_fits_g01() -> None:
    def at_most_two(batch: RequestBatch) -> HttpAnswer:
        return ok(batch) if len(batch.rows) <= 2 else status(413)

    script = Script(*[at_most_two] * 20)
    assert script.run(batch_of(5)) == [Taken(2), Taken(1), Taken(2)]
    assert script.keys == ["f-1", "f-1", "f-3", "f-3", "f-4"]


def test_a_single_event_that_is_too_large_is_rejected_and_never_sent_again_g01() -> None:
    script = Script(status(413))
    (bad,) = script.run(batch_of(1))
    assert isinstance(bad, BadRow)
    assert bad.code == "TooLarge"
    assert len(script.sent) == 1


def test_a_wrong_key_ends_the_run_after_one_request_s06() -> None:
    script = Script(status(403))
    with pytest.raises(AbortError, match="403"):
        script.run(batch_of(3))
    assert len(script.sent) == 1


def test_at_the_first_request_an_unreachable_server_is_a_wrong_url_s06() -> None:
    script = Script(REFUSED)
    with pytest.raises(AbortError, match="nothing listens"):
        script.run(batch_of(3), first=True)
    assert script.waits == []


def test_later_an_unreachable_server_is_waited_for() -> None:
    assert Script(REFUSED, REFUSED).run(batch_of(3)) == [Taken(3)]
    assert Script(LOST, REFUSED).run(batch_of(3), first=True) == [Taken(3)]


def test_a_400_that_names_no_event_rejects_the_batch_with_its_reason() -> None:
    ends = Script(status(400)).run(batch_of(2))
    assert [end.code for end in ends if isinstance(end, BadRow)] == ["C", "C"]


def test_a_400_that_names_no_event_of_the_very_first_batch_ends_the_run() -> None:
    with pytest.raises(AbortError, match="refuses the first batch as a whole"):
        Script(status(400)).run(batch_of(2), first=True)


@pytest.mark.parametrize("code", [200, 400, 404, 413, 429, 500, 503])
def test_an_answer_that_is_not_the_contracts_ends_the_first_batch_after_one_request(code: int) -> None:
    script = Script(*[HttpAnswer(code, b"<Error>\n  wrong place</Error>")] * 9)
    with pytest.raises(AbortError, match=rf"{code}.*<Error> wrong place</Error>"):
        script.run(batch_of(3), first=True)
    assert (len(script.sent), script.waits) == (1, [])


@pytest.mark.parametrize("before", [status(503), status(413), LOST], ids=str)
def test_only_an_answer_of_the_contract_makes_a_page_of_a_gateway_worth_waiting_for(
    before: HttpAnswer | NoAnswer,
) -> None:
    script = Script(before, HttpAnswer(502, b"<html>bad gateway</html>"))
    if before == LOST:
        with pytest.raises(AbortError, match=r"502.*bad gateway"):
            script.run(batch_of(2), first=True)
    else:
        assert sum(end.events for end in script.run(batch_of(2), first=True) if isinstance(end, Taken)) == 2


def test_a_batch_that_waits_says_why_how_often_and_until_when_and_then_that_it_is_over() -> None:
    script = Script(status(429), status(503, "9"))
    script.run(batch_of(1))
    assert script.shown == [Again("429 C m", 1, 0.25, 0.0), Again("503 C m", 2, 9.25, 0.0), None]
