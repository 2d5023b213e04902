"""The errors of the local run that are not an answer of a service."""


class LocalError(Exception):
    """Something the person can mend: a port in use, a damaged data folder, a wrong setting."""


class HangUp(ConnectionError):
    """Raised by a faulty service instead of an answer; the endpoint's handler ends the connection."""
