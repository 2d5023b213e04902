"""Which text encoding a file is in: decided from all of its bytes, and said together with the reason.

Tried in this order: a byte order mark, UTF-16 without one (by its NUL bytes), UTF-8, CP949 (Windows' superset
of EUC-KR). An encoding is chosen only if every byte decodes; nothing is ever replaced or skipped. CP949 also
has to give Korean: other single-byte and East Asian text decodes as CP949 too, into rare syllables and Hanja.
A single-byte encoding such as latin-1 decodes anything, so it is never guessed: the person names it. Pure;
called by filesource.
"""

import codecs
import re
from functools import cache
from typing import NamedTuple

SAMPLE_BYTES = 64 * 1024  # enough to see a byte order mark or UTF-16's pattern of NUL bytes
_KOREAN_SAMPLE_CHARS = 1_000_000
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_INSIDE_A_WORD = re.compile(r"[a-z][가-힣](?![가-힣])|(?<![가-힣])[가-힣][a-z]")
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Choice(NamedTuple):
    """A Python codec name, and why it was chosen."""

    encoding: str
    why: str


class UndecodableError(Exception):
    """No candidate decodes the bytes; the message says where each one failed."""


class _Candidate:
    """One encoding that is still possible."""

    def __init__(self, encoding: str, why: str) -> None:
        self.choice = Choice(encoding, why)
        self.failure: str | None = None
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._line = 1
        self._pending = False
        self._korean = _Korean() if encoding == "cp949" else None

    def feed(self, block: bytes, *, final: bool, ascii_superset: bool) -> None:
        if self.failure is not None:
            return
        if ascii_superset and not self._pending and block.isascii():
            self._line += block.count(b"\n")
            return
        try:
            text = self._decoder.decode(block, final)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].count(b"\n")
            what = error.object[error.start : error.start + 2].hex(" ").upper()
            self.failure = f"{self.choice.encoding} fails in line {self._line + before} at the bytes {what}"
        except UnicodeError as error:  # UTF-16 and UTF-32 without their mark
            self.failure = f"{self.choice.encoding} fails: {error}"
        else:
            self._line += text.count("\n")
            self._pending = bool(self._decoder.getstate()[0])
            if self._korean:
                self._korean.feed(text)

    def problem(self) -> str | None:
        """Return why this is not the encoding, or None."""
        if self.failure is None and self._korean and not self._korean.is_likely():
            return "cp949 decodes it, but not into Korean text"
        return self.failure


class _Korean:
    """Counts what a decoded text holds, to tell Korean from what only decodes."""

    def __init__(self) -> None:
        self._common = 0  # syllables of KS X 1001, in which nearly all Korean is written
        self._rare = 0  # other syllables and Hanja
        self._inside_words = 0  # a single syllable beside lower-case Latin letters

    def feed(self, text: str) -> None:
        if self._common + self._rare > _KOREAN_SAMPLE_CHARS:
            return
        common, rare = _korean_patterns()
        self._common += len(common.findall(text))
        self._rare += len(rare.findall(text))
        self._inside_words += len(_INSIDE_A_WORD.findall(text))

    def is_likely(self) -> bool:
        wrong = self._rare + self._inside_words
        return self._common > 0 and wrong * 10 <= self._common


class Detector:
    """Feed it every block of the file, then ask for the choice."""

    def __init__(self, declared: str | None = None, *, unicode_only: bool = False) -> None:
        """`declared` is checked instead of searched for. `unicode_only`: the text is JSON."""
        self._declared = declared
        self._unicode_only = unicode_only
        self._utf8 = self._not_utf8 = 0  # characters beyond ASCII, and places that are none
        self._candidates: list[_Candidate] = []
        self._head = b""
        self._plain = False  # every candidate reads ASCII as it is
        self._ascii = True

    def feed(self, block: bytes) -> None:
        """Take the next block of the file's decompressed bytes."""
        self._ascii = self._ascii and block.isascii()
        if not self._candidates:
            self._head += block
            if len(self._head) < SAMPLE_BYTES:
                return
            block = self._begin()
        self._feed(block, final=False)

    def choose(self, *, complete: bool = True) -> Choice:
        """The encoding. `complete`: the file ends here, so half a character at the end is a fault.

        Raises UndecodableError.
        """
        if not self._candidates:
            self._feed(self._begin(), final=False)
        if complete:
            self._feed(b"", final=True)
        alive = [each for each in self._candidates if each.problem() is None]
        if self._utf8 > self._not_utf8 and alive and alive[0].choice.encoding == "cp949":
            raise UndecodableError(f"{self._candidates[0].failure}, and most of it is UTF-8")
        if not alive:
            raise UndecodableError("; ".join(str(each.problem()) for each in self._candidates))
        if self._ascii and not self._declared and alive[0].choice.encoding == "utf-8":
            return Choice("utf-8", "all of it is ASCII")
        return alive[0].choice

    def _begin(self) -> bytes:
        head, self._head = self._head, b""
        self._candidates = _candidates(head, self._declared, unicode_only=self._unicode_only)
        self._plain = all(each.choice.encoding in {"utf-8", "cp949"} for each in self._candidates)
        return head

    def _feed(self, block: bytes, *, final: bool) -> None:
        for each in self._candidates:
            each.feed(block, final=final, ascii_superset=self._plain and not final)
        if self._plain and len(self._candidates) > 1 and not block.isascii():
            text = block.decode("utf-8", "replace")
            broken = text.count("\ufffd")
            self._not_utf8 += broken
            self._utf8 += len(_BEYOND_ASCII.findall(text)) - broken


def normal_name(name: str) -> str:
    """Return Python's name of a text encoding. Raises LookupError when there is none."""
    "".encode(name)  # refuses codecs that are not text encodings
    codecs.getincrementaldecoder(name)
    return codecs.lookup(name).name


def _candidates(head: bytes, declared: str | None, *, unicode_only: bool) -> list[_Candidate]:
    if declared:
        return [_Candidate(declared, "--encoding says so")]
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return [_Candidate(encoding, "it begins with a byte order mark")]
    if wide := _wide(head[:SAMPLE_BYTES]):
        return [_Candidate(wide, "every other byte of its ASCII characters is NUL")]
    utf8 = _Candidate("utf-8", "all of it decodes as UTF-8")
    if unicode_only:
        return [utf8]
    why = "it is not UTF-8, and all of it decodes as CP949, of which EUC-KR is a part"
    return [utf8, _Candidate("cp949", why)]


def _wide(head: bytes) -> str | None:
    """Return UTF-16 in one byte order when a text without a mark is that.

    Line ends, separators and digits put NUL on one side only. NULs in the cells of another text can do so by
    chance. But a line feed of UTF-16 has two bytes, so a text with bytes 0A and no such line feed is another
    one. So is a text that is UTF-8 with its NULs, unless nearly every other byte is NUL.
    """
    head = head[: len(head) // 2 * 2]
    even, odd = head[::2].count(0), head[1::2].count(0)
    nuls = max(even, odd)
    if nuls * 20 <= len(head) or nuls <= 4 * min(even, odd):  # at most one character in ten
        return None
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    text = head.decode(encoding, "replace")
    line_feeds, bytes_0a = text.count("\n"), head.count(b"\n")
    if "\0" in text or (bytes_0a and not line_feeds):
        return None
    if not _is_utf8(head):
        return encoding
    return encoding if nuls * 4 >= len(head) and 2 * line_feeds >= bytes_0a else None


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


@cache
def _korean_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return patterns of one common syllable, and of one other syllable or Hanja.

    Source: KS X 1001, rows 16 to 40 are the 2,350 syllables, in EUC-KR the bytes B0A1 to C8FE.
    """
    rows = [bytes([lead, trail]) for lead in range(0xB0, 0xC9) for trail in range(0xA1, 0xFF)]
    common = "".join(row.decode("cp949") for row in rows)
    return re.compile(f"[{common}]"), re.compile(f"(?![{common}])[가-힣一-鿿豈-﫿]")
