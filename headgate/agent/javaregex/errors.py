"""The one error of the translation."""


class RegexProblem(ValueError):
    """Not a Java regular expression, or one that Python cannot express; the message says which and where."""
