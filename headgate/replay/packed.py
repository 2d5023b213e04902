"""Lines that were one record become one record again, so that a replay costs no more than the first time.

Decides which lines: those that follow each other with the ids `<key>`, `<key>#2`, … and one receipt.
Their ids stay what they are, for the record's key is the first one's.
"""

from collections.abc import Iterator

from chalicelib.limits import PACK_BYTES
from chalicelib.packing import event_id
from headgate.readers.putting import Returning


def together(lines: Iterator[tuple[int, Returning]]) -> Iterator[tuple[int, Returning]]:
    """The records, each with the number of its last line."""
    held: tuple[int, Returning] | None = None
    count = 0
    for number, line in lines:
        if held and _continues(held[1], count, line):
            held, count = (number, held[1]._replace(data=held[1].data + line.data)), count + 1
            continue
        if held:
            yield held
        held, count = (number, line), 1
    if held:
        yield held


def _continues(record: Returning, count: int, line: Returning) -> bool:
    return (
        line.partition_key == event_id(record.partition_key, count + 1)
        and (line.shard_id, line.sequence_number) == (record.shard_id, record.sequence_number)
        and record.data.endswith(b"\n")
        and len(record.data) + len(line.data) <= PACK_BYTES
    )
