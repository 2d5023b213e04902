"""`filePattern`: a literal directory and a Java glob for names.

Decides which names a flow follows. Never looks at a disk.

Source: java.nio.file.FileSystem.getPathMatcher, syntax "glob".
"""

import re
from typing import NamedTuple

from headgate.agent.config.values import ValueProblem

_COMPRESSED = (
    *(".gz", ".bz2", ".zip", ".xz", ".zst", ".lz4", ".z", ".lzma", ".lz", ".lzo", ".br", ".7z", ".tgz"),
    *(".tbz2", ".txz", ".snappy"),
)


class FilePattern(NamedTuple):
    """A directory and the names in it; `matches` is for names, not paths."""

    directory: str
    glob: str
    expression: re.Pattern[str]

    def matches(self, name: str) -> bool:
        """Whether a file of this name belongs to the flow; compressed generations never do."""
        return not name.lower().endswith(_COMPRESSED) and self.expression.fullmatch(name) is not None

    @property
    def text(self) -> str:
        """The pattern as it stands in a flow id."""
        return f"{self.directory.rstrip('/')}/{self.glob}"


def parse_file_pattern(text: str) -> FilePattern:
    """Split at the last slash. Raises ValueProblem when a part is missing or the glob is broken."""
    directory, slash, glob = text.rpartition("/")
    if not slash or not glob:
        raise ValueProblem("must be a directory and a name pattern, such as /var/log/app.log*")
    return FilePattern(directory or "/", glob, glob_expression(glob))


def glob_expression(glob: str) -> re.Pattern[str]:
    """The expression of a Java glob. Raises ValueProblem when it is broken."""
    parts: list[str] = []
    in_group = False
    position = 0
    while position < len(glob):
        char = glob[position]
        position += 1
        if char == "\\":
            if position == len(glob):
                raise ValueProblem("has nothing behind its last backslash")
            parts.append(re.escape(glob[position]))
            position += 1
        elif char == "[":
            expression, position = _bracket(glob, position)
            parts.append(expression)
        elif char == "{":
            if in_group:
                raise ValueProblem("has { inside { }")
            in_group = True
            parts.append("(?:(?:")
        elif char == "}" and in_group:
            in_group = False
            parts.append("))")
        elif char == "," and in_group:
            parts.append(")|(?:")
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char)))
    if in_group:
        raise ValueProblem("has { without }")
    return re.compile("".join(parts), re.DOTALL)


def _bracket(glob: str, position: int) -> tuple[str, int]:
    """A class from behind its `[`; `[!…]` negates, `^` and a first `-` are plain characters."""
    negated = glob.startswith("!", position)
    position += negated
    members: list[str] = []
    if glob.startswith("-", position):
        members.append(r"\-")
        position += 1
    while position < len(glob) and glob[position] != "]":
        first = glob[position]
        if first == "/":
            raise ValueProblem("has / inside [ ]")
        if glob[position + 1 : position + 2] == "-" and glob[position + 2 : position + 3] not in {"", "]"}:
            last = glob[position + 2]
            if last < first:
                raise ValueProblem(f"has the range {first}-{last} the wrong way round")
            members.append(f"{re.escape(first)}-{re.escape(last)}")
            position += 3
        else:
            members.append(re.escape(first))
            position += 1
    if position == len(glob):
        raise ValueProblem("has [ without ]")
    body = "".join(members)
    if not body:
        return r"(?!)", position + 1
    return (f"[^/{body}]" if negated else f"(?!/)[{body}]"), position + 1
