"""Any bytes through every converter and framing of the agent: nothing raises, every line is accounted for.

`python -m tests.faults.fuzz_agent [INPUTS] [SEED]`: so many inputs (100,000) per target. The invariant: a
line ends as bytes that end with a line feed, or as a drop with a reason; both paths of a converter agree.
"""

import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from headgate.agent.convert.build import Surroundings, build_chain
from headgate.agent.convert.chain import Dropped
from headgate.agent.framing import split_lines, split_multi_line
from headgate.agent.javaregex import compile_java
from headgate.agent.outgoing import as_object, end_line, ordering_key

_AROUND = Surroundings(lambda: datetime(2026, 11, 29, tzinfo=UTC), lambda: {"instanceId": "i-1", "tags": {}})
_NAMES = {"customFieldNames": ["a", "b", "c"]}
_LOG = {"optionName": "LOGTOJSON"}
OPTIONS: dict[str, dict[str, Any]] = {
    "csv": {"optionName": "CSVTOJSON", **_NAMES},
    "csv pattern": {"optionName": "CSVTOJSON", "delimiter": r"\s*[,;]+", **_NAMES},
    "csv quoted": {"optionName": "CSVTOJSON", "quoted": True, **_NAMES},
    "csv quoted tab": {"optionName": "CSVTOJSON", "quoted": True, "delimiter": r"\t", **_NAMES},
    **{
        name: {**_LOG, "logFormat": name, "acceptIpv6": True, "acceptCrlf": crlf}
        for name in ("COMMONAPACHELOG", "COMBINEDAPACHELOG", "APACHEERRORLOG", "SYSLOG", "RFC3339SYSLOG")
        for crlf in (name == "SYSLOG",)
    },
    "own pattern": {**_LOG, "logFormat": "SYSLOG", "matchPattern": r"(\S+) (.*?)(?: \[(\d+)\])?", **_NAMES},
    "metadata": {"optionName": "ADDMETADATA", "metadata": {"k": ["v", 1.5, None]}, "timestamp": "true"},
    "ec2": {"optionName": "ADDEC2METADATA", "logFormat": "SYSLOG"},
    "brackets": {"optionName": "ADDBRACKETS"},
    "singleline": {"optionName": "SINGLELINE", "parseOptions": ["ESCAPE_NEW_LINE"]},
    "pretty": {"optionName": "ADDMETADATA", "metadata": {}, "jsonFormat": "PRETTYPRINT"},
}
_PIECES = [
    *(
        b'"',
        b'""',
        b",",
        b";",
        b"\r",
        b"\t",
        b"\0",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b" ",
        b"-",
        b":",
        b"1",
        b"a",
    ),
    *(
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\xff",
        "각".encode(),
        b"\xe2\x80\xa8",
        b"\xc2\x85",
        b'{"a":1}',
        b'"x"',
    ),
    *(b"127.0.0.1 - - [10/Oct/2026:13:55:36 -0700] ", b'"GET / HTTP/1.1" 200 12', b' "-" "agent"', b"1e999"),
    *(b"Nov 29 06:03:00 host prog[12]: text", b"9" * 5000, b"[" * 3000, b'{"a":' * 2000, b"x" * 140_000),
]


def line_of(chance: random.Random) -> bytes:
    """Return bytes without a line feed: pieces that matter to some converter, and noise between them."""
    pieces = [
        chance.choice(_PIECES[:-4] if chance.random() < 0.98 else _PIECES)
        for _ in range(chance.randint(0, 9))
    ]
    if chance.random() < 0.3:
        pieces.insert(0, chance.randbytes(chance.randint(0, 12)).replace(b"\n", b""))
    return b"".join(pieces)


def _converter(option: dict[str, Any]) -> Callable[[bytes], None]:
    chain = build_chain([option], _AROUND)

    def check(line: bytes) -> None:
        (one,) = chain.convert_block(line + b"\n")
        assert one == chain.convert(line + b"\n")
        if isinstance(one, Dropped):
            assert one.reason != "conversion_failed", one
            assert one.message
        else:
            record = end_line(one) if option["optionName"] == "ADDBRACKETS" else one
            assert record.endswith(b"\n")
            assert as_object(record).endswith(b"}\n")
        (several,) = [chain.convert(line + b"\n" + line + b"\n")]
        assert isinstance(several, bytes | Dropped)

    return check


def _framing(line: bytes) -> None:
    data = line.replace(b"\r", b"\n")
    for framed in (split_lines(data), split_multi_line(data, _START)):
        assert b"".join(framed.records) + framed.remainder == data


def _last_steps(line: bytes) -> None:
    key = ordering_key(line, "a")
    assert key is None or key.encode("utf-8", "surrogatepass") is not None
    assert as_object(line + b"\n").count(b"\n") == 1


_START = compile_java(r"[\[{1]")
TARGETS: dict[str, Callable[[bytes], None]] = {
    **{name: _converter(option) for name, option in OPTIONS.items()},
    "framing": _framing,
    "last steps": _last_steps,
}


def run(target: str, inputs: int, seed: int) -> None:
    """Give one target so many inputs. Raises AssertionError, with the input in its notes."""
    chance = random.Random(f"{seed}/{target}")  # noqa: S311 - a seed makes a run repeatable
    for _ in range(inputs):
        line = line_of(chance)
        try:
            TARGETS[target](line)
        except BaseException as error:
            error.add_note(f"target {target!r}, seed {seed}, line {line[:300]!r} ({len(line)} bytes)")
            raise


if __name__ == "__main__":
    count, start = (int(sys.argv[1]) if sys.argv[1:] else 100_000), int(sys.argv[2]) if sys.argv[2:] else 1
    for each in TARGETS:
        run(each, count, start)
        sys.stdout.write(f"{each}: {count} inputs, nothing raised, every line accounted for\n")
