from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from headgate.local.firehose.java_time import PatternError, compile_pattern

# Recorded from OpenJDK 17: DateTimeFormatter.ofPattern(pattern, Locale.US) at epoch second + 0.123456 s.
RECORDED = [
    ("yyyy/MM/dd/HH/", 1535365800, "UTC", "2018/08/27/10/"),
    ("yy", 1535365800, "UTC", "18"),
    ("y", 1535365800, "UTC", "2018"),
    ("yyy", 1535365800, "UTC", "2018"),
    ("yyyyy", 1535365800, "UTC", "02018"),
    ("uuuu", 1535365800, "UTC", "2018"),
    ("M", 1535365800, "UTC", "8"),
    ("MM", 1535365800, "UTC", "08"),
    ("MMM", 1535365800, "UTC", "Aug"),
    ("MMMM", 1535365800, "UTC", "August"),
    ("L", 1535365800, "UTC", "8"),
    ("LL", 1535365800, "UTC", "08"),
    ("D", 1535365800, "UTC", "239"),
    ("DDD", 1535365800, "UTC", "239"),
    ("d", 1535365800, "UTC", "27"),
    ("dd", 1535365800, "UTC", "27"),
    ("E", 1535365800, "UTC", "Mon"),
    ("EEE", 1535365800, "UTC", "Mon"),
    ("EEEE", 1535365800, "UTC", "Monday"),
    ("a", 1535365800, "UTC", "AM"),
    ("h", 1535365800, "UTC", "10"),
    ("hh", 1535365800, "UTC", "10"),
    ("K", 1535365800, "UTC", "10"),
    ("KK", 1535365800, "UTC", "10"),
    ("k", 1535365800, "UTC", "10"),
    ("kk", 1535365800, "UTC", "10"),
    ("H", 1535365800, "UTC", "10"),
    ("m", 1535365800, "UTC", "30"),
    ("mm", 1535365800, "UTC", "30"),
    ("s", 1535365800, "UTC", "0"),
    ("ss", 1535365800, "UTC", "00"),
    ("S", 1535365800, "UTC", "1"),
    ("SSS", 1535365800, "UTC", "123"),
    ("SSSSSS", 1535365800, "UTC", "123456"),
    ("SSSSSSSSS", 1535365800, "UTC", "123456000"),
    ("X", 1535365800, "UTC", "Z"),
    ("XX", 1535365800, "UTC", "Z"),
    ("XXX", 1535365800, "UTC", "Z"),
    ("x", 1535365800, "UTC", "+00"),
    ("xx", 1535365800, "UTC", "+0000"),
    ("xxx", 1535365800, "UTC", "+00:00"),
    ("Z", 1535365800, "UTC", "+0000"),
    ("ZZZ", 1535365800, "UTC", "+0000"),
    ("'year='yyyy'/month='MM'/day='dd'/hour='HH", 1535365800, "UTC", "year=2018/month=08/day=27/hour=10"),
    ("''yyyy''", 1535365800, "UTC", "'2018'"),
    ("'it''s' yyyy", 1535365800, "UTC", "it's 2018"),
    ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", 1535365800, "UTC", "2018-08-27T10:30:00.123Z"),
    ("yyyy MM, dd!*()_.", 1535365800, "UTC", "2018 08, 27!*()_."),
    ("a''", 1535365800, "UTC", "AM'"),
    ("''''", 1535365800, "UTC", "'"),
    ("'''x'''", 1535365800, "UTC", "'x'"),
    ("yyyyMMddHH", 1535365800, "UTC", "2018082710"),
    ("yyyy/MM/dd/HH/", 1798761599, "Asia/Seoul", "2027/01/01/08/"),
    ("yyyy/MM/dd/HH/", 1773032445, "America/St_Johns", "2026/03/09/02/"),
    ("yyyy/MM/dd/HH/", 1767225600, "Asia/Kathmandu", "2026/01/01/05/"),
    ("yyyy/MM/dd/HH/", 1798761599, "UTC", "2026/12/31/23/"),
    ("yy", 1798761599, "Asia/Seoul", "27"),
    ("yy", 1773032445, "America/St_Johns", "26"),
    ("yy", 1767225600, "Asia/Kathmandu", "26"),
    ("yy", 1798761599, "UTC", "26"),
    ("MMM", 1798761599, "Asia/Seoul", "Jan"),
    ("MMM", 1773032445, "America/St_Johns", "Mar"),
    ("MMM", 1767225600, "Asia/Kathmandu", "Jan"),
    ("MMM", 1798761599, "UTC", "Dec"),
    ("DDD", 1798761599, "Asia/Seoul", "001"),
    ("DDD", 1773032445, "America/St_Johns", "068"),
    ("DDD", 1767225600, "Asia/Kathmandu", "001"),
    ("DDD", 1798761599, "UTC", "365"),
    ("D", 1798761599, "Asia/Seoul", "1"),
    ("D", 1773032445, "America/St_Johns", "68"),
    ("D", 1767225600, "Asia/Kathmandu", "1"),
    ("D", 1798761599, "UTC", "365"),
    ("EEEE", 1798761599, "Asia/Seoul", "Friday"),
    ("EEEE", 1773032445, "America/St_Johns", "Monday"),
    ("EEEE", 1767225600, "Asia/Kathmandu", "Thursday"),
    ("EEEE", 1798761599, "UTC", "Thursday"),
    ("a", 1798761599, "Asia/Seoul", "AM"),
    ("a", 1773032445, "America/St_Johns", "AM"),
    ("a", 1767225600, "Asia/Kathmandu", "AM"),
    ("a", 1798761599, "UTC", "PM"),
    ("hh", 1798761599, "Asia/Seoul", "08"),
    ("hh", 1773032445, "America/St_Johns", "02"),
    ("hh", 1767225600, "Asia/Kathmandu", "05"),
    ("hh", 1798761599, "UTC", "11"),
    ("h", 1798761599, "Asia/Seoul", "8"),
    ("h", 1773032445, "America/St_Johns", "2"),
    ("h", 1767225600, "Asia/Kathmandu", "5"),
    ("h", 1798761599, "UTC", "11"),
    ("KK", 1798761599, "Asia/Seoul", "08"),
    ("KK", 1773032445, "America/St_Johns", "02"),
    ("KK", 1767225600, "Asia/Kathmandu", "05"),
    ("KK", 1798761599, "UTC", "11"),
    ("kk", 1798761599, "Asia/Seoul", "08"),
    ("kk", 1773032445, "America/St_Johns", "02"),
    ("kk", 1767225600, "Asia/Kathmandu", "05"),
    ("kk", 1798761599, "UTC", "23"),
    ("k", 1798761599, "Asia/Seoul", "8"),
    ("k", 1773032445, "America/St_Johns", "2"),
    ("k", 1767225600, "Asia/Kathmandu", "5"),
    ("k", 1798761599, "UTC", "23"),
    ("X", 1798761599, "Asia/Seoul", "+09"),
    ("X", 1773032445, "America/St_Johns", "-0230"),
    ("X", 1767225600, "Asia/Kathmandu", "+0545"),
    ("X", 1798761599, "UTC", "Z"),
    ("XX", 1798761599, "Asia/Seoul", "+0900"),
    ("XX", 1773032445, "America/St_Johns", "-0230"),
    ("XX", 1767225600, "Asia/Kathmandu", "+0545"),
    ("XX", 1798761599, "UTC", "Z"),
    ("XXX", 1798761599, "Asia/Seoul", "+09:00"),
    ("XXX", 1773032445, "America/St_Johns", "-02:30"),
    ("XXX", 1767225600, "Asia/Kathmandu", "+05:45"),
    ("XXX", 1798761599, "UTC", "Z"),
    ("x", 1798761599, "Asia/Seoul", "+09"),
    ("x", 1773032445, "America/St_Johns", "-0230"),
    ("x", 1767225600, "Asia/Kathmandu", "+0545"),
    ("x", 1798761599, "UTC", "+00"),
    ("xx", 1798761599, "Asia/Seoul", "+0900"),
    ("xx", 1773032445, "America/St_Johns", "-0230"),
    ("xx", 1767225600, "Asia/Kathmandu", "+0545"),
    ("xx", 1798761599, "UTC", "+0000"),
    ("xxx", 1798761599, "Asia/Seoul", "+09:00"),
    ("xxx", 1773032445, "America/St_Johns", "-02:30"),
    ("xxx", 1767225600, "Asia/Kathmandu", "+05:45"),
    ("xxx", 1798761599, "UTC", "+00:00"),
    ("Z", 1798761599, "Asia/Seoul", "+0900"),
    ("Z", 1773032445, "America/St_Johns", "-0230"),
    ("Z", 1767225600, "Asia/Kathmandu", "+0545"),
    ("Z", 1798761599, "UTC", "+0000"),
    ("ss", 1798761599, "Asia/Seoul", "59"),
    ("ss", 1773032445, "America/St_Johns", "45"),
    ("ss", 1767225600, "Asia/Kathmandu", "00"),
    ("ss", 1798761599, "UTC", "59"),
]

# OpenJDK 17 throws for these.
INVALID = [
    "#",
    "'a",
    "AAAAAAAAAAAAAAAAAAAA",
    "DDDD",
    "HHH",
    "SSSSSSSSSS",
    "V",
    "aa",
    "b",
    "ddd",
    "dt=",
    "hhh",
    "{",
    "}",
]

# Valid in Java, but depending on a locale or on week rules, or optional: refused.
REFUSED = ["YYYY", "yyyy-'W'ww", "e", "G", "B", "VV", "O", "z", "[yyyy]", "LLL", "MMMMM", "ZZZZ", "DD", "QQQ"]


@pytest.mark.parametrize(("pattern", "epoch_s", "zone", "expected"), RECORDED)
def test_a_pattern_is_written_as_java_writes_it(pattern: str, epoch_s: int, zone: str, expected: str) -> None:
    at = datetime.fromtimestamp(epoch_s, ZoneInfo(zone)).replace(microsecond=123456)
    assert compile_pattern(pattern)(at) == expected


@pytest.mark.parametrize("pattern", INVALID)
def test_a_pattern_that_java_does_not_know_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", REFUSED)
def test_a_pattern_that_depends_on_more_than_the_moment_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)


def test_the_week_year_is_refused_with_what_to_write_instead_f03() -> None:
    with pytest.raises(PatternError, match="write yyyy"):
        compile_pattern("YYYY/MM/dd")
