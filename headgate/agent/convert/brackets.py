"""ADDBRACKETS: braces around the record, its line feed inside them."""


def add_brackets(record: bytes) -> bytes:
    """`{` + record + `}`; no line feed is added."""
    return b"{%b}" % record
