"""A path on disk for a text that somebody else chose: an S3 key, an object's tag, a name in a line.

Whatever the text holds, the path cannot leave its folder, and two texts never share a file. The rule can be
read backwards and leaves ordinary keys as they are. Decides only names; never touches the disk. Used by the
local S3, by the query's cache, and by everything else that makes a path out of foreign text.

A key's segments between slashes are directories, its last one the file. Changed is only what a file system
cannot hold as it is, always behind a `%`:

* `%` and control characters become `%XX`; so does the first dot of the segments `.` and `..`, which is why no
  key leaves its folder;
* an empty segment (`a//b`, `a/`) becomes `%-`;
* a segment longer than a file name may be is cut, each piece but the last ending in `%+`;
* the object `a` lies in the file `a%` while `a/` is a directory because of an object `a/b`.

A file that no key is written to (`50% off`, bytes that are not UTF-8) is no object.
"""

import re
from pathlib import Path

NAME_BYTES = (
    240  # file systems take 255 bytes (Linux, macOS) per name; the marks and a neighbour's suffix fit in
)
CLASH = "%"
_EMPTY = "%-"
_CUT = "%+"

_UNSAFE = re.compile(r"[%\x00-\x1f\x7f]")
_ESCAPED = re.compile(r"%([0-9A-F]{2})")


def key_to_path(key: str) -> str:
    """Return the file of a key, relative to its folder, where nothing clashes."""
    return "/".join(_encode(segment) for segment in key.split("/"))


def below(folder: Path, *names: str) -> Path:
    """Return the file for foreign names below a folder; a name may hold slashes, and never leaves it."""
    return folder.joinpath(*(key_to_path(name) for name in names))


def is_plain(name: str) -> bool:
    """Return whether a name, used as a path as it is, stays below its folder."""
    return "\x00" not in name and not name.startswith("/") and ".." not in name.split("/")


def path_to_key(path: str) -> str | None:
    """Return the key of a file, or None for a file that is no object."""
    plain = path.removesuffix(CLASH)
    key = _decode(plain)
    return key if key is not None and key_to_path(key) == plain else None


def _encode(segment: str) -> str:
    if not segment:
        return _EMPTY
    text = _UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", segment)
    if text in (".", ".."):
        text = f"%2E{text[1:]}"
    return text if len(text.encode()) <= NAME_BYTES else f"{_CUT}/".join(_pieces(text))


def _pieces(text: str) -> list[str]:
    pieces, piece, size_bytes = [], "", 0
    for token in re.findall(r"%..|[^%]", text):
        token_bytes = len(token.encode())
        if size_bytes + token_bytes > NAME_BYTES:
            pieces.append(piece)
            piece, size_bytes = "", 0
        piece += token
        size_bytes += token_bytes
    return [*pieces, piece]


def _decode(path: str) -> str | None:
    try:
        path.encode()
    except UnicodeEncodeError:
        return None
    segments = path.replace(f"{_CUT}/", "").split("/")
    return "/".join(
        "" if segment == _EMPTY else _ESCAPED.sub(lambda match: chr(int(match[1], 16)), segment)
        for segment in segments
    )
