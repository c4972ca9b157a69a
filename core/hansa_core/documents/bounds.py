"""Bounds on a document from outside: bytes and nesting, checked before a parser sees it."""

from __future__ import annotations

import re

MAX_DOCUMENT_BYTES = 2**24
"""Of one document; the roster of a thousand cities has about 4 MiB."""

MAX_DEPTH = 64
"""Lists and mappings within each other; the deepest document of ours has six. Parsers differ above 250."""

_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
# A string that is not closed reaches to the end, so that nothing is looked at twice.
_JSON_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


def check_bytes(document: bytes) -> None:
    """Raise ValueError for a document longer than `MAX_DOCUMENT_BYTES`."""
    if len(document) > MAX_DOCUMENT_BYTES:
        raise ValueError(f"it has {len(document)} bytes; at most {MAX_DOCUMENT_BYTES} are read")


def check_json_depth(document: bytes) -> None:
    """Raise ValueError for JSON nested deeper than `MAX_DEPTH`."""
    check_depth(document, _JSON_STRINGS)


def check_depth(document: bytes, opaque: re.Pattern[bytes]) -> None:
    """Raise ValueError for brackets nested deeper than `MAX_DEPTH`.

    `opaque`: matches strings and comments, whose brackets do not count.
    """
    if document.count(b"[") + document.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in opaque.sub(b"", document).translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested too deeply: at most {MAX_DEPTH} levels are read")
