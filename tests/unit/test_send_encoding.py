"""Which encoding a file is in (failure mode S01): decided from all of its bytes, never guessed in part."""

import codecs

import pytest

from headgate.send.encoding import SAMPLE_BYTES, Detector, UndecodableError, normal_name

KOREAN = "단지코드,이름\nA1,래미안 퍼스티지\n"


def choose(data: bytes, declared: str | None = None, block_bytes: int = 1000) -> str:
    detector = Detector(declared)
    for start in range(0, len(data), block_bytes):
        detector.feed(data[start : start + block_bytes])
    return detector.choose().encoding


@pytest.mark.parametrize("block_bytes", [1, 7, 1000])
@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"", "utf-8"),
        (b"a,b\n1,2\n", "utf-8"),
        (KOREAN.encode(), "utf-8"),
        (codecs.BOM_UTF8 + KOREAN.encode(), "utf-8"),
        (KOREAN.encode("cp949"), "cp949"),
        (KOREAN.encode("euc-kr"), "cp949"),
        (KOREAN.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + KOREAN.encode("utf-16-be"), "utf-16"),
        (KOREAN.encode("utf-16-le"), "utf-16-le"),
        (KOREAN.encode("utf-16-be"), "utf-16-be"),
        (KOREAN.encode("utf-32"), "utf-32"),
    ],
)
def test_the_encoding_is_found_s01(data: bytes, encoding: str, block_bytes: int) -> None:
    assert choose(data, block_bytes=block_bytes) == encoding


def test_the_first_character_beyond_ascii_may_come_late() -> None:
    assert choose(b"a,b\n" * SAMPLE_BYTES + "가\n".encode("cp949")) == "cp949"


def test_bytes_that_no_candidate_decodes_are_refused_with_the_line_s01() -> None:
    with pytest.raises(
        UndecodableError, match=r"utf-8 fails in line 2 at the bytes E9 2C; cp949 fails in line 2"
    ):
        choose("a,b\ncafé,1\n".encode("latin-1"))


def test_half_a_character_at_the_end_is_refused_s01() -> None:
    with pytest.raises(UndecodableError):
        choose(b"x" + "가".encode()[:2], "utf-8")


def test_half_a_character_at_the_end_of_a_sample_is_not() -> None:
    detector = Detector()
    detector.feed("가".encode()[:2])
    assert detector.choose(complete=False).encoding == "utf-8"


def test_a_declared_encoding_is_checked_and_not_searched_for() -> None:
    assert choose("é".encode("latin-1"), "latin-1") == "latin-1"
    with pytest.raises(UndecodableError, match="utf-8 fails in line 1"):
        choose(KOREAN.encode("cp949"), "utf-8")


def test_the_choice_says_why() -> None:
    detector = Detector()
    detector.feed(KOREAN.encode("cp949"))
    assert "all of it decodes as CP949" in detector.choose().why


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13", ""])
def test_what_is_no_text_encoding_is_refused(name: str) -> None:
    with pytest.raises(LookupError):
        normal_name(name)
