from datetime import UTC, datetime
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from headgate.local.firehose.prefix import Moment, PrefixError, Template, data_template, error_template

# The moment of the examples in the Firehose developer guide: 10:30 UTC on 27 August 2018.
AT = datetime(2018, 8, 27, 10, 30, tzinfo=UTC)


def evaluated(template: Template, at: datetime = AT) -> str:
    numbers = count(1)
    return template.evaluate(Moment(at, lambda: f"random-{next(numbers):04d}", "processing-failed"))


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("", "2018/08/27/10/"),
        ("raw-data/", "raw-data/2018/08/27/10/"),
        ("no-slash", "no-slash2018/08/27/10/"),
        ("rand=!{firehose:random-string}/", "rand=random-0001/2018/08/27/10/"),
        ("!{timestamp:yyyy/MM/dd}", "2018/08/27"),
        (
            "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/",
            "year=2018/month=08/day=27/hour=10/",
        ),
        ("curated/dt=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/", "curated/dt=2018-08-27/hour=10/"),
        ("!{timestamp:'year='yyyy'/month='MM}/", "year=2018/month=08/"),
        (
            "!{firehose:random-string}/!{timestamp:yyyy}/!{firehose:random-string}/",
            "random-0001/2018/random-0002/",
        ),
        ("100%!/$/{x}/", "100%!/$/{x}/2018/08/27/10/"),
    ],
)
def test_prefix_is_evaluated_as_the_developer_guide_says_f03(prefix: str, expected: str) -> None:
    assert evaluated(data_template(prefix)) == expected


@pytest.mark.parametrize(
    ("error_output_prefix", "prefix", "expected"),
    [
        ("myFirehoseFailures/!{firehose:error-output-type}/", "", "myFirehoseFailures/processing-failed/"),
        (
            "myErrorPrefix/!{timestamp:'year='yyyy'/hour='HH}/!{firehose:error-output-type}",
            "x/!{timestamp:yyyy}/",
            "myErrorPrefix/year=2018/hour=10/processing-failed",
        ),
        ("", "myFirehosePrefix", "myFirehosePrefix/processing-failed/2018/08/27/10/"),
        ("", "", "processing-failed/2018/08/27/10/"),
        ("errors/", "data/", "errors/processing-failed/2018/08/27/10/"),
    ],
)
def test_error_output_prefix_is_evaluated_as_the_developer_guide_says_f02(
    error_output_prefix: str, prefix: str, expected: str
) -> None:
    assert evaluated(error_template(error_output_prefix, prefix)) == expected


def test_an_expression_takes_the_time_zone_of_the_delivery_stream() -> None:
    at = datetime(2026, 12, 31, 15, 0, tzinfo=UTC).astimezone(ZoneInfo("Asia/Seoul"))
    assert evaluated(data_template("dt=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/"), at) == (
        "dt=2027-01-01/hour=00/"
    )


@pytest.mark.parametrize(
    ("prefix", "part_of_message"),
    [
        ("a/!{firehose:error-output-type}/", "cannot contain"),
        ("a/!{timestamp:yyyy", "can only appear in"),
        ("a/!{}/", "can only appear in"),
        ("a/!{timestamp:}/", "can only appear in"),
        ("a/!{firehose:colour}/", "not supported"),
        ("a/!{partitionKeyFromQuery:customer}/", "not supported"),
        ("a/!{timestamp:YYYY}/", "write yyyy"),
        ("a/!{timestamp:year=yyyy}/", "e"),
        ("a/!{timestamp:'yyyy}/", "never closed"),
        ("a" * 500 + "/", "longer than 512"),
    ],
)
def test_a_prefix_that_breaks_a_rule_is_refused_with_the_rule(prefix: str, part_of_message: str) -> None:
    with pytest.raises(PrefixError, match=part_of_message):
        data_template(prefix)


def test_expressions_in_prefix_need_an_error_output_prefix_f02() -> None:
    with pytest.raises(PrefixError, match="cannot be null"):
        error_template("", "a/!{timestamp:yyyy}/")


def test_expressions_in_error_output_prefix_need_the_error_output_type_f02() -> None:
    with pytest.raises(PrefixError, match="at least once"):
        error_template("errors/!{timestamp:yyyy}/", "")
