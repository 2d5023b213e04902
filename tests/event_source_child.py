"""A process with a poller whose function appends each record to a file: `<url> <checkpoints> <output>`.

For the test that kills it. It ends by itself when the stream is read to its tip.
"""

import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

from headgate.local.event_source import CheckpointStore, EventSourcePoller
from headgate.records import Pace
from tests.event_source_cases import mapping_of
from tests.local_kinesis import kinesis_client


def main(url: str, checkpoints: str, output: str) -> None:
    with (
        kinesis_client(url) as kinesis,
        CheckpointStore(Path(checkpoints)) as store,
        Path(output).open("ab", buffering=0) as file,
    ):

        def append(event: dict[str, Any]) -> object:
            lines = [b64decode(record["kinesis"]["data"]) + b"\n" for record in event["Records"]]
            return file.write(b"".join(lines))

        mapping = mapping_of(batch_size=5, parallelization=2)
        # The limit of reads per second and shard is the stream's; few records a read make many checkpoints.
        pace = Pace(idle_s=0.25, limit=40)
        poller = EventSourcePoller(mapping, kinesis, kinesis, append, store, pace=pace)
        poller.start()
        assert poller.drain(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
