"""moto as one WSGI application: S3 on files, every other AWS API as moto has it.

Decides how moto is set up. Never listens: the endpoint does. Called by `headgate local`.
A service of moto is imported when its first request comes, so an idle run holds S3 alone in memory.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from moto.server import DomainDispatcherApplication, create_backend_app

from headgate.local.endpoint.wsgi import WSGIApplication
from headgate.local.s3.files import install
from headgate.local.s3.index import Index
from headgate.local.s3.store import ObjectStore

_HOSTS = 256  # one for each service and region in use


def make_moto_app(data: Path) -> WSGIApplication:
    """The application over the data folder `data`. Raises LocalError when its `s3.sqlite` is damaged."""
    data.mkdir(parents=True, exist_ok=True)
    install(ObjectStore(data / "s3", Index(data / "s3.sqlite")))
    dispatcher = DomainDispatcherApplication(_create_app)
    backend_of = dispatcher.get_backend_for_host

    def open_backend_of(host: str | None) -> Any:
        """Never choose moto's control API, which resets all services: its path is a bucket's here."""
        backend = backend_of(host)
        return "s3" if str(backend).startswith("moto_api") else backend

    # moto looks each request's host up among its modules, with a stat of each: half the cost of a PutObject.
    dispatcher.get_backend_for_host = lru_cache(_HOSTS)(open_backend_of)
    return cast("WSGIApplication", dispatcher)


def _create_app(service: str) -> Any:
    app = create_backend_app(service)
    # Flask's debug helpers tie every request's body into a reference cycle: memory would grow with each
    # PutObject until the collector comes round.
    app.debug = False
    app.config["PROPAGATE_EXCEPTIONS"] = True  # the endpoint answers and reports
    return app
