"""What an answer means for the batch it is about. Pure: one function over the contract's answers.

Accepted only on the contract's receipts: a web page that says 200 to everything has stored nothing. Statuses
that can pass (408, 429, 5xx) are told from those that cannot; no other status is ever sent again. Called by
deliver.
"""

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from headgate.send.client import Answer, NoAnswer

# The batch itself is at fault; another batch may well be taken.
_FAULTS_OF_THE_BATCH = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_HINTS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "pass --api-key, or --header 'Authorization: …'",
    HTTPStatus.FORBIDDEN: "is the API key right (--api-key), and are stage and path of the URL? "
    "Is this machine's clock right?",
    HTTPStatus.NOT_FOUND: "is the URL right? It ends in the stage and the path: …/prod/v1",
    HTTPStatus.METHOD_NOT_ALLOWED: "is the URL right? It ends in the stage and the path: …/prod/v1",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "the endpoint does not take batches; try --one-by-one",
}
_MESSAGE_MAX_CHARS = 300
_QUOTE_MAX_CHARS = 120  # of a body that is not in the contract's shape


@dataclass(frozen=True, slots=True)
class Accepted:
    """Every event of the batch is durable (or, when only checking, valid)."""


@dataclass(frozen=True, slots=True)
class Invalid:
    """Nothing was written; these events are bad, by index: everything that is said of each."""

    errors: dict[int, tuple[dict[str, Any], ...]]


@dataclass(frozen=True, slots=True)
class TooLarge:
    """Nothing was written; less of it may fit."""

    message: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was written and nothing says which event is at fault."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Hopeless:
    """No batch can be taken; the run ends."""

    message: str


@dataclass(frozen=True, slots=True)
class Passing:
    """The same again may be taken."""

    code: str
    message: str
    retry_after_s: float = field(default=0.0)


Verdict = Accepted | Invalid | TooLarge | Refused | Hopeless | Passing


def is_of_the_contract(answer: Answer | NoAnswer) -> bool:
    """Whether a Headgate endpoint gave it: every error has these two, every success a receipt (see `judge`).

    Source: docs/contract.md, errors.
    """
    if isinstance(answer, NoAnswer):
        return False
    said = _object(answer.body)
    if answer.status == HTTPStatus.OK:
        return any(name in said for name in ("SequenceNumber", "Records", "Valid"))
    return all(isinstance(said.get(name), str) for name in ("Code", "RequestId"))


def judge_first(answer: Answer | NoAnswer, verdict: Verdict) -> Verdict:
    """The verdict while nothing has shown yet that the URL is an endpoint's: it has to be of the contract."""
    if isinstance(answer, NoAnswer) or isinstance(verdict, Hopeless) or is_of_the_contract(answer):
        return verdict
    return Hopeless(
        f"the endpoint answers {answer.status} and not as the contract says{_quoted(answer.body)}; "
        "is the URL a Headgate endpoint (…/v1)?"
    )


def judge(answer: Answer | NoAnswer, count: int, *, single: bool = False, checking: bool = False) -> Verdict:
    """The meaning of an answer for a batch of `count` events, sent as one plain object when `single`."""
    if isinstance(answer, NoAnswer):
        return Passing(answer.code, answer.message) if answer.passing else Hopeless(answer.message)
    said = _object(answer.body)
    if answer.status == HTTPStatus.OK:
        return _receipts(answer, said, count, single=single, checking=checking)
    code = str(said.get("Code") or answer.status)
    message = f"{answer.status} {_message(said)}".strip()
    if answer.status in _PASSING or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Passing(code, message, _seconds(answer.retry_after))
    if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLarge(message)
    if answer.status in _FAULTS_OF_THE_BATCH:
        return Invalid(errors) if (errors := _errors(said, count)) else Refused(code, message)
    return _hopeless(answer, message if _message(said) else message + _quoted(answer.body))


def _hopeless(answer: Answer, message: str) -> Hopeless:
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST and answer.location:
        return Hopeless(
            f"the endpoint answers {answer.status} and points to {answer.location}; pass that URL"
        )
    hint = _HINTS.get(answer.status)
    return Hopeless(f"the endpoint answers {message}" + (f": {hint}" if hint else ""))


def _receipts(answer: Answer, said: dict[str, Any], count: int, *, single: bool, checking: bool) -> Verdict:
    """Source: docs/contract.md; the shapes of Kinesis' PutRecord and PutRecords."""
    if checking:
        valid = said.get("Valid") == count
    elif single and isinstance(said.get("SequenceNumber"), str):
        valid = True
    elif said.get("FailedRecordCount"):
        return Passing("PartialFailure", "200 with a FailedRecordCount that is not 0")
    else:
        records = said.get("Records")
        valid = isinstance(records, list) and len(records) == count
    if valid:
        return Accepted()
    wanted = '{"Valid": n}' if checking else "receipts"
    return Hopeless(
        f"the endpoint answers 200 but without {wanted}{_quoted(answer.body)}; "
        "is the URL a Headgate endpoint (…/v1)?"
    )


def _errors(said: dict[str, Any], count: int) -> dict[int, tuple[dict[str, Any], ...]]:
    """Errors by index; what is not of the contract's shape does not count."""
    listed = said.get("Errors")
    errors: dict[int, tuple[dict[str, Any], ...]] = {}
    for each in listed if isinstance(listed, list) else []:
        index = each.get("Index") if isinstance(each, dict) else None
        if isinstance(index, int) and not isinstance(index, bool) and 0 <= index < count:
            errors[index] = (*errors.get(index, ()), each)
    return errors


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _message(said: dict[str, Any]) -> str:
    """Ours say `Message`; API Gateway's own answers say `message`. One printable line."""
    text = f"{said.get('Code') or ''} {said.get('Message') or said.get('message') or ''}"
    printable = "".join(c for c in " ".join(text.split()) if c.isprintable())
    return printable[:_MESSAGE_MAX_CHARS].rstrip(".")


def _quoted(body: bytes) -> str:
    """The beginning of a body, as a part of a sentence."""
    text = " ".join(body[: 4 * _QUOTE_MAX_CHARS].decode("utf-8", "replace").split())
    printable = "".join(c for c in text if c.isprintable())
    if not printable:
        return " (an empty body)"
    return f" ({printable[:_QUOTE_MAX_CHARS]}{'…' if len(printable) > _QUOTE_MAX_CHARS else ''})"


def _seconds(retry_after: str | None) -> float:
    """Whole seconds; the other form, a date, is not in the contract. Source: RFC 9110, section 10.2.3."""
    text = (retry_after or "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0.0  # noqa: PLR2004 - no int beyond any wait
