"""Which text encoding a file is in: decided from all of its bytes, and said together with the reason.

Tried in this order: a byte order mark, UTF-16 without one (by its NUL bytes), UTF-8, CP949 (Windows' superset
of EUC-KR). An encoding is chosen only if every byte decodes; nothing is ever replaced or skipped. A
single-byte encoding such as latin-1 decodes anything, so it is never guessed: the person names it. Pure;
called by filesource.
"""

import codecs
from typing import NamedTuple

SAMPLE_BYTES = 64 * 1024  # enough to see a byte order mark or UTF-16's pattern of NUL bytes
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


class Detector:
    """Feed it every block of the file, then ask for the choice."""

    def __init__(self, declared: str | None = None) -> None:
        """`declared` is checked instead of searched for."""
        self._declared = declared
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
        alive = [each for each in self._candidates if each.failure is None]
        if not alive:
            raise UndecodableError("; ".join(str(each.failure) for each in self._candidates))
        if self._ascii and not self._declared and alive[0].choice.encoding == "utf-8":
            return Choice("utf-8", "all of it is ASCII")
        return alive[0].choice

    def _begin(self) -> bytes:
        head, self._head = self._head, b""
        self._candidates = _candidates(head, self._declared)
        self._plain = all(each.choice.encoding in {"utf-8", "cp949"} for each in self._candidates)
        return head

    def _feed(self, block: bytes, *, final: bool) -> None:
        for each in self._candidates:
            each.feed(block, final=final, ascii_superset=self._plain and not final)


def normal_name(name: str) -> str:
    """Return Python's name of a text encoding. Raises LookupError when there is none."""
    "".encode(name)  # refuses codecs that are not text encodings
    codecs.getincrementaldecoder(name)
    return codecs.lookup(name).name


def _candidates(head: bytes, declared: str | None) -> list[_Candidate]:
    if declared:
        return [_Candidate(declared, "--encoding says so")]
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return [_Candidate(encoding, "it begins with a byte order mark")]
    if wide := _wide(head[:SAMPLE_BYTES]):
        return [_Candidate(wide, "every other byte of its ASCII characters is NUL")]
    return [
        _Candidate("utf-8", "all of it decodes as UTF-8"),
        _Candidate("cp949", "it is not UTF-8, and all of it decodes as CP949, of which EUC-KR is a part"),
    ]


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: line ends, separators and digits put NUL on one side only."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 20 <= len(head):  # at most one character in ten
        return None
    if odd > 4 * even:
        return "utf-16-le"
    return "utf-16-be" if even > 4 * odd else None
