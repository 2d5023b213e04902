"""The edges of the agent on the real system: inotify, files, SQLite, instance facts, rejects."""

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from headgate.agent.ec2 import InstanceFacts
from headgate.agent.rejects import Reject, Rejects
from headgate.agent.sqlite_import import import_original, read_original
from headgate.agent.tail.disk import NotRegular, RealDisk, end_of_lines
from headgate.agent.watch import Watcher
from tests.agent_rig import Rig, flow_of


def test_a_write_a_rename_and_a_new_file_wake_the_watcher_with_their_names(tmp_path: Path) -> None:
    watcher = Watcher([str(tmp_path)])
    log = tmp_path / "a.log"
    log.write_text("x")
    assert "a.log" in watcher.wait(5)[str(tmp_path)]
    log.rename(tmp_path / "b.log")
    assert {"a.log", "b.log"} <= watcher.wait(5)[str(tmp_path)]
    assert watcher.complete
    watcher.close()


def test_a_directory_that_comes_later_is_watched_later(tmp_path: Path) -> None:
    later = tmp_path / "later"
    watcher = Watcher([str(later)])
    assert not watcher.complete
    later.mkdir()
    watcher.add_missing()
    (later / "x").touch()
    assert watcher.wait(5) == {str(later): {"x"}}
    watcher.watch_only([str(tmp_path)])
    (tmp_path / "y").touch()
    assert watcher.wait(5) == {str(tmp_path): {"y"}}
    watcher.close()


def test_without_inotify_a_thread_can_still_wake_the_loop(tmp_path: Path) -> None:
    watcher = Watcher([str(tmp_path)], use_inotify=False)
    assert not watcher.complete
    threading.Thread(target=watcher.wake).start()
    assert watcher.wait(10) == {}
    watcher.close()


def test_a_pipe_or_a_folder_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(NotRegular):
            RealDisk().open(str(path))


def test_end_of_file_is_behind_the_last_line_feed(tmp_path: Path) -> None:
    disk = RealDisk()
    for content, expected in ((b"", 0), (b"half", 0), (b"a\nhalf", 2), (b"a\n" + b"x" * 200_000, 2)):
        path = tmp_path / "f"
        path.write_bytes(content)
        handle = disk.open(str(path))
        assert end_of_lines(disk, handle, len(content)) == expected
        disk.close(handle)


def test_the_original_s_checkpoints_are_taken_over(tmp_path: Path) -> None:
    current, older, newer = tmp_path / "app.log.2", tmp_path / "app.log.1", tmp_path / "app.log.3"
    current.write_bytes(b"sent\nnot sent\n")
    older.write_bytes(b"old\n")
    newer.write_bytes(b"new\n")
    for age, path in ((30, older), (20, current), (10, newer)):
        os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    flow = flow_of(filePattern=f"{tmp_path}/app.log*")
    seen = current.stat()
    database = tmp_path / "checkpoints"
    with sqlite3.connect(database) as connection:
        connection.execute(
            "CREATE TABLE FILE_CHECKPOINTS (flow, path, fileId, lastModifiedTime, size, offset, lastUpdated)"
        )
        file_id = f"(dev={seen.st_dev:x},ino={seen.st_ino})"
        row = (flow.id, str(current), file_id, 1_699_999_980_000, 5, 5, "2026-11-21 10:00:00")
        connection.execute("INSERT INTO FILE_CHECKPOINTS VALUES (?,?,?,?,?,?,?)", row)
    connection.close()
    found = read_original(database, flow.id)
    assert found is not None
    assert read_original(database, "another") is None
    assert read_original(tmp_path / "none", flow.id) is None
    rig = Rig(flow)
    rig.start()
    rig._save({flow.id: import_original(flow, found, rig.disk, rig.now_s)})
    rig.start().settle(seconds=10)
    rig.kill()
    assert sorted(rig.lines()) == [b"new\n", b"not sent\n"]


@pytest.fixture
def metadata_service() -> Iterator[str]:
    answers = {
        "/latest/api/token": "token",
        "/latest/dynamic/instance-identity/document": json.dumps({"instanceId": "i-1", "imageId": "ami-1"}),
        "/latest/meta-data/tags/instance": "Name",
        "/latest/meta-data/tags/instance/Name": "web",
    }

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_args: object) -> None:
            pass

        def do_GET(self) -> None:
            body = answers[self.path].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_GET  # noqa: N815 - the name the standard library asks for

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_facts_about_the_instance_come_from_its_metadata_service(
    metadata_service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata_service)
    facts = InstanceFacts(60)()
    assert facts is not None
    assert (facts["instanceId"], facts["amiId"], facts["tags"]) == ("i-1", "ami-1", {"Name": "web"})


def test_there_are_no_facts_where_there_is_no_service() -> None:
    calls: list[int] = []

    def nothing() -> None:
        calls.append(1)

    facts = InstanceFacts(60, nothing)
    assert facts() is None
    assert facts() is None
    assert len(calls) == 1


def test_rejects_are_whole_lines_of_json_and_stop_at_their_limit(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path, max_bytes=600)
    one = Reject("f", "/l", 7, "k/7", "code", "why", b"text\n")
    assert rejects.write([one, one._replace(data=b"\xff")]) == 0
    assert rejects.write([one] * 10) > 0
    rejects.sync()
    rejects.close()
    lines = [json.loads(line) for line in (tmp_path / "rejects.ndjson").read_text().splitlines()]
    assert (lines[0]["data"], lines[1]["data_base64"]) == ("text\n", "/w==")
    assert (tmp_path / "rejects.ndjson").stat().st_size <= 600
