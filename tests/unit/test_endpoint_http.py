import io

import pytest

from headgate.local.endpoint.http import BadRequest, Head, make_head, read_body


def head_of(**headers: str) -> Head:
    return make_head("POST", "/", [(name.replace("_", "-"), value) for name, value in headers.items()])


def body_of(sent: bytes, head: Head, limit_bytes: int = 1000) -> tuple[bytes, list[str]]:
    asked: list[str] = []
    reader = io.BufferedReader(io.BytesIO(sent))
    return read_body(reader, head, limit_bytes, lambda: asked.append("go on")), asked


def refusal_of(sent: bytes, head: Head, limit_bytes: int = 1000) -> int:
    with pytest.raises(BadRequest) as caught:
        body_of(sent, head, limit_bytes)
    return caught.value.status


def test_a_body_is_as_long_as_content_length_says() -> None:
    assert body_of(b"hello, next request", head_of(Content_Length="5")) == (b"hello", [])


def test_a_request_without_a_length_has_no_body() -> None:
    assert body_of(b"next request", head_of()) == (b"", [])


def test_chunks_are_joined_and_extensions_and_trailers_ignored() -> None:
    sent = b"5;chunk-signature=abc\r\nhello\r\nA\r\n0123456789\r\n0\r\nx-amz-checksum-crc32:abc=\r\n\r\n"
    assert body_of(sent, head_of(Transfer_Encoding="chunked"))[0] == b"hello0123456789"


def test_a_client_that_waits_is_told_to_go_on_before_its_body_is_read() -> None:
    assert body_of(b"hello", head_of(Content_Length="5", Expect="100-continue"))[1] == ["go on"]


def test_a_body_that_announces_too_much_is_refused_before_the_client_may_send_it() -> None:
    head = head_of(Content_Length="1001", Expect="100-continue")
    with pytest.raises(BadRequest) as caught:
        read_body(io.BufferedReader(io.BytesIO()), head, 1000, lambda: pytest.fail("went on"))
    assert caught.value.status == 413


def test_chunks_that_grow_too_large_are_refused() -> None:
    assert refusal_of(b"4\r\naaaa\r\n4\r\naaaa\r\n0\r\n\r\n", head_of(Transfer_Encoding="chunked"), 7) == 413


@pytest.mark.parametrize("length", ["-1", "+5", "5_0", "0x5", "five", "5, 5", "\u0665"])
def test_a_length_that_is_not_plain_digits_is_refused(length: str) -> None:
    assert refusal_of(b"hello", head_of(Content_Length=length)) == 400


@pytest.mark.parametrize("size", [b"", b"-1", b"+5", b"0_5", b"g", b"0x5", b";"])
def test_a_chunk_size_that_is_not_plain_hex_is_refused(size: bytes) -> None:
    assert refusal_of(size + b"\r\nhello\r\n0\r\n\r\n", head_of(Transfer_Encoding="chunked")) == 400


def test_two_ways_to_tell_the_length_are_refused() -> None:
    """G09: request smuggling needs two readings of one request."""
    assert refusal_of(b"0\r\n\r\n", head_of(Transfer_Encoding="chunked", Content_Length="5")) == 400


def test_an_unknown_transfer_coding_is_refused() -> None:
    assert refusal_of(b"hello", head_of(Transfer_Encoding="gzip, chunked")) == 400


@pytest.mark.parametrize("sent", [b"hell", b""])
def test_a_body_that_ends_early_is_refused_and_not_taken_for_whole(sent: bytes) -> None:
    assert refusal_of(sent, head_of(Content_Length="5")) == 400


def test_repeated_headers_are_joined_and_kept_as_sent() -> None:
    head = make_head("GET", "/", [("X-One", "1"), ("x-one", "2")])
    assert head.headers == {"x-one": "1,2"}
    assert head.pairs == [("X-One", "1"), ("x-one", "2")]


def test_a_length_of_thousands_of_digits_is_too_large_and_no_fault_of_the_endpoint() -> None:
    assert refusal_of(b"", head_of(Content_Length="9" * 5000)) == 413
    assert body_of(b"hello", head_of(Content_Length="0" * 5000 + "5"))[0] == b"hello"


def test_a_chunk_longer_than_its_size_is_refused() -> None:
    assert refusal_of(b"5\r\nhello, world\r\n0\r\n\r\n", head_of(Transfer_Encoding="chunked")) == 400


def test_trailers_without_end_are_refused() -> None:
    assert refusal_of(b"0\r\n" + b"a:b\r\n" * 10_000, head_of(Transfer_Encoding="chunked")) == 400
