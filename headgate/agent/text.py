"""Bytes to text as Java does it: UTF-8, what is invalid becomes U+FFFD.

Java and Python agree except for encoded surrogates (ED A0..BF), which Java replaces as one.
"""

import codecs

_JAVA = "headgate-java"
_SURROGATE_LEAD = 0xED
_SURROGATE_SECOND = range(0xA0, 0xC0)
_CONTINUATION = range(0x80, 0xC0)


def decode(data: bytes) -> str:
    """The text of `data`; never raises."""
    return data.decode("utf-8", _JAVA)


def _replace_as_java(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    data, start = error.object, error.start
    end = error.end
    if (
        data[start] == _SURROGATE_LEAD
        and data[start + 1 : start + 2]
        and data[start + 1] in _SURROGATE_SECOND
    ):
        end = start + 2
        if data[end : end + 1] and data[end] in _CONTINUATION:
            end += 1
    return "\ufffd", end


codecs.register_error(_JAVA, _replace_as_java)
