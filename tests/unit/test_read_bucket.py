"""Listing and fetching objects, in S3 and in a folder."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from headgate.readers.bucket import FolderBucket, S3Bucket
from headgate.readers.calls import Clock
from headgate.readers.contents import bodies, follow, lines_in, within
from headgate.readers.errors import ReaderError
from headgate.readers.lines import content_of
from headgate.readers.span import Span, kind_of
from tests.readers_rig import World


class FakeS3:
    """A client that lists two keys a page."""

    def __init__(self, keys: list[str]) -> None:
        self.keys = keys
        self.requests: list[dict[str, Any]] = []

    def list_objects_v2(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        start = int(request.get("ContinuationToken", "0"))
        page = self.keys[start : start + 2]
        more = start + 2 < len(self.keys)
        entries = [
            {"Key": key, "Size": 1, "LastModified": datetime(2026, 10, 1, tzinfo=UTC), "ETag": '"tag"'}
            for key in page
        ]
        return {"Contents": entries, "IsTruncated": more, "NextContinuationToken": str(start + 2)}

    def get_object(self, **request: Any) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "NoSuchKey", "Message": request["Key"]}}, "GetObject")


def test_a_listing_goes_through_all_pages_and_only_when_it_is_asked_to() -> None:
    client = FakeS3(["a", "b", "c", "d", "e"])
    found = S3Bucket(client, "bucket", Clock()).list("", "0")
    assert next(found).key == "a"
    assert len(client.requests) == 1
    assert [each.key for each in found] == ["b", "c", "d", "e"]
    assert client.requests[0] == {"Bucket": "bucket", "Prefix": "", "StartAfter": "0"}


def test_an_object_that_is_gone_is_none_or_an_error_by_how_it_is_asked_for() -> None:
    bucket = S3Bucket(FakeS3([]), "bucket", Clock())
    assert bucket.find("a") is None
    with pytest.raises(ReaderError, match="s3://bucket/a is gone"):
        bucket.get("a")


def test_objects_are_fetched_ahead_and_come_in_order() -> None:
    world = World()
    for number in range(20):
        world.memory.put(f"curated/{number:02}", b"%d\n" % number)
    got = [(each.key, body) for each, body in bodies(world.memory, list(world.memory.list("curated/")))]
    assert got == [(f"curated/{number:02}", b"%d\n" % number) for number in range(20)]


def test_following_shows_each_object_once_and_a_rewritten_one_again() -> None:
    world = World()
    world.memory.put("quarantine/2023/11/14/22/a", b"1\n")
    kind = kind_of("quarantine", "UTC")
    looks = follow(world.memory, kind, Span(), world.clock)
    texts = []
    for number in range(2, 5):
        texts += [line.text for line in lines_in(world.memory, next(looks))]
        world.memory.put(
            "quarantine/2023/11/14/22/" + ("a" if number == 3 else f"b{number}"), b"%d\n" % number
        )
    assert texts == [b"1", b"2", b"3"]


def test_lines_are_chosen_by_the_arrival_of_their_record() -> None:
    world = World()
    for second in range(5):
        world.stream.now_s += 1
        world.put(f"key-{second}", b'{"n":%d}\n' % second)
    world.deliver()
    kind, start_s = kind_of("curated", "UTC"), 1_700_000_000.0
    span = Span(start_s + 1.5, start_s + 3.5)
    found = within(kind, span, lines_in(world.memory, world.memory.list("curated/")))
    assert [content_of(line.text) for line in found] == [b'{"n":1}', b'{"n":2}']


def test_a_folder_lists_its_files_by_key_and_is_only_read(tmp_path: Path) -> None:
    for name in ("curated/b/x", "curated/a.b", "curated/a/y", "raw-data/z"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    bucket = FolderBucket(tmp_path)
    assert [each.key for each in bucket.list("curated/")] == ["curated/a.b", "curated/a/y", "curated/b/x"]
    assert [each.key for each in bucket.list("curated/", "curated/a.c")] == ["curated/a/y", "curated/b/x"]
    assert bucket.find("curated/none") is None
    with pytest.raises(ReaderError, match="is only read"):
        bucket.put("curated/new", b"")
