"""`python -m tests.faults.send_fuzz`: hostile bytes through each decoder of `headgate send` (S01, S02).

Only errors with a sentence may come out; every row is whole, numbered in order, and on one line.
"""

import argparse
import io
import random
import sys

from headgate.send import csvrows, layout, ndjsonrows
from headgate.send.csvrows import Dialect
from headgate.send.encoding import Detector, UndecodableError
from headgate.send.errors import UsageError
from headgate.send.jsonrows import BrokenJsonError, JsonRows
from headgate.send.rows import EventRow

_PIECES: list[bytes | str] = [
    *(bytes([each]) for each in b',;\t|"\\{}[]:\r\n\0#/ a1-\xff\xfe\x80\xc4\xe9\xb0'),
    *(
        "한글",
        "é",
        "\u2019",
        "\ufeff",
        "sep=;\n",
        '{"a":1}',
        '["x",',
        "a,b\n",
        '"a""b"',
        "# x\n",
        "\u2028",
        "𝄞",
    ),
]
_ENCODINGS = ["utf-8", "cp949", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"]
_SENTENCES = (UsageError, BrokenJsonError, UndecodableError, UnicodeError)
_NAMES = ["a.csv", "a.tsv", "a.json", "a.ndjson", "a", "a.csv.gz"]


def some_bytes(chance: random.Random) -> bytes:
    """Return a short text of pieces that mean something to a decoder, in some encoding."""
    encoding = chance.choice(_ENCODINGS)
    pieces = chance.choices(_PIECES, k=chance.randint(0, 24))
    return b"".join(p if isinstance(p, bytes) else p.encode(encoding, "replace") for p in pieces)


def decode(data: bytes, name: str, block_bytes: int, skip_lines: int) -> int:
    """Put bytes through a decoder; return the number of rows. Raises an error with a sentence."""
    detector = Detector()
    for at in range(0, len(data), block_bytes):
        detector.feed(data[at : at + block_bytes])
    text = layout.text_of(data, None, skip_lines)
    form = layout.form_of(name, text)
    if form == "json":
        rows = list(JsonRows(io.BytesIO(data).read1).rows())
    elif form == "ndjson":
        rows = list(ndjsonrows.read(io.BytesIO(data).readline, "t"))
    else:
        dialect, _ = layout.settled(name, form, text, Dialect(delimiter="", skip_lines=skip_lines))
        file = io.TextIOWrapper(io.BytesIO(data), detector.choose().encoding, newline="")
        ndjsonrows.skip_lines(file.readline, dialect.skip_lines)
        rows = list(csvrows.read(file.readline, dialect))
    numbers = [row.number for row in rows if row.number]
    assert numbers == list(range(1, len(numbers) + 1)), numbers
    assert not any(b"\n" in row.event for row in rows if isinstance(row, EventRow))
    return len(rows)


def play(inputs: int, seed: str) -> tuple[int, int]:
    """Decode so many inputs; return the rows, and the inputs that ended in a sentence."""
    chance = random.Random(seed)  # noqa: S311 - test data, not secrets
    found = refused = 0
    for number in range(inputs):
        data = some_bytes(chance)
        arguments = data, chance.choice(_NAMES), chance.randint(1, 64), chance.choice([0, 0, 0, 1, 2])
        try:
            found += decode(*arguments)
        except _SENTENCES:
            refused += 1
        except Exception as error:
            raise AssertionError(f"seed {seed}, input {number}: {arguments}") from error
    return found, refused


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Fuzz the decoders of headgate send.")
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", default="1")
    args = parser.parse_args()
    found, refused = play(args.inputs, args.seed)
    sys.stdout.write(f"seed {args.seed}: {args.inputs} inputs, {found} rows, {refused} refused\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
