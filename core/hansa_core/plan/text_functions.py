"""Functions of text: code points, and case for A to Z alone, since libraries differ in all other letters."""

from __future__ import annotations

import re
from functools import lru_cache

_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TO_LOWER = str.maketrans(_UPPER, _UPPER.lower())
_TO_UPPER = str.maketrans(_UPPER.lower(), _UPPER)
ESCAPE = "\\"
"""What takes the next character of a pattern as it is."""

MOST_CHARACTERS = 2**31 - 1
"""Of one text, in any engine."""

_ANY_TEXT, _ANY_ONE = "any text", "any one"  # longer than a code point: none is mistaken for them


def lower(text: str) -> str:
    """With a to z for A to Z."""
    return text.translate(_TO_LOWER)


def upper(text: str) -> str:
    """With A to Z for a to z."""
    return text.translate(_TO_UPPER)


def right(text: str, count: int) -> str:
    """The last `count` code points."""
    return text[max(0, len(text) - count) :]


def is_like(text: str, pattern: str) -> bool:
    """Whether the whole text fits the pattern; in time that grows with the product of their lengths at most."""
    tokens = _tokens(pattern)
    place = at = 0
    star = resume = -1  # the last % and where the text after it was tried from
    while place < len(text):
        if at < len(tokens) and tokens[at] == _ANY_TEXT:
            star, resume = at, place
            at += 1
        elif at < len(tokens) and tokens[at] in (_ANY_ONE, text[place]):
            place, at = place + 1, at + 1
        elif star >= 0:
            resume += 1
            place, at = resume, star + 1
        else:
            return False
    return all(token == _ANY_TEXT for token in tokens[at:])


def escaped(text: str) -> str:
    """The pattern that only the text itself fits."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def is_pattern(pattern: str) -> bool:
    """Whether each escape in it has a character to take."""
    return re.fullmatch(r"(?s)([^\\]|\\.)*", pattern) is not None


@lru_cache(maxsize=256)
def _tokens(pattern: str) -> tuple[str, ...]:
    """The pattern's code points, with a token of its own for each wildcard."""
    tokens = []
    characters = iter(pattern)
    for character in characters:
        match character:
            case "%":
                tokens.append(_ANY_TEXT)
            case "_":
                tokens.append(_ANY_ONE)
            case _:
                tokens.append(next(characters, "") if character == ESCAPE else character)
    return tuple(tokens)
