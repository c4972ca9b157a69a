"""Stray characters: what no text of a question may hold."""

from __future__ import annotations


def has_stray_characters(text: str) -> bool:
    """Whether it holds NUL, which engines end a text at, or half of a surrogate pair, which no encoding can write."""
    return any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text)
