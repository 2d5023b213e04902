"""A local run on one data folder that can be killed, started again, and told which faults to make."""

import json
from contextlib import ExitStack
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self

from headgate.local.options import Options
from headgate.local.supervisor import LocalRun
from tests.e2e.local_rig import BUCKET, REGION, ROOT
from tests.faults.ledger import Stores
from tests.faults.places import stores_of
from tests.faults.traffic import ORDERING_FIELD

_CONTROL_S = 30.0
_FUNCTION_FAULTS = "transform_kill=0.1,transform_timeout=0.05:1.5"


class Stage:
    """A local run on one data folder that can be killed and started again."""

    def __init__(self, data: Path, seed: int) -> None:
        self._options = Options(
            "dev",
            str(_ordered_root(data)),
            str(data / "run"),
            0,
            0,
            1,
            2,
            REGION,
            f"{_FUNCTION_FAULTS},seed={seed}",
        )
        self._run: LocalRun | None = None
        self.port = self.aws_port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def data(self) -> Path:
        """The data folder."""
        return self._options.folder

    @property
    def pids(self) -> dict[str, int]:
        """The processes."""
        return dict(self._run.pids) if self._run else {}

    @property
    def aws_url(self) -> str:
        """The AWS endpoint."""
        return f"http://127.0.0.1:{self.aws_port}"

    def start(self) -> None:
        """Start on what the folder holds."""
        with ExitStack() as started:  # a start that fails leaves no process behind
            run = started.enter_context(LocalRun(self._options))
            addresses = run.start()
            started.pop_all()
        self._run = run
        self.port = int(addresses.url.rpartition(":")[2])
        self.aws_port = int(addresses.endpoint_url.rpartition(":")[2])

    def kill(self) -> None:
        """End all processes as `kill -9` does."""
        if self._run:
            self._run.__exit__()
            self._run = None

    def stop(self) -> str | None:
        """Drain and end; what is left, None if nothing is."""
        assert self._run
        left = self._run.stop()
        return None if left.nothing else f"not delivered: {left}"

    def stop_at_last(self) -> str | None:
        """Stop; what that leaves is for the next start, which has no faults. None if that delivers it all."""
        left = self.stop()
        if left is None:
            return None
        self._options = replace(self._options, faults="")
        self.kill()
        self.start()
        return self.stop()

    def control(self, operation: str, **request: str) -> Any:
        """Change or count the faults."""
        target = {"X-Amz-Target": f"HeadgateFaults.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        connection = HTTPConnection("127.0.0.1", self.aws_port, timeout=_CONTROL_S)
        try:
            connection.request("POST", "/", json.dumps(request), target)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def stores(self) -> Stores:
        """What lies where, after the end."""
        folder = self.data / "s3" / BUCKET
        files = [path for path in folder.rglob("*") if path.is_file()]
        return stores_of({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})


def _ordered_root(data: Path) -> Path:
    """A project whose stage dev names an ordering field, beside the data."""
    root = data / "root"
    (root / ".chalice").mkdir(parents=True)
    (root / "app.py").symlink_to(ROOT / "app.py")
    config = json.loads((ROOT / ".chalice" / "config.json").read_text("utf-8"))
    config["stages"]["dev"]["headgate"]["ordering_field"] = ORDERING_FIELD
    (root / ".chalice" / "config.json").write_text(json.dumps(config), "utf-8")
    return root
