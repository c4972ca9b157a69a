"""Text of others as it may be shown: what could steer a terminal or a page stands as its escape."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text on one line, with every character that steers, or cannot be seen, written as Python's escape of it."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
