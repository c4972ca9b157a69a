"""Protection levels in words for readers who do not know them."""

from __future__ import annotations

from hansa_audit.languages.message import Message, as_it_is, message

_LEVELS = {
    "open": message("open (exact totals of data that are public anyway)"),
    "controlled": message("controlled (totals from tables that were protected beforehand)"),
    "private": message("private (totals with noise, as far as a budget reaches)"),
}


def level_words(level: str) -> Message:
    """A level with what it means; one that is not known, as it is."""
    return _LEVELS.get(level) or as_it_is(level)
