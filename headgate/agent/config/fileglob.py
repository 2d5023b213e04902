"""`filePattern`: a directory, which may hold `*` and `**`, and a Java glob for names.

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
    root: str  # the part of the directory before the first wildcard
    levels: tuple[re.Pattern[str] | None, ...] = ()  # the names below it; None: any number of levels

    def matches(self, name: str) -> bool:
        """Whether a file of this name belongs to the flow; compressed generations never do."""
        return not is_compressed(name) and self.expression.fullmatch(name) is not None

    @property
    def text(self) -> str:
        """The pattern as it stands in a flow id."""
        return f"{self.directory.rstrip('/')}/{self.glob}"


def is_compressed(name: str) -> bool:
    """Whether a name is that of a compressed file."""
    return name.lower().endswith(_COMPRESSED)


def parse_file_pattern(text: str) -> FilePattern:
    """Split at the last slash. Raises ValueProblem when a part is missing or the glob is broken."""
    directory, slash, glob = text.rpartition("/")
    if "://" in text or text.startswith("~"):
        raise ValueProblem("must be a path of this machine, written out, such as /var/log/app.log*")
    if not slash or not glob:
        raise ValueProblem("must be a directory and a name pattern, such as /var/log/app.log*")
    if "*" in directory and set(directory) & set("?[]{}\\"):
        raise ValueProblem("can have * and ** in its directory, but no other wildcard")
    parts = directory.split("/")
    wild = next((i for i, part in enumerate(parts) if "*" in part), len(parts))
    levels = tuple(None if part == "**" else glob_expression(part) for part in parts[wild:])
    root = "/".join(parts[:wild]) or ("/" if text.startswith("/") else ".")
    return FilePattern(directory or "/", glob, glob_expression(glob), root, levels)


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
