"""A cursor over the text of a pattern, with errors that say where."""


class RegexProblem(ValueError):
    """Not a Java regular expression, or one that Python cannot express; the message says which and where."""


class Reader:
    """Reads a pattern character by character; `position` is the index of the next one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def peek(self) -> str:
        """The next character, or "" at the end."""
        return self.text[self.position : self.position + 1]

    def rest(self) -> str:
        """Everything not read yet."""
        return self.text[self.position :]

    def next(self, count: int = 1) -> str:
        """Read `count` characters. Raises RegexProblem at the end."""
        taken = self.text[self.position : self.position + count]
        if len(taken) < count:
            raise self.problem("the pattern ends too early")
        self.position += count
        return taken

    def take(self, token: str) -> bool:
        """Read `token` if it is what comes next."""
        if not self.text.startswith(token, self.position):
            return False
        self.position += len(token)
        return True

    def until(self, end: str) -> str:
        """Read up to and over `end`; what stood before it. Raises RegexProblem when it does not come."""
        found = self.text.find(end, self.position)
        if found < 0:
            raise self.problem(f"{end!r} is missing")
        taken = self.text[self.position : found]
        self.position = found + len(end)
        return taken

    def quoted(self) -> str:
        r"""After `\\Q`: the literal text up to `\\E` or the end."""
        found = self.text.find("\\E", self.position)
        taken = self.text[self.position :] if found < 0 else self.text[self.position : found]
        self.position = len(self.text) if found < 0 else found + 2
        return taken

    def problem(self, message: str) -> RegexProblem:
        """An error that names the place."""
        return RegexProblem(f"{message} (at character {self.position} of the pattern)")
