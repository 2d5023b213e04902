"""Splits and merges shards while the stream is in use.

Decides which shard, and never lets the stream grow beyond a few. `Resharder` is a thread for the local run;
tests call `reshard` themselves.
"""

from threading import Event, Thread
from typing import Any

from headgate.local.faults.chance import Faults
from headgate.local.wire import AwsError, Service

_OPEN_MOST = 6  # shards; each costs its readers a call a second
_PERIOD_S = 1.0


def reshard(service: Service, stream: str, share: float) -> str:
    """Split or merge as `share` in [0, 1) says; what was done. Raises AwsError where Kinesis refuses."""
    shards = service.call("ListShards", {"StreamName": stream})["Shards"]
    ranges = sorted(
        (
            int(shard["HashKeyRange"]["StartingHashKey"]),
            int(shard["HashKeyRange"]["EndingHashKey"]),
            shard["ShardId"],
        )
        for shard in shards
        if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
    )
    at = int(share * len(ranges))
    even = int(share * len(ranges) * 2) % 2 == 0
    if len(ranges) > 1 and (even or len(ranges) >= _OPEN_MOST):
        at = min(at, len(ranges) - 2)
        pair = {"ShardToMerge": ranges[at][2], "AdjacentShardToMerge": ranges[at + 1][2]}
        service.call("MergeShards", {"StreamName": stream, **pair})
        return "merged"
    low, high, shard_id = ranges[at]
    split: dict[str, Any] = {"ShardToSplit": shard_id, "NewStartingHashKey": str((low + high) // 2)}
    service.call("SplitShard", {"StreamName": stream, **split})
    return "split"


class Resharder:
    """A thread that reshards by chance, once a second at most."""

    def __init__(self, service: Service, stream: str, faults: Faults) -> None:
        self._service = service
        self._stream = stream
        self._faults = faults
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="resharder", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a reshard that runs is finished."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_PERIOD_S):
            if self._faults.strikes("reshard"):
                try:
                    self._faults.counts[
                        reshard(self._service, self._stream, self._faults.share("reshard"))
                    ] += 1
                except AwsError as error:  # a limit of Kinesis: the next second is another chance
                    self._faults.counts[f"reshard refused: {error.code}"] += 1
