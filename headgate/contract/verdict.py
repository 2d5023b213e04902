"""What an answer of `POST /v1` means for the events of a request.

Pure. Accepted only on the contract's receipts: a web page, a proxy or a dry run says 200 to everything and
has stored nothing. Statuses that can pass (408, 429, 5xx) are told from those that cannot. Used by the
agent's HTTP destination and by the sender.

A verdict has two texts: `cause` never repeats what was sent and may go into a log; `message` quotes the
endpoint for the person who runs `headgate send`.

Source: docs/contract.md; the shapes of Kinesis' PutRecord and PutRecords.
"""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from headgate.contract.connection import HttpAnswer, NoAnswer
from headgate.contract.url import shown_url

RETRY_AFTER_MAX_S = 300.0
# The batch itself is at fault; another batch may well be taken.
_FAULTS_OF_THE_BATCH = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_IS_THE_URL_RIGHT = "is the URL right? It ends in the stage and the path: …/prod/v1"
_IS_IT_AN_ENDPOINT = "is the URL a Headgate endpoint (…/v1)?"
_HINTS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "pass --api-key, or --header 'Authorization: …'",
    HTTPStatus.FORBIDDEN: "is the API key right (--api-key), and are stage and path of the URL? "
    "Is this machine's clock right?",
    HTTPStatus.NOT_FOUND: _IS_THE_URL_RIGHT,
    HTTPStatus.METHOD_NOT_ALLOWED: _IS_THE_URL_RIGHT,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: "the proxy wants a login: http://user:password@… in HTTP_PROXY",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "the endpoint does not take batches; try --one-by-one",
}
_MESSAGE_MAX_CHARS = 300
_QUOTE_MAX_CHARS = 120  # of a body that is not in the contract's shape
_TYPE_MAX_CHARS = 60


@dataclass(frozen=True, slots=True)
class Accepted:
    """Every event is durable (or, when only checking, valid)."""


@dataclass(frozen=True, slots=True)
class Invalid:
    """Nothing was written; these events are bad, by index: everything that is said of each."""

    errors: dict[int, tuple[dict[str, Any], ...]]


@dataclass(frozen=True, slots=True)
class NotTaken:
    """No event was acknowledged. `code` is the endpoint's, or ours."""

    code: str
    cause: str
    message: str


class TooLarge(NotTaken):
    """Nothing was written; less of it may fit."""


class Refused(NotTaken):
    """Nothing was written and nothing says which event is at fault."""


class Hopeless(NotTaken):
    """No request can be taken until a person has changed something."""


@dataclass(frozen=True, slots=True)
class Passing(NotTaken):
    """The same request may be taken later."""

    retry_after_s: float = 0.0


NO_RECEIPTS = "NoReceipts"
"""The code of a 200 that acknowledges nothing."""
Verdict = Accepted | Invalid | TooLarge | Refused | Hopeless | Passing


def is_of_the_contract(answer: HttpAnswer | NoAnswer) -> bool:
    """Return whether a Headgate endpoint gave it: each of its errors has these two names.

    Source: docs/contract.md, errors.
    """
    if isinstance(answer, NoAnswer):
        return False
    said = _object(answer.body)
    if answer.status == HTTPStatus.OK:
        return any(name in said for name in ("SequenceNumber", "Records", "Valid"))
    return all(isinstance(said.get(name), str) for name in ("Code", "RequestId"))


def judge_first(answer: HttpAnswer | NoAnswer, verdict: Verdict) -> Verdict:
    """Return the verdict while nothing has shown yet that the URL is an endpoint's.

    Only an answer of the contract counts then.
    """
    if isinstance(answer, NoAnswer) or isinstance(verdict, Hopeless) or is_of_the_contract(answer):
        return verdict
    if isinstance(verdict, Passing) and verdict.code == NO_RECEIPTS:
        return Hopeless(verdict.code, verdict.cause, verdict.message)
    message = f"the endpoint answers {answer.status} and not as the contract says{_quoted(answer.body)}"
    cause = f"{answer.status} that is not of the contract; {_IS_IT_AN_ENDPOINT}"
    return Hopeless(_code(answer), cause, f"{message}; {_IS_IT_AN_ENDPOINT}")


def judge(answer: HttpAnswer | NoAnswer, count: int, *, checking: bool = False) -> Verdict:
    """Return the meaning of an answer for a request of `count` events."""
    if isinstance(answer, NoAnswer):
        kind = Passing if answer.passing else Hopeless
        return kind(answer.code, f"{answer.code}: {answer.message}", answer.message)
    said = _object(answer.body)
    if answer.status == HTTPStatus.OK:
        return _judge_receipts(answer, said, count, checking=checking)
    code, message = _code(answer), f"{answer.status} {_message(said)}".strip()
    cause = str(answer.status) if code == str(answer.status) else f"{answer.status} {code}"
    if answer.status in _PASSING or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Passing(code, cause, message, _seconds(answer.retry_after))
    if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLarge(code, cause, message)
    if answer.status in _FAULTS_OF_THE_BATCH:
        return Invalid(errors) if (errors := _errors(said, count)) else Refused(code, cause, message)
    return _hopeless(answer, code, cause, message if _message(said) else message + _quoted(answer.body))


def _hopeless(answer: HttpAnswer, code: str, cause: str, message: str) -> Hopeless:
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST and answer.location:
        where = shown_url(answer.location)
        return Hopeless(
            code, cause, f"the endpoint answers {answer.status} and points to {where}; pass that URL"
        )
    hint = f": {_HINTS[answer.status]}" if answer.status in _HINTS else ""
    return Hopeless(code, cause, f"the endpoint answers {message}{hint}")


def _judge_receipts(answer: HttpAnswer, said: dict[str, Any], count: int, *, checking: bool) -> Verdict:
    lack = _lack_of_check(said, count) if checking else _lack(said, count)
    if lack is None:
        return Accepted()
    if failed := said.get("FailedRecordCount"):
        cause = f"200 with FailedRecordCount {_shown(failed)} of {count}"
        return Passing("PartialFailure", cause, cause)
    if not checking and "Valid" in said:
        cause = "200 of a dry run, which stores nothing; leave dry_run out of the URL"
        return Hopeless(NO_RECEIPTS, cause, f"the endpoint answers {cause}")
    kind = "" if said else f"with {_shown(answer.content_type or 'a body that is not JSON')} and "
    quoted = f"the endpoint answers 200 {lack}{_quoted(answer.body)}; {_IS_IT_AN_ENDPOINT}"
    return Passing(NO_RECEIPTS, f"200 {kind}{lack}; {_IS_IT_AN_ENDPOINT}", quoted)


def _lack(said: dict[str, Any], count: int) -> str | None:
    """Return what an answer has in place of a receipt for each event; None when nothing is missing."""
    if count == 1 and _is_receipt(said):
        return None
    records, failed = said.get("Records"), said.get("FailedRecordCount")
    if not isinstance(records, list):
        return "without receipts"
    receipts = sum(map(_is_receipt, records))
    if receipts == len(records) == count:
        return None if failed == 0 and type(failed) is int else "without a FailedRecordCount of 0"
    more = f" and {_counted(len(records) - count, 'record')} too many" if len(records) > count else ""
    return f"with {_counted(receipts, 'receipt')} for {_counted(count, 'event')}{more}"


def _lack_of_check(said: dict[str, Any], count: int) -> str | None:
    valid = said.get("Valid")
    return None if type(valid) is int and valid == count else 'without {"Valid": n}'


def _is_receipt(record: object) -> bool:
    """Return whether a record was stored: it says where, and names no error."""
    if not isinstance(record, dict) or record.get("ErrorCode") is not None:
        return False
    return all(isinstance(record.get(name), str) and record[name] for name in ("SequenceNumber", "ShardId"))


def _errors(said: dict[str, Any], count: int) -> dict[int, tuple[dict[str, Any], ...]]:
    """Return the errors by index; what is not of the contract's shape does not count."""
    listed = said.get("Errors")
    errors: dict[int, tuple[dict[str, Any], ...]] = {}
    for each in listed if isinstance(listed, list) else []:
        index = each.get("Index") if isinstance(each, dict) else None
        if type(index) is int and 0 <= index < count:
            errors[index] = (*errors.get(index, ()), each)
    return errors


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _code(answer: HttpAnswer) -> str:
    """Return the endpoint's own code, else the status."""
    code = _object(answer.body).get("Code")
    return _shown(code) if isinstance(code, str) and code else str(answer.status)


def _message(said: dict[str, Any]) -> str:
    """Return what an error says, on one line. Ours say `Message`; API Gateway's own say `message`."""
    text = f"{said.get('Code') or ''} {said.get('Message') or said.get('message') or ''}"
    return _printable(text)[:_MESSAGE_MAX_CHARS].rstrip(".")


def _quoted(body: bytes) -> str:
    """Return the beginning of a body, as a part of a sentence."""
    text = _printable(body[: 4 * _QUOTE_MAX_CHARS].decode("utf-8", "replace"))
    if not text:
        return " (an empty body)"
    return f" ({text[:_QUOTE_MAX_CHARS]}{'…' if len(text) > _QUOTE_MAX_CHARS else ''})"


def _printable(text: str) -> str:
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def _shown(value: object) -> str:
    """Return a short text of an answer for a log."""
    return _printable(str(value))[:_TYPE_MAX_CHARS]


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _seconds(retry_after: str | None) -> float:
    """Return whole seconds up to the longest wait. The other form, a date, is not in the contract.

    Source: RFC 9110, section 10.2.3.
    """
    text = (retry_after or "").strip()
    if not text.isascii() or not text.isdigit():
        return 0.0
    return RETRY_AFTER_MAX_S if len(text) > 3 else min(float(text), RETRY_AFTER_MAX_S)  # noqa: PLR2004 - digits
