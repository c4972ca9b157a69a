"""Spelling of names: the words in a column's name, whatever its case, accents and way of joining them."""

from __future__ import annotations

import re
import unicodedata

_PARTS = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MOST_WORDS = 3
_FOLDED = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def folded(text: str, *, umlauts: bool = False) -> str:
    """Lower case without accents, however they were composed; `umlauts`: ü is ue, as names without them write it."""
    text = unicodedata.normalize("NFC", _CAMEL.sub("_", text)).casefold()
    if umlauts:
        text = text.translate(_UMLAUTS)
    text = unicodedata.normalize("NFKD", text.translate(_FOLDED))
    return "".join(each for each in text if not unicodedata.combining(each))


def words(folded_name: str) -> tuple[str, ...]:
    """The words of a folded name, in their order, without digits."""
    return tuple(_PARTS.findall(folded_name))


def word_runs(folded_name: str) -> frozenset[str]:
    """The words of a folded name, and neighbouring ones together: first_name, firstname."""
    parts = words(folded_name)
    found = set()
    for length in range(1, _MOST_WORDS + 1):
        for start in range(len(parts) - length + 1):
            run = parts[start : start + length]
            found |= {"_".join(run), "".join(run)}
    return frozenset(found)
