"""The prefix evaluator against strftime and zoneinfo, around year ends and changes of clocks (F03)."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.local.firehose.prefix import Moment, PrefixError, Template, data_template

ZONES = [
    "UTC",
    "Asia/Seoul",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "Australia/Lord_Howe",
]
# The same field for Java and for strftime.
FIELDS = {
    "yyyy": "%Y",
    "yy": "%y",
    "MM": "%m",
    "dd": "%d",
    "DDD": "%j",
    "HH": "%H",
    "hh": "%I",
    "mm": "%M",
    "ss": "%S",
    "SSSSSS": "%f",
    "xx": "%z",
}
YEAR_ENDS = st.builds(
    lambda year, offset_s: datetime(year, 1, 1, tzinfo=UTC) + timedelta(seconds=offset_s),
    st.integers(1971, 2199),
    st.integers(-2 * 86_400, 2 * 86_400),
)
MOMENTS = YEAR_ENDS | st.datetimes(datetime(1970, 1, 2), datetime(2199, 1, 1), timezones=st.just(UTC))


def evaluated(template: Template, at: datetime) -> str:
    return template.evaluate(Moment(at, lambda: "random"))


@settings(derandomize=True, deadline=None, max_examples=300)
@given(MOMENTS, st.sampled_from(ZONES), st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=5))
def test_a_timestamp_is_what_strftime_says_in_that_zone(at: datetime, zone: str, fields: list[str]) -> None:
    local = at.astimezone(ZoneInfo(zone))
    template = data_template("x/!{timestamp:" + "/".join(fields) + "}")
    # strftime leaves %Y unpadded on some systems, but no year here has fewer than four digits.
    assert evaluated(template, local) == "x/" + local.strftime("/".join(FIELDS[field] for field in fields))


@settings(derandomize=True, deadline=None, max_examples=300)
@given(MOMENTS)
def test_the_default_prefix_is_the_utc_hour(at: datetime) -> None:
    assert evaluated(data_template("raw-data/"), at) == at.strftime("raw-data/%Y/%m/%d/%H/")


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.text(alphabet="!{}:'abyMdH/timestampfirehose random-string", max_size=40))
def test_any_text_is_evaluated_or_refused_never_written_as_an_expression(text: str) -> None:
    try:
        template = data_template(text)
    except PrefixError:
        return
    assert "!{" not in evaluated(template, datetime(2026, 1, 2, 3, tzinfo=UTC))


def test_expressions_are_evaluated_in_any_order() -> None:
    parts = {"!{timestamp:yyyy}/": "2026/", "!{firehose:random-string}/": "random/", "fixed/": "fixed/"}
    for order in permutations(parts):
        template = data_template("".join(order))
        assert evaluated(template, datetime(2026, 1, 2, 3, tzinfo=UTC)) == "".join(
            parts[each] for each in order
        )
