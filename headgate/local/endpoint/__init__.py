"""The one AWS endpoint of the local run: an HTTP server that dispatches to our services and to moto."""

from headgate.local.endpoint.server import Endpoint

__all__ = ["Endpoint"]
