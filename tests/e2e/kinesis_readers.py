"""Eight threads that read a whole stream once while it is resharded: parents to their end, then the children.

Used by the conservation run. A shard is read by one thread at a time; which one does not matter.
"""

import threading
from base64 import b64decode
from collections import deque
from typing import Any

from tests.e2e.kinesis_client import Client

_PAUSE_S = 0.1


class Readers:
    """Collects the data of every record in the order in which it was read."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._lock = threading.Lock()
        self._waiting: deque[tuple[str, str]] = deque()  # shard id, iterator
        self._known: set[str] = set()
        self._ended: set[str] = set()
        self._seen: list[bytes] = []
        self._changed = True  # there may be shards that are not known yet
        self._last_round = threading.Event()
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, count: int) -> None:
        """Begin to read."""
        self._threads = [threading.Thread(target=self._work) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def finish(self) -> list[bytes]:
        """Read on to the end of every shard, now that nobody writes, and return what was read."""
        self._last_round.set()
        for thread in self._threads:
            thread.join()
        return self._seen

    def _work(self) -> None:
        client = Client(self._port)
        try:
            self._read(client)
        finally:
            self._over.set()  # all is read, or this thread has failed: nobody waits for its shard
            client.close()

    def _read(self, client: Client) -> None:
        pause = threading.Event()
        while not self._over.is_set() and not self._complete(client):
            with self._lock:
                shard_id, iterator = self._waiting.popleft() if self._waiting else ("", "")
            if not shard_id:
                pause.wait(_PAUSE_S)
                continue
            last_round = self._last_round.is_set()
            status, page = client.call("GetRecords", ShardIterator=iterator)
            self._take(
                shard_id, page if status == 200 else {"NextShardIterator": iterator}, last_round=last_round
            )
            if not page.get("Records"):
                pause.wait(_PAUSE_S)

    def _take(self, shard_id: str, page: dict[str, Any], *, last_round: bool) -> None:
        records = page.get("Records", [])
        following = page.get("NextShardIterator")
        with self._lock:
            self._seen += [b64decode(record["Data"]) for record in records]
            if following is None or (last_round and not records):
                self._ended.add(shard_id)
                self._changed = True
            else:
                self._waiting.append((shard_id, following))

    def _complete(self, client: Client) -> bool:
        """Find shards whose parents are read, and say whether all are read in the last round."""
        with self._lock:
            if not self._changed:
                return self._last_round.is_set() and self._known == self._ended
            self._changed = False
            for shard in client.shards():
                parents = {shard.get("ParentShardId"), shard.get("AdjacentParentShardId")} - {None}
                if shard["ShardId"] not in self._known and parents <= self._ended:
                    self._begin(client, shard["ShardId"])
            return False

    def _begin(self, client: Client, shard_id: str) -> None:
        iterator = client.iterator(shard_id)
        if iterator is not None:
            self._known.add(shard_id)
            self._waiting.append((shard_id, iterator))
