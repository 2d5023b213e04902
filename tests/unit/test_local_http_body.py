"""Reading a request's body: by length or in chunks, however it is cut, never past the limit."""

from email.message import Message
from io import BufferedReader, BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.local.http_body import BadBody, TooLarge, read_body

LIMIT_BYTES = 1000


def message(*fields: tuple[str, str]) -> Message:
    headers = Message()
    for name, value in fields:
        headers[name] = value
    return headers


def unasked() -> None:
    raise AssertionError("nobody waits for 100 Continue")


def read(stream: bytes, *fields: tuple[str, str]) -> bytes:
    return read_body(message(*fields), BufferedReader(BytesIO(stream)), LIMIT_BYTES, unasked)


def refusal(stream: bytes, *fields: tuple[str, str]) -> type[BadBody]:
    with pytest.raises(BadBody) as refused:
        read(stream, *fields)
    return type(refused.value)


def in_chunks(pieces: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


CHUNKED = ("Transfer-Encoding", "chunked")


def test_a_body_without_any_length_is_empty() -> None:
    assert read(b"the next request") == b""


@given(body=st.binary(max_size=LIMIT_BYTES), tail=st.binary(max_size=20))
def test_a_body_is_as_long_as_announced(body: bytes, tail: bytes) -> None:
    assert read(body + tail, ("Content-Length", str(len(body)))) == body


@given(pieces=st.lists(st.binary(min_size=1, max_size=100), max_size=10), tail=st.binary(max_size=20))
def test_a_chunked_body_is_its_chunks(pieces: list[bytes], tail: bytes) -> None:
    stream = BufferedReader(BytesIO(in_chunks(pieces) + tail))
    assert read_body(message(CHUNKED), stream, LIMIT_BYTES, unasked) == b"".join(pieces)
    assert stream.read() == tail


@given(stream=st.binary(max_size=60))
def test_any_chunked_bytes_are_a_body_or_refused(stream: bytes) -> None:
    try:
        read(stream, CHUNKED)
    except BadBody as error:
        assert type(error) is BadBody  # noqa: PT017 - the other end is a body


@pytest.mark.parametrize("over", [1, 100_000])
def test_a_body_over_the_limit_is_refused_by_either_way(over: int) -> None:
    """G01"""
    body = b"x" * (LIMIT_BYTES + over)
    assert refusal(body, ("Content-Length", str(len(body)))) is TooLarge
    assert refusal(in_chunks([body]), CHUNKED) is TooLarge
    assert refusal(in_chunks([b"x" * 500] * (len(body) // 500 + 1)), CHUNKED) is TooLarge


def test_a_body_at_the_limit_is_read() -> None:
    assert len(read(b"x" * LIMIT_BYTES, ("Content-Length", str(LIMIT_BYTES)))) == LIMIT_BYTES


@pytest.mark.parametrize(
    "fields",
    [
        [("Content-Length", "-1")],
        [("Content-Length", "+1")],
        [("Content-Length", "1_0")],
        [("Content-Length", "\u0661")],
        [("Content-Length", "")],
        [("Content-Length", "0x5")],
        [("Content-Length", "five")],
        [("Content-Length", "1"), ("Content-Length", "2")],
        [("Content-Length", "1, 1")],
        [("Content-Length", "1"), CHUNKED],
        [("Transfer-Encoding", "gzip")],
        [("Transfer-Encoding", "gzip, chunked")],
        [CHUNKED, CHUNKED],
        [CHUNKED, ("Transfer-Encoding", "identity")],
    ],
)
def test_a_body_without_one_clear_end_is_refused(fields: list[tuple[str, str]]) -> None:
    """G09: two readers that disagree about the end would let one request hide in another."""
    assert refusal(b"0\r\n\r\n", *fields) is BadBody


def test_the_same_length_twice_is_one_length() -> None:
    assert read(b"ab", ("Content-Length", "2"), ("Content-Length", "2")) == b"ab"


def test_a_client_that_waits_is_told_to_go_on_or_refused_before_it_sends() -> None:
    told: list[int] = []

    def ask(length: int) -> bytes:
        fields = [("Content-Length", str(length)), ("Expect", "100-Continue")]
        return read_body(
            message(*fields), BufferedReader(BytesIO(b"x" * length)), LIMIT_BYTES, lambda: told.append(length)
        )

    assert ask(0) == b""
    assert ask(5) == b"xxxxx"
    with pytest.raises(TooLarge):
        ask(LIMIT_BYTES + 1)
    assert told == [5]


def test_chunk_extensions_and_trailers_are_passed_over() -> None:
    sent = b"5;chunk-signature=abc\r\nhello\r\nA\r\n0123456789\r\n0\r\nx-amz-checksum-crc32:abc=\r\n\r\n"
    assert read(sent, CHUNKED) == b"hello0123456789"


@pytest.mark.parametrize("size", [b"", b"-1", b"+5", b"0_5", b"g", b"0x5", b";"])
def test_a_chunk_size_that_is_not_plain_hex_is_refused(size: bytes) -> None:
    assert refusal(size + b"\r\nhello\r\n0\r\n\r\n", CHUNKED) is BadBody


@pytest.mark.parametrize("sent", [b"hell", b""])
def test_a_body_that_ends_early_is_refused_and_not_taken_for_whole(sent: bytes) -> None:
    assert refusal(sent, ("Content-Length", "5")) is BadBody


def test_a_length_of_thousands_of_digits_is_too_large_and_no_fault_of_the_server() -> None:
    assert refusal(b"", ("Content-Length", "9" * 5000)) is TooLarge
    assert read(b"hello", ("Content-Length", "0" * 5000 + "5")) == b"hello"


def test_a_chunk_longer_than_its_size_is_refused() -> None:
    assert refusal(b"5\r\nhello, world\r\n0\r\n\r\n", CHUNKED) is BadBody


def test_trailers_without_end_are_refused() -> None:
    assert refusal(b"0\r\n" + b"a:b\r\n" * 10_000, CHUNKED) is BadBody
