"""How a service says that no answer shall come: the endpoint resets the connection."""


class HangUp(ConnectionError):
    """Raised by a faulty service instead of an answer; the endpoint's handler ends the connection."""
