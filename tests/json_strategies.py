"""JSON as text, at random: the ways to write a value that RFC 8259 allows, and texts that are nearly JSON."""

import json

from hypothesis import strategies as st

SPACES = st.text(alphabet=" \t\r\n", max_size=3)
NUMBERS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "-"]),
    st.one_of(st.just(0), st.integers(1, 10**30)),
    st.one_of(st.just(""), st.integers(0, 10**12).map(lambda digits: f".{digits}0")),
    st.sampled_from(["", "", "", "e0", "E+05", "e-7", "e-400", "e400", "E99999999999999999999"]),
)
PLAIN = st.characters(blacklist_categories=["Cs"])


def quoted(text: str) -> st.SearchStrategy[str]:
    """A string, with its characters as they are or as escapes."""
    return st.sampled_from([json.dumps(text), json.dumps(text, ensure_ascii=False)])


STRINGS = st.text(alphabet=PLAIN, max_size=8).flatmap(quoted)
SCALARS = st.one_of(NUMBERS, STRINGS, st.sampled_from(["true", "false", "null"]))


def _array(items: list[tuple[str, str, str]]) -> str:
    return "[" + ",".join(before + item + after for before, item, after in items) + "]"


def _object(members: list[tuple[str, str, str]]) -> str:
    return "{" + ",".join(f"{space}{key}{space}:{value}" for space, key, value in members) + "}"


def _containers(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(st.tuples(SPACES, values, SPACES), max_size=4).map(_array),
        st.lists(st.tuples(SPACES, STRINGS, values), max_size=4).map(_object),
    )


VALUES = st.recursive(SCALARS, _containers, max_leaves=5)
OBJECTS = st.lists(st.tuples(SPACES, STRINGS, VALUES), max_size=3).map(_object)
EVENTS = st.builds(lambda before, text, after: (before + text + after).encode(), SPACES, OBJECTS, SPACES)


BREAKERS = [
    *(bytes([byte]) for byte in b"\n\r\t,:\"\\[]{}-+.e0'\x00\xff"),
    *(b"NaN", b"Infinity", b"\\u", b"\\ud800", b"\xed\xa0\x80", b"//", b"1e400"),
]


@st.composite
def nearly(draw: st.DrawFn, texts: st.SearchStrategy[bytes]) -> bytes:
    """A text in which one piece was cut out, doubled, or replaced."""
    text = draw(texts)
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 3)))
    piece = draw(
        st.one_of(
            st.just(b""), st.just(text[start:end] * 2), st.binary(max_size=2), st.sampled_from(BREAKERS)
        )
    )
    return text[:start] + piece + text[end:]
