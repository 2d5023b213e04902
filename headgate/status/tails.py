"""Records without a line end: Firehose adds none, so in the archive the next record begins on their line.

Decides how such a line of the archive is taken apart again, by the last lines of records that had no end.
"""

import hashlib
from collections.abc import Iterable, Iterator

_HASH_BYTES, _LENGTH_BYTES = 12, 4


class Tails:
    """The last lines of records that did not end in a line feed; lines are known by their digests."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()

    def __bool__(self) -> bool:
        return bool(self._digests)

    def learn(self, data: bytes) -> None:
        """Take note of a record of the stream."""
        if data and not data.endswith(b"\n"):
            self._digests.add(digest_of(data.rpartition(b"\n")[2]))

    def splitter(self, known: Iterable[bytes]) -> "Splitter":
        """What takes lines apart, when `known` are the digests of all lines of the stream."""
        return Splitter(self._digests, set(known))


class Splitter:
    """Takes a line of the archive apart."""

    def __init__(self, tails: set[bytes], known: set[bytes]) -> None:
        self._tails = tails
        self._known = known
        self._tail_sizes = sorted({_size(digest) for digest in tails}, reverse=True)
        self._known_sizes = {_size(digest) for digest in known}

    def apart(self, line: bytes) -> list[bytes]:
        """Some tails, and then one known line or a blank one; the line itself if it is not made of these."""
        if not self._tails:
            return [line]
        cuts = [0]
        choices = [self._next_cuts(line, 0)]
        dead: set[int] = set()  # places from which there is no way
        while cuts and not self._ends(line, cuts[-1]):
            cut = next((cut for cut in choices[-1] if cut not in dead), None)
            if cut is None:
                dead.add(cuts.pop())
                choices.pop()
            else:
                cuts.append(cut)
                choices.append(self._next_cuts(line, cut))
        if not cuts:
            return [line]
        pieces = [line[start:end] for start, end in zip(cuts, [*cuts[1:], len(line)], strict=True)]
        return pieces if len(pieces) == 1 or pieces[-1] else pieces[:-1]

    def _ends(self, line: bytes, at: int) -> bool:
        rest = line[at:]
        return not rest.strip() or (len(rest) in self._known_sizes and digest_of(rest) in self._known)

    def _next_cuts(self, line: bytes, at: int) -> Iterator[int]:
        """Where the known tails end that begin here, the longest first."""
        for size in self._tail_sizes:
            if 0 < size <= len(line) - at and digest_of(line[at : at + size]) in self._tails:
                yield at + size


def digest_of(line: bytes) -> bytes:
    """What stands for a line's bytes: a hash, and how many they are."""
    length = (len(line) & 0xFFFFFFFF).to_bytes(_LENGTH_BYTES)
    return hashlib.blake2b(line, digest_size=_HASH_BYTES).digest() + length


def _size(digest: bytes) -> int:
    return int.from_bytes(digest[-_LENGTH_BYTES:])
