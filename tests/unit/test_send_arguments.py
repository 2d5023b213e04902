"""The command line to options: every mistake at once, nothing that a person can type becomes a traceback."""

import argparse
import math

import pytest

from headgate.contract.url import parse_url
from headgate.send import command
from headgate.send.arguments import GENERATED_EVENTS, from_arguments
from headgate.send.errors import UsageError
from headgate.send.options import SendOptions

URL = "https://abc.execute-api.ap-northeast-2.amazonaws.com/PROD/v1"


def options(*flags: str, file: str = "a.csv") -> SendOptions:
    parser = argparse.ArgumentParser(exit_on_error=False)
    command.add_arguments(parser)
    source = [] if "--generate" in flags else ["-f", file]
    return from_arguments(parser.parse_args([*source, "-u", URL, *flags]))


def test_a_courses_command_line_is_enough() -> None:
    made = options(file="danji_master.csv")
    assert made.path == "danji_master.csv"
    assert made.target.url == URL
    assert (made.limits.events, made.limits.single, made.rate_per_s) == (500, False, math.inf)
    assert str(made.rejects_path) == "danji_master.csv.rejected.ndjson"


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(UsageError) as error:
        options(
            "--rate", "fast", "--types", "a", "--encoding", "klingon", "--header", "x", "--batch-events", "0"
        )
    flags = [problem.partition(":")[0].split()[0] for problem in error.value.problems]
    assert sorted(flags) == ["--batch-events", "--encoding", "--header", "--rate", "--types"]


@pytest.mark.parametrize(
    "flags",
    [
        ("--batch-events", "501"),
        ("--batch-bytes", "99999999"),
        ("--concurrency", "0"),
        ("--concurrency", "65"),
        ("--limit", "-1"),
        ("--loop", "0"),
        ("--timeout", "0"),
        ("--timeout", "nan"),
        ("--retry-for", "-1"),
        ("--retry-for", "nan"),
        ("--id", "white space"),
        ("--id", "x" * 101),
        ("--no-header",),
        ("--delimiter", "ab"),
        ("--delimiter", '"'),
        ("--quote", "''"),
        ("--rate", "0"),
        ("--resume", "--loop"),
        ("--resume", "--check"),
        ("--format", "ndjson", "--types", "a=int"),
        ("--generate", "{}", "--fields", "a"),
        ("--generate", "{}", "--resume"),
        ("--generate", "/no/such/file"),
        ("--generate", "[]"),
        ("--generate", '{"a": NaN}'),
        ("--api-key", "@/no/such/file"),
        ("--api-key", "two\nlines"),
        ("--header", "Content-Type: text/plain"),
        ("--rejects", "./a.csv"),
        ("--type", "x" * 300),
        ("--type", "\udc80"),
        ("--seed", "s"),
        ("--delimiter", ""),
        ("--format", "json", "--delimiter", ";"),
        ("--fields", ""),
        ("--rejects", ""),
        ("--api-key", ""),
        ("--api-key", " "),
        ("--api-key", "@/dev/null"),
        *[("--header", f"{name}: x") for name in ("Content-Length", "content-encoding", "Host", "TE")],
        *[
            ("--header", f"{name}: x")
            for name in ("Transfer-Encoding", "Expect", "Upgrade", "Accept-Encoding")
        ],
    ],
)
def test_what_makes_no_sense_is_wrong_usage(flags: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        options(*flags)


def test_a_loop_over_standard_input_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="standard input"):
        options("--loop", "2", file="-")


def test_one_by_one_is_batches_of_one_plain_object() -> None:
    made = options("--one-by-one").limits
    assert (made.events, made.single) == (1, True)


def test_a_rate_does_not_change_the_batches_of_rows_that_can_be_sent_again() -> None:
    made = options("--rate", "20/s")
    assert (made.limits, made.rate_per_s) == (options().limits, 20.0)
    assert options("--generate", "{}", "--id", "x", "--rate", "20").limits == options().limits


def test_a_slow_rate_makes_batches_of_made_up_events_of_about_a_second() -> None:
    made = options("--generate", "{}", "--rate", "20/s")
    assert (made.limits.events, made.rate_per_s) == (20, 20.0)


def test_made_up_events_end_unless_told_to_go_on() -> None:
    assert options("--generate", "{}").limit == GENERATED_EVENTS
    assert options("--generate", "{}", "--loop").limit is None
    assert options("--generate", "{}", "--limit", "7").limit == 7


def test_a_loop_without_a_number_has_no_end() -> None:
    assert options("--loop").passes == math.inf
    assert options("--loop", "3").passes == 3


def test_a_tab_can_be_named() -> None:
    assert (
        options("--delimiter", "tab").dialect.delimiter
        == options("--delimiter", "\\t").dialect.delimiter
        == "\t"
    )


def test_an_api_key_is_a_header_and_never_shown() -> None:
    target = options(
        "--api-key", "s3cret", "--header", "Authorization: s3cret", "--header", "X-Env: dev"
    ).target
    assert dict(target.headers)["x-api-key"] == "s3cret"
    assert "s3cret" not in str(target.shown_headers())
    assert ("X-Env", "dev") in target.shown_headers()


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://localhost:8000/v1", "localhost", 8000, "/v1"),
        ("https://x.y", "x.y", None, "/"),
        ("http://[::1]:80/v1", "::1", 80, "/v1"),
        ("http://h/길%20a?b=c%20d", "h", None, "/%EA%B8%B8%20a?b=c%20d"),
        ("http://bücher.example/%20", "xn--bcher-kva.example", None, "/%20"),
    ],
)
def test_a_url_is_taken_apart_and_quoted(url: str, host: str, port: int | None, path: str) -> None:
    target = parse_url(url)
    assert (target.host, target.port, target.path) == (host, port, path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8000/v1",
        "ftp://h/",
        "http://",
        "http://h:x/",
        "http://h:99999/",
        "http://u:p@h/",
        "http://a b/",
    ],
)
def test_what_is_no_url_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL|begin|host|password"):
        parse_url(url)


def test_checking_adds_to_a_query() -> None:
    assert parse_url("http://h/v1").checking().path == "/v1?dry_run=1"
    assert parse_url("http://h/v1?a=b").checking().path == "/v1?a=b&dry_run=1"
    assert parse_url("http://h/v1?dry_run=0&a=b").checking().path == "/v1?a=b&dry_run=1"


@pytest.mark.parametrize(
    "text", ["x", ": y", "a b: c", "a: b\r\nc: d", "a: é", "Host: h", "idempotency-key: k"]
)
def test_a_header_that_cannot_be_one_is_refused_without_its_value(text: str) -> None:
    with pytest.raises(UsageError, match=r"form|holds|itself|no header") as error:
        options("--header", text)
    assert "c: d" not in str(error.value)
