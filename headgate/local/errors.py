"""The one error with which the local run ends: a sentence for the person, exit code 2, no traceback."""


class LocalError(Exception):
    """Something the person can mend: a port in use, a damaged data folder, a wrong setting."""
