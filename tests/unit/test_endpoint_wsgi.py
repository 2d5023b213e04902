from collections.abc import Iterable
from typing import Any

from headgate.local.endpoint.dispatch import make_head
from headgate.local.endpoint.wsgi import StartResponse, environ_of, run


def answering(status: str, headers: list[tuple[str, str]], chunks: Iterable[bytes]) -> Any:
    def application(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, headers)
        return chunks

    return application


def test_the_target_is_given_decoded_and_as_sent() -> None:
    environ = environ_of(make_head("GET", "/bucket/a%2Fb%20%ED%95%9C?list-type=2", []), b"", 4566)
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/bucket/a/b \ud55c"
    assert environ["RAW_URI"] == "/bucket/a%2Fb%20%ED%95%9C?list-type=2"
    assert environ["QUERY_STRING"] == "list-type=2"


def test_headers_become_variables_and_the_length_is_that_of_the_whole_body() -> None:
    pairs = [("Content-Type", "text/plain"), ("X-Amz-Target", "A.B"), ("Transfer-Encoding", "chunked")]
    environ = environ_of(make_head("PUT", "/", pairs), b"hello", 4566)
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert environ["HTTP_X_AMZ_TARGET"] == "A.B"
    assert environ["CONTENT_LENGTH"] == "5"
    assert "HTTP_TRANSFER_ENCODING" not in environ
    assert environ["wsgi.input"].read() == b"hello"


def test_an_underscore_is_kept_in_metadata_and_cannot_imitate_another_header() -> None:
    """G09: `X_Amz_Target` must not pass for `X-Amz-Target`."""
    pairs = [("x-amz-meta-my_key", "v"), ("X_Amz_Target", "A.B")]
    environ = environ_of(make_head("PUT", "/", pairs), b"", 4566)
    assert environ["moto.preserved_header_names"] == {"HTTP_X_AMZ_META_MY_KEY": "x-amz-meta-my_key"}
    assert "HTTP_X_AMZ_TARGET" not in environ


def test_an_answer_without_a_length_gets_one() -> None:
    reply = run(answering("200 OK", [("Content-Type", "text/xml")], [b"ab", b"c"]), {})
    assert (reply.status, reply.length_bytes, list(reply.chunks)) == (200, 3, [b"abc"])


def test_an_answer_with_a_length_is_passed_on_in_its_chunks() -> None:
    chunks = (part for part in [b"ab", b"c"])
    reply = run(answering("206 PARTIAL CONTENT", [("content-length", "3"), ("Connection", "x")], chunks), {})
    assert (reply.status, reply.headers, reply.length_bytes) == (206, [], 3)
    assert reply.chunks is chunks


def test_a_bodiless_status_has_neither_length_nor_body() -> None:
    reply = run(answering("204 NO CONTENT", [("Content-Length", "0")], []), {})
    assert (reply.length_bytes, list(reply.chunks)) == (None, [])
