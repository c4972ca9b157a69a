"""Labels of a chart's categories: different values never look the same, and none is longer than a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

from hansa.view.render.cells import NULL
from hansa_core.printable import printable

MOST_LETTERS = 36
"""Of a label; the whole text is in the tooltip."""

_JOINERS = "\u200c\u200d"  # they hold emoji and letters together, and steer nothing
_ENGLAND = range(0xE0020, 0xE0080)  # tags that make a flag


def labels_of(values: Iterable[str | None]) -> dict[str | None, str]:
    """A label for each different text, and for NULL.

    A text that could be taken for NULL or for nothing is in quotes: `'null'`, `''`, `' '`.
    """
    labels: dict[str | None, str] = {}
    taken: set[str] = set()
    for value in dict.fromkeys(values):
        label = cut(readable(value))
        if label in taken:
            label = next(other for number in count(2) if (other := f"{label} ({number})") not in taken)
        taken.add(label)
        labels[value] = label
    return labels


def readable(value: str | None) -> str:
    """The text as a reader can tell it from every other one."""
    if value is None:
        return NULL
    is_clear = value == value.strip() and value not in ("", NULL) and not value.startswith("'")
    return visible(value if is_clear else f"'{value}'")


def visible(text: str) -> str:
    """The text with what would steer its surroundings as escapes; emoji and texts from right to left stay whole."""
    return "".join(char if _holds_together(char) else printable(char) for char in text)


def cut(text: str, most: int = MOST_LETTERS) -> str:
    """The text without its middle: names that begin alike often end differently.

    No emoji and no accented letter is torn apart.
    """
    if len(text) <= most:
        return text
    head, tail = 2 * most // 3, len(text) - (most - 1 - 2 * most // 3)
    while head and _clings(text[head - 1], text[head]):
        head -= 1
    while tail < len(text) and _clings(text[tail - 1], text[tail]):
        tail += 1
    return f"{text[:head].rstrip()}…{text[tail:].lstrip()}"


def joined(parts: Sequence[str]) -> str:
    """Labels of several columns as one."""
    return " · ".join(parts)


def _holds_together(char: str) -> bool:
    return char in _JOINERS or ord(char) in _ENGLAND


def _clings(before: str, char: str) -> bool:
    """Whether a letter belongs to the one before it: an accent, a colour of skin, the rest of a joined emoji."""
    from unicodedata import category

    is_skin = 0x1F3FB <= ord(char) <= 0x1F3FF
    return before in _JOINERS or _holds_together(char) or is_skin or category(char).startswith("M")
