"""The fast parser and the grammar are one function; framing loses no byte; progress never runs ahead."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from headgate.agent.convert.apache import combined_parser, common_parser
from headgate.agent.convert.build import build_chain
from headgate.agent.convert.grammar import formats
from headgate.agent.convert.logs import LogOptions, log_to_json
from headgate.agent.framing import aggregate, split_lines, split_multi_line
from headgate.agent.javaregex import RegexProblem, compile_java
from headgate.agent.tail.checkpoint import Progress
from tests.agent_rig import AROUND

PIECES = st.sampled_from(
    [
        *(
            "1.2.3.4",
            "h-x.y.",
            "é",
            "-",
            " ",
            " ",
            '"',
            '"',
            "\\",
            '\\"',
            "[",
            "]",
            "GET / HTTP/1.0",
            "200",
            "+5",
        ),
        *(
            "abc",
            "10/Oct/2000:13:55:36 -0700",
            "1/May/7:1:00:60,5 0",
            "\r",
            "\x85",
            "\u2028",
            "\t",
            "\x1b",
            "a b",
            "",
        ),
    ]
)
GOOD = [
    '1.2.3.4 - u [10/Oct/2000:13:55:36 -0700] "',
    "GET /",
    '" 200 -',
    ' "',
    "http://x",
    '" "',
    "agent",
    '"',
    "",
]


def answers(name: str, line: str) -> tuple[object, object]:
    names = formats()[name].keys
    parser = (combined_parser if name == "COMBINEDAPACHELOG" else common_parser)(names)
    slow = log_to_json(LogOptions(name))(line.encode() + b"\n")
    fast = parser(line, True)  # noqa: FBT003 - one call, by position
    return None if fast is None else (fast + "\n").encode(), slow if isinstance(slow, bytes) else None


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(PIECES, max_size=14), st.lists(st.tuples(st.integers(0, 8), PIECES), max_size=3), st.booleans()
)
@example([], [], True)  # noqa: FBT003 - one call, by position
def test_the_fast_parser_never_answers_otherwise_than_the_grammar(
    pieces: list[str],
    changes: list[tuple[int, str]],
    mutate: bool,  # noqa: FBT001 - one call, by position
) -> None:
    parts = list(GOOD) if mutate else pieces
    for index, piece in changes if mutate else []:
        parts[index] = parts[index] + piece if piece != "" else piece
    line = "".join(parts)
    for name in ("COMBINEDAPACHELOG", "COMMONAPACHELOG"):
        fast, slow = answers(name, line)
        assert fast is None or fast == slow
        chain = build_chain([{"optionName": "LOGTOJSON", "logFormat": name}], AROUND)
        block = chain.convert_block(line.encode() + b"\n")
        assert len(block) == 1
        assert (block[0] if isinstance(block[0], bytes) else None) == slow


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.binary(max_size=200),
    st.sampled_from([None, rb"a", rb"^\[", rb"x$"]),
    st.booleans(),
    st.integers(1, 60),
)
def test_a07_records_and_remainder_are_the_input(
    data: bytes,
    pattern: bytes | None,
    hold: bool,  # noqa: FBT001 - one call, by position
    size: int,
) -> None:
    if pattern is None:
        records, rest = split_lines(data)
        assert all(record.endswith(b"\n") and record.count(b"\n") == 1 for record in records)
        assert b"\n" not in rest
        joined = aggregate(records, size)
        assert b"".join(joined) == b"".join(records)
        assert all(len(record) <= size or record.count(b"\n") == 1 for record in joined)
    else:
        records, rest = split_multi_line(data, compile_java(pattern.decode()), hold=hold)
        assert all(record.endswith(b"\n") for record in records)
    assert b"".join(records) + rest == data


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.permutations(range(8)))
def test_a10_in_any_order_of_acknowledgement_the_offset_is_the_contiguous_prefix(order: list[int]) -> None:
    progress = Progress(0)
    for n in range(8):
        progress.add(10 * n, 10 * n + 10)
    done: set[int] = set()
    for n in order:
        progress.acknowledge(10 * n)
        done.add(n)
        assert progress.offset == 10 * next((k for k in range(8) if k not in done), 8)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet="ab.[]()*+?\\d1{}|^$-&", max_size=12), st.text(alphabet="ab1.]", max_size=8))
def test_any_text_as_a_pattern_is_compiled_or_refused_with_a_reason(pattern: str, text: str) -> None:
    try:
        compiled = compile_java(pattern)
    except RegexProblem as problem:
        assert str(problem)  # noqa: PT017 - most texts compile, so `raises` does not fit
        return
    found = compiled.full(text)
    assert found is None or found.span() == (0, len(text))
